"""What a project's file collects besides milestones: meetings, reviews, needs.

Each entry is added, says who recorded it, and is what the gates ask for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, User
from crm.rights import require
from pipeline import interactions
from pipeline.interactions import InTheFuture
from pipeline.models import FactorNeed, Interaction, Project, Review


def _past(on: dt.date | None, at: dt.datetime) -> None:
    if on is not None and on > timezone.localdate(at):
        raise InTheFuture(_("日期不能晚于今天"))


def add_interaction(
    project: Project,
    *,
    kind: str,
    occurred_on: dt.date,
    summary: str,
    contacts: Iterable[Contact] = (),
    by: User,
    at: dt.datetime,
) -> Interaction:
    """A meeting, visit or call of a project (``pipeline.interactions`` has the whole entry).

    Raises what recording one raises.
    """
    return interactions.record(
        organization=project.investor,
        project=project,
        kind=kind,
        occurred_on=occurred_on,
        summary=summary,
        contacts=contacts,
        by=by,
        at=at,
    )


@transaction.atomic
def add_review(
    project: Project,
    *,
    kind: str,
    passed: bool,
    held_on: dt.date,
    note: str = "",
    by: User,
    at: dt.datetime,
) -> Review:
    """A review's outcome; the latest of a kind holds. Raises ``NotAllowed``, ``InTheFuture``."""
    require(by, "project.edit", project)
    _past(held_on, at)
    return Review.objects.create(
        project=project,
        kind=kind,
        passed=passed,
        held_on=held_on,
        note=note.strip(),
        recorded_at=at,
        recorded_by=by,
    )


@transaction.atomic
def add_factor(
    project: Project,
    *,
    kind: str,
    detail: str = "",
    unit: str = "",
    due_on: dt.date | None = None,
    met_on: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> FactorNeed:
    """A need of the project, met already or not. Raises ``NotAllowed``, ``InTheFuture``."""
    require(by, "project.edit", project)
    _past(met_on, at)
    return FactorNeed.objects.create(
        project=project,
        kind=kind,
        detail=detail.strip(),
        unit=unit.strip(),
        due_on=due_on,
        met_on=met_on,
        recorded_at=at,
        recorded_by=by,
    )


@transaction.atomic
def meet_factor(need: FactorNeed, *, on: dt.date, by: User, at: dt.datetime) -> FactorNeed:
    """The county has met a need. Raises ``NotAllowed``, ``InTheFuture``."""
    require(by, "project.edit", need.project)
    _past(on, at)
    need.met_on = on
    need.save(update_fields=["met_on"])
    return need
