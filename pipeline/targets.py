"""Targets as they were known, the time schedule they are held against, and completion.

A target is metric × year × holder; every change is a new version (``models.Target``).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q

from pipeline.models import HolderKind, Target

COUNTY = (HolderKind.COUNTY, None)
Holder = tuple[str, int | str | None]


@dataclass(frozen=True, slots=True)
class TargetValue:
    """A target in force: its value and plan (yuan, counts, or a fraction of 1).

    ``set_for`` is the year that it was set for: the county's last targets go on in later
    years until it sets new ones. ``plan`` is what is to be reached by the end of each of
    the four quarters, or None.
    """

    value: Decimal
    set_for: int
    plan: tuple[Decimal, Decimal, Decimal, Decimal] | None = None
    is_example: bool = False


class Targets:
    """The targets of a year as known at an instant; one query.

    The version recorded last counts. A county target that was not set for the year is
    that of the latest earlier year; a park, unit or officer without one of its own has
    none, save that rates are inherited from the county.
    """

    def __init__(self, year: int, known_at: dt.datetime) -> None:
        self.year = year
        rows = (
            Target.objects.filter(recorded_at__lte=known_at)
            .filter(Q(year=year) | Q(year__lt=year, holder=HolderKind.COUNTY))
            .order_by("year", "recorded_at", "id")
        )
        self._values: dict[tuple[str, Holder], TargetValue] = {
            (row.metric, _holder(row)): _value(row) for row in rows
        }

    def own(self, metric: str, holder: Holder = COUNTY) -> TargetValue | None:
        """The holder's own target, if there is one."""
        return self._values.get((metric, holder))

    def rate(self, metric: str, holder: Holder = COUNTY) -> TargetValue | None:
        """A rate target: the holder's own, or the county's."""
        return self.own(metric, holder) or self.own(metric)

    def holders(self, kind: HolderKind) -> set[int | str]:
        """The parks, units or officers that have a target of their own."""
        return {of for _metric, (held, of) in self._values if held == kind and of is not None}

    @property
    def repeated_from(self) -> int | None:
        """The earlier year whose county targets stand in for this year's, if they do."""
        years = {
            value.set_for for (_metric, holder), value in self._values.items() if holder == COUNTY
        }
        return max(years) if years and max(years) < self.year else None

    @property
    def has_examples(self) -> bool:
        """Whether any target of the year is a demonstration's, not the county's own."""
        return any(value.is_example for value in self._values.values())


def schedule(year: int, as_of: dt.date, target: TargetValue | None = None) -> Decimal:
    """How much of a year's target is due by ``as_of``, from 0 to 1 (序时进度).

    By the target's own quarterly plan where it has one, evenly within each quarter.
    Otherwise months elapsed of 12 at a month's end, and days elapsed of the days in the
    year on any other day. 0 before the year, 1 after it.
    """
    if as_of.year != year:
        return Decimal(0) if as_of.year < year else Decimal(1)
    if target is None or target.plan is None:
        if _is_month_end(as_of):
            return Decimal(as_of.month) / 12
        return Decimal(as_of.timetuple().tm_yday) / (366 if calendar.isleap(year) else 365)
    quarter = (as_of.month - 1) // 3
    start = dt.date(year, 3 * quarter + 1, 1)
    end = quarter_end(year, quarter + 1)
    done = target.plan[quarter - 1] if quarter else Decimal(0)
    within = Decimal((as_of - start).days + 1) / ((end - start).days + 1)
    return (done + (target.plan[quarter] - done) * within) / target.value


def quarter_end(year: int, quarter: int) -> dt.date:
    """The last day of a quarter, 1 to 4."""
    month = 3 * quarter
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def ratio(part: Decimal | int, whole: Decimal | int | None) -> Decimal | None:
    """``part / whole`` as a fraction; None where there is nothing to divide by ("—")."""
    return Decimal(part) / Decimal(whole) if whole else None


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, as figures are shown."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def ranks(values: Sequence[Decimal | None]) -> list[int | None]:
    """The rank of each value, the highest first, ties alike: 1, 1, 3. None is unranked."""
    known: Iterable[Decimal] = [value for value in values if value is not None]
    ordered = sorted(known, reverse=True)
    return [None if value is None else ordered.index(value) + 1 for value in values]


def _holder(row: Target) -> Holder:
    who = {
        HolderKind.COUNTY: None,
        HolderKind.PARK: row.park_id,
        HolderKind.UNIT: row.unit,
        HolderKind.OFFICER: row.officer_id,
    }
    return row.holder, who[HolderKind(row.holder)]


def _value(row: Target) -> TargetValue:
    plan = None
    if row.plan_q1 is not None and row.plan_q2 is not None and row.plan_q3 is not None:
        plan = (row.plan_q1, row.plan_q2, row.plan_q3, row.value)
    return TargetValue(row.value, row.year, plan, row.is_example)


def _is_month_end(day: dt.date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]
