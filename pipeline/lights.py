"""The lights, and what turns them on. Each is shown with an icon and a word."""

import datetime as dt
from decimal import Decimal
from typing import Protocol

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pipeline.months import month_of
from pipeline.stages import Stage


class Light(models.TextChoices):
    """In time, near or somewhat behind, overdue or far behind; none where nothing is due.

    Grey is what is closed: a task of a ledger; a project has no grey.
    """

    GREEN = "green", _("绿灯")
    YELLOW = "yellow", _("黄灯")
    RED = "red", _("红灯")
    CLOSED = "closed", _("灰灯")
    NONE = "none", _("无")


OF_PROJECTS = (Light.GREEN, Light.YELLOW, Light.RED, Light.NONE)
"""What a project's light can be."""
YELLOW_FROM = Decimal("0.10")
RED_FROM = Decimal("0.30")


def schedule_light(lead: Decimal | None) -> Light:
    """The light of completion − schedule, as a fraction of the target.

    Behind by 10 to 30 percentage points is yellow, by more red (docs/domain.md, 5).
    """
    if lead is None:
        return Light.NONE
    if lead < -RED_FROM:
        return Light.RED
    return Light.YELLOW if lead <= -YELLOW_FROM else Light.GREEN


class HasPlan(Protocol):
    """What a project's light is read from."""

    stage: str
    planned_start_on: dt.date | None
    planned_finish_on: dt.date | None
    missed_start_since: dt.date | None
    missed_finish_since: dt.date | None


# What a stage waits for: the day from which plans were missed, and the plan that stands.
_AWAITED = {
    Stage.SIGNED: ("missed_start_since", "planned_start_on"),
    Stage.STARTED: ("missed_finish_since", "planned_finish_on"),
}
MONTHS_TO_RED = 3


def project_light(project: HasPlan, *, today: dt.date) -> Light:
    """Whether a signed project starts, or a started one produces, in the month planned.

    A plan that was missed and moved goes on from the first day that was missed. The month
    after is yellow, the third month in a row red (docs/domain.md, 5); without a plan, and in
    any other stage, there is no light.
    """
    if project.stage not in _AWAITED:
        return Light.NONE
    missed, planned = _AWAITED[Stage(project.stage)]
    since: dt.date | None = getattr(project, missed) or getattr(project, planned)
    if since is None:
        return Light.NONE
    if since < _first_of(today, months_before=MONTHS_TO_RED - 1):
        return Light.RED
    return Light.YELLOW if since < _first_of(today) else Light.GREEN


def light_is(light: str, *, today: dt.date) -> Q:
    """The projects whose :func:`project_light` is ``light``, as a condition on their rows."""
    red, yellow = _first_of(today, months_before=MONTHS_TO_RED - 1), _first_of(today)
    if light == Light.CLOSED:
        return Q(pk__in=[])
    if light == Light.NONE:
        found = ~Q(stage__in=list(_AWAITED))
        for stage, (missed, planned) in _AWAITED.items():
            found |= Q(**{"stage": stage, f"{missed}__isnull": True, f"{planned}__isnull": True})
        return found
    bounds = {
        Light.RED: {"lt": red},
        Light.YELLOW: {"gte": red, "lt": yellow},
        Light.GREEN: {"gte": yellow},
    }[Light(light)]
    found = Q()
    for stage, (missed, planned) in _AWAITED.items():
        by_missed = Q(**{f"{missed}__{bound}": day for bound, day in bounds.items()})
        by_plan = Q(
            **{f"{missed}__isnull": True},
            **{f"{planned}__{bound}": day for bound, day in bounds.items()},
        )
        found |= Q(stage=stage) & (by_missed | by_plan)
    return found


def _first_of(day: dt.date, *, months_before: int = 0) -> dt.date:
    """The first of the day's month, or of a month before it."""
    months = day.year * 12 + day.month - 1 - months_before
    return dt.date(months // 12, months % 12 + 1, 1)


# --- small lights of a project's page -------------------------------------------------------
def progress_light(*, received: Decimal, planned: Decimal, plan: Decimal) -> Light:
    """A project's progress against its schedule, read from its money.

    ``received`` and what was ``planned`` to arrive by the day, both as a share of the whole
    ``plan``: behind by 10 to 30 points is yellow, by more red. Money is what the county keeps
    with days on both sides; a project without a plan has no such light.
    """
    return schedule_light((received - planned) / plan if plan > 0 else None)


def statistics_light(
    started_on: dt.date | None, *, is_entered: bool, today: dt.date, after_months: int
) -> Light:
    """Whether a project that broke ground was entered in the statistics (入统).

    Green once it is, or within ``after_months`` of its groundbreaking; then yellow, and red
    from the third month on. Before its groundbreaking there is no light.
    """
    if started_on is None:
        return Light.NONE
    if is_entered or today <= _months_after(started_on, after_months):
        return Light.GREEN
    is_long = today > _months_after(started_on, after_months + MONTHS_TO_RED - 1)
    return Light.RED if is_long else Light.YELLOW


def _months_after(day: dt.date, months: int) -> dt.date:
    """So many months on, at most the last day of that month."""
    found = month_of(day).later(months)
    return found.first.replace(day=min(day.day, found.last.day))
