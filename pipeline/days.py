"""A day as exactly as it is known: to the day, or to its month."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

DAY, MONTH = "day", "month"  # as stages.Precision has them; this module needs no Django


@dataclass(frozen=True, slots=True)
class Day:
    """A day, and whether the day itself or only its month is known (``day`` or ``month``).

    A month stands for its last day, or for today where it is the current month.
    """

    on: dt.date
    precision: str = DAY

    @classmethod
    def counted(cls, on: dt.date, precision: str, *, today: dt.date) -> Day:
        """A day as it is kept: of a month, its last day, or today while it is running."""
        if precision == MONTH:
            on = on.replace(day=calendar.monthrange(on.year, on.month)[1])
            if (on.year, on.month) == (today.year, today.month):
                on = today
        return cls(on, precision)

    def floor_for(self, precision: str) -> dt.date:
        """The earliest day that, known to ``precision``, does not lie before this one.

        Two days are compared at the coarser precision: where either is only known to the
        month, any day of the same month is not before the other.
        """
        if MONTH in (self.precision, precision):
            return self.on.replace(day=1)
        return self.on

    def is_before(self, other: Day) -> bool:
        """Whether it is earlier for certain: compared at the coarser of the two precisions."""
        return self.on < other.floor_for(self.precision)

    def is_after_day(self, today: dt.date) -> bool:
        """Whether it is later than ``today``; the current month is not."""
        return Day(today).is_before(self)
