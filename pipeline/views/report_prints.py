"""A bulletin's PDF as a job: asked for here, then followed on the job's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.http import SignedIn, allowed
from pipeline.models import Report
from pipeline.reports import printed


@require_POST
@allowed("report.view")
def report_print(request: SignedIn, pk: int) -> HttpResponse:
    """Have the PDF set; one that is there already is given at once."""
    row = get_object_or_404(Report.objects.visible_to(request.user), pk=pk)
    if printed.is_kept(row):
        return redirect("report_file", pk, "pdf")
    job = printed.order(row, by=request.user, at=timezone.now())
    messages.info(request, _("正在生成 PDF，好了在这里下载；可以离开，完成后会通知您。"))
    return redirect("job", job.pk)
