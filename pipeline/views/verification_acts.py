"""What a verifier does at the desk; after each act the next of the queue opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from pipeline import funds, milestones, verification
from pipeline.forms.milestones import CorrectionForm, ReasonForm
from pipeline.forms.verification import ReasonsForm
from pipeline.models import FundsReceipt, Milestone
from pipeline.verification import Key
from pipeline.views.verification import (
    Desk,
    claim_in_sight,
    claim_page,
    queue_page,
    receipt_in_sight,
    receipt_page,
)


@require_POST
@allowed("milestone.verify")
def verify(request: SignedIn, pk: int) -> HttpResponse:
    """Verify a claim."""
    row = claim_in_sight(request, pk)
    form = forms.Form(request.POST)

    def verb(at: Any) -> Milestone:
        return milestones.verify(row, by=request.user, at=at)

    return _decide(request, row, "verify", form, verb, _("已核验"))


@require_POST
@allowed("milestone.return")
def return_(request: SignedIn, pk: int) -> HttpResponse:
    """Return a claim, with reasons of the list or in one's own words."""
    row = claim_in_sight(request, pk)
    form = ReasonsForm(request.POST)

    def verb(at: Any) -> Milestone:
        return milestones.return_(row, reason=form.reason(), by=request.user, at=at)

    return _decide(request, row, "return", form, verb, _("已退回"))


@require_POST
@allowed("milestone.revoke")
def revoke(request: SignedIn, pk: int) -> HttpResponse:
    """Revoke what was verified."""
    row = claim_in_sight(request, pk)
    form = ReasonForm(request.POST, prefix=f"revoke-{pk}")

    def verb(at: Any) -> Milestone:
        reason = form.cleaned_data["reason"]
        return milestones.revoke(row, reason=reason, by=request.user, at=at)

    return _change(request, row, "revoke", form, verb, _("已撤销，从现在起不再计入统计。"))


@require_POST
@allowed("milestone.correct")
def correct(request: SignedIn, pk: int) -> HttpResponse:
    """Correct what was verified: it is revoked, and claimed anew."""
    row = claim_in_sight(request, pk)
    form = CorrectionForm(request.POST, milestone=row)

    def verb(at: Any) -> Milestone:
        reason = form.cleaned_data["reason"]
        return milestones.correct(row, reason=reason, by=request.user, at=at, **form.changes())

    done = _("原记录已撤销，更正后的申报等另一位核验员核验。")
    return _change(request, row, "correct", form, verb, done)


@require_POST
@allowed("funds.verify")
def verify_receipt(request: SignedIn, pk: int) -> HttpResponse:
    """Verify a receipt."""
    row = receipt_in_sight(request, pk)
    form = forms.Form(request.POST)
    try:
        funds.verify(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return receipt_page(request, row, bound={"verify": form})
    return _on(request, Key(row.recorded_at, 1, pk), _receipt_said(_("已核验"), row))


@require_POST
@allowed("funds.verify")
def question_receipt(request: SignedIn, pk: int) -> HttpResponse:
    """Ask who recorded a receipt about it; it stays in the queue."""
    row = receipt_in_sight(request, pk)
    form = ReasonsForm(request.POST, prefix="question")
    if form.is_valid():
        try:
            funds.question(row, reason=form.reason(), by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _on(request, Key(row.recorded_at, 1, pk), _receipt_said(_("已提出疑问"), row))
    return receipt_page(request, row, bound={"return": form})


@require_POST
@allowed("milestone.verify")
def together(request: SignedIn) -> HttpResponse:
    """Verify the chosen ones whose evidence is complete, and say of each what was done."""
    names = request.POST.getlist("item")
    if not names:
        messages.error(request, _("请先勾选要一起核验的事项"))
        return redirect(Desk.of(request).address(None))
    report = verification.verify_together(names, by=request.user, at=timezone.now())
    return queue_page(request, report=report)


def _decide(
    request: SignedIn,
    row: Milestone,
    act: str,
    form: forms.Form,
    verb: Callable[[Any], Milestone],
    done: str,
) -> HttpResponse:
    """Answer an open claim, then open what follows it; a refusal is said on its page."""
    if form.is_valid():
        try:
            verb(timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = f"{done}：{row.project.name} · {row.get_kind_display()}"
            return _on(request, Key(row.claimed_at, 0, row.pk), said)
    return claim_page(request, claim_in_sight(request, row.pk), bound={act: form})


def _change(
    request: SignedIn,
    row: Milestone,
    act: str,
    form: forms.Form,
    verb: Callable[[Any], Milestone],
    done: str,
) -> HttpResponse:
    """Take back what was decided, and stay with it."""
    if form.is_valid():
        try:
            changed = verb(timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, done)
            return redirect("verification_claim", changed.pk)
    return claim_page(request, claim_in_sight(request, row.pk), bound={act: form})


def _receipt_said(done: str, row: FundsReceipt) -> str:
    return f"{done}：{row.project.name} · {_('到位资金')} {row.received_on.isoformat()}"


def _on(request: SignedIn, key: Key, said: str) -> HttpResponse:
    """The next of the queue that the person looks at, told what was done and what is left."""
    desk = Desk.of(request)
    following = verification.next_after(request.user, desk.narrowing, key, at=desk.now)
    counts, kind = verification.counts(request.user, desk.narrowing), desk.narrowing.kind
    left = counts.get(kind, 0) if kind else sum(counts.values())
    done = _("这个筛选里的全部核验完了。") if desk.given else _("全部核验完了。")
    more = _("还有 %(left)s 件等核验。") % {"left": left} if left else done
    messages.success(request, f"{said}。{more}")
    return redirect(desk.address(following))
