"""Every figure summed, in SQL, once; and behind each figure the facts that it consists of.

:func:`rollup` sums what ``pipeline.figures`` defines and :func:`behind` lists it, by the
same predicates. Counts are exact decimals, since a project whose credit is shared counts
for each park by its share, and for the county once.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from crm.models import Channel, Industry, Park, User
from pipeline.cohorts import Cohort, cohort
from pipeline.figures import (
    DIMENSIONS,
    FIGURES,
    FUNDS,
    KNOWN,
    NOT_STARTED,
    UNDER_WAY,
    WHOLE,
    Figure,
    Window,
    funds_of,
    milestones_of,
    signed_not_started,
    under_way,
)
from pipeline.models import CountySettings, HolderKind, Metric
from pipeline.targets import COUNTY, Holder, Targets, TargetValue, ratio, schedule

__all__ = [
    "DIMENSIONS",
    "FIGURES",
    "FUNDS",
    "NOT_STARTED",
    "Cohort",
    "Figure",
    "Rollup",
    "Row",
    "Window",
    "behind",
    "cohort",
    "not_started_counts",
    "rollup",
    "signed_not_started",
]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a roll-up. Counts are projects, amounts yuan, rates fractions of 1.

    A rate or completion is None where there is nothing to divide by, or no target.
    """

    key: str
    name: str
    id: int | None = None
    signed_projects: Decimal = ZERO
    signed_amount_yuan: Decimal = ZERO
    started_same_year: Decimal = ZERO
    groundbreakings: Decimal = ZERO
    productions: Decimal = ZERO
    framework_agreements: Decimal = ZERO
    funds_received_yuan: Decimal = ZERO
    funds_last_year_yuan: Decimal = ZERO
    targets: dict[str, TargetValue | None] | None = None
    schedules: dict[str, Decimal] | None = None

    @property
    def start_rate(self) -> Decimal | None:
        """started_same_year / signed_projects; no rate without signings, never 0 %."""
        return ratio(self.started_same_year, self.signed_projects)

    @property
    def funds_growth(self) -> Decimal | None:
        """(this year's window − last year's) / last year's; None when last year's is 0."""
        return ratio(
            self.funds_received_yuan - self.funds_last_year_yuan, self.funds_last_year_yuan
        )

    def target(self, metric: str) -> Decimal | None:
        found = (self.targets or {}).get(metric)
        return found.value if found else None

    def completion(self, metric: str) -> Decimal | None:
        """figure / target, never capped; None without a target."""
        return ratio(getattr(self, metric), self.target(metric))

    def lead(self, metric: str) -> Decimal | None:
        """Completion − schedule: how far ahead of the plan, as a fraction of the target."""
        done = self.completion(metric)
        return None if done is None else done - (self.schedules or {})[metric]

    @property
    def start_rate_gap(self) -> Decimal | None:
        """start_rate − its target, to be read in percentage points."""
        rate, target = self.start_rate, self.target(Metric.START_RATE)
        return None if rate is None or target is None else rate - target


@dataclass(frozen=True, slots=True)
class Rollup:
    """The figures of a window: a row per park (channel, …) and the total."""

    window: Window
    by: str
    rows: list[Row]
    total: Row
    schedule: Decimal
    targets: Targets
    rules: CountySettings


SUMMED = (*FIGURES, "funds_received_yuan", "funds_last_year_yuan")


def rollup(
    window: Window, *, by: str = "park", user: User | None = None, only: User | None = None
) -> Rollup:
    """Every figure of the window by park, channel, industry or officer, and in total.

    A fixed number of queries whatever the data: settings, milestones, funds, names and
    targets, one each. The total is the sum of counts and amounts over all rows, those
    without a park included; its rate is made from those sums. With ``user``, only what
    that person may see is summed, as in every list. ``only`` narrows a roll-up by officer to
    one officer, who has a row also with zeros.
    """
    rules = CountySettings.objects.known_at(window.known_at)
    sums: Sums = {} if only is None else {only.pk: {}}
    for key, counted in _milestone_sums(window, by, user, rules, only).items():
        sums.setdefault(key, {}).update(counted)
    for key, funds in _funds_sums(window, by, user, rules, only).items():
        sums.setdefault(key, {}).update(funds)
    targets = Targets(window.year, window.known_at)
    rows = [
        _row(key, name, pk, sums.get(pk, {}), targets, _holder(by, pk), window)
        for pk, key, name in _names(by, set(sums), user)
    ]
    totals = {name: sum((s.get(name, ZERO) for s in sums.values()), ZERO) for name in SUMMED}
    whole = COUNTY if user is None or user.is_county_wide else (HolderKind.PARK, user.park_id)
    total = _row("total", str(_("合计")), None, totals, targets, whole, window)
    return Rollup(window, by, rows, total, schedule(window.year, window.as_of), targets, rules)


def behind(
    figure: str,
    window: Window,
    *,
    by: str = "park",
    key: int | str | None = "total",
    user: User | None = None,
) -> QuerySet[Any]:
    """The facts that a figure consists of, by the predicate that sums it.

    Milestones or receipts with ``part`` (percent) and ``money`` (yuan), which add up to it;
    for ``key`` an id, None for what has no park (channel, …), or ``"total"``. Raises
    ``KeyError`` for a figure that there is not.
    """
    if figure == FUNDS.name:
        found: QuerySet[Any] = funds_of(window, by=by, user=user)
    elif figure == NOT_STARTED.name:
        found = signed_not_started(window, by=by, user=user)
    elif figure in UNDER_WAY:
        found = under_way(window, by=by, user=user)
    else:
        found = milestones_of(window, by=by, user=user).filter(KNOWN[figure].select(window))
    if key == "total":
        return found
    return found.filter(credit__isnull=True) if key is None else found.filter(credit=key)


def not_started_counts(
    window: Window, *, by: str = "park", user: User | None = None
) -> dict[int | None, Decimal]:
    """:func:`signed_not_started` counted by park (channel, …), None for no park; one query."""
    grouped = (
        signed_not_started(window, by=by, user=user)
        .order_by()
        .values("credit")
        .annotate(parts=Sum("part"))
    )
    return {row["credit"]: row["parts"] / WHOLE for row in grouped}


Sums = dict[int | None, dict[str, Decimal]]


def _milestone_sums(
    window: Window, by: str, user: User | None, rules: CountySettings, only: User | None
) -> Sums:
    found = milestones_of(window, by=by, user=user, rules=rules)
    if only is not None:
        found = found.filter(credit=only.pk)
    grouped = (
        found.order_by()
        .values("credit")
        .annotate(
            **{
                f"sum_{figure.name}": Sum(
                    "money" if figure.of_money else "part", filter=figure.select(window)
                )
                for figure in FIGURES.values()
            }
        )
    )
    return {
        row["credit"]: {
            figure.name: (row[f"sum_{figure.name}"] or ZERO) / (1 if figure.of_money else WHOLE)
            for figure in FIGURES.values()
        }
        for row in grouped
    }


def _funds_sums(
    window: Window, by: str, user: User | None, rules: CountySettings, only: User | None
) -> Sums:
    since, until = window.a_year_earlier()
    found = funds_of(window, by=by, user=user, rules=rules, since=since)
    if only is not None:
        found = found.filter(credit=only.pk)
    grouped = (
        found.order_by()
        .values("credit")
        .annotate(
            now=Sum("money", filter=FUNDS.select(window)),
            then=Sum("money", filter=Q(received_on__gte=since, received_on__lte=until)),
        )
    )
    return {
        row["credit"]: {
            "funds_received_yuan": row["now"] or ZERO,
            "funds_last_year_yuan": row["then"] or ZERO,
        }
        for row in grouped
    }


def _names(by: str, found: set[int | None], user: User | None) -> list[tuple[int | None, str, str]]:
    """(id, key, name) of each row, in the order of the dictionary, "none" last.

    Every park and channel has a row, also with zeros; of industries and officers only
    those with figures. A person whose scope is a park sees that park's row.
    """
    if by == "park" and user is not None and user.park is not None:
        return [(user.park.pk, user.park.slug, user.park.name)]
    ids = [pk for pk in found if pk is not None]
    rows: dict[str, tuple[str, QuerySet[Any]]] = {
        "park": ("slug", Park.objects.all()),
        "channel": ("code", Channel.objects.all()),
        "industry": ("code", Industry.objects.filter(pk__in=ids)),
        "officer": ("username", User.objects.filter(pk__in=ids)),
    }
    slug, queryset = rows[by]
    named = [(row.pk, getattr(row, slug), str(row)) for row in queryset]
    no_name = {
        "park": _("未落园区"),
        "channel": _("未注明招商方式"),
        "industry": _("未注明行业"),
        "officer": _("未指定专员"),
    }[by]
    return [*named, (None, "none", str(no_name))]


def _holder(by: str, pk: int | None) -> Holder | None:
    """Whose targets a row is held against, if anybody's."""
    kind = {"park": HolderKind.PARK, "officer": HolderKind.OFFICER}.get(by)
    return (kind, pk) if kind and pk is not None else None


def _row(
    key: str,
    name: str,
    pk: int | None,
    sums: dict[str, Decimal],
    targets: Targets,
    holder: Holder | None,
    window: Window,
) -> Row:
    own: dict[str, TargetValue | None] = {
        Metric.SIGNED_PROJECTS: holder and targets.own(Metric.SIGNED_PROJECTS, holder),
        Metric.SIGNED_AMOUNT: holder and targets.own(Metric.SIGNED_AMOUNT, holder),
        Metric.START_RATE: targets.rate(Metric.START_RATE, holder or COUNTY),
    }
    return Row(
        key=key,
        name=name,
        id=pk,
        targets=own,
        schedules={
            metric: schedule(window.year, window.as_of, own[metric])
            for metric in (Metric.SIGNED_PROJECTS, Metric.SIGNED_AMOUNT)
        },
        **{name: sums.get(name, ZERO) for name in SUMMED},
    )
