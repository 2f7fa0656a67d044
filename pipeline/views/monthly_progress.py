"""Each month's progress: a unit's own page of small forms, and who filed for the county."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.keys import keys_of
from crm.models import Area, Unit, User
from crm.refusals import Refused
from crm.rights import may
from pipeline import monthly_progress as progress
from pipeline.forms.monthly_progress import ProgressForm
from pipeline.models import LedgerItem
from pipeline.months import Month, month_at
from pipeline.spreadsheets import monthly as workbooks

PAGE = 30
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = (
    ("", gettext_lazy("全部")),
    ("missing", gettext_lazy("未填报")),
    ("filed", gettext_lazy("已填报")),
    ("in_time", gettext_lazy("按时")),
    ("late", gettext_lazy("补报")),
)


@require_safe
@allowed("item.view")
def this_month(request: SignedIn) -> HttpResponse:
    """The month that runs."""
    return _answer(request, month_at(timezone.now()))


@require_safe
@allowed("item.view")
def month_page(request: SignedIn, month: Month) -> HttpResponse:
    """A unit's items with a form each; for who sees the county, how each unit filed."""
    return _answer(request, month)


def _answer(request: SignedIn, month: Month) -> HttpResponse:
    at = _not_ahead(month)
    units = _filing_for(request.user)
    if units:
        return _own(request, month, units, at)
    area = Area.objects.filter(pk=_number(request, "area") or 0).first()
    seen = LedgerItem.objects.visible_to(request.user)
    if area is not None:
        seen = seen.filter(unit__area=area)
    rows = progress.by_unit(month, at=at, items=seen)
    return render(
        request,
        "pipeline/ledgers/monthly.html",
        {
            **_around(month, at),
            "rows": rows,
            "total": progress.total(rows),
            "area": area,
            "areas": Area.objects.all(),
        },
    )


def _own(request: SignedIn, month: Month, units: list[Unit], at: dt.datetime) -> HttpResponse:
    """The page of a unit: its items, each with last month's words and a form."""
    owed = progress.with_filings(
        progress.expected(month, at=at).filter(unit__in=units), month, at=at
    )
    show = request.GET.get("show", "")
    rows = _only(owed, show).order_by("is_filed", "clock_due_on", "id")
    page = Paginator(_whole(rows), PAGE).get_page(request.GET.get("page"))
    forms = _forms(list(page.object_list), month, at)
    return _forms_page(
        request, month, at, units=units, forms=forms, page=page, show=show, owed=owed
    )


def _forms(
    items: list[LedgerItem], month: Month, at: dt.datetime, data: Any = None
) -> list[ProgressForm]:
    """A form for each item, which knows what was filed for the month and the one before."""
    found = progress.filings(items, [month, month.earlier()], at=at)
    return [
        ProgressForm(
            data,
            item=item,
            filing=found.get((item.pk, month.first)),
            before=found.get((item.pk, month.earlier().first)),
        )
        for item in items
    ]


def _forms_page(
    request: SignedIn, month: Month, at: dt.datetime, *, status: int = 200, **shown: Any
) -> HttpResponse:
    owed = shown.pop("owed", None)
    if owed is not None:
        counts = {value: _only(owed, value).count() for value, _label in SHOWN}
        shown["chips"] = [
            (value, label, counts[value], value == shown["show"]) for value, label in SHOWN
        ]
        shown["query"] = urlencode({"show": shown["show"]}) if shown["show"] else ""
    context = {**_around(month, at), **shown}
    return render(request, "pipeline/ledgers/monthly_own.html", context, status=status)


@require_POST
@allowed("progress.file")
def save(request: SignedIn, month: Month) -> HttpResponse:
    """Save one item's progress (``only``) or all that was written; what is wrong stays open."""
    at = _not_ahead(month)
    units = _filing_for(request.user)
    keys = keys_of(request.POST.getlist("item")[:PAGE])
    rows = LedgerItem.objects.visible_to(request.user).filter(unit__in=units, pk__in=keys)
    items = sorted(_whole(rows), key=lambda item: keys.index(item.pk))
    forms = _forms(items, month, at, request.POST)
    changed = [form for form in forms if form.has_changed()]
    only = request.POST.get("only", "")
    asked = [form for form in changed if not only or str(form.item.pk) == only]
    saved = [form for form in asked if _saved(form, month, request.user, at)]
    if saved:
        words = ngettext("已保存 %(count)s 项。", "已保存 %(count)s 项。", len(saved))
        messages.success(request, words % {"count": len(saved)})
    waiting = [form for form in changed if form not in saved]
    if not waiting:
        if not saved:
            messages.info(request, _("没有改动，没有要保存的。"))
        back = {"show": request.POST.get("show", ""), "page": request.POST.get("page", "")}
        query = urlencode({name: value for name, value in back.items() if value})
        return redirect(reverse("monthly_month", args=[month]) + (f"?{query}" if query else ""))
    wrong = sum(bool(form.errors) for form in asked)
    left = [
        form if form in waiting else fresh
        for form, fresh in zip(forms, _forms(items, month, timezone.now()), strict=True)
    ]
    return _forms_page(
        request,
        month,
        at,
        status=422 if wrong else 200,
        units=units,
        forms=left,
        show=request.POST.get("show", ""),
        wrong=wrong,
        unsaved=len(waiting) - wrong,
    )


def _saved(form: ProgressForm, month: Month, user: User, at: dt.datetime) -> bool:
    if not form.is_valid():
        return False
    try:
        progress.file(form.item, month=month, by=user, at=at, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_safe
@allowed("item.view")
def items(request: SignedIn, month: Month) -> HttpResponse:
    """The items behind a figure: of a unit or an area, filed, late or missing."""
    at = _not_ahead(month)
    given = {
        name: value for name in ("unit", "area", "show") if (value := request.GET.get(name, ""))
    }
    rows = _narrowed(request, month, at)
    page = Paginator(_whole(rows), PAGE).get_page(request.GET.get("page"))
    lines = list(page.object_list)
    found = progress.filings(lines, [month], at=at)
    return render(
        request,
        "pipeline/ledgers/monthly_items.html",
        {
            **_around(month, at),
            "page": page,
            "lines": [(item, found.get((item.pk, month.first))) for item in lines],
            "query": urlencode(given),
            "chips": [
                (label, urlencode({**given, "show": value}), value == given.get("show", ""))
                for value, label in SHOWN
            ],
            "unit": Unit.objects.filter(pk=_number(request, "unit") or 0).first(),
            "area": Area.objects.filter(pk=_number(request, "area") or 0).first(),
        },
    )


@require_safe
@allowed("item.view")
def workbook(request: SignedIn, month: Month) -> HttpResponse:
    """The month as a workbook: units with their counts, and every item with its words."""
    at = _not_ahead(month)
    made = workbooks.write(
        month,
        progress.by_unit(month, at=at, items=LedgerItem.objects.visible_to(request.user)),
        _whole(_narrowed(request, month, at)),
        at=at,
    )
    answer = HttpResponse(made, content_type=XLSX)
    name = _("%(month)s进展填报.xlsx") % {"month": month.label}
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _narrowed(request: SignedIn, month: Month, at: dt.datetime) -> Any:
    """The owed items that the person sees, as the address narrows them."""
    rows = progress.with_filings(progress.expected(month, at=at), month, at=at)
    seen = LedgerItem.objects.visible_to(request.user)
    rows = rows.filter(pk__in=seen.order_by().values("pk"))
    if unit := _number(request, "unit"):
        rows = rows.filter(unit=unit)
    if area := _number(request, "area"):
        rows = rows.filter(unit__area=area)
    return _only(rows, request.GET.get("show", "")).order_by(
        "unit__position", "unit_id", "clock_due_on", "id"
    )


def _only(rows: Any, show: str) -> Any:
    match show:
        case "missing":
            return rows.filter(is_filed=False)
        case "filed":
            return rows.filter(is_filed=True)
        case "in_time":
            return rows.filter(is_in_time=True)
        case "late":
            return rows.filter(is_filed=True, is_in_time=False)
    return rows


def _whole(rows: Any) -> Any:
    return rows.select_related("ledger", "unit", "leader")


def _filing_for(user: User) -> list[Unit]:
    return progress.units_of(user) if may(user, "progress.file") else []


def _around(month: Month, at: dt.datetime) -> dict[str, Any]:
    """What every page of a month shows: the months beside it, and whether it is over."""
    return {
        "month": month,
        "before": month.earlier(),
        "after": month.later() if month < month_at(at) else None,
        "is_over": at >= month.ends,
        "today": timezone.localdate(at),
    }


def _not_ahead(month: Month) -> dt.datetime:
    """Now; a month that has not begun has no page."""
    at = timezone.now()
    if month > month_at(at):
        raise Http404
    return at


def _number(request: SignedIn, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 else None
