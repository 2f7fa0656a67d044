"""The pages of background work: the list, one job as it goes, taking it back, its file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import jobs, schedule
from crm.models import Job, JobState, User
from crm.progress import Progress
from crm.schedule import scheduler
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def no_signs() -> None:
    caches["jobs"].clear()


@pytest.fixture
def verifier(db: None) -> User:
    return UserFactory(username="verifier", role="verifier")


@pytest.fixture
def ask(verifier: User) -> Callable[..., Job]:
    def once(by: User = verifier) -> Job:
        return jobs.enqueue(
            "ledger.import",
            by=by,
            at=timezone.now(),
            upload=ContentFile(b"rows", name="台账2026.xlsx"),
            today="2026-09-30",
        )

    return once


def page(client: Client, user: User, address: str, **headers: str) -> str:
    client.force_login(user)
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_shows_the_own_jobs_by_kind_and_file(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    ask()
    ask(UserFactory(role="verifier", full_name="别人"))
    shown = page(client, verifier, "/jobs/")
    assert "导入台账 · 台账2026.xlsx" in shown
    assert "别人" not in shown


def test_an_administrator_sees_everybodys_jobs(client: Client, ask: Callable[..., Job]) -> None:
    job = ask()
    admin = UserFactory(role="admin")
    assert f"/jobs/{job.pk}/" in page(client, admin, "/jobs/")
    assert "台账2026.xlsx" in page(client, admin, f"/jobs/{job.pk}/")


@pytest.mark.parametrize("address", ["", "file"])
def test_another_persons_job_is_not_there(
    client: Client, ask: Callable[..., Job], address: str
) -> None:
    job = ask()
    job.download.save("x.xlsx", ContentFile(b"PK"))
    client.force_login(UserFactory(role="verifier"))
    assert client.get(f"/jobs/{job.pk}/{address}").status_code == 404
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 404


def test_the_list_asks_the_database_the_same_for_1_and_20_jobs(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client, verifier, "/jobs/")
        return len(asked)

    ask()
    queries()  # the first log-in of a person asks more
    one = queries()
    for _ in range(19):
        jobs.claim(ask().pk, at=timezone.now())
    assert queries() == one


def test_a_page_of_an_open_job_asks_again_and_that_of_a_job_that_is_over_does_not(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    assert 'hx-trigger="every 2s"' in page(client, verifier, f"/jobs/{job.pk}/")
    jobs.cancel(job, by=verifier, at=timezone.now())
    assert 'hx-trigger="every' not in page(client, verifier, f"/jobs/{job.pk}/")


def test_what_htmx_asks_for_is_the_state_alone(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    shown = page(client, verifier, f"/jobs/{ask().pk}/", hx_request="true")
    assert 'id="job-status"' in shown
    assert "<html" not in shown


def test_progress_of_a_running_job_is_on_its_page(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = jobs.claim(ask().pk, at=timezone.now())
    assert job is not None
    progress = Progress(job, timezone.now)
    progress(1200, 5000)
    shown = page(client, verifier, f"/jobs/{job.pk}/")
    assert 'max="100" value="24"' in shown
    assert "1200 / 5000" in shown


def test_a_job_whose_worker_is_silent_is_shown_as_such(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    jobs.claim(ask().pk, at=timezone.now() - jobs.LOST_AFTER - dt.timedelta(seconds=1))
    assert "无响应" in page(client, verifier, "/jobs/")


def test_a_failed_job_says_why(client: Client, ask: Callable[..., Job], verifier: User) -> None:
    job = ask()
    jobs.run(job.pk, clock=timezone.now)
    assert "这不是 Excel 工作簿" in page(client, verifier, f"/jobs/{job.pk}/")


def test_a_waiting_job_is_cancelled_from_its_page(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    client.force_login(verifier)
    answer = client.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert "任务已取消" in answer.content.decode()
    assert Job.objects.get().state == JobState.CANCELLED


def test_a_running_job_says_that_it_is_being_cancelled(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    jobs.claim(job.pk, at=timezone.now())
    client.force_login(verifier)
    answer = client.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert "任务会在下一步停下" in answer
    assert "正在取消，已处理的部分会全部退回" in answer
    assert f"/jobs/{job.pk}/cancel/" not in answer


def test_a_failed_job_is_retried_from_its_page(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    jobs.run(job.pk, clock=timezone.now)
    assert f"/jobs/{job.pk}/retry/" in page(client, verifier, f"/jobs/{job.pk}/")
    client.post(f"/jobs/{job.pk}/retry/")
    assert Job.objects.get().state == JobState.QUEUED
    answer = client.post(f"/jobs/{job.pk}/retry/", follow=True).content.decode()
    assert "只有未完成的任务可以重试" in answer


def test_the_file_that_a_job_made_is_to_be_saved_and_never_shown(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    job.download.save("rejects.xlsx", ContentFile(b"PK"))
    client.force_login(verifier)
    answer = client.get(f"/jobs/{job.pk}/file")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content) == b"PK"  # type: ignore[attr-defined]


# --- narrowing, and what falls due by itself ----------------------------------------------
def test_an_administrator_narrows_the_list_by_who_kind_and_state(
    client: Client, ask: Callable[..., Job]
) -> None:
    admin = UserFactory(role="admin")
    job = ask()
    by_itself = jobs.enqueue_once("jobs.clean", key="x", by=scheduler(), at=timezone.now())
    assert by_itself is not None
    links = {f"/jobs/{job.pk}/": job, f"/jobs/{by_itself.pk}/": by_itself}

    def listed(query: str) -> list[Job]:
        shown = page(client, admin, f"/jobs/?{query}")
        return [row for link, row in links.items() if link in shown]

    assert listed("") == [job, by_itself]
    assert listed("who=schedule") == listed("kind=jobs.clean") == [by_itself]
    assert listed("who=people") == listed("kind=ledger.import") == [job]
    assert listed("who=mine") == listed("state=failed") == []
    assert listed("state=queued&who=nonsense&kind=nonsense") == [job, by_itself]
    assert "没有符合条件的任务" in page(client, admin, "/jobs/?state=failed")


def test_who_is_no_administrator_does_not_choose_whose_jobs(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    ask()
    shown = page(client, verifier, "/jobs/?who=schedule")
    assert "导入台账" in shown
    assert "/jobs/schedules/" not in shown


def test_the_list_asks_again_while_something_is_under_way_and_rarely_after_long(
    client: Client, ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    assert 'hx-trigger="every 3s"' in page(client, verifier, "/jobs/")
    fragment = page(client, verifier, "/jobs/", hx_request="true")
    assert 'id="jobs-table"' in fragment
    assert "<html" not in fragment
    Job.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))
    assert 'hx-trigger="every 30s"' in page(client, verifier, "/jobs/")
    jobs.cancel(job, by=verifier, at=timezone.now())
    assert 'hx-trigger="every' not in page(client, verifier, "/jobs/")


def test_the_list_goes_on_where_it_ended(
    client: Client, ask: Callable[..., Job], verifier: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.views.jobs.PAGE", 2)
    first, second, third = ask(), ask(), ask()
    shown = page(client, verifier, "/jobs/")
    assert f"before={second.pk}" in shown
    assert f"/jobs/{first.pk}/" not in shown
    older = page(client, verifier, f"/jobs/?before={second.pk}")
    assert f"/jobs/{first.pk}/" in older
    assert f"/jobs/{third.pk}/" not in older
    assert "更早的" not in older


@pytest.mark.django_db
def test_schedules_are_listed_with_their_last_job_and_next_occasion(client: Client) -> None:
    admin = UserFactory(role="admin")
    silent = page(client, admin, "/jobs/schedules/")
    assert "还没有收到时钟的走动" in silent
    assert "每天 03:30" in silent
    schedule.due(at=timezone.now())
    job = Job.objects.get(kind="jobs.clean")
    shown = page(client, admin, "/jobs/schedules/")
    assert "时钟正常" in shown
    assert f"/jobs/{job.pk}/" in shown


@pytest.mark.django_db
def test_an_administrator_is_offered_to_retry_what_failed_by_itself(client: Client) -> None:
    admin = UserFactory(role="admin")
    job = jobs.enqueue_once("jobs.clean", key="x", by=scheduler(), at=timezone.now())
    assert job is not None
    Job.objects.update(
        state=JobState.FAILED,
        error="停",
        attempt=1,
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    assert "retry/" in page(client, admin, f"/jobs/{job.pk}/")
    client.post(f"/jobs/{job.pk}/retry/")
    assert Job.objects.get().state == JobState.QUEUED
