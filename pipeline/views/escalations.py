"""Pressing what is overdue: proposals to decide on, and the steps that were taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import Unit
from crm.refusals import Refused
from crm.rights import may
from pipeline import escalation, supervise
from pipeline.clock_rules import rules_at
from pipeline.forms.escalation import DecisionForm
from pipeline.models import Escalation, Level
from pipeline.months import read_month
from pipeline.supervision import DAY

PAGE, COUNTED_TO = 25, 10_000
NARROWS = ("level", "month", "unit")


@require_safe
@allowed("item.view")
def escalation_list(request: SignedIn) -> HttpResponse:
    """What waits for a decision; the steps taken and those declined, by level, month, unit."""
    return _page(request)


@require_POST
@allowed("escalation.decide")
def escalation_decide(request: SignedIn, pk: int) -> HttpResponse:
    """Approve or decline a proposal."""
    row = get_object_or_404(escalation.steps(request.user), pk=pk)
    now = timezone.now()
    form = DecisionForm(request.POST, row=row, deadline=_usual_deadline(now))
    if form.is_valid():
        approve = request.POST.get("answer") == "approve"
        try:
            escalation.decide(row, approve=approve, by=request.user, at=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已批准") if approve else _("已记录：不批准"))
            return redirect("escalation_list")
    return _page(request, refused=form)


def _page(request: SignedIn, *, refused: DecisionForm | None = None) -> HttpResponse:
    user, now = request.user, timezone.now()
    given = {name: value for name, value in request.GET.dict().items() if value and name != "page"}
    may_decide = may(user, "escalation.decide")
    show = "waiting" if refused else given.get("show", "")
    if show not in escalation.SHOWS:
        show = "waiting" if may_decide else "taken"
    month = read_month(given.get("month", ""))
    rows = escalation.step_list(
        user,
        show=show,
        level=_number(given, "level"),
        first=month.first if month else None,
        unit=_number(given, "unit"),
    ).select_related("item__unit", "item__ledger", "decided_by")
    page = Paginator(rows[:COUNTED_TO], PAGE).get_page(request.GET.get("page"))
    deadline = _usual_deadline(now)
    kept = {name: given[name] for name in NARROWS if name in given}
    return render(
        request,
        "pipeline/ledgers/escalations.html",
        {
            "show": show,
            "shows": [
                (name, label, urlencode(kept | {"show": name}))
                for name, label in escalation.SHOWS.items()
            ],
            "given": given,
            "is_narrowed": bool(kept),
            "query": urlencode(given | {"show": show}),
            "page": page,
            "lines": [
                (row, _form(row, refused, deadline) if may_decide and show == "waiting" else None)
                for row in page
            ],
            "refused": refused,
            "levels": [level for level in Level if level],
            "units": Unit.objects.all() if user.is_county_wide else [],
            "warnings": supervise.warnings(rules_at(now), now) if may_decide else [],
            "today": timezone.localdate(now),
        },
        status=422 if refused else 200,
    )


def _form(row: Escalation, refused: DecisionForm | None, deadline: dt.date) -> DecisionForm:
    if refused is not None and refused.row.pk == row.pk:
        return refused
    return DecisionForm(row=row, deadline=deadline)


def _usual_deadline(now: dt.datetime) -> dt.date:
    return timezone.localdate(now) + rules_at(now).inspection_deadline_days * DAY


def _number(given: dict[str, Any], name: str) -> int | None:
    value = given.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
