"""An item's clock at an instant of the past, from what had happened by then.

The nodes are those of 13710: assigned on day 0, fed back by day 3, an ordinary matter
solved by day 7 and a major one in a month, unless a deadline was agreed or a plan is in
force. While it waits for the supervision office no clock runs.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from crm.models import CalendarDay
from pipeline.lights import Light
from pipeline.models import CountySettings, EventKind, ItemEvent, LedgerItem, Node

STOPS = {EventKind.SUBMITTED, EventKind.PASSED, EventKind.CLOSED}
STARTS = {EventKind.ISSUED, EventKind.ACCEPTED, EventKind.RETURNED}
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class PastRules:
    """The county's settings as they were known, and the working calendar as it is."""

    settings: CountySettings
    calendar: dict[dt.date, bool]

    def due(self, day: dt.date, item: LedgerItem) -> dt.date:
        """A due day, moved on to a working day where the ledger's days are moved."""
        moved = item.ledger.working_days
        if not (self.settings.clock_working_days if moved is None else moved):
            return day
        while not self.calendar.get(day, day.weekday() < SATURDAY):
            day += dt.timedelta(days=1)
        return day

    def near(self, node: str) -> int:
        """How many days before its due day a node is yellow."""
        return {
            Node.FEEDBACK: self.settings.near_three_days,
            Node.ORDINARY: self.settings.near_seven_days,
            Node.MAJOR: self.settings.near_month_days,
            Node.PLANNED: self.settings.near_month_days,
        }.get(Node(node), 0)


def rules_known_at(known_at: dt.datetime) -> PastRules:
    """The rules of an instant; two queries."""
    return PastRules(
        CountySettings.objects.known_at(known_at),
        dict(CalendarDay.objects.values_list("day", "is_working")),
    )


@dataclass(frozen=True, slots=True)
class PastClock:
    """The node that an item was at, and its due day."""

    node: str
    due_on: dt.date


def past_clock(item: LedgerItem, events: Sequence[ItemEvent], rules: PastRules) -> PastClock | None:
    """The clock after these events, the item's first ones; None where none runs."""
    start = item.issued_on
    running, kinds, planned = False, set(), None
    for event in events:
        kinds.add(event.kind)
        if event.kind in STARTS | STOPS:
            running = event.kind in STARTS
        if event.kind in (EventKind.PLANNED, EventKind.PLAN_GRANTED):
            planned = event.planned_on
    if start is None or not running:
        return None
    if EventKind.ASSIGNED not in kinds:
        return PastClock(Node.ASSIGN, rules.due(start, item))
    if EventKind.FEEDBACK not in kinds:
        return PastClock(Node.FEEDBACK, rules.due(start + dt.timedelta(days=3), item))
    if planned is not None:
        return PastClock(Node.PLANNED, rules.due(planned, item))
    node = Node.MAJOR if item.is_major else Node.ORDINARY
    if item.due_on is not None:
        return PastClock(node, rules.due(item.due_on, item))
    end = month_later(start) if item.is_major else start + dt.timedelta(days=7)
    return PastClock(node, rules.due(end, item))


def past_light(clock: PastClock | None, at: dt.datetime, rules: PastRules) -> Light:
    """Red after the due day, yellow so many days before it, none where no clock runs."""
    if clock is None:
        return Light.NONE
    days = (clock.due_on - timezone.localdate(at)).days
    if days < 0:
        return Light.RED
    if clock.node == Node.ASSIGN:
        left = dt.timedelta(hours=rules.settings.near_same_day_hours)
        last = days == 0 and timezone.localtime(at + left).date() > clock.due_on
        return Light.YELLOW if last else Light.GREEN
    return Light.YELLOW if days <= rules.near(clock.node) else Light.GREEN


def month_later(day: dt.date) -> dt.date:
    """A month on, at most the last day of that month."""
    months = day.year * 12 + day.month
    year, number = months // 12, months % 12 + 1
    return dt.date(year, number, min(day.day, calendar.monthrange(year, number)[1]))
