"""The 13710 clocks: which node an item is at, by when, its light, and when it is pressed.

Pure functions of facts and instants; what they read comes from ``pipeline.clock_rules``
(the county's settings and calendar) and ``pipeline.clockwork`` (an item's events).

- Day 0 is the day on which the item was handed over. The nodes are answered in their order:
  a person named, how it is handled fed back, solved. A deadline that was agreed, or a plan
  in force, replaces the last node's day.
- Handing in stops the clock. An answer that is returned counts as never given: the same
  clock runs again with its old due day.
- A day's standing is read at its first instant. So a run at any hour of a day, and one that
  makes up for missed days, finds the same steps with the same days.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from pipeline.lights import Light
from pipeline.models.escalations import EscalationState
from pipeline.models.ledgers import EventKind, ItemState, LedgerItem, Level, Node
from pipeline.months import midnight, month_of

DAY = dt.timedelta(days=1)
SATURDAY = 5


# --- the rules --------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """Holidays and make-up workdays; a year without any is not known."""

    days: Mapping[dt.date, bool] = field(default_factory=dict)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years that were entered."""
        return frozenset(day.year for day in self.days)

    def is_working(self, day: dt.date) -> bool:
        """Whether people work that day: as entered, else Monday to Friday."""
        return self.days.get(day, day.weekday() < SATURDAY)

    def rolled(self, day: dt.date) -> dt.date:
        """The day, or the next working day; a year that is not known moves nothing."""
        found = day
        while found.year in self.years:
            if self.is_working(found):
                return found
            found += DAY
        return day

    def missing_years(self, days: Iterable[dt.date]) -> list[int]:
        """The years of the days that nobody entered: for a warning, never guessed."""
        return sorted({day.year for day in days} - self.years)


@dataclass(frozen=True, eq=False)
class Rules:
    """What the county decided about its clocks, as known at an instant; days and hours.

    ``earlier`` are the versions before this one with the instant from which each held, the
    oldest first: what fell due under one of them keeps its day.
    """

    working_days: bool = False
    near_month_days: int = 3
    near_seven_days: int = 2
    near_three_days: int = 1
    near_same_day_hours: int = 4
    inspection_after_days: int = 10
    inspection_deadline_days: int = 15
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)
    earlier: tuple[tuple[dt.datetime, Rules], ...] = ()
    since: dt.datetime | None = None

    def known(self, at: dt.datetime) -> Rules:
        """The version that was in force at an instant."""
        if not self.earlier or (self.since is not None and self.since <= at):
            return self
        held = [rules for since, rules in self.earlier if since <= at]
        return held[-1] if held else self.earlier[0][1]


def month_later(day: dt.date) -> dt.date:
    """A month on, at most the last day of that month: 31 January gives the end of February."""
    after = month_of(day).later()
    return dt.date(
        after.year, after.number, min(day.day, months.monthrange(after.year, after.number)[1])
    )


@dataclass(frozen=True, slots=True)
class NodeRule:
    """A node: its due day from day 0, and the last due day that is near at an instant.

    ``answer`` is the event that answers it; the last nodes are answered by handing in.
    """

    due: Callable[[dt.date], dt.date]
    near: Callable[[dt.datetime, Rules], dt.date]
    answer: EventKind | None = None


def _within(days: str) -> Callable[[dt.datetime, Rules], dt.date]:
    return lambda at, rules: timezone.localdate(at) + getattr(rules, days) * DAY


def _last_hours(at: dt.datetime, rules: Rules) -> dt.date:
    """Yellow from so many hours before the midnight that ends the due day."""
    return timezone.localdate(at + dt.timedelta(hours=rules.near_same_day_hours)) - DAY


NODES: dict[Node, NodeRule] = {
    Node.ASSIGN: NodeRule(lambda day: day, _last_hours, EventKind.ASSIGNED),
    Node.FEEDBACK: NodeRule(
        lambda day: day + 3 * DAY, _within("near_three_days"), EventKind.FEEDBACK
    ),
    Node.ORDINARY: NodeRule(lambda day: day + 7 * DAY, _within("near_seven_days")),
    Node.MAJOR: NodeRule(month_later, _within("near_month_days")),
    Node.PLANNED: NodeRule(lambda day: day, _within("near_month_days")),
}
"""The table of 13710. ``PLANNED`` counts from its own day; ``CLOSING`` has no due day."""


# --- the clock --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Clock:
    """A node that is awaited, and its due day: what a step of pressing is about."""

    node: Node
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of an item as the clock reads it."""

    kind: str
    at: dt.datetime
    planned_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of pressing that is recorded."""

    level: int
    node: str
    due_on: dt.date
    triggered_on: dt.date
    state: str = EscalationState.DONE
    deadline: dt.date | None = None

    def is_about(self, clock: Clock) -> bool:
        """Whether it pressed this clock.

        A node whose day follows from day 0 has one clock, whatever an entry in the calendar
        has since moved its day to; a planned day is another clock when it is another day.
        """
        if self.node != clock.node:
            return False
        return clock.node != Node.PLANNED or self.due_on == clock.due_on


@dataclass(frozen=True, slots=True)
class Facts:
    """What an item's clock is made of. ``events`` in their order.

    ``rolls`` is the ledger's own choice about working days; None follows the county.
    """

    issued_on: dt.date
    is_major: bool = False
    due_on: dt.date | None = None
    rolls: bool | None = None
    events: Sequence[Happening] = ()
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of time in which a clock ran; ``until`` is None while it does."""

    clock: Clock
    since: dt.datetime
    until: dt.datetime | None = None


def due_day(node: Node, day: dt.date, calendar: WorkingCalendar | None = None) -> dt.date:
    """When a node is due that counts from ``day``; with a calendar on a working day."""
    found = NODES[node].due(day)
    return found if calendar is None else calendar.rolled(found)


def runs(facts: Facts, rules: Rules) -> list[Run]:
    """Every clock that ran for the item, in order; the last is open where one runs now."""
    chain = _Chain(facts, rules)
    found: list[Run] = []
    clock, since = chain.awaited, chain.began
    for event in facts.events:
        now = max(event.at, since)
        chain.hear(event)
        if chain.awaited == clock:
            continue
        if clock is not None and since < now:
            found.append(Run(clock, since, now))
        clock, since = chain.awaited, now
    if clock is not None:
        found.append(Run(clock, since))
    return found


def clock_of(facts: Facts, rules: Rules) -> Clock | None:
    """The clock that runs after all of the facts' events; None where none does."""
    last = runs(facts, rules)[-1:]
    return last[0].clock if last and last[0].until is None else None


def was_late(found: Iterable[Run], *, at: dt.datetime) -> bool:
    """Whether a clock was answered after its due day, or is overdue at the instant."""
    return any(
        (run.until is None or run.since < run.until)
        and min(run.until or at, at) >= midnight(run.clock.due_on + DAY)
        for run in found
    )


def stops(facts: Facts, rules: Rules) -> list[Clock]:
    """The nodes that the item has, each with its due day, in order; for its page."""
    chain = _Chain(facts, rules)
    for event in facts.events:
        chain.hear(event)
    return [chain.clock(node) for node in (Node.ASSIGN, Node.FEEDBACK)] + [chain.end]


class _Chain:
    """Walks along an item's events and knows which clock runs after each."""

    def __init__(self, facts: Facts, rules: Rules) -> None:
        issued = next((e.at for e in facts.events if e.kind == EventKind.ISSUED), None)
        self.began = issued or midnight(facts.issued_on)
        known = rules.known(self.began)
        is_rolled = known.working_days if facts.rolls is None else facts.rolls
        self._calendar = rules.calendar if is_rolled else None
        self._facts = facts
        self._planned = facts.due_on
        self._heard: set[str] = set()
        self._is_handed_in = False

    def hear(self, event: Happening) -> None:
        """Take in what happened next."""
        self._heard.add(event.kind)
        match event.kind:
            case EventKind.SUBMITTED | EventKind.PASSED | EventKind.CLOSED:
                self._is_handed_in = True
            case EventKind.RETURNED:
                self._is_handed_in = False
            case EventKind.PLANNED | EventKind.PLAN_GRANTED:
                self._planned = event.planned_on or self._planned

    @property
    def awaited(self) -> Clock | None:
        """The first node that is not answered; none while it is handed in."""
        if self._is_handed_in:
            return None
        for node in (Node.ASSIGN, Node.FEEDBACK):
            if NODES[node].answer not in self._heard:
                return self.clock(node)
        return self.end

    @property
    def end(self) -> Clock:
        """The last node: the plan, the deadline, or what the kind of matter is given."""
        if self._planned is not None:
            return Clock(Node.PLANNED, due_day(Node.PLANNED, self._planned, self._calendar))
        return self.clock(Node.MAJOR if self._facts.is_major else Node.ORDINARY)

    def clock(self, node: Node) -> Clock:
        """A node that counts from day 0."""
        return Clock(node, due_day(node, self._facts.issued_on, self._calendar))


# --- lights -----------------------------------------------------------------------------------
def light(node: str, due_on: dt.date, at: dt.datetime, rules: Rules) -> Light:
    """Green in time, yellow near the due day, red from the midnight after it."""
    if timezone.localdate(at) > due_on:
        return Light.RED
    return Light.YELLOW if due_on <= NODES[Node(node)].near(at, rules) else Light.GREEN


def item_light(item: LedgerItem, at: dt.datetime, rules: Rules) -> Light:
    """An item's light from its copies: grey once closed, none where no clock runs."""
    if item.state == ItemState.CLOSED:
        return Light.CLOSED
    if item.clock_due_on is None or item.node not in NODES:
        return Light.NONE
    return light(item.node, item.clock_due_on, at, rules)


def item_light_is(light: str, at: dt.datetime, rules: Rules) -> Q:
    """The items whose :func:`item_light` is ``light``, as a condition on their rows."""
    today = timezone.localdate(at)
    is_running = Q(clock_due_on__isnull=False, node__in=list(NODES))
    match Light(light):
        case Light.CLOSED:
            return Q(state=ItemState.CLOSED)
        case Light.NONE:
            return ~Q(state=ItemState.CLOSED) & ~is_running
        case Light.RED:
            return Q(clock_due_on__lt=today, node__in=list(NODES))
        case wanted:
            bound = "lte" if wanted == Light.YELLOW else "gt"
            found = Q(pk__in=[])
            for node, rule in NODES.items():
                found |= Q(node=node, **{f"clock_due_on__{bound}": rule.near(at, rules)})
            return found & Q(clock_due_on__gte=today)


# --- pressing ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Trigger:
    """A step of pressing that has fallen due: its level, its clock, and on which day."""

    level: Level
    clock: Clock
    on: dt.date


def triggers(facts: Facts, at: dt.datetime, rules: Rules) -> list[Trigger]:
    """The steps that have fallen due by an instant and are not recorded, clock by clock.

    - 催办 on the first day on which the clock is red.
    - 通报 on the last day of the first month at whose last day it still is.
    - 专项督查, proposed, so many days after that while it is not solved.
    - 挂牌督办, proposed, on the first day after an approved inspection's deadline.

    Each once per clock. A clock that was answered in the meantime is asked as well: its
    step fell due on its day.
    """
    found: list[Trigger] = []
    stretches: dict[Clock, list[Run]] = {}
    for run in runs(facts, rules):
        stretches.setdefault(run.clock, []).append(run)
    last = timezone.localdate(at)
    for clock, stretch in stretches.items():
        if clock.due_on < last:
            found += _ladder(clock, stretch, facts.steps, rules, last)
    return found


def _ladder(
    clock: Clock, stretch: list[Run], steps: Sequence[Step], rules: Rules, last: dt.date
) -> list[Trigger]:
    taken = {step.level: step for step in steps if step.is_about(clock)}
    found: list[Trigger] = []

    def reached(level: Level, on: dt.date | None) -> dt.date | None:
        """The day of a level, as recorded or as it falls due now; None before it does."""
        if level in taken:
            return taken[level].triggered_on
        if on is None or on > last:
            return None
        found.append(Trigger(level, clock, on))
        return on

    urged = reached(Level.URGED, _first_day(stretch, clock.due_on + DAY))
    named = urged and reached(Level.NAMED, _first_month_end(stretch, clock.due_on + DAY))
    if named:
        wait = rules.known(midnight(named)).inspection_after_days
        reached(Level.INSPECTED, _first_day(stretch, named + wait * DAY))
    inspection = taken.get(Level.INSPECTED)
    if inspection is not None and inspection.state == EscalationState.APPROVED:
        deadline = inspection.deadline or inspection.triggered_on
        reached(Level.LISTED, _first_day(stretch, deadline + DAY))
    return found


def _first_day(stretch: Iterable[Run], earliest: dt.date) -> dt.date | None:
    """The first day, no earlier than this, at whose first instant the clock runs."""
    for run in stretch:
        day = max(earliest, _day_from(run.since))
        if run.until is None or midnight(day) < run.until:
            return day
    return None


def _first_month_end(stretch: Iterable[Run], earliest: dt.date) -> dt.date | None:
    """The same among the last days of months."""
    for run in stretch:
        day = month_of(max(earliest, _day_from(run.since))).last
        if run.until is None or midnight(day) < run.until:
            return day
    return None


def _day_from(since: dt.datetime) -> dt.date:
    """The first day whose first instant is not before ``since``."""
    day = timezone.localdate(since)
    return day if midnight(day) >= since else day + DAY
