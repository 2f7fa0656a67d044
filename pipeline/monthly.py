"""The year's signings month by month: cumulative, beside the plan and last year.

The months add up to the roll-up: the last month's cumulative figures are those of
``pipeline.rollups`` for the same window, by the same predicates.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import ExtractMonth

from crm.models import User
from pipeline.figures import FIGURES, WHOLE, Window, milestones_of
from pipeline.models import HolderKind, Metric
from pipeline.targets import COUNTY, Targets, schedule

ZERO = Decimal(0)
SHOWN = ("signed_projects", "signed_amount_yuan")


@dataclass(frozen=True, slots=True)
class Month:
    """A month with what was signed from 1 January to its end, or to the as-of day.

    ``projects`` and ``amount`` (yuan) are None for a month that had not begun by the as-of
    day; ``plan`` is the target times the time schedule at the month's end, None without a
    target; ``last_year`` is the same month's cumulative figure of the year before.
    """

    number: int
    until: dt.date
    projects: Decimal | None
    amount: Decimal | None
    projects_plan: Decimal | None
    amount_plan: Decimal | None
    projects_last_year: Decimal
    amount_last_year: Decimal


def monthly(window: Window, *, user: User | None = None) -> list[Month]:
    """The twelve months of the window's year; settings and sums of two years, and targets."""
    before = replace(window, year=window.year - 1, as_of=dt.date(window.year - 1, 12, 31))
    now, then = _cumulative(window, user), _cumulative(before, user)
    targets = Targets(window.year, window.known_at)
    whose = COUNTY if user is None or user.is_county_wide else (HolderKind.PARK, user.park_id)

    def plan(metric: str, day: dt.date) -> Decimal | None:
        target = targets.own(metric, whose)
        return None if target is None else target.value * schedule(window.year, day, target)

    months = []
    for number in range(1, 13):
        first = dt.date(window.year, number, 1)
        last = first.replace(day=calendar.monthrange(window.year, number)[1])
        begun = first <= window.as_of
        months.append(
            Month(
                number,
                min(last, window.until) if begun else last,
                now[number][0] if begun else None,
                now[number][1] if begun else None,
                plan(Metric.SIGNED_PROJECTS, last),
                plan(Metric.SIGNED_AMOUNT, last),
                *then[number],
            )
        )
    return months


def _cumulative(window: Window, user: User | None) -> dict[int, tuple[Decimal, Decimal]]:
    """Projects and yuan signed by the end of each month, 1 to 12."""
    projects, amount = (FIGURES[name] for name in SHOWN)
    grouped = (
        milestones_of(window, user=user)
        .order_by()
        .annotate(month=ExtractMonth("occurred_on"))
        .values("month")
        .annotate(
            parts=Sum("part", filter=projects.select(window)),
            yuan=Sum("money", filter=amount.select(window)),
        )
    )
    sums = {row["month"]: (row["parts"] or ZERO, row["yuan"] or ZERO) for row in grouped}
    found: dict[int, tuple[Decimal, Decimal]] = {}
    parts = yuan = ZERO
    for number in range(1, 13):
        more = sums.get(number, (ZERO, ZERO))
        parts, yuan = parts + more[0], yuan + more[1]
        found[number] = (parts / WHOLE, yuan)
    return found
