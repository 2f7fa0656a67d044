"""The days that a project plans to start and to produce on, and every slippage of them.

A planned day that passes with nothing reached is missed. Moved after that, the plan goes on
from the first of the days that were missed one after the other (``missed_*_since``): a light
does not turn green because the plan was moved once more (``pipeline.lights``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded
from pipeline.models import PlanChange, Planned, Project
from pipeline.stages import Stage


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a project keeps a planned day, and the stage that fulfils it."""

    day: str
    missed_since: str
    fulfilled_by: Stage


KEPT: dict[Planned, Kept] = {
    Planned.START: Kept("planned_start_on", "missed_start_since", Stage.STARTED),
    Planned.FINISH: Kept("planned_finish_on", "missed_finish_since", Stage.PRODUCING),
}

Days = Mapping[Planned, dt.date | None]


def days(project: Project) -> dict[Planned, dt.date | None]:
    """The days that are planned now."""
    return {what: getattr(project, kept.day) for what, kept in KEPT.items()}


def is_missed(project: Project, what: Planned, day: dt.date | None, *, today: dt.date) -> bool:
    """Whether a planned day passed without what it was planned for."""
    reached = Stage(project.stage).rank >= KEPT[what].fulfilled_by.rank
    return day is not None and day < today and not reached


def missed_since(
    carried: dt.date | None, before: dt.date | None, *, was_missed: bool
) -> dt.date | None:
    """Since when plans are missed, once a plan that stood at ``before`` is moved.

    ``carried`` is since when they were before. A missed plan goes on from there or begins
    with its own day; one that is moved in time ends the row. Where there was no plan,
    nothing changes.
    """
    if before is None:
        return carried
    return (carried or before) if was_missed else None


def follow(
    project: Project, *, before: Days, reason: str, by: User, at: dt.datetime
) -> list[PlanChange]:
    """Take note of the planned days that differ from ``before``, on a row about to be saved.

    Sets ``missed_*_since`` on ``project``; answers the changes, not stored yet, since a new
    project has no key. Raises ``ReasonNeeded`` where a missed plan is moved without a word.
    """
    today, changes = timezone.localdate(at), []
    for what, kept in KEPT.items():
        old, new = before[what], getattr(project, kept.day)
        if old == new:
            continue
        missed = is_missed(project, what, old, today=today)
        if missed and not reason.strip():
            raise ReasonNeeded(
                _("%(what)s %(day)s 已经错过，改期请写明原因")
                % {"what": what.label, "day": f"{old:%Y-%m-%d}"}
            )
        # Once reached, the plan's past is what it is.
        if missed or Stage(project.stage).rank < kept.fulfilled_by.rank:
            carried = getattr(project, kept.missed_since)
            setattr(project, kept.missed_since, missed_since(carried, old, was_missed=missed))
        changes.append(
            PlanChange(
                project=project,
                what=what,
                before=old,
                after=new,
                reason=reason.strip(),
                recorded_at=at,
                recorded_by=by,
            )
        )
    return changes


def store(project: Project, changes: list[PlanChange]) -> None:
    """Keep the changes of a project that has been saved."""
    for change in changes:
        change.project = project
    PlanChange.objects.bulk_create(changes)
