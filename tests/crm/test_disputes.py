"""Disputes about a first report: who may raise one, who answers, and what becomes of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm import disputes, first_reports
from crm.disputes import AlreadyDecided, AlreadyDisputed, NothingToDispute, OwnDispute
from crm.models import FirstReport, Notice, Organization, Park, ReportDispute, User
from crm.refusals import NotAllowed, ReasonNeeded
from tests.factories import OrganizationFactory, ParkFactory, UserFactory, instant

DAY = dt.date(2026, 1, 15)
NOW = instant("2026-02-01 10:00")
TODAY = dt.date(2026, 2, 1)
MONTHS, IDLE = 6, 90


@pytest.fixture
def here(db: None) -> Park:
    return ParkFactory(slug="rare-metals")


@pytest.fixture
def there(db: None) -> Park:
    return ParkFactory(slug="auto-materials")


@pytest.fixture
def officer(here: Park) -> User:
    return UserFactory(username="officer", park=here)


@pytest.fixture
def manager(here: Park) -> User:
    return UserFactory(username="manager", manager=True, park=here)


@pytest.fixture
def claimant(there: Park) -> User:
    return UserFactory(username="claimant", park=there)


@pytest.fixture
def their_manager(there: Park) -> User:
    return UserFactory(username="their-manager", manager=True, park=there)


@pytest.fixture
def leader(db: None) -> User:
    return UserFactory(username="leader", leader=True)


@pytest.fixture
def investor(db: None) -> Organization:
    return OrganizationFactory(name="恒龙储能有限公司")


@pytest.fixture
def held(investor: Organization, officer: User) -> FirstReport:
    return reported(investor, officer, DAY)


def reported(investor: Organization, by: User, on: dt.date) -> FirstReport:
    return first_reports.report(
        investor,
        park=by.park,
        officer=by,
        on=on,
        months=MONTHS,
        idle_days=IDLE,
        by=by,
        at=instant(f"{on.isoformat()} 12:00"),
    )


def raised(report: FirstReport, by: User, grounds: str = "去年 11 月已带队考察") -> ReportDispute:
    return disputes.raise_dispute(report, grounds=grounds, idle_days=IDLE, by=by, at=NOW)


def decided(dispute: ReportDispute, by: User, is_upheld: bool, **more: Any) -> ReportDispute:
    given = {"decision": "以考察记录为准", "months": MONTHS, "at": NOW, **more}
    return disputes.decide(dispute, is_upheld=is_upheld, by=by, **given)


def holder(investor: Organization) -> FirstReport | None:
    return first_reports.protection(investor, today=TODAY, idle_days=IDLE)


# --- raising -----------------------------------------------------------------------------------
def test_another_unit_claims_an_investor_and_those_who_decide_are_told(
    held: FirstReport, officer: User, claimant: User, manager: User, leader: User
) -> None:
    dispute = raised(held, claimant)
    assert (dispute.park, dispute.raised_by) == (claimant.park, claimant)
    assert {n.user for n in Notice.objects.all()} == {officer, manager, leader}
    notice = Notice.objects.get(user=leader)
    assert "恒龙储能" in notice.text
    assert notice.url == f"/leads/disputes/{dispute.pk}/"


def test_within_a_unit_the_county_is_not_troubled(
    held: FirstReport, here: Park, manager: User, leader: User
) -> None:
    raised(held, UserFactory(park=here))
    assert not leader.notices.exists()
    assert manager.notices.exists()


def test_a_dispute_needs_grounds_and_something_held(
    held: FirstReport, claimant: User, officer: User
) -> None:
    with pytest.raises(ReasonNeeded):
        raised(held, claimant, grounds=" ")
    with pytest.raises(NothingToDispute):
        raised(held, officer)
    FirstReport.objects.update(active_on=TODAY - dt.timedelta(days=91), reported_on=DAY)
    with pytest.raises(NothingToDispute):
        raised(held, claimant)


def test_one_dispute_waits_at_a_time(held: FirstReport, claimant: User) -> None:
    raised(held, claimant)
    with pytest.raises(AlreadyDisputed):
        raised(held, UserFactory(park=None))


def test_who_registers_no_leads_disputes_none(held: FirstReport, leader: User) -> None:
    with pytest.raises(NotAllowed):
        raised(held, leader)


# --- deciding ----------------------------------------------------------------------------------
def test_upheld_the_investor_is_the_claimant_s_from_that_day(
    investor: Organization, held: FirstReport, claimant: User, leader: User
) -> None:
    decided(raised(held, claimant), leader, True)
    held.refresh_from_db()
    assert (held.released_by, "以考察记录为准" in held.release_reason) == (leader, True)
    new = holder(investor)
    assert new is not None
    assert (new.park, new.officer) == (claimant.park, claimant)
    assert (new.reported_on, new.protected_until) == (TODAY, dt.date(2026, 8, 1))


def test_refused_it_stays_where_it_is(
    investor: Organization, held: FirstReport, claimant: User, leader: User
) -> None:
    dispute = decided(raised(held, claimant), leader, False)
    assert (dispute.is_upheld, dispute.decided_by) == (False, leader)
    assert holder(investor) == held


def test_all_concerned_are_told_of_the_decision(
    held: FirstReport,
    officer: User,
    claimant: User,
    manager: User,
    their_manager: User,
    leader: User,
) -> None:
    dispute = raised(held, claimant)
    Notice.objects.all().delete()
    decided(dispute, leader, True)
    assert {n.user for n in Notice.objects.all()} == {officer, claimant, manager, their_manager}


def test_between_units_the_holder_s_manager_may_only_give_way(
    investor: Organization, held: FirstReport, claimant: User, manager: User
) -> None:
    dispute = raised(held, claimant)
    with pytest.raises(NotAllowed, match="县领导"):
        decided(dispute, manager, False)
    decided(dispute, manager, True)
    new = holder(investor)
    assert new is not None
    assert new.officer == claimant


def test_the_claimant_s_manager_decides_nothing(
    held: FirstReport, claimant: User, their_manager: User
) -> None:
    dispute = raised(held, claimant)
    for is_upheld in (True, False):
        with pytest.raises(NotAllowed):
            decided(dispute, their_manager, is_upheld)


@pytest.mark.parametrize("is_upheld", [True, False])
def test_within_a_unit_its_manager_decides_either_way(
    investor: Organization, held: FirstReport, here: Park, manager: User, is_upheld: bool
) -> None:
    colleague = UserFactory(username="colleague", park=here)
    decided(raised(held, colleague), manager, is_upheld)
    new = holder(investor)
    assert new is not None
    assert new.officer.username == ("colleague" if is_upheld else "officer")


def test_a_manager_does_not_refuse_a_claim_to_their_own_report(
    investor: Organization, here: Park, manager: User
) -> None:
    dispute = raised(reported(investor, manager, DAY), UserFactory(park=here))
    assert disputes.answers(manager, dispute) == {True}


def test_nobody_decides_a_dispute_that_they_raised(
    held: FirstReport, here: Park, manager: User
) -> None:
    dispute = raised(held, manager)
    assert disputes.answers(manager, dispute) == frozenset()
    with pytest.raises(OwnDispute):
        decided(dispute, manager, True)


def test_officers_decide_nothing(held: FirstReport, officer: User, claimant: User) -> None:
    with pytest.raises(NotAllowed):
        decided(raised(held, claimant), officer, True)


def test_a_decision_is_explained_and_final(held: FirstReport, claimant: User, leader: User) -> None:
    dispute = raised(held, claimant)
    with pytest.raises(ReasonNeeded):
        decided(dispute, leader, False, decision=" ")
    decided(dispute, leader, False)
    with pytest.raises(AlreadyDecided):
        decided(dispute, leader, True)


# --- what happens meanwhile ----------------------------------------------------------------------
def test_a_report_given_up_leaves_nothing_to_decide_and_the_claimant_is_told(
    held: FirstReport, officer: User, claimant: User, leader: User
) -> None:
    dispute = raised(held, claimant)
    first_reports.release(held, reason="让出", by=officer, at=NOW)
    dispute.refresh_from_db()
    assert dispute.is_upheld is False
    assert claimant.notices.exists()
    with pytest.raises(AlreadyDecided):
        decided(dispute, leader, True)


def test_a_dispute_goes_along_with_a_report_that_is_passed_on(
    held: FirstReport, claimant: User, manager: User, leader: User
) -> None:
    third = UserFactory(park=ParkFactory(slug="third"))
    dispute = raised(held, claimant)
    passed = first_reports.pass_on(
        held, park=third.park, officer=third, reason="流转", by=manager, at=NOW
    )
    dispute.refresh_from_db()
    assert dispute.report == passed
    decided(dispute, leader, True)
    passed.refresh_from_db()
    assert passed.released_at == NOW


def test_a_dispute_is_seen_by_both_units_and_the_county(
    held: FirstReport,
    officer: User,
    claimant: User,
    their_manager: User,
    leader: User,
) -> None:
    dispute = raised(held, claimant)
    for person in (officer, claimant, their_manager, leader):
        assert list(disputes.visible_to(person)) == [dispute]
    assert not disputes.visible_to(UserFactory(park=ParkFactory(slug="third"))).exists()
