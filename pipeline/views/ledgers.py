"""The ledgers: all of them side by side, and the list of their items with its file."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.keys import keys_of
from crm.refusals import Refused
from crm.rights import may
from pipeline import filters, item_lists, ledger_bulk
from pipeline.clock_rules import rules_at
from pipeline.forms.ledgers import ItemFilter
from pipeline.item_lists import COLUMNS
from pipeline.ledger_rules import VERBS
from pipeline.lights import Light
from pipeline.models import ItemState, Ledger, LedgerItem, Level
from pipeline.spreadsheets import exports
from pipeline.supervision import Rules

UNIT_BLOCK = 10
AHEAD = 62
"""So many days ahead a year without holidays is warned of: due days reach there."""
REFUSALS = 20
EXPORTED = filters.COUNTED_TO


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of the overview: what is counted, and the list that makes it up."""

    name: str
    label: Any
    query: str
    light: Light | None = None


FIGURES: tuple[tuple[Any, tuple[Figure, ...]], ...] = (
    (
        _lazy("亮灯"),
        tuple(
            Figure(f"light_{light}", light.label, f"light={light}", light)
            for light in (Light.RED, Light.YELLOW, Light.GREEN)
        ),
    ),
    (
        _lazy("状态"),
        (
            Figure("open", _lazy("未销账"), "state=open"),
            *(
                Figure(f"state_{state}", state.label, f"state={state}")
                for state in ItemState
                if state != ItemState.WITHDRAWN
            ),
        ),
    ),
    (
        _lazy("督办"),
        tuple(
            Figure(f"level_{level}", level.label, f"level={level}&state=open")
            for level in Level
            if level
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger of the overview, or all of them, with its figures and where they lead."""

    name: str
    url: str
    is_closed: bool
    cells: list[tuple[Figure, int]]


@require_safe
@allowed("item.view")
def ledger_overview(request: SignedIn) -> HttpResponse:
    """Each ledger by light, state and level, the month's numbers, and what waits for me."""
    now, user = timezone.now(), request.user
    rules, month = rules_at(now), timezone.localdate(now).replace(day=1)
    rows = LedgerItem.objects.visible_to(user)
    found = item_lists.counts(rows, at=now, rules=rules, month=month)
    total = {
        name: sum(of[name] for of in found.values()) for name in next(iter(found.values()), ())
    }
    lines = [
        _line(row.name, reverse("ledger", args=[row.slug]), found.get(row.pk, {}), row.closed_at)
        for row in Ledger.objects.all()
        if row.closed_at is None or row.pk in found
    ]
    context = {
        "groups": FIGURES,
        "lines": lines,
        "total": _line(_("合计"), reverse("item_list"), total),
        "months": _months(total, item_lists.pressed_in(rows, month), f"{month:%Y-%m}"),
        "month": month,
        "blocks": _blocks(request, now, rules),
        "is_own_first": bool(user.unit_id or user.park_id),
        "missing_years": _missing_years(timezone.localdate(now), rules),
        "now": now,
        "rules": rules,
        "may_draft": may(user, "item.draft"),
        "may_keep": may(user, "ledger.keep"),
    }
    return render(request, "pipeline/ledgers/overview.html", context)


def _line(name: str, url: str, counted: dict[str, int], closed_at: Any = None) -> Line:
    figures = [figure for _group, of in FIGURES for figure in of]
    cells = [(figure, counted.get(figure.name, 0)) for figure in figures]
    return Line(name, url, closed_at is not None, cells)


def _months(total: dict[str, int], pressed: dict[int, int], month: str) -> list[Any]:
    """What happened in the month: the words, the figure, the list that makes it up."""
    handed = (_("本月交办"), total.get("issued_in", 0), f"issued_in={month}")
    closed = (_("本月销账"), total.get("closed_in", 0), f"closed_in={month}")
    levels = [
        (level.label, pressed.get(level, 0), f"pressed_in={month}&pressed={int(level)}")
        for level in Level
        if level
    ]
    return [handed, closed, *levels]


def _blocks(request: SignedIn, now: dt.datetime, rules: Rules) -> list[dict[str, Any]]:
    """What waits for the person, is overdue and falls due soon; each with its list."""
    user = request.user
    rows = LedgerItem.objects.visible_to(user)
    own = "mine" if user.unit_id or user.park_id else ""
    blocks = []
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        (_("等我办理"), {"waiting": True}),
        (_("已逾期"), {"light": Light.RED, **({own: True} if own else {})}),
        (_("快到期"), {"light": Light.YELLOW, **({own: True} if own else {})}),
    )
    for title, given in asked:
        narrowed = item_lists.narrowed(rows, given, user=user, at=now, rules=rules)
        ordered = item_lists.ordered(narrowed, "due")
        found = list(item_lists.whole(ordered)[: UNIT_BLOCK + 1])
        ways = {name: 1 if value is True else value for name, value in given.items()}
        query = urlencode({**ways, "sort": "due"})
        blocks.append(
            {
                "title": title,
                "items": found[:UNIT_BLOCK],
                "has_more": len(found) > UNIT_BLOCK,
                "query": query,
            }
        )
    return blocks


def _missing_years(today: dt.date, rules: Rules) -> list[int]:
    """Years that due days are moved in but the calendar of holidays does not have."""
    moved = rules.working_days
    if not moved and not Ledger.objects.filter(working_days=True, closed_at=None).exists():
        return []
    return rules.calendar.missing_years([today, today + dt.timedelta(days=AHEAD)])


@require_safe
@allowed("item.view")
def item_list(request: SignedIn) -> HttpResponse:
    """The items of all ledgers."""
    return list_page(request, None)


@require_safe
@allowed("item.view")
def ledger(request: SignedIn, slug: str) -> HttpResponse:
    """The items of one ledger."""
    return list_page(request, get_object_or_404(Ledger, slug=slug))


def list_page(request: SignedIn, of: Ledger | None) -> HttpResponse:
    """A list as its address narrows, sorts and pages it."""
    now, user = timezone.now(), request.user
    rules, form = rules_at(now), ItemFilter(request.GET)
    sort = request.GET.get("sort", "")
    page = filters.page(
        item_lists.ordered(_rows(request, of, form.given(), now, rules), sort),
        number=request.GET.get("page", "1"),
        size=request.GET.get("size", ""),
        whole=item_lists.whole(),
    )
    asked = _asked(request, form)
    context = {
        "ledger": of,
        **_bar(form, asked),
        "page": page,
        "query": urlencode(asked),
        "asked": list(asked.items()),
        "sizes": [(n, urlencode({**asked, "size": str(n)})) for n in filters.SIZES],
        "headers": _headers(asked, sort, of),
        "now": now,
        "rules": rules,
        "may_draft": may(user, "item.draft") and (of is None or of.closed_at is None),
        "bulk_acts": [act for act in ledger_bulk.BulkAct if may(user, VERBS[act].act)],
    }
    return render(request, "pipeline/ledgers/list.html", context)


def _bar(form: ItemFilter, asked: dict[str, str]) -> dict[str, Any]:
    """The filter's fields, and as removable marks what the address asks for besides."""
    given = form.given()
    fields = {*form.FIRST, *form.CHECKS, *form.FURTHER}
    notes = [
        (
            form.fields[name].label,
            f"{value:%Y-%m}" if isinstance(value, dt.date) else value,
            urlencode({k: v for k, v in asked.items() if k != name}),
        )
        for name, value in given.items()
        if name not in fields
    ]
    return {
        "given": given,
        "first_fields": [form[name] for name in form.FIRST],
        "check_fields": [form[name] for name in form.CHECKS],
        "further_fields": [form[name] for name in form.FURTHER],
        "has_further": bool(given.keys() & set(form.FURTHER)),
        "hidden": [pair for pair in asked.items() if pair[0] not in fields],
        "notes": notes,
    }


def _rows(
    request: SignedIn, of: Ledger | None, given: dict[str, Any], now: dt.datetime, rules: Rules
) -> QuerySet[LedgerItem]:
    rows = LedgerItem.objects.visible_to(request.user)
    if of is not None:
        rows = rows.filter(ledger=of)
    return item_lists.narrowed(rows, given, user=request.user, at=now, rules=rules)


def _asked(request: SignedIn, form: ItemFilter) -> dict[str, str]:
    """What the address asks for, without the page."""
    known = [*form.fields, "sort", "size"]
    return {name: request.GET[name] for name in known if request.GET.get(name)}


SHOWN = tuple(column for column in COLUMNS if column.name != "late")


def _headers(asked: dict[str, str], sort: str, of: Ledger | None) -> list[dict[str, Any]]:
    """Each column's wording, the query that sorts by it, and how it is sorted now."""
    headers = []
    for column in SHOWN:
        if column.name == "ledger" and of is not None:
            continue
        name = column.name
        turned = f"-{name}" if sort == name else name
        headers.append(
            {
                "label": column.label,
                "query": urlencode({**asked, "sort": turned}) if column.by else "",
                "order": {name: "ascending", f"-{name}": "descending"}.get(sort, ""),
            }
        )
    return headers


@require_POST
@allowed("item.view")
def item_export(request: SignedIn) -> HttpResponseBase:
    """What the list shows as a file: the same items in the same order."""
    now = timezone.now()
    form, rules = ItemFilter(request.POST), rules_at(now)
    of = Ledger.objects.filter(slug=request.POST.get("ledger", "")).first()
    ending = request.POST.get("ending", "")
    ending = ending if ending in exports.FORMATS else exports.FORMATS[0]
    rows = item_lists.ordered(
        _rows(request, of, form.given(), now, rules), request.POST.get("sort", "")
    )
    items = item_lists.whole(rows)[:EXPORTED]
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"items.{ending}"
        exports.write_table(
            path,
            [str(column.label) for column in COLUMNS],
            item_lists.cells(items.iterator(chunk_size=500), COLUMNS, at=now, rules=rules),
            ending=ending,
            title=_("台账事项"),
            widths={1: 48},
        )
        file.write(path.read_bytes())
    file.seek(0)
    name = f"{of or _('台账事项')}-{timezone.localdate(now)}.{ending}"
    response = FileResponse(file, as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@allowed("item.approve")
def item_bulk(request: SignedIn) -> HttpResponse:
    """Approve or hand over the items that were ticked; what was refused is said one by one."""
    keys = keys_of(request.POST.getlist("pk"))
    rows = LedgerItem.objects.visible_to(request.user).filter(pk__in=keys[: ledger_bulk.MOST + 1])
    act = request.POST.get("act", "")
    try:
        report = ledger_bulk.do(act, list(rows.order_by("id")), by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        values = {"act": report.act.label, "count": len(report.done)}
        messages.success(request, _("%(act)s %(count)s 项。") % values)
        for item, why in report.refused[:REFUSALS]:
            messages.error(request, f"{item.number}：{why}")
        if len(report.refused) > REFUSALS:
            more = len(report.refused) - REFUSALS
            messages.error(request, _("另有 %(more)s 项没有办成") % {"more": more})
    of = Ledger.objects.filter(slug=request.POST.get("ledger", "")).first()
    back = reverse("ledger", args=[of.slug]) if of is not None else reverse("item_list")
    return redirect(f"{back}?{urlencode(_asked(request, ItemFilter(request.GET)))}")
