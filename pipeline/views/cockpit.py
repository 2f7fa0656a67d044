"""The cockpit: the year's targets, and every park beside the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.models import User
from pipeline.forms.window import DIMENSION_LABELS, Asked, asked, neighbours, quarters
from pipeline.funnel import funnel
from pipeline.lights import Light, schedule_light
from pipeline.models import Metric
from pipeline.monthly import monthly
from pipeline.rollups import Rollup, Row, not_started_counts, rollup
from pipeline.targets import ranks
from pipeline.waiting import by_age, by_obstacle
from pipeline.year_end import is_open, kept_year_end

Expectation = Mapping[str, Decimal | None]
INDUSTRIES = 12
"""Industries shown beside the chart, the largest amounts first; all are a click away."""


@require_safe
@allowed("figures.view")
def cockpit(request: SignedIn) -> HttpResponse:
    """Targets and figures of a year, by park or another dimension; all of it in the URL."""
    form, found = asked(request.GET, now=timezone.now())
    figures = rollup(found.window, by=found.by, user=request.user)
    waiting = not_started_counts(found.window, by=found.by, user=request.user)
    earlier, later = neighbours(found)
    return render(
        request,
        "pipeline/cockpit.html",
        {
            "form": form,
            "asked": found,
            "window": found.window,
            "figures": figures,
            "lines": _lines(figures, waiting),
            "total": Line(figures.total, sum(waiting.values(), Decimal(0))),
            "goals": _goals(figures, _expected(found, request.user)),
            "can_forecast": is_open(found.window),
            "watched": _watched(figures, request.user),
            "show_targets": _has_targets(figures),
            "quarters": quarters(found),
            "earlier": earlier,
            "later": later,
            "dimensions": _dimensions(found),
            "dimension": DIMENSION_LABELS[found.by],
        },
    )


@require_safe
@allowed("figures.view")
def cockpit_charts(request: SignedIn) -> HttpResponse:
    """What is below the fold: months, funnel, channels and industries, signed not started."""
    _form, found = asked(request.GET, now=timezone.now())
    window, user = found.window, request.user
    by_channel = rollup(window, by="channel", user=user)
    by_industry = rollup(window, by="industry", user=user)
    industries = sorted(by_industry.rows, key=lambda row: row.signed_amount_yuan, reverse=True)
    is_part = request.headers.get("HX-Request") == "true"
    return render(
        request,
        f"pipeline/cockpit_charts.html{'#parts' if is_part else ''}",
        {
            "asked": found,
            "window": window,
            "months": monthly(window, user=user),
            "steps": funnel(window, user=user),
            "channels": [row for row in by_channel.rows if row.signed_projects],
            "industries": [row for row in industries if row.signed_projects][:INDUSTRIES],
            "ages": by_age(window, user=user),
            "obstacles": [group for group in by_obstacle(window, user=user) if group.projects],
            "channel_query": found.query(by="channel"),
            "industry_query": found.query(by="industry"),
        },
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """What is red or yellow: whose target, which, its light, and by how much."""

    name: str
    key: str
    metric: Metric
    light: Light
    lead: Decimal

    @property
    def figure(self) -> str:
        """The list behind it."""
        return "started_same_year" if self.metric == Metric.START_RATE else str(self.metric)


def _watched(figures: Rollup, user: User) -> list[Watched]:
    """Targets far enough behind to be looked at, the county's first, red before yellow.

    What a park's person sees in all is that park's: it is named once.
    """
    rows = figures.rows if user.is_county_wide or figures.by != "park" else []
    found = [
        Watched(row.name, row.key, metric, on, lead)
        for row in (figures.total, *rows)
        for metric, lead in (
            (Metric.SIGNED_PROJECTS, row.lead(Metric.SIGNED_PROJECTS)),
            (Metric.SIGNED_AMOUNT, row.lead(Metric.SIGNED_AMOUNT)),
            (Metric.START_RATE, row.start_rate_gap),
        )
        if lead is not None
        and (on := schedule_light(lead)) in (Light.RED, Light.YELLOW)
        and (row.id is not None or row.key == "total")
    ]
    return sorted(found, key=lambda watched: watched.light is not Light.RED)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table with its ranks: 1, 1, 3 for ties, None where it is not ranked."""

    row: Row
    waiting: Decimal
    rank_projects: int | None = None
    rank_amount: int | None = None
    rank_rate: int | None = None

    @property
    def projects_target(self) -> Decimal | None:
        return self.row.target(Metric.SIGNED_PROJECTS)

    @property
    def amount_target(self) -> Decimal | None:
        return self.row.target(Metric.SIGNED_AMOUNT)

    @property
    def projects_done(self) -> Decimal | None:
        return self.row.completion(Metric.SIGNED_PROJECTS)

    @property
    def amount_done(self) -> Decimal | None:
        return self.row.completion(Metric.SIGNED_AMOUNT)


def _lines(figures: Rollup, waiting: dict[int | None, Decimal]) -> list[Line]:
    rows = figures.rows
    by_projects = _ranked(rows, lambda row: row.completion(Metric.SIGNED_PROJECTS))
    by_amount = _ranked(rows, lambda row: row.completion(Metric.SIGNED_AMOUNT))
    by_rate = _ranked(rows, lambda row: row.start_rate_gap)
    return [
        Line(row, waiting.get(row.id, Decimal(0)), *placed)
        for row, *placed in zip(rows, by_projects, by_amount, by_rate, strict=True)
    ]


def _ranked(rows: Sequence[Row], value: Callable[[Row], Decimal | None]) -> list[int | None]:
    """Ranks among those that hold a target; what has no park (channel, …) is not ranked."""
    return ranks([None if row.id is None else value(row) for row in rows])


def _has_targets(figures: Rollup) -> bool:
    return any(row.target(Metric.SIGNED_PROJECTS) for row in figures.rows)


@dataclass(frozen=True, slots=True)
class Goal:
    """One of the three targets as a bar. A rate has no schedule.

    ``expected`` is where the year may end, as far along the bar as it would be then.
    """

    metric: str
    done: Decimal | None
    target: Decimal | None
    completion: Decimal | None
    schedule: Decimal | None
    lead: Decimal | None
    expected: Decimal | None = None


def _expected(found: Asked, user: User) -> Expectation:
    """Of each target the part that the year may end with, where the forecast is at hand.

    Nothing is computed for it here: the page's own part does, and brings the bars up to date.
    """
    ending = is_open(found.window) and kept_year_end(
        found.window, is_past_knowledge=found.is_past_knowledge
    )
    line = ending.of(user) if ending else None
    if line is None:
        return {}
    return {
        Metric.SIGNED_PROJECTS: line.projects.completion,
        Metric.SIGNED_AMOUNT: line.amount.completion,
        Metric.START_RATE: line.rate.mean if line.rate else None,
    }


def _goals(figures: Rollup, expected: Expectation) -> list[Goal]:
    total = figures.total
    sums = [
        Goal(
            metric=metric,
            done=getattr(total, metric),
            target=total.target(metric),
            completion=total.completion(metric),
            schedule=(total.schedules or {}).get(metric),
            lead=total.lead(metric),
            expected=expected.get(metric),
        )
        for metric in (Metric.SIGNED_PROJECTS, Metric.SIGNED_AMOUNT)
    ]
    rate = Goal(
        metric=Metric.START_RATE,
        done=total.start_rate,
        target=total.target(Metric.START_RATE),
        completion=None,
        schedule=None,
        lead=total.start_rate_gap,
        expected=expected.get(Metric.START_RATE),
    )
    return [*sums, rate]


def _dimensions(found: Asked) -> list[tuple[Any, str, bool]]:
    """(wording, query string, is current) of each way to group the figures."""
    return [
        (label, found.query(by=name), name == found.by) for name, label in DIMENSION_LABELS.items()
    ]
