"""What was loaded from workbooks: each load, its rejects, its workbook, its undoing."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from crm.rights import may
from pipeline.models import Load, LoadKind, RowOutcome
from pipeline.spreadsheets.kinds import KINDS
from pipeline.spreadsheets.undoing import undo
from pipeline.views.dossier import download

PAGE = 50


@require_safe
@allowed("load.view")
def load_list(request: SignedIn) -> HttpResponse:
    """Every load, or those of one kind, the latest first."""
    loads = Load.objects.visible_to(request.user).select_related("loaded_by", "undone_by")
    kind = request.GET.get("kind", "")
    if kind in LoadKind.values:
        loads = loads.filter(kind=kind)
    page = Paginator(loads, PAGE).get_page(request.GET.get("page"))
    shown = {"page": page, "kind": kind, "kinds": LoadKind.choices}
    return render(request, "pipeline/loads.html", shown)


@require_safe
@allowed("load.view")
def load(request: SignedIn, pk: int) -> HttpResponse:
    """One load: its counts, its notes, and the rows that it rejected, with their reasons."""
    row = get_object_or_404(
        Load.objects.visible_to(request.user).select_related("loaded_by", "undone_by"), pk=pk
    )
    rejects = row.rows.filter(outcome=RowOutcome.REJECTED)
    page = Paginator(rejects, PAGE).get_page(request.GET.get("page"))
    may_undo = row.undone_at is None and may(request.user, KINDS[row.kind].undo)
    shown = {"load": row, "page": page, "may_undo": may_undo}
    return render(request, "pipeline/load.html", shown)


@require_POST
@allowed("organizations.load")
def load_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take a load back as a whole; each kind has its own right (``kinds.py``)."""
    row = get_object_or_404(Load.objects.visible_to(request.user), pk=pk)
    try:
        undone = undo(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if undone.summary.get("stay"):
            messages.warning(request, _("已撤销这次导入；已被使用或修改过的保留，见下面的名单。"))
        else:
            messages.success(request, _("已撤销这次导入，它登记和更正的都已撤回。"))
    return redirect("load", pk)


@require_safe
@allowed("load.view")
def load_workbook(request: SignedIn, pk: int) -> FileResponse:
    """The workbook itself: its rows are the evidence of what was loaded from it."""
    row = get_object_or_404(Load.objects.visible_to(request.user), pk=pk)
    return download(row.file, name=row.name, media_type="application/octet-stream")
