"""What is done on a project's page: plans, tags, tasks, needs, its status, aftercare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.http import SignedIn, allowed
from crm.models import Tag, User
from crm.refusals import Refused
from crm.rights import may
from pipeline import aftercare, factors, follow_ups, funds_plans, status_requests, statuses, tagging
from pipeline.forms.project_page import (
    DecisionForm,
    ExpansionForm,
    FactorEditForm,
    FundsPlanForm,
    IssueForm,
    SolveForm,
    StatusForm,
    TagsForm,
    TaskForm,
)
from pipeline.models import AftercareIssue, FactorNeed, FundsPlan, Project, StatusRequest
from pipeline.views.dossier import add_to_project
from pipeline.views.project_page import project_page
from pipeline.written import WAN


@require_POST
@allowed("funds.record")
def funds_plan_new(request: SignedIn, pk: int) -> HttpResponse:
    """Plan money; the form is in 万元."""

    def verb(project: Project, *, amount: Decimal, **given: Any) -> FundsPlan:
        return funds_plans.plan(project, amount=amount * WAN, **given)

    return add_to_project(request, pk, FundsPlanForm, verb, "funds")


@require_POST
@allowed("funds.record")
def funds_plan_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    """Take a plan of money back."""
    return _on_row(request, pk, FundsPlan, funds_plans.withdraw, _("已撤回。"), "funds")


@require_POST
@allowed("project.edit")
def tags(request: SignedIn, pk: int) -> HttpResponse:
    """Give the project exactly the tags that are ticked."""

    def verb(project: Project, *, tags: QuerySet[Tag], by: User, at: dt.datetime) -> bool:
        return tagging.set_tags(project, tags, by=by, at=at)

    return add_to_project(request, pk, TagsForm, verb, "tags")


@require_POST
@allowed("follow_up.edit")
def task_new(request: SignedIn, pk: int) -> HttpResponse:
    """A next step of the project; one's own unless a colleague is chosen."""

    def verb(project: Project, *, assignee: User | None, by: User, **given: Any) -> Any:
        return follow_ups.add(project=project, assignee=assignee or by, by=by, **given)

    return add_to_project(request, pk, TaskForm, verb, "tasks")


# --- needs ----------------------------------------------------------------------------------
@require_POST
@allowed("project.edit")
def factor_edit(request: SignedIn, pk: int) -> HttpResponse:
    """Whose a need is, and by when."""
    return _by_form(
        request, pk, FactorNeed, lambda row: FactorEditForm(request.POST, need=row), factors.edit,
        "factors",
    )  # fmt: skip


@require_POST
@allowed("project.edit")
def factor_unmeet(request: SignedIn, pk: int) -> HttpResponse:
    """Take back that a need was met."""
    return _on_row(request, pk, FactorNeed, factors.unmeet, _("已撤回。"), "factors")


# --- the status -----------------------------------------------------------------------------
@require_POST
@allowed("status.request")
def status_new(request: SignedIn, pk: int) -> HttpResponse:
    """Change the status where the person may approve it, else ask for it."""

    def verb(project: Project, *, by: User, **given: Any) -> Any:
        if may(by, "status.approve", project):
            return statuses.change(project, by=by, approved_by=by, **given)
        return status_requests.request(project, by=by, **given)

    return add_to_project(request, pk, StatusForm, verb, "status")


@require_POST
@allowed("status.approve")
def status_approve(request: SignedIn, pk: int) -> HttpResponse:
    """Change the status as it was asked for."""
    return _on_row(
        request, pk, StatusRequest, status_requests.approve, _("已批准，状态已变更。"), "status"
    )


@require_POST
@allowed("status.approve")
def status_refuse(request: SignedIn, pk: int) -> HttpResponse:
    """Leave the status as it is, with a word why."""
    return _by_form(
        request,
        pk,
        StatusRequest,
        lambda row: DecisionForm(request.POST, prefix=f"refuse-{row.pk}"),
        status_requests.refuse,
        "status",
    )


@require_POST
@allowed("status.request")
def status_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    """Take one's own request back."""
    return _on_row(request, pk, StatusRequest, status_requests.withdraw, _("已撤回。"), "status")


# --- aftercare ------------------------------------------------------------------------------
@require_POST
@allowed("aftercare.edit")
def issue_new(request: SignedIn, pk: int) -> HttpResponse:
    """What the company asks for."""
    return add_to_project(request, pk, IssueForm, aftercare.raise_issue, "aftercare")


@require_POST
@allowed("aftercare.edit")
def issue_solve(request: SignedIn, pk: int) -> HttpResponse:
    """How it was solved."""
    return _by_form(
        request, pk, AftercareIssue, lambda row: SolveForm(request.POST, issue=row),
        aftercare.solve, "aftercare",
    )  # fmt: skip


@require_POST
@allowed("aftercare.edit")
def issue_reopen(request: SignedIn, pk: int) -> HttpResponse:
    """It is not solved after all."""
    return _on_row(request, pk, AftercareIssue, aftercare.reopen, _("已重开。"), "aftercare")


@require_POST
@allowed("project.edit")
def expansion_new(request: SignedIn, pk: int) -> HttpResponse:
    """A reinvestment lead of the project's company."""

    def verb(project: Project, *, investment: Decimal | None, **given: Any) -> Project:
        yuan = None if investment is None else investment * WAN
        return aftercare.expand(project, investment=yuan, **given)

    return add_to_project(request, pk, ExpansionForm, verb, "aftercare")


# --- how rows of a project are answered -----------------------------------------------------
def _row(request: SignedIn, pk: int, model: type[Model]) -> Any:
    """A row of a project in the person's sight."""
    seen = Project.objects.visible_to(request.user)
    rows = model._default_manager.filter(project__in=seen.values("pk"))
    return get_object_or_404(rows.select_related("project"), pk=pk)


def _to(project: int, section: str) -> HttpResponse:
    return redirect(reverse("project", args=[project]) + f"#{section}")


def _on_row(
    request: SignedIn,
    pk: int,
    model: type[Model],
    verb: Callable[..., Any],
    done: str,
    section: str,
) -> HttpResponse:
    """Do a verb that asks nothing more; a refusal is said above the page."""
    row = _row(request, pk, model)
    try:
        verb(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return _to(row.project_id, section)


def _by_form(
    request: SignedIn,
    pk: int,
    model: type[Model],
    make: Callable[[Any], forms.Form],
    verb: Callable[..., Any],
    section: str,
) -> HttpResponse:
    """Hand a row's form to its verb; a refusal is said in the form beside the row."""
    row = _row(request, pk, model)
    form = make(row)
    if form.is_valid():
        try:
            verb(row, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return _to(row.project_id, section)
    return project_page(request, row.project, bound={str(form.prefix): form})
