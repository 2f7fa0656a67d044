"""Where the year may end, and what it takes: a page, and a part of the cockpit."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from pipeline.forecast import LEAST_MONTHS, LEAST_SIGNINGS, LOOK_BACK
from pipeline.forms.window import Asked, asked
from pipeline.waiting import to_start
from pipeline.year_end import LISTED, Line, YearEnd, is_open, named, year_end


@never_cache
@require_safe
@allowed("figures.view")
def forecast(request: SignedIn) -> HttpResponse:
    """The expected year's end by park and in all; ``key`` says whose signings have to start."""
    form, found = asked(request.GET, now=timezone.now())
    context: dict[str, Any] = {
        "form": form,
        "asked": found,
        "window": found.window,
        "is_open": is_open(found.window),
        "is_over": found.window.as_of.year >= found.window.year,
        "least": {"signings": LEAST_SIGNINGS, "months": LEAST_MONTHS, "look_back": LOOK_BACK},
        "listed": LISTED,
    }
    if context["is_open"]:
        context |= _shown(request, found)
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, f"pipeline/forecast.html{'#part' if is_part else ''}", context)


def _shown(request: SignedIn, found: Asked) -> dict[str, Any]:
    """The lines that the person sees, and the projects behind the chosen one's starts."""
    ending: YearEnd = year_end(found.window, is_past_knowledge=found.is_past_knowledge)
    lines = named(ending, request.user)
    whole = ending.of(request.user)
    chosen = _chosen(request.GET.get("key", "total"), lines, whole)
    starts = []
    if chosen is not None:
        needed = max(chosen.takes.starts or 0, chosen.takes.starts_then or 0)
        starts = to_start(chosen.takes.first, found.window, needed=needed, user=request.user)
    return {
        "ending": ending,
        "lines": lines,
        "whole": whole,
        "chosen": chosen,
        "key": request.GET.get("key", "total"),
        "starts": starts,
    }


def _chosen(key: str, lines: list[tuple[str, str, Line]], whole: Line | None) -> Line | None:
    """Raises 404 for a park that there is not, or that the person does not see."""
    if key == "total" or whole is None:
        return whole
    for slug, _name, line in lines:
        if slug == key:
            return line
    raise Http404
