"""What the responsible unit does: sign, name a person, report, plan, hand in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.base import ContentFile

from crm.refusals import NotAllowed, ReasonNeeded
from crm.uploads import UnknownFormat
from pipeline import ledgers
from pipeline.ledger_refusals import (
    AlreadyPlanned,
    BadPlan,
    EvidenceNeeded,
    NoRequest,
    NotOfUnit,
    OrdinaryMatter,
    RequestOpen,
    WrongPerson,
    WrongState,
)
from pipeline.models import ItemEvent
from tests.factories import ParkFactory, UserFactory
from tests.ledger_factories import UnitFactory
from tests.pipeline.item_lives import Office, kinds, later
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4 minutes"


@pytest.fixture
def office(settings: Any, tmp_path: Any) -> Office:
    settings.MEDIA_ROOT = tmp_path
    return Office()


def test_only_the_unit_signs(office: Office) -> None:
    item = office.issued()
    with refused(NotOfUnit):
        ledgers.accept(item, by=office.stranger, at=later())
    with refused(NotAllowed):
        ledgers.accept(item, by=office.supervisor, at=later())
    assert ledgers.accept(item, by=office.colleague, at=later()).state == "active"
    with refused(WrongState):
        ledgers.accept(item, by=office.worker, at=later())


def test_a_park_s_officer_works_for_its_committee(office: Office) -> None:
    park = ParkFactory(slug="rare-metals")
    item = office.issued(unit=UnitFactory(name="园区管委会", park=park))
    officer = UserFactory(username="officer", park=park)
    elsewhere = UserFactory(username="elsewhere", park=ParkFactory(slug="other"))
    with refused(NotOfUnit):
        ledgers.accept(item, by=elsewhere, at=later())
    assert ledgers.accept(item, by=officer, at=later()).state == "active"


def test_naming_a_person_answers_the_first_node(office: Office) -> None:
    item = ledgers.assign(office.active(), person=office.colleague, by=office.worker, at=later())
    assert (item.person, item.node) == (office.colleague, "feedback")
    assert office.colleague.notices.filter(kind="item.assigned").exists()
    item = ledgers.assign(item, name="张三", by=office.worker, at=later())
    assert (item.person, item.person_text) == (None, "张三")


def test_a_person_is_named_and_of_the_unit(office: Office) -> None:
    item = office.active()
    with refused(EvidenceNeeded):
        ledgers.assign(item, name=" ", by=office.worker, at=later())
    with refused(WrongPerson):
        ledgers.assign(item, person=office.stranger, by=office.worker, at=later())


def test_feedback_answers_the_third_day(office: Office) -> None:
    item = ledgers.assign(office.active(), name="张三", by=office.worker, at=later())
    with refused(EvidenceNeeded):
        ledgers.feed_back(item, text="", by=office.worker, at=later(1))
    item = ledgers.feed_back(item, text="正在报批", by=office.worker, at=later(1))
    assert item.node == "ordinary"


def test_supporting_units_add_progress_and_nothing_else(office: Office) -> None:
    item = office.active(supporting=[office.other])
    ledgers.progress(item, text="资金已拨付", by=office.stranger, at=later(1))
    with refused(EvidenceNeeded):
        ledgers.progress(item, text=" ", by=office.stranger, at=later(1))
    with refused(NotOfUnit):
        ledgers.submit(item, text="完成", by=office.stranger, at=later(1))
    with refused(NotOfUnit):
        ledgers.feed_back(item, text="办", by=office.stranger, at=later(1))
    assert kinds(item)[-1] == "progress"


def test_handing_in_stops_the_clock_and_needs_evidence(office: Office) -> None:
    item = office.active()
    with refused(EvidenceNeeded):
        ledgers.submit(item, text=" ", by=office.worker, at=later(1))
    item = ledgers.submit(item, files=[ContentFile(PDF, "批复.pdf")], by=office.worker, at=later(1))
    assert (item.state, item.clock_due_on) == ("submitted", None)
    file = item.files.get()
    assert (file.name, file.event.kind) == ("批复.pdf", "submitted")
    with refused(WrongState):
        ledgers.progress(item, text="再报", by=office.worker, at=later(1))


def test_a_file_of_no_known_format_undoes_the_whole_act(office: Office) -> None:
    with refused(UnknownFormat):
        ledgers.submit(
            office.active(),
            text="完成",
            files=[ContentFile(b"MZ", "a.exe")],
            by=office.worker,
            at=later(1),
        )


def planned(office: Office, **more: Any) -> Any:
    item = office.active(is_major=True, **more)
    day = dt.date(2026, 12, 1)
    return ledgers.plan(item, planned_on=day, text="分两期", by=office.worker, at=later(5))


def test_the_first_plan_is_in_force_at_once(office: Office) -> None:
    assert planned(office).planned_on == dt.date(2026, 12, 1)


def test_an_ordinary_matter_asks_for_more_than_its_seven_days(office: Office) -> None:
    item, day = office.active(is_major=False), dt.date(2026, 12, 1)
    with pytest.raises(OrdinaryMatter):
        ledgers.plan(item, planned_on=day, by=office.worker, at=later(5))
    assert ledgers.ask_plan(item, planned_on=day, reason="难", by=office.worker, at=later(5))


def test_the_first_plan_is_filed_by_the_month_node(office: Office) -> None:
    item = office.active(is_major=True)
    with refused(BadPlan):
        ledgers.plan(item, planned_on=dt.date(2026, 12, 1), by=office.worker, at=later(31))
    with refused(BadPlan):
        ledgers.plan(item, planned_on=later(5).date(), by=office.worker, at=later(5))


def test_the_first_plan_keeps_the_agreed_deadline(office: Office) -> None:
    with refused(BadPlan):
        planned(office, due_on=dt.date(2026, 11, 30))


def test_a_later_day_is_asked_for_and_granted(office: Office) -> None:
    item, day = planned(office), dt.date(2027, 1, 15)
    with refused(AlreadyPlanned):
        ledgers.plan(item, planned_on=day, by=office.worker, at=later(9))
    with refused(ReasonNeeded):
        ledgers.ask_plan(item, planned_on=day, reason=" ", by=office.worker, at=later(9))
    asked = ledgers.ask_plan(item, planned_on=day, reason="报批慢", by=office.worker, at=later(9))
    assert office.supervisor.notices.get(kind="plan.asked")
    with refused(RequestOpen):
        ledgers.ask_plan(item, planned_on=day, reason="再", by=office.worker, at=later(9))
    with refused(NotAllowed):
        ledgers.grant_plan(item, by=office.worker, at=later(10))
    item = ledgers.grant_plan(item, by=office.supervisor, at=later(10))
    assert item.planned_on == day
    assert ItemEvent.objects.get(kind="plan_granted").answers == asked
    assert office.worker.notices.filter(kind="plan.decided").exists()
    with refused(NoRequest):
        ledgers.grant_plan(item, by=office.supervisor, at=later(10))


def test_a_refused_request_leaves_the_day(office: Office) -> None:
    item, day = planned(office), dt.date(2027, 1, 15)
    ledgers.ask_plan(item, planned_on=day, reason="报批慢", by=office.worker, at=later(9))
    with refused(ReasonNeeded):
        ledgers.refuse_plan(item, reason="", by=office.leader, at=later(10))
    item = ledgers.refuse_plan(item, reason="不行", by=office.leader, at=later(10))
    assert item.planned_on == dt.date(2026, 12, 1)
    ledgers.ask_plan(item, planned_on=day, reason="再申请", by=office.worker, at=later(11))


def test_a_day_that_has_passed_is_not_granted(office: Office) -> None:
    item = planned(office)
    ledgers.ask_plan(item, planned_on=later(12).date(), reason="慢", by=office.worker, at=later(9))
    with refused(BadPlan):
        ledgers.grant_plan(item, by=office.supervisor, at=later(13))
