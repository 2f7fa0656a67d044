"""Where an item stands on its two ways: 建账 to 销账, and the nodes of its clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pipeline.clockwork import HEARD, facts_of
from pipeline.models import EventKind, ItemEvent, ItemState, LedgerItem, Node
from pipeline.models.ledgers import UNDER_CLOCK
from pipeline.supervision import Happening, Rules
from pipeline.supervision import stops as clocks

S = ItemState
STEPS: tuple[tuple[Any, str, tuple[ItemState, ...]], ...] = (
    (_("建账"), EventKind.CREATED, (S.DRAFT,)),
    (_("审定"), EventKind.APPROVED, (S.APPROVED,)),
    (_("交账"), EventKind.ISSUED, (S.ISSUED,)),
    (_("签收办理"), EventKind.ACCEPTED, (S.ACTIVE,)),
    (_("报办结"), EventKind.SUBMITTED, (S.SUBMITTED,)),
    (_("核账"), EventKind.PASSED, (S.PASSED,)),
    (_("销账"), EventKind.CLOSED, (S.CLOSED,)),
)
"""Each step with the event that took it last, and the state that it leads to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way to 销账."""

    label: Any
    on: dt.date | None
    is_reached: bool
    is_current: bool


def steps(item: LedgerItem, events: Sequence[ItemEvent]) -> list[Step]:
    """The item's way; a step that was returned from is not reached any more."""
    last = {event.kind: event for event in events}
    at = next((n for n, (_l, _k, states) in enumerate(STEPS) if item.state in states), -1)
    found = []
    for number, (label, kind, _states) in enumerate(STEPS):
        event = last.get(kind)
        is_reached = number <= at and event is not None
        on = timezone.localdate(event.recorded_at) if event is not None and is_reached else None
        found.append(Step(label, on, is_reached, number == at))
    return found


@dataclass(frozen=True, slots=True)
class Stop:
    """One node of the clock: by when, and when it was answered."""

    node: Node
    due_on: dt.date | None
    answered_on: dt.date | None
    is_current: bool

    @property
    def was_late(self) -> bool:
        return (
            self.due_on is not None
            and self.answered_on is not None
            and self.answered_on > self.due_on
        )


ANSWERS = {
    Node.ASSIGN: EventKind.ASSIGNED,
    Node.FEEDBACK: EventKind.FEEDBACK,
    Node.CLOSING: EventKind.CLOSED,
}


def stops(item: LedgerItem, events: Sequence[ItemEvent], *, rules: Rules) -> list[Stop]:
    """The nodes that the item has, in order; none before it is handed over."""
    if item.issued_on is None:
        return []
    heard = [Happening(e.kind, e.recorded_at, e.planned_on) for e in events if e.kind in HEARD]
    due = [(clock.node, clock.due_on) for clock in clocks(facts_of(item, heard), rules)]
    found = []
    for node, due_on in [*due, (Node.CLOSING, None)]:
        if node in ANSWERS:
            answered = next((e for e in events if e.kind == ANSWERS[node]), None)
        else:
            answered = _handed_in(events) if item.state not in UNDER_CLOCK else None
        on = timezone.localdate(answered.recorded_at) if answered is not None else None
        found.append(Stop(node, due_on, on, item.node == node))
    return found


def _handed_in(events: Sequence[ItemEvent]) -> ItemEvent | None:
    """What ended the work: the last handing in, or what closed it by itself."""
    for kind in (EventKind.SUBMITTED, EventKind.PASSED):
        found = next((event for event in reversed(events) if event.kind == kind), None)
        if found is not None:
            return found
    return None
