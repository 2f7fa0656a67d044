"""The people at companies: the list, adding and changing them, whom to call first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import contacts
from crm.http import SignedIn, allowed
from crm.models import Contact
from crm.refusals import Refused
from pipeline import filters, rosters
from pipeline.forms.organizations import LeftForm, PersonForm
from pipeline.reach import contacts_visible_to, organizations_visible_to
from pipeline.views.organization_page import organization_page
from pipeline.views.organizations import list_page


@require_safe
@allowed("organization.view")
def contact_list(request: SignedIn) -> HttpResponse:
    """The people at the companies that the person may see."""
    found = rosters.ContactFilter(request.GET, contacts_visible_to(request.user), request=request)
    page = filters.page(
        found.qs.order_by("pinyin", "pk"),
        number=request.GET.get("page", "1"),
        size=request.GET.get("size", ""),
        whole=Contact.objects.select_related("organization"),
    )
    return list_page(request, "pipeline/contacts.html", {"filter": found, "page": page})


@require_POST
@allowed("organization.edit")
def contact_add(request: SignedIn, pk: int) -> HttpResponse:
    """Add a person to a company."""
    row = get_object_or_404(organizations_visible_to(request.user), pk=pk)
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            contacts.add_contact(row, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(reverse("organization", args=[pk]) + "#contacts")
    return organization_page(request, row, bound={"person": form})


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("organization.edit")
def contact_edit(request: SignedIn, pk: int) -> HttpResponse:
    """Change what is known of a person: what was changed on the page, and nothing else."""
    row = _contact(request, pk)
    name = row.name
    form = PersonForm(request.POST if request.method == "POST" else None, instance=row)
    if form.is_valid():
        try:
            contacts.edit_contact(row, fields=form.changes(), by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(reverse("organization", args=[row.organization_id]) + "#contacts")
    return render(
        request,
        "pipeline/contact_form.html",
        {"form": form, "contact": row, "name": name},
        status=422 if form.is_bound else 200,
    )


@require_POST
@allowed("organization.edit")
def contact_primary(request: SignedIn, pk: int) -> HttpResponse:
    """Make a person the one to call first."""
    return _act(request, pk, contacts.make_primary)


@require_POST
@allowed("organization.edit")
def contact_left(request: SignedIn, pk: int) -> HttpResponse:
    """Say since when a person is not at the company any more."""
    row = _contact(request, pk)
    form = LeftForm(request.POST)
    if form.is_valid():
        try:
            contacts.left(row, on=form.cleaned_data["on"], by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error("on", str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(reverse("organization", args=[row.organization_id]) + "#contacts")
    form.contact = row  # type: ignore[attr-defined]  # whose form the page opens
    return organization_page(request, row.organization, bound={"left": form})


@require_POST
@allowed("organization.edit")
def contact_back(request: SignedIn, pk: int) -> HttpResponse:
    """Take a leaving back."""
    return _act(request, pk, contacts.came_back)


def _contact(request: SignedIn, pk: int) -> Contact:
    rows = contacts_visible_to(request.user).select_related("organization")
    return get_object_or_404(rows, pk=pk)


def _act(request: SignedIn, pk: int, verb: Callable[..., Any]) -> HttpResponse:
    row = _contact(request, pk)
    try:
        verb(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已保存。"))
    return redirect(reverse("organization", args=[row.organization_id]) + "#contacts")
