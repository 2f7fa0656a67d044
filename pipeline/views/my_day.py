"""My day: what the person has to do, on one page; and each of its blocks in full."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm.first_reports import last_day
from crm.http import SignedIn, allowed
from crm.models import FirstReport, Role
from crm.rights import may
from pipeline import my_day as day
from pipeline.figures import Window
from pipeline.forms.window import Asked
from pipeline.models import CountySettings, Metric, Project
from pipeline.rollups import Row
from pipeline.soon import soon
from pipeline.views.cockpit import cockpit
from pipeline.views.ledgers import ledger_overview

SHOWN, PAGE = 8, 30
ASKS_FOR_FIGURES = frozenset({"year", "as_of", "by", "known_at"})
FOLLOW_UPS = ("overdue", "today", "coming")

TITLES: dict[str, Any] = {
    "overdue": _("逾期"),
    "today": _("今天"),
    "coming": _("未来七天"),
    "returned": _("退回给我的申报"),
    "waiting": _("等待核验的申报"),
    "approvals": _("等我审批的状态变更"),
    "disputed": _("等我答复的首报争议"),
    "lapsing": _("保护即将失效"),
    "quiet": _("沉寂的项目"),
}


def home(request: SignedIn) -> HttpResponseBase:
    """What a person opens first: officers their day, who watches over promises or keeps
    them the ledgers, others the cockpit.

    An address that asks for figures is the cockpit's, whoever opens it.
    """
    role = getattr(request.user, "role", "")
    if role == Role.OFFICER and not ASKS_FOR_FIGURES & request.GET.keys():
        return my_day(request)
    if role == Role.UNIT or (role == Role.SUPERVISOR and not ASKS_FOR_FIGURES & request.GET.keys()):
        return ledger_overview(request)
    return cockpit(request)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the page: at most eight rows, and where the others stand."""

    key: str
    title: Any
    rows: list[Any]
    has_more: bool
    url: str


@never_cache
@require_safe
@allowed("figures.view")
def my_day(request: SignedIn) -> HttpResponse:
    """Due, returned, waiting, lapsing, quiet, and the person's figures; each bounded."""
    now = timezone.now()
    asked = _asked(request, now)
    blocks = {key: _block(key, asked) for key in day.BLOCKS}
    filled = [block for block in blocks.values() if block.rows]
    window = Window(asked.today.year, asked.today, now)
    return render(
        request,
        "pipeline/my_day/my_day.html",
        {
            "due": [block for block in filled if block.key in FOLLOW_UPS],
            "others": [block for block in filled if block.key not in FOLLOW_UPS],
            "is_all_done": not filled,
            "figures": _figures(request, window) if may(request.user, "milestone.claim") else [],
            "window": window,
            "today": asked.today,
            "soon": soon(asked.today),
        },
    )


def _asked(request: SignedIn, now: dt.datetime) -> day.Asked:
    return day.Asked(request.user, timezone.localdate(now), CountySettings.objects.known_at(now))


def _block(key: str, asked: day.Asked) -> Block:
    rows = list(day.BLOCKS[key](asked)[: SHOWN + 1])
    url = reverse("my_day_block", args=[key])
    return Block(key, TITLES[key], _lines(rows[:SHOWN], asked), len(rows) > SHOWN, url)


def _lines(rows: list[Any], asked: day.Asked) -> list[Any]:
    """Rows with the day that they turn on, where that is no field of theirs."""
    for row in rows:
        if isinstance(row, FirstReport):
            row.lapses_on = last_day(row, idle_days=asked.rules.protection_idle_days)  # type: ignore[attr-defined]
        elif isinstance(row, Project):
            row.quiet_days = (asked.today - row.last_active).days  # type: ignore[attr-defined]
    return rows


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """A figure beside its target; ``metric`` names it, ``link`` opens what makes it up."""

    metric: str
    done: Any
    target: Any
    lead: Any
    link: str
    fraction: tuple[Any, Any] | None = None


def _figures(request: SignedIn, window: Window) -> list[OwnFigure]:
    """Signed projects, their amount, and how many of them started, against own targets."""
    row = day.own_figures(request.user, window)
    query = Asked(window=window, by="officer").query(key=request.user.username)

    def link(name: str) -> str:
        return reverse("figure", args=[name]) + "?" + query

    sums = [
        OwnFigure(m, getattr(row, m), row.target(m), row.lead(m), link(m))
        for m in (Metric.SIGNED_PROJECTS, Metric.SIGNED_AMOUNT)
    ]
    return [*sums, _rate(row, link("started_same_year"))]


def _rate(row: Row, link: str) -> OwnFigure:
    return OwnFigure(
        Metric.START_RATE,
        row.start_rate,
        row.target(Metric.START_RATE),
        row.start_rate_gap,
        link,
        (row.started_same_year, row.signed_projects),
    )


@never_cache
@require_safe
@allowed("figures.view")
def block(request: SignedIn, block: str) -> HttpResponse:
    """One block with all of its rows, by pages; follow-ups have a list of their own."""
    if block in FOLLOW_UPS:
        return redirect(reverse("follow_up_list") + "?" + urlencode({"state": block}))
    if block not in day.BLOCKS:
        raise Http404
    asked = _asked(request, timezone.now())
    page = Paginator(day.BLOCKS[block](asked), PAGE).get_page(request.GET.get("page"))
    rows = _lines(list(page), asked)
    context = {"key": block, "title": TITLES[block], "rows": rows, "page": page}
    return render(request, "pipeline/my_day/block.html", {**context, "today": asked.today})
