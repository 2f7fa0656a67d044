"""Score cards: the ranking of a level, a holder's card, and the evidence behind its points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.models import Role, User
from crm.rights import may
from pipeline import appeals
from pipeline.assessment import Assessment, Card, Deduction, Line, assess
from pipeline.forms.scorecards import AnswerForm, AppealForm
from pipeline.forms.window import Asked, WindowForm, asked, quarters
from pipeline.models import ScoreAppeal, ScoreLevel
from pipeline.score_evidence import cases, evidence
from pipeline.score_window import Question
from pipeline.spreadsheets import scorecards as workbook

PAGE = 50


@dataclass(frozen=True, slots=True)
class Looking:
    """What the URL asks for: a level and a window."""

    level: ScoreLevel
    form: WindowForm
    asked: Asked

    def query(self, **more: Any) -> str:
        """The window's query string; without ``by``, which the level says."""
        pairs = dict(self.asked.pairs()) | more
        del pairs["by"]
        return urlencode(pairs)

    def figure_query(self, key: str) -> str:
        """The query string of the list behind a figure of a holder."""
        return self.asked.query(by=self.level.value, key=key)


def looking(params: QueryDict, level: str) -> Looking:
    """Raises 404 for a level that there is not."""
    if level not in ScoreLevel.values:
        raise Http404
    form, found = asked(params, now=timezone.now())
    return Looking(ScoreLevel(level), form, found)


def first_level(user: User) -> str:
    """What a person is shown first: their own kind."""
    if user.role == Role.UNIT:
        return ScoreLevel.UNIT
    own = user.role == Role.OFFICER and not user.is_county_wide
    return ScoreLevel.OFFICER if own else ScoreLevel.PARK


@require_safe
@allowed("score.view")
def scorecards(request: SignedIn) -> HttpResponse:
    """The ranking of parks, units or officers, of those whose cards the person may see."""
    found = looking(request.GET, request.GET.get("level", first_level(request.user)))
    assessment = assess(found.level, found.asked.window, user=request.user)
    waiting = ScoreAppeal.objects.visible_to(request.user).open()
    return render(
        request,
        "pipeline/scorecards/ranking.html",
        {
            **_shown(found, request.user),
            "assessment": assessment,
            "page": Paginator(assessment.cards, PAGE).get_page(request.GET.get("page")),
            "entries": assessment.cards[0].entries if assessment.cards else [],
            "waiting": waiting.count() if may(request.user, "score.answer") else 0,
            "pager_query": found.query(level=found.level.value),
            "window_query": found.query(level=found.level.value),
            "quarters": quarters(found.asked),
            "repeated_from": _repeated_from(assessment),
            "is_example": bool(assessment.scheme and assessment.scheme.row.is_example),
        },
    )


def _repeated_from(assessment: Assessment) -> int | None:
    scheme = assessment.scheme
    return scheme.set_for if scheme and scheme.is_repeated else None


def _shown(found: Looking, user: User) -> dict[str, Any]:
    """What every page of score cards shows."""
    levels = [ScoreLevel.UNIT] if user.role == Role.UNIT else list(ScoreLevel)
    return {
        "level": found.level,
        "levels": [(level, found.query(level=level.value)) for level in levels],
        "form": found.form,
        "asked": found.asked,
        "window": found.asked.window,
        "query": found.query(),
    }


@require_safe
@allowed("score.view")
def scorecard_export(request: SignedIn) -> HttpResponse:
    """The ranking as a file: the same cards in the same order."""
    found = looking(request.GET, request.GET.get("level", first_level(request.user)))
    ending = request.GET.get("ending", workbook.ENDINGS[0])
    if ending not in workbook.ENDINGS:
        raise Http404
    assessment = assess(found.level, found.asked.window, user=request.user)
    answer = HttpResponse(
        workbook.write(assessment, ending=ending), content_type="application/octet-stream"
    )
    name = f"{_('考核')}-{found.level.label}-{found.asked.window.as_of}.{ending}"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_safe
@allowed("score.view")
def scorecard(request: SignedIn, level: str, key: str) -> HttpResponse:
    """A holder's card: each point with the sum it comes from and a link to what is behind."""
    return card_page(request, level, key)


def card_page(
    request: SignedIn,
    level: str,
    key: str,
    *,
    params: QueryDict | None = None,
    appeal_form: AppealForm | None = None,
    answered: tuple[int, AnswerForm] | None = None,
) -> HttpResponse:
    """The card; a form that was refused comes back in it and answers 422."""
    found = looking(request.GET if params is None else params, level)
    assessment, card = card_of(request, found, key)
    may_appeal = appeals.may_appeal(request.user, card.holder)
    choices = [(e.measure.code, e.label) for e in card.entries if e.room]
    if appeal_form is None and may_appeal and choices:
        appeal_form = AppealForm(choices=choices)
    return render(
        request,
        "pipeline/scorecards/card.html",
        {
            **_shown(found, request.user),
            "assessment": assessment,
            "card": card,
            "lines": [_linked(line, card, found, request.user) for line in card.lines],
            "deductions": [_linked(line, card, found, request.user) for line in card.deductions],
            "appeals": _appeals(card, found, request.user, answered),
            "appeal_form": appeal_form,
            "repeated_from": _repeated_from(assessment),
            "back_query": found.query(level=found.level.value),
        },
        status=422 if answered or (appeal_form and appeal_form.is_bound) else 200,
    )


def card_of(request: SignedIn, found: Looking, key: str) -> tuple[Assessment, Card]:
    """The card of a holder that the person may see; 404 otherwise."""
    assessment = assess(found.level, found.asked.window, user=request.user)
    card = assessment.card(key)
    if card is None:
        raise Http404
    return assessment, card


@dataclass(frozen=True, slots=True)
class Linked:
    """A line of the card with where its evidence is: records, or the lists of figures."""

    entry: Line | Deduction
    figure: str = ""
    of: str = ""
    query: str = ""


def _linked(entry: Line | Deduction, card: Card, found: Looking, user: User) -> Linked:
    measure = entry.measure
    if measure.rows is not None:
        return Linked(entry, query=found.query())
    if not may(user, "figures.view"):
        return Linked(entry)
    return Linked(entry, measure.figure, measure.of, found.figure_query(card.holder.key))


@dataclass(frozen=True, slots=True)
class Appealed:
    """An appeal on the card, with the form of who may answer it."""

    row: ScoreAppeal
    label: Any
    form: AnswerForm | None = field(default=None)


def _appeals(
    card: Card, found: Looking, user: User, answered: tuple[int, AnswerForm] | None
) -> list[Appealed]:
    """The holder's appeals of the year that are known at the instant of the card."""
    window = found.asked.window
    rows = (
        ScoreAppeal.objects.filter(
            level=found.level,
            year=window.year,
            appealed_at__lte=window.known_at,
            **{f"{found.level}_id": card.holder.id},
        )
        .select_related("appealed_by", "answered_by", "park", "unit", "officer")
        .order_by("-pk")[:PAGE]
    )
    shown = []
    for row in rows:
        form = None
        if row.answered_at is None and appeals.may_answer(user, row):
            form = AnswerForm(prefix=f"answer-{row.pk}")
            if answered and answered[0] == row.pk:
                form = answered[1]
        entry = card.line(row.measure)
        shown.append(Appealed(row, entry.label if entry else row.measure, form))
    return shown


@require_safe
@allowed("score.view")
def score_evidence(request: SignedIn, level: str, key: str, measure: str) -> HttpResponse:
    """The records behind a line of a card; their sum is the line's."""
    found = looking(request.GET, level)
    _assessment, card = card_of(request, found, key)
    entry = card.line(measure)
    if entry is None or entry.measure.rows is None:
        raise Http404
    question = Question(found.level, found.asked.window)
    rows = evidence(entry.measure, question, card.holder)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "pipeline/scorecards/evidence.html",
        {
            **_shown(found, request.user),
            "card": card,
            "entry": entry,
            "page": page,
            "cases": cases(list(page), question, user=request.user),
        },
    )
