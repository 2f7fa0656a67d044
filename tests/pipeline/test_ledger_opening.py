"""建账 and 交账: drafting, correcting, approving, handing over, withdrawing, numbering."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import ledgers
from pipeline.ledger_refusals import (
    ClockFact,
    EvidenceNeeded,
    ItemClosed,
    LedgerClosed,
    OwnDraft,
    ParentClosed,
    UnitNeeded,
    WrongState,
)
from pipeline.models import LedgerItem
from tests.factories import ParkFactory, UserFactory, instant
from tests.ledger_factories import LedgerFactory, UnitFactory
from tests.pipeline.item_lives import DAY_0, Office, kinds, later
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def test_numbers_count_within_a_ledger_and_a_year(office: Office) -> None:
    second = LedgerFactory(prefix="专")
    drafted = [office.draft().number, office.draft().number]
    assert drafted == ["议-2026-001", "议-2026-002"]
    next_year = office.draft(at=instant("2027-01-01 00:30"))
    assert next_year.number == "议-2027-001"
    assert ledgers.draft(second, goal="x", by=office.supervisor, at=DAY_0).number == "专-2026-001"
    assert office.draft().number == "议-2026-003"


def test_only_the_supervision_office_opens_an_account(office: Office) -> None:
    for person in (office.leader, office.worker, UserFactory(verifier=True)):
        with refused(NotAllowed):
            office.draft(by=person)


def test_an_account_needs_a_goal_and_an_open_ledger(office: Office) -> None:
    with refused(EvidenceNeeded):
        office.draft(goal="  ")
    office.ledger.closed_at = DAY_0
    office.ledger.save()
    with refused(LedgerClosed):
        office.draft()


def test_somebody_else_approves(office: Office) -> None:
    item = office.draft()
    with refused(OwnDraft):
        ledgers.approve(item, by=office.supervisor, at=DAY_0)
    second = UserFactory(username="second-supervisor", role="supervisor")
    ledgers.edit(item, detail="要快", by=second, at=DAY_0)
    with refused(OwnDraft):
        ledgers.approve(item, by=second, at=DAY_0)
    with refused(NotAllowed):
        ledgers.approve(item, by=office.worker, at=DAY_0)
    assert ledgers.approve(item, by=office.leader, at=DAY_0).state == "approved"
    with refused(WrongState):
        ledgers.approve(item, by=office.leader, at=DAY_0)


def test_an_item_without_a_unit_is_not_approved(office: Office) -> None:
    with refused(UnitNeeded):
        ledgers.approve(office.draft(unit=None), by=office.leader, at=DAY_0)


def test_a_changed_item_is_approved_anew(office: Office) -> None:
    item = office.approved()
    changed = ledgers.edit(item, goal="完成供地和拆迁", by=office.supervisor, at=later())
    assert changed.state == "draft"
    event = changed.events.get(kind="edited")
    assert (event.before, event.after) == ({"goal": "完成供地"}, {"goal": "完成供地和拆迁"})


def test_an_edit_that_changes_nothing_leaves_no_trace(office: Office) -> None:
    item = office.approved()
    ledgers.edit(item, goal="完成供地", unit=office.unit, by=office.supervisor, at=later())
    assert kinds(item) == ["created", "approved"]


def test_handing_over_starts_the_clock_and_tells_the_unit(office: Office) -> None:
    item = ledgers.issue(office.approved(), by=office.supervisor, at=instant("2026-09-20 23:59"))
    assert (item.state, item.issued_on) == ("issued", dt.date(2026, 9, 20))
    assert (item.node, item.clock_due_on) == ("assign", dt.date(2026, 9, 20))
    notice = office.worker.notices.get()
    assert (notice.kind, notice.url) == ("item.issued", f"/ledgers/items/{item.pk}/")
    assert not office.stranger.notices.exists()


def test_a_park_s_managers_are_told_for_its_committee(office: Office) -> None:
    park = ParkFactory(slug="rare-metals")
    manager = UserFactory(username="manager", manager=True, park=park)
    officer = UserFactory(username="officer", park=park)
    office.issued(unit=UnitFactory(name="园区管委会", park=park))
    assert manager.notices.count() == 1
    assert not officer.notices.exists()


def test_a_draft_cannot_be_handed_over(office: Office) -> None:
    with refused(WrongState):
        ledgers.issue(office.draft(), by=office.supervisor, at=DAY_0)
    with refused(NotAllowed):
        ledgers.issue(office.approved(), by=office.leader, at=DAY_0)


def test_what_the_clock_is_read_from_stays_after_handing_over(office: Office) -> None:
    item = office.active()
    for fields in ({"due_on": dt.date(2027, 1, 1)}, {"is_major": True}, {"unit": office.other}):
        with refused(ClockFact):
            ledgers.edit(item, by=office.supervisor, at=later(), **fields)
    assert ledgers.edit(item, detail="写明面积", by=office.supervisor, at=later()).detail


def test_the_wrong_unit_is_put_right_until_it_signed(office: Office) -> None:
    item = office.issued()
    ledgers.edit(item, unit=office.other, by=office.supervisor, at=later())
    assert office.stranger.notices.get().kind == "item.issued"
    assert ledgers.accept(item, by=office.stranger, at=later()).state == "active"


def test_hand_over_does_all_at_once_for_who_may(office: Office) -> None:
    item = ledgers.hand_over(
        office.ledger,
        goal="尽快供地",
        unit=office.unit,
        act="review.write",
        by=office.leader,
        at=DAY_0,
    )
    assert (item.state, kinds(item)) == ("issued", ["created", "approved", "issued"])
    assert item.clock_due_on == dt.date(2026, 9, 20)
    with refused(NotAllowed):
        ledgers.hand_over(
            office.ledger,
            goal="x",
            unit=office.unit,
            act="review.write",
            by=office.supervisor,
            at=DAY_0,
        )
    with refused(UnitNeeded):
        ledgers.hand_over(
            office.ledger, goal="x", unit=None, act="item.issue", by=office.supervisor, at=DAY_0
        )


def test_what_was_not_handed_over_can_be_withdrawn_for_a_reason(office: Office) -> None:
    item = office.approved()
    with refused(ReasonNeeded):
        ledgers.withdraw(item, reason=" ", by=office.supervisor, at=later())
    withdrawn = ledgers.withdraw(item, reason="重复", by=office.supervisor, at=later())
    assert withdrawn.state == "withdrawn"
    with refused(ItemClosed):
        ledgers.edit(item, goal="x", by=office.supervisor, at=later())
    with refused(WrongState):
        ledgers.withdraw(office.issued(), reason="错", by=office.supervisor, at=later())


def test_no_task_is_put_under_a_closed_one_or_under_itself(office: Office) -> None:
    with refused(ParentClosed):
        office.draft(parent=office.closed())
    above = office.draft()
    below = office.draft(parent=above)
    with refused(ParentClosed):
        ledgers.edit(above, parent=below, by=office.supervisor, at=later())


def test_the_responsible_unit_does_not_support_itself(office: Office) -> None:
    item = office.draft(supporting=[office.unit, office.other, office.other])
    assert list(item.supporting.all()) == [office.other]
    ledgers.edit(item, supporting=[], by=office.supervisor, at=later())
    assert item.events.get(kind="edited").before == {"supporting": "财政局"}


def test_the_unit_sees_an_item_from_its_handing_over(office: Office) -> None:
    item = office.approved()
    assert not LedgerItem.objects.visible_to(office.worker).exists()
    ledgers.issue(item, by=office.supervisor, at=DAY_0)
    assert LedgerItem.objects.visible_to(office.worker).get() == item
    assert not LedgerItem.objects.visible_to(office.stranger).exists()
