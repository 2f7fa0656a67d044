"""Searching everywhere: a page, and the same as a fragment for Ctrl-K."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from pipeline.search import SHORTEST, find

IN_PAGE, IN_DIALOG = 20, 6
LONGEST = 60


@require_safe
@allowed("project.view")
def search(request: SignedIn) -> HttpResponse:
    """What the person may see of all that ``q`` finds, the best of each kind first."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(
        request,
        "pipeline/search.html" + ("#found" if is_fragment else ""),
        {
            "text": text,
            "found": find(text, user=request.user, most=IN_DIALOG if is_fragment else IN_PAGE),
            "is_too_short": len(text) < SHORTEST,
            "is_fragment": is_fragment,
        },
    )
