"""Acting on a project's page: the verbs reached by people, refusals said where they stand."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crm.models import Organization, Park, User
from pipeline.models import Milestone, Project
from tests.factories import (
    FundsReceiptFactory,
    ProjectFactory,
    claim,
    prepare_contact,
    prepare_signing,
    the_verifier,
)

YI = Decimal(100_000_000)
PDF = b"%PDF-1.7 signed and sealed"


@pytest.fixture
def project(park: Park, officer: User) -> Project:
    return ProjectFactory(ready_to_sign=True, park=park, officer=officer)


def sent(client: Client, address: str, prefix: str = "", **fields: Any) -> Any:
    data = {f"{prefix}-{name}" if prefix else name: value for name, value in fields.items()}
    return client.post(address, data)


def claimed(client: Client, project: Project, **fields: Any) -> Any:
    given = {"kind": "signing:formal", "occurred_on": "2026-03-05", "amount": "12000", **fields}
    return sent(client, f"/projects/{project.pk}/claim/", "claim", **given)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_officer_claims_with_amount_in_wan_and_the_chosen_files(
    client: Client, officer: User, project: Project
) -> None:
    client.force_login(officer)
    document = project.documents.get()
    response = claimed(client, project, documents=[document.pk], note="两份")
    signing = project.milestones.get(kind="signing")
    assert response["Location"] == f"/projects/{project.pk}/#milestone-{signing.pk}"
    assert (signing.amount, signing.contract_kind) == (120_000_000, "formal")
    assert list(signing.documents.all()) == [document]


def test_a_file_that_comes_with_the_claim_is_its_evidence(
    client: Client, officer: User, project: Project
) -> None:
    client.force_login(officer)
    upload = SimpleUploadedFile("合同.pdf", PDF)
    claimed(client, project, uploads=[upload], uploads_kind="contract")
    assert project.milestones.get(kind="signing").documents.filter(name="合同.pdf").exists()


def test_a_refused_claim_names_what_is_missing_and_keeps_what_was_typed(
    client: Client, officer: User, park: Park
) -> None:
    project = ProjectFactory(in_contact=True, park=park, officer=officer)
    client.force_login(officer)
    response = claimed(client, project, note="已签，盖章中")
    assert response.status_code == 422
    shown = text(response)
    needs = re.search("还缺：(.*?)<", shown)
    assert needs
    assert needs[1].split("、")[:3] == ["行业（GB/T 4754）", "招商方式", "正式合同文本"]
    assert 'value="已签，盖章中"' in shown
    assert 'value="12000"' in shown
    assert not project.milestones.filter(kind="signing").exists()


def test_a_refused_claim_keeps_no_file(client: Client, officer: User, park: Park) -> None:
    project = ProjectFactory(in_contact=True, park=park, officer=officer)
    client.force_login(officer)
    claimed(client, project, uploads=[SimpleUploadedFile("a.pdf", PDF)], uploads_kind="contract")
    assert not project.documents.exists()


def test_a_month_is_claimed_as_its_last_day(
    client: Client, officer: User, project: Project
) -> None:
    client.force_login(officer)
    claimed(client, project, occurred_on="2026-02-01", month_only="on")
    signing = project.milestones.get(kind="signing")
    assert (signing.occurred_on, signing.precision) == (dt.date(2026, 2, 28), "month")


def test_only_who_may_override_is_asked_for_a_reason(
    client: Client, officer: User, manager: User, park: Park
) -> None:
    project = ProjectFactory(in_contact=True, park=park, officer=officer)
    field = 'name="claim-override_reason"'
    client.force_login(officer)
    assert field not in text(client.get(f"/projects/{project.pk}/"))
    client.force_login(manager)
    assert field in text(client.get(f"/projects/{project.pk}/"))
    claimed(client, project, override_reason="县政府专题会议同意先签")
    signing = project.milestones.get(kind="signing")
    assert "contract" in signing.waived
    assert "破例免除" in text(client.get(f"/projects/{project.pk}/"))


def test_a_verifier_verifies_and_the_project_moves(
    client: Client, verifier: User, project: Project
) -> None:
    signing = claim(project, "signing", on=dt.date(2026, 3, 5), amount=YI, contract_kind="formal")
    client.force_login(verifier)
    response = client.post(f"/milestones/{signing.pk}/verify/", follow=True)
    assert "已核验，从现在起计入统计" in text(response)
    project.refresh_from_db()
    assert project.stage == "signed"


def test_verifying_twice_is_refused_on_the_page(
    client: Client, verifier: User, project: Project
) -> None:
    signing = claim(project, "signing", on=dt.date(2026, 3, 5), amount=YI, contract_kind="formal")
    project.reviews.all()[0].delete()
    client.force_login(verifier)
    response = client.post(f"/milestones/{signing.pk}/verify/")
    assert response.status_code == 422
    assert "还缺：准入评审通过" in text(response)


def test_returning_needs_a_reason_and_keeps_it(
    client: Client, verifier: User, project: Project
) -> None:
    signing = claim(project, "signing", on=dt.date(2026, 3, 5), amount=YI, contract_kind="formal")
    client.force_login(verifier)
    address = f"/milestones/{signing.pk}/return/"
    refused = client.post(address)
    assert refused.status_code == 422
    assert "请写明退回原因" in text(refused)
    sent(client, address, f"return-{signing.pk}", reason="合同缺页")
    signing.refresh_from_db()
    assert signing.return_reason == "合同缺页"


def test_revoking_moves_the_project_back(client: Client, verifier: User, park: Park) -> None:
    project = ProjectFactory(signed=True, park=park)
    signing = project.milestones.get(kind="signing")
    client.force_login(verifier)
    sent(client, f"/milestones/{signing.pk}/revoke/", f"revoke-{signing.pk}", reason="合同无效")
    project.refresh_from_db()
    assert project.stage == "contact"


def test_revoking_what_is_built_on_is_refused_on_the_page(
    client: Client, verifier: User, park: Park
) -> None:
    project = ProjectFactory(started=True, park=park)
    signing = project.milestones.get(kind="signing")
    client.force_login(verifier)
    response = sent(
        client, f"/milestones/{signing.pk}/revoke/", f"revoke-{signing.pk}", reason="合同无效"
    )
    assert response.status_code == 422
    assert "请先撤销开工" in text(response)
    assert 'value="合同无效"' in text(response)


def test_correcting_revokes_and_claims_anew(client: Client, verifier: User, park: Park) -> None:
    project = ProjectFactory(signed=True, park=park)
    signing = project.milestones.get(kind="signing")
    client.force_login(verifier)
    sent(
        client,
        f"/milestones/{signing.pk}/correct/",
        f"correct-{signing.pk}",
        occurred_on="2026-03-06",
        amount="10000",
        reason="日期记错",
    )
    new = Milestone.objects.get(corrects=signing)
    assert (new.occurred_on, new.state) == (dt.date(2026, 3, 6), "claimed")


def test_a_lead_is_registered_and_taken_to_contact_by_its_page_alone(
    client: Client, officer: User, park: Park
) -> None:
    client.force_login(officer)
    created = client.post(
        "/projects/new/",
        {
            "name": "年产10万套铝轮毂项目",
            "investor_name": "恒龙轮毂有限公司",
            "investor_uscc": "",
            "park": park.pk,
            "officer": officer.pk,
            "fund_source": "social",
            "duplicates_answer": "按名称和代码查过，无重复",
            "investment": "35000",
        },
    )
    project = Project.objects.get()
    assert created["Location"] == f"/projects/{project.pk}/"
    assert (project.stage, project.pinyin[:4]) == ("lead", "nian")
    assert project.agreed_investment == 350_000_000
    page = f"/projects/{project.pk}"
    sent(client, f"{page}/contacts/", "contactform", name="王经理", phone="0359-0000000")
    contact = project.investor.contacts.get()
    sent(
        client,
        f"{page}/interactions/",
        "interactionform",
        kind="visit_in",
        occurred_on="2026-02-01",
        summary="看地",
        contacts=[contact.pk],
    )
    assert project.interactions.get().officers.get() == officer
    claimed(client, project, kind="contact", occurred_on="2026-02-01", amount="")
    client.force_login(the_verifier())
    client.post(f"/milestones/{project.milestones.get().pk}/verify/")
    project.refresh_from_db()
    assert project.stage == "contact"


def test_a_known_investor_is_found_again_by_its_name(
    client: Client, officer: User, project: Project, park: Park
) -> None:
    investor = project.investor
    client.force_login(officer)
    client.post(
        "/projects/new/",
        {
            "name": "二期",
            "investor_name": f" {investor.name} ",
            "park": park.pk,
            "officer": officer.pk,
            "fund_source": "social",
        },
    )
    assert Project.objects.get(name="二期").investor == investor
    assert Organization.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"investor_uscc": "911408290000000000"}, "统一社会信用代码有误"),
        ({"investment": "0"}, "0.000001"),
        ({"is_county_level": "on"}, "县级项目不落园区"),
        ({"name": ""}, "这个字段是必填项"),
    ],
)
def test_a_form_with_a_mistake_is_shown_again_as_it_was_typed(
    client: Client, officer: User, park: Park, fields: dict[str, str], message: str
) -> None:
    client.force_login(officer)
    given = {
        "name": "甲",
        "investor_name": "甲公司",
        "park": park.pk,
        "fund_source": "social",
        "lead_unit": "县工信局",
        **fields,
    }
    response = client.post("/projects/new/", given)
    assert response.status_code == 422
    assert message in text(response)
    assert 'value="县工信局"' in text(response)
    assert not Project.objects.exists()


def test_an_edit_changes_no_stage_and_no_signed_amount(
    client: Client, officer: User, park: Park
) -> None:
    project = ProjectFactory(signed=True, park=park, officer=officer)
    client.force_login(officer)
    client.post(
        f"/projects/{project.pk}/edit/",
        {
            "name": project.name,
            "fund_source": "social",
            "investment": "1",
            "investor_name": "别人",
            "stage": "producing",
            "status": "terminated",
            "lead_unit": "县工信局",
            "officer": officer.pk,
        },
    )
    before = (project.investor_id, project.park_id, project.agreed_investment)
    project.refresh_from_db()
    assert project.lead_unit == "县工信局"
    assert (project.investor_id, project.park_id, project.agreed_investment) == before
    assert (project.stage, project.status) == ("signed", "active")


def test_who_looked_after_a_project_s_past_credit_does_not_edit_it(
    client: Client, officer: User, manager: User, other_park: Park, park: Park
) -> None:
    from pipeline import attribution

    project = ProjectFactory(park=park, officer=None)
    attribution.transfer(
        project, to=other_park, on=dt.date(2026, 1, 1), reason="流转", by=manager, at=timezone.now()
    )
    client.force_login(officer)
    assert client.get(f"/projects/{project.pk}/").status_code == 200
    assert client.get(f"/projects/{project.pk}/edit/").status_code == 403


def test_reviews_and_needs_are_added_and_a_need_is_met(
    client: Client, officer: User, project: Project
) -> None:
    client.force_login(officer)
    page = f"/projects/{project.pk}"
    given = {"kind": "admission", "held_on": "2026-02-01", "passed": "no", "note": "补能评"}
    sent(client, f"{page}/reviews/", "reviewform", **given)
    assert project.reviews.order_by("-id")[0].passed is False
    sent(client, f"{page}/factors/", "factorform", kind="land", detail="60 亩")
    need = project.factor_needs.get(detail="60 亩")
    client.post(f"/factors/{need.pk}/met/", {"on": "2026-03-01"})
    need.refresh_from_db()
    assert need.met_on == dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    ("path", "prefix", "fields"),
    [
        ("interactions", "interactionform", {"kind": "call", "summary": "电话"}),
        ("reviews", "reviewform", {"kind": "admission", "passed": "yes"}),
        ("factors", "factorform", {"kind": "land"}),
        ("funds", "fundsform", {"amount": "1"}),
    ],
)
def test_what_has_not_happened_yet_is_refused(
    client: Client,
    officer: User,
    project: Project,
    path: str,
    prefix: str,
    fields: dict[str, str],
) -> None:
    day = {"interactions": "occurred_on", "reviews": "held_on", "factors": "met_on"}
    client.force_login(officer)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    response = sent(
        client,
        f"/projects/{project.pk}/{path}/",
        prefix,
        **fields,
        **{day.get(path, "received_on"): tomorrow.isoformat()},
    )
    assert response.status_code == 422
    assert "不能晚于今天" in text(response)


def test_funds_are_recorded_with_their_voucher_and_verified(
    client: Client, officer: User, verifier: User, project: Project
) -> None:
    client.force_login(officer)
    voucher = SimpleUploadedFile("凭证.pdf", PDF)
    given = {"received_on": "2026-05-01", "amount": "2300", "file": voucher}
    sent(client, f"/projects/{project.pk}/funds/", "fundsform", **given)
    receipt = project.funds_receipts.get()
    assert (receipt.amount, receipt.document.name) == (23_000_000, "凭证.pdf")
    client.force_login(verifier)
    client.post(f"/receipts/{receipt.pk}/verify/")
    receipt.refresh_from_db()
    assert receipt.verified_by == verifier


def test_a_receipt_without_a_voucher_is_not_verified(
    client: Client, verifier: User, project: Project
) -> None:
    receipt = FundsReceiptFactory(project=project, document=None)
    client.force_login(verifier)
    response = client.post(f"/receipts/{receipt.pk}/verify/", follow=True)
    assert "要有凭证才能核验" in text(response)


def test_nothing_is_asked_of_a_project_whose_load_was_undone(
    client: Client, officer: User, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(withdrawn_at=timezone.now())
    client.force_login(officer)
    assert "申报里程碑" not in text(client.get(f"/projects/{project.pk}/"))
    assert client.get(f"/projects/{project.pk}/edit/").status_code == 404


def test_names_are_suggested_once_two_characters_are_typed(
    client: Client, officer: User, project: Project
) -> None:
    client.force_login(officer)
    name = project.investor.name
    address = "/organizations/suggest/"
    assert name in client.get(address, {"investor_name": name[:3]}).content.decode()
    assert name not in client.get(address, {"investor_name": name[:1]}).content.decode()


def test_a_claim_of_an_expansion_s_groundbreaking_names_its_contract(
    client: Client, officer: User, park: Park
) -> None:
    from tests.factories import sign

    project = ProjectFactory(ready_to_start=True, park=park, officer=officer)
    prepare_signing(project)
    expansion = sign(project, on=dt.date(2026, 4, 1), contract_kind="expansion")
    client.force_login(officer)
    claimed(
        client,
        project,
        kind="groundbreaking",
        occurred_on="2026-05-01",
        amount="",
        expansion=expansion.pk,
        documents=[d.pk for d in project.documents.filter(milestone=None)],
    )
    assert project.milestones.get(kind="groundbreaking").expansion == expansion


def test_contacts_belong_to_the_investor(client: Client, officer: User, park: Park) -> None:
    project = ProjectFactory(park=park, officer=officer)
    prepare_contact(project)
    client.force_login(officer)
    sent(client, f"/projects/{project.pk}/contacts/", "contactform", name="李总")
    assert project.investor.contacts.filter(name="李总").exists()
