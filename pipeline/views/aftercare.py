"""The overview of producing companies: who was visited when, and what is still open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.models import Park
from crm.names import normalise
from pipeline import aftercare as care
from pipeline import filters
from pipeline.lights import Light

VISITED_WITHIN = 90
NARROWED_BY = ("show", "park", "q", "size")


@require_safe
@allowed("project.view")
def aftercare(request: SignedIn) -> HttpResponse:
    """Producing projects in sight, narrowed to what waits, by the URL."""
    today = timezone.localdate()
    given = {name: request.GET.get(name, "").strip()[:60] for name in NARROWED_BY}
    given = {name: value for name, value in given.items() if value}
    rows = care.cared_for(request.user, today=today)
    page = filters.page(
        rows.filter(_narrowed(given, today)).order_by("-pk"),
        number=request.GET.get("page", "1"),
        size=given.get("size", ""),
        whole=rows.select_related("investor", "park", "officer"),
    )
    context = {
        "page": page,
        "given": given,
        "query": urlencode(given),
        "sizes": [(size, urlencode(given | {"size": size})) for size in filters.SIZES],
        "views": [
            (label, urlencode({**given, "show": show} if show else _without_show(given)), show)
            for show, label in _views()
        ],
        "parks": Park.objects.all() if request.user.is_county_wide else (),
        "red": Light.RED,
    }
    return render(request, "pipeline/aftercare.html", context)


def _views() -> list[tuple[str, str]]:
    days = {"days": VISITED_WITHIN}
    return [
        ("", _("全部")),
        ("open", _("有未办结诉求")),
        ("overdue", _("有逾期诉求")),
        ("unvisited", _("%(days)s 天未走访") % days),
    ]


def _without_show(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name != "show"}


def _narrowed(given: dict[str, Any], today: dt.date) -> Q:
    narrowed = {
        "open": care.with_issues(today=today),
        "overdue": care.with_issues(today=today, only_overdue=True),
        "unvisited": care.unvisited(since=today - dt.timedelta(days=VISITED_WITHIN)),
    }.get(given.get("show", ""), Q())
    if "park" in given:
        narrowed &= Q(park__slug=given["park"])
    if "q" in given:
        key = normalise(given["q"])
        narrowed &= Q(name_key__contains=key) | Q(investor__name_key__contains=key)
    return narrowed
