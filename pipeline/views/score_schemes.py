"""The table by which a level is scored in a year, and every version of it."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.http import SignedIn, allowed
from crm.models import Role
from crm.refusals import Refused
from crm.rights import may
from pipeline import score_schemes as schemes
from pipeline.assessment_measures import MEASURES
from pipeline.forms.scorecards import SchemeForm
from pipeline.forms.window import FIRST_YEAR, LAST_YEAR
from pipeline.models import Indicator, ScoreLevel, ScoreScheme
from pipeline.views.scorecards import first_level

VERSIONS = 10


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("score.view")
def score_schemes(request: SignedIn) -> HttpResponse:
    """The table in force; whoever may sets another, from then on."""
    level, year, now = _level(request), _year(request), timezone.now()
    may_set = may(request.user, "score.set")
    if request.method == "POST" and may_set:
        form = SchemeForm(request.POST, level=level)
        if form.is_valid():
            try:
                schemes.set_scheme(
                    level,
                    year,
                    form.wanted(),
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    at=now,
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("考核办法已更新，从现在起按它计分；以前的版本保留。"))
                return redirect(f"{request.path}?level={level}&year={year}")
        return _page(request, level, year, form, now)
    scheme = schemes.in_force(level, year, known_at=now)
    form = SchemeForm(level=level, entries=schemes.entries(scheme))
    return _page(request, level, year, form, now)


def _level(request: SignedIn) -> ScoreLevel:
    level = request.GET.get("level", first_level(request.user))
    if level not in ScoreLevel.values:
        raise Http404
    return ScoreLevel(level)


def _year(request: SignedIn) -> int:
    given = request.GET.get("year", "")
    year = int(given) if given.isdecimal() and len(given) == 4 else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else timezone.localdate().year


def _page(
    request: SignedIn, level: ScoreLevel, year: int, form: SchemeForm, now: dt.datetime
) -> HttpResponse:
    scheme = schemes.in_force(level, year, known_at=now)
    versions = (
        ScoreScheme.objects.filter(level=level, year=year)
        .select_related("recorded_by")
        .prefetch_related(Prefetch("indicators", Indicator.objects.order_by("position", "pk")))
        .order_by("-recorded_at", "-pk")
    )
    page = Paginator(versions, VERSIONS).get_page(request.GET.get("page"))
    return render(
        request,
        "pipeline/scorecards/schemes.html",
        {
            "level": level,
            "levels": [ScoreLevel.UNIT] if request.user.role == Role.UNIT else list(ScoreLevel),
            "year": year,
            "form": form,
            "rows": form.rows(),
            "scheme": scheme,
            "whole": schemes.WHOLE,
            "may_set": may(request.user, "score.set"),
            "page": page,
            "versions": [(row, _said(row)) for row in page],
            "pager_query": f"level={level}&year={year}",
        },
        status=422 if form.is_bound else 200,
    )


def _said(row: ScoreScheme) -> list[tuple[object, Indicator]]:
    """The lines of a version, each with its wording."""
    return [
        (
            line.name
            or (MEASURES[line.measure].label if line.measure in MEASURES else line.measure),
            line,
        )
        for line in row.indicators.all()
    ]
