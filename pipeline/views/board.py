"""The board by stage, its columns as they go on, and the gate's dialog."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import push_url, reswap, retarget, trigger_client_event

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from crm.rights import may
from pipeline import board as boards
from pipeline import moving
from pipeline.forms.gate import GateForm
from pipeline.listing import Wanted
from pipeline.models import Project
from pipeline.stages import Stage
from pipeline.views.project_list import bar

FIRST = ("q", "park", "officer")


@dataclass(frozen=True, slots=True)
class Shown:
    """A column with its totals and, where the year has a figure for it, that."""

    column: boards.Column
    total: boards.Total
    year: boards.Year | None


@require_safe
@allowed("project.view")
def board(request: SignedIn) -> HttpResponse:
    """Every stage's first cards with its totals; filter, order and toggle stand in the URL."""
    now = timezone.now()
    wanted = Wanted.of(request.META["QUERY_STRING"])
    found = wanted.narrowed(person=request.user, at=now)
    rows = boards.alive(found.qs, with_ended=_shows_ended(wanted))
    order = boards.order_of(wanted.given.get("by", ""))
    totals = boards.totals(rows)
    year = boards.year_so_far(park=wanted.given.get("park", ""), user=request.user, at=now)
    has_year = {Stage.SIGNED, Stage.STARTED}
    shown = [
        Shown(column, totals[column.stage], year if column.stage in has_year else None)
        for column in boards.columns(rows, totals, order=order, at=now)
    ]
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    context = _context(request, wanted, order) | {
        "filter": found,
        "shown": shown,
        "is_empty": not any(total.count for total in totals.values()),
        "year": year,
    }
    if not is_fragment:
        context |= bar(found, first=FIRST, given=wanted.given, without=("stage", "status"))
    template = "pipeline/board.html" + ("#results" if is_fragment else "")
    response = render(request, template, context)
    return push_url(response, f"{request.path}?{wanted.query()}") if is_fragment else response


@require_safe
@allowed("project.view")
def column(request: SignedIn, stage: str) -> HttpResponse:
    """More cards of a stage, from where the column ended; without scripts a page of its own."""
    if stage not in Stage.values:
        raise Http404
    now = timezone.now()
    wanted = Wanted.of(request.META["QUERY_STRING"])
    order = boards.order_of(wanted.given.get("by", ""))
    found = boards.column(
        _rows(wanted, request, now),
        Stage(stage),
        order=order,
        at=now,
        after=request.GET.get("after", ""),
    )
    template = "pipeline/board_column.html" + ("#cards" if request.htmx else "")  # type: ignore[attr-defined]
    return render(request, template, _context(request, wanted, order) | {"column": found})


def _rows(wanted: Wanted, request: SignedIn, now: dt.datetime) -> QuerySet[Project]:
    found = wanted.narrowed(person=request.user, at=now)
    return boards.alive(found.qs, with_ended=_shows_ended(wanted))


def _shows_ended(wanted: Wanted) -> bool:
    return "ended" in wanted.given or "status" in wanted.given


def _context(request: SignedIn, wanted: Wanted, order: boards.Order) -> dict[str, Any]:
    return {
        "wanted": wanted,
        "query": wanted.query(),
        "order": order,
        "orders": boards.ORDERS,
        "is_narrowed": wanted.is_narrowed,
        "shows_ended": _shows_ended(wanted),
        "may_claim": may(request.user, "milestone.claim"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("milestone.claim")
def gate(request: SignedIn, pk: int) -> HttpResponse:
    """What a move asks for, with fields for what is missing; a POST claims it."""
    project = get_object_or_404(
        Project.objects.current().visible_to(request.user).select_related("investor"), pk=pk
    )
    if not may(request.user, "milestone.claim", project):
        raise PermissionDenied  # seen for its past credit, and now another park's
    now, is_sent = timezone.now(), request.method == "POST"
    try:
        move = moving.move_to(project, (request.POST if is_sent else request.GET).get("to", ""))
    except ValueError as no_stage:
        raise Http404 from no_stage
    except Refused as refusal:
        return _dialog(request, {"project": project, "refusal": refusal}, status=422)
    form = GateForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        project=project,
        move=move,
        checks=moving.checklist(project, move, at=now),
        user=request.user,
    )
    if form.is_valid():
        try:
            moving.supply_and_claim(
                project, move=move, **form.claim_fields(), by=request.user, at=now
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _claimed(request, project, move, now)
    context = {"project": project, "move": move, "form": form}
    return _dialog(request, context, status=422 if is_sent else 200)


def _dialog(request: SignedIn, context: dict[str, Any], *, status: int) -> HttpResponse:
    template = "pipeline/gate.html" + ("#gate" if request.htmx else "")  # type: ignore[attr-defined]
    return render(request, template, context, status=status)


def _claimed(
    request: SignedIn, project: Project, move: moving.Move, now: dt.datetime
) -> HttpResponse:
    """The card with its mark, where the page asked for it; else back to the board."""
    words = _("“%(name)s”已申报“%(stage)s”，等核验员核验。") % {
        "name": project.name,
        "stage": move.stage.label,
    }
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, words)
        return redirect("board")
    card = boards.cards([project.pk], at=now)[project.pk]
    response = render(request, "pipeline/board_column.html#card", {"card": card, "may_claim": True})
    response = reswap(retarget(response, f"#card-{project.pk}"), "outerHTML")
    return trigger_client_event(response, "gate:claimed", {"words": words, "card": project.pk})
