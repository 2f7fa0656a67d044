"""The board: the projects that stand in each stage, a column each.

Two kinds of figures stand on a column, and they answer different questions.
:func:`totals` is what stands there *now*: projects whose stage is that one, within the
filter and the person's scope, and the sum of their agreed investment. :func:`year_so_far`
is what *happened* this year, and comes from ``pipeline.rollups`` like every figure of the
cockpit: a project that was signed in March and has broken ground since is in this year's
``signed_projects``, and in the column "started".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from pipeline.activity import is_quiet
from pipeline.columns import next_steps, open_claims
from pipeline.lights import Light, project_light
from pipeline.models import CountySettings, FollowUp, Milestone, Project
from pipeline.models.projects import IN_STAGE_SINCE, INVESTMENT, LAST_ACTIVE
from pipeline.rollups import Row, Window, rollup
from pipeline.stages import Stage, Status

CARDS = 20
"""So many cards a column shows at a time."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many projects stand in a stage now, and their agreed investment in yuan."""

    count: int = 0
    amount: Decimal = Decimal(0)


def totals(rows: QuerySet[Project]) -> dict[Stage, Total]:
    """What stands in each stage now, of the rows that a filter and a scope leave; one query.

    A project counts whole where it is seen at all: credit that parks share divides what
    happened (``pipeline.rollups``), not what is being worked on.
    """
    grouped = rows.order_by().values("stage").annotate(n=Count("pk"), yuan=Sum("agreed_investment"))
    found = {row["stage"]: Total(row["n"], row["yuan"] or Decimal(0)) for row in grouped}
    return {stage: found.get(stage, Total()) for stage in Stage}


@dataclass(frozen=True, slots=True)
class Year:
    """This year's figures from the roll-up, and whose: a park's by its ``key``, or the total."""

    window: Window
    row: Row
    key: str

    @property
    def is_total(self) -> bool:
        return self.key == "total"


def year_so_far(*, park: str = "", user: User, at: dt.datetime) -> Year | None:
    """The year's figures of the person's scope, or of one park of it (``none``: of no park).

    None for a park that the person does not see.
    """
    today = timezone.localdate(at)
    window = Window(today.year, today, at)
    figures = rollup(window, user=user)
    if not park:
        return Year(window, figures.total, "total")
    row = next((row for row in figures.rows if row.key == park), None)
    return None if row is None else Year(window, row, park)


# --- Cards --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Order:
    """How the cards of a column are ordered: stable, so that a page goes on where one ended.

    ``key`` is never empty, and ``Project`` has an index of the stage, each key and the id.
    """

    name: str
    label: Any
    key: Coalesce
    is_falling: bool
    read: Callable[[str], Any]

    def sort(self, rows: QuerySet[Project]) -> QuerySet[Any]:
        placed: QuerySet[Any] = rows.annotate(place=self.key)
        return (
            placed.order_by("-place", "-pk") if self.is_falling else placed.order_by("place", "pk")
        )

    def after(self, rows: QuerySet[Any], mark: str) -> QuerySet[Any]:
        """Of sorted rows, those after a mark; all, where it cannot be read."""
        text, _tilde, key = mark.rpartition("~")
        try:
            pk, place = int(key), self.read(text)
        except (ValueError, InvalidOperation):
            return rows
        way = "lt" if self.is_falling else "gt"
        return rows.filter(Q(**{f"place__{way}": place}) | Q(**{"place": place, f"pk__{way}": pk}))


def _yuan(text: str) -> Decimal:
    """An amount as a mark has it; raises ``ValueError`` for what no project can have."""
    yuan = Decimal(text)
    if not yuan.is_finite() or yuan != yuan.quantize(Decimal("0.01")):
        raise ValueError(text)
    return yuan


# Who never left the first stage has no day since when: before all others, by registration.
ORDERS = (
    Order("since", _("本阶段最久"), IN_STAGE_SINCE, False, dt.date.fromisoformat),
    Order("active", _("最近活动"), LAST_ACTIVE, True, dt.date.fromisoformat),
    Order("amount", _("投资最大"), INVESTMENT, True, _yuan),
)


def order_of(name: str) -> Order:
    """The order of a name; the first for any other."""
    return next((order for order in ORDERS if order.name == name), ORDERS[0])


@dataclass(frozen=True, slots=True)
class Card:
    """A project as the board shows it."""

    project: Project
    today: dt.date
    next_step: FollowUp | None
    waiting: list[Milestone]

    @property
    def light(self) -> Light:
        return project_light(self.project, today=self.today)

    @property
    def days_in_stage(self) -> int:
        since = self.project.stage_since or timezone.localdate(self.project.created_at)
        return (self.today - since).days

    @property
    def is_quiet(self) -> bool:
        quiet: bool = self.project.is_quiet  # type: ignore[attr-defined]
        return quiet

    @property
    def is_overdue(self) -> bool:
        return self.next_step is not None and self.next_step.due_on < self.today

    @property
    def next_stage(self) -> Stage | None:
        """Where a claim would take it; None at the end, or where it is not pursued."""
        following = list(Stage)[Stage(self.project.stage).rank + 1 :]
        return following[0] if following and self.project.status == Status.ACTIVE else None


Place = tuple[int, Any]  # a project's id, and what it is ordered by


@dataclass(frozen=True, slots=True)
class Column:
    """Cards of a stage, and the mark from which there are more; empty at the end."""

    stage: Stage
    cards: list[Card]
    more: str


def alive(rows: QuerySet[Project], *, with_ended: bool) -> QuerySet[Project]:
    """Those being pursued; ``with_ended`` also those suspended, lost or terminated."""
    return rows if with_ended else rows.filter(status=Status.ACTIVE)


FEW = 2_000
"""Of a stage with no more projects than these all places are read: walking an index of the
whole stage to find the first of few takes longer."""


def columns(
    rows: QuerySet[Project], standing: Mapping[Stage, Total], *, order: Order, at: dt.datetime
) -> list[Column]:
    """The first cards of each stage.

    ``standing`` are the rows' :func:`totals`: one query for all stages where few stand, one
    for each other, and four for the cards of all.
    """
    few = [stage for stage, total in standing.items() if 0 < total.count <= FEW]
    places: dict[Stage, list[Place]] = {stage: [] for stage in standing}
    if few:
        found: QuerySet[Any] = order.sort(rows.filter(stage__in=few)).order_by()
        for stage, pk, place in found.values_list("stage", "pk", "place"):
            places[Stage(stage)].append((pk, place))
        for stage in few:
            ranked = sorted(places[stage], key=itemgetter(1, 0), reverse=order.is_falling)
            places[stage] = ranked[: CARDS + 1]
    for stage, total in standing.items():
        if total.count > FEW:
            ranked_rows = order.sort(rows.filter(stage=stage)).values_list("pk", "place")
            places[stage] = list(ranked_rows[: CARDS + 1])
    return _with_cards(places, at=at)


def column(
    rows: QuerySet[Project], stage: Stage, *, order: Order, at: dt.datetime, after: str = ""
) -> Column:
    """The next cards of a stage after a mark, in five queries."""
    ranked = order.sort(rows.filter(stage=stage))
    if after:
        ranked = order.after(ranked, after)
    places = list(ranked.values_list("pk", "place")[: CARDS + 1])
    return _with_cards({stage: places}, at=at)[0]


def _with_cards(places: Mapping[Stage, list[Place]], *, at: dt.datetime) -> list[Column]:
    shown = cards([pk for found in places.values() for pk, _place in found[:CARDS]], at=at)
    return [
        Column(stage, [shown[pk] for pk, _place in found[:CARDS]], _mark(found))
        for stage, found in places.items()
    ]


def _mark(found: list[Place]) -> str:
    """Where the shown cards end; empty where there are no more."""
    if len(found) <= CARDS:
        return ""
    pk, place = found[CARDS - 1]
    return f"{place}~{pk}"


def cards(keys: Sequence[int], *, at: dt.datetime) -> dict[int, Card]:
    """The cards of projects by their ids; four queries."""
    today = timezone.localdate(at)
    days = CountySettings.objects.known_at(at).quiet_after_days
    quiet = Case(
        When(is_quiet(today=today, after_days=days), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    found = (
        Project.objects.select_related("investor", "officer")
        .defer("content", "progress", "problems", "remark")
        .annotate(is_quiet=quiet)
        .in_bulk(keys)
    )
    steps, claims = next_steps(keys), open_claims(keys)
    return {
        key: Card(project, today, steps.get(key), claims.get(key, []))
        for key, project in found.items()
    }
