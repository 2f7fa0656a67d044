"""A report on its way through the pages, its files, its corrections and its links."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from crm.models import User
from pipeline import milestones
from pipeline.models import Report, ReportOpening, ReportShare
from tests.factories import ParkFactory, ProjectFactory, TargetFactory, UserFactory, the_verifier

pytestmark = pytest.mark.django_db
OCTOBER = "2026-10-08 09:00+08:00"


@pytest.fixture
def leader() -> User:
    return UserFactory(username="leader", leader=True)


@pytest.fixture
def county() -> Any:
    TargetFactory(metric="signed_projects", value=Decimal(4))
    return ProjectFactory(
        name="铝轮毂项目",
        signed=True,
        park=ParkFactory(slug="rare-metals"),
        signed_on=dt.date(2026, 8, 5),
    )


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def act(client: Client, name: str, report: Report, **data: str) -> Any:
    return client.post(reverse(name, args=[report.pk]), data, follow=True)


def frozen(leader: User) -> Report:
    clerk, chief = logged_in(the_verifier()), logged_in(leader)
    clerk.post(reverse("report_list"), {"kind": "quarter", "year": "2026", "number": "3"})
    report = Report.objects.latest("pk")
    act(clerk, "report_write", report, next="一是抓开工。")
    act(clerk, "report_submit", report)
    act(chief, "report_approve", report)
    act(clerk, "report_freeze", report)
    report.refresh_from_db()
    return report


@time_machine.travel(OCTOBER, tick=False)
def test_a_report_goes_from_draft_to_frozen_and_is_downloaded(county: Any, leader: User) -> None:
    report = frozen(leader)
    assert report.state == "frozen"
    page = logged_in(leader).get(reverse("report", args=[report.pk])).content.decode()
    assert "前三季度招商引资工作情况的通报" in page
    assert "一是抓开工。" in page
    assert report.digest in page
    for kind, start in (("xlsx", b"PK"), ("docx", b"PK"), ("html", b"<!doctype")):
        answer = logged_in(leader).get(reverse("report_file", args=[report.pk, kind]))
        assert answer.content.startswith(start)
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Cache-Control"] == "private, no-store"
        assert "sandbox" in answer["Content-Security-Policy"]
    assert logged_in(leader).get(reverse("report_file", args=[report.pk, "exe"])).status_code == 404


@time_machine.travel(OCTOBER, tick=False)
def test_a_refusal_is_said_and_nothing_is_lost(county: Any, leader: User) -> None:
    clerk = logged_in(the_verifier())
    bad = clerk.post(reverse("report_list"), {"kind": "quarter", "year": "2026", "number": "5"})
    assert bad.status_code == 422
    assert "没有这一期" in bad.content.decode()
    clerk.post(reverse("report_list"), {"kind": "quarter", "year": "2026", "number": "4"})
    report = Report.objects.get()
    said = act(clerk, "report_submit", report).content.decode()
    assert "还没有结束" in said


def test_a_correction_says_what_changed_and_why(county: Any, leader: User) -> None:
    with time_machine.travel(OCTOBER, tick=False):
        report = frozen(leader)
    with time_machine.travel("2026-11-20 09:00+08:00", tick=False):
        import django.utils.timezone as timezone

        signing = county.milestones.get(kind="signing")
        milestones.revoke(signing, reason="合同作废", by=the_verifier(), at=timezone.now())
        clerk = logged_in(the_verifier())
        missing = clerk.post(reverse("report_correct", args=[report.pk]), {"reason": ""})
        assert missing.status_code == 422
        act(clerk, "report_correct", report, reason="核减一个")
        new = Report.objects.get(version=2)
        page = clerk.get(reverse("report_changes", args=[new.pk])).content.decode()
    assert "核减" in page
    assert "铝轮毂项目" in page
    assert "合同作废" in page


@time_machine.travel(OCTOBER, tick=False)
def test_a_link_opens_the_report_with_its_password_and_every_try_is_logged(
    county: Any, leader: User
) -> None:
    report = frozen(leader)
    chief = logged_in(leader)
    short = chief.post(
        reverse("report_share", args=[report.pk]), {"password": "123", "expires_on": "2026-12-01"}
    )
    assert short.status_code == 422
    act(
        chief,
        "report_share",
        report,
        password="correct-horse",
        expires_on="2026-12-01",
        note="市局",
    )
    link = ReportShare.objects.get()
    assert "correct-horse" not in link.password
    outside, address = Client(), reverse("report_shared", args=[link.token])
    assert "招商引资工作情况" not in outside.get(address).content.decode()
    assert outside.post(address, {"password": "wrong-horse"}).status_code == 422
    page = outside.post(address, {"password": "correct-horse"}, follow=True).content.decode()
    assert "前三季度招商引资工作情况的通报" in page
    assert reverse("project_list") not in page
    assert outside.get(reverse("report_shared_file", args=[link.token, "xlsx"])).status_code == 200
    tries = list(ReportOpening.objects.order_by("pk").values_list("succeeded", flat=True))
    assert tries == [False, True, True]
    with time_machine.travel("2026-12-02 09:00+08:00", tick=False):
        assert outside.get(address).status_code == 404
    chief.post(reverse("report_unshare", args=[report.pk, link.pk]))
    assert Client().get(address).status_code == 404


@time_machine.travel(OCTOBER, tick=False)
def test_single_facts_of_other_parks_stay_inside_the_county(county: Any, leader: User) -> None:
    report = frozen(leader)
    address = reverse("report_file", args=[report.pk, "xlsx"])

    def sheets(client: Client) -> list[str]:
        book = openpyxl.load_workbook(io.BytesIO(client.get(address).content))
        return [name for name in book.sheetnames if name.startswith("src_")]

    assert sheets(logged_in(leader))
    assert not sheets(logged_in(UserFactory(username="elsewhere", park=ParkFactory(slug="auto"))))


@time_machine.travel(OCTOBER, tick=False)
def test_a_link_that_was_guessed_at_too_often_answers_nobody(county: Any, leader: User) -> None:
    report = frozen(leader)
    act(
        logged_in(leader), "report_share", report, password="correct-horse", expires_on="2026-12-01"
    )
    link = ReportShare.objects.get()
    ReportOpening.objects.bulk_create(
        ReportOpening(share=link, opened_at=report.frozen_at, succeeded=False) for _try in range(10)
    )
    address = reverse("report_shared", args=[link.token])
    assert Client().post(address, {"password": "correct-horse"}).status_code == 422
