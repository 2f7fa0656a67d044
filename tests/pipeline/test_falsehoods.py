"""Finding that something was falsely reported."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import milestones
from pipeline.falsehoods import (
    AlreadyFound,
    BadDay,
    NotHandedOver,
    StillCounts,
    find_item,
    find_milestone,
)
from pipeline.models import Milestone
from tests import ledger_factories as ledgers
from tests.factories import ParkFactory, ProjectFactory, UserFactory, instant, the_verifier
from tests.pipeline.scorecards import card_of, less, one, table

pytestmark = pytest.mark.django_db
AT = instant("2026-09-25 10:00")
ON = dt.date(2026, 9, 24)


@pytest.fixture
def revoked() -> Milestone:
    signing = ProjectFactory(signed=True).milestones.get(kind="signing")
    return milestones.revoke(signing, reason="合同系伪造", by=the_verifier(), at=AT)


def test_a_milestone_s_park_and_officer_answer_for_it(revoked: Milestone) -> None:
    found = find_milestone(revoked, reason="伪造合同", on=ON, by=the_verifier(), at=AT)
    assert (found.park_id, found.officer_id) == (revoked.park_id, revoked.officer_id)
    for level, key in (("park", "rare-metals"), ("officer", "officer-rare-metals")):
        table(level, one("signed_projects", 100, 4), less("falsehoods", 10, 20), less("revoked"))
        assert [line.points for line in card_of(key, level).deductions] == [10, 2]


def test_what_still_counts_is_revoked_first() -> None:
    signing = ProjectFactory(signed=True).milestones.get(kind="signing")
    with pytest.raises(StillCounts):
        find_milestone(signing, reason="伪造", on=ON, by=the_verifier(), at=AT)


def test_an_item_s_unit_answers_for_it_and_the_park_whose_committee_that_is() -> None:
    unit = ledgers.UnitFactory(park=ParkFactory(slug="east"))
    item = ledgers.LedgerItemFactory(active=True, unit=unit)
    found = find_item(item, reason="虚报办结", on=ON, by=ledgers.the_supervisor(), at=AT)
    assert (found.unit_id, found.park_id) == (unit.pk, unit.park_id)
    table("unit", one("closed_items", 100, 4), less("falsehoods", Decimal("7.5"), 20))
    assert card_of(str(unit.pk), "unit").deductions[0].points == Decimal("7.5")


def test_a_thing_is_found_false_once_with_a_reason_on_a_day_that_has_come(
    revoked: Milestone,
) -> None:
    verifier = the_verifier()
    with pytest.raises(ReasonNeeded):
        find_milestone(revoked, reason=" ", on=ON, by=verifier, at=AT)
    with pytest.raises(BadDay):
        find_milestone(revoked, reason="伪造", on=dt.date(2026, 9, 26), by=verifier, at=AT)
    find_milestone(revoked, reason="伪造", on=ON, by=verifier, at=AT)
    with pytest.raises(AlreadyFound):
        find_milestone(revoked, reason="伪造", on=ON, by=verifier, at=AT)
    item = ledgers.LedgerItemFactory(active=True)
    find_item(item, reason="虚报", on=ON, by=ledgers.the_supervisor(), at=AT)
    with pytest.raises(AlreadyFound):
        find_item(item, reason="虚报", on=ON, by=ledgers.the_supervisor(), at=AT)


def test_nobody_answers_for_what_was_not_handed_over() -> None:
    with pytest.raises(NotHandedOver):
        find_item(
            ledgers.LedgerItemFactory(), reason="虚报", on=ON, by=ledgers.the_supervisor(), at=AT
        )


def test_only_verifiers_and_the_supervision_office_find(revoked: Milestone) -> None:
    for person in (UserFactory(leader=True), revoked.project.officer):
        with pytest.raises(NotAllowed):
            find_milestone(revoked, reason="伪造", on=ON, by=person, at=AT)
