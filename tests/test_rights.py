"""Every address as every role, in the own park, another park and the county, and logged out.

The table below is written down apart from ``crm/rights.py``, so that a slip there shows
here. An address that the table does not know fails the suite: a new page comes with its
row. The rule for all but the open ones:

- who is not logged in is sent to the log-in page;
- a role that may not gets 403;
- a row of another park is 404, as if there were none;
- else the page answers with the status in the table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from crm.calendar_feeds import renew
from crm.merging import merge, merge_contacts
from crm.models import (
    Area,
    Attachment,
    CalendarDay,
    Chain,
    FirstReport,
    Job,
    JobState,
    Park,
    ReportDispute,
    Role,
    Tag,
    Team,
    User,
)
from crm.notices import tell
from crm.organizations import attach
from pipeline import area_reviews
from pipeline.interactions import record
from pipeline.models import (
    AftercareIssue,
    ContractTerm,
    CountySettings,
    DocumentKind,
    Escalation,
    FactorKind,
    FactorNeed,
    FundsPlan,
    Project,
    ReturnReason,
    SavedView,
    StatusRequest,
    TargetProposal,
)
from pipeline.months import Month
from pipeline.score_schemes import Entry, set_scheme
from pipeline.stages import MilestoneKind
from tests.factories import (
    ChannelFactory,
    ContactFactory,
    DocumentFactory,
    FundsReceiptFactory,
    IndustryFactory,
    LoadRowFactory,
    OrganizationFactory,
    ParkFactory,
    ProjectFactory,
    ReportFactory,
    ReportShareFactory,
    TargetFactory,
    UserFactory,
    claim,
    instant,
    prepare_start,
    the_verifier,
)
from tests.ledger_factories import (
    AreaFactory,
    DeliveryFactory,
    EscalationFactory,
    LedgerFileFactory,
    LedgerItemFactory,
    MeetingFactory,
    NoticeChannelFactory,
    RollupCheckFactory,
    ScoreAppealFactory,
    UnitFactory,
    person_of,
    the_supervisor,
)

OFFICER, MANAGER, VERIFIER = "officer", "manager", "verifier"
LEADER, SUPERVISOR, AUDITOR, ADMIN = "leader", "supervisor", "auditor", "admin"
PEOPLE = {OFFICER, MANAGER, VERIFIER, LEADER, SUPERVISOR, AUDITOR, ADMIN}
UNIT = "unit"  # who is of a department only: sees its tasks, not the county's projects
ANYBODY = PEOPLE | {UNIT}
EDITORS = {OFFICER, MANAGER}
MERGERS = {MANAGER, VERIFIER, ADMIN}
RECORDERS = {OFFICER, MANAGER, LEADER}
LOADERS = PEOPLE - {SUPERVISOR}
IMPORTERS = {OFFICER, MANAGER, VERIFIER, ADMIN}
DRAFTERS = {VERIFIER, LEADER, SUPERVISOR, MANAGER}
KEEPERS = {OFFICER, MANAGER, ADMIN}  # of companies
LONG_DUE = dt.date(2026, 9, 23)
MONTHS = (*("monthly_month", "monthly_items", "monthly_file", "monthly_workbook", "promise_list"),)
AREAS = ("area_review", "area_write", "area_instruct", "area_file")


@dataclass(frozen=True)
class Rule:
    """Who may (``roles``), on what, and what a GET and a POST without any data then answer.

    ``row``: "", "project", "item" of the own park's unit, "county" for who has no park only,
    "asked" for who asked for it and the administrator, or "own" for whose it is.
    """

    roles: set[str]
    row: str = ""
    get: int = 200
    post: int | None = None


@dataclass(frozen=True)
class Open:
    """The same for everybody: what it answers to who is logged in, and to who is not."""

    inside: int
    outside: int


def reads(roles: set[str], row: str = "") -> Rule:
    return Rule(roles, row)


def acts(roles: set[str], row: str, post: int) -> Rule:
    return Rule(roles, row, get=405, post=post)


PAGES: dict[str, Rule | Open] = {
    "healthz": Open(200, 200),
    "readyz": Open(200, 200),
    "set_language": Open(302, 302),
    "cockpit": reads(PEOPLE),
    "cockpit_charts": reads(PEOPLE),
    "figure": reads(PEOPLE),
    "project_list": reads(PEOPLE),
    "board": reads(PEOPLE),
    "board_column": reads(PEOPLE),
    "board_gate": Rule(EDITORS, "project", get=422, post=422),
    "project_export": acts(PEOPLE, "", 200),
    "project_bulk": acts(EDITORS, "", 422),
    "project_bulk_undo": acts(EDITORS, "own", 302),
    "view_list": Rule(PEOPLE - {AUDITOR}, post=422),
    "view_change": acts(PEOPLE - {AUDITOR}, "own", 302),
    "view_delete": acts(PEOPLE - {AUDITOR}, "own", 302),
    "project_new": Rule(EDITORS, post=422),
    "project": reads(PEOPLE, "project"),
    "project_edit": Rule(EDITORS, "project", post=422),
    "milestone_claim": acts(EDITORS, "project", 422),
    "document_new": acts(EDITORS, "project", 422),
    "interaction_new": acts(EDITORS, "project", 422),
    "review_new": acts(EDITORS, "project", 422),
    "factor_new": acts(EDITORS, "project", 422),
    "contact_new": acts(EDITORS, "project", 422),
    "factor_met": acts(EDITORS, "project", 302),
    "factor_edit": acts(EDITORS, "project", 302),
    "factor_unmeet": acts(EDITORS, "project", 302),
    "project_timeline": reads(PEOPLE, "project"),
    "project_tags": acts(EDITORS, "project", 302),
    "project_task_new": acts({OFFICER, MANAGER, LEADER}, "project", 422),
    "status_new": acts(EDITORS, "project", 422),
    "status_approve": acts({MANAGER, LEADER}, "project", 302),
    "status_refuse": acts({MANAGER, LEADER}, "project", 422),
    "status_withdraw": acts(EDITORS, "project", 302),
    "funds_plan_new": acts(EDITORS, "project", 422),
    "funds_plan_withdraw": acts(EDITORS, "project", 302),
    "issue_new": acts(EDITORS, "project", 422),
    "issue_solve": acts(EDITORS, "project", 422),
    "issue_reopen": acts(EDITORS, "project", 302),
    "expansion_new": acts(EDITORS, "project", 422),
    "aftercare": reads(PEOPLE),
    "funds_new": acts(EDITORS, "project", 422),
    "funds_verify": acts({VERIFIER}, "project", 302),
    "milestone_verify": acts({VERIFIER}, "project", 302),
    "milestone_return": acts({VERIFIER}, "project", 422),
    "milestone_revoke": acts({VERIFIER}, "project", 422),
    "milestone_correct": acts({VERIFIER}, "project", 422),
    "document": reads(PEOPLE, "project"),
    "document_view": reads(PEOPLE, "project"),
    "verification": reads({VERIFIER, AUDITOR}),
    "verification_recent": reads({VERIFIER, AUDITOR}),
    "verification_together": acts({VERIFIER}, "", 302),
    "verification_claim": reads({VERIFIER, AUDITOR}, "project"),
    "verification_verify": acts({VERIFIER}, "project", 302),
    "verification_return": acts({VERIFIER}, "project", 422),
    "verification_revoke": acts({VERIFIER}, "project", 422),
    "verification_correct": acts({VERIFIER}, "project", 422),
    "verification_receipt": reads({VERIFIER, AUDITOR}, "project"),
    "verification_receipt_verify": acts({VERIFIER}, "project", 302),
    "verification_receipt_question": acts({VERIFIER}, "project", 422),
    "load_list": reads(LOADERS),
    "load": reads(LOADERS, "county"),
    "load_undo": acts(IMPORTERS, "county", 302),
    "import_new": Rule(IMPORTERS, post=422),
    "import_mapping": Rule(IMPORTERS, "own", post=404),
    "import_preview": reads(IMPORTERS, "own"),
    "import_load": acts(IMPORTERS, "own", 404),
    "import_template": reads(IMPORTERS),
    "load_workbook": reads(LOADERS, "county"),
    "organization_suggest": reads(EDITORS),
    "organization_list": reads(PEOPLE),
    "organization_options": reads(PEOPLE),
    "organization_new": Rule(KEEPERS, post=422),
    "organization": reads(PEOPLE, "project"),
    "organization_edit": Rule(KEEPERS, "project", post=422),
    "contact_list": reads(PEOPLE),
    "contact_add": acts(KEEPERS, "project", 422),
    "contact_edit": Rule(KEEPERS, "project", post=422),
    "contact_primary": acts(KEEPERS, "project", 302),
    "contact_left": acts(KEEPERS, "project", 422),
    "contact_back": acts(KEEPERS, "project", 302),
    "organization_duplicates": reads(PEOPLE),
    "duplicate_groups": reads(MERGERS),
    "organization_merge": Rule(MERGERS, get=302, post=404),
    "merge_list": reads(MERGERS),
    "merge": reads(MERGERS, "project"),
    "merge_undo": acts(MERGERS, "project", 302),
    "contact_merge": Rule(MERGERS, get=302, post=404),
    "contact_merged": reads(MERGERS, "project"),
    "contact_merge_undo": acts(MERGERS, "project", 302),
    "attachment_add": acts(KEEPERS, "project", 422),
    "attachment": reads(PEOPLE, "project"),
    "attachment_withdraw": acts(KEEPERS, "project", 302),
    "attachment_restore": acts(KEEPERS, "project", 302),
    "search": reads(PEOPLE),
    "comparison": reads(PEOPLE),
    "forecast": reads(PEOPLE),
    "targets": Rule(PEOPLE),
    "target_workbook": reads(PEOPLE),
    "target_read": acts({VERIFIER, LEADER, ADMIN}, "", 302),
    "target_approve": acts({LEADER, ADMIN}, "", 302),
    "target_refuse": acts({VERIFIER, LEADER, ADMIN}, "", 302),
    "report_list": Rule(PEOPLE),
    "report": reads(PEOPLE, "county"),
    "report_file": reads(PEOPLE, "county"),
    "report_print": acts(PEOPLE, "county", 302),
    "report_changes": reads(PEOPLE, "county"),
    "report_write": acts(DRAFTERS, "county", 302),
    "report_submit": acts(DRAFTERS, "county", 302),
    "report_back": acts(DRAFTERS, "county", 302),
    "report_approve": acts({LEADER}, "county", 302),
    "report_freeze": acts({VERIFIER, LEADER}, "county", 302),
    "report_correct": acts(DRAFTERS, "county", 422),
    "report_share": acts({VERIFIER, LEADER}, "county", 422),
    "report_unshare": acts({VERIFIER, LEADER}, "county", 302),
    "report_shared": Open(200, 200),
    "report_shared_file": Open(302, 302),
    "lead_list": reads(PEOPLE),
    "lead_new": Rule(EDITORS, post=422),
    "lead_check": reads(PEOPLE),
    "first_report": reads(PEOPLE, "project"),
    "first_report_extend": acts({MANAGER, LEADER}, "project", 422),
    "first_report_ask": acts(EDITORS, "project", 422),
    "first_report_release": acts(EDITORS, "project", 422),
    "first_report_again": acts(EDITORS, "project", 302),
    "dispute_new": Rule(EDITORS, post=422),
    "dispute": reads(PEOPLE, "project"),
    "dispute_decide": acts({MANAGER, LEADER}, "project", 422),
    "project_transfer": Rule({MANAGER, LEADER}, "project", post=422),
    "home": reads(ANYBODY),
    "my_day": reads(PEOPLE),
    "my_day_block": reads(PEOPLE),
    "interaction_list": reads(PEOPLE),
    "capture": Rule(RECORDERS, post=422),
    "interaction": reads(PEOPLE, "project"),
    "interaction_photo": reads(PEOPLE, "project"),
    "follow_up_list": reads(PEOPLE),
    "follow_up_new": Rule(RECORDERS, post=422),
    "follow_up": reads(PEOPLE, "project"),
    "follow_up_done": acts(RECORDERS, "project", 302),
    "follow_up_reopen": acts(RECORDERS, "project", 302),
    "follow_up_move": acts(RECORDERS, "project", 422),
    "follow_up_hand_over": acts(RECORDERS, "project", 422),
    "follow_up_give_up": acts(RECORDERS, "project", 422),
    "calendar": reads(PEOPLE),
    "calendar_link": reads(PEOPLE),
    "calendar_link_renew": acts(PEOPLE, "", 302),
    "calendar_link_remove": acts(PEOPLE, "", 302),
    "calendar_feed": Open(200, 200),
    "scorecards": reads(ANYBODY),
    "scorecard_export": reads(ANYBODY),
    "scorecard": reads(ANYBODY, "item"),
    "score_evidence": reads(ANYBODY, "item"),
    "score_appeal": acts({OFFICER, MANAGER, UNIT}, "item", 422),
    "score_appeals": reads(ANYBODY),
    "score_answer": acts({SUPERVISOR, LEADER}, "item", 422),
    "score_schemes": Rule(ANYBODY),
    "falsehood_of_milestone": Rule({VERIFIER, SUPERVISOR}, "project", post=422),
    "falsehood_of_item": Rule({VERIFIER, SUPERVISOR}, "item", post=422),
    "ledger_overview": reads(ANYBODY),
    "ledger": reads(ANYBODY),
    "ledger_keep": Rule({SUPERVISOR, ADMIN}, post=422),
    "ledger_change": Rule({SUPERVISOR, ADMIN}, post=422),
    "ledger_close": acts({SUPERVISOR, ADMIN}, "", 302),
    "item_list": reads(ANYBODY),
    "item_export": acts(ANYBODY, "", 200),
    "item_bulk": acts({SUPERVISOR, LEADER}, "", 302),
    "item_new": Rule({SUPERVISOR}, post=422),
    "item": reads(ANYBODY, "item"),
    "item_edit": Rule({SUPERVISOR}, "item", post=422),
    "item_child": acts({SUPERVISOR}, "item", 422),
    "item_act": acts({SUPERVISOR, LEADER}, "item", 422),  # a note
    "ledger_file": reads(ANYBODY, "item"),
    "meeting_list": reads(ANYBODY),
    "meeting_new": Rule({SUPERVISOR}, post=422),
    "meeting": reads(ANYBODY, "item"),
    "meeting_edit": Rule({SUPERVISOR}, "item", get=302, post=302),
    "meeting_split": Rule({SUPERVISOR}, "item", get=302, post=302),
    "monthly_progress": reads(ANYBODY),
    "monthly_month": reads(ANYBODY),
    "monthly_items": reads(ANYBODY),
    "monthly_file": acts(EDITORS | {UNIT}, "", 302),
    "monthly_workbook": reads(ANYBODY),
    "promise_list": reads(ANYBODY),
    "area_list": reads({LEADER, SUPERVISOR, AUDITOR, ADMIN}),
    "area_review": reads({LEADER, SUPERVISOR, AUDITOR, ADMIN}, "county"),
    "area_write": acts({LEADER}, "county", 422),
    "area_instruct": acts({LEADER}, "county", 422),
    "area_file": acts({LEADER}, "county", 302),
    "lead_clock_list": reads(PEOPLE),
    "lead_handle": acts(EDITORS, "project", 422),
    "escalation_list": reads(ANYBODY),
    "escalation_decide": acts({SUPERVISOR, LEADER}, "item", 422),
    "notice_list": reads(ANYBODY),
    "notices_read": acts(ANYBODY, "", 302),
    "notice": reads(ANYBODY, "own"),
    "notice_settings": Rule(ANYBODY, post=302),
    "notice_settings_test": acts(ANYBODY, "", 302),
    "notice_channel_list": Rule({ADMIN}, post=422),
    "notice_channel": Rule({ADMIN}, post=422),
    "notice_channel_test": acts({ADMIN}, "", 302),
    "notice_channel_switch": acts({ADMIN}, "", 302),
    "delivery_list": reads(ANYBODY),
    "deliveries_again": acts({ADMIN}, "", 302),
    "delivery_again": acts({ADMIN}, "", 302),
    "delivery_arrived": acts({ADMIN}, "", 302),
    "job_list": reads(ANYBODY),
    "job": reads(ANYBODY, "asked"),
    "job_cancel": acts(ANYBODY, "asked", 302),
    "job_retry": acts(ANYBODY, "asked", 302),
    "job_download": reads(ANYBODY, "asked"),
    "schedule_list": reads({ADMIN}),
    "check_list": reads({VERIFIER, AUDITOR, ADMIN}),
    "check": reads({VERIFIER, AUDITOR, ADMIN}),
}

ACCOUNTS: dict[str, Rule | Open] = {
    "account_login": Open(302, 200),
    "account_logout": Open(200, 302),
    "account_inactive": Open(200, 200),
    "account_signup": Open(302, 200),
    "account_reauthenticate": Open(200, 302),
    "account_email": Open(200, 302),
    "account_email_verification_sent": Open(200, 200),
    "account_change_password": Open(200, 302),
    "account_set_password": Open(302, 302),
    "account_reset_password": Open(200, 200),
    "account_confirm_login_code": Open(302, 302),
    "account_confirm_email": Open(200, 200),
    "account_reset_password_from_key_done": Open(200, 200),
    "account_reset_password_from_key": Open(200, 200),
    "account_reset_password_done": Open(200, 200),
    "mfa_index": Open(200, 302),
    "mfa_authenticate": Open(302, 302),
    "mfa_reauthenticate": Open(302, 302),
    "mfa_activate_totp": Open(302, 302),
    "mfa_deactivate_totp": Open(404, 302),
    "mfa_view_recovery_codes": Open(404, 302),
    "mfa_generate_recovery_codes": Open(302, 302),
    "mfa_download_recovery_codes": Open(404, 302),
}


def administered(model: str, *, add: int = 200, delete: int = 403) -> dict[str, Rule | Open]:
    """The addresses that the administrators' site gives a model."""
    return {
        f"admin:{model}_changelist": reads({ADMIN}),
        f"admin:{model}_add": Rule({ADMIN}, get=add),
        f"admin:{model}_history": reads({ADMIN}),
        f"admin:{model}_delete": Rule({ADMIN}, get=delete),
        f"admin:{model}_change": reads({ADMIN}),
        f"admin:{model}_old_address": Rule({ADMIN}, get=302),
    }


ADMINISTRATION: dict[str, Rule | Open] = {
    "admin:index": reads({ADMIN}),
    "admin:login": Open(302, 302),
    "admin:logout": Rule({ADMIN}, get=405),
    "admin:password_change": Rule({ADMIN}, get=302),
    "admin:password_change_done": reads({ADMIN}),
    "admin:autocomplete": Rule({ADMIN}, get=403),
    "admin:jsi18n": reads({ADMIN}),
    "admin:view_on_site": Rule({ADMIN}, get=404),
    "admin:app_list": reads({ADMIN}),
    "admin:catch_all": Rule({ADMIN}, get=404),
    "admin:auth_user_password_change": reads({ADMIN}),
    **administered("crm_user"),
    **administered("crm_park"),
    **administered("crm_area"),
    **administered("crm_unit"),
    **administered("crm_channel"),
    **administered("crm_team"),
    **administered("crm_chain"),
    **administered("crm_tag"),
    **administered("crm_industry"),
    **administered("crm_calendarday", delete=200),
    **administered("axes_accessattempt", add=403, delete=200),
    **administered("pipeline_target"),
    **administered("pipeline_countysettings"),
    **administered("pipeline_contractterm", delete=200),
    **administered("pipeline_returnreason", delete=200),
}

TABLE = {**PAGES, **ACCOUNTS, **ADMINISTRATION}


def addresses() -> Iterator[tuple[str, str]]:
    """(name, route) of every pattern that the site resolves."""

    def walk(patterns: Any, route: str, namespace: str) -> Iterator[tuple[str, str]]:
        model = ""
        for pattern in patterns:
            whole = route + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inner = f"{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, whole, inner)
            elif isinstance(pattern, URLPattern):
                if pattern.name:
                    model = pattern.name.rpartition("_")[0]
                    yield namespace + pattern.name, whole
                elif whole.endswith("<path:object_id>/"):
                    yield f"{namespace}{model}_old_address", whole
                else:
                    yield f"{namespace}catch_all", whole

    yield from walk(get_resolver().url_patterns, "", "")


@dataclass(frozen=True)
class World:
    """A park with rows in every state that an address is about, and another park."""

    own: Park
    other: Park
    keys: dict[str, Any]


def of_the_day(project: Project) -> dict[str, Any]:
    """A meeting with a photo and a next step, a notice and a calendar link of the officer's."""
    officer, at = project.officer, instant("2026-03-05 10:00")
    assert officer is not None
    met = record(
        organization=project.investor,
        project=project,
        kind="visit_out",
        occurred_on=dt.date(2026, 3, 5),
        summary="看厂区",
        photos=[ContentFile(b"\xff\xd8\xff\xe0", "现场.jpg")],
        next_step="送合同",
        next_on=dt.date(2026, 3, 9),
        by=officer,
        at=at,
    )
    tell([officer], kind="test", text="已核验", url="/projects/", key="one", at=at)
    step = met.follow_ups.get().pk
    acts_on_it = ("done", "reopen", "move", "hand_over", "give_up")
    return {
        "interaction": met.pk,
        "interaction_photo": (met.pk, met.photos.get().pk),
        "follow_up": step,
        **{f"follow_up_{act}": step for act in acts_on_it},
        "notice": officer.notices.get(key="one").pk,
        **of_what_goes_out(),
        "calendar_feed": renew(by=officer, at=at).token,
        "my_day_block": "quiet",
    }


def of_score_cards(park: Park) -> dict[str, Any]:
    """The card of the park's own committee, an item of it, and an appeal."""
    unit, meeting = UnitFactory(name="own unit", park=park), MeetingFactory()
    lines = (Entry("closed_items", Decimal(100), Decimal(4)),)
    set_scheme(
        "unit", 2026, lines, reason="办法", by=the_supervisor(), at=instant("2026-01-01 08:00")
    )
    card = ("unit", str(unit.pk))
    return {
        "scorecard": card,
        "score_appeal": card,
        "score_evidence": (*card, "closed_items"),
        "score_answer": ScoreAppealFactory(unit=unit, measure="closed_items").pk,
        "falsehood_of_item": LedgerItemFactory(active=True, unit=unit, meeting=meeting).pk,
        **dict.fromkeys(("meeting", "meeting_edit", "meeting_split"), meeting.pk),
    }


def of_what_goes_out() -> dict[str, Any]:
    """A channel of the county's, and a message in it of which nobody knows whether it came."""
    channel = NoticeChannelFactory(name="督查群")
    row = DeliveryFactory(user=None, channel=channel, state="doubtful")
    return {
        **dict.fromkeys(("notice_channel", "notice_channel_switch"), channel.pk),
        "notice_channel_test": channel.pk,
        "delivery_again": row.pk,
        "delivery_arrived": row.pk,
    }


def an_area_that_was_filed() -> Area:
    """An area whose leader filed the analysis of September: every leader reads it."""
    leader = UserFactory(username="area-leader", role=LEADER)
    area: Area = AreaFactory(leader=leader)
    month, at = Month(2026, 9), instant("2026-09-30 10:00")
    area_reviews.write(area, month, analysis="总体平稳", by=leader, at=at)
    area_reviews.file(area, month, by=leader, at=at)
    return area


def of_the_ledgers(park: Park) -> dict[str, Any]:
    """An item that the park's committee answers for, with a file."""
    unit = UnitFactory(name="own unit", park=park)
    item = LedgerItemFactory(issued=True, unit=unit)
    file = LedgerFileFactory(item=item)
    file_content = ContentFile(b"%PDF-1.7")
    file.file.storage.save(file.file.name, file_content)
    return {
        **dict.fromkeys(("item", "item_edit", "item_child"), item.pk),
        "item_act": (item.pk, "note"),
        "ledger_file": file.pk,
        **dict.fromkeys(("ledger", "ledger_change", "ledger_close"), item.ledger.slug),
    }


def proposal_in(park: Park) -> Escalation:
    """An inspection that is proposed for an item of the park's committee."""
    item = LedgerItemFactory(active=True, unit=park.unit, node="feedback", clock_due_on=LONG_DUE)
    return EscalationFactory(item=item, level=3, state="proposed", clock_due_on=LONG_DUE)


@pytest.fixture
def world(db: None) -> World:
    park = ParkFactory(slug="rare-metals")
    project = ProjectFactory(signed=True, park=park)
    prepare_start(project)
    claimed = claim(project, MilestoneKind.GROUNDBREAKING, on=dt.date(2026, 6, 1))
    verified = project.milestones.get(kind=MilestoneKind.SIGNING)
    filed = claim(project, MilestoneKind.FILING, on=dt.date(2026, 5, 20))
    money = FundsReceiptFactory(project=project)
    document = DocumentFactory(project=project, kind=DocumentKind.OTHER)
    document.file.save("contract.pdf", ContentFile(b"%PDF-1.7"))
    load = LoadRowFactory(project=project).load
    load.file.save("ledger.xlsx", ContentFile(b"PK"))
    need = FactorNeed.objects.create(
        project=project,
        kind=FactorKind.ENERGY,
        recorded_at=instant("2026-03-01 10:00"),
        recorded_by=project.officer,
    )
    recorded = {"recorded_at": instant("2026-03-01 10:00"), "recorded_by": project.officer}
    asked = StatusRequest.objects.create(
        project=project,
        status="suspended",
        occurred_on=dt.date(2026, 3, 1),
        reason="缓建",
        requested_at=recorded["recorded_at"],
        requested_by=project.officer,
    )
    issue = AftercareIssue.objects.create(
        project=project, what="用电", raised_on=dt.date(2026, 3, 1), **recorded
    )
    plan = FundsPlan.objects.create(
        project=project, due_on=dt.date(2026, 3, 1), amount=1, **recorded
    )
    settings = CountySettings.objects.create(recorded_at=instant("2026-01-01 08:00"), reason="启用")
    day = CalendarDay.objects.create(day=dt.date(2026, 10, 1), is_working=False, name="国庆节")
    attempt = AccessAttempt.objects.create(
        username="x", ip_address="192.0.2.1", failures_since_start=1
    )
    job = Job.objects.create(
        kind="ledger.import",
        asked_by=project.officer,
        created_at=instant("2026-03-01 10:00"),
        started_at=instant("2026-03-01 10:00"),
        finished_at=instant("2026-03-01 10:00"),
        state=JobState.DONE,
        attempt=1,
    )
    job.download.save("rejects.xlsx", ContentFile(b"PK"))
    bulletin = ReportFactory(
        version=2, reason="更正", corrects=ReportFactory(content={"tables": {}}, rows={})
    )
    proposal = TargetProposal.objects.create(
        year=2026,
        reason="调增",
        proposed_at=instant("2026-03-01 10:00"),
        proposed_by=project.officer,
    )
    link = ReportShareFactory(report=bulletin, expires_at=instant("2099-01-01 00:00"))
    contact = ContactFactory(organization=project.investor)
    kept, shown, withdrawn = (
        attach(
            project.investor,
            file=ContentFile(b"%PDF-1.7 " + name.encode(), f"{name}.pdf"),
            by=project.officer,
            at=instant("2026-03-01 10:00"),
        )
        for name in ("kept", "shown", "withdrawn")
    )
    Attachment.objects.filter(pk=withdrawn.pk).update(withdrawn_at=instant("2026-03-02 10:00"))
    report, lapsed = (
        FirstReport.objects.create(
            organization=organization,
            park=park,
            officer=project.officer,
            reported_on=dt.date(2026, 3, 1),
            protected_until=dt.date(2026, 9, 1),
            active_on=dt.date(2026, 3, 1),
            recorded_at=instant("2026-03-01 10:00"),
        )
        for organization in (project.investor, OrganizationFactory())
    )
    dispute = ReportDispute.objects.create(
        report=report,
        park=ParkFactory(slug="third"),
        grounds="先到企业考察",
        raised_at=instant("2026-03-02 10:00"),
        raised_by=UserFactory(username="claimant", park=ParkFactory(slug="third")),
    )
    merged, merged_contact = (
        act(kept, other, by=the_verifier(), at=instant("2026-03-01 10:00"))
        for act, kept, other in (
            (merge, project.investor, OrganizationFactory()),
            (merge_contacts, *ContactFactory.create_batch(2, organization=project.investor)),
        )
    )
    view = SavedView.objects.create(
        name="我的", owner=project.officer, created_at=instant("2026-03-01 10:00")
    )
    return World(
        own=park,
        other=ParkFactory(slug="modern-agriculture"),
        keys={
            **of_the_day(project),
            **of_the_ledgers(park),
            "project": project.pk,
            **dict.fromkeys(
                (
                    *("first_report", "first_report_extend", "first_report_ask"),
                    *("first_report_release", "dispute_new"),
                ),
                report.pk,
            ),
            "first_report_again": lapsed.pk,
            "dispute": dispute.pk,
            "dispute_decide": dispute.pk,
            "milestone_verify": claimed.pk,
            "milestone_return": claimed.pk,
            "milestone_revoke": verified.pk,
            "milestone_correct": verified.pk,
            "document": document.pk,
            "document_view": document.pk,
            "verification_claim": claimed.pk,
            "verification_verify": filed.pk,
            "verification_return": claimed.pk,
            "verification_revoke": verified.pk,
            "verification_correct": verified.pk,
            "verification_receipt": money.pk,
            "verification_receipt_verify": FundsReceiptFactory(project=project).pk,
            "verification_receipt_question": money.pk,
            **dict.fromkeys(["factor_met", "factor_edit", "factor_unmeet"], need.pk),
            **dict.fromkeys(["status_approve", "status_refuse", "status_withdraw"], asked.pk),
            **dict.fromkeys(["issue_solve", "issue_reopen"], issue.pk),
            "funds_plan_withdraw": plan.pk,
            "funds_verify": FundsReceiptFactory(project=project).pk,
            "load": load.pk,
            "check": RollupCheckFactory().pk,
            "job": job.pk,
            "job_cancel": job.pk,
            "job_retry": job.pk,
            "import_mapping": job.pk,
            "import_preview": job.pk,
            "import_load": job.pk,
            "job_download": job.pk,
            "board_column": "signed",
            "project_bulk_undo": job.pk,
            "view_change": view.pk,
            "view_delete": view.pk,
            "organization": project.investor_id,
            "merge": merged.pk,
            "merge_undo": merged.pk,
            "contact_merged": merged_contact.pk,
            "contact_merge_undo": merged_contact.pk,
            "organization_edit": project.investor_id,
            "contact_add": project.investor_id,
            "attachment_add": project.investor_id,
            "contact_edit": contact.pk,
            "contact_primary": contact.pk,
            "contact_left": contact.pk,
            "contact_back": contact.pk,
            "attachment": kept.pk,
            "attachment_withdraw": shown.pk,
            "attachment_restore": withdrawn.pk,
            **{
                name: bulletin.pk
                for name in PAGES
                if name.startswith("report_") and name != "report_list"
            },
            **dict.fromkeys(MONTHS, "2026-09"),
            **dict.fromkeys(AREAS, (an_area_that_was_filed().pk, "2026-09")),
            **of_score_cards(park),
            "escalation_decide": proposal_in(park).pk,
            "falsehood_of_milestone": verified.pk,
            "target_approve": proposal.pk,
            "target_refuse": proposal.pk,
            "report": bulletin.pk,
            "report_shared": link.token,
            "share": ReportShareFactory(report=bulletin).pk,
            "crm_user": project.officer.pk,
            "crm_park": park.pk,
            "crm_area": AreaFactory().pk,
            "crm_unit": UnitFactory().pk,
            "crm_channel": ChannelFactory().pk,
            "crm_team": Team.objects.create(name="一组").pk,
            "crm_chain": Chain.objects.create(name="稀有金属").pk,
            "crm_tag": Tag.objects.create(name="上市公司").pk,
            "crm_industry": IndustryFactory().pk,
            "crm_calendarday": day.pk,
            "axes_accessattempt": attempt.pk,
            "pipeline_target": TargetFactory().pk,
            "pipeline_countysettings": settings.pk,
            "pipeline_returnreason": ReturnReason.objects.create(text="合同未盖章").pk,
            "pipeline_contractterm": ContractTerm.objects.create(term="正式合同", kind="formal").pk,
        },
    )


def address(name: str, world: World) -> str:
    """A real address of a pattern: on the world's own row, where it is about one."""
    keys = world.keys
    if name == "admin:catch_all":
        return "/admin/nothing/"
    if name == "admin:view_on_site":
        return reverse(name, args=[0, 0])
    if name == "admin:app_list":
        return reverse(name, args=["crm"])
    if name == "admin:auth_user_password_change":
        return reverse(name, args=[keys["crm_user"]])
    if name.endswith("_old_address"):
        model = name.removeprefix("admin:").removesuffix("_old_address")
        return f"/admin/{model.replace('_', '/', 1)}/{keys[model]}/"
    if name.startswith("admin:"):
        model, _underscore, act = name.removeprefix("admin:").rpartition("_")
        has_key = act in {"change", "delete", "history"} and model in keys
        return reverse(name, args=[keys[model]] if has_key else [])
    if name == "import_template":
        return reverse(name, args=["organizations"])
    if name == "figure":
        return reverse(name, args=["signed_projects"])
    if name == "account_confirm_email":
        return reverse(name, args=["no-key"])
    if name == "account_reset_password_from_key":
        return reverse(name, kwargs={"uidb36": "1", "key": "set-password"})
    if name == "report_unshare":
        return reverse(name, args=[keys["report"], keys["share"]])
    if name == "report_file":
        return reverse(name, args=[keys["report"], "html"])
    if name == "report_shared_file":
        return reverse(name, args=[keys["report_shared"], "html"])
    if name in keys:
        key = keys[name]
        return reverse(name, args=key if isinstance(key, tuple) else [key])
    if name in {"load_undo", "load_workbook"}:
        return reverse(name, args=[keys["load"]])
    rule = TABLE[name]
    is_on_project = isinstance(rule, Rule) and rule.row == "project"
    return reverse(name, args=[keys["project"]] if is_on_project else [])


def expected(rule: Rule | Open, role: str, scope: str, method: str) -> int:
    if isinstance(rule, Open):
        return rule.inside
    if method == "GET" and rule.post and rule.get == 405:
        return 405
    if role not in rule.roles:
        return 403
    if rule.row == "own" or (rule.row == "asked" and role != ADMIN):
        return 404
    if rule.row in ("project", "item") and scope == "other":
        return 404
    if rule.row == "county" and scope != "county":
        return 404
    answer = rule.get if method == "GET" else rule.post
    assert answer is not None
    return answer


def methods(rule: Rule | Open) -> list[str]:
    return ["GET", "POST"] if isinstance(rule, Rule) and rule.post else ["GET"]


def person(role: str, scope: str, world: World) -> User:
    park = {"own": world.own, "other": world.other, "county": None}[scope]
    if role == UNIT:
        unit = UnitFactory(name=f"{scope} unit", park=park)
        return person_of(unit, f"{role}-{scope}")
    return UserFactory(username=f"{role}-{scope}", role=role, park=park)


# A manager always has a park, who is of a unit is never of the whole county.
CASES = [
    (role, scope)
    for role in sorted(ANYBODY)
    for scope in ("own", "other", "county")
    if (role, scope) not in {(MANAGER, "county"), (UNIT, "county")}
]


def test_the_table_knows_every_address_and_no_other() -> None:
    assert {name for name, _route in addresses()} == set(TABLE)


def test_the_table_knows_every_role() -> None:
    assert set(Role.values) - {Role.SYSTEM} == ANYBODY


@pytest.mark.parametrize(("role", "scope"), CASES)
def test_every_page_answers_a_role_and_scope_as_the_table_says(
    role: str, scope: str, world: World, client: Client
) -> None:
    assert walk(PAGES, role, scope, world, client) == []


@pytest.mark.parametrize("role", sorted(ANYBODY))
def test_accounts_and_administration_answer_a_role_as_the_table_says(
    role: str, world: World, client: Client
) -> None:
    assert walk({**ACCOUNTS, **ADMINISTRATION}, role, "own", world, client) == []


def walk(
    table: dict[str, Rule | Open], role: str, scope: str, world: World, client: Client
) -> list[tuple[str, str, int, int]]:
    """(method, name, answer, what the table says) of each address that answers otherwise."""
    client.force_login(
        person(role, scope, world), backend="django.contrib.auth.backends.ModelBackend"
    )
    return [
        (method, name, answer, says)
        for name, rule in table.items()
        for method in methods(rule)
        if (answer := client.generic(method, address(name, world)).status_code)
        != (says := expected(rule, role, scope, method))
    ]


def test_every_address_sends_who_is_not_logged_in_to_the_log_in_page(
    world: World, client: Client
) -> None:
    log_in_pages = (reverse("account_login"), reverse("admin:login"))  # that leads to this
    wrong = []
    for name, rule in TABLE.items():
        for method in methods(rule):
            response = client.generic(method, address(name, world))
            if isinstance(rule, Open):
                if response.status_code != rule.outside:
                    wrong.append((method, name, response.status_code, rule.outside))
            elif not response.get("Location", "").startswith(log_in_pages):
                wrong.append((method, name, response.status_code, "log-in page"))
    assert wrong == []
