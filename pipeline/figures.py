"""The figures: what each one counts, as a predicate on the facts that it consists of.

A figure is asked for by year Y, as-of day D and knowledge instant T. A milestone is
*effective at T* when it was verified by T and not revoked by T; it lies *in the window*
when it happened from 1 January of Y to the earlier of D and 31 December of Y. The same
(Y, D, T) gives the same figures for ever: what a fact is grouped by is stored on the
fact, and settings and targets are read as known at T.

``pipeline.rollups`` sums these predicates and lists what is behind the sums. Source of
the definitions: docs/domain.md, chapter 4.
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
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from crm.models import User
from pipeline.models import (
    CountySettings,
    FundSource,
    FundsReceipt,
    Milestone,
    StatusChange,
)
from pipeline.stages import ContractKind, MilestoneKind, Status

DIMENSIONS = ("park", "channel", "industry", "officer")
REAL_ESTATE = "70"  # GB/T 4754 division 房地产业
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
    milestones of the window to the ones that the figure consists of. Figures ``of_any_year``
    count up to the as-of day, whenever it began.
    """

    name: str
    label: Any
    definition: Any
    of_money: bool
    select: Callable[[Window], Q]
    of_any_year: bool = False


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
    of_any_year=True,
)

LARGE = Decimal(100_000_000)
"""A project of so many yuan and more is a large one (亿元以上)."""
LARGE_PROJECTS = Figure(
    "large_projects",
    _("亿元以上签约项目"),
    _("本年签约项目中，协议总投资 1 亿元及以上的项目数"),
    False,
    lambda window: Q(contract_kind=ContractKind.FORMAL, amount__gte=LARGE),
)

UNDER_WAY: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "under_way_projects",
            _("在建项目"),
            _("截止日前已开工、年初以前未投产、至截止日未终止的项目数，不论哪年签约"),
            False,
            lambda window: Q(kind=MilestoneKind.GROUNDBREAKING, expansion__isnull=True),
            of_any_year=True,
        ),
        Figure(
            "under_way_investment_yuan",
            _("在建项目总投资"),
            _("上述在建项目的总投资之和"),
            True,
            lambda window: Q(kind=MilestoneKind.GROUNDBREAKING, expansion__isnull=True),
            of_any_year=True,
        ),
    )
}

KNOWN: dict[str, Figure] = {
    **FIGURES,
    **UNDER_WAY,
    **{figure.name: figure for figure in (FUNDS, NOT_STARTED, LARGE_PROJECTS)},
}
"""Every figure that has a list (``pipeline.rollups.behind``)."""


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
) -> QuerySet[Any]:
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
    credited: QuerySet[Any] = _credited(found, by, user)
    return credited


def funds_of(
    window: Window,
    *,
    by: str = "park",
    user: User | None = None,
    rules: CountySettings | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> QuerySet[Any]:
    """The verified receipts of the window, or of ``since`` to ``until``, that count.

    With ``credit``, ``part`` and ``money`` as :func:`milestones_of` gives them.
    """
    rules = rules or CountySettings.objects.known_at(window.known_at)
    found = (
        FundsReceipt.objects.effective(window.known_at)
        .received(since or window.since, until or window.until)
        .filter(counted_funds(rules))
    )
    credited: QuerySet[Any] = _credited(found, by, user)
    return credited


def _credited(facts: Any, by: str, user: User | None) -> Any:
    """Facts with what each credits to whom, and for a park's person that park's part only."""
    if by not in DIMENSIONS:
        raise KeyError(by)
    only = None if user is None or user.is_county_wide else user.park_id
    percent = FixedPointField(places=2)
    if by == "park" or only is not None:
        facts = facts.annotate(
            credit_park=Coalesce("shares__park_id", "park_id", output_field=BigIntegerField()),
            part=Coalesce("shares__percent", Value(WHOLE, output_field=percent)),
            money=Coalesce("shares__amount", "amount"),
        )
    else:
        facts = facts.annotate(part=Value(WHOLE, output_field=percent), money=F("amount"))
    if only is not None:
        facts = facts.filter(credit_park=only)
    return facts.annotate(credit=F("credit_park" if by == "park" else f"{by}_id"))


def signed_not_started(
    window: Window, *, by: str = "park", user: User | None = None
) -> QuerySet[Any]:
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


def under_way(window: Window, *, by: str = "park", user: User | None = None) -> QuerySet[Any]:
    """Groundbreakings of projects under construction in the year: begun by D, neither
    producing before 1 January of Y nor terminated by D; an expansion's own are not counted."""
    produced = Milestone.objects.effective(window.known_at).filter(
        project=OuterRef("project"),
        kind=MilestoneKind.PRODUCTION,
        expansion__isnull=True,
        occurred_on__lt=window.since,
    )
    return (
        milestones_of(window, by=by, user=user, since=dt.date.min)
        .filter(UNDER_WAY["under_way_projects"].select(window))
        .filter(~Exists(produced))
        .exclude(project__in=terminated(window))
    )
