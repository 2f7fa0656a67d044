"""Duplicates while a name is typed, and two companies or contacts that are made one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import merging
from crm.duplicates import Match, contact_matches, groups, matches
from crm.http import SignedIn, allowed
from crm.keys import key_of, keys_of
from crm.merge_preview import Preview, preview
from crm.merge_rules import FIELDS
from crm.models import Contact, ContactMerge, Organization, OrganizationMerge
from crm.refusals import Refused
from pipeline.leads import Masked, masked
from pipeline.protection import terms
from pipeline.reach import contacts_visible_to, organizations_visible_to

LONGEST = 120
PAGE, LATEST, GROUPS, SPAN = 50, 20, 20, 5000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A match, and what the person may know of it."""

    match: Match
    seen: Masked


@require_safe
@allowed("organization.view")
def organization_duplicates(request: SignedIn) -> HttpResponse:
    """Who is registered already under ``name`` or ``code``; htmx asks for the list alone."""
    name, code, exclude = _asked(request)
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(
        request,
        "pipeline/merges/duplicates.html" + ("#found" if is_fragment else ""),
        {
            "name": name,
            "code": code,
            "exclude": exclude,
            "is_asked": bool(name or code),
            "is_fragment": is_fragment,
            "found": _proposals(request, name=name, code=code, exclude=exclude),
        },
    )


def _asked(request: SignedIn) -> tuple[str, str, int | None]:
    """What was typed; a form calls the code by its field's name."""
    given = request.GET
    exclude = given.get("exclude", "")
    return (
        given.get("name", "").strip()[:LONGEST],
        (given.get("code") or given.get("uscc", "")).strip()[:30],
        key_of(exclude),
    )


def _proposals(
    request: SignedIn, *, name: str, code: str = "", exclude: int | None = None
) -> list[Proposal]:
    found = matches(name=name, code=code, exclude=exclude)
    seen = masked([match.organization for match in found], request.user, timezone.localdate())
    return [Proposal(match, mask) for match, mask in zip(found, seen, strict=True)]


@require_safe
@allowed("organization.merge")
def duplicate_groups(request: SignedIn) -> HttpResponse:
    """Companies that have their name in common, a bounded number of rows at a time."""
    after = request.GET.get("after", "")[:LONGEST]
    rows = organizations_visible_to(request.user)
    found, further = groups(rows, after=after, most=GROUPS, span=SPAN)
    return render(
        request,
        "pipeline/merges/groups.html",
        {"groups": found, "after": after, "further": further},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("organization.merge")
def organization_merge(request: SignedIn) -> HttpResponse:
    """Choose what to merge into ``kept``, see what that would give, do it."""
    rows = organizations_visible_to(request.user).select_related("parent", "industry", "chain")
    pair = _pair(request, rows)
    if not pair:
        return redirect("duplicate_groups")
    if len(pair) == 1:
        return _choose(request, pair[0])
    return _merge_page(request, *pair, two_codes="two_codes" in request.POST)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("organization.merge")
def contact_merge(request: SignedIn) -> HttpResponse:
    """The same for two contacts of one company."""
    pair = _pair(request, contacts_visible_to(request.user).select_related("organization"))
    if not pair:
        return redirect("contact_list")
    if len(pair) == 1:
        return _choose_contact(request, pair[0])
    return _merge_page(request, *pair)


def _pair(request: SignedIn, rows: QuerySet[Any]) -> list[Any]:
    """The kept row and the merged one, as far as they are named; 404 for one out of sight."""
    given = request.POST if request.method == "POST" else request.GET
    keys = [given.get(side, "") for side in ("kept", "merged")]
    if request.method == "POST" and not all(keys):
        raise Http404
    if not all(key_of(key) for key in keys if key):
        raise Http404
    return [get_object_or_404(rows, pk=key) for key in keys_of(keys)]


def _choose(request: SignedIn, kept: Organization) -> HttpResponse:
    name = request.GET.get("name", "").strip()[:LONGEST]
    found = _proposals(
        request, name=name or kept.name, code="" if name else kept.uscc or "", exclude=kept.pk
    )
    return render(
        request, "pipeline/merges/choose.html", {"kept": kept, "name": name, "found": found}
    )


def _choose_contact(request: SignedIn, kept: Contact) -> HttpResponse:
    likely = contact_matches(
        name=kept.name, phone=kept.phone, organization=kept.organization, exclude=kept.pk
    )
    scores = {match.contact.pk: match.score for match in likely}
    others = contacts_visible_to(request.user).filter(organization=kept.organization_id)
    rows = sorted(others.exclude(pk=kept.pk)[:PAGE], key=lambda row: -scores.get(row.pk, 0))
    return render(request, "pipeline/merges/choose_contact.html", {"kept": kept, "contacts": rows})


def _merge_page(request: SignedIn, kept: Any, merged: Any, **options: Any) -> HttpResponse:
    """The preview; where it is posted, the merge, or what stands in its way."""
    is_company, now = isinstance(kept, Organization), timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    choose: Any = {
        name: given[f"choose-{name}"]
        for name in FIELDS[type(kept)]
        if given.get(f"choose-{name}") in ("kept", "merged")
    }
    idle = {"idle_days": terms().protection_idle_days} if is_company else {}
    refusal = None
    if request.method == "POST":
        act: Any = merging.merge if is_company else merging.merge_contacts
        try:
            done = act(kept, merged, choose=choose, **options, **idle, by=request.user, at=now)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, _("已合并；合错了可以在这里撤销。"))
            return redirect("merge" if is_company else "contact_merged", done.pk)
    plan: Preview[Any] = preview(kept, merged, choose=choose, today=timezone.localdate(now), **idle)
    return render(
        request,
        "pipeline/merges/merge.html",
        {
            "plan": plan,
            "is_company": is_company,
            "refusal": None if plan.obstacles else refusal,
            "told_two_codes": options.get("two_codes", False),
        },
        status=422 if refusal else 200,
    )


# --- what was merged --------------------------------------------------------------------------
@require_safe
@allowed("organization.merge")
def merge_list(request: SignedIn) -> HttpResponse:
    """Every merge of companies within the person's reach, and the latest of contacts."""
    page = Paginator(_merges(request), PAGE).get_page(request.GET.get("page"))
    contacts = _contact_merges(request).select_related("kept__organization", "merged_by")
    return render(
        request, "pipeline/merges/merges.html", {"page": page, "contacts": contacts[:LATEST]}
    )


@require_safe
@allowed("organization.merge")
def merge(request: SignedIn, pk: int) -> HttpResponse:
    """One merge: what it moved, and undoing it."""
    return _merged_page(request, get_object_or_404(_merges(request), pk=pk))


@require_safe
@allowed("organization.merge")
def contact_merged(request: SignedIn, pk: int) -> HttpResponse:
    """One merge of contacts."""
    return _merged_page(request, get_object_or_404(_contact_merges(request), pk=pk))


@require_POST
@allowed("organization.merge")
def merge_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take a merge of companies back."""
    return _undo(request, get_object_or_404(_merges(request), pk=pk))


@require_POST
@allowed("organization.merge")
def contact_merge_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take a merge of contacts back."""
    return _undo(request, get_object_or_404(_contact_merges(request), pk=pk))


def _undo(request: SignedIn, row: OrganizationMerge | ContactMerge) -> HttpResponse:
    try:
        done = merging.undo(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("已撤销合并：两条记录各归各位。")
        messages.success(request, said if not done.before["left"] else _("已撤销合并。"))
    return redirect("merge" if isinstance(row, OrganizationMerge) else "contact_merged", row.pk)


def _merges(request: SignedIn) -> QuerySet[OrganizationMerge]:
    """Those of companies that the person may see; of the whole county for who sees that."""
    rows = OrganizationMerge.objects.select_related("kept", "merged", "merged_by", "undone_by")
    if request.user.is_county_wide:
        return rows
    return rows.filter(kept__in=organizations_visible_to(request.user).values("pk"))


def _contact_merges(request: SignedIn) -> QuerySet[ContactMerge]:
    rows = ContactMerge.objects.select_related("kept", "merged", "merged_by", "undone_by")
    if request.user.is_county_wide:
        return rows
    return rows.filter(kept__in=contacts_visible_to(request.user).values("pk"))


def _merged_page(request: SignedIn, row: OrganizationMerge | ContactMerge) -> HttpResponse:
    moved = merging.told(row)
    return render(
        request,
        "pipeline/merges/merged.html",
        {"merge": row, "moved": moved, "is_company": isinstance(row, OrganizationMerge)},
    )
