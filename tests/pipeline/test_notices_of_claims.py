"""Who claimed, and the project's officer, are told what became of a claim, once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from crm.models import Notice, User
from crm.refusals import ReasonNeeded
from pipeline import funds, milestones
from pipeline.models import Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests.factories import FundsReceiptFactory, ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")


def _claimed(**kwargs: object) -> Milestone:
    return make.claim(
        ProjectFactory(ready_to_sign=True, name="苹果浓缩汁项目"),
        MilestoneKind.SIGNING,
        on=dt.date(2026, 9, 20),
        contract_kind=ContractKind.FORMAL,
        amount=Decimal(1),
        **kwargs,
    )


def told(person: User, kind: str) -> list[Notice]:
    return list(Notice.objects.filter(user=person, kind=kind))


def test_who_claimed_is_told_of_a_return_with_its_reason(officer: User, verifier: User) -> None:
    claimed = _claimed()
    milestones.return_(claimed, reason="合同缺页", by=verifier, at=NOON)
    [notice] = told(officer, "milestone.returned")
    assert notice.text == "申报被退回：苹果浓缩汁项目 · 签约 2026-09-20。合同缺页（verifier）"
    assert notice.created_at == NOON


def test_the_notice_leads_to_the_milestone_on_the_project_s_page(
    officer: User, verifier: User
) -> None:
    claimed = _claimed()
    milestones.verify(claimed, by=verifier, at=NOON)
    [notice] = [n for n in told(officer, "milestone.verified") if str(claimed.pk) in n.key]
    assert notice.url == reverse("project", args=[claimed.project_id]) + f"#milestone-{claimed.pk}"


def test_a_manager_s_claim_is_told_of_to_manager_and_officer(
    manager: User, officer: User, verifier: User
) -> None:
    claimed = _claimed(by=manager)
    milestones.return_(claimed, reason="缺页", by=verifier, at=NOON)
    assert told(manager, "milestone.returned")
    assert told(officer, "milestone.returned")


def test_nobody_is_told_of_their_own_act(verifier: User, second_verifier: User) -> None:
    claimed = _claimed()
    milestones.verify(claimed, by=verifier, at=NOON)
    again = milestones.correct(
        claimed, reason="金额有误", amount=Decimal(2), by=verifier, at=NOON + dt.timedelta(hours=1)
    )
    milestones.return_(again, reason="仍不对", by=verifier, at=NOON + dt.timedelta(hours=2))
    assert not Notice.objects.filter(user__in=[verifier, second_verifier]).exists()


def test_a_revocation_and_a_correction_are_told_of(officer: User, verifier: User) -> None:
    claimed = _claimed()
    milestones.verify(claimed, by=verifier, at=NOON)
    milestones.correct(claimed, reason="金额有误", amount=Decimal(2), by=verifier, at=NOON)
    assert [n.key for n in told(officer, "milestone.corrected")] == [
        f"milestone.corrected:{claimed.pk}"
    ]
    assert not told(officer, "milestone.revoked")
    contacted = Milestone.objects.get(project=claimed.project_id, kind=MilestoneKind.CONTACT)
    milestones.revoke(contacted, reason="查无此事", by=verifier, at=NOON)
    assert "查无此事" in told(officer, "milestone.revoked")[0].text


def test_a_refused_verb_tells_nobody(officer: User, verifier: User) -> None:
    claimed = _claimed()
    with refused(ReasonNeeded):
        milestones.return_(claimed, reason=" ", by=verifier, at=NOON)
    assert not told(officer, "milestone.returned")


def test_claims_and_verifications_are_the_day_s_activity(verifier: User) -> None:
    claimed = _claimed()
    project = Project.objects.get(pk=claimed.project_id)
    assert project.active_on == dt.date(2026, 9, 21)
    milestones.verify(claimed, by=verifier, at=NOON)
    project.refresh_from_db()
    assert project.active_on == dt.date(2026, 9, 30)


def test_a_return_is_no_activity(verifier: User) -> None:
    claimed = _claimed()
    milestones.return_(claimed, reason="缺页", by=verifier, at=NOON)
    assert Project.objects.get(pk=claimed.project_id).active_on == dt.date(2026, 9, 21)


def test_a_question_about_a_receipt_reaches_who_recorded_it_and_changes_nothing(
    officer: User, verifier: User
) -> None:
    receipt = FundsReceiptFactory(project=ProjectFactory(signed=True))
    funds.question(receipt, reason="凭证金额不符", by=verifier, at=NOON)
    funds.question(receipt, reason="请补盖章", by=verifier, at=NOON + dt.timedelta(hours=1))
    assert len(told(officer, "funds.questioned")) == 2
    assert "请补盖章" in funds.questions(receipt)[0].text
    receipt.refresh_from_db()
    assert receipt.verified_at is None
    with refused(ReasonNeeded):
        funds.question(receipt, reason="", by=verifier, at=NOON)
    funds.verify(receipt, by=verifier, at=NOON)
    with refused(funds.AlreadyVerified):
        funds.question(receipt, reason="晚了", by=verifier, at=NOON)
    assert told(officer, "funds.verified")
