"""The page of pressing: who sees what, deciding, narrowing, and its queries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import User
from pipeline.models import Escalation
from tests.ledger_factories import EscalationFactory, LedgerItemFactory, UnitFactory
from tests.pipeline.item_lives import Office

pytestmark = pytest.mark.django_db
DUE = dt.date(2026, 9, 23)


@pytest.fixture
def office() -> Office:
    return Office()


def proposal(office: Office, **more: Any) -> Escalation:
    item = LedgerItemFactory(active=True, unit=office.unit, node="assign", clock_due_on=DUE)
    return EscalationFactory(
        item=item, level=3, state="proposed", node="assign", clock_due_on=DUE, **more
    )


def page(user: User, query: str = "") -> Any:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("escalation_list") + query)


def post(user: User, row: Escalation, **data: str) -> Any:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    said = {f"decide-{row.pk}-{name}": value for name, value in data.items() if name != "answer"}
    return client.post(
        reverse("escalation_decide", args=[row.pk]), {**said, "answer": data["answer"]}
    )


def test_the_office_decides_on_the_page(office: Office) -> None:
    row = proposal(office)
    assert row.item.goal in page(office.supervisor).content.decode()
    answer = post(office.supervisor, row, answer="decline", reason="")
    assert answer.status_code == 422
    assert "请写明为什么不批准" in answer.content.decode()
    assert post(office.leader, row, answer="approve", deadline="").status_code == 302
    row.refresh_from_db()
    assert row.state == "approved"
    assert row.item.goal not in page(office.leader).content.decode()
    assert row.item.goal in page(office.leader, "?show=taken").content.decode()


def test_a_unit_sees_its_own_steps_and_cannot_decide(office: Office) -> None:
    own = EscalationFactory(item=LedgerItemFactory(active=True, unit=office.unit))
    foreign = EscalationFactory(item=LedgerItemFactory(active=True, unit=office.other))
    said = page(office.worker).content.decode()
    assert own.item.goal in said
    assert foreign.item.goal not in said
    assert post(office.worker, own, answer="approve").status_code == 403


def test_the_list_is_narrowed_by_level_month_and_unit(office: Office) -> None:
    row = EscalationFactory(item=LedgerItemFactory(active=True, unit=office.unit))
    goal = row.item.goal
    for query, is_found in (
        ("level=1&month=2026-09", True),
        ("level=2", False),
        ("month=2026-10", False),
        (f"unit={office.unit.pk}", True),
        (f"unit={office.other.pk}", False),
        ("level=x&month=x&unit=999999999999999999999", True),
    ):
        said = page(office.supervisor, f"?show=taken&{query}").content.decode()
        assert (goal in said) is is_found, query


def test_the_queries_do_not_grow_with_the_rows(office: Office) -> None:
    def asked(show: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page(office.supervisor, f"?show={show}").status_code == 200
        return len(queries)

    def more(count: int) -> None:
        for _number in range(count):
            EscalationFactory(item=LedgerItemFactory(active=True, unit=UnitFactory()))
            proposal(office)

    more(1)
    before = [asked(show) for show in ("taken", "waiting")]
    more(19)
    assert [asked(show) for show in ("taken", "waiting")] == before
