"""A year's targets: the grid, what was reached, proposals, and every version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import Park
from crm.refusals import Refused
from crm.rights import may
from pipeline import target_setting
from pipeline.figures import Window
from pipeline.forms.targets import Block, Line, ProposalReasonForm, TargetsForm
from pipeline.metrics import METRICS, TOTAL, achieved
from pipeline.models import Target, TargetProposal
from pipeline.spreadsheets import targets as workbook
from pipeline.targets import COUNTY, Targets, ratio, schedule

PAGE = 50
FIRST, LAST = 2000, 2100


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("target.view")
def targets(request: SignedIn) -> HttpResponse:
    """The grid of a year; whoever may proposes, and a leader's proposal is in force at once."""
    year, now = _year(request), timezone.now()
    if request.method == "POST" and may(request.user, "target.propose"):
        form = TargetsForm(
            request.POST, parks=Park.objects.all(), values=target_setting.of_year(year, at=now)
        )
        if form.is_valid():
            try:
                done = _propose(form, year, request, now)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, done)
                return redirect(f"{reverse('targets')}?year={year}")
        return _page(request, form, year, now)
    return _page(request, _fresh_form(request, year, now), year, now)


def _propose(form: TargetsForm, year: int, request: SignedIn, now: dt.datetime) -> str:
    with transaction.atomic():
        proposal = target_setting.propose(
            year, form.wanted(), reason=form.cleaned_data["reason"], by=request.user, at=now
        )
        if may(request.user, "target.set"):
            done = target_setting.approve(proposal, by=request.user, at=now)
            return _("已下达 %(count)s 项目标。") % {"count": len(done)}
    return _("已提出，等县领导批准后生效。")


def _fresh_form(request: SignedIn, year: int, now: dt.datetime) -> TargetsForm:
    """What is in force; with ``from``, another year's targets to begin from."""
    values = target_setting.of_year(_given_year(request, "from") or year, at=now)
    return TargetsForm(parks=Park.objects.all(), values=values)


def _year(request: SignedIn) -> int:
    return _given_year(request, "year") or timezone.localdate().year


def _given_year(request: SignedIn, name: str) -> int | None:
    given = request.GET.get(name, "")
    year = int(given) if given.isdecimal() and len(given) == 4 else 0
    return year if FIRST <= year <= LAST else None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the grid with what was reached, how far that is, and whose list is behind it."""

    line: Line
    done: Decimal | None
    completion: Decimal | None
    lead: Decimal | None
    key: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A metric's rows, and by how much its parks miss the county's target."""

    block: Block
    rows: list[Row]
    gap: Decimal | None


def _page(request: SignedIn, form: TargetsForm, year: int, now: dt.datetime) -> HttpResponse:
    today = timezone.localdate(now)
    window = Window(year, min(today, dt.date(year, 12, 31)), now)
    in_force = Targets(year, now)
    done = achieved(window, user=request.user)
    proposal = TargetProposal.objects.filter(year=year, decided_at__isnull=True).first()
    keys: dict[Any, str] = dict(Park.objects.values_list("pk", "slug"))
    versions = Target.objects.filter(year=year).select_related("park", "recorded_by")
    return render(
        request,
        "pipeline/targets.html",
        {
            "year": year,
            "window": window,
            "form": form,
            "shown": [_shown(block, in_force, done, window, keys) for block in form.blocks()],
            "may_propose": may(request.user, "target.propose") and proposal is None,
            "may_set": may(request.user, "target.set"),
            "proposal": proposal,
            "proposed": _named(target_setting.wanted_of(proposal)) if proposal else [],
            "is_own": proposal is not None and proposal.proposed_by_id == request.user.pk,
            "repeated_from": in_force.repeated_from,
            "has_examples": in_force.has_examples,
            "pager_query": f"year={year}",
            "page": Paginator(versions.order_by("-recorded_at", "-pk"), PAGE).get_page(
                request.GET.get("page")
            ),
        },
        status=422 if form.is_bound else 200,
    )


def _shown(
    block: Block,
    in_force: Targets,
    done: dict[str, Any],
    window: Window,
    keys: Mapping[Any, str],
) -> Shown:
    metric, rows = block.metric.metric.value, []
    targets_of: dict[Any, Decimal | None] = {}
    for line in block.lines:
        of = line.holder[1]
        holder = COUNTY if of is None else line.holder
        # A rate is the county's for every park that has none of its own.
        find = in_force.rate if block.metric.is_rate else in_force.own
        own = find(metric, holder)
        reached = done[metric].get(TOTAL if of is None else of)
        if reached is None and not block.metric.is_rate:
            reached = Decimal(0)
        targets_of[holder] = own.value if own else None
        completion = None
        lead = None
        if own and reached is not None:
            if block.metric.is_rate:
                lead = reached - own.value
            else:
                completion = ratio(reached, own.value)
                lead = (completion or 0) - schedule(window.year, window.as_of, own)
        key = TOTAL if of is None else keys[of]
        rows.append(Row(line, reached, completion, lead, key))
    gap = None if block.metric.is_rate else target_setting.gap(targets_of)
    return Shown(block, rows, gap)


def _named(wanted: list[target_setting.Wanted]) -> list[tuple[Any, str, Any]]:
    names: dict[Any, str] = dict(Park.objects.values_list("pk", "short_name"))
    return [
        (METRICS[want.metric], names.get(want.holder[1], str(_("全县"))), want) for want in wanted
    ]


@require_POST
@allowed("target.set")
def target_approve(request: SignedIn, pk: int) -> HttpResponse:
    """Put a proposal in force."""
    row = get_object_or_404(TargetProposal, pk=pk)
    try:
        target_setting.approve(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已批准，目标即时生效。"))
    return redirect(f"{reverse('targets')}?year={row.year}")


@require_POST
@allowed("target.propose")
def target_refuse(request: SignedIn, pk: int) -> HttpResponse:
    """Turn a proposal down, or take back one's own."""
    row = get_object_or_404(TargetProposal, pk=pk)
    form = ProposalReasonForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        target_setting.refuse(row, reason=reason, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("方案没有生效，原目标照旧。"))
    return redirect(f"{reverse('targets')}?year={row.year}")


@require_safe
@allowed("target.view")
def target_workbook(request: SignedIn) -> HttpResponse:
    """The year's targets as a workbook, to be filled in and read back."""
    year = _year(request)
    parks = list(Park.objects.all())
    made = workbook.write(target_setting.of_year(year, at=timezone.now()), parks)
    answer = HttpResponse(
        made, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{_('目标')}-{year}.xlsx"
    )
    return answer


@require_POST
@allowed("target.propose")
def target_read(request: SignedIn) -> HttpResponse:
    """Read a workbook into the grid; nothing is set before the grid is sent."""
    year, now = _year(request), timezone.now()
    parks = list(Park.objects.all())
    file = request.FILES.get("workbook")
    try:
        if file is None:
            raise workbook.BadWorkbook(_("请选择目标表文件"))
        values = workbook.read(file, parks)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('targets')}?year={year}")
    messages.info(request, _("已读入表格，核对后写明依据再提交；现在还没有生效。"))
    return _page(request, TargetsForm(parks=parks, values=values), year, now)
