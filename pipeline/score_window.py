"""For what score cards are asked: level, year, as-of day and instant of knowledge.

What ledgers record happens and is known at one instant (``recorded_at``), so a record lies
in the window when it was made in the year, by the as-of day, and by the instant of
knowledge. The same question finds the same records for ever.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from django.db.models import Q

from pipeline.figures import Window
from pipeline.models import ScoreLevel
from pipeline.months import Month, midnight
from pipeline.rollups import Rollup, rollup


class Question:
    """A level and a window, with the roll-up of it, read once."""

    def __init__(self, level: str, window: Window) -> None:
        self.level, self.window = ScoreLevel(level), window

    @cached_property
    def figures(self) -> Rollup:
        """The figures of all parks or officers; a unit has none."""
        return rollup(self.window, by=self.level)

    @property
    def since(self) -> dt.datetime:
        """The first instant of the year, by the county's clock."""
        return midnight(self.window.since)

    @property
    def end(self) -> dt.datetime:
        """The first instant after the last day of the window."""
        return midnight(self.window.until + dt.timedelta(days=1))

    def known(self, column: str) -> Q:
        """Recorded by the end of the window, and known."""
        return Q(**{f"{column}__lt": self.end, f"{column}__lte": self.window.known_at})

    def recorded(self, column: str) -> Q:
        """Recorded in the window, and known."""
        return self.known(column) & Q(**{f"{column}__gte": self.since})

    def happened(self, column: str) -> Q:
        """A day of the window; since when it is known is another column's matter."""
        return Q(**{f"{column}__gte": self.window.since, f"{column}__lte": self.window.until})

    def months(self) -> list[Month]:
        """The months of the window that have ended, by its last day and by what is known.

        Before a month is over, what is to be filed by its end may still come.
        """
        months = (Month(self.window.year, number) for number in range(1, 13))
        return [m for m in months if m.ends <= self.end and m.ends <= self.window.known_at]
