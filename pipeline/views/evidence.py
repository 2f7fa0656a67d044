"""Files looked at inside our pages: pictures and PDF, locked in, and nothing else."""

from __future__ import annotations

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.uploads import PDF
from pipeline.models import Document, Project

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
SHOWN = PICTURES | {PDF}


@require_safe
@allowed("document.view")
def document_view(request: SignedIn, pk: int) -> FileResponse:
    """A picture or PDF of a project, to be shown in a page; anything else is only downloaded.

    The type was found from the content when it was kept, and no browser may guess another.
    Opened by itself it is a document without an origin, scripts, or anything to load; only
    a PDF may stand in a frame, and only in ours (ADR 8).
    """
    row = get_object_or_404(
        Document.objects.filter(project__in=Project.objects.visible_to(request.user)), pk=pk
    )
    if row.media_type not in SHOWN:
        raise Http404(_("这种文件只能下载查看"))
    try:
        file = row.file.open("rb")
    except FileNotFoundError as missing:
        raise Http404(_("文件不在存储里，请联系管理员")) from missing
    response = FileResponse(file, filename=row.name, content_type=row.media_type)
    policy = "default-src 'none'; sandbox"
    if row.media_type == PDF:
        policy += "; frame-ancestors 'self'"
        response["X-Frame-Options"] = "SAMEORIGIN"
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
