"""The import wizard: hand in a workbook, say what its columns are, see, and load.

The state between the steps is a job of the person's and the query string: nothing is lost
by going back, and only who asked sees it.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import Job, JobState
from crm.progress import sign_of
from crm.refusals import Refused
from pipeline import imports
from pipeline.forms.imports import MappingForm, UploadForm
from pipeline.models import LoadKind
from pipeline.spreadsheets.blank import blank_workbook
from pipeline.spreadsheets.kinds import KINDS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ANY = "organizations.load"  # who may load anything may load companies; each kind has its own act
SHOWN_REJECTS = 50


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(ANY)
def new(request: SignedIn) -> HttpResponse:
    """Step 1: what is in it, and the file."""
    if request.method != "POST":
        form = UploadForm(user=request.user, kind=request.GET.get("kind", ""))
        return render(request, "pipeline/import_new.html", {"form": form, "step": 1})
    form = UploadForm(request.POST, request.FILES, user=request.user)
    if form.is_valid():
        said = form.cleaned_data
        try:
            job = imports.begin(
                said["file"], kind=said["kind"], by=request.user, clock=timezone.now
            )
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("import_mapping", job.pk)
    return render(request, "pipeline/import_new.html", {"form": form, "step": 1}, status=422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(ANY)
def mapping(request: SignedIn, pk: int) -> HttpResponse:
    """Step 2: which column is what; then the workbook is tried."""
    job = get_object_or_404(imports.looked_at(request.user), pk=pk)
    if _has_ended(request, job):
        return _anew()
    if job.state != JobState.DONE:
        return _waiting(request, job, step=2)
    kind = imports.kind_of(job)
    form = MappingForm(
        request.POST if request.method == "POST" else None,
        sheets=job.result["sheets"],
        table=KINDS[kind].table,
        known=_known(request, job),
    )
    if request.method == "POST" and form.is_valid():
        try:
            tried = imports.try_out(
                job, header_map=form.header_map, by=request.user, clock=timezone.now
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("import_preview", tried.pk)
    shown = {"form": form, "job": job, "kind": LoadKind(kind), "step": 2}
    shown["hidden"] = job.result.get("hidden", [])
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/import_mapping.html", shown, status=status)


def _known(request: SignedIn, job: Job) -> dict[str, str]:
    """What was said of the headers: a moment ago, where that is named, or the last time."""
    number = request.GET.get("from", "")
    if number.isdigit() and len(number) < 10:
        earlier = imports.tried(request.user).filter(pk=int(number)).first()
        if earlier is not None:
            return dict(earlier.arguments.get("header_map") or {})
    return imports.remembered(job)


@never_cache
@require_safe
@allowed(ANY)
def preview(request: SignedIn, pk: int) -> HttpResponse:
    """Step 3: what would come of it, row by row, and what would be refused, cell by cell."""
    job = get_object_or_404(imports.tried(request.user), pk=pk)
    if _has_ended(request, job):
        return _anew()
    if job.state != JobState.DONE:
        return _waiting(request, job, step=3)
    kind = LoadKind(imports.kind_of(job))
    rows = [_row(row, job.result["sheets"]) for row in job.result["shown"]]
    context: dict[str, Any] = {
        "job": job,
        "kind": kind,
        "step": 3,
        "result": job.result,
        "rows": rows,
        "headers": _headers(job.result["shown"], kind),
        "rejects": job.result["rejects"][:SHOWN_REJECTS],
        "several": len(job.result["sheets"]) > 1,
    }
    for row in context["rows"]:
        row["cells"] = [row["values"].get(header, "") for header in context["headers"]]
    return render(request, "pipeline/import_preview.html", context)


def _row(row: dict[str, Any], sheets: list[str]) -> dict[str, Any]:
    return {**row, "place": f"{row['sheet']} {row['row']}" if len(sheets) > 1 else row["row"]}


def _headers(rows: list[dict[str, Any]], kind: LoadKind) -> list[str]:
    """The columns that any of the rows fills, in the order of the kind's table."""
    filled = {header for row in rows for header in row["values"]}
    labels = [field.variants[0] for field in KINDS[kind].table.fields.values()]
    return [label for label in dict.fromkeys(labels) if label in filled]


@require_POST
@allowed(ANY)
def load(request: SignedIn, pk: int) -> HttpResponse:
    """Step 4: load it, in the background; the job's page shows how far it is."""
    job = get_object_or_404(imports.tried(request.user), pk=pk)
    try:
        loading = imports.carry_out(job, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("import_preview", pk)
    messages.info(request, _("已开始导入。可以离开这个页面，完成后会通知您。"))
    return redirect("job", loading.pk)


@require_safe
@allowed(ANY)
def template(request: SignedIn, kind: str) -> HttpResponse:
    """The workbook to fill in for a kind."""
    if kind not in imports.kinds_for(request.user):
        raise Http404
    response = HttpResponse(blank_workbook(kind), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{kind}-template.xlsx"'
    return response


def _has_ended(request: SignedIn, job: Job) -> bool:
    """Whether a page that htmx keeps asking for has come to its end."""
    return bool(request.htmx) and not job.is_open  # type: ignore[attr-defined]


def _anew() -> HttpResponse:
    response = HttpResponse()
    response["HX-Refresh"] = "true"
    return response


def _waiting(request: SignedIn, job: Job, *, step: int) -> HttpResponse:
    """A step that is still being done, or could not be; htmx asks until it is over."""
    looked = job.arguments.get("looked", job.pk)
    context = {
        "job": job,
        "kind": LoadKind(imports.kind_of(job)),
        "sign": sign_of(job) if job.is_running else None,
        "step": step,
        "looked": looked,
    }
    is_fragment = request.htmx  # type: ignore[attr-defined]
    name = "pipeline/import_wait.html" + ("#waiting" if is_fragment else "")
    return render(request, name, context)
