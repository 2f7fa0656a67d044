"""Claiming a milestone: what is kept of it, who may, and what a second claim meets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crm.models import Park, User
from crm.refusals import NotAllowed
from pipeline import milestones
from pipeline.milestones import AlreadyThere, GateClosed
from pipeline.models import DocumentKind, Project
from pipeline.stages import ContractKind, MilestoneKind, Precision
from tests import factories as make
from tests.factories import YUAN, ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)
SIGNING = {
    "kind": MilestoneKind.SIGNING,
    "contract_kind": ContractKind.FORMAL,
    "occurred_on": DAY,
    "amount": Decimal("20000000000.00"),
}


def test_a_claim_is_kept_as_it_was_made_and_moves_nothing(officer: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    claimed = milestones.claim(project, by=officer, at=NOON, note="县里签的", **SIGNING)
    claimed.refresh_from_db()
    assert (claimed.state, claimed.claimed_by, claimed.claimed_at) == ("claimed", officer, NOON)
    assert (claimed.occurred_on, claimed.amount, claimed.note) == (
        DAY,
        Decimal("20000000000.00"),
        "县里签的",
    )
    project.refresh_from_db()
    assert (project.stage, project.stage_changes.count()) == ("contact", 1)


def test_a_claim_takes_the_files_that_it_was_given_and_those_that_its_gate_asks_for(
    officer: User,
) -> None:
    project = ProjectFactory(ready_to_sign=True)
    extra = make.DocumentFactory(project=project, kind=DocumentKind.OTHER)
    photo = make.DocumentFactory(project=project, kind=DocumentKind.SITE_PHOTO)
    claimed = milestones.claim(project, by=officer, at=NOON, documents=[extra], **SIGNING)
    assert {d.kind for d in claimed.documents.all()} == {"contract", "other"}
    photo.refresh_from_db()
    assert photo.milestone is None


def test_the_files_of_another_milestone_do_not_count(officer: User) -> None:
    project = ProjectFactory(signed=True)
    with refused(GateClosed) as caught:
        milestones.claim(
            project, by=officer, at=NOON, **{**SIGNING, "contract_kind": ContractKind.EXPANSION}
        )
    assert [need.code for need in caught.value.details] == ["contract"]


def test_a_file_of_another_milestone_cannot_be_given_as_evidence(officer: User) -> None:
    project = ProjectFactory(signed=True)
    theirs = project.documents.get(kind="contract")
    with refused(GateClosed):
        milestones.claim(
            project,
            by=officer,
            at=NOON,
            documents=[theirs],
            **{**SIGNING, "contract_kind": ContractKind.EXPANSION},
        )


def test_the_files_of_a_returned_claim_serve_the_next(officer: User, verifier: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    first = milestones.claim(project, by=officer, at=NOON, **SIGNING)
    milestones.return_(first, reason="金额不符", by=verifier, at=NOON)
    second = milestones.claim(project, by=officer, at=NOON, **SIGNING)
    assert second.documents.get().kind == "contract"


def test_of_a_month_its_last_day_is_kept(officer: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    month = {**SIGNING, "occurred_on": dt.date(2026, 2, 3), "precision": Precision.MONTH}
    claimed = milestones.claim(project, by=officer, at=NOON, **month)
    assert (claimed.occurred_on, claimed.precision) == (dt.date(2026, 2, 28), "month")


def test_of_the_running_month_today_is_kept(officer: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    month = {**SIGNING, "occurred_on": dt.date(2026, 9, 30), "precision": Precision.MONTH}
    at = instant("2026-09-12 12:00")
    claimed = milestones.claim(project, by=officer, at=at, **month)
    assert claimed.occurred_on == dt.date(2026, 9, 12)


@pytest.mark.parametrize(
    ("at", "open_"), [("2026-09-19 23:59:59", False), ("2026-09-20 00:00:00", True)]
)
def test_the_county_s_clock_says_what_day_it_is(officer: User, at: str, open_: bool) -> None:
    # In UTC both instants lie on 19 September.
    project = ProjectFactory(ready_to_sign=True)
    if open_:
        assert milestones.claim(project, by=officer, at=instant(at), **SIGNING).pk
    else:
        with refused(GateClosed) as caught:
            milestones.claim(project, by=officer, at=instant(at), **SIGNING)
        assert [need.code for need in caught.value.details] == ["day"]


def test_a_groundbreaking_stands_for_the_contract_that_it_carries_out(officer: User) -> None:
    project = ProjectFactory(ready_to_start=True, amount=5)
    Project.objects.filter(pk=project.pk).update(agreed_investment=Decimal(7))
    claimed = make.claim(project, MilestoneKind.GROUNDBREAKING, on=DAY)
    assert claimed.amount == Decimal(5)
    assert claimed.not_before == dt.date(2026, 3, 5)


def test_a_second_claim_of_a_kind_is_refused_while_the_first_is_open(officer: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    milestones.claim(project, by=officer, at=NOON, **SIGNING)
    with refused(AlreadyThere):
        milestones.claim(project, by=officer, at=NOON, **SIGNING)


def test_a_claim_of_what_is_verified_already_is_refused(officer: User) -> None:
    project = ProjectFactory(signed=True)
    with refused(AlreadyThere):
        milestones.claim(project, by=officer, at=NOON, **SIGNING)


def test_a_framework_agreement_is_refused_once_there_is_a_formal_contract(officer: User) -> None:
    project = ProjectFactory(signed=True)
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    with refused(AlreadyThere):
        milestones.claim(
            project, by=officer, at=NOON, **{**SIGNING, "contract_kind": ContractKind.FRAMEWORK}
        )


def test_a_project_may_be_expanded_any_number_of_times(officer: User) -> None:
    project = ProjectFactory(signed=True)
    for _ in range(3):
        make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
        make.claim(
            project,
            MilestoneKind.SIGNING,
            on=DAY,
            amount=YUAN,
            contract_kind=ContractKind.EXPANSION,
        )
    assert project.milestones.open().count() == 3


def test_progress_of_another_project_s_expansion_is_no_ground(officer: User) -> None:
    expanded = ProjectFactory(signed=True)
    make.DocumentFactory(project=expanded, kind=DocumentKind.CONTRACT)
    theirs = make.sign(expanded, on=DAY, contract_kind=ContractKind.EXPANSION)
    project = ProjectFactory(ready_to_start=True)
    for ground in (theirs, project.milestones.get(kind="signing")):
        with refused(GateClosed) as caught:
            make.claim(project, MilestoneKind.GROUNDBREAKING, on=DAY, expansion=ground)
        assert [need.code for need in caught.value.details] == ["signed"]


def test_started_before_signed_is_refused(officer: User) -> None:
    project = ProjectFactory(ready_to_start=True, signed_on=dt.date(2026, 3, 5))
    with refused(GateClosed):
        make.claim(project, MilestoneKind.GROUNDBREAKING, on=dt.date(2026, 3, 4), at=NOON)
    assert make.claim(project, MilestoneKind.GROUNDBREAKING, on=dt.date(2026, 3, 5))


def test_a_kind_that_the_gates_do_not_know_is_a_mistake(officer: User) -> None:
    with pytest.raises(KeyError):
        milestones.claim(ProjectFactory(), kind="signing", occurred_on=DAY, by=officer, at=NOON)


# --- who may -----------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["officer", "manager"])
def test_officer_and_manager_of_the_park_may_claim(
    who: str, request: pytest.FixtureRequest
) -> None:
    project = ProjectFactory(ready_to_sign=True)
    by = request.getfixturevalue(who)
    assert milestones.claim(project, by=by, at=NOON, **SIGNING).claimed_by == by


@pytest.mark.parametrize("who", ["outsider", "verifier", "leader", "auditor", "admin"])
def test_others_may_not_claim(who: str, request: pytest.FixtureRequest) -> None:
    project = ProjectFactory(ready_to_sign=True)
    with refused(NotAllowed):
        milestones.claim(project, by=request.getfixturevalue(who), at=NOON, **SIGNING)


def test_the_scope_is_the_park_that_the_project_has_now(
    officer: User, other_park: Park, manager: User
) -> None:
    stale = ProjectFactory(ready_to_sign=True)
    Project.objects.filter(pk=stale.pk).update(park=other_park)
    with refused(NotAllowed):
        milestones.claim(stale, by=manager, at=NOON, **SIGNING)
