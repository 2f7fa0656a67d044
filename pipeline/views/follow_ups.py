"""Follow-ups: the list, one with its history, and what is done with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.keys import key_of
from crm.models import User
from crm.refusals import Refused
from crm.rights import may
from pipeline import filters, follow_ups
from pipeline.forms.follow_ups import (
    STATES,
    DoneForm,
    FollowUpFilter,
    GiveUpForm,
    HandOverForm,
    MoveForm,
    NewFollowUp,
)
from pipeline.models import FollowUp, Project
from pipeline.soon import soon

RELATED = ("project", "organization", "assignee", "closed_by", "created_by")


@require_safe
@allowed("project.view")
def follow_up_list(request: SignedIn) -> HttpResponse:
    """The person's own follow-ups, or all that they may see, by state; in the URL."""
    form, today = FollowUpFilter(request.GET), timezone.localdate()
    form.is_valid()
    given = {name: str(value) for name, value in form.cleaned_data.items() if value}
    page = filters.page(
        _narrowed(given, request.user, today),
        number=request.GET.get("page", "1"),
        size="",
        whole=FollowUp.objects.select_related(*RELATED),
    )
    project = None
    if "project" in given:
        project = Project.objects.visible_to(request.user).filter(pk=given["project"]).first()
    return render(
        request,
        "pipeline/follow_ups/list.html",
        {
            "form": form,
            "given": given,
            "page": page,
            "query": urlencode(given),
            "states": [
                (label, urlencode(_with(given, "state", state)), given.get("state", "") == state)
                for state, label in STATES
            ],
            "project": project,
            "today": today,
            "soon": soon(today),
            "may_edit": may(request.user, "follow_up.edit"),
        },
    )


def _with(given: dict[str, str], name: str, value: str) -> dict[str, str]:
    return {key: v for key, v in {**given, name: value}.items() if v}


def _narrowed(given: dict[str, str], user: User, today: dt.date) -> QuerySet[FollowUp]:
    rows = FollowUp.objects.visible_to(user) if "who" in given else user.follow_ups.all()
    if "project" in given:
        rows = FollowUp.objects.visible_to(user).filter(project=int(given["project"]))
    if "q" in given:
        rows = rows.filter(what__icontains=given["q"])
    state = given.get("state", "")
    if state == "done":
        return rows.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")
    due: dict[str, Any] = {
        "overdue": {"due_on__lt": today},
        "today": {"due_on": today},
        "coming": {"due_on__gt": today},
    }.get(state, {})
    return rows.filter(closed_at__isnull=True, **due).order_by("due_on", "pk")


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("follow_up.edit")
def follow_up_new(request: SignedIn) -> HttpResponse:
    """Write down something to be done, of a project or just of a person."""
    key = request.GET.get("project", "")
    project = None
    if key:
        projects = Project.objects.current().visible_to(request.user)
        project = get_object_or_404(projects, pk=key_of(key) or 0)
    sent = request.POST if request.method == "POST" else None
    form = NewFollowUp(sent, user=request.user, project=project)
    if form.is_valid():
        given = {**form.cleaned_data, "assignee": form.cleaned_data["assignee"] or request.user}
        try:
            follow_ups.add(**given, project=project, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记下。"))
            return redirect(_back(request))
    context = {"form": form, "project": project, "soon": soon(timezone.localdate())}
    return render(
        request, "pipeline/follow_ups/new.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@allowed("project.view")
def follow_up(request: SignedIn, pk: int) -> HttpResponse:
    """One follow-up: what it is about, what to do with it, what happened to it."""
    return _page(request, _row(request, pk))


def _row(request: SignedIn, pk: int) -> FollowUp:
    rows = FollowUp.objects.visible_to(request.user).select_related(*RELATED, "interaction")
    return get_object_or_404(rows, pk=pk)


def _page(
    request: SignedIn, row: FollowUp, bound: dict[str, forms.Form] | None = None
) -> HttpResponse:
    today = timezone.localdate()
    fresh: dict[str, forms.Form] = {
        "done": DoneForm(),
        "move": MoveForm(),
        "hand_over": HandOverForm(user=request.user, follow_up=row),
        "give_up": GiveUpForm(),
    }
    return render(
        request,
        "pipeline/follow_ups/follow_up.html",
        {
            "row": row,
            "forms": fresh | (bound or {}),
            "changes": follow_ups.changes(row),
            "may_change": follow_ups.may_change(row, request.user),
            "today": today,
            "soon": soon(today),
        },
        status=422 if bound else 200,
    )


@require_POST
@allowed("follow_up.edit")
def follow_up_done(request: SignedIn, pk: int) -> HttpResponse:
    """Done; with htmx the line says so in its place and offers to take it back."""
    row = _row(request, pk)
    form = DoneForm(request.POST)
    if not form.is_valid():
        return _page(request, row, {"done": form})
    return _changed(
        request,
        row,
        lambda: follow_ups.close(
            row,
            is_done=True,
            outcome=form.cleaned_data["outcome"],
            by=request.user,
            at=timezone.now(),
        ),
        _("已办结“%(what)s”。在“已办结”里可以撤销。"),
    )


@require_POST
@allowed("follow_up.edit")
def follow_up_reopen(request: SignedIn, pk: int) -> HttpResponse:
    """Take a closing back."""
    row = _row(request, pk)
    return _changed(
        request,
        row,
        lambda: follow_ups.reopen(row, by=request.user, at=timezone.now()),
        _("已恢复“%(what)s”。"),
    )


@require_POST
@allowed("follow_up.edit")
def follow_up_move(request: SignedIn, pk: int) -> HttpResponse:
    """Put it on another day."""
    row = _row(request, pk)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _page(request, row, {"move": form})
    return _changed(
        request,
        row,
        lambda: follow_ups.move(
            row, due_on=form.cleaned_data["due_on"], by=request.user, at=timezone.now()
        ),
        _("已改期“%(what)s”。"),
    )


@require_POST
@allowed("follow_up.edit")
def follow_up_give_up(request: SignedIn, pk: int) -> HttpResponse:
    """Not to be done any more, and why."""
    row = _row(request, pk)
    form = GiveUpForm(request.POST)
    if not form.is_valid():
        return _page(request, row, {"give_up": form})
    return _changed(
        request,
        row,
        lambda: follow_ups.close(
            row,
            is_done=False,
            outcome=form.cleaned_data["outcome"],
            by=request.user,
            at=timezone.now(),
        ),
        _("不再办“%(what)s”。在“已办结”里可以撤销。"),
    )


@require_POST
@allowed("follow_up.edit")
def follow_up_hand_over(request: SignedIn, pk: int) -> HttpResponse:
    """Give it to a colleague, who is told."""
    row = _row(request, pk)
    form = HandOverForm(request.POST, user=request.user, follow_up=row)
    if not form.is_valid():
        return _page(request, row, {"hand_over": form})
    return _changed(
        request,
        row,
        lambda: follow_ups.hand_over(
            row,
            to=form.cleaned_data["to"],
            url=reverse("follow_up", args=[pk]),
            by=request.user,
            at=timezone.now(),
        ),
        _("已移交“%(what)s”，对方会收到通知。"),
    )


def _changed(
    request: SignedIn, row: FollowUp, change: Callable[[], FollowUp], said: str
) -> HttpResponse:
    """Do it and answer: the line anew for htmx, else back to where the person came from."""
    refused = ""
    try:
        change()
    except Refused as refusal:
        refused = str(refusal)
    if request.htmx:  # type: ignore[attr-defined]
        today = timezone.localdate()
        context = {
            "row": _row(request, row.pk),
            "today": today,
            "soon": soon(today),
            "may_change": True,
            "next": request.POST.get("next", ""),
            "refused": refused,
            "is_answer": True,
        }
        return render(request, "pipeline/follow_ups/row.html", context)
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, said % {"what": row.what})
    return redirect(_back(request))


def _back(request: SignedIn) -> str:
    """Where the form said to go back to, if that is a page of ours; else the list."""
    asked = request.POST.get("next", "")
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, None)
    return asked if is_ours else reverse("follow_up_list")
