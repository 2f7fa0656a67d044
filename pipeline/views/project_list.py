"""The list of projects, as it is narrowed, sorted and shown by its URL; and its file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import push_url

from crm import jobs
from crm.http import SignedIn, allowed
from crm.rights import may
from pipeline import columns, filters
from pipeline.forms.lists import BulkForm, ExportForm, ViewForm
from pipeline.listing import Wanted
from pipeline.models import SavedView
from pipeline.spreadsheets import exports

FIRST = ("q", "park", "stage", "year")
CHECKS = ("mine", "quiet", "waiting")
SHOWN_VIEWS = 24


@require_safe
@allowed("project.view")
def project_list(request: SignedIn) -> HttpResponse:
    """All projects that the person may see, narrowed, sorted and paged by the URL."""
    return list_page(request, Wanted.of(request.META["QUERY_STRING"]))


def list_page(
    request: SignedIn, wanted: Wanted, *, bulk: BulkForm | None = None, picked: Iterable[int] = ()
) -> HttpResponse:
    """The page; with an act on many rows that was refused, and what had been ticked."""
    now, user = timezone.now(), request.user
    found = wanted.narrowed(person=user, at=now)
    page = filters.page(
        columns.sort(found.qs, wanted.by),
        number=request.GET.get("page", "1"),
        size=wanted.given.get("size", ""),
        whole=columns.whole(wanted.columns),
    )
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    query = wanted.query()
    context: dict[str, Any] = {
        "filter": found,
        "page": page,
        "wanted": wanted,
        "lines": columns.lines(page.rows, wanted.columns, at=now),
        "headers": _headers(wanted),
        "is_narrowed": wanted.is_narrowed,
        "query": query,
        "sizes": [(size, wanted.query(size=size)) for size in filters.SIZES],
        "choices": [(column, column in wanted.columns) for column in columns.COLUMNS[1:]],
        "usual_query": wanted.query(cols=None),
        "kept": [pair for pair in wanted.given.items() if pair[0] != "cols"],
        "picked": set(picked),
        "may_save": may(user, "view.save"),
        "view_form": ViewForm(user=user, initial={"query": query}),
    }
    if may(user, "project.edit"):
        context["bulk"] = bulk or BulkForm(user=user, initial={"query": query, "which": "picked"})
    if not is_fragment:
        context |= bar(found, first=FIRST, given=wanted.given)
        context["views"] = SavedView.objects.visible_to(user)[:SHOWN_VIEWS]
    template = "pipeline/projects.html" + ("#results" if is_fragment else "")
    response = render(request, template, context, status=422 if bulk else 200)
    return push_url(response, f"{request.path}?{query}") if is_fragment else response


def bar(
    found: filters.ProjectFilter,
    *,
    first: tuple[str, ...],
    given: dict[str, str],
    without: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The filter's fields: those always in view, the ticks, and the further ones."""
    form = found.form
    further = [name for name in form.fields if name not in {*first, *CHECKS, *without}]
    return {
        "first_fields": [form[name] for name in first],
        "check_fields": [form[name] for name in CHECKS],
        "further_fields": [form[name] for name in further],
        "has_further": bool(given.keys() & set(further)),
    }


def _headers(wanted: Wanted) -> list[dict[str, Any]]:
    """Each column's wording, the query that sorts by it, and how it is sorted now."""
    headers = []
    for column in wanted.columns:
        is_up, is_down = wanted.by == column.name, wanted.by == f"-{column.name}"
        turned = f"-{column.name}" if is_up else column.name
        headers.append(
            {
                "column": column,
                "query": "" if column.by is None else wanted.query(sort=turned),
                "order": "ascending" if is_up else "descending" if is_down else "",
            }
        )
    return headers


@require_POST
@allowed("project.view")
def project_export(request: SignedIn) -> HttpResponseBase:
    """What the list shows as a file: at once, or by a job where it is long."""
    form, now = ExportForm(request.POST), timezone.now()
    form.is_valid()
    ending = form.cleaned_data.get("ending") or exports.FORMATS[0]
    wanted = Wanted.of(form.cleaned_data.get("query", ""))
    rows = wanted.rows(person=request.user, at=now)
    if rows.order_by().values("pk")[: exports.AT_ONCE + 1].count() > exports.AT_ONCE:
        job = jobs.enqueue(
            "projects.export", by=request.user, at=now, query=wanted.query(), ending=ending
        )
        return redirect("job", job.pk)
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"projects.{ending}"
        exports.write(path, rows, wanted.columns, ending=ending, at=now)
        file.write(path.read_bytes())
    file.seek(0)
    name = _("项目清单") + f"-{timezone.localdate(now)}.{ending}"
    response = FileResponse(file, as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response
