"""Work that is done after the answer: asking for it, doing it once, giving it up.

A job is a row (``crm.models.Job``); a message in the broker only wakes a worker. Every
verb changes the row by comparing its state and attempt, so all of them may come twice, at
once and late. A function and the row's end are one transaction (unless its kind says
otherwise), therefore it takes effect exactly once, whenever its worker is killed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from structlog import get_logger

from crm import notices
from crm.job_kinds import Function as Function
from crm.job_kinds import Kind as Kind
from crm.job_kinds import declare_kinds as declare_kinds
from crm.job_kinds import kind as kind
from crm.job_kinds import kinds as kinds
from crm.models import Job, JobState, Role, User
from crm.progress import Cancelled, Progress, Sign, ask_to_stop, sign_of, signs_of
from crm.refusals import NotAllowed, Refused
from crm.rights import require

log = get_logger(__name__)

LOST_AFTER = dt.timedelta(minutes=2)
"""Without a sign of life for so long, a running job's worker is taken for dead."""
TOLD_AGAIN_AFTER = dt.timedelta(minutes=10)
"""A waiting job is told to the workers again when none has taken it for so long."""
MOST_ATTEMPTS = 3
"""A job whose worker died so many times is given up: it may be what kills them."""
TOLD_OF_AFTER = dt.timedelta(seconds=5)
"""Who waited longer than this from asking to the end is told by a notice."""

Clock = Callable[[], dt.datetime]


class CannotBeCancelled(Refused):
    """The job is over, or nobody can be told to stop it."""

    code = "cannot_be_cancelled"


class CannotBeRetried(Refused):
    """The job did not fail, or what it worked on is gone."""

    code = "cannot_be_retried"


class Superseded(Exception):
    """This attempt was given up and another one has the job: nothing of it may stay."""


# --- Asking -----------------------------------------------------------------------------
@transaction.atomic
def enqueue(
    name: str,
    *,
    by: User,
    at: dt.datetime,
    upload: File | Job | None = None,
    send: bool = True,
    **arguments: Any,
) -> Job:
    """Ask for a job; a worker is told once the transaction is committed.

    ``upload`` is a file to keep, or an earlier job of the same person whose file this one
    works on as well. ``arguments`` are kept as JSON. ``send=False`` is for who calls
    :func:`run` at once. A broker that does not answer refuses nothing: the row waits, and
    :func:`sweep` tells the workers again. Raises ``NotAllowed``, ``CannotBeRetried`` where
    the earlier job's file is gone.
    """
    require(by, kinds()[name].act)
    job = Job(kind=name, asked_by=by, arguments=arguments, created_at=at, sent_at=at)
    if isinstance(upload, Job):
        if not upload.upload:
            raise CannotBeRetried(_("提交的文件已经清理，请重新上传"))
        job.upload.name = upload.upload.name
        job.arguments = {"name": upload.upload_name, **arguments}
    elif upload is not None:
        job.arguments = {"name": str(upload.name).rpartition("/")[2], **arguments}
        job.upload.save(str(upload.name), upload, save=False)
    job.save()
    if send:
        transaction.on_commit(partial(_send, job.pk))
    return job


def enqueue_once(name: str, *, key: str, by: User, at: dt.datetime, **arguments: Any) -> Job | None:
    """Ask for the job of an occasion, named by ``key``; None where it is a job already.

    The database takes a key once, whoever asks at the same time. Raises ``NotAllowed``.
    """
    require(by, kinds()[name].act)
    job = Job(kind=name, key=key, asked_by=by, arguments=arguments, created_at=at, sent_at=at)
    try:
        with transaction.atomic():
            job.save()
            transaction.on_commit(partial(_send, job.pk))
    except IntegrityError:
        if not Job.objects.filter(key=key).exists():
            raise
        return None
    return job


def cancel(job: Job, *, by: User, at: dt.datetime) -> Job:
    """Take back a job that is not over.

    One that waits is cancelled now, as is one whose worker is silent; one that runs is
    asked to stop, and what it did is rolled back at its next step.

    Raises ``NotAllowed``, ``CannotBeCancelled``.
    """
    if by.pk != job.asked_by_id and by.role != Role.ADMIN:
        raise NotAllowed(_("只能取消自己提交的任务"))
    job.refresh_from_db()
    # Nothing is written for a job that runs: on SQLite it holds the one write lock.
    if job.state == JobState.QUEUED:
        waiting = Job.objects.filter(pk=job.pk, state=JobState.QUEUED)
        ended = waiting.update(state=JobState.CANCELLED, finished_at=at)
        job.refresh_from_db()
        if ended:
            return job
    if job.state != JobState.RUNNING:
        raise CannotBeCancelled(_("任务已经结束，不能取消"))
    if is_lost(job, sign_of(job), at=at):
        mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
        mine.update(state=JobState.CANCELLED, finished_at=at)
        job.refresh_from_db()
        return job
    try:
        ask_to_stop(job)
    except Exception as error:
        log.warning("job not asked to stop", job=job.reference, exc_info=True)
        raise CannotBeCancelled(_("暂时不能取消，请稍后再试")) from error
    return job


def retry(job: Job, *, by: User, at: dt.datetime) -> Job:
    """Have a failed job done again, with the file that was handed in.

    In the name of who asked for it, who may no longer be allowed to. What fell due by itself
    is an administrator's to retry. Raises ``NotAllowed``, ``CannotBeRetried``.
    """
    if not may_retry(job, by):
        raise NotAllowed(_("只能重试自己提交的任务"))
    kind = kinds().get(job.kind)
    if kind is None:
        raise CannotBeRetried(_("系统已不再支持这种任务"))
    require(job.asked_by, kind.act)
    if "name" in job.arguments and not job.upload:
        raise CannotBeRetried(_("提交的文件已经清理，请重新上传"))
    failed = Job.objects.filter(pk=job.pk, state=JobState.FAILED)
    if not failed.update(
        state=JobState.QUEUED, finished_at=None, error="", error_code="", sent_at=at
    ):
        raise CannotBeRetried(_("只有未完成的任务可以重试，请刷新页面"))
    transaction.on_commit(partial(_send, job.pk))
    job.refresh_from_db()
    return job


def may_retry(job: Job, by: User) -> bool:
    """Whether the person may have the job done again, once it has failed."""
    return by.pk == job.asked_by_id or (by.role == Role.ADMIN and is_of_system(job))


def is_of_system(job: Job) -> bool:
    """Whether the job fell due by itself."""
    return job.asked_by.role == Role.SYSTEM


# --- Doing ------------------------------------------------------------------------------
def run(job_id: int, *, clock: Clock) -> None:
    """Do a job, if it is there to be done, and write down what came of it.

    A job that is being done, is over or was cancelled is left alone: messages come twice.
    What its function refuses becomes the error that the person reads; what nobody foresaw
    becomes a number for them and a traceback in the log. A database that does not answer
    leaves the row running, for :func:`sweep`.
    """
    at = clock()
    job = claim(job_id, at=at)
    if job is None:
        log.info("job not there to be done", job=job_id)
        return
    known: tuple[type[Exception], ...] = (Refused,)
    with Progress(job, clock) as progress, translation.override(settings.LANGUAGE_CODE):
        try:
            kind = kinds()[job.kind]
            known += kind.refusals
            with transaction.atomic() if kind.atomic else nullcontext():
                result = kind.function(job, progress, at)
                with transaction.atomic():  # the end and its notice, also of what is not atomic
                    finish(job, result, progress, at=clock())
                    _tell_who_asked(job, at=clock())
        except Cancelled:
            _end(job, JobState.CANCELLED, progress, clock())
        except Superseded:
            log.warning("job was taken over, nothing of this attempt stays", job=job.reference)
        except (OperationalError, InterfaceError):
            log.exception("job interrupted by the database", job=job.reference)
        except known as refusal:
            code = getattr(refusal, "code", Refused.code)
            _fail(job, str(getattr(refusal, "message", refusal)), code, progress, at=clock())
        except Exception:
            log.exception("job failed", job=job.reference, kind=job.kind)
            words = _("系统出错，已记录（编号 %(number)s），请联系管理员") % {
                "number": job.reference
            }
            _fail(job, words, "unexpected", progress, at=clock())
        except BaseException:
            # The worker is being ended: the job goes back for the next one.
            _take_back(job, at=clock())
            raise


@transaction.atomic
def claim(job_id: int, *, at: dt.datetime) -> Job | None:
    """Take a waiting job, or a lost one, for this worker; None where there is none to take."""
    job = Job.objects.filter(pk=job_id).first()
    if job is not None and is_lost(job, sign_of(job), at=at):
        _take_back(job, at=at)
    waiting = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
    taken = waiting.update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        started_at=at,
        progress_done=0,
        progress_total=None,
        progress_words="",
    )
    return Job.objects.select_related("asked_by").get(pk=job_id) if taken else None


def finish(job: Job, result: dict[str, Any], progress: Progress, *, at: dt.datetime) -> None:
    """The attempt did its work. Raises ``Superseded`` where another one has the job."""
    if not _end(job, JobState.DONE, progress, at, result=result, download=job.download.name or ""):
        raise Superseded


def _fail(job: Job, words: str, code: str, progress: Progress, *, at: dt.datetime) -> None:
    if _end(job, JobState.FAILED, progress, at, error=words, error_code=code[:40]):
        _tell_who_asked(job, at=at, error=words)


def _tell_who_asked(job: Job, *, at: dt.datetime, error: str = "") -> None:
    """A notice to who has waited so long that they may have gone elsewhere.

    What fell due by itself and failed is told to the administrators, a kind once a day.
    """
    kind = kinds().get(job.kind)
    if is_of_system(job):
        if error:
            notices.tell(
                User.objects.filter(role=Role.ADMIN, is_active=True),
                kind="job.failed",
                text=_("定时任务未完成：%(kind)s %(error)s")
                % {"kind": kind.label if kind else job.kind, "error": error},
                url=f"/jobs/{job.pk}/",
                key=f"job-failed-{job.kind}-{timezone.localdate(at)}",
                at=at,
            )
        return
    if at - job.created_at < TOLD_OF_AFTER:
        return
    said = {"kind": kind.label if kind else job.kind, "name": job.upload_name, "error": error}
    text = _("%(kind)s未完成：%(name)s %(error)s") if error else _("%(kind)s已完成：%(name)s")
    notices.tell(
        [job.asked_by],
        kind="job.failed" if error else "job.done",
        text=(text % said).rstrip("： "),
        url=f"/jobs/{job.pk}/",
        key=f"job-{job.reference}",
        at=at,
    )


def _end(job: Job, state: JobState, progress: Progress, at: dt.datetime, **columns: Any) -> int:
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
    return mine.update(
        state=state,
        finished_at=at,
        progress_done=progress.done,
        progress_total=progress.total,
        progress_words=progress.words,
        **columns,
    )


# --- Losing, and finding again ----------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Swept:
    """How many jobs a sweep put back, gave up, and told the workers again."""

    requeued: int = 0
    given_up: int = 0
    told_again: int = 0


def is_lost(job: Job, sign: Sign | None, *, at: dt.datetime) -> bool:
    """Whether the job counts as running but nobody has heard of its worker for long.

    ``sign`` is the attempt's last sign of life (``crm.progress``), where there is one.
    """
    if job.state != JobState.RUNNING or job.started_at is None:
        return False
    return at - max(job.started_at, sign.at if sign else job.started_at) > LOST_AFTER


def sweep(*, at: dt.datetime) -> Swept:
    """Put back what dead workers left, and tell the workers what a broker has lost."""
    requeued, given_up = requeue_lost(at=at)
    return Swept(requeued, given_up, _tell_again(at=at))


def requeue_lost(*, at: dt.datetime) -> tuple[int, int]:
    """Put lost jobs back, or give them up after ``MOST_ATTEMPTS``: how many of each."""
    running = list(Job.objects.filter(state=JobState.RUNNING))
    signs = signs_of(running)
    lost = [job for job in running if is_lost(job, signs.get(job.pk), at=at)]
    counts = {True: 0, False: 0}
    for job in lost:
        if (put_back := _take_back(job, at=at)) is not None:
            counts[put_back] += 1
            if put_back:
                transaction.on_commit(partial(_send, job.pk))
    return counts[True], counts[False]


def _take_back(job: Job, *, at: dt.datetime) -> bool | None:
    """Back to waiting (True), or given up (False); None where somebody was faster."""
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)
    if job.attempt < MOST_ATTEMPTS:
        return True if mine.update(state=JobState.QUEUED, sent_at=at) else None
    words = _("任务多次中断，已停止重试（编号 %(number)s），请联系管理员") % {
        "number": job.reference
    }
    changed = mine.update(
        state=JobState.FAILED, finished_at=at, error=words, error_code="interrupted"
    )
    if changed:
        _tell_who_asked(job, at=at, error=words)
    return False if changed else None


def _tell_again(*, at: dt.datetime) -> int:
    waiting = Job.objects.filter(state=JobState.QUEUED)
    untold = waiting.filter(sent_at__isnull=True) | waiting.filter(
        sent_at__lt=at - TOLD_AGAIN_AFTER
    )
    ids = list(untold.order_by("pk").values_list("pk", flat=True))
    Job.objects.filter(pk__in=ids, state=JobState.QUEUED).update(sent_at=at)
    for job_id in ids:
        transaction.on_commit(partial(_send, job_id))
    return len(ids)


def _send(job_id: int) -> None:
    """Tell a worker. The row is there already: a broker that fails only costs time."""
    try:
        import_string(settings.JOB_SENDER)(job_id)
    except Exception:
        log.warning("no worker told of the job", job=job_id, exc_info=True)
        Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(sent_at=None)
