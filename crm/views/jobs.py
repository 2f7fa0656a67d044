"""What somebody asked for and a worker does: the list, one job as it goes, taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm import jobs, schedule
from crm.http import SignedIn, allowed
from crm.listing import Stretch
from crm.models import Job, JobState, Role, User
from crm.progress import Sign, is_stopping, signs_of
from crm.refusals import Refused
from crm.rights import may

PAGE = 50
SOON = dt.timedelta(minutes=10)
"""A job that has been under way for longer is asked about less often."""
WHO = {"mine": _l("我的"), "people": _l("人提交的"), "schedule": _l("定时任务")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A job with what the pages say of it."""

    job: Job
    kind: jobs.Kind | None  # None: no version of ours knows it any more
    sign: Sign | None
    is_lost: bool
    is_stopping: bool = False


def shown(found: Iterable[Job]) -> list[Shown]:
    """Jobs with what the pages say of them; the cache is asked once for all of them."""
    found, now = list(found), timezone.now()
    signs = signs_of(job for job in found if job.is_running)
    return [
        Shown(
            job,
            jobs.kinds().get(job.kind),
            signs.get(job.pk),
            jobs.is_lost(job, signs.get(job.pk), at=now),
        )
        for job in found
    ]


@never_cache
@require_safe
@allowed("job.view")
def job_list(request: SignedIn) -> HttpResponse:
    """The person's jobs, the latest first; an administrator sees everybody's and what fell due
    by itself. htmx asks for the table alone, as long as something in it is under way."""
    narrowed = Narrowed.of(request)
    jobs_of = Job.objects.visible_to(request.user).select_related("asked_by")
    stretch = Stretch.of(narrowed.among(jobs_of), before=request.GET.get("before"), size=PAGE)
    is_fragment = request.htmx  # type: ignore[attr-defined]
    return render(
        request,
        "crm/jobs/list.html" + ("#table" if is_fragment else ""),
        {
            "stretch": stretch,
            "rows": shown(stretch.rows),
            "narrowed": narrowed,
            "query": narrowed.query(),
            "again": _seconds_until_asked_again(stretch.rows),
        },
    )


def _seconds_until_asked_again(found: Iterable[Job]) -> int:
    """How long a page waits before it asks how its jobs go on; 0: it need not ask.

    What has been under way for long changes rarely.
    """
    since = [job.started_at or job.created_at for job in found if job.is_open]
    if not since:
        return 0
    return 3 if timezone.now() - max(since) < SOON else 30


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list of jobs is narrowed to, as its URL says; what makes no sense is left out.

    ``who`` is for administrators: ``mine``, ``people`` or ``schedule``.
    """

    person: User
    kind: str = ""
    state: str = ""
    who: str = ""

    @classmethod
    def of(cls, request: SignedIn) -> Narrowed:
        kind, state, who = (request.GET.get(name, "") for name in ("kind", "state", "who"))
        return cls(
            request.user,
            kind if kind in jobs.kinds() else "",
            state if state in JobState.values else "",
            who if who in WHO and request.user.role == Role.ADMIN else "",
        )

    def among(self, rows: QuerySet[Job]) -> QuerySet[Job]:
        """The rows that are left."""
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.state:
            rows = rows.filter(state=self.state)
        if self.who == "mine":
            rows = rows.filter(asked_by=self.person)
        elif self.who:
            rows = rows.exclude(key="") if self.who == "schedule" else rows.filter(key="")
        return rows

    def query(self, **other: str) -> str:
        """The URL's parameters, with ``other`` ones in their place."""
        said = {"kind": self.kind, "state": self.state, "who": self.who} | other
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def is_any(self) -> bool:
        return bool(self.query())

    @property
    def states(self) -> list[tuple[str, Any, str]]:
        """Each state to choose: value, name, and the query string that chooses it."""
        return [
            (value, label, self.query(state=value))
            for value, label in [("", _("全部")), *JobState.choices]
        ]

    @property
    def everybody(self) -> list[tuple[str, Any, str]]:
        """Whose jobs an administrator may choose, like ``states``."""
        if self.person.role != Role.ADMIN:
            return []
        return [
            (value, label, self.query(who=value))
            for value, label in [("", _("所有人")), *WHO.items()]
        ]

    @property
    def kinds(self) -> list[tuple[str, Any]]:
        """The kinds that the person may ask for; an administrator's are all."""
        everything = self.person.role == Role.ADMIN
        return [
            (kind.name, kind.label)
            for kind in jobs.kinds().values()
            if everything or may(self.person, kind.act)
        ]


@never_cache
@require_safe
@allowed("schedule.view")
def schedule_list(request: SignedIn) -> HttpResponse:
    """What falls due by itself: how often, how it went last, when next; and the clock's pulse."""
    now, ticked = timezone.now(), schedule.ticked_at()
    standings = schedule.standings(at=now)
    last = {row.job.pk: row for row in shown([one.job for one in standings if one.job])}
    return render(
        request,
        "crm/jobs/schedules.html",
        {
            "rows": [(one, last.get(one.job.pk) if one.job else None) for one in standings],
            "ticked_at": ticked,
            "is_silent": schedule.is_silent(ticked, at=now),
        },
    )


@never_cache
@require_safe
@allowed("job.view")
def job(request: SignedIn, pk: int) -> HttpResponse:
    """One job; htmx asks for its state alone, until it is over."""
    rows = Job.objects.visible_to(request.user).select_related("asked_by")
    (row,) = shown([get_object_or_404(rows, pk=pk)])
    row = replace(row, is_stopping=row.job.is_running and is_stopping(row.job))
    is_fragment = request.htmx  # type: ignore[attr-defined]
    template = "crm/jobs/job.html" + ("#status" if is_fragment else "")
    said = {
        "shown": row,
        "job": row.job,
        "may_retry": row.job.state == JobState.FAILED and jobs.may_retry(row.job, request.user),
        "is_of_system": jobs.is_of_system(row.job),
        "again": 2 if _seconds_until_asked_again([row.job]) == 3 else 30,
    }
    return render(request, template, said)


@require_POST
@allowed("job.view")
def job_cancel(request: SignedIn, pk: int) -> HttpResponse:
    """Take back a job that waits, or have one that runs stop."""
    row = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    try:
        row = jobs.cancel(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if row.is_running:
            messages.info(request, _("正在取消：任务会在下一步停下，已处理的部分全部退回。"))
        else:
            messages.success(request, _("任务已取消，没有改动任何数据。"))
    return redirect("job", pk)


@require_POST
@allowed("job.view")
def job_retry(request: SignedIn, pk: int) -> HttpResponse:
    """Have a job that failed done again, with the same file."""
    rows = Job.objects.visible_to(request.user).select_related("asked_by")
    row = get_object_or_404(rows, pk=pk)
    try:
        jobs.retry(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("任务已重新排队。"))
    return redirect("job", pk)


@never_cache
@require_safe
@allowed("job.view")
def job_download(request: SignedIn, pk: int) -> FileResponse:
    """The file that the job made, to be saved and never to be shown inside a page of ours."""
    row = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if not row.download:
        raise Http404
    response = FileResponse(
        row.download.open("rb"),
        as_attachment=True,
        filename=row.result.get("download_name") or Path(str(row.download.name)).name,
        content_type="application/octet-stream",
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
