"""Each named constraint of crm and pipeline refuses what it is there to refuse.

The names are collected from the models: a constraint without a case here fails. Each case
breaks one rule only, and among them are the NULLs that a CHECK lets pass unless it is told.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from crm.models import (
    Attachment,
    Contact,
    ContactMerge,
    FirstReport,
    Job,
    Notice,
    Organization,
    OrganizationMerge,
    Park,
    ReportDispute,
    Tag,
    User,
)
from pipeline import guards
from pipeline.models import (
    AftercareIssue,
    Attribution,
    AttributionShare,
    ContractTerm,
    CountySettings,
    Document,
    FollowUp,
    FundsPlan,
    FundsReceipt,
    FundsShare,
    Interaction,
    LoadRow,
    Milestone,
    MilestoneShare,
    PlanChange,
    Project,
    ProjectTag,
    Report,
    ReportShare,
    SavedView,
    StageChange,
    StatusChange,
    StatusRequest,
    Target,
    TargetProposal,
)
from tests import factories as make
from tests.factories import LONG_AGO, ProjectFactory, instant
from tests.pipeline import promises_refused

pytestmark = pytest.mark.django_db

NOON, LATER = instant("2026-09-30 12:00"), instant("2026-09-30 13:00")
DAY = dt.date(2026, 9, 20)


def _park(slug: str = "rare-metals") -> Park:
    return make.ParkFactory(slug=slug)


def _person(username: str = "second") -> User:
    return make.UserFactory(username=username)


# --- a good row of each kind, with changes ------------------------------------------------
def project(**changes: Any) -> Project:
    return ProjectFactory(**changes)


def milestone(**changes: Any) -> Milestone:
    """A formal signing, claimed."""
    of = changes.pop("project", None) or ProjectFactory()
    good = {
        "project": of,
        "kind": "signing",
        "contract_kind": "formal",
        "occurred_on": DAY,
        "amount": Decimal(1),
        "claimed_at": NOON,
        "claimed_by": of.officer,
    }
    return Milestone.objects.create(**{**good, **changes})


def progress(**changes: Any) -> Milestone:
    """A groundbreaking, claimed."""
    good = {"kind": "groundbreaking", "contract_kind": "", "not_before": DAY}
    return milestone(**{**good, **changes})


def verified(**changes: Any) -> dict[str, Any]:
    return {"verified_at": NOON, "verified_by": _person(), **changes}


def returned(**changes: Any) -> dict[str, Any]:
    return {"returned_at": NOON, "returned_by": _person(), "return_reason": "缺页", **changes}


def revoked(**changes: Any) -> dict[str, Any]:
    decision = {"revoked_at": LATER, "revoked_by": _person(), "revoke_reason": "不实"}
    return {**verified(), **decision, **changes}


def receipt(**changes: Any) -> FundsReceipt:
    return make.FundsReceiptFactory(**changes)


def organization(**changes: Any) -> Organization:
    return make.OrganizationFactory(**changes)


def target(**changes: Any) -> Target:
    return make.TargetFactory(**changes)


def plan(*quarters: int | None) -> dict[str, Any]:
    return {f"plan_q{n}": value for n, value in enumerate(quarters, start=1)}


def contact(**changes: Any) -> Contact:
    return make.ContactFactory(**changes)


def document(**changes: Any) -> Document:
    return make.DocumentFactory(**changes)


def interaction(**changes: Any) -> Interaction:
    of = ProjectFactory()
    good = {
        "project": of,
        "organization": of.investor,
        "kind": "call",
        "occurred_on": DAY,
        "summary": "电话",
        "recorded_at": NOON,
        "recorded_by": of.officer,
    }
    return Interaction.objects.create(**{**good, **changes})


def attribution(**changes: Any) -> Attribution:
    of = ProjectFactory()
    good = {"project": of, "reason": "流转", "recorded_at": NOON, "recorded_by": of.officer}
    return Attribution.objects.create(**{**good, **changes})


def attribution_share(**changes: Any) -> AttributionShare:
    good = {"park": _park(), "percent": Decimal(100)}
    changes.setdefault("attribution", None)
    of = changes.pop("attribution") or attribution()
    return AttributionShare.objects.create(attribution=of, **{**good, **changes})


def milestone_share(**changes: Any) -> MilestoneShare:
    of = changes.pop("milestone", None) or milestone()
    good = {"park": _park(), "percent": Decimal(100), "amount": Decimal(1)}
    return MilestoneShare.objects.create(milestone=of, **{**good, **changes})


def funds_share(**changes: Any) -> FundsShare:
    of = changes.pop("receipt", None) or receipt()
    good = {"park": _park(), "percent": Decimal(100), "amount": Decimal(1)}
    return FundsShare.objects.create(receipt=of, **{**good, **changes})


def stage_change(**changes: Any) -> StageChange:
    """As it is written for a project in contact: a stage that its milestone gives."""
    of = ProjectFactory(in_contact=True)
    good = {
        "project": of,
        "from_stage": "lead",
        "to_stage": "contact",
        "effective_on": DAY,
        "changed_at": NOON,
        "changed_by": of.officer,
        "milestone": of.milestones.get(),
        "reason": "核验通过",
    }
    return StageChange.objects.create(**{**good, **changes})


def status_change(**changes: Any) -> StatusChange:
    of = ProjectFactory()
    good = {
        "project": of,
        "status": "suspended",
        "occurred_on": DAY,
        "reason": "缓建",
        "recorded_at": NOON,
        "recorded_by": of.officer,
        "approved_by": of.officer,
    }
    return StatusChange.objects.create(**{**good, **changes})


def load(**changes: Any) -> Any:
    loaded = make.LoadRowFactory().load
    type(loaded).objects.filter(pk=loaded.pk).update(**changes)
    return loaded


def load_row(**changes: Any) -> LoadRow:
    return make.LoadRowFactory(**changes)


def county_settings(**changes: Any) -> CountySettings:
    return CountySettings.objects.create(**{"recorded_at": NOON, "reason": "口径", **changes})


def job(**changes: Any) -> Job:
    good = {"kind": "noop", "asked_by": _person(), "created_at": NOON}
    return Job.objects.create(**{**good, **changes})


def _recorded(**more: Any) -> dict[str, Any]:
    return {"recorded_at": NOON, "recorded_by": _person(), **more}


def attachment(**changes: Any) -> Attachment:
    good = {
        "organization": organization(),
        "name": "简介.pdf",
        "file": "attachments/aa/aa",
        "media_type": "application/pdf",
        "size": 8,
        "sha256": "a" * 64,
        "uploaded_at": NOON,
        "uploaded_by": _person(),
    }
    return Attachment.objects.create(**{**good, **changes})


def organization_merge(**changes: Any) -> OrganizationMerge:
    good = {"kept": organization(), "merged": organization()}
    when = {"merged_at": NOON, "merged_by": _person()}
    return OrganizationMerge.objects.create(**{**good, **when, **changes})


def contact_merge(**changes: Any) -> ContactMerge:
    good = {"kept": contact(), "merged": contact(), "merged_at": NOON, "merged_by": _person()}
    return ContactMerge.objects.create(**{**good, **changes})


def first_report(**changes: Any) -> FirstReport:
    good = {
        "organization": organization(),
        "officer": _person(),
        "reported_on": DAY,
        "protected_until": dt.date(2027, 3, 20),
        "active_on": DAY,
        "recorded_at": NOON,
    }
    return FirstReport.objects.create(**{**good, **changes})


def dispute(**changes: Any) -> ReportDispute:
    of = changes.pop("report", None) or first_report()
    good = {"report": of, "grounds": "我们先谈的", "raised_at": NOON, "raised_by": _person()}
    return ReportDispute.objects.create(**{**good, **changes})


def notice(**changes: Any) -> Notice:
    good = {"user": _person(), "kind": "test", "text": "您好", "key": "k", "created_at": NOON}
    return Notice.objects.create(**{**good, **changes})


def tag(**changes: Any) -> Tag:
    return Tag.objects.create(**{"name": "链主", **changes})


def follow_up(**changes: Any) -> FollowUp:
    good = {"what": "送材料", "due_on": DAY, "assignee": _person()}
    when = {"created_at": NOON, "created_by": _person()}
    return FollowUp.objects.create(**{**good, **when, **changes})


def aftercare_issue(**changes: Any) -> AftercareIssue:
    good = {"project": ProjectFactory(), "what": "缺电", "raised_on": DAY}
    return AftercareIssue.objects.create(**{**good, **_recorded(), **changes})


def plan_change(**changes: Any) -> PlanChange:
    good = {"project": ProjectFactory(), "what": "start", "after": DAY}
    return PlanChange.objects.create(**{**good, **_recorded(), **changes})


def funds_plan(**changes: Any) -> FundsPlan:
    good = {"project": ProjectFactory(), "due_on": DAY, "amount": Decimal(1)}
    return FundsPlan.objects.create(**{**good, **_recorded(), **changes})


def status_request(**changes: Any) -> StatusRequest:
    of = changes.pop("project", None) or ProjectFactory()
    good = {"project": of, "status": "suspended", "occurred_on": DAY, "reason": "缓建"}
    when = {"requested_at": NOON, "requested_by": _person()}
    return StatusRequest.objects.create(**{**good, **when, **changes})


def project_tag(**changes: Any) -> ProjectTag:
    good = {"project": changes.pop("project", None) or ProjectFactory(), "added_at": NOON}
    changes.setdefault("tag", None)
    of = changes.pop("tag") or tag()
    return ProjectTag.objects.create(**{**good, "tag": of, "added_by": _person(), **changes})


def saved_view(**changes: Any) -> SavedView:
    good = {"name": "我的签约", "owner": _person(), "created_at": NOON}
    return SavedView.objects.create(**{**good, **changes})


def report(**changes: Any) -> Report:
    return make.ReportFactory(**changes)


def report_share(**changes: Any) -> ReportShare:
    return make.ReportShareFactory(**changes)


def target_proposal(**changes: Any) -> TargetProposal:
    good = {"year": 2026, "reason": "调增", "proposed_at": NOON, "proposed_by": _person()}
    return TargetProposal.objects.create(**{**good, **changes})


GOOD = [
    target_proposal,
    report,
    report_share,
    attachment,
    organization_merge,
    contact_merge,
    first_report,
    dispute,
    notice,
    tag,
    follow_up,
    aftercare_issue,
    plan_change,
    funds_plan,
    status_request,
    project_tag,
    saved_view,
    project,
    milestone,
    progress,
    receipt,
    organization,
    target,
    contact,
    document,
    interaction,
    attribution,
    attribution_share,
    milestone_share,
    funds_share,
    stage_change,
    status_change,
    load,
    load_row,
    county_settings,
    job,
]


@pytest.mark.parametrize("build", GOOD)
def test_a_good_row_is_accepted(build: Callable[[], models.Model]) -> None:
    assert build().pk


@pytest.mark.parametrize("decision", [verified, returned, revoked])
def test_a_good_decision_is_accepted(decision: Callable[[], dict[str, Any]]) -> None:
    assert milestone(**decision()).pk


# --- what breaks each ---------------------------------------------------------------------
def _without_guards() -> None:
    """The triggers refuse some of it first; here it is the constraint that is asked."""
    with connection.cursor() as cursor:
        guards.drop(None, SimpleNamespace(connection=connection, execute=cursor.execute))


def _twice(build: Callable[..., models.Model], **same: Any) -> None:
    build(**same)
    build(**same)


def _unguarded(build: Callable[..., Any], **changes: Any) -> None:
    _without_guards()
    build(**changes)


def _expansion() -> Milestone:
    return milestone(contract_kind="expansion", **verified())


def _two_of_an_expansion(**decision: Any) -> None:
    contract = _expansion()
    _twice(progress, project=contract.project, expansion=contract, **decision)


CASES: dict[str, list[Callable[[], Any]]] = {
    # crm
    "user_role_known": [lambda: make.UserFactory(role="king")],
    "user_manager_has_park": [lambda: make.UserFactory(role="manager")],
    "organization_uscc_once": [lambda: _twice(organization, uscc="91140829MA0GUNAX7B")],
    "organization_name_once_without_uscc": [lambda: _twice(organization, name="某某公司")],
    "organization_uscc_not_blank": [lambda: organization(uscc="")],
    "organization_not_its_own_parent": [
        lambda: Organization.objects.filter(pk=organization().pk).update(parent=models.F("id"))
    ],
    "organization_not_merged_into_itself": [
        lambda: Organization.objects.filter(pk=organization().pk).update(merged_into=models.F("id"))
    ],
    "organization_chain_position_known": [lambda: organization(chain_position="moon")],
    "contact_not_merged_into_itself": [
        lambda: Contact.objects.filter(pk=contact().pk).update(merged_into=models.F("id"))
    ],
    "organization_merge_of_two": [
        lambda: (o := organization()) and organization_merge(kept=o, merged=o)
    ],
    "contact_merge_of_two": [lambda: (c := contact()) and contact_merge(kept=c, merged=c)],
    "attachment_not_empty": [lambda: attachment(size=0)],
    "tag_once_per_group": [lambda: _twice(tag)],
    "tag_group_known": [lambda: tag(group="moon")],
    "first_report_one_open": [lambda: _twice(first_report, organization=organization())],
    "first_report_ends_after_it_begins": [
        lambda: first_report(protected_until=DAY - dt.timedelta(days=1))
    ],
    "first_report_extended_with_reason": [lambda: first_report(extended_at=NOON)],
    "first_report_released_with_reason": [lambda: first_report(released_at=NOON)],
    "report_dispute_one_open": [lambda: _twice(dispute, report=first_report())],
    "report_dispute_decided_whole": [
        lambda: dispute(decided_at=NOON),
        lambda: dispute(is_upheld=True, decision="转给对方"),
        lambda: dispute(decided_at=NOON, decided_by=_person(), is_upheld=False),
    ],
    "report_dispute_grounds_given": [lambda: dispute(grounds="")],
    "notice_once_per_occasion": [lambda: _twice(notice)],
    "contact_one_primary": [lambda: _twice(contact, organization=organization(), is_primary=True)],
    "job_state_known": [lambda: job(state="lost", started_at=NOON, finished_at=LATER)],
    "job_started_when_under_way": [lambda: job(state="running", attempt=1)],
    "job_finished_when_over": [lambda: job(state="done", started_at=NOON, attempt=1)],
    "job_failed_with_reason": [
        lambda: job(state="failed", started_at=NOON, finished_at=LATER, attempt=1)
    ],
    # projects
    "project_stage_known": [lambda: _unguarded(project, stage="dream")],
    "project_status_known": [lambda: project(status="dead")],
    "project_fund_source_known": [lambda: project(fund_source="lottery")],
    "project_agreed_investment_positive": [
        lambda: project(agreed_investment=Decimal(0)),
        lambda: project(agreed_investment=Decimal("-0.01")),
    ],
    "project_not_its_own_parent": [
        lambda: Project.objects.filter(pk=project(is_expansion=True).pk).update(
            parent=models.F("id")
        )
    ],
    "project_parent_only_of_expansion": [lambda: project(parent=project())],
    "project_county_level_or_park": [lambda: project(is_county_level=True)],
    "attribution_reason_given": [lambda: attribution(reason="")],
    "attribution_share_once_per_park": [
        lambda: _twice(attribution_share, attribution=attribution())
    ],
    "attribution_share_percent": [
        lambda: attribution_share(percent=Decimal(0)),
        lambda: attribution_share(percent=Decimal("100.01")),
    ],
    "stage_change_stages_known": [lambda: stage_change(from_stage="dream")],
    "stage_change_moves": [lambda: stage_change(from_stage="contact")],
    "stage_change_reason_given": [lambda: stage_change(reason="")],
    "status_change_status_known": [lambda: status_change(status="dead")],
    "status_change_reason_given": [lambda: status_change(reason="")],
    "document_kind_known": [lambda: document(kind="novel")],
    "document_not_empty": [lambda: document(size=0)],
    "interaction_kind_known": [lambda: interaction(kind="dream")],
    "interaction_has_summary": [lambda: interaction(summary="")],
    "interaction_sent_once": [lambda: _twice(interaction, client_key=uuid.UUID(int=7))],
    "follow_up_says_what": [lambda: follow_up(what="")],
    "follow_up_closed_whole": [
        lambda: follow_up(closed_at=NOON),
        lambda: follow_up(is_done=True),
        lambda: follow_up(closed_at=NOON, closed_by=_person()),
    ],
    "aftercare_issue_says_what": [lambda: aftercare_issue(what="")],
    "aftercare_issue_solved_whole": [
        lambda: aftercare_issue(solved_on=DAY),
        lambda: aftercare_issue(solved_on=DAY, solved_by=_person()),
    ],
    "plan_change_what_known": [lambda: plan_change(what="party")],
    "funds_plan_amount_positive": [lambda: funds_plan(amount=Decimal(0))],
    "status_request_one_open": [lambda: _twice(status_request, project=ProjectFactory())],
    "status_request_status_known": [lambda: status_request(status="dead")],
    "status_request_reason_given": [lambda: status_request(reason="")],
    "status_request_decided_whole": [
        lambda: status_request(decided_at=NOON),
        lambda: status_request(is_approved=True),
        lambda: status_request(decided_at=NOON, decided_by=_person()),
    ],
    "report_kind_known": [lambda: report(kind="week")],
    "report_state_known": [lambda: report(state="lost")],
    "report_number_of_its_kind": [
        lambda: report(number=5),
        lambda: report(kind="month", number=13),
        lambda: report(kind="year", number=2),
        lambda: report(number=0),
    ],
    "report_version_once": [lambda: _twice(report, park=_park())],
    "report_county_version_once": [lambda: _twice(report)],
    "report_frozen_whole": [lambda: report(state="frozen")],
    "report_correction_with_reason": [lambda: report(version=2, corrects=report())],
    "report_share_has_password": [lambda: report_share(password="")],
    "target_proposal_one_open": [lambda: _twice(target_proposal)],
    "target_proposal_reason_given": [lambda: target_proposal(reason="")],
    "target_proposal_decided_whole": [
        lambda: target_proposal(decided_at=NOON),
        lambda: target_proposal(is_approved=True),
        lambda: target_proposal(decided_at=NOON, decided_by=_person()),
    ],
    "project_tag_once": [lambda: _twice(project_tag, project=ProjectFactory(), tag=tag())],
    "saved_view_name_once_per_owner": [lambda: _twice(saved_view)],
    "saved_view_role_known": [lambda: saved_view(shared_role="king")],
    "factor_need_kind_known": [lambda: make.FactorNeedFactory(kind="luck")],
    "review_kind_known": [lambda: make.ReviewFactory(kind="film")],
    # milestones
    "milestone_kind_known": [lambda: milestone(kind="dream", contract_kind="")],
    "milestone_contract_kind_on_signings": [
        lambda: milestone(contract_kind=""),
        lambda: milestone(contract_kind="oral"),
        lambda: progress(contract_kind="formal"),
    ],
    "milestone_precision_known": [lambda: milestone(precision="year")],
    "milestone_amount_positive": [
        lambda: milestone(amount=Decimal(0)),
        lambda: milestone(amount=Decimal(-1)),
        lambda: milestone(amount=None),
    ],
    "milestone_expansion_of_progress": [
        lambda: (c := _expansion()) and milestone(project=c.project, expansion=c)
    ],
    "milestone_not_before_its_ground": [
        lambda: progress(occurred_on=DAY, not_before=dt.date(2026, 9, 21))
    ],
    "milestone_progress_has_ground": [
        lambda: progress(not_before=None),
        lambda: progress(kind="production", not_before=None),
    ],
    "milestone_verifier_is_not_claimant": [lambda: milestone(claimed_by=_person(), **verified())],
    "milestone_verified_by_someone": [
        lambda: milestone(**verified(verified_by=None)),
        lambda: milestone(**verified(verified_at=None)),
        lambda: milestone(**verified(verified_at=instant("2026-09-30 11:59"))),
    ],
    "milestone_returned_with_reason": [
        lambda: milestone(**returned(return_reason="")),
        lambda: milestone(**returned(returned_by=None)),
        lambda: milestone(**returned(returned_at=None)),
        lambda: milestone(**returned(returned_at=instant("2026-09-30 11:59"))),
        lambda: milestone(**returned(), **verified()),
        lambda: milestone(return_reason="缺页"),
    ],
    "milestone_revoked_with_reason": [
        lambda: milestone(**revoked(revoke_reason="")),
        lambda: milestone(**revoked(revoked_by=None)),
        lambda: milestone(**revoked(revoked_at=None)),
        lambda: milestone(**revoked(verified_at=None, verified_by=None)),
        lambda: milestone(**revoked(revoked_at=instant("2026-09-30 11:59"))),
    ],
    "milestone_waiver_has_reason": [lambda: milestone(waived="park")],
    "milestone_history_has_row": [lambda: milestone(is_historical=True)],
    "milestone_one_effective": [
        lambda: _twice(milestone, project=project(), **verified()),
        lambda: _twice(progress, project=project(), **verified()),
    ],
    "milestone_one_open": [
        lambda: _twice(milestone, project=project()),
        lambda: _twice(progress, project=project()),
    ],
    "milestone_one_effective_of_expansion": [lambda: _two_of_an_expansion(**verified())],
    "milestone_one_open_of_expansion": [_two_of_an_expansion],
    "milestone_share_once_per_park": [lambda: _twice(milestone_share, milestone=milestone())],
    "milestone_share_percent": [
        lambda: milestone_share(percent=Decimal(0)),
        lambda: milestone_share(percent=Decimal("100.01")),
    ],
    # funds
    "funds_receipt_precision_known": [lambda: receipt(precision="year")],
    "funds_receipt_not_zero": [lambda: receipt(amount=Decimal(0))],
    "funds_receipt_verifier_is_not_recorder": [
        lambda: receipt(recorded_by=_person(), **verified())
    ],
    "funds_receipt_verified_by_someone": [
        lambda: receipt(**verified(verified_by=None)),
        lambda: receipt(**verified(verified_at=None)),
        lambda: receipt(**verified(verified_at=LONG_AGO)),
    ],
    "funds_receipt_proved": [lambda: receipt(document=None, **verified())],
    "funds_share_once_per_park": [lambda: _twice(funds_share, receipt=receipt())],
    "funds_share_percent": [
        lambda: funds_share(percent=Decimal(0)),
        lambda: funds_share(percent=Decimal("100.01")),
    ],
    # loads
    "load_undone_by_someone": [
        lambda: load(undone_at=NOON),
        lambda: load(undone_by=_person()),
    ],
    "load_row_outcome_known": [lambda: load_row(outcome="lost")],
    "load_row_loaded_has_subject": [lambda: load_row(project=None)],
    "load_kind_known": [lambda: load(kind="novel")],
    "load_row_rejected_with_reason": [
        lambda: load_row(outcome="rejected", code="bad_date"),
        lambda: load_row(outcome="rejected", message="读不懂"),
    ],
    # the county
    "county_settings_minimum_not_negative": [
        lambda: county_settings(minimum_investment=Decimal(-1))
    ],
    "county_settings_spans_positive": [
        lambda: county_settings(protection_months=0),
        lambda: county_settings(protection_idle_days=0),
        lambda: county_settings(protection_extension_months=0),
        lambda: county_settings(quiet_after_days=0),
        lambda: county_settings(inspection_after_days=0),
        lambda: county_settings(inspection_deadline_days=0),
        lambda: county_settings(lead_answer_days=0),
        lambda: county_settings(lead_judge_days=0),
        lambda: county_settings(lead_feedback_days=0),
        lambda: county_settings(lead_report_days=0),
    ],
    "contract_term_kind_known": [lambda: ContractTerm.objects.create(term="口头", kind="oral")],
    "target_metric_known": [lambda: target(metric="happiness")],
    "target_value_positive": [lambda: target(value=Decimal(0))],
    "target_has_its_holder": [
        lambda: target(park=_park()),
        lambda: target(holder="park"),
        lambda: target(holder="unit"),
        lambda: target(holder="officer"),
        lambda: target(holder="moon"),
        lambda: target(holder="unit", unit="招商局", officer=_person()),
    ],
    "target_plan_whole_or_absent": [
        lambda: target(**plan(10, None, None)),
        lambda: target(**plan(None, 20, 30)),
        lambda: target(**plan(20, 10, 30)),
        lambda: target(**plan(10, 20, 51)),
        lambda: target(**plan(-1, 20, 30)),
    ],
}


CASES |= promises_refused.CASES


def _declared() -> dict[str, models.BaseConstraint]:
    return {
        constraint.name: constraint
        for app in ("crm", "pipeline")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }


def test_every_constraint_has_a_case() -> None:
    assert CASES.keys() == _declared().keys()


@pytest.mark.parametrize(
    ("name", "act"),
    [
        pytest.param(name, act, id=f"{name}-{number}")
        for name, acts in CASES.items()
        for number, act in enumerate(acts)
    ],
)
def test_each_constraint_refuses(name: str, act: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    said = str(caught.value)
    if connection.vendor == "postgresql" or isinstance(_declared()[name], models.CheckConstraint):
        assert name in said
    else:  # SQLite names the columns of a unique index, not the index
        assert "UNIQUE constraint failed" in said


def test_every_constraint_says_in_chinese_what_is_wrong() -> None:
    silent = [
        name
        for name, constraint in _declared().items()
        if not any("\u4e00" <= sign <= "\u9fff" for sign in str(constraint.violation_error_message))
    ]
    assert not silent
