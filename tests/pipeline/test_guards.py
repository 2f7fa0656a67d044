"""The triggers: each stands after migrating, on either database, and bites."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from pipeline import attribution, funds, guards, milestones, statuses
from pipeline.models import (
    AreaReview,
    CountySettings,
    Document,
    DocumentKind,
    Escalation,
    FundsReceipt,
    LedgerItem,
    Milestone,
    Project,
    ScoreAppeal,
    StageChange,
)
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests import ledger_factories
from tests.factories import ProjectFactory, instant

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)


def test_every_guard_stands_after_migrating() -> None:
    assert {guard.name for guard in guards.guards(connection)} <= guards.installed(connection)


def _bites(message: str, act: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic():
        act()


# --- stages ------------------------------------------------------------------------------
def test_no_project_is_created_beyond_a_lead() -> None:
    _bites(guards.STAGE_MESSAGE, lambda: ProjectFactory(stage="signed"))


@pytest.mark.parametrize("stage", ["lead", "signed", "started", "producing"])
def test_no_stage_is_set_without_a_change_that_names_it(stage: str) -> None:
    project = ProjectFactory(in_contact=True)
    _bites(
        guards.STAGE_MESSAGE,
        lambda: Project.objects.filter(pk=project.pk).update(stage=stage),
    )


@pytest.mark.parametrize("stage", ["signed", "started", "producing"])
def test_no_stage_change_names_a_stage_that_no_effective_milestone_gives(stage: str) -> None:
    project = ProjectFactory(ready_to_sign=True)
    make.claim(  # claimed only
        project,
        MilestoneKind.SIGNING,
        on=DAY,
        amount=Decimal(1),
        contract_kind=ContractKind.FORMAL,
    )
    contact = project.milestones.get(kind="contact")
    _bites(guards.STAGE_MESSAGE, lambda: _change(project, contact, stage))


def test_no_stage_change_names_another_project_s_milestone() -> None:
    project, other = ProjectFactory(in_contact=True), ProjectFactory(in_contact=True)
    theirs = other.milestones.get()
    _bites(guards.STAGE_MESSAGE, lambda: _change(project, theirs, "lead"))


def _change(project: Project, milestone: Milestone, stage: str) -> StageChange:
    return StageChange.objects.create(
        project=project,
        from_stage="contact",
        to_stage=stage,
        effective_on=DAY,
        changed_at=NOON,
        changed_by=project.officer,
        milestone=milestone,
        reason="手工",
    )


# --- milestones --------------------------------------------------------------------------
CLAIM = {
    "kind": "production",
    "contract_kind": "framework",
    "occurred_on": dt.date(2026, 9, 1),
    "precision": "month",
    "amount": Decimal(2),
    "note": "改过",
    "is_historical": True,
    "override_reason": "改过",
    "waived": "park",
    "claimed_at": NOON,
}
DECISION = {
    "verified_at": instant("2026-09-30 13:00"),
    "returned_at": NOON,
    "return_reason": "改过",
    "not_before": DAY,
    "park": None,
    "channel": None,
    "industry": None,
    "officer": None,
    "fund_source": "policy",
    "local_investor": True,
}


@pytest.mark.parametrize("field", CLAIM)
def test_what_an_open_claim_says_never_changes(field: str) -> None:
    claimed = make.claim(
        ProjectFactory(ready_to_sign=True),
        MilestoneKind.SIGNING,
        on=DAY,
        amount=Decimal(1),
        contract_kind=ContractKind.FORMAL,
    )
    rows = Milestone.objects.filter(pk=claimed.pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(**{field: CLAIM[field]}))


@pytest.mark.parametrize("field", [*CLAIM, *DECISION])
def test_nothing_of_a_verified_milestone_changes(field: str) -> None:
    signed = ProjectFactory(signed=True).milestones.filter(kind="signing")
    value = {**CLAIM, **DECISION}[field]
    _bites(guards.HISTORY_MESSAGE, lambda: signed.update(**{field: value}))


def test_a_revocation_is_not_taken_back() -> None:
    project = ProjectFactory(signed=True)
    signing = project.milestones.get(kind="signing")
    milestones.revoke(signing, reason="不实", by=make.the_verifier(), at=NOON)
    rows = Milestone.objects.filter(pk=signing.pk)
    gone: dict[str, Any] = {"revoked_at": None, "revoked_by": None, "revoke_reason": ""}
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(**gone))
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(revoke_reason="别的"))


def test_a_return_is_not_taken_back() -> None:
    claimed = make.claim(ProjectFactory(ready_to_contact=True), MilestoneKind.CONTACT, on=DAY)
    milestones.return_(claimed, reason="不实", by=make.the_verifier(), at=NOON)
    rows = Milestone.objects.filter(pk=claimed.pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(return_reason="别的"))


def test_progress_belongs_to_an_expansion_of_its_own_project() -> None:
    project = ProjectFactory(started=True)
    start = project.milestones.get(kind="groundbreaking")
    start.pk, start._state.adding = None, True
    start.verified_at = start.verified_by = None
    start.expansion = project.milestones.get(kind="signing")
    _bites(guards.EXPANSION_MESSAGE, start.save)


# --- receipts and files --------------------------------------------------------------------
RECEIPT = {
    "received_on": DAY,
    "amount": Decimal(7),
    "precision": "month",
    "note": "改过",
    "recorded_at": NOON,
    "document": None,
}


@pytest.mark.parametrize("field", RECEIPT)
def test_what_a_receipt_says_never_changes(field: str) -> None:
    rows = FundsReceipt.objects.filter(pk=make.FundsReceiptFactory().pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(**{field: RECEIPT[field]}))


@pytest.mark.parametrize(
    "field", ["verified_at", "park", "fund_source", "local_investor", "officer"]
)
def test_what_a_verified_receipt_is_counted_by_never_changes(field: str) -> None:
    receipt = funds.verify(make.FundsReceiptFactory(), by=make.the_verifier(), at=NOON)
    rows = FundsReceipt.objects.filter(pk=receipt.pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(**{field: DECISION[field]}))


def test_a_file_is_filed_with_a_milestone_and_otherwise_never_changes() -> None:
    project = ProjectFactory(signed=True)
    rows = Document.objects.filter(pk=make.DocumentFactory(project=project).pk)
    assert rows.update(milestone=project.milestones.get(kind="signing")) == 1
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(kind=DocumentKind.CONTRACT))
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(sha256="0" * 64))


# --- whole tables -------------------------------------------------------------------------
def _one_of_each() -> None:
    """A row in every table that history stands in."""
    project = ProjectFactory(ready_to_sign=True)
    other = make.ParkFactory(slug="auto-materials")
    leader = make.UserFactory(username="leader", leader=True)
    attribution.transfer(
        project,
        to=project.park,
        on=dt.date(2022, 1, 1),
        reason="分成",
        by=leader,
        at=NOON,
        shares={project.park: Decimal(60), other: Decimal(40)},
    )
    make.sign(project, on=DAY)
    funds.verify(make.FundsReceiptFactory(project=project), by=make.the_verifier(), at=NOON)
    statuses.change(
        project,
        to="suspended",
        on=DAY,
        reason="缓建",
        by=project.officer,
        approved_by=leader,
        at=NOON,
    )
    make.TargetFactory()
    CountySettings.objects.create(recorded_at=NOON, reason="口径")
    make.ReportOpeningFactory()
    ledger_factories.one_of_each()


def _rows(table: str) -> models.QuerySet[Any]:
    tables = {m._meta.db_table: m for m in apps.get_app_config("pipeline").get_models()}
    return tables[table]._default_manager.all()


@pytest.mark.parametrize("table", guards.NEVER_DELETED)
def test_no_row_of_history_is_deleted(table: str) -> None:
    _one_of_each()
    assert _rows(table).exists()
    _bites(guards.HISTORY_MESSAGE, lambda: _rows(table)._raw_delete("default"))


@pytest.mark.parametrize("table", guards.NEVER_CHANGED)
def test_no_row_of_history_is_changed(table: str) -> None:
    _one_of_each()
    assert _rows(table).exists()
    _bites(guards.HISTORY_MESSAGE, lambda: _rows(table).update(id=models.F("id")))


# --- promises -----------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["closed", "withdrawn"])
def test_a_closed_item_is_final(state: str) -> None:
    item = ledger_factories.LedgerItemFactory(active=True)
    rows = LedgerItem.objects.filter(pk=item.pk)
    closed = {"closed_at": NOON, "closed_by": make.the_verifier()} if state == "closed" else {}
    assert rows.update(state=state, **closed) == 1
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(state="active"))
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(goal="别的"))


def test_a_step_of_pressing_is_decided_once_and_says_what_it_said() -> None:
    step = ledger_factories.EscalationFactory(level=3, state="proposed")
    rows = Escalation.objects.filter(pk=step.pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(triggered_on=DAY))
    decided = {"decided_at": NOON, "decided_by": make.the_verifier()}
    assert rows.update(state="declined", **decided) == 1
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(state="approved", deadline=DAY))


def test_a_filed_analysis_stays_as_it_was_filed() -> None:
    filed = {"filed_at": NOON, "filed_by": make.the_verifier(), "digest": "a" * 64}
    review = ledger_factories.AreaReviewFactory(state="filed", **filed)
    rows = AreaReview.objects.filter(pk=review.pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(analysis="别的"))
    _bites(guards.HISTORY_MESSAGE, lambda: rows._raw_delete("default"))


def test_an_appeal_is_answered_once_and_says_what_it_said() -> None:
    appeal = ledger_factories.ScoreAppealFactory()
    rows = ScoreAppeal.objects.filter(pk=appeal.pk)
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(text="别的"))
    answered = {"answered_at": NOON, "answered_by": make.the_verifier(), "answer": "不成立"}
    assert rows.update(is_granted=False, **answered) == 1
    _bites(guards.HISTORY_MESSAGE, lambda: rows.update(is_granted=True, points=5))
