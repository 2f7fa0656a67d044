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
from pipeline.models import Load, RowOutcome
from pipeline.spreadsheets.undoing import undo
from pipeline.views.dossier import download

PAGE = 50


@require_safe
@allowed("load.view")
def load_list(request: SignedIn) -> HttpResponse:
    """Every load, the latest first."""
    loads = Load.objects.visible_to(request.user).select_related("loaded_by", "undone_by")
    page = Paginator(loads, PAGE).get_page(request.GET.get("page"))
    return render(request, "pipeline/loads.html", {"page": page})


@require_safe
@allowed("load.view")
def load(request: SignedIn, pk: int) -> HttpResponse:
    """One load: its counts, its notes, and the rows that it rejected, with their reasons."""
    row = get_object_or_404(
        Load.objects.visible_to(request.user).select_related("loaded_by", "undone_by"), pk=pk
    )
    rejects = row.rows.filter(outcome=RowOutcome.REJECTED)
    page = Paginator(rejects, PAGE).get_page(request.GET.get("page"))
    return render(request, "pipeline/load.html", {"load": row, "page": page})


@require_POST
@allowed("ledger.undo")
def load_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take a load back as a whole."""
    row = get_object_or_404(Load.objects.visible_to(request.user), pk=pk)
    try:
        undo(row, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已撤销这次导入：它核验的里程碑不再计入，它登记的项目已撤回。"))
    return redirect("load", pk)


@require_safe
@allowed("load.view")
def load_workbook(request: SignedIn, pk: int) -> FileResponse:
    """The workbook itself: its rows are the evidence of what was loaded from it."""
    row = get_object_or_404(Load.objects.visible_to(request.user), pk=pk)
    return download(row.file, name=row.name, media_type="application/octet-stream")
