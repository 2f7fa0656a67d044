"""An import in a real worker, which is killed in the middle: it takes effect exactly once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.filebased import FileBasedCache
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from crm import jobs
from crm.models import Job, JobState
from crm.progress import Sign
from pipeline.models import Load, LoadRow, Project
from tests.factories import UserFactory
from tests.jobs.conftest import Workers
from tests.pipeline.loading.ledgers import Book, line

ROWS = 1500  # two batches: the first is told while the other is still to come


def ledger(folder: Path) -> ContentFile[bytes]:
    rows = (line(项目名称=f"第 {n} 号项目", 投资方=f"第 {n} 号公司") for n in range(ROWS - 1))
    path = Book(folder).write(*rows, line(项目名称="无投资方项目", 投资方=""))
    return ContentFile(path.read_bytes(), name="台账.csv")


@pytest.fixture(
    params=[
        pytest.param("redis", marks=[pytest.mark.redis, pytest.mark.postgres]),
        "file",
    ]
)
def workers(
    request: pytest.FixtureRequest,
    start_workers: Callable[[str], Workers],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Workers:
    call_command("setup_county", verbosity=0)
    if request.param == "redis":
        return start_workers(settings.REDIS_URL)
    started = start_workers("")
    if settings.REDIS_URL:  # this process would tell Redis
        monkeypatch.setattr(jobs, "import_string", lambda _path: started.send)
    return started


def sign_of(job: Job, workers: Workers) -> Sign | None:
    """What the worker says of the attempt, where it says it."""
    in_files = FileBasedCache(str(Path(workers.environment["JOBS_DIR"]) / "progress"), {})
    cache = caches["jobs"] if workers.environment["REDIS_URL"] else in_files
    found: Sign | None = cache.get(f"job-{job.pk}-1")
    return found


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_import_whose_worker_is_killed_takes_effect_exactly_once(
    workers: Workers, tmp_path: Path
) -> None:
    clerk = UserFactory(username="clerk", role="verifier")
    job = jobs.enqueue(
        "ledger.import",
        by=clerk,
        at=timezone.now(),
        upload=ledger(tmp_path),
        today="2026-09-30",
    )

    def far_enough() -> bool:
        sign = sign_of(job, workers)
        return sign is not None and 0 < sign.done < ROWS

    workers.await_(far_enough)
    workers.kill()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)
    assert not Project.objects.exists()

    workers.start()
    later = timezone.now() + jobs.LOST_AFTER + dt.timedelta(seconds=1)
    assert jobs.sweep(at=later) == jobs.Swept(requeued=1)
    jobs._send(job.pk)  # and once too often

    workers.await_(lambda: Job.objects.filter(pk=job.pk, state=JobState.DONE).exists())
    job.refresh_from_db()
    assert (job.attempt, job.error, job.progress_done) == (2, "", ROWS)
    assert (job.result["rows"], job.result["created"], job.result["rejected"]) == (
        ROWS,
        ROWS - 1,
        1,
    )
    assert job.download.size > 0
    load = Load.objects.get()
    assert (load.pk, load.loaded_by) == (job.result["load"], clerk)
    assert Project.objects.count() == ROWS - 1
    assert LoadRow.objects.count() == ROWS
