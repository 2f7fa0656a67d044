"""The way from contact to production: how many reach a stage, go on, and after how long."""

from __future__ import annotations

import datetime as dt
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    DateField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)

from crm.models import User
from pipeline.figures import WHOLE, Window, milestones_of
from pipeline.models import CountySettings, Milestone
from pipeline.stages import ContractKind, MilestoneKind, Stage
from pipeline.targets import ratio

STEPS: tuple[tuple[Stage, Q], ...] = (
    (Stage.CONTACT, Q(kind=MilestoneKind.CONTACT)),
    (Stage.SIGNED, Q(contract_kind=ContractKind.FORMAL)),
    (Stage.STARTED, Q(kind=MilestoneKind.GROUNDBREAKING, expansion__isnull=True)),
    (Stage.PRODUCING, Q(kind=MilestoneKind.PRODUCTION, expansion__isnull=True)),
)
FIGURE_OF = {
    Stage.SIGNED: "signed_projects",
    Stage.STARTED: "groundbreakings",
    Stage.PRODUCING: "productions",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A stage: the projects that reached it in the window, and those of them that went on.

    ``went_on`` reached the next stage by the as-of day, in whatever year; ``days`` is the
    median from this stage to the next of those that did, None where none did. Both are None
    for the last stage. ``figure`` names the list behind ``reached`` where there is one.
    """

    stage: Stage
    reached: Decimal
    went_on: Decimal | None
    days: int | None
    figure: str = ""

    @property
    def conversion(self) -> Decimal | None:
        """went_on / reached; None where there is nothing to divide by."""
        return None if self.went_on is None else ratio(self.went_on, self.reached)


def funnel(window: Window, *, user: User | None = None) -> list[Step]:
    """Each stage with its own cohort: the window's milestones of that stage that count.

    An expansion's own starts are not counted, so that starts and productions may be fewer
    than those of the roll-up. Two queries a stage, one for the last, and the settings; the
    days are counted in SQL by how many projects took as long.
    """
    rules = CountySettings.objects.known_at(window.known_at)
    steps: list[Step] = []
    for number, (stage, condition) in enumerate(STEPS):
        found = milestones_of(window, user=user, rules=_for(stage, rules)).filter(condition)
        following = STEPS[number + 1][1] if number + 1 < len(STEPS) else None
        figure = FIGURE_OF.get(stage, "")
        if following is None:
            reached = found.aggregate(parts=Sum("part"))["parts"] or Decimal(0)
            steps.append(Step(stage, reached / WHOLE, None, None, figure))
            continue
        found = found.annotate(following=_first(window, following))
        sums = found.aggregate(
            reached=Sum("part"), went_on=Sum("part", filter=Q(following__isnull=False))
        )
        steps.append(
            Step(
                stage,
                (sums["reached"] or Decimal(0)) / WHOLE,
                (sums["went_on"] or Decimal(0)) / WHOLE,
                _median_days(found),
                figure,
            )
        )
    return steps


def _for(stage: Stage, rules: CountySettings) -> CountySettings:
    """A contact has no amount yet: the least investment is not held against it."""
    if stage is not Stage.CONTACT:
        return rules
    any_amount = copy(rules)
    any_amount.minimum_investment = Decimal(0)
    return any_amount


def _first(window: Window, condition: Q) -> Subquery:
    """The day on which the project first reached a stage, by the as-of day."""
    return Subquery(
        Milestone.objects.effective(window.known_at)
        .filter(condition, project=OuterRef("project"), occurred_on__lte=window.as_of)
        .order_by("occurred_on")
        .values("occurred_on")[:1],
        output_field=DateField(),
    )


def _median_days(found: QuerySet[Any]) -> int | None:
    """The median of the days to the following stage; the lower of two in the middle."""
    took = ExpressionWrapper(F("following") - F("occurred_on"), output_field=DurationField())
    counts: list[tuple[dt.timedelta, int]] = sorted(
        found.filter(following__gte=F("occurred_on"))
        .order_by()
        .annotate(took=took)
        .values_list("took")
        .annotate(times=Count("pk"))
    )
    left = sum(times for _took, times in counts) / 2
    for length, times in counts:
        left -= times
        if left <= 0:
            return length.days
    return None
