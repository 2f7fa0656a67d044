"""Whatever people do to an item, in whatever order: its rules hold (a property)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from crm.models import User
from crm.refusals import Refused
from pipeline import ledgers
from pipeline.ledger_rules import VERBS, answers_for, waiting_for
from pipeline.models import ItemEvent, LedgerItem
from pipeline.models.ledgers import UNDER_CLOCK
from tests.pipeline.item_lives import DAY_0, Office

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WORDS: dict[str, dict[str, Any]] = {
    "edit": {"detail": "改"},
    "withdraw": {"reason": "错"},
    "assign": {"name": "张三"},
    "feed_back": {"text": "在办"},
    "progress": {"text": "一半"},
    "submit": {"text": "完成"},
    "return_": {"reason": "不足"},
    "refuse_plan": {"reason": "不行"},
    "reopen": {"reason": "反弹"},
    "note": {"text": "抓紧"},
}
PEOPLE = ("supervisor", "leader", "worker", "colleague", "stranger")
WAY = [
    ("approve", "leader"),
    ("issue", "supervisor"),
    ("accept", "worker"),
    ("submit", "worker"),
    ("pass_", "supervisor"),
    ("close", "leader"),
]
"""The straight way to the end: a life begins with some of it, then anything happens."""
ANYTHING = st.tuples(st.sampled_from([*VERBS]), st.sampled_from(PEOPLE))
STEPS = st.builds(
    lambda begun, rest: [*WAY[:begun], *rest],
    st.integers(0, len(WAY)),
    st.lists(st.one_of(ANYTHING, st.sampled_from(WAY)), max_size=12),
)


def do(verb: str, item: LedgerItem, by: User, at: dt.datetime) -> bool:
    """Whether it was done; a refusal has to be one that says why."""
    more = dict(WORDS.get(verb, {}))
    if verb in ("plan", "ask_plan"):
        more["planned_on"] = at.date() + dt.timedelta(days=20)
    if verb == "ask_plan":
        more["reason"] = "慢"
    try:
        getattr(ledgers, verb)(item, by=by, at=at, **more)
    except Refused as refusal:
        return not str(refusal)
    return True


def row(item: LedgerItem) -> dict[str, Any]:
    return LedgerItem.objects.filter(pk=item.pk).values().get()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_closed_never_changes_and_events_are_only_added(
    db: None, steps: list[tuple[str, str]]
) -> None:
    office = Office()
    item, at = office.draft(supporting=[office.other]), DAY_0
    final: dict[str, Any] = {}
    events: list[tuple[Any, ...]] = []
    for verb, who in steps:
        by, at = getattr(office, who), at + dt.timedelta(hours=5)
        item.refresh_from_db()
        is_open = any(a.is_open for a in waiting_for(item, by) if a.verb.name == verb)
        before = row(item)
        done = do(verb, item, by, at)
        after = row(item)
        assert is_open or not done, "done without the table's leave"
        if not done:
            assert after == before
        if final:
            assert after == final
        if after["state"] in ("closed", "withdrawn"):
            final = final or after
        if after["state"] == "closed" and before["state"] != "closed":
            assert not answers_for(by, office.unit)
            handed_in = ItemEvent.objects.filter(item=item, kind="submitted").latest("id")
            assert handed_in.recorded_by_id != by.pk
        assert after["state"] in UNDER_CLOCK or after["clock_due_on"] is None
        assert (after["issued_on"] is None) == (
            after["state"] in ("draft", "approved", "withdrawn")
        )
        now = list(ItemEvent.objects.filter(item=item).order_by("id").values_list())
        assert now[: len(events)] == events
        assert len(now) > len(events) or not done or verb == "edit"
        events = now
