"""Correcting a milestone: revoked and claimed anew in one transaction, never edited."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import milestones
from pipeline.milestones import AlreadyDecided, GateClosed, StillBuiltOn
from pipeline.models import DocumentKind, Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind, Precision
from tests import factories as make
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)


def _of(project: Project, kind: str) -> Milestone:
    return project.milestones.get(kind=kind, expansion=None)


def _correct(milestone: Milestone, by: User, **changes: Any) -> Milestone:
    return milestones.correct(milestone, reason="金额写错", by=by, at=NOON, **changes)


def test_the_old_milestone_is_revoked_and_the_new_one_waits_for_a_second_person(
    verifier: User, second_verifier: User
) -> None:
    project = ProjectFactory(signed=True, amount=5)
    old = _of(project, "signing")
    new = _correct(old, verifier, amount=Decimal(7))
    old.refresh_from_db()
    assert (old.state, old.amount, old.revoked_at) == ("revoked", Decimal(5), NOON)
    assert (new.state, new.amount, new.corrects) == ("claimed", Decimal(7), old)
    assert new.occurred_on == old.occurred_on
    project.refresh_from_db()
    assert project.stage == "contact"
    milestones.verify(new, by=second_verifier, at=NOON)
    project.refresh_from_db()
    assert (project.stage, project.agreed_investment) == ("signed", Decimal(7))


def test_a_correction_may_be_corrected_and_the_evidence_still_counts(
    verifier: User, second_verifier: User
) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    people = [verifier, second_verifier]
    for round_ in range(3):
        claimed = _correct(milestone, people[round_ % 2], amount=Decimal(round_ + 1))
        milestone = milestones.verify(claimed, by=people[(round_ + 1) % 2], at=NOON)
    assert milestone.amount == Decimal(3)


def test_what_builds_on_it_stands(verifier: User) -> None:
    project = ProjectFactory(started=True)
    _correct(_of(project, "signing"), verifier, amount=Decimal(7))
    project.refresh_from_db()
    assert (project.stage, _of(project, "groundbreaking").is_effective) == ("started", True)


def test_a_corrected_signing_may_not_come_after_the_groundbreaking(verifier: User) -> None:
    project = ProjectFactory(started=True, started_on=dt.date(2026, 6, 20))
    with refused(GateClosed) as caught:
        _correct(_of(project, "signing"), verifier, occurred_on=dt.date(2026, 6, 21))
    assert [need.code for need in caught.value.details] == ["before_start"]


def test_a_corrected_groundbreaking_may_not_come_after_the_production(verifier: User) -> None:
    project = ProjectFactory(producing=True, produced_on=dt.date(2026, 9, 10))
    with refused(GateClosed) as caught:
        _correct(_of(project, "groundbreaking"), verifier, occurred_on=dt.date(2026, 9, 11))
    assert [need.code for need in caught.value.details] == ["before_production"]


def test_a_formal_contract_that_is_built_on_does_not_become_a_framework(verifier: User) -> None:
    project = ProjectFactory(started=True)
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    signing = _of(project, "signing")
    with refused(StillBuiltOn):
        _correct(signing, verifier, contract_kind=ContractKind.FRAMEWORK)


def test_a_formal_contract_alone_may_turn_out_a_framework(
    verifier: User, second_verifier: User
) -> None:
    project = ProjectFactory(signed=True)
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    new = _correct(_of(project, "signing"), verifier, contract_kind=ContractKind.FRAMEWORK)
    milestones.verify(new, by=second_verifier, at=NOON)
    project.refresh_from_db()
    assert project.stage == "contact"


def test_an_expansion_with_progress_of_its_own_is_not_corrected(verifier: User) -> None:
    project = ProjectFactory(started=True)
    make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    expansion = make.sign(project, on=DAY, amount=3, contract_kind=ContractKind.EXPANSION)
    make.prepare_start(project)
    make.reach(project, MilestoneKind.GROUNDBREAKING, on=DAY, expansion=expansion)
    with refused(StillBuiltOn):
        _correct(expansion, verifier, amount=Decimal(4))


def test_the_day_of_a_month_stays_unless_it_is_what_is_corrected(verifier: User) -> None:
    signed = ProjectFactory(ready_to_sign=True)
    milestone = make.sign(
        signed,
        on=dt.date(2026, 8, 31),
        precision=Precision.MONTH,
        at=instant("2026-08-12 12:00"),
    )
    assert milestone.occurred_on == dt.date(2026, 8, 12)
    assert _correct(milestone, verifier, amount=Decimal(7)).occurred_on == dt.date(2026, 8, 12)


def test_a_month_that_is_corrected_is_kept_by_its_last_day(verifier: User) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    new = _correct(milestone, verifier, occurred_on=dt.date(2026, 2, 1), precision=Precision.MONTH)
    assert (new.occurred_on, new.precision) == (dt.date(2026, 2, 28), "month")


def test_what_had_been_waived_stays_waived_and_nothing_else_is(
    manager: User, verifier: User, second_verifier: User
) -> None:
    project = ProjectFactory(ready_to_sign=True)
    Project.objects.filter(pk=project.pk).update(channel=None)
    signing = make.sign(project, on=DAY, by=manager, override_reason="渠道待定")
    new = _correct(signing, verifier, amount=Decimal(7))
    assert (new.waived, new.override_reason) == ("channel", "渠道待定")
    milestones.verify(new, by=second_verifier, at=NOON)
    Project.objects.filter(pk=project.pk).update(industry=None)
    with refused(GateClosed) as caught:
        _correct(new, verifier, amount=Decimal(8))
    assert [need.code for need in caught.value.details] == ["industry"]


def test_history_is_corrected_without_the_documents_that_it_never_had(
    manager: User, verifier: User
) -> None:
    project = ProjectFactory()
    loaded = Milestone.objects.create(
        project=project,
        kind="signing",
        contract_kind="formal",
        occurred_on=DAY,
        amount=Decimal(5),
        claimed_at=NOON,
        claimed_by=manager,
        verified_at=NOON,
        verified_by=verifier,
        is_historical=True,
        load_row=make.LoadRowFactory(project=project),
    )
    new = _correct(loaded, verifier, amount=Decimal(7))
    assert (new.is_historical, new.amount) == (False, Decimal(7))
    assert "contract" in new.waived.split(",")
    assert new.override_reason


# --- refusals ----------------------------------------------------------------------------
def test_a_correction_needs_a_reason(verifier: User) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    with refused(ReasonNeeded):
        milestones.correct(milestone, reason="", by=verifier, at=NOON, amount=Decimal(7))


def test_only_what_is_effective_is_corrected(verifier: User) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    _correct(milestone, verifier, amount=Decimal(7))
    with refused(AlreadyDecided):
        _correct(milestone, verifier, amount=Decimal(8))


def test_an_amount_of_nothing_is_refused(verifier: User) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    with refused(GateClosed):
        _correct(milestone, verifier, amount=Decimal(0))


@pytest.mark.parametrize("field", ["kind", "project", "verified_at"])
def test_another_kind_or_project_is_no_correction(verifier: User, field: str) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    with pytest.raises(TypeError):
        _correct(milestone, verifier, **{field: None})


# --- who may -----------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["officer", "manager", "outsider", "leader", "auditor", "admin"])
def test_only_a_verifier_corrects(who: str, request: pytest.FixtureRequest) -> None:
    milestone = _of(ProjectFactory(signed=True), "signing")
    with refused(NotAllowed):
        _correct(milestone, request.getfixturevalue(who), amount=Decimal(7))
