"""The kinds of job, each declared beside its function in the ``tasks`` module of an app."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.module_loading import autodiscover_modules

from crm.models import Job
from crm.progress import Progress

Function = Callable[[Job, Progress, dt.datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job.

    ``function(job, progress, at)`` does it, ``at`` being the start of the attempt, and
    returns its result, as JSON keeps it. ``act`` is the right (``crm.rights``) that asking
    for it needs. ``refusals`` are exceptions besides
    ``Refused`` that carry ``message`` and ``code`` for the person who asked. ``atomic``:
    one transaction with the row's end; a function that is not must itself bear being
    done twice. ``template`` shows the result.
    """

    name: str
    label: Any
    function: Function
    act: str
    refusals: tuple[type[Exception], ...] = ()
    atomic: bool = True
    template: str = ""


KINDS: dict[str, Kind] = {}


def kind(name: str, **said: Any) -> Callable[[Function], Function]:
    """Declare a function of a ``tasks`` module as a kind of job; ``said`` as in ``Kind``."""

    def declare(function: Function) -> Function:
        KINDS[name] = Kind(name, function=function, **said)
        return function

    return declare


@cache
def declare_kinds() -> None:
    """Read the ``tasks`` modules of the apps, which declare the kinds."""
    autodiscover_modules("tasks")


def kinds() -> dict[str, Kind]:
    """Every kind of job, by its name."""
    declare_kinds()
    return KINDS
