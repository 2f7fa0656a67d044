"""Vice-county heads' pages: the areas of a month, and one area's compiled analysis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import Area, Role, User
from crm.refusals import Refused
from crm.rights import may
from pipeline import area_reviews
from pipeline.forms.area_reviews import AnalysisForm, InstructionForm
from pipeline.models import AreaReview, ReviewState
from pipeline.months import Month, month_at, read_month
from pipeline.promise_links import link_to
from pipeline.promises import standing
from pipeline.reports.formats import html
from pipeline.reports.freezing import Damaged
from pipeline.reports.supervision.numbers import counted
from pipeline.views.reports import cannot


@require_safe
@allowed("review.view")
def area_list(request: SignedIn) -> HttpResponse:
    """Every area's month: its figures, and how far its analysis is."""
    at = timezone.now()
    month = read_month(request.GET.get("month", "")) or month_at(at)
    if month > month_at(at):
        raise Http404
    reviews = {
        review.area_id: review
        for review in AreaReview.objects.visible_to(request.user).filter(month=month.first)
    }
    found = standing(month, known_at=at)
    areas = Area.objects.select_related("leader")
    if not request.user.is_county_wide:
        areas = areas.filter(leader=request.user)
    lines = []
    for area in areas:
        theirs = [p for p in found.promises if p.item.unit and p.item.unit.area_id == area.pk]
        is_open = area.pk in reviews or _sees_drafts(request.user, area)
        lines.append((area, counted(theirs, month), reviews.get(area.pk), is_open))
    context = {
        "month": month,
        "before": month.earlier(),
        "after": month.later() if month < month_at(at) else None,
        "lines": lines,
    }
    return render(request, "pipeline/ledgers/areas.html", context)


@require_safe
@allowed("review.view")
def area_review(request: SignedIn, pk: int, month: Month) -> HttpResponse:
    """An area's analysis: as it was filed, or as it would be filed now."""
    return _page(request, *_row(request, pk, month), month)


def _row(request: SignedIn, pk: int, month: Month) -> tuple[Area, AreaReview | None]:
    """The area and its analysis; 404 for a draft of somebody else's, and ahead of time."""
    area = get_object_or_404(Area.objects.select_related("leader"), pk=pk)
    review = (
        AreaReview.objects.visible_to(request.user)
        .filter(area=area, month=month.first)
        .select_related("filed_by")
        .first()
    )
    is_ahead = month > month_at(timezone.now())
    if is_ahead or (review is None and not _sees_drafts(request.user, area)):
        raise Http404
    return area, review


def _sees_drafts(user: User, area: Area) -> bool:
    office = user.is_county_wide and user.role != Role.LEADER
    return office or area_reviews.may_write(area, user)


def _page(
    request: SignedIn, area: Area, review: AreaReview | None, month: Month, **forms: Any
) -> HttpResponse:
    at = timezone.now()
    try:
        content = area_reviews.content_of(area, month, review, at=at)
    except Damaged as refusal:
        return cannot(refusal)
    is_filed = review is not None and review.state == ReviewState.FILED
    writes = (
        not is_filed
        and may(request.user, "review.write")
        and area_reviews.may_write(area, request.user)
    )
    offered: dict[str, Any] = {}
    if writes:
        offered["analysis_form"] = AnalysisForm(
            initial={"analysis": review.analysis if review else ""}
        )
        offered["instruction_form"] = InstructionForm(area=area)
    known = content["known_at"] if is_filed else ""
    context = {
        "area": area,
        "month": month,
        "before": month.earlier(),
        "after": month.later() if month < month_at(at) else None,
        "review": review,
        "is_filed": is_filed,
        "writes": writes,
        **html.context(
            content,
            digest=review.digest if review else "",
            version=1,
            link=link_to(month, area=area.pk, known=known),
        ),
        **offered,
        **forms,
    }
    status = 422 if any(form.is_bound for form in forms.values()) else 200
    return render(request, "pipeline/ledgers/area_review.html", context, status=status)


def _done(area: Area, month: Month, words: str, request: SignedIn) -> HttpResponse:
    messages.success(request, words)
    return redirect("area_review", area.pk, month)


@require_POST
@allowed("review.write")
def area_write(request: SignedIn, pk: int, month: Month) -> HttpResponse:
    """Keep the leader's words."""
    area, review = _row(request, pk, month)
    form = AnalysisForm(request.POST)
    if _tried(
        form,
        lambda: area_reviews.write(
            area, month, by=request.user, at=timezone.now(), **form.cleaned_data
        ),
    ):
        return _done(area, month, _("已保存。"), request)
    return _page(request, area, review, month, analysis_form=form)


@require_POST
@allowed("review.write")
def area_instruct(request: SignedIn, pk: int, month: Month) -> HttpResponse:
    """Hand an instruction over to a unit of the area."""
    area, review = _row(request, pk, month)
    form = InstructionForm(request.POST, area=area)
    if _tried(
        form,
        lambda: area_reviews.instruct(
            area, month, by=request.user, at=timezone.now(), **form.cleaned_data
        ),
    ):
        return _done(area, month, _("已下达，并记入“指导意见”台账。"), request)
    return _page(request, area, review, month, instruction_form=form)


@require_POST
@allowed("review.write")
def area_file(request: SignedIn, pk: int, month: Month) -> HttpResponse:
    """Report the analysis: from then on it stays."""
    area, _review = _row(request, pk, month)
    try:
        area_reviews.file(area, month, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse("area_review", args=[area.pk, month]))
    return _done(area, month, _("已报送：数字、名单和意见从此不变。"), request)


def _tried(form: Any, verb: Callable[[], object]) -> bool:
    """Whether the form was good and the verb did it; why not stands on the form."""
    if not form.is_valid():
        return False
    try:
        verb()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True
