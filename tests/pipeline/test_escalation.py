"""Pressing what is overdue: when each step comes, who decides, and that it comes once."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from crm.models import Notice
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import escalation, ledgers
from pipeline.escalation import AlreadyDecided, BadDeadline, ClockAnswered
from pipeline.models import Escalation, LedgerItem
from pipeline.supervise import supervise
from tests.factories import instant
from tests.pipeline.item_lives import Office, later
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, tmp_path: Any) -> Office:
    settings.MEDIA_ROOT = tmp_path
    return Office()


def steps(item: LedgerItem) -> list[tuple[int, str, str]]:
    rows = Escalation.objects.filter(item=item).order_by("id")
    return [(row.level, row.node, str(row.triggered_on)) for row in rows]


def at(text: str) -> dt.datetime:
    return instant(f"{text} 08:00")


def test_the_first_red_day_urges_and_the_month_s_end_names(office: Office) -> None:
    item = office.issued()
    supervise(at=at("2026-09-20"))
    assert steps(item) == []
    supervise(at=at("2026-09-21"))
    assert steps(item) == [(1, "assign", "2026-09-21")]
    supervise(at=at("2026-09-29"))
    assert len(steps(item)) == 1
    supervise(at=at("2026-09-30"))
    assert steps(item)[1:] == [(2, "assign", "2026-09-30")]
    item.refresh_from_db()
    assert (item.level, item.was_late) == (2, True)


def test_the_unit_and_the_office_are_told_once(office: Office) -> None:
    office.issued()
    for _again in range(2):
        supervise(at=at("2026-09-21"))
    told = Notice.objects.filter(kind="item.urged").values_list("user__username", flat=True)
    assert sorted(told) == ["colleague", "supervisor", "worker"]


def test_what_a_missed_month_left_is_caught_up_with_its_own_days(office: Office) -> None:
    item = office.issued()
    supervise(at=at("2026-10-20"))
    assert steps(item) == [
        (1, "assign", "2026-09-21"),
        (2, "assign", "2026-09-30"),
        (3, "assign", "2026-10-10"),
    ]


def test_what_was_answered_in_the_meantime_is_recorded_and_nobody_told(office: Office) -> None:
    item = office.active()
    ledgers.assign(item, name="张三", by=office.worker, at=later(3))
    supervise(at=later(3))
    assert steps(item) == [(1, "assign", "2026-09-21")]
    assert not Notice.objects.filter(kind="item.urged").exists()
    item.refresh_from_db()
    assert (item.level, item.node, item.was_late) == (0, "feedback", True)


def test_words_do_not_reset_and_a_plan_does(office: Office) -> None:
    item = office.active()
    ledgers.assign(item, name="张三", by=office.worker, at=later())
    ledgers.feed_back(item, text="已对接", by=office.worker, at=later(1))
    supervise(at=later(8))
    assert steps(item) == [(1, "ordinary", "2026-09-28")]
    ledgers.progress(item, text="快了", by=office.worker, at=later(9))
    ledgers.note(item, text="抓紧", by=office.supervisor, at=later(9))
    supervise(at=later(9))
    assert len(steps(item)) == 1
    ledgers.ask_plan(
        item, planned_on=dt.date(2026, 10, 9), reason="等批复", by=office.worker, at=later(9)
    )
    ledgers.grant_plan(item, by=office.supervisor, at=later(9))
    supervise(at=later(19))
    item.refresh_from_db()
    assert (item.node, item.level) == ("planned", 0)
    supervise(at=later(20))
    assert steps(item)[1:] == [(1, "planned", "2026-10-10")]


def proposed(office: Office) -> Escalation:
    office.issued()
    supervise(at=at("2026-10-10"))
    return Escalation.objects.get(level=3)


def test_an_inspection_is_approved_and_its_missed_deadline_proposes_a_listing(
    office: Office,
) -> None:
    row = proposed(office)
    assert Notice.objects.filter(kind="item.inspected", user=office.leader).exists()
    assert not Notice.objects.filter(kind="item.inspected", user=office.worker).exists()
    assert list(escalation.waiting(office.leader)) == [row]
    row = escalation.decide(row, approve=True, by=office.leader, at=at("2026-10-12"))
    assert row.deadline == dt.date(2026, 10, 27)
    assert Notice.objects.filter(kind="item.inspected", user=office.worker).exists()
    supervise(at=at("2026-10-27"))
    assert not Escalation.objects.filter(level=4).exists()
    supervise(at=at("2026-11-02"))
    assert steps(row.item)[-1] == (4, "assign", "2026-10-28")
    row.item.refresh_from_db()
    assert row.item.level == 3


def test_what_is_declined_is_not_proposed_again(office: Office) -> None:
    row = proposed(office)
    with refused(ReasonNeeded):
        escalation.decide(row, approve=False, by=office.leader, at=at("2026-10-12"))
    escalation.decide(row, approve=False, reason="已约谈", by=office.leader, at=at("2026-10-12"))
    supervise(at=at("2026-12-31"))
    assert [level for level, _node, _on in steps(row.item)] == [1, 2, 3]
    with refused(AlreadyDecided):
        escalation.decide(row, approve=True, by=office.leader, at=at("2026-10-13"))


def test_who_may_decide_and_until_when(office: Office) -> None:
    row = proposed(office)
    with refused(NotAllowed):
        escalation.decide(row, approve=True, by=office.worker, at=at("2026-10-12"))
    with refused(BadDeadline):
        escalation.decide(
            row, approve=True, deadline=dt.date(2026, 10, 12), by=office.leader, at=at("2026-10-12")
        )
    ledgers.accept(row.item, by=office.worker, at=at("2026-10-12"))
    ledgers.assign(row.item, name="张三", by=office.worker, at=at("2026-10-12"))
    with refused(ClockAnswered):
        escalation.decide(row, approve=True, by=office.leader, at=at("2026-10-13"))
    assert not escalation.waiting(office.leader).exists()


def test_a_returned_answer_is_pressed_from_the_day_after_its_return(office: Office) -> None:
    item = office.active()
    ledgers.assign(item, name="张三", by=office.worker, at=later())
    ledgers.feed_back(item, text="已对接", by=office.worker, at=later(1))
    ledgers.submit(item, text="已办结", by=office.worker, at=later(6))
    supervise(at=later(9))
    assert steps(item) == []
    ledgers.return_(item, reason="材料不全", by=office.supervisor, at=later(9, hour=15))
    supervise(at=later(10))
    assert steps(item) == [(1, "ordinary", "2026-09-30"), (2, "ordinary", "2026-09-30")]


def test_the_command_prints_one_document_and_does_nothing_twice(office: Office) -> None:
    office.issued()

    def said() -> dict[str, Any]:
        out = StringIO()
        call_command("supervise", "--at", "2026-10-01T08:00", "--json", stdout=out)
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    assert (first := said())["urged"] == first["named"] == 1
    again = said()
    assert (again["urged"], again["named"], again["monthly"], again["reminded"]) == (0, 0, 0, 0)


def test_the_queries_do_not_grow_with_the_items(
    office: Office, django_assert_max_num_queries: Any
) -> None:
    for _number in range(20):
        office.issued()
    with django_assert_max_num_queries(60):
        supervise(at=at("2026-09-21"))
    assert Escalation.objects.count() == 20
