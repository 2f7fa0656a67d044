"""What breaks in production, broken for real: each job ends exactly once in effect.

A worker is killed, Redis is emptied or away, the database hangs up, messages and ticks come
twice; no job is lost, none is done twice, nobody is told or written to twice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from crm import jobs, notices, schedule
from crm.models import Delivery, Job, JobState, NoticeHours, User
from crm.progress import Sign
from pipeline.models import Load, Project
from pipeline.reports import freezing, printed
from pipeline.reports.periods import Period
from tests import servers
from tests.factories import ProjectFactory, UserFactory
from tests.jobs.conftest import Workers
from tests.jobs.test_worker import ROWS, ledger

pytestmark = [
    pytest.mark.slow,
    pytest.mark.redis,
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]
Start = Callable[..., Workers]


@pytest.fixture
def clerk(transactional_db: None) -> User:
    return UserFactory(username="clerk", role="verifier", email="clerk@county.example")


def sign_of(job: Job, attempt: int = 1) -> Sign | None:
    found: Sign | None = caches["jobs"].get(f"job-{job.pk}-{attempt}")
    return found


def found_dead() -> jobs.Swept:
    """What a sweep does once the silence of a worker has been long enough."""
    return jobs.sweep(at=timezone.now() + jobs.LOST_AFTER + dt.timedelta(seconds=1))


def is_done(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, state=JobState.DONE).exists()


def import_half_way(workers: Workers, clerk: User, folder: Path) -> Job:
    """An import of which a worker has done a part."""
    said = {"by": clerk, "at": timezone.now(), "today": "2026-09-30"}
    job = jobs.enqueue("ledger.import", upload=ledger(folder), **said)
    workers.await_(lambda: (sign := sign_of(job)) is not None and 0 < sign.done < ROWS)
    return job


def test_a_bulletin_whose_worker_is_killed_while_it_is_set_is_there_once(
    start_workers: Start, settings: Any, clerk: User
) -> None:
    ProjectFactory(signed=True, signed_on=dt.date(2026, 8, 5))
    report = freezing.freeze_at_once(Period("quarter", 2026, 3), at=timezone.now())
    workers = start_workers(settings.REDIS_URL)
    job = printed.order(report, by=clerk, at=timezone.now())
    workers.await_(lambda: (sign := sign_of(job)) is not None and sign.done == 1)
    workers.kill()
    job.refresh_from_db()
    assert (job.state, job.attempt, bool(job.download)) == (JobState.RUNNING, 1, False)
    assert not printed.is_kept(report)

    workers.start()
    assert found_dead() == jobs.Swept(requeued=1)
    jobs._send(job.pk)
    workers.await_(lambda: is_done(job))
    job.refresh_from_db()
    assert job.attempt == 2
    assert job.download.read() == printed.pdf(report, at=timezone.now())
    assert job.download.open().read(5) == b"%PDF-"
    assert clerk.notices.filter(key__startswith=f"job-{job.pk}-").count() <= 1


def test_a_database_that_hangs_up_in_the_middle_costs_an_attempt_and_nothing_else(
    start_workers: Start, settings: Any, clerk: User, tmp_path: Path
) -> None:
    call_command("setup_county", verbosity=0)
    workers = start_workers(settings.REDIS_URL)
    job = import_half_way(workers, clerk, tmp_path)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    workers.await_(lambda: sign_of(job) is None)  # its worker has let go of it
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)
    assert not Project.objects.exists()

    assert found_dead() == jobs.Swept(requeued=1)
    workers.await_(lambda: is_done(job))  # the same worker, by a new connection
    assert Job.objects.get(pk=job.pk).attempt == 2
    assert (Load.objects.count(), Project.objects.count()) == (1, ROWS - 1)


@pytest.fixture
def own_redis() -> Iterator[list[servers.ThrowAwayServer]]:
    """A Redis that may be stopped; whatever stands in the list is stopped at the end."""
    running = [servers.start_redis()]
    yield running
    for server in running:
        server.stop()


def test_a_redis_that_was_away_finds_the_jobs_that_were_asked_for_meanwhile(
    start_workers: Start,
    own_redis: list[servers.ThrowAwayServer],
    clerk: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = own_redis[0].url
    broker = Celery(broker=url)
    broker.conf.update(task_default_queue="groundbreak", task_publish_retry=False)
    broker.conf.broker_transport_options = {"socket_connect_timeout": 1, "max_retries": 1}

    def send(job_id: int) -> None:
        broker.send_task("jobs.run", args=[job_id], retry=False)

    monkeypatch.setattr(jobs, "import_string", lambda _path: send)
    workers = start_workers(url)

    def export() -> Job:
        said = {"by": clerk, "at": timezone.now(), "query": "", "ending": "csv"}
        return jobs.enqueue("projects.export", **said)

    before = export()
    workers.await_(lambda: is_done(before))
    own_redis.pop().stop()
    meanwhile = export()
    assert Job.objects.get(pk=meanwhile.pk).sent_at is None

    own_redis.append(servers.start_redis(int(url.rpartition(":")[2].split("/")[0])))
    assert jobs.sweep(at=timezone.now()) == jobs.Swept(told_again=1)
    workers.await_(lambda: is_done(meanwhile))  # the same worker, which has come back
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_an_emptied_redis_two_workers_and_everything_said_twice_change_nothing(
    start_workers: Start, settings: Any, clerk: User, tmp_path: Path
) -> None:
    mail = tmp_path / "mail"
    now = timezone.now()
    said: dict[str, Any] = {"by": clerk, "at": now, "query": "", "ending": "csv"}
    asked = [jobs.enqueue("projects.export", **said) for _number in range(3)]
    people = [UserFactory(role="admin", email=f"admin{n}@county.example") for n in range(3)]
    settings.SENDS_MAIL = True
    for _twice in range(2):
        notices.tell(
            people, kind="check.failed", text="差异", url="/jobs/checks/", key="check-1", at=now
        )
    # At once, whatever the day: hours of rest are tested with the notices.
    Delivery.objects.update(due_at=now)
    call_command("setup_county", verbosity=0)
    NoticeHours.objects.bulk_create(NoticeHours(user=person, rests=False) for person in people)
    redis.Redis.from_url(settings.REDIS_URL).flushdb()

    workers = start_workers(settings.REDIS_URL, count=2, EMAIL_URL=f"filemail:///{mail}")
    swept = jobs.sweep(at=now + jobs.TOLD_AGAIN_AFTER + dt.timedelta(minutes=1))
    assert swept == jobs.Swept(told_again=3)
    from config.celery import app

    for _twice in range(2):
        app.send_task("jobs.tick")
        for job in asked:
            jobs._send(job.pk)
    schedule.due(at=now)
    workers.await_(lambda: not Job.objects.open().exists() and Job.objects.count() > 3)
    workers.await_(lambda: not Delivery.objects.exclude(state="sent").exists())
    workers.kill()

    ended = Job.objects.values_list("kind", "state", "attempt", "error")
    assert {(state, attempt, error) for _kind, state, attempt, error in ended} == {
        (JobState.DONE, 1, "")
    }
    counted = Counter(kind for kind, *_said in ended)
    assert counted.pop("projects.export") == 3
    assert {"rollup.check", "jobs.clean", "notices.deliver"} <= set(counted)
    assert len({job.download.name for job in Job.objects.filter(kind="projects.export")}) == 3
    letters = [message for file in mail.iterdir() for message in _letters(file)]
    assert Counter(letters) == {person.email: 1 for person in people}


def _letters(file: Path) -> list[str]:
    """To whom each letter went that Django wrote into a file."""
    parts = file.read_bytes().split(b"-" * 79)
    return [str(message_from_bytes(part.strip())["To"]) for part in parts if part.strip()]
