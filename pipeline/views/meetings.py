"""Meetings: their list, recording one, correcting what its minutes give, and its page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from crm.http import SignedIn, allowed
from crm.models import Unit, User
from crm.refusals import Refused
from crm.rights import may
from pipeline import filters, meetings
from pipeline.clock_rules import rules_at
from pipeline.forms.meetings import EntryForm, MeetingForm, are_valid
from pipeline.meetings import MOST_ITEMS, Entry, LeaderNames
from pipeline.models import ItemState, Ledger, LedgerItem, Meeting
from pipeline.models.ledgers import OPEN_STATES, SEE_ALL

SHOWN_ITEMS = 200


@require_safe
@allowed("item.view")
def meeting_list(request: SignedIn) -> HttpResponse:
    """The meetings that the person may see, the latest first, with what became of them."""
    user, asked = request.user, request.GET
    rows = Meeting.objects.visible_to(user)
    ledger = Ledger.objects.filter(slug=asked.get("ledger", "")).first()
    words = asked.get("q", "").strip()[:60]
    if ledger is not None:
        rows = rows.filter(ledger=ledger)
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(number__icontains=words))
    page = filters.page(
        rows,
        number=asked.get("page", ""),
        size=asked.get("size", ""),
        whole=Meeting.objects.select_related("ledger").defer("text"),
    )
    given = {"ledger": ledger.slug if ledger else "", "q": words, "size": asked.get("size", "")}
    query = urlencode({name: value for name, value in given.items() if value})
    context = {
        "page": page,
        "lines": _with_counts(page.rows, user),
        "query": query,
        "ledger": ledger,
        "ledgers": Ledger.objects.filter(meetings__isnull=False).distinct(),
        "q": words,
        "may_draft": may(user, "item.draft"),
    }
    return render(request, "pipeline/meetings/list.html", context)


def _with_counts(rows: list[Meeting], user: User) -> list[tuple[Meeting, dict[str, int]]]:
    """Each meeting with its items that the person may see: all, open, closed."""
    found = (
        LedgerItem.objects.visible_to(user)
        .filter(meeting__in=rows)
        .order_by()
        .values("meeting")
        .annotate(
            all=Count("pk"),
            open=Count("pk", filter=Q(state__in=OPEN_STATES)),
            closed=Count("pk", filter=Q(state=ItemState.CLOSED)),
        )
    )
    counts: dict[int, Any] = {row["meeting"]: row for row in found}
    return [(row, counts.get(row.pk, {})) for row in rows]


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("item.draft")
def meeting_new(request: SignedIn) -> HttpResponse:
    """Record a meeting: paste its minutes or upload them; then correct what they give."""
    now = timezone.now()
    sent = request.method == "POST"
    form = MeetingForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        today=timezone.localdate(now),
        initial={"ledger": Ledger.objects.filter(slug=request.GET.get("ledger", "")).first()},
    )
    if sent and form.is_valid():
        try:
            made = meetings.record(**form.cleaned_data, by=request.user, at=now)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect("meeting_split", made.pk)
    if sent:
        form.keep_text()
    return render(
        request, "pipeline/meetings/form.html", {"form": form}, status=422 if sent else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("item.draft")
def meeting_edit(request: SignedIn, pk: int) -> HttpResponse:
    """Write a meeting's facts and text anew, before anything came of it."""
    row = get_object_or_404(Meeting.objects.visible_to(request.user), pk=pk)
    if row.items.exists():
        return _split_already(request, row)
    sent = request.POST if request.method == "POST" else None
    form = MeetingForm(sent, instance=row, today=timezone.localdate())
    if sent is not None and form.is_valid():
        try:
            meetings.correct(row, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect("meeting_split", pk)
    context = {"form": form, "meeting": Meeting.objects.get(pk=pk)}
    return render(request, "pipeline/meetings/form.html", context, status=422 if sent else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("item.draft")
def meeting_split(request: SignedIn, pk: int) -> HttpResponse:
    """What the minutes were split into, each item to be corrected; all accounts at once."""
    visible = Meeting.objects.visible_to(request.user).select_related("ledger")
    row = get_object_or_404(visible, pk=pk)
    if row.items.exists():
        return _split_already(request, row)
    entries = meetings.propose(row)
    rows = _rows(request, entries)
    faults: list[str] = []
    if request.method == "POST" and "more" not in request.POST:
        if are_valid(rows):
            try:
                made = meetings.draft_items(
                    row, [form.entry() for form in rows], by=request.user, at=timezone.now()
                )
            except Refused as refusal:
                faults.append(str(refusal))
            else:
                words = ngettext(
                    "已建账 %(count)d 项，等另一位审定。",
                    "已建账 %(count)d 项，等另一位审定。",
                    len(made),
                )
                messages.success(request, words % {"count": len(made)})
                return redirect("meeting", pk)
        else:
            faults.append(_("有的项目还要改正，见标出的地方；填好的都还在。"))
    context = {
        "meeting": row,
        "rows": rows,
        "faults": faults,
        "left_out": max(0, len(entries) - MOST_ITEMS),
        "doubtful": sum(bool(form.doubts) for form in rows),
        "is_full": len(rows) >= MOST_ITEMS,
    }
    return render(request, "pipeline/meetings/split.html", context, status=422 if faults else 200)


def _rows(request: SignedIn, entries: list[Entry]) -> list[EntryForm]:
    """The rows as proposed, or as they were sent; with one more where that was asked for."""
    around: dict[str, Any] = {"units": list(Unit.objects.all()), "leaders": LeaderNames()}
    if request.method != "POST":
        return [
            EntryForm(place=n, entry=entry, **around)
            for n, entry in enumerate(entries[:MOST_ITEMS])
        ]
    given = request.POST.get("rows", "")
    count = min(int(given), MOST_ITEMS) if given.isdecimal() and len(given) < 5 else 0
    rows = [
        EntryForm(request.POST, place=n, entry=entries[n] if n < len(entries) else None, **around)
        for n in range(count)
    ]
    if "more" in request.POST and count < MOST_ITEMS:
        rows.append(EntryForm(place=count, **around))
    return rows


def _split_already(request: SignedIn, row: Meeting) -> HttpResponse:
    messages.info(request, _("这次会议的事项已经建账；要补的请单独建账，并选上这次会议。"))
    return redirect("meeting", row.pk)


@require_safe
@allowed("item.view")
def meeting(request: SignedIn, pk: int) -> HttpResponse:
    """A meeting: its items with their lights; its minutes to who sees all that came of it."""
    user, now = request.user, timezone.now()
    row = get_object_or_404(Meeting.objects.visible_to(user).select_related("ledger"), pk=pk)
    seen = LedgerItem.objects.visible_to(user).filter(meeting=row)
    items = list(
        seen.select_related("unit", "leader", "person", "parent").order_by("pk")[: SHOWN_ITEMS + 1]
    )
    states = [item.state for item in items]
    context = {
        "meeting": row,
        "items": _in_order(items[:SHOWN_ITEMS]),
        "has_more": len(items) > SHOWN_ITEMS,
        "drafts": states.count(ItemState.DRAFT) if may(user, "item.approve") else 0,
        "approved": states.count(ItemState.APPROVED) if may(user, "item.issue") else 0,
        "sees_text": user.is_county_wide and user.role in SEE_ALL,
        "files": row.files.all(),
        "may_draft": may(user, "item.draft"),
        "now": now,
        "rules": rules_at(now),
    }
    return render(request, "pipeline/meetings/meeting.html", context)


def _in_order(items: list[LedgerItem]) -> list[tuple[LedgerItem, int]]:
    """Each item with its depth, below the one that it is a task of."""
    below: dict[int | None, list[LedgerItem]] = {}
    known = {item.pk for item in items}
    for item in items:
        below.setdefault(item.parent_id if item.parent_id in known else None, []).append(item)
    found: list[tuple[LedgerItem, int]] = []
    waiting = [(item, 0) for item in reversed(below.get(None, []))]
    while waiting:
        item, depth = waiting.pop()
        found.append((item, min(depth, 4)))
        waiting += [(child, depth + 1) for child in reversed(below.get(item.pk, []))]
    return found
