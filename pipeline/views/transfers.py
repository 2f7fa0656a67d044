"""Handing a project to another park, with a look at what stays and what goes."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from crm.rights import may
from pipeline import transfers
from pipeline.forms.leads import TransferForm
from pipeline.models import Project


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("attribution.change")
def transfer(request: SignedIn, pk: int) -> HttpResponse:
    """Hand a project over; ``preview`` only shows what would stay and what would go."""
    rows = Project.objects.current().visible_to(request.user)
    project = get_object_or_404(rows.select_related("park", "officer", "investor"), pk=pk)
    if not may(request.user, "attribution.change", project):
        raise PermissionDenied  # seen for its past credit, and now another park's
    today = timezone.localdate()
    if "preview" in request.POST:
        form = TransferForm(project=project, today=today, initial=request.POST.dict())
        return _page(request, project, form)
    data = request.POST if request.method == "POST" else None
    form = TransferForm(data, project=project, today=today)
    if form.is_valid():
        given = form.cleaned_data
        try:
            transfers.hand_over(
                project,
                **{name: given[name] for name in ("to", "on", "reason", "officer")},
                shares=form.shares(),
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已流转，有关人员会收到通知。"))
            return redirect("project", pk)
    return _page(request, project, form)


def _page(request: SignedIn, project: Project, form: TransferForm) -> HttpResponse:
    day = _day(form["on"].value()) or timezone.localdate()
    is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(
        request,
        "pipeline/leads/transfer.html" + ("#preview" if is_fragment else ""),
        {
            "project": project,
            "form": form,
            "on": day,
            "preview": transfers.preview(project, on=day),
        },
        status=422 if form.is_bound else 200,
    )


def _day(value: object) -> dt.date | None:
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None
