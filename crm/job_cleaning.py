"""What is left of jobs long over: their files go, and the rows of what fell due by itself."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from crm.models import Job, JobState
from crm.schedule import table

FILES_KEPT = dt.timedelta(days=30)
"""What was handed in, and what came of it, is kept so long after the job's end."""
DONE_KEPT = dt.timedelta(days=7)
"""The row of an occasion that was done is kept so long."""
FAILED_KEPT = dt.timedelta(days=180)
"""The row of an occasion that failed is kept so long."""
AT_ONCE = 100


def clean(*, at: dt.datetime) -> int:
    """Remove the files of jobs that ended long ago; the rows stay. How many jobs.

    A file that a younger job works on as well is kept for it.
    """
    before, count = at - FILES_KEPT, 0
    old = Job.objects.filter(finished_at__lt=before).exclude(upload="", download="")
    while cleaned := list(old.order_by("pk")[:AT_ONCE]):
        _remove_files(cleaned, before)
        count += len(cleaned)
    return count


def _remove_files(jobs: list[Job], before: dt.datetime) -> None:
    names = {str(job.upload.name) for job in jobs if job.upload}
    needed = set(
        Job.objects.filter(upload__in=names)
        .exclude(finished_at__lt=before)
        .values_list("upload", flat=True)
    )
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(upload="", download="")
    for job in jobs:
        if job.upload and job.upload.name not in needed:
            transaction.on_commit(partial(job.upload.storage.delete, str(job.upload.name)))
        if job.download:
            transaction.on_commit(partial(job.download.storage.delete, str(job.download.name)))


def prune(*, at: dt.datetime) -> int:
    """Delete the rows of occasions long over; what a person asked for stays. How many.

    Those that ``crm.schedule.due`` would ask for anew are kept, however old.
    """
    needed = {schedule.key(when) for schedule in table() for when in schedule.occasions(at)}
    rows = Job.objects.exclude(key="").exclude(key__in=needed).filter(upload="", download="")
    over = (JobState.DONE, JobState.CANCELLED)
    return _delete(rows.filter(state__in=over, finished_at__lt=at - DONE_KEPT)) + _delete(
        rows.filter(state=JobState.FAILED, finished_at__lt=at - FAILED_KEPT)
    )


def _delete(rows: QuerySet[Job]) -> int:
    count = 0
    while found := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        count += Job.objects.filter(pk__in=found).delete()[0]
    return count
