"""The list of projects, and a project's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import push_url

from crm import organizations
from crm.http import SignedIn, allowed
from crm.models import Organization
from crm.refusals import ReasonNeeded, Refused
from crm.rights import may
from pipeline import filters, projects
from pipeline.forms.projects import ProjectForm
from pipeline.models import Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind
from pipeline.views.project_page import project_page


@require_safe
@allowed("project.view")
def project_list(request: SignedIn) -> HttpResponse:
    """All projects that the person may see, narrowed, sorted and paged by the URL."""
    found = filters.ProjectFilter(
        request.GET, Project.objects.current().visible_to(request.user), request=request
    )
    given = {name: v for name, v in request.GET.dict().items() if v and name != "page"}
    by = given.get("sort", "")
    page = filters.page(
        filters.sort(found.qs, by),
        number=request.GET.get("page", "1"),
        size=given.get("size", ""),
    )
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    response = render(
        request,
        "pipeline/projects.html" + ("#results" if is_fragment else ""),
        {
            "filter": found,
            "page": page,
            "lines": _lines(page.rows, today=timezone.localdate()),
            "headers": _headers(given, by),
            "is_narrowed": bool(given.keys() - {"sort", "size"}),
            "has_further": bool(given.keys() & FURTHER),
            "query": urlencode(given),
            "sizes": [(size, urlencode(given | {"size": size})) for size in filters.SIZES],
            "given": given,
        },
    )
    if is_fragment:
        return push_url(response, f"{request.path}?{urlencode(given)}")
    return response


FURTHER = frozenset({"status", "channel", "industry", "officer", "least", "most"})


@dataclass(frozen=True, slots=True)
class Line:
    """A project's line: the row, its days of signing and groundbreaking, days in its stage."""

    project: Project
    signed: Milestone | None
    started: Milestone | None
    days_in_stage: int


def _lines(rows: Sequence[Project], *, today: dt.date) -> list[Line]:
    """One query for the days of all rows."""
    found = Milestone.objects.effective().filter(
        project__in=[row.pk for row in rows],
        kind__in=[MilestoneKind.SIGNING, MilestoneKind.GROUNDBREAKING],
        expansion__isnull=True,
    )
    days: dict[tuple[int, str], Milestone] = {}
    for milestone in found.exclude(contract_kind=ContractKind.FRAMEWORK).order_by("occurred_on"):
        days.setdefault((milestone.project_id, milestone.kind), milestone)
    return [
        Line(
            row,
            days.get((row.pk, MilestoneKind.SIGNING)),
            days.get((row.pk, MilestoneKind.GROUNDBREAKING)),
            (today - (row.stage_since or timezone.localdate(row.created_at))).days,
        )
        for row in rows
    ]


def _headers(given: dict[str, str], by: str) -> list[dict[str, Any]]:
    """Each column's wording, the query that sorts by it, and how it is sorted now."""
    headers = []
    for column in filters.COLUMNS:
        is_up, is_down = by == column.name, by == f"-{column.name}"
        turned = f"-{column.name}" if is_up else column.name
        headers.append(
            {
                "column": column,
                "query": urlencode(given | {"sort": turned}),
                "order": "ascending" if is_up else "descending" if is_down else "",
            }
        )
    return headers


@require_safe
@allowed("project.view")
def project(request: SignedIn, pk: int) -> HttpResponse:
    """Everything about one project; 404 where it is out of the person's sight."""
    row = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    return project_page(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("project.edit")
def new(request: SignedIn) -> HttpResponse:
    """Register a project, and its investor where there is none of that name yet."""
    form = ProjectForm(_sent(request), user=request.user)
    if form.is_valid():
        try:
            with transaction.atomic():
                row = projects.register(
                    investor=_investor(form, request),
                    fields=form.project_fields(),
                    by=request.user,
                    at=timezone.now(),
                )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。接下来补齐在谈所缺的材料。"))
            return redirect("project", row.pk)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("project.edit")
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """Change what is known about a project, beside others who do; its stage is none of it."""
    rows = Project.objects.current().visible_to(request.user).select_related("investor")
    with transaction.atomic():
        if request.method == "POST":
            # Held until it is saved: what the form compares with is what the verb changes.
            rows = rows.select_for_update(of=("self",))
        row = get_object_or_404(rows, pk=pk)
        if not may(request.user, "project.edit", row):
            raise PermissionDenied  # seen for its past credit, and now another park's
        form = ProjectForm(_sent(request), instance=row, user=request.user)
        is_saved = form.is_valid() and _saved(form, request)
    if not is_saved:
        return _form_page(request, form, pk)
    messages.success(request, _("已保存。"))
    for theirs in form.kept:
        by = theirs.by or _("别人")
        text = _("您填写时%(by)s把“%(label)s”改成了“%(value)s”，已一并保留。")
        messages.info(
            request, text % {"by": by, "label": theirs.label, "value": theirs.value or "—"}
        )
    return redirect("project", pk)


def _saved(form: ProjectForm, request: SignedIn) -> bool:
    """Whether the verb took what was changed; why not stands in the form."""
    try:
        with transaction.atomic():
            projects.edit(
                form.instance,
                investor=_investor(form, request) if form.names_investor else None,
                fields=form.project_fields(),
                plan_reason=form.cleaned_data["plan_reason"],
                by=request.user,
                at=timezone.now(),
            )
    except ReasonNeeded as refusal:
        form.add_error("plan_reason", str(refusal))
    except Refused as refusal:
        form.add_error(None, str(refusal))
    return form.is_valid()


def _sent(request: SignedIn) -> QueryDict | None:
    """What was sent, were it nothing; None where the form is only opened."""
    return request.POST if request.method == "POST" else None


def _investor(form: ProjectForm, request: SignedIn) -> Organization:
    return organizations.register(
        name=form.cleaned_data["investor_name"],
        code=form.cleaned_data["investor_uscc"],
        by=request.user,
        at=timezone.now(),
    )


def _form_page(request: SignedIn, form: ProjectForm, pk: int | None) -> HttpResponse:
    return render(
        request,
        "pipeline/project_form.html",
        {"form": form, "pk": pk},
        status=422 if form.is_bound else 200,
    )
