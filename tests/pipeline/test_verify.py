"""Verifying a claim: it takes effect, the project moves, and its dimensions are fixed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crm.models import Park, User
from crm.refusals import NotAllowed
from pipeline import attribution, milestones
from pipeline.milestones import AlreadyDecided, AlreadyThere, OwnClaim
from pipeline.models import DocumentKind, Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests.factories import ProjectFactory, after, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)


def _claimed(**kwargs: object) -> Milestone:
    project = ProjectFactory(ready_to_sign=True, **kwargs)
    return make.claim(
        project,
        MilestoneKind.SIGNING,
        on=DAY,
        contract_kind=ContractKind.FORMAL,
        amount=Decimal("123456789.01"),
    )


def test_a_verified_milestone_moves_the_project_and_leaves_one_stage_change(
    verifier: User,
) -> None:
    claimed = _claimed()
    verified = milestones.verify(claimed, by=verifier, at=NOON)
    assert (verified.state, verified.verified_by, verified.verified_at) == (
        "verified",
        verifier,
        NOON,
    )
    project = Project.objects.get(pk=claimed.project_id)
    assert (project.stage, project.stage_since) == ("signed", DAY)
    assert project.agreed_investment == Decimal("123456789.01")
    change = project.stage_changes.latest("id")
    assert (change.from_stage, change.to_stage, change.effective_on) == ("contact", "signed", DAY)
    assert (change.changed_by, change.changed_at, change.milestone) == (verifier, NOON, verified)
    assert change.reason
    assert project.stage_changes.count() == 2


@pytest.mark.parametrize(
    ("state", "kind", "stage"),
    [
        ("ready_to_contact", MilestoneKind.CONTACT, "contact"),
        ("ready_to_start", MilestoneKind.GROUNDBREAKING, "started"),
        ("ready_to_produce", MilestoneKind.PRODUCTION, "producing"),
    ],
)
def test_each_milestone_gives_its_stage(db: None, state: str, kind: str, stage: str) -> None:
    project = ProjectFactory(**{state: True})
    make.reach(project, kind, on=DAY)
    project.refresh_from_db()
    assert (project.stage, project.stage_since) == (stage, DAY)


@pytest.mark.parametrize("kind", [MilestoneKind.FILING, MilestoneKind.STATISTICS])
def test_a_filing_or_an_entry_in_the_statistics_moves_nothing(db: None, kind: str) -> None:
    project = ProjectFactory(started=True)
    changes = project.stage_changes.count()
    make.reach(project, kind, on=DAY)
    project.refresh_from_db()
    assert (project.stage, project.stage_changes.count()) == ("started", changes)


def test_park_channel_industry_and_officer_are_fixed_as_they_are_then(
    verifier: User, other_park: Park
) -> None:
    claimed = _claimed()
    Project.objects.filter(pk=claimed.project_id).update(
        industry=make.IndustryFactory(code="36"), fund_source="special_bond"
    )
    verified = milestones.verify(claimed, by=verifier, at=NOON)
    Project.objects.filter(pk=claimed.project_id).update(
        industry=make.IndustryFactory(code="70"), fund_source="social", officer=None
    )
    verified.refresh_from_db()
    assert verified.industry is not None
    assert (verified.industry.code, verified.fund_source) == ("36", "special_bond")
    assert verified.officer is not None


def test_shares_agreed_before_are_fixed_to_the_fen(
    verifier: User, park: Park, other_park: Park, manager: User
) -> None:
    claimed = _claimed()
    attribution.transfer(
        claimed.project,
        to=park,
        on=dt.date(2026, 9, 1),
        reason="首谈地分成",
        by=manager,
        at=NOON,
        shares={park: Decimal("66.67"), other_park: Decimal("33.33")},
    )
    verified = milestones.verify(claimed, by=verifier, at=NOON)
    parts = {share.park: (share.percent, share.amount) for share in verified.shares.all()}
    assert parts == {
        park: (Decimal("66.67"), Decimal("82308641.23")),
        other_park: (Decimal("33.33"), Decimal("41148147.78")),
    }
    assert sum(amount for _, amount in parts.values()) == verified.amount


def test_a_formal_contract_takes_the_place_of_the_framework_agreement(verifier: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    framework = make.sign(project, on=dt.date(2026, 8, 1), contract_kind=ContractKind.FRAMEWORK)
    make.sign(project, on=DAY)
    framework.refresh_from_db()
    assert (framework.state, framework.revoked_at) == ("revoked", after(DAY, 15))
    assert framework.revoke_reason


def test_a_refused_upgrade_leaves_the_framework_agreement(verifier: User, officer: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    make.sign(project, on=dt.date(2026, 8, 1), contract_kind=ContractKind.FRAMEWORK)
    claimed = make.claim(
        project,
        MilestoneKind.SIGNING,
        on=DAY,
        amount=Decimal(1),
        contract_kind=ContractKind.FORMAL,
    )
    Project.objects.filter(pk=project.pk).update(park=None)
    with refused(milestones.GateClosed):
        milestones.verify(claimed, by=verifier, at=NOON)


def test_an_expansion_adds_its_amount_apart_from_the_project_s(db: None) -> None:
    project = ProjectFactory(signed=True, amount=5)
    make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    make.sign(project, on=DAY, amount=3, contract_kind=ContractKind.EXPANSION)
    project.refresh_from_db()
    assert (project.agreed_investment, project.stage) == (Decimal(5), "signed")


# --- refusals ----------------------------------------------------------------------------
def test_nobody_verifies_their_own_claim(verifier: User, second_verifier: User) -> None:
    signed = ProjectFactory(signed=True).milestones.get(kind="signing")
    corrected = milestones.correct(signed, occurred_on=DAY, reason="日期写错", by=verifier, at=NOON)
    with refused(OwnClaim):
        milestones.verify(corrected, by=verifier, at=NOON)
    assert milestones.verify(corrected, by=second_verifier, at=NOON).is_effective


def test_a_claim_is_decided_once(verifier: User, second_verifier: User) -> None:
    claimed = _claimed()
    milestones.verify(claimed, by=verifier, at=NOON)
    with refused(AlreadyDecided):
        milestones.verify(claimed, by=second_verifier, at=NOON)
    with refused(AlreadyDecided):
        milestones.return_(claimed, reason="晚了", by=second_verifier, at=NOON)


def test_a_returned_claim_is_not_verified(verifier: User, second_verifier: User) -> None:
    claimed = _claimed()
    milestones.return_(claimed, reason="缺页", by=verifier, at=NOON)
    with refused(AlreadyDecided):
        milestones.verify(claimed, by=second_verifier, at=NOON)


def test_a_framework_agreement_claimed_before_the_formal_contract_is_not_verified_after(
    verifier: User, manager: User
) -> None:
    # Only one claim of a signing is open at a time, so the formal one comes as history does.
    project = ProjectFactory(ready_to_sign=True)
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    framework = make.claim(
        project,
        MilestoneKind.SIGNING,
        on=dt.date(2026, 8, 1),
        amount=Decimal(1),
        contract_kind=ContractKind.FRAMEWORK,
    )
    row = make.LoadRowFactory(project=project)
    Milestone.objects.create(
        project=project,
        kind="signing",
        contract_kind="formal",
        occurred_on=DAY,
        amount=Decimal(1),
        claimed_at=NOON,
        claimed_by=manager,
        verified_at=NOON,
        verified_by=verifier,
        is_historical=True,
        load_row=row,
    )
    with refused(AlreadyThere):
        milestones.verify(framework, by=verifier, at=NOON)


# --- who may -----------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["officer", "manager", "outsider", "leader", "auditor", "admin"])
def test_only_a_verifier_verifies(who: str, request: pytest.FixtureRequest) -> None:
    claimed = _claimed()
    with refused(NotAllowed):
        milestones.verify(claimed, by=request.getfixturevalue(who), at=NOON)


def test_a_verifier_of_another_park_does_not(other_park: Park) -> None:
    theirs = make.UserFactory(verifier=True, park=other_park)
    claimed = _claimed()
    with refused(NotAllowed):
        milestones.verify(claimed, by=theirs, at=NOON)
