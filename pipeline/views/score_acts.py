"""Appealing against points, answering, and finding that something was falsely reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from crm.rights import may
from pipeline import appeals, falsehoods
from pipeline.assessment_measures import MEASURES
from pipeline.forms.scorecards import AnswerForm, AppealForm, FalsehoodForm
from pipeline.models import Falsehood, LedgerItem, Milestone, Project, ScoreAppeal
from pipeline.views.scorecards import PAGE, card_of, card_page, looking


@require_POST
@allowed("score.appeal")
def score_appeal(request: SignedIn, level: str, key: str) -> HttpResponse:
    """Object to a line of one's card, of the day that the URL names."""
    found = looking(request.GET, level)
    _assessment, card = card_of(request, found, key)
    choices = [(entry.measure.code, entry.label) for entry in card.entries]
    form = AppealForm(request.POST, choices=choices)
    if form.is_valid():
        try:
            row = appeals.appeal(
                card.holder,
                window=found.asked.window,
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("申诉已提交，等督查室或县领导答复。"))
            return redirect(appeals.url_of(row))
    return card_page(request, level, key, appeal_form=form)


@require_safe
@allowed("score.view")
def score_appeals(request: SignedIn) -> HttpResponse:
    """Appeals of the cards that the person may see: those that wait first."""
    rows = ScoreAppeal.objects.visible_to(request.user).select_related(
        "park", "unit", "officer", "appealed_by", "answered_by"
    )
    page = Paginator(rows.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    waiting = Paginator(rows.open().order_by("pk"), PAGE).get_page(1)
    return render(
        request,
        "pipeline/scorecards/appeals.html",
        {
            "page": page,
            "waiting": [_listed(row) for row in waiting],
            "rows": [_listed(row) for row in page],
        },
    )


def _listed(row: ScoreAppeal) -> dict[str, Any]:
    measure = MEASURES.get(row.measure)
    return {
        "row": row,
        "holder": appeals.holder_of(row)[1],
        "label": measure.label if measure else row.measure,
        "url": appeals.url_of(row),
    }


@require_POST
@allowed("score.answer")
def score_answer(request: SignedIn, pk: int) -> HttpResponse:
    """Answer an appeal, on the card that it is about."""
    row = get_object_or_404(
        ScoreAppeal.objects.visible_to(request.user).select_related("park", "unit", "officer"),
        pk=pk,
    )
    form = AnswerForm(request.POST, prefix=f"answer-{pk}")
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = appeals.answer(
                row,
                is_granted=given["decision"] == "granted",
                points=given["points"],
                text=given["text"],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已答复，申诉人会收到通知。"))
            return redirect(appeals.url_of(row))
    key, _name = appeals.holder_of(row)
    asked = QueryDict(f"year={row.year}&as_of={row.as_of.isoformat()}")
    return card_page(request, row.level, key, params=asked, answered=(pk, form))


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("falsehood.find")
def falsehood_of_milestone(request: SignedIn, pk: int) -> HttpResponse:
    """Find that a returned or revoked milestone was falsely claimed."""
    projects = Project.objects.visible_to(request.user)
    row = get_object_or_404(
        Milestone.objects.filter(project__in=projects).select_related("project"), pk=pk
    )
    back = reverse("project", args=[row.project_id]) + f"#milestone-{row.pk}"
    about = f"{row.project} · {row.get_kind_display()} {row.occurred_on.isoformat()}"

    def find(**given: Any) -> Falsehood:
        return falsehoods.find_milestone(row, **given)

    return _found(request, find, about=about, back=back)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("falsehood.find")
def falsehood_of_item(request: SignedIn, pk: int) -> HttpResponse:
    """Find that what was reported about an item was false."""
    row = get_object_or_404(LedgerItem.objects.visible_to(request.user), pk=pk)
    back = reverse("item", args=[row.pk])

    def find(**given: Any) -> Falsehood:
        return falsehoods.find_item(row, **given)

    return _found(request, find, about=str(row), back=back)


def _found(
    request: SignedIn, find: Callable[..., Falsehood], *, about: str, back: str
) -> HttpResponse:
    now = timezone.now()
    form = FalsehoodForm(
        request.POST if request.method == "POST" else None,
        initial={"found_on": timezone.localdate(now)},
    )
    if form.is_valid():
        try:
            find(
                reason=form.cleaned_data["reason"],
                on=form.cleaned_data["found_on"],
                by=request.user,
                at=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已认定，考核按办法扣分。"))
            return redirect(back)
    return render(
        request,
        "pipeline/scorecards/falsehood.html",
        {"form": form, "about": about, "back": back, "may_open": may(request.user, "item.view")},
        status=422 if form.is_bound else 200,
    )
