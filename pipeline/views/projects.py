"""A project's page, registering a project and changing what is known about it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm import organizations
from crm.http import SignedIn, allowed
from crm.models import Organization
from crm.refusals import ReasonNeeded, Refused
from crm.rights import may
from pipeline import projects
from pipeline.forms.projects import ProjectForm
from pipeline.models import Project
from pipeline.views.project_page import project_page


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
