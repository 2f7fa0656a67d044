"""Every figure, in SQL, once; and behind each figure the facts that it consists of.

A figure is asked for by year Y, as-of day D and knowledge instant T. A milestone is
*effective at T* when it was verified by T and not revoked by T; it lies *in the window*
when it happened from 1 January of Y to the earlier of D and 31 December of Y. The same
(Y, D, T) gives the same figures for ever: what a fact is grouped by is stored on the
fact, and settings and targets are read as known at T.

Each figure has one predicate in :data:`FIGURES`. :func:`rollup` sums it and
:func:`behind` lists it. Counts are exact decimals, since a project whose credit is
shared counts for each park by its share, and for the county once. Source of the
definitions: docs/domain.md, chapter 4.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from crm.models import Channel, Industry, Park, User
from pipeline.models import (
    CountySettings,
    FundSource,
    FundsReceipt,
    HolderKind,
    Metric,
    Milestone,
    StatusChange,
)
from pipeline.stages import ContractKind, MilestoneKind, Status
from pipeline.targets import COUNTY, Holder, Targets, TargetValue, ratio, schedule

DIMENSIONS = ("park", "channel", "industry", "officer")
REAL_ESTATE = "70"  # GB/T 4754 division 房地产业
ZERO = Decimal(0)
WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Window:
    """What a figure is asked for: year, as-of day, and the instant of knowledge."""

    year: int
    as_of: dt.date
    known_at: dt.datetime

    @property
    def since(self) -> dt.date:
        return dt.date(self.year, 1, 1)

    @property
    def until(self) -> dt.date:
        return min(self.as_of, dt.date(self.year, 12, 31))

    def a_year_earlier(self) -> tuple[dt.date, dt.date]:
        """The same window of last year, as its first and last day."""
        return _year_before(self.since), _year_before(self.until)


def _year_before(day: dt.date) -> dt.date:
    """The same day of the year before; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure's name, wording and predicate.

    ``of_money`` figures sum yuan, the others count milestones. ``select`` narrows the
    milestones of the window to the ones that the figure consists of.
    """

    name: str
    label: Any
    definition: Any
    of_money: bool
    select: Callable[[Window], Q]


def started_in_year(window: Window) -> QuerySet[Milestone, Any]:
    """Projects whose own groundbreaking, not an expansion's, lies in the window."""
    return (
        Milestone.objects.effective(window.known_at)
        .happened(window.since, window.until)
        .filter(kind=MilestoneKind.GROUNDBREAKING, expansion__isnull=True)
        .values("project")
    )


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "signed_projects",
            _("签约项目"),
            _("本年 1 月 1 日至截止日签订正式合同、已核验的项目数；框架协议不计，增资不另计项目"),
            False,
            lambda window: Q(contract_kind=ContractKind.FORMAL),
        ),
        Figure(
            "signed_amount_yuan",
            _("协议总投资"),
            _("上述签约项目与同期增资合同的协议总投资之和"),
            True,
            lambda window: Q(contract_kind__in=[ContractKind.FORMAL, ContractKind.EXPANSION]),
        ),
        Figure(
            "started_same_year",
            _("当年签约当年开工"),
            _("上述签约项目中，本年内、截止日前已开工并核验的项目数；计入签约时所在园区"),
            False,
            lambda window: Q(
                contract_kind=ContractKind.FORMAL, project__in=started_in_year(window)
            ),
        ),
        Figure(
            "groundbreakings",
            _("开工项目"),
            _("本年 1 月 1 日至截止日开工、已核验的项目数，不论哪年签约，含增资项目"),
            False,
            lambda window: Q(kind=MilestoneKind.GROUNDBREAKING),
        ),
        Figure(
            "productions",
            _("投产项目"),
            _("本年 1 月 1 日至截止日投产、已核验的项目数，不论哪年签约，含增资项目"),
            False,
            lambda window: Q(kind=MilestoneKind.PRODUCTION),
        ),
        Figure(
            "framework_agreements",
            _("框架协议"),
            _("本年 1 月 1 日至截止日签订、已核验、尚未升级为正式合同的框架协议数；不计入签约项目"),
            False,
            lambda window: Q(contract_kind=ContractKind.FRAMEWORK),
        ),
    )
}

FUNDS = Figure(
    "funds_received_yuan",
    _("到位资金"),
    _("本年 1 月 1 日至截止日到位、已核验的资金之和；更正以负数行计入"),
    True,
    lambda window: Q(received_on__gte=window.since, received_on__lte=window.until),
)

NOT_STARTED = Figure(
    "signed_not_started",
    _("签约未开工"),
    _("截止日前签订正式合同、至截止日尚未开工、也未终止的项目数，不论哪年签约"),
    False,
    lambda window: Q(contract_kind=ContractKind.FORMAL),
)


def terminated(window: Window) -> QuerySet[StatusChange, Any]:
    """Projects that by the as-of day, as known at T, stand terminated."""
    known = StatusChange.objects.filter(
        occurred_on__lte=window.as_of, recorded_at__lte=window.known_at
    )
    last = (
        known.filter(project=OuterRef("project"))
        .order_by("-occurred_on", "-recorded_at", "-id")
        .values("pk")[:1]
    )
    return known.filter(status=Status.TERMINATED, pk=Subquery(last)).values("project")


def counted(window: Window, rules: CountySettings) -> Q:
    """What the county's settings leave to count, as a condition on milestones."""
    condition = counted_funds(rules)
    if rules.minimum_investment:
        condition &= Q(amount__gte=rules.minimum_investment)
    if rules.exclude_terminated:
        condition &= ~Q(project__in=terminated(window))
    return condition


def counted_funds(rules: CountySettings) -> Q:
    """The part of the county's settings that concerns funds as well."""
    condition = Q()
    if rules.exclude_policy_funded:
        condition &= Q(fund_source=FundSource.SOCIAL)
    if rules.exclude_real_estate:
        condition &= ~Q(industry__code=REAL_ESTATE)
    if rules.exclude_local_investors:
        condition &= Q(local_investor=False)
    return condition


def milestones_of(
    window: Window,
    *,
    by: str = "park",
    user: User | None = None,
    rules: CountySettings | None = None,
    since: dt.date | None = None,
) -> QuerySet[Milestone]:
    """The milestones of the window that count, with what each credits to whom.

    Adds ``credit`` (the id of the park, channel, industry or officer), ``part`` (percent
    of the one project counted) and ``money`` (its part of the amount, yuan). By park,
    and for a person whose scope is a park, a shared milestone comes once for each of its
    shares. ``since`` widens the window backwards, for figures of any year.
    """
    rules = rules or CountySettings.objects.known_at(window.known_at)
    until = window.until if since is None else window.as_of
    found = (
        Milestone.objects.effective(window.known_at)
        .happened(since or window.since, until)
        .filter(counted(window, rules))
    )
    by_share = by == "park" or not (user is None or user.is_county_wide)
    if by_share:
        found = found.annotate(
            credit_park=Coalesce("shares__park_id", "park_id", output_field=BigIntegerField()),
            part=Coalesce("shares__percent", Value(WHOLE, output_field=FixedPointField(places=2))),
            money=Coalesce("shares__amount", "amount"),
        )
    else:
        found = found.annotate(
            part=Value(WHOLE, output_field=FixedPointField(places=2)), money=F("amount")
        )
    if user is not None and not user.is_county_wide:
        found = found.filter(credit_park=user.park_id)
    credit = F("credit_park") if by == "park" else F(f"{by}_id")
    return found.annotate(credit=credit)


def funds_of(
    window: Window,
    *,
    by: str = "park",
    user: User | None = None,
    rules: CountySettings | None = None,
    since: dt.date | None = None,
) -> QuerySet[FundsReceipt]:
    """The verified receipts from ``since`` (default: 1 January) that count, with ``credit``."""
    rules = rules or CountySettings.objects.known_at(window.known_at)
    found = (
        FundsReceipt.objects.effective(window.known_at)
        .received(since or window.since, window.until)
        .filter(counted_funds(rules))
    )
    if user is not None and not user.is_county_wide:
        found = found.filter(park=user.park_id)
    return found.annotate(credit=F(f"{by}_id"), money=F("amount"))


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


def rollup(window: Window, *, by: str = "park", user: User | None = None) -> Rollup:
    """Every figure of the window by park, channel, industry or officer, and in total.

    A fixed number of queries whatever the data: settings, milestones, funds, names and
    targets, one each. The total is the sum of counts and amounts over all rows, those
    without a park included; its rate is made from those sums. With ``user``, only what
    that person may see is summed, as in every list.
    """
    rules = CountySettings.objects.known_at(window.known_at)
    sums = _milestone_sums(window, by, user, rules)
    for key, funds in _funds_sums(window, by, user, rules).items():
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

    Milestones with ``part`` (percent) and ``money`` (yuan), or receipts with ``amount``;
    for ``key`` an id, None for what has no park (channel, …), or ``"total"``. Raises
    ``KeyError`` for a figure that there is not.
    """
    if figure == FUNDS.name:
        found: QuerySet[Any] = funds_of(window, by=by, user=user)
    elif figure == NOT_STARTED.name:
        found = signed_not_started(window, by=by, user=user)
    else:
        found = milestones_of(window, by=by, user=user).filter(FIGURES[figure].select(window))
    if key == "total":
        return found
    return found.filter(credit__isnull=True) if key is None else found.filter(credit=key)


def signed_not_started(
    window: Window, *, by: str = "park", user: User | None = None
) -> QuerySet[Milestone]:
    """Formal signings of any year up to D whose project has not started and not ended by D.

    The age in days is D minus ``occurred_on``.
    """
    started = Milestone.objects.effective(window.known_at).filter(
        project=OuterRef("project"),
        kind=MilestoneKind.GROUNDBREAKING,
        expansion__isnull=True,
        occurred_on__lte=window.as_of,
    )
    return (
        milestones_of(window, by=by, user=user, since=dt.date.min)
        .filter(NOT_STARTED.select(window))
        .filter(~Exists(started))
        .exclude(project__in=terminated(window))
    )


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


@dataclass(frozen=True, slots=True)
class Cohort:
    """What became by D of the formal signings of a window, whatever the year it happened in.

    ``signed``, ``started`` and ``alive`` count projects; ``agreed`` and ``funds`` are yuan.
    """

    signed: Decimal
    started: Decimal
    alive: Decimal
    agreed: Decimal
    funds: Decimal

    @property
    def start_rate(self) -> Decimal | None:
        """Signed in the window and started by D, in whatever year (开工率)."""
        return ratio(self.started, self.signed)

    @property
    def funds_rate(self) -> Decimal | None:
        """Funds that they received by D, of their agreed investment (资金到位率)."""
        return ratio(self.funds, self.agreed)

    @property
    def fulfilment_rate(self) -> Decimal | None:
        """Those not terminated by D: producing, building or preparing (履约率).

        As published by Weinan 2010: (18 producing + 180 building + 93 preparing) / 292.
        """
        return ratio(self.alive, self.signed)


def cohort(window: Window, *, user: User | None = None) -> Cohort:
    """The cohort of the window's formal signings; two queries."""
    signings = milestones_of(window, by="channel", user=user).filter(
        FIGURES["signed_projects"].select(window)
    )
    started = (
        Milestone.objects.effective(window.known_at)
        .filter(
            kind=MilestoneKind.GROUNDBREAKING,
            expansion__isnull=True,
            occurred_on__lte=window.as_of,
        )
        .values("project")
    )
    sums = signings.aggregate(
        signed=Sum("part"),
        started=Sum("part", filter=Q(project__in=started)),
        ended=Sum("part", filter=Q(project__in=terminated(window))),
        agreed=Sum("money"),
    )
    signed, started_, ended = (
        (sums[name] or ZERO) / WHOLE for name in ("signed", "started", "ended")
    )
    funds = (
        FundsReceipt.objects.effective(window.known_at)
        .filter(received_on__lte=window.as_of, project__in=signings.values("project"))
        .aggregate(sum=Sum("amount"))["sum"]
    )
    return Cohort(
        signed=signed,
        started=started_,
        alive=signed - ended,
        agreed=sums["agreed"] or ZERO,
        funds=funds or ZERO,
    )


Sums = dict[int | None, dict[str, Decimal]]


def _milestone_sums(window: Window, by: str, user: User | None, rules: CountySettings) -> Sums:
    found = milestones_of(window, by=by, user=user, rules=rules)
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


def _funds_sums(window: Window, by: str, user: User | None, rules: CountySettings) -> Sums:
    since, until = window.a_year_earlier()
    grouped = (
        funds_of(window, by=by, user=user, rules=rules, since=since)
        .order_by()
        .values("credit")
        .annotate(
            now=Sum("amount", filter=FUNDS.select(window)),
            then=Sum("amount", filter=Q(received_on__gte=since, received_on__lte=until)),
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
    slug, queryset = {
        "park": ("slug", Park.objects.all()),
        "channel": ("code", Channel.objects.all()),
        "industry": ("code", Industry.objects.filter(pk__in=found - {None})),
        "officer": ("username", User.objects.filter(pk__in=found - {None})),
    }[by]
    if by == "park" and user is not None and not user.is_county_wide:
        return [(p.pk, p.slug, p.name) for p in queryset.filter(pk=user.park_id)]
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
