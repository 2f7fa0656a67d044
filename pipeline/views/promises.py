"""The items behind a figure of a month's bulletin or analysis."""

from __future__ import annotations

import datetime as dt

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.keys import key_of
from crm.models import Area, Unit
from pipeline.models import Ledger, LedgerItem
from pipeline.months import Month, month_at
from pipeline.promises import standing
from pipeline.reports.supervision.numbers import LABELS, TESTS

PAGE = 50
HOLDERS = {"unit": Unit, "ledger": Ledger, "area": Area}


@require_safe
@allowed("item.view")
def promise_list(request: SignedIn, month: Month) -> HttpResponse:
    """Those of a month that a figure counts, of a unit, a ledger or an area, as known then."""
    if month > month_at(timezone.now()):
        raise Http404
    given = {
        name: value
        for name in ("figure", *HOLDERS, "known")
        if (value := request.GET.get(name, ""))
    }
    figure = given.get("figure", "owed")
    if figure not in TESTS:
        raise Http404
    rows = LedgerItem.objects.visible_to(request.user)
    keys = {name: key for name in HOLDERS if (key := key_of(given.get(name))) is not None}
    if "area" in keys:
        rows = rows.filter(unit__area=keys["area"])
    if "ledger" in keys:
        rows = rows.filter(ledger=keys["ledger"])
    found = standing(month, known_at=_known(given.get("known", "")), items=rows)
    wanted = [
        p
        for p in found.promises
        if TESTS[figure](p, month) and ("unit" not in keys or p.unit_id == keys["unit"])
    ]
    return render(
        request,
        "pipeline/ledgers/promises.html",
        {
            "month": month,
            "figure": LABELS[figure],
            "holders": [
                model.objects.filter(pk=keys[name]).first()  # type: ignore[attr-defined]
                for name, model in HOLDERS.items()
                if name in keys
            ],
            "page": Paginator(wanted, PAGE).get_page(request.GET.get("page")),
            "query": urlencode(given),
            "known_at": found.known_at,
        },
    )


def _known(text: str) -> dt.datetime:
    """The instant that a bulletin was known at; now without one, 404 for what is none."""
    if not text:
        return timezone.now()
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise Http404
    return at if timezone.is_aware(at) else timezone.make_aware(at)
