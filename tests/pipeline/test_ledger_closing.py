"""核账 and 销账: returning, passing, closing, reopening, notes."""

from __future__ import annotations

import pytest

from crm.models import Role
from crm.refusals import NotAllowed, ReasonNeeded
from crm.system_users import system_user
from pipeline import ledgers
from pipeline.ledger_refusals import (
    AlreadyReopened,
    ChildrenOpen,
    ItemClosed,
    OwnSubmission,
    OwnUnit,
    WrongState,
)
from tests.factories import UserFactory
from tests.pipeline.item_lives import DAY_0, Office, kinds, later
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def test_the_whole_life(office: Office) -> None:
    item = office.closed()
    assert (item.state, item.closed_by, item.closed_at) == ("closed", office.leader, later(4))
    assert kinds(item) == [
        "created",
        "approved",
        "issued",
        "accepted",
        "submitted",
        "passed",
        "closed",
    ]


def test_a_return_says_why_and_the_clock_runs_on(office: Office) -> None:
    item = office.submitted()
    with refused(ReasonNeeded):
        ledgers.return_(item, reason=" ", by=office.supervisor, at=later(3))
    with refused(NotAllowed):
        ledgers.return_(item, reason="不足", by=office.leader, at=later(3))
    item = ledgers.return_(item, reason="缺批复", by=office.supervisor, at=later(3))
    assert item.state == "active"
    assert item.clock_due_on is not None
    assert item.events.get(kind="returned").answers.kind == "submitted"
    assert office.worker.notices.filter(kind="item.returned").count() == 1


def test_what_was_passed_can_still_be_returned(office: Office) -> None:
    item = ledgers.return_(office.passed(), reason="不实", by=office.supervisor, at=later(4))
    assert item.state == "active"


def test_nobody_checks_or_closes_for_their_own_unit(office: Office) -> None:
    insider = UserFactory(username="insider", role=Role.SUPERVISOR, unit=office.unit)
    item = office.submitted()
    with refused(OwnUnit):
        ledgers.pass_(item, by=insider, at=later(3))
    ledgers.pass_(item, by=office.supervisor, at=later(3))
    with refused(OwnUnit):
        ledgers.close(item, by=insider, at=later(4))
    with refused(NotAllowed):
        ledgers.close(item, by=office.worker, at=later(4))


def test_who_handed_in_does_not_close(office: Office) -> None:
    """Somebody who has changed their post in the meantime."""
    item = office.passed()
    office.worker.role, office.worker.unit = Role.SUPERVISOR, None
    office.worker.save()
    with refused(OwnSubmission):
        ledgers.close(item, by=office.worker, at=later(4))


def test_only_what_was_passed_is_closed(office: Office) -> None:
    with refused(WrongState):
        ledgers.close(office.submitted(), by=office.leader, at=later(4))


def test_closed_is_final(office: Office) -> None:
    item = office.closed()
    for verb, more in (
        (ledgers.edit, {"goal": "x"}),
        (ledgers.return_, {"reason": "x"}),
        (ledgers.close, {}),
        (ledgers.note, {"text": "x"}),
    ):
        with refused(ItemClosed):
            verb(item, by=office.supervisor, at=later(5), **more)


def test_a_parent_waits_for_its_children(office: Office) -> None:
    parent = office.passed()
    child = office.issued(parent=parent)
    with refused(ChildrenOpen) as caught:
        ledgers.close(parent, by=office.leader, at=later(4))
    assert caught.value.details == (child,)
    assert child.number in str(caught.value)


def test_reopening_makes_a_linked_draft_that_goes_the_whole_way(office: Office) -> None:
    item = office.closed(supporting=[office.other], is_major=True)
    with refused(ReasonNeeded):
        ledgers.reopen(item, reason="", by=office.leader, at=later(9))
    again = ledgers.reopen(item, reason="反弹", by=office.leader, at=later(9))
    assert (again.state, again.reopens, again.number) == ("draft", item, "议-2026-002")
    assert (again.goal, again.unit, again.is_major) == (item.goal, item.unit, True)
    assert list(again.supporting.all()) == [office.other]
    assert kinds(item)[-1] == "reopened"
    item.refresh_from_db()
    assert item.state == "closed"
    with refused(AlreadyReopened):
        ledgers.reopen(item, reason="再", by=office.leader, at=later(9))
    with refused(WrongState):
        ledgers.reopen(again, reason="再", by=office.leader, at=later(9))


def test_a_note_is_told_to_the_unit(office: Office) -> None:
    item = office.active()
    ledgers.note(item, text="抓紧", by=office.leader, at=later(1))
    assert office.worker.notices.filter(kind="item.noted").exists()
    with refused(NotAllowed):
        ledgers.note(item, text="抓紧", by=office.worker, at=later(1))


def test_the_system_closes_what_came_true_elsewhere(office: Office) -> None:
    item, robot = office.active(), system_user("clock", "督办")
    child = office.issued(parent=item)
    with refused(ChildrenOpen):
        ledgers.close_by_itself(item, text="已开工", by=robot, at=later(1))
    ledgers.close_by_itself(child, text="已开工", by=robot, at=later(1))
    item = ledgers.close_by_itself(item, text="已开工", by=robot, at=later(1))
    assert (item.state, item.closed_by) == ("closed", robot)
    with refused(ItemClosed):
        ledgers.close_by_itself(item, text="已开工", by=robot, at=later(1))
    with refused(NotAllowed):
        ledgers.close_by_itself(office.active(), text="x", by=office.supervisor, at=DAY_0)
    with refused(NotAllowed):
        ledgers.close_by_itself(office.draft(), text="x", by=robot, at=DAY_0)
