"""One act on many projects of the list; the report is the page of its job."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from crm import jobs
from crm.http import SignedIn, allowed
from crm.keys import keys_of
from crm.models import Job, JobState
from crm.refusals import Refused
from pipeline import bulk
from pipeline.forms.lists import BulkForm
from pipeline.listing import Wanted
from pipeline.views.project_list import list_page


@require_POST
@allowed("project.edit")
def project_bulk(request: SignedIn) -> HttpResponse:
    """Assign or tag the rows that were ticked, or all that match; refused as a whole: 422."""
    form = BulkForm(request.POST, user=request.user)
    ticked = keys_of(request.POST.getlist("pk"))
    picked = ticked[: bulk.MOST]
    wanted = Wanted.of(request.POST.get("query", ""))
    if form.is_valid():
        try:
            keys = picked
            if form.cleaned_data["which"] == "all":
                keys = bulk.matching(wanted, by=request.user, at=timezone.now())
            if not keys:
                raise bulk.NothingChosen
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _do(request, keys, **form.arguments())
    return list_page(request, wanted, bulk=form, picked=picked)


@require_POST
@allowed("project.edit")
def project_bulk_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take back what one's own act did: assign back, or turn the tag round."""
    done = {"kind": "projects.bulk", "state": JobState.DONE, "asked_by": request.user}
    result: dict[str, Any] = get_object_or_404(Job, pk=pk, **done).result
    if result["act"] == bulk.Act.ASSIGN:
        return _do(request, result["done"], act="assign_back")
    turned = bulk.Act.UNTAG if result["act"] == bulk.Act.TAG else bulk.Act.TAG
    return _do(request, [key for key, _was in result["done"]], act=turned, tag=result["key"])


def _do(request: SignedIn, keys: list[Any], **arguments: Any) -> HttpResponse:
    """A few rows now, more by a worker; either way the job's page reports."""
    job = jobs.enqueue("projects.bulk", by=request.user, at=timezone.now(), keys=keys, **arguments)
    if len(keys) <= bulk.AT_ONCE:
        jobs.run(job.pk, clock=timezone.now)
    return redirect("job", job.pk)
