"""What targets can be set for: one table of metrics, each with its unit and its figure.

A new metric is one entry of :data:`METRICS` (and of ``models.Metric``, its name). Counts are
projects, amounts yuan, rates fractions of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from crm.models import User
from pipeline.figures import KNOWN, WHOLE, Window
from pipeline.models import FundSource, Metric, Project
from pipeline.rollups import Rollup, Row, behind, rollup
from pipeline.written import YI

COUNT, YUAN, RATE = "count", "yuan", "rate"
SCALES = {COUNT: Decimal(1), YUAN: YI, RATE: Decimal("0.01")}
"""What a written number is multiplied by: projects, 亿元, per cent."""
UNIT_WORDS = {COUNT: _("个"), YUAN: _("亿元"), RATE: _("%")}
TOTAL = "total"
Values = Mapping[Any, Decimal | None]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the metrics are asked about: the roll-up of a window, and for whom."""

    figures: Rollup
    user: User | None

    @property
    def window(self) -> Window:
        """Year, as-of day and instant of knowledge."""
        return self.figures.window


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric: its unit, its meaning in words, and its values by park id, None and "total".

    ``figure`` names the figure whose list stands behind it: the same facts, for a rate those
    above its line; empty where no milestones or receipts make it up.
    """

    metric: Metric
    unit: str
    definition: Any
    values: Callable[[Asked], Values]
    figure: str = ""

    @property
    def label(self) -> Any:
        """The metric's wording."""
        return self.metric.label

    @property
    def is_rate(self) -> bool:
        """A rate is inherited from the county and never summed over parks."""
        return self.unit == RATE


def achieved(window: Window, *, user: User | None = None) -> dict[str, Values]:
    """What every metric has reached in a window, by park id, None and "total"."""
    asked = Asked(rollup(window, user=user), user)
    return {metric: found.values(asked) for metric, found in METRICS.items()}


def _of_rows(value: Callable[[Row], Decimal | None]) -> Callable[[Asked], Values]:
    def values(asked: Asked) -> Values:
        found: dict[Any, Decimal | None] = {row.id: value(row) for row in asked.figures.rows}
        return {**found, TOTAL: value(asked.figures.total)}

    return values


def _summed(rows: QuerySet[Any], what: str) -> Values:
    """Sums of ``part`` (percent of projects) or ``money`` (yuan) by park, and of all."""
    grouped = rows.order_by().values("credit").annotate(sum=Sum(what))
    scale = WHOLE if what == "part" else Decimal(1)
    found = {row["credit"]: (row["sum"] or ZERO) / scale for row in grouped}
    return {**found, TOTAL: sum(found.values(), ZERO)}


def _listed(figure: str) -> Callable[[Asked], Values]:
    """A figure's values from the facts that its list shows (``pipeline.rollups.behind``)."""

    def values(asked: Asked) -> Values:
        facts = behind(figure, asked.window, user=asked.user)
        return _summed(facts, "money" if KNOWN[figure].of_money else "part")

    return values


def _policy_funded(asked: Asked) -> Values:
    """Projects that live on bonds and budgets, as their records stood at T."""
    found: dict[Any, Decimal] = {}
    for park in _policy_parks(asked):
        found[park] = found.get(park, ZERO) + 1
    return {**found, TOTAL: sum(found.values(), ZERO)}


def _policy_parks(asked: Asked) -> list[int | None]:
    """The park of each policy-funded project, from the record of it that was last at T."""
    known_at, past = asked.window.known_at, Project.history.model.objects
    sources = [source for source in FundSource.values if source != FundSource.SOCIAL]
    now = Project.objects.filter(fund_source__in=sources, created_at__lte=known_at)
    once = past.filter(fund_source__in=sources, history_date__lte=known_at).values("id")
    ids = {*now.values_list("pk", flat=True), *once.values_list("id", flat=True)}
    state = {
        row.pk: (row.fund_source, row.park_id, row.withdrawn_at)
        for row in Project.objects.in_bulk(ids).values()
    }
    earlier = past.filter(id__in=ids, history_date__lte=known_at).order_by("history_date", "pk")
    for row in earlier.values_list("id", "fund_source", "park_id", "withdrawn_at"):
        state[row[0]] = row[1:]
    only = None if asked.user is None or asked.user.is_county_wide else asked.user.park_id
    return [
        park
        for source, park, withdrawn_at in state.values()
        if source != FundSource.SOCIAL
        and (withdrawn_at is None or withdrawn_at > known_at)
        and (only is None or park == only)
    ]


METRICS: dict[str, Definition] = {
    found.metric.value: found
    for found in (
        Definition(
            Metric.SIGNED_PROJECTS,
            COUNT,
            _("当年签订正式合同、已核验的项目数"),
            _of_rows(lambda row: row.signed_projects),
            "signed_projects",
        ),
        Definition(
            Metric.SIGNED_AMOUNT,
            YUAN,
            _("当年签约项目与增资合同的协议总投资"),
            _of_rows(lambda row: row.signed_amount_yuan),
            "signed_amount_yuan",
        ),
        Definition(
            Metric.START_RATE,
            RATE,
            _("当年签约项目中当年开工的比率"),
            _of_rows(lambda row: row.start_rate),
            "started_same_year",
        ),
        Definition(
            Metric.LARGE_PROJECTS,
            COUNT,
            _("当年签约、协议总投资 1 亿元及以上的项目数"),
            _listed("large_projects"),
            "large_projects",
        ),
        Definition(
            Metric.GROUNDBREAKINGS,
            COUNT,
            _("当年开工的项目数，不论哪年签约"),
            _of_rows(lambda row: row.groundbreakings),
            "groundbreakings",
        ),
        Definition(
            Metric.PRODUCTIONS,
            COUNT,
            _("当年投产的项目数，不论哪年签约"),
            _of_rows(lambda row: row.productions),
            "productions",
        ),
        Definition(
            Metric.FUNDS_RECEIVED,
            YUAN,
            _("当年到位、已核验的资金"),
            _of_rows(lambda row: row.funds_received_yuan),
            "funds_received_yuan",
        ),
        Definition(
            Metric.FUNDS_GROWTH,
            RATE,
            _("到位资金比上年同期增长的比率"),
            _of_rows(lambda row: row.funds_growth),
            "funds_received_yuan",
        ),
        Definition(
            Metric.UNDER_WAY_PROJECTS,
            COUNT,
            _("在建项目数：截止日前已开工，年初以前未投产，也未终止"),
            _listed("under_way_projects"),
            "under_way_projects",
        ),
        Definition(
            Metric.UNDER_WAY_INVESTMENT,
            YUAN,
            _("上述在建项目的总投资"),
            _listed("under_way_investment_yuan"),
            "under_way_investment_yuan",
        ),
        Definition(
            Metric.POLICY_FUNDED_PROJECTS,
            COUNT,
            _("专项债、中央预算内和其他政策资金项目数；按项目档案统计，不由里程碑构成"),
            _policy_funded,
        ),
    )
}
