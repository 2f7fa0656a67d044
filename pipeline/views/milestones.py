"""Claiming a milestone and answering a claim: each form stands on the project's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from pipeline import milestones
from pipeline.documents import attach
from pipeline.forms.milestones import ClaimForm, CorrectionForm, ReasonForm
from pipeline.models import Document, Milestone, Project
from pipeline.views.project_page import project_page


@require_POST
@allowed("milestone.claim")
def claim(request: SignedIn, pk: int) -> HttpResponse:
    """Claim a milestone, with files uploaded on the way. All of it or nothing."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    form = ClaimForm(request.POST, request.FILES, project=project, user=request.user)
    if form.is_valid():
        try:
            with transaction.atomic():
                milestone = _claim(form, project, request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已申报，等另一个人核验。"))
            return _to(milestone)
    return project_page(request, project, bound={str(form.prefix): form})


def _claim(form: ClaimForm, project: Project, request: SignedIn) -> Milestone:
    now = timezone.now()
    chosen: list[Document] = list(form.cleaned_data.get("documents", ()))
    kind = form.cleaned_data["uploads_kind"]
    uploaded = [
        attach(project, file=file, kind=kind, by=request.user, at=now)
        for file in form.cleaned_data["uploads"]
    ]
    return milestones.claim(
        project,
        **form.milestone_fields(),
        documents=[*chosen, *uploaded],
        by=request.user,
        at=now,
    )


@require_POST
@allowed("milestone.verify")
def verify(request: SignedIn, pk: int) -> HttpResponse:
    """Verify a claim."""
    return _answer(
        request,
        pk,
        form=forms.Form(request.POST, prefix=f"verify-{pk}"),
        verb=lambda milestone, at: milestones.verify(milestone, by=request.user, at=at),
        done=_("已核验，从现在起计入统计。"),
    )


@require_POST
@allowed("milestone.return")
def return_(request: SignedIn, pk: int) -> HttpResponse:
    """Return a claim with a reason."""
    form = ReasonForm(request.POST, prefix=f"return-{pk}")
    return _answer(
        request,
        pk,
        form=form,
        verb=lambda milestone, at: milestones.return_(
            milestone, reason=form.cleaned_data["reason"], by=request.user, at=at
        ),
        done=_("已退回申报人。"),
    )


@require_POST
@allowed("milestone.revoke")
def revoke(request: SignedIn, pk: int) -> HttpResponse:
    """Revoke a verified milestone with a reason."""
    form = ReasonForm(request.POST, prefix=f"revoke-{pk}")
    return _answer(
        request,
        pk,
        form=form,
        verb=lambda milestone, at: milestones.revoke(
            milestone, reason=form.cleaned_data["reason"], by=request.user, at=at
        ),
        done=_("已撤销，从现在起不再计入统计。"),
    )


@require_POST
@allowed("milestone.correct")
def correct(request: SignedIn, pk: int) -> HttpResponse:
    """Correct a verified milestone: it is revoked, and claimed anew."""
    row = get_object_or_404(Milestone.objects.visible_to(request.user), pk=pk)
    form = CorrectionForm(request.POST, milestone=row)
    return _answer(
        request,
        pk,
        form=form,
        verb=lambda milestone, at: milestones.correct(
            milestone,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=at,
            **form.changes(),
        ),
        done=_("原记录已撤销，更正后的申报等另一位核验员核验。"),
    )


def _answer(
    request: SignedIn,
    pk: int,
    *,
    form: forms.Form,
    verb: Callable[[Milestone, Any], Milestone],
    done: str,
) -> HttpResponse:
    """Do a verb on a milestone in sight; a refusal is said in the form on the page."""
    milestone = get_object_or_404(
        Milestone.objects.visible_to(request.user).select_related("project"), pk=pk
    )
    if form.is_valid():
        try:
            answered = verb(milestone, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, done)
            return _to(answered)
    return project_page(request, milestone.project, bound={str(form.prefix): form})


def _to(milestone: Milestone) -> HttpResponse:
    return redirect(reverse("project", args=[milestone.project_id]) + f"#milestone-{milestone.pk}")
