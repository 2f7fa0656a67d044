"""The days that a next step is usually put on, to be chosen by one tap."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Soon:
    """A day with its everyday name."""

    label: Any
    day: dt.date


def soon(today: dt.date) -> tuple[Soon, ...]:
    """Tomorrow, in three days, Monday of next week, in two weeks."""
    return (
        Soon(_("明天"), today + dt.timedelta(days=1)),
        Soon(_("三天后"), today + dt.timedelta(days=3)),
        Soon(_("下周一"), today + dt.timedelta(days=7 - today.weekday())),
        Soon(_("两周后"), today + dt.timedelta(days=14)),
    )
