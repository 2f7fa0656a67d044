"""How promises stood in a month, as known at an instant: read from what happened, never copies.

A promise is an item of a ledger that was with a unit in the month: handed over by its last
day, not closed before its first. What happened is taken from the items' events, steps of
pressing and filings, none of which is ever changed or dated back; so the same month and
instant give the same standing for ever, whatever happens later. (Names of units and ledgers,
and the working calendar, are read as they are now: a frozen bulletin keeps its own.)
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from crm.models import Unit
from pipeline.clock_rules import rules_at
from pipeline.clockwork import facts_of
from pipeline.lights import Light
from pipeline.models import (
    Escalation,
    EscalationState,
    EventKind,
    ItemEvent,
    ItemState,
    LedgerItem,
    Level,
)
from pipeline.models.ledgers import BEFORE_ISSUE, UNDER_CLOCK, LedgerItemQuerySet
from pipeline.monthly_progress import Filing, filings
from pipeline.months import Month
from pipeline.supervision import Clock, Happening, Rules, clock_of, light

MOMENT = dt.timedelta(microseconds=1)
NEXT_STATE = {
    EventKind.ISSUED: ItemState.ISSUED,
    EventKind.ACCEPTED: ItemState.ACTIVE,
    EventKind.SUBMITTED: ItemState.SUBMITTED,
    EventKind.RETURNED: ItemState.ACTIVE,
    EventKind.PASSED: ItemState.PASSED,
    EventKind.CLOSED: ItemState.CLOSED,
}
"""What an event makes of an item; what is not here leaves it where it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of pressing as it stood: its level, the clock that was missed, its state."""

    level: int
    node: str
    clock_due_on: dt.date
    triggered_on: dt.date
    state: str
    deadline: dt.date | None

    @property
    def is_taken(self) -> bool:
        """Whether it was carried out: by itself, or by a person's approval."""
        return self.state in (EscalationState.DONE, EscalationState.APPROVED)


@dataclass(frozen=True, slots=True)
class Promise:
    """An item as it stood at the month's end, or at the instant, whichever is earlier.

    ``due_on`` is the day its clock runs to, None where none runs; ``days_overdue`` counts
    from it. ``steps`` are those that fell due by the month's end; the first (催办) falls due
    on the first red day, so what has none never was late.
    """

    item: LedgerItem
    goal: str
    unit_id: int | None
    unit: str
    state: ItemState
    issued_on: dt.date
    closed_at: dt.datetime | None
    due_on: dt.date | None
    light: Light
    days_overdue: int
    steps: tuple[Step, ...]
    filing: Filing | None
    is_owed: bool

    @property
    def is_closed(self) -> bool:
        return self.state == ItemState.CLOSED

    @property
    def is_red(self) -> bool:
        return self.light is Light.RED

    @property
    def was_red(self) -> bool:
        """Whether something of it was late once, which is never taken back."""
        return self.is_red or any(step.level == Level.URGED for step in self.steps)

    @property
    def level(self) -> int:
        """How hard it was pressed so far, by steps that were carried out."""
        return max((step.level for step in self.steps if step.is_taken), default=Level.NONE)

    def steps_in(self, month: Month) -> list[Step]:
        """The steps that fell due in a month."""
        return [s for s in self.steps if month.first <= s.triggered_on <= month.last]


@dataclass(frozen=True, slots=True)
class Standing:
    """All the promises of a month, as known at an instant."""

    month: Month
    known_at: dt.datetime
    as_of: dt.datetime
    promises: tuple[Promise, ...]

    def of(self, **wanted: int | None) -> list[Promise]:
        """Those of a unit (``unit_id``) or a ledger (``ledger_id``)."""
        found = list(self.promises)
        if "unit_id" in wanted:
            found = [p for p in found if p.unit_id == wanted["unit_id"]]
        if "ledger_id" in wanted:
            found = [p for p in found if p.item.ledger_id == wanted["ledger_id"]]
        return found


def standing(
    month: Month, *, known_at: dt.datetime, items: LedgerItemQuerySet | None = None
) -> Standing:
    """The promises of a month; a fixed number of queries."""
    return standings([month], known_at=known_at, items=items)[0]


def standings(
    months: Sequence[Month], *, known_at: dt.datetime, items: LedgerItemQuerySet | None = None
) -> list[Standing]:
    """The promises of each of several months in a row; the same number of queries as for one.

    ``items`` narrows them: an area's, a unit's.
    """
    first, last = months[0], months[-1]
    rows = LedgerItem.objects.all() if items is None else items
    wanted = list(
        rows.exclude(state__in=BEFORE_ISSUE)
        .filter(
            Q(closed_at__isnull=True) | Q(closed_at__gte=first.begins), issued_on__lte=last.last
        )
        .select_related("ledger", "unit")
        .order_by("ledger__position", "ledger_id", "id")
    )
    keys = [item.pk for item in wanted]
    facts = _Facts(
        events=_by_item(ItemEvent.objects.filter(item__in=keys).order_by("id")),
        steps=_by_item(Escalation.objects.filter(item__in=keys).order_by("id")),
        filings=filings(wanted, months, at=known_at),
        units={name: key for key, name in Unit.objects.values_list("pk", "name")},
    )
    rules = rules_at(known_at)
    found = []
    for month in months:
        as_of = min(known_at, month.ends - MOMENT)
        past = [
            promise
            for item in wanted
            if (promise := _promise(item, month, known_at, as_of, facts, rules)) is not None
        ]
        found.append(Standing(month, known_at, as_of, tuple(past)))
    return found


@dataclass(frozen=True, slots=True)
class _Facts:
    events: dict[int, list[ItemEvent]]
    steps: dict[int, list[Escalation]]
    filings: dict[tuple[int, dt.date], Filing]
    units: dict[str, int]


def _by_item(rows: Iterable) -> dict[int, list]:
    found: dict[int, list] = defaultdict(list)
    for row in rows:
        found[row.item_id].append(row)
    return found


def _promise(
    item: LedgerItem,
    month: Month,
    known_at: dt.datetime,
    as_of: dt.datetime,
    facts: _Facts,
    rules: Rules,
) -> Promise | None:
    """The item as it stood, None where the month knows nothing of it."""
    events = [event for event in facts.events.get(item.pk, []) if event.recorded_at <= as_of]
    state, closed_at = ItemState.APPROVED, None
    for event in events:
        state = NEXT_STATE.get(EventKind(event.kind), state)
        if event.kind == EventKind.CLOSED:
            closed_at = event.recorded_at
    if state in BEFORE_ISSUE or (closed_at is not None and closed_at < month.begins):
        return None
    assert item.issued_on is not None  # noqa: S101 - a constraint of the table
    goal, unit_id, unit = _as_it_was(item, facts, as_of)
    clock = _clock(item, events, state, rules)
    steps = tuple(
        _step(row, known_at)
        for row in facts.steps.get(item.pk, [])
        if row.recorded_at <= known_at and row.triggered_on <= month.last
    )
    return Promise(
        item=item,
        goal=goal,
        unit_id=unit_id,
        unit=unit,
        state=state,
        issued_on=item.issued_on,
        closed_at=closed_at,
        due_on=clock.due_on if clock else None,
        light=_light(clock, state, as_of, rules),
        days_overdue=max((timezone.localdate(as_of) - clock.due_on).days, 0) if clock else 0,
        steps=steps,
        filing=facts.filings.get((item.pk, month.first)),
        is_owed=closed_at is None or closed_at >= month.last_day,
    )


def _clock(
    item: LedgerItem, events: Iterable[ItemEvent], state: ItemState, rules: Rules
) -> Clock | None:
    """The clock that ran after these events."""
    if state not in UNDER_CLOCK:
        return None
    heard = [Happening(event.kind, event.recorded_at, event.planned_on) for event in events]
    return clock_of(facts_of(item, heard), rules)


def _light(clock: Clock | None, state: ItemState, as_of: dt.datetime, rules: Rules) -> Light:
    if state == ItemState.CLOSED:
        return Light.CLOSED
    return light(clock.node, clock.due_on, as_of, rules) if clock else Light.NONE


def _as_it_was(item: LedgerItem, facts: _Facts, as_of: dt.datetime) -> tuple[str, int | None, str]:
    """Goal, unit and the unit's name before what was corrected after the instant."""
    goal, unit_id, unit = item.goal, item.unit_id, item.unit.name if item.unit else ""
    for event in reversed(facts.events.get(item.pk, [])):
        if event.recorded_at <= as_of:
            break
        if event.kind == EventKind.EDITED:
            goal = event.before.get("goal", goal)
            if "unit" in event.before:
                unit = event.before["unit"] or ""
                unit_id = facts.units.get(unit)
    return goal, unit_id, unit


def _step(row: Escalation, known_at: dt.datetime) -> Step:
    """The step as it was known: what was decided later was still proposed."""
    is_decided = row.decided_at is not None and row.decided_at <= known_at
    is_waiting = row.decided_at is not None and not is_decided
    return Step(
        row.level,
        row.node,
        row.clock_due_on,
        row.triggered_on,
        EscalationState.PROPOSED if is_waiting else row.state,
        row.deadline if is_decided else None,
    )
