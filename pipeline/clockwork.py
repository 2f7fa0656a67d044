"""Bringing an item's copies of the clock up to date after each event."""

from __future__ import annotations

import datetime as dt

from pipeline.models import EventKind, LedgerItem, Node
from pipeline.models.ledgers import UNDER_CLOCK


def settle(item: LedgerItem, *, at: dt.datetime) -> LedgerItem:
    """Write node, due day and plan as the item's events give them."""
    if item.issued_on is None or item.state not in UNDER_CLOCK:
        return item
    kinds = dict.fromkeys(item.events.order_by("id").values_list("kind", flat=True))
    days = {Node.ASSIGN: 0, Node.FEEDBACK: 3, Node.MAJOR if item.is_major else Node.ORDINARY: 7}
    if item.is_major:
        days[Node.MAJOR] = 30
    answered = {Node.ASSIGN: EventKind.ASSIGNED, Node.FEEDBACK: EventKind.FEEDBACK}
    node = next(node for node in days if answered.get(node) not in kinds)
    planned = item.events.filter(kind__in=[EventKind.PLANNED, EventKind.PLAN_GRANTED])
    last = planned.order_by("-id").first()
    item.planned_on = last.planned_on if last else None
    item.node, item.clock_due_on = node, item.issued_on + dt.timedelta(days=days[node])
    if node in (Node.MAJOR, Node.ORDINARY) and item.planned_on is not None:
        item.node, item.clock_due_on = Node.PLANNED, item.planned_on
    item.was_late = item.was_late or at.date() > item.clock_due_on
    item.save(update_fields=["node", "clock_due_on", "planned_on", "was_late"])
    return item
