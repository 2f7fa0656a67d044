"""Signed and not started: by age, by obstacle, and which of this year's have to start.

What is counted is :func:`pipeline.figures.signed_not_started`; an obstacle is a need of the
project (land, energy, …) that was recorded and not met by the as-of day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from crm.models import User
from pipeline.figures import WHOLE, Window, signed_not_started
from pipeline.models import FactorKind, FactorNeed, Project
from pipeline.year_end import Start

ZERO = Decimal(0)
NO_NEED = "none"


@dataclass(frozen=True, slots=True)
class Band:
    """An age since the signing, in days: from ``least`` to ``most``, or without end."""

    key: str
    label: Any
    least: int
    most: int | None

    def select(self, window: Window) -> Q:
        """The signings of this age on the as-of day."""
        youngest = Q(occurred_on__lte=window.as_of - dt.timedelta(days=self.least))
        if self.most is None:
            return youngest
        return youngest & Q(occurred_on__gte=window.as_of - dt.timedelta(days=self.most))


BANDS = {
    band.key: band
    for band in (
        Band("0-30", _("30 天以内"), 0, 30),
        Band("31-90", _("31—90 天"), 31, 90),
        Band("91-180", _("91—180 天"), 91, 180),
        Band("181-365", _("181—365 天"), 181, 365),
        Band("366", _("超过 365 天"), 366, None),
    )
}
NEEDS: dict[str, Any] = {**dict(FactorKind.choices), NO_NEED: _("没有登记障碍")}


@dataclass(frozen=True, slots=True)
class Group:
    """Projects of an age or with an obstacle, and their agreed yuan."""

    key: str
    label: Any
    projects: Decimal
    amount: Decimal


def unmet(window: Window) -> QuerySet[FactorNeed]:
    """Needs recorded by T and not met by D."""
    return FactorNeed.objects.filter(recorded_at__lte=window.known_at).exclude(
        met_on__lte=window.as_of
    )


def by_age(window: Window, *, user: User | None = None) -> list[Group]:
    """Signed and not started by age; one query besides the settings. The bands add up."""
    return _grouped(
        signed_not_started(window, user=user),
        [(band.key, band.label, band.select(window)) for band in BANDS.values()],
    )


def by_obstacle(window: Window, *, user: User | None = None) -> list[Group]:
    """By unmet need; a project with several stands in each, so that these do not add up."""
    return _grouped(
        signed_not_started(window, user=user),
        [(key, label, _with_need(window, key)) for key, label in NEEDS.items()],
    )


def narrowed(
    found: QuerySet[Any], window: Window, *, band: str = "", need: str = ""
) -> tuple[QuerySet[Any], list[Any]]:
    """Signed-not-started narrowed to a band or an obstacle, and what it is narrowed to.

    A key that there is not narrows nothing.
    """
    labels: list[Any] = []
    if band in BANDS:
        found, labels = found.filter(BANDS[band].select(window)), [BANDS[band].label]
    if need in NEEDS:
        found, labels = found.filter(_with_need(window, need)), [*labels, NEEDS[need]]
    return found, labels


def _with_need(window: Window, key: str) -> Q:
    needs = unmet(window).filter(project=OuterRef("project"))
    if key == NO_NEED:
        return Q(~Exists(needs))
    return Q(Exists(needs.filter(kind=key)))


def _grouped(found: QuerySet[Any], groups: Sequence[tuple[str, Any, Q]]) -> list[Group]:
    sums = found.order_by().aggregate(
        **{f"parts_{n}": Sum("part", filter=q) for n, (_key, _label, q) in enumerate(groups)},
        **{f"yuan_{n}": Sum("money", filter=q) for n, (_key, _label, q) in enumerate(groups)},
    )
    return [
        Group(key, label, (sums[f"parts_{n}"] or ZERO) / WHOLE, sums[f"yuan_{n}"] or ZERO)
        for n, (key, label, _q) in enumerate(groups)
    ]


@dataclass(frozen=True, slots=True)
class ToStart:
    """A project that may start this year: its chance, its obstacles, and whose it is."""

    start: Start
    project: Project
    needs: Sequence[FactorNeed]
    is_needed: bool


def to_start(starts: Sequence[Start], window: Window, *, needed: int, user: User) -> list[ToStart]:
    """The projects of a forecast's starts that a person may see, the most likely first.

    The first ``needed`` are those without which the rate is missed most surely. Two queries.
    """
    ids = [start.project for start in starts]
    projects = {
        project.pk: project
        for project in Project.objects.visible_to(user)
        .filter(pk__in=ids)
        .select_related("park", "officer")
    }
    needs: defaultdict[int, list[FactorNeed]] = defaultdict(list)
    for need in unmet(window).filter(project__in=list(projects)).order_by("due_on", "pk"):
        needs[need.project_id].append(need)
    return [
        ToStart(start, projects[start.project], needs[start.project], number < needed)
        for number, start in enumerate(starts)
        if start.project in projects
    ]
