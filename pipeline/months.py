"""A month of the county's calendar: its days, and the instants that it begins and ends at."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

WRITTEN = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A year and a month of it, 1 to 12."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def label(self) -> str:
        """2026年9月."""
        return _("%(year)s年%(month)s月") % {"year": self.year, "month": self.number}

    @property
    def first(self) -> dt.date:
        """Its first day, which stands for it in the database."""
        return dt.date(self.year, self.number, 1)

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return dt.date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def begins(self) -> dt.datetime:
        """Midnight before the first day, by the county's clock."""
        return midnight(self.first)

    @property
    def ends(self) -> dt.datetime:
        """Midnight after the last day: what happens from then on is late."""
        return midnight(self.last + dt.timedelta(days=1))

    @property
    def last_day(self) -> dt.datetime:
        """Midnight before the last day: what is closed from then on owes the month a word."""
        return midnight(self.last)

    def later(self, months: int = 1) -> Month:
        """The month so many months on; before it for a negative number."""
        count = self.year * 12 + self.number - 1 + months
        return Month(count // 12, count % 12 + 1)

    def earlier(self, months: int = 1) -> Month:
        """The month so many months ago."""
        return self.later(-months)


def month_of(day: dt.date) -> Month:
    """The month that a day lies in."""
    return Month(day.year, day.month)


def month_at(at: dt.datetime) -> Month:
    """The month that an instant lies in, by the county's clock."""
    return month_of(timezone.localdate(at))


def read_month(text: str) -> Month | None:
    """``2026-09`` as a month; None for anything else."""
    found = WRITTEN.fullmatch(text)
    return Month(int(found[1]), int(found[2])) if found else None


def midnight(day: dt.date) -> dt.datetime:
    """The first instant of a day, by the county's clock."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


class MonthConverter:
    """A month in an address: ``2026-09``."""

    regex = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> Month:
        month = read_month(value)
        if month is None:
            raise ValueError(value)
        return month

    def to_url(self, value: Month | str) -> str:
        return str(value)
