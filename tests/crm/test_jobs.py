"""A job: asked for, done once, failed in words, cancelled, lost and found again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from crm import job_cleaning, jobs
from crm.models import Job, JobState, User
from crm.progress import Progress, Sign, is_stopping, sign_of
from crm.refusals import NotAllowed, Refused
from tests.factories import UserFactory, instant

ASKED = instant("2026-03-05 10:00")
STARTED = instant("2026-03-05 10:01")
LATER = STARTED + jobs.LOST_AFTER + dt.timedelta(seconds=1)

Job_ = Callable[..., dict[str, Any]]


class Unlucky(Exception):
    """A refusal that a kind names besides ``Refused``."""

    code = "unlucky"
    message = "运气不好"


def clock() -> dt.datetime:
    return STARTED


def greet(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    progress(3, 4, "问候")
    return {"hello": job.arguments.get("whom", "")}


@pytest.fixture(autouse=True)
def no_signs() -> None:
    caches["jobs"].clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs that a worker was told of."""
    told: list[int] = []
    monkeypatch.setattr(jobs, "import_string", lambda _path: told.append)
    return told


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def as_kind(function: Job_, **said: Any) -> None:
        kind = jobs.Kind("greet", "问候", function, **{"act": "ledger.load", **said})
        monkeypatch.setitem(jobs.kinds(), "greet", kind)

    as_kind(greet)
    return as_kind


@pytest.fixture
def verifier(db: None) -> User:
    return UserFactory(username="verifier", role="verifier")


@pytest.fixture
def ask(
    declare: Any, verifier: User, sent: list[int], django_capture_on_commit_callbacks: Any
) -> Callable[..., Job]:
    def once(**arguments: Any) -> Job:
        with django_capture_on_commit_callbacks(execute=True):
            return jobs.enqueue("greet", by=verifier, at=ASKED, **arguments)

    return once


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


# --- asking ------------------------------------------------------------------------------
def test_a_job_waits_with_who_asked_what_and_when(ask: Callable[..., Job], verifier: User) -> None:
    job = fresh(ask(whom="破土"))
    assert (job.state, job.asked_by, job.created_at) == (JobState.QUEUED, verifier, ASKED)
    assert job.arguments == {"whom": "破土"}


def test_a_worker_is_told_when_the_transaction_is_committed_and_not_before(
    declare: Any, verifier: User, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.enqueue("greet", by=verifier, at=ASKED)
        assert sent == []
    assert sent == [job.pk]


def test_no_worker_is_told_of_a_job_that_was_rolled_back(
    declare: Any, verifier: User, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    def half_done() -> None:
        with transaction.atomic():
            jobs.enqueue("greet", by=verifier, at=ASKED)
            raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        half_done()
    assert sent == []
    assert not Job.objects.exists()


def test_a_broker_that_does_not_answer_refuses_nobody(
    ask: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_job: int) -> None:
        raise ConnectionError

    monkeypatch.setattr(jobs, "import_string", lambda _path: away)
    job = fresh(ask())
    assert (job.state, job.sent_at) == (JobState.QUEUED, None)


def test_asking_needs_the_right_of_the_kind(declare: Any, sent: list[int], db: None) -> None:
    with pytest.raises(NotAllowed):
        jobs.enqueue("greet", by=UserFactory(role="officer"), at=ASKED)
    assert not Job.objects.exists()


def test_a_handed_in_file_is_kept_under_a_name_that_nobody_guesses(
    ask: Callable[..., Job],
) -> None:
    job = fresh(ask(upload=ContentFile(b"rows", name="台账.XLSX")))
    assert job.upload_name == "台账.XLSX"
    assert job.upload.name.startswith("jobs/")
    assert job.upload.name.endswith(".xlsx")
    assert "台账" not in job.upload.name
    with job.upload.open() as file:
        assert file.read() == b"rows"


# --- doing -------------------------------------------------------------------------------
def test_a_job_that_was_done_has_its_result_and_its_times(ask: Callable[..., Job]) -> None:
    job = ask(whom="破土")
    jobs.run(job.pk, clock=clock)
    done = fresh(job)
    assert (done.state, done.result) == (JobState.DONE, {"hello": "破土"})
    assert (done.attempt, done.started_at, done.finished_at) == (1, STARTED, STARTED)
    assert (done.progress_done, done.progress_total, done.progress_words) == (3, 4, "问候")


def test_a_message_that_comes_twice_does_the_job_once(
    ask: Callable[..., Job], declare: Any
) -> None:
    done: list[int] = []
    declare(lambda job, progress, at: done.append(job.pk) or {})
    job = ask()
    jobs.run(job.pk, clock=clock)
    jobs.run(job.pk, clock=clock)
    assert done == [job.pk]


def test_a_message_that_comes_while_the_job_is_being_done_leaves_it_alone(
    ask: Callable[..., Job],
) -> None:
    job = ask()
    assert jobs.claim(job.pk, at=STARTED) is not None
    assert jobs.claim(job.pk, at=STARTED) is None
    assert fresh(job).attempt == 1


def test_a_message_about_no_job_at_all_does_nothing(db: None, declare: Any) -> None:
    jobs.run(404, clock=clock)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("why", "code", "words"),
    [
        (Refused("缺少必需的列"), "refused", "缺少必需的列"),
        (NotAllowed("没有权限"), "not_allowed", "没有权限"),
        (Unlucky(), "unlucky", "运气不好"),
    ],
)
def test_what_is_refused_is_told_in_its_own_words(
    ask: Callable[..., Job], declare: Any, why: Exception, code: str, words: str
) -> None:
    def refuse(*_said: Any) -> dict[str, Any]:
        raise why

    declare(refuse, refusals=(Unlucky,))
    job = ask()
    jobs.run(job.pk, clock=clock)
    failed = fresh(job)
    assert (failed.state, failed.error_code, failed.error) == (JobState.FAILED, code, words)


def test_what_nobody_foresaw_is_a_number_for_the_person_and_a_traceback_in_the_log(
    ask: Callable[..., Job], declare: Any, caplog: pytest.LogCaptureFixture
) -> None:
    declare(lambda *_said: 1 / 0)
    job = ask()
    jobs.run(job.pk, clock=clock)
    failed = fresh(job)
    assert failed.state == JobState.FAILED
    assert f"{job.pk}-1" in failed.error
    assert "division" not in failed.error
    assert "ZeroDivisionError" in caplog.text


def test_a_kind_that_no_version_knows_any_more_fails(ask: Callable[..., Job]) -> None:
    job = ask()
    Job.objects.update(kind="forgotten")
    jobs.run(job.pk, clock=clock)
    assert fresh(job).state == JobState.FAILED


def test_nothing_of_a_failed_job_stays(ask: Callable[..., Job], declare: Any) -> None:
    def half(*_said: Any) -> dict[str, Any]:
        UserFactory(username="half-made")
        raise Refused("停")

    declare(half)
    jobs.run(ask().pk, clock=clock)
    assert not User.objects.filter(username="half-made").exists()


def test_a_database_that_breaks_off_leaves_the_job_for_the_sweep(
    ask: Callable[..., Job], declare: Any
) -> None:
    def cut(*_said: Any) -> dict[str, Any]:
        raise OperationalError("server closed the connection")

    declare(cut)
    job = ask()
    jobs.run(job.pk, clock=clock)
    assert fresh(job).state == JobState.RUNNING
    assert jobs.sweep(at=LATER) == jobs.Swept(requeued=1)


def test_a_worker_that_is_ended_gives_its_job_back(ask: Callable[..., Job], declare: Any) -> None:
    def ended(*_said: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    declare(ended)
    job = ask()
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.pk, clock=clock)
    assert (fresh(job).state, fresh(job).attempt) == (JobState.QUEUED, 1)


# --- cancelling --------------------------------------------------------------------------
def test_a_waiting_job_is_cancelled_and_then_not_done(
    ask: Callable[..., Job], verifier: User
) -> None:
    job = jobs.cancel(ask(), by=verifier, at=STARTED)
    assert (job.state, job.finished_at) == (JobState.CANCELLED, STARTED)
    jobs.run(job.pk, clock=clock)
    assert fresh(job).state == JobState.CANCELLED


def test_a_running_job_stops_at_its_next_step_and_nothing_of_it_stays(
    ask: Callable[..., Job], declare: Any, verifier: User
) -> None:
    reached: list[str] = []

    def work(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
        UserFactory(username="half-made")
        assert jobs.cancel(job, by=verifier, at=STARTED).state == JobState.RUNNING
        assert is_stopping(job)
        progress(1, 2)
        reached.append("further")
        return {}

    declare(work)
    job = ask()
    jobs.run(job.pk, clock=clock)
    stopped = fresh(job)
    assert (stopped.state, stopped.finished_at, reached) == (JobState.CANCELLED, STARTED, [])
    assert not User.objects.filter(username="half-made").exists()
    assert not is_stopping(stopped)


def test_asking_a_running_job_to_stop_waits_for_no_lock(
    ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    jobs.claim(job.pk, at=STARTED)
    with CaptureQueriesContext(connection) as asked:
        jobs.cancel(job, by=verifier, at=STARTED)
    assert all(query["sql"].startswith("SELECT") for query in asked)


def test_a_job_that_is_over_cannot_be_cancelled(ask: Callable[..., Job], verifier: User) -> None:
    job = ask()
    jobs.run(job.pk, clock=clock)
    with pytest.raises(jobs.CannotBeCancelled):
        jobs.cancel(job, by=verifier, at=STARTED)
    assert fresh(job).state == JobState.DONE


def test_a_job_whose_worker_is_silent_is_cancelled_at_once(
    ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    jobs.claim(job.pk, at=STARTED)
    assert jobs.cancel(job, by=verifier, at=LATER).state == JobState.CANCELLED


def test_a_running_job_cannot_be_cancelled_while_nobody_can_tell_its_worker(
    ask: Callable[..., Job], verifier: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_said: Any, **_more: Any) -> None:
        raise ConnectionError

    job = ask()
    jobs.claim(job.pk, at=STARTED)
    monkeypatch.setattr(caches["jobs"], "set", away)
    with pytest.raises(jobs.CannotBeCancelled):
        jobs.cancel(job, by=verifier, at=STARTED)


def test_only_who_asked_or_an_administrator_cancels(ask: Callable[..., Job]) -> None:
    job = ask()
    with pytest.raises(NotAllowed):
        jobs.cancel(job, by=UserFactory(role="verifier"), at=STARTED)
    assert jobs.cancel(job, by=UserFactory(role="admin"), at=STARTED).state == "cancelled"


# --- retrying ----------------------------------------------------------------------------
@pytest.fixture
def failed(ask: Callable[..., Job], declare: Any) -> Job:
    def refuse(*_said: Any) -> dict[str, Any]:
        raise Refused("缺少必需的列")

    declare(refuse)
    job = ask(upload=ContentFile(b"rows", name="台账.xlsx"))
    jobs.run(job.pk, clock=clock)
    declare(greet)
    return fresh(job)


def test_a_failed_job_is_done_again_with_its_file(
    failed: Job, verifier: User, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        again = jobs.retry(failed, by=verifier, at=LATER)
    assert (again.state, again.error, again.error_code) == (JobState.QUEUED, "", "")
    assert sent == [failed.pk]
    jobs.run(failed.pk, clock=clock)
    done = fresh(failed)
    assert (done.state, done.attempt) == (JobState.DONE, 2)
    assert done.upload.open().read() == b"rows"


def test_only_who_asked_retries(failed: Job) -> None:
    with pytest.raises(NotAllowed):
        jobs.retry(failed, by=UserFactory(role="admin"), at=LATER)


def test_only_a_failed_job_is_retried(ask: Callable[..., Job], verifier: User) -> None:
    with pytest.raises(jobs.CannotBeRetried):
        jobs.retry(ask(), by=verifier, at=LATER)


def test_a_job_whose_file_is_gone_is_not_retried(failed: Job, verifier: User) -> None:
    Job.objects.update(upload="")
    with pytest.raises(jobs.CannotBeRetried):
        jobs.retry(fresh(failed), by=verifier, at=LATER)


# --- cleaning ----------------------------------------------------------------------------
MUCH_LATER = STARTED + job_cleaning.FILES_KEPT + dt.timedelta(minutes=1)


def test_the_files_of_jobs_long_over_are_removed_and_the_rows_stay(
    failed: Job, django_capture_on_commit_callbacks: Any
) -> None:
    storage, name = failed.upload.storage, failed.upload.name
    assert job_cleaning.clean(at=STARTED + job_cleaning.FILES_KEPT) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert job_cleaning.clean(at=MUCH_LATER) == 1
        assert job_cleaning.clean(at=MUCH_LATER) == 0
    assert not storage.exists(name)
    assert (fresh(failed).upload.name, fresh(failed).state) == ("", JobState.FAILED)


def test_a_file_that_a_younger_job_works_on_stays(
    failed: Job, verifier: User, django_capture_on_commit_callbacks: Any
) -> None:
    younger = jobs.enqueue("greet", by=verifier, at=MUCH_LATER, upload=failed)
    with django_capture_on_commit_callbacks(execute=True):
        assert job_cleaning.clean(at=MUCH_LATER) == 1
    assert fresh(younger).upload.open().read() == b"rows"
    assert fresh(younger).upload_name == "台账.xlsx"


def test_a_job_cannot_be_asked_for_with_a_file_that_is_gone(failed: Job, verifier: User) -> None:
    failed.upload = ""  # type: ignore[assignment]
    with pytest.raises(jobs.CannotBeRetried):
        jobs.enqueue("greet", by=verifier, at=LATER, upload=failed)


# --- telling -----------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "told"), [(4, 0), (5, 1)])
def test_who_waited_for_a_job_is_told_that_it_is_done(
    ask: Callable[..., Job], verifier: User, seconds: int, told: int
) -> None:
    job = ask()
    jobs.run(job.pk, clock=lambda: ASKED + dt.timedelta(seconds=seconds))
    assert verifier.notices.filter(kind="job.done", url=f"/jobs/{job.pk}/").count() == told


def test_who_waited_for_a_job_is_told_why_it_failed(failed: Job, verifier: User) -> None:
    assert "缺少必需的列" in verifier.notices.get(kind="job.failed").text


# --- who sees what -----------------------------------------------------------------------
def test_a_person_sees_the_own_jobs_and_an_administrator_all(
    ask: Callable[..., Job], verifier: User
) -> None:
    job = ask()
    assert list(Job.objects.visible_to(verifier)) == [job]
    assert not Job.objects.visible_to(UserFactory(role="leader"))
    assert list(Job.objects.visible_to(UserFactory(role="admin"))) == [job]


# --- progress ----------------------------------------------------------------------------
def test_progress_is_seen_while_the_job_runs_and_gone_with_it(
    ask: Callable[..., Job], declare: Any
) -> None:
    seen: list[Sign | None] = []

    def work(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
        seen.append(sign_of(job))
        progress(50, 200)
        seen.append(sign_of(job))
        return {}

    declare(work)
    job = ask()
    jobs.run(job.pk, clock=clock)
    assert seen == [Sign(STARTED), Sign(STARTED, 50, 200)]
    assert seen[1] is not None
    assert seen[1].percent == 25
    assert sign_of(fresh(job)) is None


def test_progress_is_told_at_most_twice_a_second(ask: Callable[..., Job], declare: Any) -> None:
    seen: list[Sign | None] = []

    def work(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
        for done in range(1000):
            progress(done)
        seen.append(sign_of(job))
        return {}

    declare(work)
    job = ask()
    jobs.run(job.pk, clock=clock)
    assert seen[0] is not None
    assert seen[0].done < 999
    assert fresh(job).progress_done == 999


def test_another_step_is_told_at_once(ask: Callable[..., Job], declare: Any) -> None:
    seen: list[Sign | None] = []

    def work(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
        progress(0, 2, "汇总")
        progress(1, 2, "排版")
        seen.append(sign_of(job))
        return {}

    declare(work)
    jobs.run(ask().pk, clock=clock)
    assert seen == [Sign(STARTED, 1, 2, "排版")]


def test_a_cache_that_does_not_answer_costs_the_telling_and_not_the_job(
    ask: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_said: Any, **_more: Any) -> None:
        raise ConnectionError

    for verb in ("set", "delete", "get_many"):
        monkeypatch.setattr(caches["jobs"], verb, away)
    job = ask()
    jobs.run(job.pk, clock=clock)
    assert fresh(job).state == JobState.DONE
    assert sign_of(job) is None


# --- losing and finding again ------------------------------------------------------------
@pytest.fixture
def running(ask: Callable[..., Job]) -> Job:
    job = jobs.claim(ask().pk, at=STARTED)
    assert job is not None
    return job


def test_a_job_whose_worker_is_silent_is_put_back_once(
    running: Job, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(at=LATER) == jobs.Swept(requeued=1)
        assert jobs.sweep(at=LATER) == jobs.Swept()
    assert fresh(running).state == JobState.QUEUED
    assert sent == [running.pk]


def test_a_job_whose_worker_lives_is_left_alone(running: Job) -> None:
    Progress(running, lambda: LATER - dt.timedelta(seconds=10))._tell()
    assert jobs.sweep(at=LATER) == jobs.Swept()
    assert fresh(running).state == JobState.RUNNING


def test_a_message_that_comes_back_takes_a_lost_job_over(running: Job) -> None:
    again = jobs.claim(running.pk, at=LATER)
    assert again is not None
    assert (again.attempt, again.started_at) == (2, LATER)


def test_an_attempt_that_was_given_up_writes_nothing_any_more(running: Job) -> None:
    jobs.claim(running.pk, at=LATER)
    progress = Progress(running, clock)
    with pytest.raises(jobs.Superseded):
        jobs.finish(running, {"too": "late"}, progress, at=LATER)
    jobs._fail(running, "太晚", "late", progress, at=LATER)
    assert (fresh(running).state, fresh(running).attempt) == (JobState.RUNNING, 2)


def test_a_job_that_ends_its_worker_again_and_again_is_given_up(ask: Callable[..., Job]) -> None:
    job, at = ask(), STARTED
    for _ in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim(job.pk, at=at) is not None
        at += jobs.LOST_AFTER * 2
    assert jobs.claim(job.pk, at=at) is None
    given_up = fresh(job)
    assert (given_up.state, given_up.error_code) == (JobState.FAILED, "interrupted")
    assert given_up.reference in given_up.error


def test_what_a_broker_lost_is_told_again_once_in_a_while(
    ask: Callable[..., Job], sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    job = ask()
    sent.clear()
    soon, late = ASKED + dt.timedelta(minutes=1), ASKED + dt.timedelta(minutes=11)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(at=soon) == jobs.Swept()
        assert jobs.sweep(at=late) == jobs.Swept(told_again=1)
        assert jobs.sweep(at=late) == jobs.Swept()
    assert sent == [job.pk]


def test_what_no_worker_was_told_of_is_told_at_the_next_sweep(
    ask: Callable[..., Job], sent: list[int]
) -> None:
    ask()
    Job.objects.update(sent_at=None)
    assert jobs.sweep(at=ASKED) == jobs.Swept(told_again=1)


# --- what the database refuses -----------------------------------------------------------
@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("job_state_known", {"state": "asleep", "finished_at": STARTED}),
        ("job_started_when_under_way", {"state": "running"}),
        ("job_finished_when_over", {"state": "cancelled"}),
        ("job_finished_when_over", {"finished_at": STARTED}),
        (
            "job_failed_with_reason",
            {"state": "failed", "attempt": 1, "started_at": STARTED, "finished_at": STARTED},
        ),
        ("job_failed_with_reason", {"error": "有错"}),
    ],
)
def test_the_database_refuses_a_row_that_cannot_be(
    ask: Callable[..., Job], constraint: str, columns: dict[str, Any]
) -> None:
    job = ask()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**columns)
