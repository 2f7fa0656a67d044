"""Every figure that a report needs, asked for once: nothing else of it reads the figures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm.models import Park, User
from pipeline.cohorts import Cohort, cohort
from pipeline.figures import FIGURES, FUNDS, NOT_STARTED, Window
from pipeline.models import CountySettings, FactorNeed, Milestone
from pipeline.reports.periods import Period
from pipeline.rollups import Rollup, Row, behind, not_started_counts, rollup

LONGEST_LIST = 200
"""Lines of the list of signed projects that have not started; the rest is only counted."""
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A signed project that has not started: its signing, age in days, and what blocks it."""

    signing: Milestone
    park: str
    days: int
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures of a period: the year to its end, to its beginning, and of last year.

    In a park's own report every roll-up is that park's; ``park`` is None in the county's.
    """

    period: Period
    park: Park | None
    so_far: Rollup
    before: Rollup
    last_year: Rollup
    channels: Rollup
    industries: Rollup
    cohort: Cohort
    waiting: tuple[Waiting, ...]
    waiting_count: Decimal
    historical: int
    overridden: tuple[str, ...]

    @property
    def window(self) -> Window:
        """The year to the period's end, as known at the report's instant."""
        return self.so_far.window

    @property
    def rules(self) -> CountySettings:
        """The county's settings as they were known."""
        return self.so_far.rules

    def rows(self) -> list[tuple[Row, Row, Row]]:
        """(year to date, before the period, last year) of each park, "no park" last.

        What has no park is left out where it has no figures in either year.
        """
        before = {row.key: row for row in self.before.rows}
        last = {row.key: row for row in self.last_year.rows}
        return [
            (row, before[row.key], last[row.key])
            for row in self.so_far.rows
            if row.id is not None or _has_figures(row) or _has_figures(last[row.key])
        ]


def gather(period: Period, *, known_at: dt.datetime, park: Park | None = None) -> Numbers:
    """Ask for all of it; a fixed number of queries, whatever the data."""
    window, reader = period.to_date(known_at), reader_of(park)
    signings = behind("signed_amount_yuan", window, by="channel", user=reader)
    names = signings.exclude(waived="").filter(is_historical=False).order_by("pk")
    return Numbers(
        period=period,
        park=park,
        so_far=rollup(window, user=reader),
        before=rollup(period.before(known_at), user=reader),
        last_year=rollup(period.last_year(known_at), user=reader),
        channels=rollup(window, by="channel", user=reader),
        industries=rollup(window, by="industry", user=reader),
        cohort=cohort(window, user=reader),
        waiting=_waiting(window, reader),
        waiting_count=sum(not_started_counts(window, user=reader).values(), ZERO),
        historical=signings.filter(is_historical=True).count(),
        overridden=tuple(names.values_list("project__name", flat=True)[:LONGEST_LIST]),
    )


def sources(
    period: Period, *, known_at: dt.datetime, park: Park | None = None
) -> dict[str, list[list[Any]]]:
    """The facts behind each figure of the year to date.

    ``{figure: [[id, park, percent, yuan, project, day]]}``: exact text, in the order of the
    ids, so that the same facts always read the same. The first two tell a fact, the next two
    are what it counts; the project's name and the day are for who reads the list.
    """
    window, reader = period.to_date(known_at), reader_of(park)
    return {
        name: [
            [pk, credit, str(part), None if money is None else str(money), project, on.isoformat()]
            for pk, credit, part, money, project, on in behind(name, window, user=reader)
            .order_by("pk", "credit")
            .values_list("pk", "credit", "part", "money", "project__name", _day_of(name))
            .iterator()
        ]
        for name in (*FIGURES, FUNDS.name, NOT_STARTED.name)
    }


def _day_of(figure: str) -> str:
    return "received_on" if figure == FUNDS.name else "occurred_on"


def reader_of(park: Park | None) -> User | None:
    """Somebody who sees exactly a park: its report has the figures of its people's pages."""
    return None if park is None else User(park=park)


def _waiting(window: Window, reader: User | None) -> tuple[Waiting, ...]:
    signings = behind(NOT_STARTED.name, window, user=reader)
    found = list(
        signings.select_related("project__investor").order_by("occurred_on", "pk")[:LONGEST_LIST]
    )
    needs: dict[int, list[str]] = {}
    for need in FactorNeed.objects.filter(
        project__in=[row.project_id for row in found], met_on__isnull=True
    ).order_by("pk"):
        needs.setdefault(need.project_id, []).append(str(need).strip())
    parks = dict(Park.objects.values_list("pk", "short_name"))
    return tuple(
        Waiting(
            row,
            parks.get(row.credit, ""),
            (window.as_of - row.occurred_on).days,
            tuple(needs.get(row.project_id, ())),
        )
        for row in found
    )


def _has_figures(row: Row) -> bool:
    return any(
        (row.signed_projects, row.signed_amount_yuan, row.groundbreakings, row.funds_received_yuan)
    )
