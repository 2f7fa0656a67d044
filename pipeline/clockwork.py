"""Bringing an item's copies of the clock up to date: after each event, and as days pass.

What the clock is stands in :mod:`pipeline.supervision`; here an item's rows are read for it
and its columns written. A step of pressing that fell due on a clock which an event has just
answered is recorded at that moment, and nobody is told: no run finds that clock any more.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.clock_rules import rules_at
from pipeline.models import Escalation, EscalationState, EventKind, ItemEvent, LedgerItem, Level
from pipeline.models.ledgers import UNDER_CLOCK, Node
from pipeline.supervision import (
    Clock,
    Facts,
    Happening,
    Rules,
    Run,
    Step,
    Trigger,
    runs,
    triggers,
    was_late,
)

HEARD = (
    EventKind.ISSUED,
    EventKind.ASSIGNED,
    EventKind.FEEDBACK,
    EventKind.PLANNED,
    EventKind.PLAN_GRANTED,
    EventKind.SUBMITTED,
    EventKind.RETURNED,
    EventKind.PASSED,
    EventKind.CLOSED,
)
"""What the clock hears. Words, edits, notes and monthly filings are not among it."""
PROPOSED = (Level.INSPECTED, Level.LISTED)
"""The levels that a person approves."""
_COPIES = ("node", "clock_due_on", "planned_on", "level", "was_late")


def settle(item: LedgerItem, *, at: dt.datetime) -> LedgerItem:
    """Write the clock's copies after an event; nothing before the item is handed over."""
    if item.issued_on is None:
        return item
    rules = rules_at(at)
    (standing,) = standings([item], at=at, rules=rules)
    answered = [trigger for trigger in standing.due if trigger.clock != standing.clock]
    record([(item, trigger) for trigger in answered], at=at)
    changed = standing.write(answered)
    if changed:
        item.save(update_fields=changed)
    return item


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item's clock stands: what ran, what runs, what is due and not recorded."""

    item: LedgerItem
    facts: Facts
    ran: Sequence[Run]
    due: Sequence[Trigger]
    is_late: bool

    @property
    def clock(self) -> Clock | None:
        """The clock that runs."""
        if self.item.state not in UNDER_CLOCK or not self.ran or self.ran[-1].until is not None:
            return None
        return self.ran[-1].clock

    def level(self, recorded: Iterable[Trigger]) -> int:
        """How hard the clock is pressed that runs, or that ran last.

        What is only proposed does not press yet. Handing in does not lift a level: another
        clock does.
        """
        if not self.ran:
            return Level.NONE
        clock = self.ran[-1].clock
        pressing = (EscalationState.DONE, EscalationState.APPROVED)
        levels = [
            step.level
            for step in self.facts.steps
            if step.state in pressing and step.is_about(clock)
        ]
        levels += [
            trigger.level
            for trigger in recorded
            if trigger.clock == clock and trigger.level not in PROPOSED
        ]
        return max(levels, default=Level.NONE)

    def write(self, recorded: Iterable[Trigger]) -> list[str]:
        """Put the copies into the item's columns; the names of those that changed."""
        clock, item = self.clock, self.item
        plans = (EventKind.PLANNED, EventKind.PLAN_GRANTED)
        planned = [event.planned_on for event in self.facts.events if event.kind in plans]
        copies = {
            "node": clock.node if clock is not None else Node.CLOSING,
            "clock_due_on": clock.due_on if clock is not None else None,
            "planned_on": planned[-1] if planned else None,
            "level": self.level(recorded),
            "was_late": item.was_late or self.is_late,
        }
        changed = [name for name in _COPIES if getattr(item, name) != copies[name]]
        for name in changed:
            setattr(item, name, copies[name])
        return changed


def standings(items: Sequence[LedgerItem], *, at: dt.datetime, rules: Rules) -> list[Standing]:
    """Each item's standing at an instant, in their order; two queries for all of them."""
    keys = [item.pk for item in items]
    events: dict[int, list[Happening]] = defaultdict(list)
    rows = ItemEvent.objects.filter(item__in=keys, kind__in=HEARD, recorded_at__lte=at)
    for key, kind, when, planned_on in rows.order_by("item_id", "id").values_list(
        "item_id", "kind", "recorded_at", "planned_on"
    ):
        events[key].append(Happening(kind, when, planned_on))
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in Escalation.objects.filter(item__in=keys).order_by("item_id", "id"):
        steps[row.item_id].append(
            Step(row.level, row.node, row.clock_due_on, row.triggered_on, row.state, row.deadline)
        )
    return [_standing(item, events[item.pk], steps[item.pk], at, rules) for item in items]


def _standing(
    item: LedgerItem,
    events: Sequence[Happening],
    steps: Sequence[Step],
    at: dt.datetime,
    rules: Rules,
) -> Standing:
    facts = facts_of(item, events, steps)
    ran = runs(facts, rules)
    return Standing(item, facts, ran, triggers(facts, at, rules), was_late(ran, at=at))


def facts_of(
    item: LedgerItem, events: Sequence[Happening] = (), steps: Sequence[Step] = ()
) -> Facts:
    """What an item that was handed over is asked about; its ledger must be loaded."""
    assert item.issued_on is not None  # noqa: S101 - asked of issued items only
    return Facts(
        item.issued_on, item.is_major, item.due_on, item.ledger.working_days, events, steps
    )


def record(
    due: Iterable[tuple[LedgerItem, Trigger]], *, at: dt.datetime
) -> list[tuple[LedgerItem, Trigger]]:
    """Write steps of pressing down; those given."""
    pairs = list(due)
    Escalation.objects.bulk_create(
        [
            Escalation(
                item=item,
                level=trigger.level,
                node=trigger.clock.node,
                clock_due_on=trigger.clock.due_on,
                triggered_on=trigger.on,
                state=EscalationState.PROPOSED
                if trigger.level in PROPOSED
                else EscalationState.DONE,
                recorded_at=at,
            )
            for item, trigger in pairs
        ],
        ignore_conflicts=True,
    )
    return pairs
