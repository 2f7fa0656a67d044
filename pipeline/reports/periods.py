"""What a report is about: a month, a quarter or a year, and the windows that it asks for."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from pipeline.figures import Window
from pipeline.models import PeriodKind

MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A month, quarter or year: ``number`` counts from 1 within the year."""

    kind: str
    year: int
    number: int = 1

    @property
    def last_month(self) -> int:
        """The month that the period ends with, 1 to 12."""
        return self.number * MONTHS[PeriodKind(self.kind)]

    @property
    def since(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.last_month - MONTHS[PeriodKind(self.kind)] + 1, 1)

    @property
    def until(self) -> dt.date:
        """Its last day, the cut-off of its report."""
        month = self.last_month
        return dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    @property
    def opens_year(self) -> bool:
        """Whether it begins the year, so that alone and year to date are the same."""
        return self.since.month == 1

    def to_date(self, known_at: dt.datetime) -> Window:
        """The year to the period's end."""
        return Window(self.year, self.until, known_at)

    def before(self, known_at: dt.datetime) -> Window:
        """The year to the day before the period."""
        return Window(self.year, self.since - dt.timedelta(days=1), known_at)

    def last_year(self, known_at: dt.datetime) -> Window:
        """Last year to the same day."""
        _since, until = self.to_date(known_at).a_year_earlier()
        return Window(self.year - 1, until, known_at)

    @property
    def alone(self) -> str:
        """The period in words: 三季度, 8月, 全年."""
        if self.kind == PeriodKind.YEAR:
            return _("全年")
        if self.kind == PeriodKind.MONTH:
            return _("%(month)s月") % {"month": self.number}
        return [_("一季度"), _("二季度"), _("三季度"), _("四季度")][self.number - 1]

    @property
    def so_far(self) -> str:
        """The year to date in words: 一季度, 上半年, 前三季度, 全年, 1—8月."""
        if self.last_month == 12:
            return _("全年")
        if self.kind == PeriodKind.QUARTER:
            return [_("一季度"), _("上半年"), _("前三季度")][self.number - 1]
        if self.last_month == 1:
            return _("1月")
        return _("1—%(month)s月") % {"month": self.last_month}


def period_of(kind: str, day: dt.date) -> Period:
    """The period of a kind that a day lies in."""
    return Period(kind, day.year, (day.month - 1) // MONTHS[PeriodKind(kind)] + 1)
