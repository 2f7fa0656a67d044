"""What the pipeline lets fall due by itself: pressing each hour, a draft each month."""

from __future__ import annotations

import datetime as dt

import pytest

from crm import jobs, schedule
from crm.models import Job, JobState
from pipeline.models import Report, ReportState, Subject
from pipeline.reports import freezing
from pipeline.reports.periods import Period
from tests.factories import UserFactory, instant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_is_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "import_string", lambda _path: lambda _job: None)


def tick_and_work(at: dt.datetime, kind: str) -> list[Job]:
    asked = [job for job in schedule.due(at=at) if job.kind == kind]
    for job in asked:
        jobs.run(job.pk, clock=lambda: at)
    return list(Job.objects.filter(pk__in=[job.pk for job in asked]))


def test_everything_that_falls_due_by_itself() -> None:
    assert {row.kind for row in schedule.table()} == {
        "supervise",
        "bulletin.draft",
        "rollup.check",
        "notices.deliver",
        "jobs.clean",
    }


def test_each_hour_the_clocks_are_asked_what_is_due() -> None:
    (job,) = tick_and_work(instant("2026-03-05 10:20"), "supervise")
    assert (job.state, job.error) == (JobState.DONE, "")
    assert "催办 0" in job.result["said"]
    assert tick_and_work(instant("2026-03-05 10:59"), "supervise") == []
    assert len(tick_and_work(instant("2026-03-05 11:00"), "supervise")) == 1


def test_on_a_month_s_first_day_last_month_s_bulletin_is_drafted_and_no_more_than_drafted() -> None:
    (job,) = tick_and_work(instant("2026-03-01 06:00"), "bulletin.draft")
    assert (job.state, job.error) == (JobState.DONE, "")
    report = Report.objects.get()
    assert (report.subject, report.year, report.number) == (Subject.SUPERVISION, 2026, 2)
    assert report.state == ReportState.DRAFT


def test_months_that_were_missed_are_drafted_each() -> None:
    tick_and_work(instant("2026-01-02 08:00"), "bulletin.draft")
    tick_and_work(instant("2026-04-02 08:00"), "bulletin.draft")
    drafted = Report.objects.order_by("as_of").values_list("year", "number")
    assert list(drafted) == [(2025, 12), (2026, 1), (2026, 2), (2026, 3)]


def test_a_bulletin_that_somebody_has_begun_is_left_alone() -> None:
    supervisor = UserFactory(role="supervisor")
    at = instant("2026-03-01 05:00")
    freezing.draft(Period("month", 2026, 2), subject=Subject.SUPERVISION, by=supervisor, at=at)
    (job,) = tick_and_work(instant("2026-03-01 06:00"), "bulletin.draft")
    assert job.state == JobState.DONE
    assert Report.objects.get().created_by == supervisor
