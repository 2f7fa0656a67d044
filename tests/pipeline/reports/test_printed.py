"""A bulletin's PDF: asked for as a job, set once, the same for everybody who may read it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm import jobs
from crm.models import Job, JobState, User
from pipeline.models import Report
from pipeline.reports import freezing, printed
from pipeline.reports.formats import pdf
from pipeline.reports.periods import Period
from tests.factories import ParkFactory, ProjectFactory, UserFactory, instant

pytestmark = pytest.mark.django_db
AT = instant("2026-10-08 09:00")


@pytest.fixture(autouse=True)
def no_files() -> None:
    for file in printed._path(Report(digest="x")).parent.glob("*.pdf"):
        file.unlink()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was set; setting itself takes seconds and is tested with the formats."""
    made: list[str] = []

    def write(kind: str, content: Any, **_said: Any) -> bytes:
        made.append(f"{kind} {content['title']}")
        return f"%PDF {len(made)}".encode()

    monkeypatch.setattr(printed, "write", write)
    return made


@pytest.fixture
def frozen() -> Report:
    ProjectFactory(signed=True, signed_on=dt.date(2026, 8, 5))
    return freezing.freeze_at_once(Period("quarter", 2026, 3), at=AT)


@pytest.fixture
def leader() -> User:
    return UserFactory(username="leader", leader=True)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def done(job: Job) -> Job:
    jobs.run(job.pk, clock=lambda: AT)
    return Job.objects.get(pk=job.pk)


def test_a_frozen_report_is_set_once_whoever_asks(
    frozen: Report, written: list[str], leader: User
) -> None:
    first = done(printed.order(frozen, by=leader, at=AT))
    second = done(printed.order(frozen, by=UserFactory(role="auditor"), at=AT))
    assert (first.state, second.state) == (JobState.DONE, JobState.DONE)
    assert first.download.read() == second.download.read() == b"%PDF 1"
    assert first.result["download_name"].endswith("-v1.pdf")
    assert len(written) == 1


def test_a_draft_is_set_anew_each_time(written: list[str], leader: User) -> None:
    draft = freezing.draft(Period("quarter", 2026, 3), by=leader, at=AT)
    for number in (1, 2):
        job = done(printed.order(draft, by=leader, at=AT))
        assert job.download.read() == f"%PDF {number}".encode()
    assert not printed.is_kept(draft)


def test_who_asks_again_meanwhile_is_shown_the_job_under_way(
    frozen: Report, written: list[str], leader: User
) -> None:
    job = printed.order(frozen, by=leader, at=AT)
    assert printed.order(frozen, by=leader, at=AT) == job
    assert printed.order(frozen, by=UserFactory(role="auditor"), at=AT) != job


def test_a_report_that_the_person_may_not_see_any_more_is_refused(
    written: list[str], leader: User
) -> None:
    draft = freezing.draft(Period("quarter", 2026, 3), by=leader, at=AT)
    officer = UserFactory(role="officer", park=ParkFactory())
    job = jobs.enqueue(printed.KIND, by=officer, at=AT, report=draft.pk)
    assert "看不到" in done(job).error


def test_what_was_tampered_with_is_not_given_out_although_its_pdf_is_kept(
    frozen: Report, written: list[str]
) -> None:
    printed.pdf(frozen, at=AT)
    frozen.content = {**frozen.content, "title": "另一份通报"}
    with pytest.raises(freezing.Damaged):
        printed.pdf(frozen, at=AT)


def test_a_machine_that_makes_no_pdf_says_so_in_words(
    frozen: Report, leader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_said: Any, **_more: Any) -> bytes:
        raise pdf.NoChineseFont("没有中文字体")

    monkeypatch.setattr(printed, "write", refuse)
    job = done(printed.order(frozen, by=leader, at=AT))
    assert (job.state, job.error) == (JobState.FAILED, "没有中文字体")
    assert not printed.is_kept(frozen)


def test_the_page_offers_to_set_it_and_then_to_download_it(
    frozen: Report, written: list[str], leader: User
) -> None:
    client = logged_in(leader)
    page, order = reverse("report", args=[frozen.pk]), reverse("report_print", args=[frozen.pk])
    file = reverse("report_file", args=[frozen.pk, "pdf"])
    assert order in client.get(page).content.decode()
    answer = client.post(order)
    job = Job.objects.get(kind=printed.KIND)
    assert answer["Location"] == f"/jobs/{job.pk}/"
    done(job)
    shown = client.get(page).content.decode()
    assert order not in shown
    assert file in shown
    assert client.get(file).content == b"%PDF 1"
    assert client.post(order)["Location"] == file
    assert frozen.digest not in client.get(f"/jobs/{job.pk}/").content.decode()


def test_freezing_has_the_pdf_set_before_anybody_asks(leader: User, written: list[str]) -> None:
    draft = freezing.draft(Period("quarter", 2026, 3), by=leader, at=AT)
    draft = freezing.submit(draft, by=UserFactory(role="verifier"), at=AT)
    freezing.approve(draft, by=leader, at=AT)
    logged_in(leader).post(reverse("report_freeze", args=[draft.pk]))
    job = Job.objects.get(kind=printed.KIND)
    assert (job.asked_by, job.arguments) == (leader, {"report": draft.pk})
