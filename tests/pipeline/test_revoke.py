"""Revoking a milestone: the project moves back by the rule that moved it forward."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import milestones
from pipeline.milestones import AlreadyDecided, StillBuiltOn
from pipeline.models import DocumentKind, Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)


def _of(project: Project, kind: str) -> Milestone:
    return project.milestones.get(kind=kind, expansion=None)


def test_a_revocation_moves_the_project_back_with_who_when_and_why(verifier: User) -> None:
    project = ProjectFactory(started=True)
    start = _of(project, "groundbreaking")
    revoked = milestones.revoke(start, reason="只是平整场地", by=verifier, at=NOON)
    assert (revoked.state, revoked.revoked_by, revoked.revoked_at) == ("revoked", verifier, NOON)
    project.refresh_from_db()
    assert (project.stage, project.stage_since) == ("signed", dt.date(2026, 3, 5))
    change = project.stage_changes.latest("id")
    assert (change.from_stage, change.to_stage) == ("started", "signed")
    assert (change.effective_on, change.changed_at) == (dt.date(2026, 9, 30), NOON)
    assert (change.milestone, change.changed_by, change.reason) == (
        revoked,
        verifier,
        "只是平整场地",
    )


def test_without_any_effective_milestone_a_project_is_a_lead_again(verifier: User) -> None:
    project = ProjectFactory(in_contact=True)
    milestones.revoke(_of(project, "contact"), reason="查无此事", by=verifier, at=NOON)
    project.refresh_from_db()
    assert (project.stage, project.stage_since) == ("lead", None)


def test_the_stage_is_the_furthest_of_what_is_left(verifier: User) -> None:
    project = ProjectFactory(signed=True)
    milestones.revoke(_of(project, "contact"), reason="查无此事", by=verifier, at=NOON)
    project.refresh_from_db()
    assert project.stage == "signed"


def test_what_was_revoked_can_be_claimed_again(verifier: User) -> None:
    project = ProjectFactory(started=True)
    milestones.revoke(_of(project, "groundbreaking"), reason="照片有误", by=verifier, at=NOON)
    make.prepare_start(project)
    again = make.reach(project, MilestoneKind.GROUNDBREAKING, on=DAY, at=NOON)
    project.refresh_from_db()
    assert (again.is_effective, project.stage) == (True, "started")


# --- refusals ----------------------------------------------------------------------------
def test_a_revocation_needs_a_reason(verifier: User) -> None:
    start = _of(ProjectFactory(started=True), "groundbreaking")
    with refused(ReasonNeeded):
        milestones.revoke(start, reason=" ", by=verifier, at=NOON)


def test_only_what_is_effective_is_revoked(verifier: User) -> None:
    project = ProjectFactory(ready_to_start=True)
    claimed = make.claim(project, MilestoneKind.GROUNDBREAKING, on=DAY)
    with refused(AlreadyDecided):
        milestones.revoke(claimed, reason="不实", by=verifier, at=NOON)
    verified = milestones.verify(claimed, by=verifier, at=NOON)
    milestones.revoke(verified, reason="不实", by=verifier, at=NOON)
    with refused(AlreadyDecided):
        milestones.revoke(verified, reason="不实", by=verifier, at=NOON)


@pytest.mark.parametrize(
    ("state", "kind"),
    [("started", "signing"), ("producing", "signing"), ("producing", "groundbreaking")],
)
def test_what_another_milestone_builds_on_is_not_revoked(
    verifier: User, state: str, kind: str
) -> None:
    ground = _of(ProjectFactory(**{state: True}), kind)
    with refused(StillBuiltOn):
        milestones.revoke(ground, reason="不实", by=verifier, at=NOON)


def test_an_entry_in_the_statistics_builds_on_the_groundbreaking(verifier: User) -> None:
    project = ProjectFactory(started=True)
    make.reach(project, MilestoneKind.STATISTICS, on=DAY)
    with refused(StillBuiltOn):
        milestones.revoke(_of(project, "groundbreaking"), reason="不实", by=verifier, at=NOON)


def test_expansions_build_on_the_formal_contract(verifier: User) -> None:
    project = ProjectFactory(signed=True)
    formal = _of(project, "signing")
    make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    expansion = make.sign(project, on=DAY, amount=3, contract_kind=ContractKind.EXPANSION)
    with refused(StillBuiltOn):
        milestones.revoke(formal, reason="不实", by=verifier, at=NOON)
    milestones.revoke(expansion, reason="不实", by=verifier, at=NOON)
    assert not milestones.revoke(formal, reason="不实", by=verifier, at=NOON).is_effective


def test_an_expansion_s_own_groundbreaking_builds_on_the_expansion_only(verifier: User) -> None:
    project = ProjectFactory(started=True)
    make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    expansion = make.sign(project, on=DAY, amount=3, contract_kind=ContractKind.EXPANSION)
    make.prepare_start(project)
    own = make.reach(project, MilestoneKind.GROUNDBREAKING, on=DAY, expansion=expansion)
    with refused(StillBuiltOn):
        milestones.revoke(expansion, reason="不实", by=verifier, at=NOON)
    milestones.revoke(_of(project, "groundbreaking"), reason="不实", by=verifier, at=NOON)
    project.refresh_from_db()
    own.refresh_from_db()
    assert (own.is_effective, project.stage) == (True, "signed")
    assert own.amount == Decimal(3)


# --- who may -----------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["officer", "manager", "outsider", "leader", "auditor", "admin"])
def test_only_a_verifier_revokes(who: str, request: pytest.FixtureRequest) -> None:
    start = _of(ProjectFactory(started=True), "groundbreaking")
    with refused(NotAllowed):
        milestones.revoke(start, reason="不实", by=request.getfixturevalue(who), at=NOON)
