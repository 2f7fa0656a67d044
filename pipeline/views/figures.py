"""What a figure consists of: the projects, and each one's day, amount, park and verifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.models import Channel, Industry, Park, User
from pipeline.figures import FUNDS, KNOWN, NOT_STARTED, Figure, Window
from pipeline.forms.window import DIMENSION_LABELS, asked
from pipeline.rollups import behind
from pipeline.waiting import narrowed

PAGE = 50


@require_safe
@allowed("figures.view")
def figure(request: SignedIn, name: str) -> HttpResponse:
    """The list behind a figure of the cockpit; its foot adds up to the figure."""
    wanted = KNOWN.get(name)
    if wanted is None:
        raise Http404
    form, found = asked(request.GET, now=timezone.now())
    key = request.GET.get("key", "total")
    holder = _holder(found.by, key)
    facts = behind(name, found.window, by=found.by, key=holder.key, user=request.user)
    facts, narrowing, more = _narrowed(request, facts, wanted, found.window)
    page = _page(facts, wanted, request.GET.get("page", "1"))
    return render(
        request,
        "pipeline/figure.html",
        {
            "figure": wanted,
            "form": form,
            "asked": found,
            "window": found.window,
            "key": key,
            "holder": holder,
            "dimension": DIMENSION_LABELS[found.by],
            "sums": _sums(facts, wanted),
            "page": page,
            "facts": _facts(page, wanted, found.by, found.window),
            "is_funds": wanted is FUNDS,
            "is_waiting": wanted is NOT_STARTED,
            "narrowing": narrowing,
            "more": more,
        },
    )


def _narrowed(
    request: SignedIn, facts: QuerySet[Any], wanted: Figure, window: Window
) -> tuple[QuerySet[Any], list[Any], str]:
    """Signed-not-started of an age or with an obstacle; the words for it, and its parameters."""
    if wanted is not NOT_STARTED:
        return facts, [], ""
    asked_for = {name: request.GET.get(name, "") for name in ("band", "need")}
    facts, labels = narrowed(facts, window, **asked_for)
    return facts, labels, urlencode({name: key for name, key in asked_for.items() if key})


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose figure it is: ``key`` as ``behind`` takes it, and the name on the page."""

    key: int | str | None
    name: str


def _holder(by: str, key: str) -> Holder:
    """Raises 404 for a park (channel, …) that there is not."""
    if key == "total":
        return Holder("total", str(_("合计")))
    if key == "none":
        return Holder(None, str(_("未注明%(dimension)s")) % {"dimension": DIMENSION_LABELS[by]})
    model, slug = {
        "park": (Park, "slug"),
        "channel": (Channel, "code"),
        "industry": (Industry, "code"),
        "officer": (User, "username"),
    }[by]
    row: Any = model._default_manager.filter(**{slug: key}).first()
    if row is None:
        raise Http404
    return Holder(row.pk, str(row))


@dataclass(frozen=True, slots=True)
class Sums:
    """What the list adds up to: projects counted, and yuan."""

    parts: Decimal | None
    money: Decimal


def _sums(facts: QuerySet[Any], wanted: Figure) -> Sums:
    if wanted is FUNDS:
        return Sums(None, facts.aggregate(sum=Sum("money"))["sum"] or Decimal(0))
    found = facts.aggregate(parts=Sum("part"), sum=Sum("money"))
    return Sums((found["parts"] or Decimal(0)) / 100, found["sum"] or Decimal(0))


def _page(facts: QuerySet[Any], wanted: Figure, number: str) -> Page[Any]:
    day = "received_on" if wanted is FUNDS else "occurred_on"
    order: list[Any] = [F(day).asc(), "pk"] if wanted is NOT_STARTED else [F(day).desc(), "-pk"]
    rows = facts.order_by(*order).select_related(
        "project__investor", "verified_by", "load_row", "load_row__load"
    )
    return Paginator(rows, PAGE).get_page(number)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the list: the milestone or receipt, its park, and its age in days."""

    row: Any
    park: str
    age: int

    @property
    def is_shared(self) -> bool:
        """Whether only a part of the credit is this park's."""
        return getattr(self.row, "part", Decimal(100)) != 100


def _facts(page: Sequence[Any], wanted: Figure, by: str, window: Window) -> list[Fact]:
    names = dict(Park.objects.values_list("pk", "short_name"))
    none = str(_("未落园区"))
    return [
        Fact(
            row=row,
            park=names.get(row.credit if by == "park" else row.park_id, none),
            age=0 if wanted is FUNDS else (window.as_of - row.occurred_on).days,
        )
        for row in page
    ]
