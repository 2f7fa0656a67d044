"""Promises with a past for tests: each day is lived by the verbs of the ledgers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crm.models import Unit
from pipeline import ledgers
from pipeline.models import Escalation, LedgerItem
from tests.factories import UserFactory, instant
from tests.ledger_factories import EscalationFactory, LedgerFactory, person_of, the_supervisor


def on(day: str, hour: int = 10) -> dt.datetime:
    """An hour of a day of 2026, by the county's clock: ``on("09-01")``."""
    return instant(f"2026-{day} {hour:02}:00")


def promised(unit: Unit, issued: str = "09-01", **more: Any) -> LedgerItem:
    """Handed over on a day of 2026."""
    ledger = more.pop("ledger", None) or LedgerFactory(slug="meetings", name="专题会议")
    goal = more.pop("goal", "完成征地")
    return ledgers.hand_over(
        ledger, goal=goal, unit=unit, act="item.issue", by=the_supervisor(), at=on(issued), **more
    )


def begun(item: LedgerItem, day: str = "09-01") -> LedgerItem:
    """Signed for, assigned and fed back."""
    by, at = person_of(item.unit), on(day, 11)
    ledgers.accept(item, by=by, at=at)
    ledgers.assign(item, name="王工", by=by, at=at)
    ledgers.feed_back(item, text="已成立专班", by=by, at=at)
    return item


def finished(item: LedgerItem, day: str, hour: int = 15) -> LedgerItem:
    """Handed in, found done and struck off."""
    at = on(day, hour)
    ledgers.submit(item, text="已完成", by=person_of(item.unit), at=at)
    ledgers.pass_(item, by=the_supervisor(), at=at)
    ledgers.close(item, by=UserFactory(username="leader", leader=True), at=at)
    item.refresh_from_db()
    return item


def urged(item: LedgerItem, due: str, *, level: int = 1, **more: Any) -> Escalation:
    """Pressed on the day after its clock's due day, unless ``on`` says which."""
    day = dt.date.fromisoformat(f"2026-{due}")
    given = {
        "node": "ordinary",
        "clock_due_on": day,
        "triggered_on": day + dt.timedelta(days=1),
        "recorded_at": instant(f"{day + dt.timedelta(days=1)} 00:05"),
        **more,
    }
    return EscalationFactory(item=item, level=level, **given)
