"""Leads: registering one, asking whether an investor is taken, the list of first reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from crm import disputes
from crm.first_reports import Protected
from crm.http import SignedIn, allowed
from crm.models import Organization, Park, Role
from crm.refusals import Refused
from crm.rights import may
from pipeline import leads
from pipeline.forms.leads import LeadForm
from pipeline.protection import terms

PAGE, COUNTED_TO = 25, 10_000
LONGEST = 120


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("lead.register")
def new(request: SignedIn) -> HttpResponse:
    """Register a lead from one small form."""
    now = timezone.now()
    today = timezone.localdate(now)
    data = request.POST if request.method == "POST" else None
    form = LeadForm(data, user=request.user, today=today)
    taken: list[leads.Masked] = []
    if form.is_valid():
        try:
            row = leads.register_lead(**form.lead(), officer=request.user, by=request.user, at=now)
        except leads.DuplicatesUnanswered as refusal:
            form.add_error("duplicates_answer", str(refusal))
            taken = leads.masked(refusal.details, request.user, today)
        except Protected as refusal:
            form.add_error(None, str(refusal))
            taken = leads.masked(_named(refusal), request.user, today)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记并首报。接下来记录接洽，补齐在谈所缺的材料。"))
            return redirect("project", row.pk)
    return render(
        request,
        "pipeline/leads/new.html",
        {"form": form, "found": taken, "may_dispute": True},
        status=422 if form.is_bound else 200,
    )


def _named(refusal: Protected) -> Iterable[Organization]:
    return Organization.objects.filter(first_reports=refusal.report)


@require_safe
@allowed("organization.view")
def check(request: SignedIn) -> HttpResponse:
    """Whether an investor is taken, by which unit and until when, for anyone who asks.

    The page asks with ``q``; a form that is being filled in with ``name`` and ``code``.
    """
    asked = request.GET.get("q", "") or request.GET.get("name", "")
    text, code = asked.strip()[:LONGEST], request.GET.get("code", "").strip()[:LONGEST]
    today = timezone.localdate()
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(
        request,
        "pipeline/leads/check.html" + ("#taken" if is_fragment else ""),
        {
            "text": text,
            "is_asked": len(text) >= leads.SHORTEST or bool(code),
            "found": leads.look_up(text, code or text, request.user, today),
            "may_dispute": may(request.user, "dispute.raise"),
            "is_fragment": is_fragment,
        },
    )


@require_safe
@allowed("organization.view")
def lead_list(request: SignedIn) -> HttpResponse:
    """First reports: one's own, the unit's, what lapses soon, what has lapsed; disputes."""
    user, today = request.user, timezone.localdate()
    given = {name: value for name, value in request.GET.dict().items() if value and name != "page"}
    show = given.get("show", "")
    if show not in leads.SHOWS and show != "disputes":
        show = "mine" if user.role == Role.OFFICER else "unit"
    parks = list(Park.objects.all()) if user.is_county_wide else []
    context = _disputes(request) if show == "disputes" else _reports(request, show, given, today)
    kept = {name: given[name] for name in ("q", "park") if name in given}
    return render(
        request,
        "pipeline/leads/list.html",
        {
            "show": show,
            "shows": [
                (name, label, urlencode(kept | {"show": name}))
                for name, label in _shows(user.is_county_wide).items()
                if name != "mine" or may(user, "lead.register")
            ],
            "given": given,
            "parks": parks,
            "query": urlencode(given | {"show": show}),
            "is_narrowed": bool(kept),
            "may_register": may(user, "lead.register"),
            "most": COUNTED_TO,
            **context,
        },
    )


def _shows(is_county_wide: bool) -> dict[str, Any]:
    shows = {**leads.SHOWS, "disputes": _("争议")}
    return shows | {"unit": _("全县首报")} if is_county_wide else shows


def _reports(request: SignedIn, show: str, given: dict[str, str], today: dt.date) -> dict[str, Any]:
    idle_days, sort = terms().protection_idle_days, given.get("sort", "")
    rows = leads.first_report_list(
        request.user,
        show=show,
        text=given.get("q", "").strip()[:LONGEST],
        park=Park.objects.filter(slug=given.get("park", "")).first(),
        sort=sort,
        today=today,
        idle_days=idle_days,
    )
    page = _page(rows.values_list("pk", flat=True), request)
    found = leads.lines(list(page), user=request.user, today=today, idle_days=idle_days)
    return {"page": page, "lines": found, "headers": _headers(given | {"show": show}, sort)}


def _disputes(request: SignedIn) -> dict[str, Any]:
    rows = disputes.visible_to(request.user).select_related(
        "report__organization", "report__park", "park", "raised_by", "decided_by"
    )
    return {"page": _page(rows.order_by("-pk"), request), "headers": []}


def _page(rows: QuerySet[Any, Any], request: SignedIn) -> Page[Any]:
    """A page of the rows that are counted; who looks for what lies beyond narrows the list."""
    return Paginator(rows[:COUNTED_TO], PAGE).get_page(request.GET.get("page"))


@dataclass(frozen=True, slots=True)
class Header:
    """A column: its wording, and where the list is sorted by it."""

    name: str
    label: Any
    query: str
    order: str


_COLUMNS = (
    ("investor", gettext_lazy("投资方")),
    ("", gettext_lazy("项目")),
    ("officer", gettext_lazy("首报人")),
    ("reported", gettext_lazy("首报日")),
    ("active", gettext_lazy("最近活动")),
    ("until", gettext_lazy("保护到")),
    ("", gettext_lazy("状态")),
)


def _headers(given: dict[str, str], by: str) -> list[Header]:
    headers = []
    for name, label in _COLUMNS:
        is_up, is_down = bool(name) and by == name, bool(name) and by == f"-{name}"
        query = urlencode(given | {"sort": f"-{name}" if is_up else name}) if name else ""
        order = "ascending" if is_up else "descending" if is_down else ""
        headers.append(Header(name, label, query, order))
    return headers
