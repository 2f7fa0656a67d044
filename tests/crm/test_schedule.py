"""What falls due by itself: each occasion one job, whatever happens to the clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from crm import job_cleaning, jobs, schedule
from crm.models import Job, JobState, Role
from crm.rhythms import Daily, Every, Monthly, Rhythm
from tests.factories import UserFactory, instant

NIGHT, FIRST = Daily(dt.time(2, 30)), Monthly(dt.time(6, 0))
HOURLY, MINUTE = Every(60), Every(1)


# --- rhythms ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rhythm", "at", "last"),
    [
        (NIGHT, "2026-03-05 02:29", "2026-03-04 02:30"),
        (NIGHT, "2026-03-05 02:30", "2026-03-05 02:30"),
        (NIGHT, "2026-03-01 00:10", "2026-02-28 02:30"),
        (FIRST, "2026-03-01 05:59", "2026-02-01 06:00"),
        (FIRST, "2026-03-31 23:59", "2026-03-01 06:00"),
        (FIRST, "2026-01-01 00:00", "2025-12-01 06:00"),
        (HOURLY, "2026-03-05 10:59", "2026-03-05 10:00"),
        (MINUTE, "2026-03-05 10:59", "2026-03-05 10:59"),
    ],
)
def test_the_last_occasion_of_a_rhythm(rhythm: Rhythm, at: str, last: str) -> None:
    assert rhythm.last(instant(at)) == instant(last)


@pytest.mark.parametrize(
    ("rhythm", "occasion", "following"),
    [
        (NIGHT, "2026-02-28 02:30", "2026-03-01 02:30"),
        (FIRST, "2026-12-01 06:00", "2027-01-01 06:00"),
        (HOURLY, "2026-03-05 23:00", "2026-03-06 00:00"),
    ],
)
def test_the_occasion_after_one(rhythm: Rhythm, occasion: str, following: str) -> None:
    assert rhythm.following(instant(occasion)) == instant(following)


@given(
    rhythm=st.sampled_from([NIGHT, FIRST, HOURLY, MINUTE, Every(7)]),
    at=st.integers(1_577_836_800, 2_208_988_800).map(  # 2020 to 2040
        lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)
    ),
)
def test_an_instant_lies_between_the_last_occasion_and_the_following(
    rhythm: Rhythm, at: dt.datetime
) -> None:
    last = rhythm.last(at)
    assert last <= at < rhythm.following(last)
    assert rhythm.last(last) == last


# --- what is due --------------------------------------------------------------------------
AT = instant("2026-03-05 10:20")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    told: list[int] = []
    monkeypatch.setattr(jobs, "import_string", lambda _path: told.append)
    caches["jobs"].clear()
    return told


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The one schedule of the test."""

    def nothing(*_said: Any) -> dict[str, Any]:
        return {}

    def as_schedule(rhythm: Rhythm, function: Any = nothing, **said: Any) -> None:
        kind = jobs.Kind("chime", "报时", function, act="schedule.run")
        monkeypatch.setitem(jobs.kinds(), "chime", kind)
        table = {"chime": schedule.Schedule("chime", rhythm, "报时", **said)}
        monkeypatch.setattr(schedule, "_TABLE", table)

    as_schedule(HOURLY)
    return as_schedule


def keys() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("key", flat=True))


def tick_and_work(at: dt.datetime) -> None:
    for job in schedule.due(at=at):
        jobs.run(job.pk, clock=lambda: at)


@pytest.mark.django_db
def test_an_occasion_is_asked_for_once_however_often_the_clock_ticks(declare: Any) -> None:
    (job,) = schedule.due(at=AT)
    assert (job.kind, job.key, job.asked_by.role) == (
        "chime",
        "chime@2026-03-05T02:00Z",
        Role.SYSTEM,
    )
    assert dt.datetime.fromisoformat(job.arguments["occasion"]) == instant("2026-03-05 10:00")
    assert schedule.due(at=AT) == []
    jobs.run(job.pk, clock=lambda: AT)
    assert schedule.due(at=AT + dt.timedelta(minutes=39)) == []
    assert len(schedule.due(at=AT + dt.timedelta(minutes=40))) == 1


@pytest.mark.django_db
def test_of_two_clocks_at_once_the_database_lets_one_ask(
    declare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.due(at=AT)
    monkeypatch.setattr(schedule, "_missing", lambda pairs, known: pairs)  # saw nothing yet
    Job.objects.update(state=JobState.CANCELLED, finished_at=AT)
    declare(HOURLY, catch_up=2)
    assert [job.key for job in schedule.due(at=AT)] == []
    assert jobs.enqueue_once("chime", key=keys()[0], by=schedule.scheduler(), at=AT) is None
    assert len(set(keys())) == len(keys())


@pytest.mark.django_db
def test_after_a_stop_the_latest_occasion_alone_is_made_up_for(declare: Any) -> None:
    tick_and_work(AT)
    tick_and_work(AT + dt.timedelta(days=3))
    assert keys() == ["chime@2026-03-05T02:00Z", "chime@2026-03-08T02:00Z"]


@pytest.mark.django_db
def test_where_each_occasion_counts_all_that_were_missed_are_made_up_for(declare: Any) -> None:
    declare(FIRST, catch_up=12)
    tick_and_work(instant("2026-01-10 00:00"))
    tick_and_work(instant("2026-04-10 00:00"))
    assert keys() == [f"chime@{day}T22:00Z" for day in _last_days()]


def _last_days() -> list[str]:
    return ["2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31"]


@pytest.mark.django_db
def test_a_new_county_makes_up_for_no_history(declare: Any) -> None:
    declare(FIRST, catch_up=12)
    schedule.due(at=AT)
    assert keys() == ["chime@2026-02-28T22:00Z"]


@pytest.mark.django_db
def test_while_no_worker_works_one_job_waits_and_not_one_an_hour(declare: Any) -> None:
    for hours in range(48):
        schedule.due(at=AT + dt.timedelta(hours=hours))
    assert len(keys()) == 1


@pytest.mark.django_db
def test_no_job_is_made_for_nothing(declare: Any) -> None:
    work: list[int] = []
    declare(MINUTE, has_work=lambda at: bool(work))
    assert schedule.due(at=AT) == []
    work.append(1)
    assert len(schedule.due(at=AT)) == 1


@pytest.mark.django_db
def test_a_tick_asks_the_database_the_same_whatever_was_done_before(declare: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            schedule.due(at=AT)
        return len(asked)

    tick_and_work(AT)
    few = queries()
    for hours in range(20):
        tick_and_work(AT - dt.timedelta(hours=hours))
    assert queries() == few == 2


@pytest.mark.django_db
def test_every_schedule_is_of_a_kind_that_the_system_may_ask_for() -> None:
    for row in schedule.table():
        assert jobs.kinds()[row.kind].act == "schedule.run"
        assert len(row.key(AT)) <= 120
    assert {"jobs.clean"} <= {row.kind for row in schedule.table()}


# --- how it goes --------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_schedule_stands_with_its_last_job_and_its_next_occasion(declare: Any) -> None:
    tick_and_work(AT)
    (standing,) = schedule.standings(at=AT)
    assert standing.job == Job.objects.get()
    assert (standing.next_at, standing.is_late) == (instant("2026-03-05 11:00"), False)


@pytest.mark.django_db
@pytest.mark.parametrize(("minute", "late"), [("11:10", False), ("11:11", True)])
def test_an_occasion_that_is_no_job_long_after_it_came_is_late(
    declare: Any, minute: str, late: bool
) -> None:
    tick_and_work(AT)
    (standing,) = schedule.standings(at=instant(f"2026-03-05 {minute}"))
    assert standing.is_late is late


def test_a_clock_that_has_not_ticked_for_long_is_silent() -> None:
    assert schedule.is_silent(None, at=AT)
    assert not schedule.is_silent(AT - dt.timedelta(minutes=3), at=AT)
    assert schedule.is_silent(AT - dt.timedelta(minutes=4), at=AT)


@pytest.mark.django_db
def test_a_tick_is_remembered(declare: Any) -> None:
    assert schedule.ticked_at() is None
    schedule.due(at=AT)
    assert schedule.ticked_at() == AT


# --- failing ------------------------------------------------------------------------------
def fail(*_said: Any) -> dict[str, Any]:
    raise ValueError


@pytest.mark.django_db
def test_administrators_are_told_of_what_failed_by_itself_once_a_day(declare: Any) -> None:
    admin, officer = UserFactory(role="admin"), UserFactory(role="officer")
    declare(HOURLY, fail)
    tick_and_work(AT)
    tick_and_work(AT + dt.timedelta(hours=1))
    assert "报时" in admin.notices.get(kind="job.failed").text
    assert not officer.notices.exists()


@pytest.mark.django_db
def test_an_administrator_retries_what_failed_by_itself(declare: Any) -> None:
    declare(HOURLY, fail)
    tick_and_work(AT)
    job = jobs.retry(Job.objects.get(), by=UserFactory(role="admin"), at=AT)
    assert job.state == JobState.QUEUED


# --- forgetting ---------------------------------------------------------------------------
@pytest.mark.django_db
def test_rows_of_occasions_long_done_are_deleted_and_the_latest_kept(declare: Any) -> None:
    declare(NIGHT)
    for days in range(12):
        tick_and_work(AT + dt.timedelta(days=days))
    person = UserFactory(role="verifier")
    declare(NIGHT, fail)
    assert job_cleaning.prune(at=AT + dt.timedelta(days=11)) == 4
    assert len(keys()) == 8
    jobs.enqueue("projects.export", by=person, at=AT)
    Job.objects.filter(key="").update(state=JobState.CANCELLED, finished_at=AT)
    assert job_cleaning.prune(at=AT + dt.timedelta(days=400)) == 8
    assert keys() == [""]


@pytest.mark.django_db
def test_rows_that_would_be_asked_for_anew_are_kept_however_old(declare: Any) -> None:
    declare(FIRST, catch_up=12)
    tick_and_work(AT)
    assert job_cleaning.prune(at=AT + dt.timedelta(days=300)) == 0


@pytest.mark.django_db
def test_rows_of_what_failed_are_kept_longer(declare: Any) -> None:
    declare(HOURLY, fail)
    tick_and_work(AT)
    assert job_cleaning.prune(at=AT + dt.timedelta(days=179)) == 0
    assert job_cleaning.prune(at=AT + dt.timedelta(days=181)) == 1


@pytest.mark.django_db
def test_the_command_does_what_a_tick_does(
    declare: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("tick", json=True)
    assert '"asked": ["chime@' in capsys.readouterr().out
    call_command("tick")
    assert "没有" in capsys.readouterr().out
