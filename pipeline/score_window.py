"""For what score cards are asked: level, year, as-of day and instant of knowledge.

What ledgers record happens and is known at one instant (``recorded_at``), so a record lies
in the window when it was made in the year, by the as-of day, and by the instant of
knowledge. The same question finds the same records for ever.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from pipeline.figures import Window
from pipeline.models import ScoreLevel
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
        return _midnight(self.window.since)

    @property
    def end(self) -> dt.datetime:
        """The first instant after the last day of the window."""
        return _midnight(self.window.until + dt.timedelta(days=1))

    def known(self, column: str) -> Q:
        """Recorded by the end of the window, and known."""
        return Q(**{f"{column}__lt": self.end, f"{column}__lte": self.window.known_at})

    def recorded(self, column: str) -> Q:
        """Recorded in the window, and known."""
        return self.known(column) & Q(**{f"{column}__gte": self.since})

    def happened(self, column: str) -> Q:
        """A day of the window; since when it is known is another column's matter."""
        return Q(**{f"{column}__gte": self.window.since, f"{column}__lte": self.window.until})

    def months(self) -> list[tuple[dt.date, dt.datetime]]:
        """The months of the window that have ended: first day, and first instant after it.

        A month is asked about once it is over by the as-of day and by the instant of
        knowledge: before that, what is to be filed by its end may still come.
        """
        found = []
        for number in range(1, 13):
            first = dt.date(self.window.year, number, 1)
            after = (first + dt.timedelta(days=32)).replace(day=1)
            end = _midnight(after)
            if end <= self.end and end <= self.window.known_at:
                found.append((first, end))
        return found


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime(day.year, day.month, day.day))  # noqa: DTZ001
