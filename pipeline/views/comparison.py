"""Two views of the figures side by side, and what makes them differ."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from pipeline.comparison import COMPARED, compare, facts
from pipeline.figures import FIGURES, FUNDS
from pipeline.forms.comparison import compared

LABELS: dict[str, Any] = {
    figure.name: figure.label for figure in (*FIGURES.values(), FUNDS) if figure.name in COMPARED
}
MONEY = frozenset({"signed_amount_yuan", FUNDS.name})


@require_safe
@allowed("figures.view")
def comparison(request: SignedIn) -> HttpResponse:
    """Any two days or instants; ``figure`` lists the facts that make it differ."""
    form, before, after = compared(request.GET, now=timezone.now())
    figure = request.GET.get("figure", "signed_projects")
    if figure not in LABELS:
        raise Http404
    query = request.GET.copy()
    query.pop("figure", None)
    return render(
        request,
        "pipeline/comparison.html",
        {
            "form": form,
            "before": before,
            "after": after,
            "comparison": compare(before, after, user=request.user),
            "facts": facts(figure, before, after, user=request.user),
            "figure": figure,
            "labels": LABELS,
            "money": MONEY,
            "label": LABELS[figure],
            "query": query.urlencode(),
        },
    )
