"""The verifier's desk: what its pages show and do, and how files are shown in them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Notice, User
from pipeline import milestones
from pipeline.models import Document, Milestone, ReturnReason
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests.factories import DocumentFactory, FundsReceiptFactory, ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
QUEUE = "/verification/"


@pytest.fixture
def desk(client: Client, verifier: User) -> Client:
    client.force_login(verifier, backend="django.contrib.auth.backends.ModelBackend")
    return client


def signing(day: int = 20, **kwargs: Any) -> Milestone:
    return make.claim(
        kwargs.pop("project", None) or ProjectFactory(ready_to_sign=True),
        MilestoneKind.SIGNING,
        on=dt.date(2026, 3, day),
        contract_kind=ContractKind.FORMAL,
        amount=Decimal(120_000_000),
        **kwargs,
    )


def kept(content: bytes, media_type: str, **kwargs: Any) -> Document:
    document = DocumentFactory(media_type=media_type, **kwargs)
    document.file.save("x", ContentFile(content))
    return document


def test_the_queue_lists_what_waits_with_its_age_and_evidence(desk: Client) -> None:
    claim = signing()
    FundsReceiptFactory(document=None, project=claim.project)
    page = desk.get(QUEUE).content.decode()
    assert claim.project.name in page
    assert "12,000" in page
    assert "齐全" in page
    assert "缺凭证" in page
    assert page.count('type="checkbox" name="item"') == 1


def test_the_queue_asks_as_much_for_twenty_rows_as_for_one(
    desk: Client, django_assert_num_queries: Any
) -> None:
    signing()
    FundsReceiptFactory()
    desk.get(QUEUE)
    with CaptureQueriesContext(connection) as asked:
        desk.get(QUEUE)
    for _ in range(3):
        signing()
    FundsReceiptFactory.create_batch(3)
    with django_assert_num_queries(len(asked)):
        desk.get(QUEUE)


def test_nonsense_in_the_url_narrows_nothing(desk: Client) -> None:
    claim = signing()
    page = desk.get(QUEUE + "?kind=x&park=y&officer=z&age=q&evidence=1&beyond=m99999999999999999")
    assert page.status_code == 200
    assert claim.project.name in page.content.decode()


def test_a_claim_s_page_shows_the_amount_in_words_and_each_requirement(desk: Client) -> None:
    claim = signing()
    page = desk.get(reverse("verification_claim", args=[claim.pk])).content.decode()
    assert "壹亿贰仟万元整" in page
    assert "公平竞争审查" in page
    assert 'data-key="v"' in page
    assert "<iframe" in page


def test_after_an_act_the_next_of_the_narrowed_queue_opens(desk: Client, verifier: User) -> None:
    first, second = signing(1), signing(2)
    address = reverse("verification_verify", args=[first.pk]) + "?kind=signing"
    response = desk.post(address, follow=True)
    [(path, _status)] = response.redirect_chain
    assert path == reverse("verification_claim", args=[second.pk]) + "?kind=signing"
    assert "还有 1 件等核验" in response.content.decode()
    first.refresh_from_db()
    assert first.verified_by == verifier
    last = desk.post(reverse("verification_verify", args=[second.pk]), follow=True)
    assert last.redirect_chain[0][0] == QUEUE
    assert "全部核验完了" in last.content.decode()


def test_what_is_left_is_counted_in_the_narrowed_queue(desk: Client) -> None:
    claim = signing()
    FundsReceiptFactory(project=claim.project)
    address = reverse("verification_verify", args=[claim.pk]) + "?kind=signing"
    response = desk.post(address, follow=True)
    assert response.redirect_chain[0][0] == QUEUE + "?kind=signing"
    assert "这个筛选里的全部核验完了" in response.content.decode()


def test_a_claim_is_returned_with_reasons_of_the_list_and_words_of_one_s_own(
    desk: Client, officer: User
) -> None:
    pages = ReturnReason.objects.create(text="合同缺页")
    seal = ReturnReason.objects.create(text="印章不清")
    claim = signing()
    address = reverse("verification_return", args=[claim.pk])
    desk.post(address, {"return-reasons": [pages.pk, seal.pk], "return-text": "第 3 页"})
    claim.refresh_from_db()
    assert claim.return_reason == "合同缺页；印章不清；第 3 页"
    assert "印章不清" in Notice.objects.get(user=officer, kind="milestone.returned").text


def test_a_return_without_a_reason_or_with_too_long_a_one_is_refused_and_kept(
    desk: Client,
) -> None:
    reason = ReturnReason.objects.create(text="缺" * 100)
    claim = signing()
    address = reverse("verification_return", args=[claim.pk])
    empty = desk.post(address)
    assert empty.status_code == 422
    assert "请写明退回原因" in empty.content.decode()
    long = desk.post(address, {"return-reasons": [reason.pk], "return-text": "长" * 150})
    assert long.status_code == 422
    assert "长" * 150 in long.content.decode()
    claim.refresh_from_db()
    assert claim.state == "claimed"


def test_nobody_is_offered_to_verify_their_own_claim(desk: Client, verifier: User) -> None:
    old = make.sign(ProjectFactory(ready_to_sign=True), on=dt.date(2026, 3, 5))
    own = milestones.correct(
        old, reason="金额有误", amount=Decimal(2), by=verifier, at=timezone.now()
    )
    page = desk.get(reverse("verification_claim", args=[own.pk])).content.decode()
    assert "这是您自己申报的" in page
    assert 'data-key="v"' not in page
    refused = desk.post(reverse("verification_verify", args=[own.pk]))
    assert refused.status_code == 422
    assert "不能核验自己申报的里程碑" in refused.content.decode()
    assert 'name="item"' not in desk.get(QUEUE).content.decode()


def test_what_lacks_something_says_what_and_is_not_offered(desk: Client) -> None:
    claim = signing()
    claim.project.reviews.all().delete()
    page = desk.get(reverse("verification_claim", args=[claim.pk])).content.decode()
    assert "缺：准入评审通过" in page
    assert 'data-key="v"' not in page
    refused = desk.post(reverse("verification_verify", args=[claim.pk]))
    assert "还缺：准入评审通过" in refused.content.decode()


def test_a_verified_claim_is_revoked_or_corrected_from_the_recent_ones(
    desk: Client, verifier: User
) -> None:
    claim = signing()
    milestones.verify(claim, by=verifier, at=timezone.now())
    recent = desk.get(reverse("verification_recent") + "?mine=1").content.decode()
    assert reverse("verification_claim", args=[claim.pk]) in recent
    response = desk.post(
        reverse("verification_revoke", args=[claim.pk]), {f"revoke-{claim.pk}-reason": "查无此事"}
    )
    assert response.status_code == 302
    claim.refresh_from_db()
    assert claim.state == "revoked"


def test_a_batch_reports_what_was_done_and_what_refused(desk: Client) -> None:
    good, shifted = signing(1), signing(2)
    shifted.project.reviews.all().update(passed=False)
    names = {"item": [f"m{good.pk}", f"m{shifted.pk}"]}
    page = desk.post(reverse("verification_together"), names).content.decode()
    assert "通过 1 件，未通过 1 件" in page
    assert "逐件核验" in page
    good.refresh_from_db()
    assert good.state == "verified"


def test_a_receipt_is_verified_or_asked_about(desk: Client, officer: User) -> None:
    project = ProjectFactory(signed=True)
    asked, good = FundsReceiptFactory.create_batch(2, project=project)
    page = desk.get(reverse("verification_receipt", args=[asked.pk])).content.decode()
    assert "壹佰万元整" in page
    address = reverse("verification_receipt_question", args=[asked.pk])
    assert desk.post(address).status_code == 422
    desk.post(address, {"question-text": "凭证金额不符"})
    page = desk.get(reverse("verification_receipt", args=[asked.pk])).content.decode()
    assert "提过的疑问" in page
    assert Notice.objects.filter(user=officer, kind="funds.questioned").count() == 1
    desk.post(reverse("verification_receipt_verify", args=[good.pk]))
    good.refresh_from_db()
    assert good.verified_at is not None


def test_an_auditor_reads_the_desk_and_is_offered_nothing(client: Client, auditor: User) -> None:
    claim = signing()
    client.force_login(auditor, backend="django.contrib.auth.backends.ModelBackend")
    for address in (QUEUE, reverse("verification_claim", args=[claim.pk])):
        page = client.get(address).content.decode()
        assert claim.project.name in page
        assert 'data-key="v"' not in page
        assert 'name="item"' not in page


# --- files ---------------------------------------------------------------------------------
def test_a_picture_is_shown_locked_in_and_never_framed(desk: Client) -> None:
    document = kept(PNG, "image/png")
    response = desk.get(reverse("document_view", args=[document.pk]))
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("inline")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cache-Control"] == "private, no-store"


def test_a_pdf_is_shown_locked_in_and_framed_by_our_pages_only(desk: Client) -> None:
    document = kept(b"%PDF-1.7", "application/pdf")
    response = desk.get(reverse("document_view", args=[document.pk]))
    assert (
        response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'self'"
    )
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/x-ole-storage", "application/zip"]
)
def test_nothing_else_is_shown_in_a_page(desk: Client, media_type: str) -> None:
    document = kept(b"<script>alert(1)</script>", media_type)
    assert desk.get(reverse("document_view", args=[document.pk])).status_code == 404


def test_a_file_that_is_gone_from_the_store_is_not_found(desk: Client) -> None:
    assert desk.get(reverse("document_view", args=[DocumentFactory().pk])).status_code == 404


def test_an_outsider_sees_no_file(client: Client, outsider: User) -> None:
    document = kept(PNG, "image/png")
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("document_view", args=[document.pk])).status_code == 404


def test_another_file_of_a_claim_is_chosen_by_the_url_and_swapped_in_alone(desk: Client) -> None:
    claim = make.claim(
        ProjectFactory(ready_to_start=True), MilestoneKind.GROUNDBREAKING, on=dt.date(2026, 6, 1)
    )
    last = claim.documents.order_by("pk").last()
    assert last is not None
    address = reverse("verification_claim", args=[claim.pk])
    address += f"?kind=groundbreaking&document={last.pk}"
    page = desk.get(address).content.decode()
    assert reverse("document_view", args=[last.pk]) in page
    part = desk.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert reverse("document_view", args=[last.pk]) in part
    assert "kind=groundbreaking" in part


def test_a_park_s_verifier_opens_no_claim_of_another_park(client: Client, other_park: Any) -> None:
    theirs = UserFactory(username="theirs", verifier=True, park=other_park)
    client.force_login(theirs, backend="django.contrib.auth.backends.ModelBackend")
    claim = signing()
    assert client.get(reverse("verification_claim", args=[claim.pk])).status_code == 404
    assert client.post(reverse("verification_verify", args=[claim.pk])).status_code == 404
