"""One item of a ledger: its page, writing and correcting it, and every act on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import User
from crm.refusals import Refused
from crm.rights import may
from pipeline import filters, item_lists, ledgers
from pipeline.clock_rules import rules_at
from pipeline.forms.ledgers import (
    AskPlanForm,
    AssignForm,
    ChildForm,
    ItemForm,
    NoteForm,
    PlanForm,
    ReasonForm,
    ReportForm,
    ReturnForm,
    SubmitForm,
    TextForm,
)
from pipeline.item_track import steps, stops
from pipeline.ledger_rules import FINAL, VERBS, Answer, waiting_for
from pipeline.models import ItemEvent, Ledger, LedgerFile, LedgerItem
from pipeline.models.ledgers import OPEN_STATES
from pipeline.views.dossier import download

CHILDREN = 100
MONTHS = 12
TRACKED = 500
"""So many of an item's events are read for its track; more than any has."""


@dataclass(frozen=True, slots=True)
class ItemAct:
    """How a verb is done on the page: its form, the call, and what is said after it."""

    form: Callable[..., forms.Form]
    do: Callable[..., Any]
    said: Any
    is_main: bool = False


class NoFields(forms.Form):
    """A button alone."""


ACTS: dict[str, ItemAct] = {
    "accept": ItemAct(NoFields, ledgers.accept, gettext_lazy("已签收。"), is_main=True),
    "assign": ItemAct(AssignForm, ledgers.assign, gettext_lazy("已明确责任人。")),
    "feed_back": ItemAct(ReportForm, ledgers.feed_back, gettext_lazy("已反馈。")),
    "progress": ItemAct(ReportForm, ledgers.progress, gettext_lazy("已记下进展。")),
    "submit": ItemAct(SubmitForm, ledgers.submit, gettext_lazy("已报办结，等待核账。")),
    "plan": ItemAct(PlanForm, ledgers.plan, gettext_lazy("计划办结日已生效。")),
    "ask_plan": ItemAct(AskPlanForm, ledgers.ask_plan, gettext_lazy("已申请，等待答复。")),
    "approve": ItemAct(TextForm, ledgers.approve, gettext_lazy("已审定。"), is_main=True),
    "issue": ItemAct(
        NoFields, ledgers.issue, gettext_lazy("已交账，今天是第 0 天。"), is_main=True
    ),
    "pass_": ItemAct(TextForm, ledgers.pass_, gettext_lazy("核账通过。"), is_main=True),
    "return_": ItemAct(ReturnForm, ledgers.return_, gettext_lazy("已退回责任单位。")),
    "close": ItemAct(TextForm, ledgers.close, gettext_lazy("已销账。"), is_main=True),
    "grant_plan": ItemAct(TextForm, ledgers.grant_plan, gettext_lazy("已同意延期。"), is_main=True),
    "refuse_plan": ItemAct(ReasonForm, ledgers.refuse_plan, gettext_lazy("已答复不同意。")),
    "note": ItemAct(NoteForm, ledgers.note, gettext_lazy("已批注。")),
    "withdraw": ItemAct(ReasonForm, ledgers.withdraw, gettext_lazy("已撤回。")),
    "reopen": ItemAct(ReasonForm, ledgers.reopen, gettext_lazy("已重启为新的事项。")),
}


def _item(request: SignedIn, pk: int) -> LedgerItem:
    rows = LedgerItem.objects.visible_to(request.user).select_related(
        *item_lists.WHOLE, "meeting", "parent", "reopens", "unit__park", "created_by", "closed_by"
    )
    return get_object_or_404(rows.prefetch_related("supporting", "falsehoods"), pk=pk)


@require_safe
@allowed("item.view")
def item(request: SignedIn, pk: int) -> HttpResponse:
    """An item with all that happened to it, and what the person can do now."""
    return item_page(request, _item(request, pk))


def item_page(
    request: SignedIn, row: LedgerItem, bound: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    """The page; ``bound`` holds the form of an act that was refused."""
    now, user, bound = timezone.now(), request.user, bound or {}
    answers, rules = waiting_for(row, user), rules_at(now)
    events = list(row.events.order_by("id")[:TRACKED])
    timeline = filters.page(
        row.events.order_by("-id"),
        number=request.GET.get("page", "1"),
        size="50",
        whole=ItemEvent.objects.select_related("recorded_by").prefetch_related("files"),
    )
    children = LedgerItem.objects.visible_to(user).filter(parent=row)
    context = {
        "item": row,
        "steps": steps(row, events),
        "stops": stops(row, events, rules=rules),
        "acts": _acts(row, answers, bound),
        "hints": _hints(row, answers),
        "may_edit": any(a.is_open for a in answers if a.verb.name == "edit"),
        "timeline": timeline,
        "children": item_lists.whole(children).order_by("id")[:CHILDREN],
        "child_form": _child_form(row, user, bound),
        "again": LedgerItem.objects.visible_to(user).filter(reopens=row).first(),
        "escalations": row.escalations.select_related("decided_by").order_by("-triggered_on"),
        "months": row.monthly_progress.select_related("filed_by").order_by("-month", "-id")[
            :MONTHS
        ],
        "now": now,
        "rules": rules,
        "may_see_project": may(user, "project.view"),
        "may_find_false": may(user, "falsehood.find") and row.issued_on is not None,
    }
    return render(request, "pipeline/ledgers/item.html", context, status=422 if bound else 200)


def _acts(
    row: LedgerItem, answers: list[Answer], bound: Mapping[str, forms.Form]
) -> list[dict[str, Any]]:
    """The acts that are open, in the table's order on the page; a refused one stays open."""
    open_now = {a.verb.name for a in answers if a.is_open} | bound.keys()
    return [
        {
            "name": name,
            "label": VERBS[name].label,
            "form": bound.get(name) or _form(act, None, row),
            "is_main": act.is_main,
            "is_plain": act.form is NoFields,
            "is_bound": name in bound,
        }
        for name, act in ACTS.items()
        if name in open_now
    ]


def _hints(row: LedgerItem, answers: list[Answer]) -> list[Answer]:
    """What cannot be done now, with the reason; of what is final that goes without saying."""
    if row.state in FINAL:
        return []
    return [answer for answer in answers if not answer.is_open and answer.verb.name in ACTS]


def _form(act: ItemAct, data: Any, row: LedgerItem, files: Any = None) -> forms.Form:
    if act.form is AssignForm:
        return AssignForm(data, item=row)
    return act.form(data, files)


def _child_form(row: LedgerItem, user: User, bound: Mapping[str, forms.Form]) -> forms.Form | None:
    if not may(user, "item.issue") or row.state not in OPEN_STATES:
        return None
    return bound.get("child") or ChildForm()


@require_POST
@allowed("item.view")
def item_act(request: SignedIn, pk: int, verb: str) -> HttpResponse:
    """Do one of the verbs; a refusal stands beside its form."""
    if verb not in ACTS:
        raise Http404
    if not may(request.user, VERBS[verb].act):
        raise PermissionDenied
    row, act = _item(request, pk), ACTS[verb]
    form = _form(act, request.POST, row, request.FILES)
    if not form.is_valid():
        return item_page(request, row, {verb: form})
    try:
        done = act.do(row, **form.cleaned_data, by=request.user, at=timezone.now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return item_page(request, row, {verb: form})
    messages.success(request, str(act.said))
    return redirect("item", done.pk if verb == "reopen" else pk)


@require_POST
@allowed("item.issue")
def item_child(request: SignedIn, pk: int) -> HttpResponse:
    """Hand a task under an item over to a unit at once."""
    row, form = _item(request, pk), ChildForm(request.POST)
    if not form.is_valid():
        return item_page(request, row, {"child": form})
    try:
        ledgers.hand_over(
            row.ledger,
            **form.cleaned_data,
            parent=row,
            leader=row.leader,
            leader_text=row.leader_text,
            project=row.project,
            act="item.issue",
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return item_page(request, row, {"child": form})
    messages.success(request, _("已交办下级事项。"))
    return redirect("item", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("item.draft")
def item_new(request: SignedIn) -> HttpResponse:
    """Open an account in the ledger that the address names."""
    open_ledgers = list(Ledger.objects.filter(closed_at=None))
    chosen = next((row for row in open_ledgers if row.slug == request.GET.get("ledger")), None)
    if chosen is None and open_ledgers:
        chosen = open_ledgers[0]
    if chosen is None:
        return render(request, "pipeline/ledgers/item_form.html", {"ledgers": []})
    initial = {name: request.GET[name] for name in ("parent", "project") if name in request.GET}
    sent = request.POST if request.method == "POST" else None
    form = ItemForm(sent, user=request.user, ledger=chosen, initial=initial)
    if form.is_valid():
        try:
            row = ledgers.draft(chosen, **form.columns(), by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已建账，等另一位审定。"))
            return redirect("item", row.pk)
    context = {"form": form, "ledgers": open_ledgers, "ledger": chosen}
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/ledgers/item_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("item.draft")
def item_edit(request: SignedIn, pk: int) -> HttpResponse:
    """Correct an item; after it was handed over the clock's facts stay."""
    row = _item(request, pk)
    why = next(a.why for a in waiting_for(row, request.user) if a.verb.name == "edit")
    if why is not None:
        messages.error(request, str(why))
        return redirect("item", pk)
    sent = request.POST if request.method == "POST" else None
    form = ItemForm(sent, user=request.user, ledger=row.ledger, instance=row)
    if form.is_valid():
        try:
            ledgers.edit(row, **form.columns(), by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("item", pk)
    context = {"form": form, "item": row, "ledger": row.ledger}
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/ledgers/item_form.html", context, status=status)


@require_safe
@allowed("item.view")
def ledger_file(request: SignedIn, pk: int) -> FileResponse:
    """A file of an item to who may see it, a meeting's to who sees all that came of it."""
    user = request.user
    files = LedgerFile.objects.filter(item__in=LedgerItem.objects.visible_to(user))
    if user.is_county_wide and may(user, "review.view"):
        files = files | LedgerFile.objects.filter(meeting__isnull=False)
    row = get_object_or_404(files, pk=pk)
    return download(row.file, name=row.name, media_type=row.media_type)
