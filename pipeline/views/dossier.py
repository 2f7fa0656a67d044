"""Adding to a project's file, and reading the files kept with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import User
from crm.organizations import add_contact
from crm.refusals import Refused
from pipeline import dossier, factors, funds
from pipeline.documents import attach
from pipeline.forms.dossier import (
    ContactForm,
    DocumentForm,
    FactorForm,
    FundsForm,
    InteractionForm,
    MetForm,
    OfProject,
    ReviewForm,
)
from pipeline.models import Document, DocumentKind, FactorNeed, FundsReceipt, Project
from pipeline.stages import Precision
from pipeline.views.project_page import project_page
from pipeline.written import WAN


@require_POST
@allowed("project.edit")
def add_interaction(request: SignedIn, pk: int) -> HttpResponse:
    return add_to_project(request, pk, InteractionForm, dossier.add_interaction, "timeline")


@require_POST
@allowed("project.edit")
def add_review(request: SignedIn, pk: int) -> HttpResponse:
    return add_to_project(request, pk, ReviewForm, dossier.add_review, "reviews")


@require_POST
@allowed("project.edit")
def add_factor(request: SignedIn, pk: int) -> HttpResponse:
    return add_to_project(request, pk, FactorForm, factors.add, "factors")


@require_POST
@allowed("project.edit")
def add_document(request: SignedIn, pk: int) -> HttpResponse:
    return add_to_project(request, pk, DocumentForm, attach, "documents")


@require_POST
@allowed("project.edit")
def add_contact_of(request: SignedIn, pk: int) -> HttpResponse:
    def verb(project: Project, **given: Any) -> Any:
        return add_contact(project.investor, **given)

    return add_to_project(request, pk, ContactForm, verb, "contacts")


@require_POST
@allowed("funds.record")
def add_funds(request: SignedIn, pk: int) -> HttpResponse:
    """Record money that arrived, with its voucher."""
    return add_to_project(request, pk, FundsForm, _record_funds, "funds")


def _record_funds(
    project: Project,
    *,
    amount: Decimal,
    received_on: dt.date,
    month_only: bool,
    file: UploadedFile | None,
    note: str,
    by: User,
    at: dt.datetime,
) -> FundsReceipt:
    with transaction.atomic():
        document = None
        if file is not None:
            document = attach(project, file=file, kind=DocumentKind.FUNDS_PROOF, by=by, at=at)
        return funds.record(
            project,
            amount=amount * WAN,
            received_on=received_on,
            precision=Precision.MONTH if month_only else Precision.DAY,
            document=document,
            note=note,
            by=by,
            at=at,
        )


@require_POST
@allowed("funds.verify")
def verify_funds(request: SignedIn, pk: int) -> HttpResponse:
    """Verify a receipt."""
    receipt = get_object_or_404(FundsReceipt.objects.visible_to(request.user), pk=pk)
    try:
        funds.verify(receipt, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已核验，从现在起计入统计。"))
    return redirect(reverse("project", args=[receipt.project_id]) + f"#receipt-{pk}")


def add_to_project(
    request: SignedIn, pk: int, form_class: type[OfProject], verb: Callable[..., Any], section: str
) -> HttpResponse:
    """Hand a form's fields to its verb; a refusal is said in the form on the page."""
    project = get_object_or_404(
        Project.objects.visible_to(request.user).select_related("investor"), pk=pk
    )
    form = form_class(request.POST, request.FILES, project=project)
    if form.is_valid():
        try:
            verb(project, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(reverse("project", args=[pk]) + f"#{section}")
    return project_page(request, project, bound={str(form.prefix): form})


@require_POST
@allowed("project.edit")
def meet_factor(request: SignedIn, pk: int) -> HttpResponse:
    """Say since when a need is met."""
    need = get_object_or_404(
        FactorNeed.objects.filter(
            project__in=Project.objects.visible_to(request.user)
        ).select_related("project"),
        pk=pk,
    )
    form = MetForm(request.POST)
    if form.is_valid():
        try:
            factors.meet(need, on=form.cleaned_data["on"], by=request.user, at=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已保存。"))
    else:
        messages.error(request, _("请填写落实日"))
    return redirect(reverse("project", args=[need.project_id]) + "#factors")


@require_safe
@allowed("document.view")
def document(request: SignedIn, pk: int) -> FileResponse:
    """A project's file, to who may see the project."""
    row = get_object_or_404(
        Document.objects.filter(project__in=Project.objects.visible_to(request.user)), pk=pk
    )
    return download(row.file, name=row.name, media_type=row.media_type)


def download(file: FieldFile, *, name: str, media_type: str) -> FileResponse:
    """A kept file, to be saved and never to be run or shown inside a page of ours."""
    response = FileResponse(
        file.open("rb"), as_attachment=True, filename=name, content_type=media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
