"""The rules of the clocks, read from the county's settings and its working calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from crm.models import CalendarDay
from pipeline.models import CountySettings
from pipeline.supervision import Rules, WorkingCalendar

_COPIED = (
    "near_month_days",
    "near_seven_days",
    "near_three_days",
    "near_same_day_hours",
    "inspection_after_days",
    "inspection_deadline_days",
)


def rules_at(at: dt.datetime) -> Rules:
    """The rules in force at an instant, and those before them; two queries.

    The settings have versions, the calendar is read as it is entered now.
    """
    days = CalendarDay.objects.order_by().values_list("day", "is_working")
    calendar = WorkingCalendar(dict(days))
    versions: list[tuple[dt.datetime, Rules]] = [(dt.datetime.min.replace(tzinfo=dt.UTC), Rules())]
    rows = CountySettings.objects.filter(recorded_at__lte=at).order_by("recorded_at", "id")
    versions += [(row.recorded_at, _from(row)) for row in rows]
    versions = [(since, replace(rules, calendar=calendar)) for since, rules in versions]
    since, latest = versions[-1]
    return replace(latest, since=since, earlier=tuple(versions[:-1]))


def _from(row: CountySettings) -> Rules:
    copied = {name: getattr(row, name) for name in _COPIED}
    return Rules(working_days=row.clock_working_days, **copied)
