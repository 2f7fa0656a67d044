"""Items of a ledger with a history, made by the real verbs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crm.models import Unit, User
from pipeline import ledgers
from pipeline.models import Ledger, LedgerItem
from tests.factories import UserFactory, instant
from tests.ledger_factories import LedgerFactory, UnitFactory, person_of, the_supervisor

DAY_0 = instant("2026-09-20 09:00")
"""When items are handed over: a Sunday, 20 September 2026."""


def later(days: int = 0, hour: int = 10) -> dt.datetime:
    """So many days after day 0, at the hour."""
    return DAY_0.replace(hour=hour) + dt.timedelta(days=days)


class Office:
    """A ledger, its people, and the life of items in it."""

    def __init__(self) -> None:
        self.ledger: Ledger = LedgerFactory(slug="decisions")
        self.unit: Unit = UnitFactory(name="自然资源局")
        self.other: Unit = UnitFactory(name="财政局")
        self.supervisor: User = the_supervisor()
        self.leader: User = UserFactory(username="leader", leader=True)
        self.worker: User = person_of(self.unit, "worker")
        self.colleague: User = person_of(self.unit, "colleague")
        self.stranger: User = person_of(self.other, "stranger")

    def draft(self, **fields: Any) -> LedgerItem:
        given = {"goal": "完成供地", "unit": self.unit, "by": self.supervisor, "at": DAY_0}
        return ledgers.draft(self.ledger, **{**given, **fields})

    def approved(self, **fields: Any) -> LedgerItem:
        return ledgers.approve(self.draft(**fields), by=self.leader, at=DAY_0)

    def issued(self, **fields: Any) -> LedgerItem:
        return ledgers.issue(self.approved(**fields), by=self.supervisor, at=DAY_0)

    def active(self, **fields: Any) -> LedgerItem:
        return ledgers.accept(self.issued(**fields), by=self.worker, at=later())

    def submitted(self, **fields: Any) -> LedgerItem:
        item = self.active(**fields)
        return ledgers.submit(item, text="土地已交付", by=self.worker, at=later(2))

    def passed(self, **fields: Any) -> LedgerItem:
        return ledgers.pass_(self.submitted(**fields), by=self.supervisor, at=later(3))

    def closed(self, **fields: Any) -> LedgerItem:
        return ledgers.close(self.passed(**fields), by=self.leader, at=later(4))


def kinds(item: LedgerItem) -> list[str]:
    """What happened to an item, in order."""
    return list(item.events.order_by("id").values_list("kind", flat=True))
