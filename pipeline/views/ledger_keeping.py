"""Keeping the ledgers: adding one, renaming, laying aside."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from pipeline import ledger_keeping
from pipeline.forms.ledgers import LedgerForm
from pipeline.models import Ledger


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("ledger.keep")
def ledger_keep(request: SignedIn) -> HttpResponse:
    """All ledgers, and a form for one more."""
    form = LedgerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = ledger_keeping.add(**form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已新增台账“%(name)s”。") % {"name": row.name})
            return redirect("ledger_keep")
    context = {"form": form, "ledgers": Ledger.objects.annotate(count=Count("items"))}
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/ledgers/keep.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("ledger.keep")
def ledger_change(request: SignedIn, slug: str) -> HttpResponse:
    """Another name, another head of the numbers, other days."""
    row = get_object_or_404(Ledger, slug=slug)
    form = LedgerForm(request.POST if request.method == "POST" else None, instance=row)
    if form.is_valid():
        try:
            ledger_keeping.change(row, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("ledger_keep")
    context = {"form": form, "ledger": row}
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/ledgers/keep_one.html", context, status=status)


@require_POST
@allowed("ledger.keep")
def ledger_close(request: SignedIn, slug: str) -> HttpResponse:
    """Take no new items, or take them again."""
    row = get_object_or_404(Ledger, slug=slug)
    if row.closed_at is None:
        ledger_keeping.close(row, by=request.user, at=timezone.now())
        messages.success(request, _("“%(name)s”已停用，原有事项照常办理。") % {"name": row.name})
    else:
        ledger_keeping.open_again(row, by=request.user)
        messages.success(request, _("“%(name)s”已恢复使用。") % {"name": row.name})
    return redirect("ledger_keep")
