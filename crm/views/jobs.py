"""What somebody asked for and a worker does: the list, one job as it goes, taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm import jobs
from crm.http import SignedIn, allowed
from crm.models import Job, JobState
from crm.progress import Sign, is_stopping, signs_of
from crm.refusals import Refused

PAGE = 50


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
    """The person's jobs, the latest first; an administrator sees everybody's."""
    rows = Job.objects.visible_to(request.user).select_related("asked_by")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "crm/jobs/list.html", {"page": page, "rows": shown(page)})


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
    may_retry = row.job.state == JobState.FAILED and row.job.asked_by_id == request.user.pk
    return render(request, template, {"shown": row, "job": row.job, "may_retry": may_retry})


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
    row = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
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
