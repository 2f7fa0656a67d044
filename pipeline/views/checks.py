"""What the nightly check of the figures found: the list, and one check's differences."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.listing import Stretch
from pipeline.figures import FIGURES, FUNDS, NOT_STARTED, Window
from pipeline.forms.window import DIMENSION_LABELS, Asked
from pipeline.models import RollupCheck
from pipeline.recheck import SUMMED

PAGE = 30
LABELS = {
    **{name: figure.label for name, figure in FIGURES.items()},
    FUNDS.name: FUNDS.label,
    NOT_STARTED.name: NOT_STARTED.label,
    "funds_last_year_yuan": _("去年同期到位资金"),
}


@require_safe
@allowed("check.view")
def check_list(request: SignedIn) -> HttpResponse:
    """Every check, the latest first."""
    stretch = Stretch.of(RollupCheck.objects.all(), before=request.GET.get("before"), size=PAGE)
    rows = [(row, len(row.differences)) for row in stretch.rows]
    return render(request, "pipeline/checks/list.html", {"stretch": stretch, "rows": rows})


@require_safe
@allowed("check.view")
def check(request: SignedIn, pk: int) -> HttpResponse:
    """One check, with each figure that came out different and the way to what is behind it."""
    row = get_object_or_404(RollupCheck, pk=pk)
    differences = [_shown(row, said) for said in row.differences]
    return render(request, "pipeline/checks/check.html", {"check": row, "differences": differences})


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that came out different: whose, both values, how far apart, and its list."""

    label: Any
    dimension: Any
    name: str
    rollup: str
    recount: str
    apart: str
    is_money: bool
    url: str


def _shown(row: RollupCheck, said: dict[str, str]) -> Difference:
    name, rollup, recount = said["figure"], Decimal(said["rollup"]), Decimal(said["recount"])
    return Difference(
        label=LABELS.get(name, name),
        dimension=DIMENSION_LABELS.get(said["by"], said["by"]),
        name=said["name"],
        rollup=f"{rollup:,.2f}",
        recount=f"{recount:,.2f}",
        apart=f"{rollup - recount:+,.2f}",
        is_money=name in SUMMED,
        url=_url(row, name, said["by"], said["key"]) if said["key"] else "",
    )


def _url(row: RollupCheck, name: str, by: str, key: str) -> str:
    year, as_of = row.year, row.as_of
    if name == "funds_last_year_yuan":
        _since, as_of = Window(year, as_of, row.known_at).a_year_earlier()
        name, year = FUNDS.name, year - 1
    asked = Asked(Window(year, as_of, row.known_at), by, is_past_knowledge=True)
    return f"{reverse('figure', args=[name])}?{asked.query(key=key)}"
