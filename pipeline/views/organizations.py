"""Companies: the list, a new one, one company's page, changing what is known of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import push_url

from crm import contacts, organizations
from crm.http import SignedIn, allowed
from crm.models import Organization
from crm.names import normalise
from crm.refusals import Refused
from pipeline import filters, rosters
from pipeline.forms.organizations import FirstPersonForm, OrganizationForm
from pipeline.reach import organizations_visible_to
from pipeline.search import named
from pipeline.views.organization_page import organization_page

SUGGESTED = 10


@require_safe
@allowed("organization.view")
def organization_list(request: SignedIn) -> HttpResponse:
    """The companies that the person may see, narrowed, sorted and paged by the URL."""
    found = rosters.OrganizationFilter(
        request.GET, organizations_visible_to(request.user), request=request
    )
    given, by = _given(request), request.GET.get("sort", "")
    page = filters.page(
        rosters.sort(found.qs, by),
        number=request.GET.get("page", "1"),
        size=given.get("size", ""),
        whole=Organization.objects.select_related("chain", "industry").prefetch_related("tags"),
    )
    return list_page(
        request,
        "pipeline/organizations.html",
        {
            "filter": found,
            "page": page,
            "lines": rosters.lines(page.rows, user=request.user),
            "headers": _headers(given, by),
        },
    )


def list_page(request: SignedIn, template: str, context: dict[str, Any]) -> HttpResponse:
    """A list's page; htmx asks for its results alone."""
    given = _given(request)
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    response = render(
        request,
        template + ("#results" if is_fragment else ""),
        {
            **context,
            "given": given,
            "is_narrowed": bool(given.keys() - {"sort", "size"}),
            "query": urlencode(given),
            "sizes": [(size, urlencode(given | {"size": size})) for size in filters.SIZES],
        },
    )
    return push_url(response, f"{request.path}?{urlencode(given)}") if is_fragment else response


def _given(request: SignedIn) -> dict[str, str]:
    return {name: v for name, v in request.GET.dict().items() if v and name != "page"}


def _headers(given: dict[str, str], by: str) -> list[dict[str, Any]]:
    """Each column's wording, the query that sorts by it, and how it is sorted now."""
    headers = []
    for column in rosters.COLUMNS:
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
@allowed("organization.view")
def organization_options(request: SignedIn) -> HttpResponse:
    """Options for a list of names, once two characters are typed."""
    typed = normalise(request.GET.get("parent_name", ""))
    found: QuerySet[Organization] = Organization.objects.none()
    if len(typed) >= 2:
        found = organizations_visible_to(request.user).filter(named(typed, typed.replace("'", "")))
    return render(request, "crm/organization_options.html", {"organizations": found[:SUGGESTED]})


@require_safe
@allowed("organization.view")
def organization(request: SignedIn, pk: int) -> HttpResponse:
    """Everything about one company; a merged one leads to the one it was merged into."""
    row = get_object_or_404(Organization, pk=pk)
    kept = get_object_or_404(organizations_visible_to(request.user), pk=organizations.kept(row).pk)
    if kept != row:
        messages.info(
            request,
            _("“%(merged)s”已合并到“%(kept)s”。") % {"merged": row.name, "kept": kept.name},
        )
        return redirect("organization", kept.pk)
    return organization_page(request, kept)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("organization.edit")
def new(request: SignedIn) -> HttpResponse:
    """Register a company, and the person to call where one is known."""
    sent = request.POST if request.method == "POST" else None
    form = OrganizationForm(sent, user=request.user, initial=_typed_before(request))
    person = FirstPersonForm(sent, prefix="person")
    if sent is not None and form.is_valid() and person.is_valid():
        try:
            row = _register(form, person, request)
        except organizations.AlreadyRegistered as refusal:
            form.add_error(None, str(refusal))
            return _form_page(request, form, person=person, other=refusal.other)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。"))
            return redirect("organization", row.pk)
    return _form_page(request, form, person=person)


def _typed_before(request: SignedIn) -> dict[str, str]:
    """What was typed on the page that leads here: ``?name=…&uscc=…``."""
    return {name: request.GET[name] for name in ("name", "uscc") if request.GET.get(name)}


@transaction.atomic
def _register(form: OrganizationForm, person: FirstPersonForm, request: SignedIn) -> Organization:
    by, at = request.user, timezone.now()
    fields = {**form.organization_fields(), "name": form.cleaned_data["name"]}
    row = organizations.create(fields={**fields, "uscc": form.cleaned_data["uscc"]}, by=by, at=at)
    row = organizations.set_tags(row, form.cleaned_data["tags"], by=by, at=at)
    if person.cleaned_data["name"]:
        contacts.add_contact(row, **person.cleaned_data, by=by, at=at)
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("organization.edit")
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """Change what is known of a company: what the person changed, and nothing else."""
    row = get_object_or_404(organizations_visible_to(request.user).select_related("parent"), pk=pk)
    sent = request.POST if request.method == "POST" else None
    form = OrganizationForm(sent, instance=row, user=request.user)
    if form.is_valid():
        try:
            _change(row, form, request)
        except organizations.AlreadyRegistered as refusal:
            form.add_error(None, str(refusal))
            return _form_page(request, form, pk=pk, other=refusal.other)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("organization", pk)
    return _form_page(request, form, pk=pk)


@transaction.atomic
def _change(row: Organization, form: OrganizationForm, request: SignedIn) -> None:
    by, at = request.user, timezone.now()
    organizations.edit(row, fields=form.organization_fields(), by=by, at=at)
    if "tags" in form.changes():
        organizations.set_tags(row, form.cleaned_data["tags"], by=by, at=at)


def _form_page(
    request: SignedIn,
    form: OrganizationForm,
    *,
    pk: int | None = None,
    person: BaseForm | None = None,
    other: Organization | None = None,
) -> HttpResponse:
    """The form; ``other`` is the company that has the name or code, opened by who may see it."""
    taken = ""
    if other is not None and not organizations_visible_to(request.user).filter(pk=other.pk):
        taken, other = other.name, None
    return render(
        request,
        "pipeline/organization_form.html",
        {
            "form": form,
            "person": person,
            "pk": pk,
            "name": Organization.objects.values_list("name", flat=True).get(pk=pk) if pk else "",
            "other": other,
            "taken": taken,
        },
        status=422 if form.is_bound else 200,
    )
