"""What the forecast rests on, read from the facts: signings, starts and contacts by park.

Every signing, contact and ending is taken as known at the window's instant, by the same
predicates as the figures (``pipeline.figures``): what the county's settings leave out of the
figures is left out here. Five queries whatever the data, over the last years only.

Two things are taken as they stand now, since no earlier state of them is kept: the agreed
investment of a project in contact, and whether it is an expansion.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from pipeline.figures import WHOLE, Window, milestones_of
from pipeline.forecast import Moment, Open, Park, Signing
from pipeline.hazards import Spell, month_of
from pipeline.models import CountySettings, Milestone, StatusChange
from pipeline.stages import ContractKind, MilestoneKind, Status

YEARS = 5
"""Signings and contacts of so many years before the as-of day are read."""
ENDED = frozenset({Status.TERMINATED.value, Status.LOST.value})
CONTACT = Q(kind=MilestoneKind.CONTACT) | Q(contract_kind=ContractKind.FRAMEWORK)
FORMAL = Q(contract_kind=ContractKind.FORMAL)
STARTED = Q(kind=MilestoneKind.GROUNDBREAKING, expansion__isnull=True)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A project signed this year that has not started: its park, the month, how much counts."""

    project: int
    park: int | None
    month: int
    weight: float


@dataclass(frozen=True, slots=True)
class History:
    """All that :func:`pipeline.forecast.forecast` asks for, and who waits to start.

    ``expanded`` is what expansions signed this year add to a park's amount (yuan): certain
    already, and no project of its own.
    """

    moment: Moment
    parks: dict[int | None, Park]
    waiting: Sequence[Waiting] = ()
    expanded: dict[int | None, Decimal] = field(default_factory=dict)


def history(window: Window) -> History:
    """The county's history as of the window's day and instant, by park; five queries."""
    rules = CountySettings.objects.known_at(window.known_at)
    moment = moment_of(window.as_of)
    halted, ended = _endings(window)
    passed = _passed(window)
    signings: defaultdict[int | None, list[Signing]] = defaultdict(list)
    expanded: defaultdict[int | None, Decimal] = defaultdict(Decimal)
    waiting: list[Waiting] = []
    counted: set[int] = set()
    rows = milestones_of(window, rules=rules, since=_since(window)).filter(
        FORMAL | Q(contract_kind=ContractKind.EXPANSION, occurred_on__gte=window.since)
    )
    for project, park, kind, day, part, money in rows.order_by("occurred_on", "pk").values_list(
        "project_id", "credit", "contract_kind", "occurred_on", "part", "money"
    ):
        if kind == ContractKind.EXPANSION:
            expanded[park] += money
            continue
        month, weight = month_of(day), float(part / WHOLE)
        counted.add(project)
        started = passed.started.get(project)
        signing = Signing(
            month=month,
            amount=float(money) / weight,
            contacted=passed.contacted.get(project),
            started=None if started is None else max(started, month),
            ended=ended.get(project),
            weight=weight,
        )
        signings[park].append(signing)
        if month >= moment.first and signing.started is None and signing.ended is None:
            waiting.append(Waiting(project, park, month, weight))
    contacts, in_contact = _contacts(window, rules, counted, passed, halted)
    return History(
        moment,
        {
            park: Park(signings[park], in_contact[park], contacts[park])
            for park in {*signings, *contacts, *in_contact}
        },
        waiting,
        dict(expanded),
    )


def moment_of(day: dt.date) -> Moment:
    """The as-of day as the forecast sees it: nothing is left of a month on its last day."""
    last = calendar.monthrange(day.year, day.month)[1]
    return Moment(month_of(day), (last - day.day) / last)


def _since(window: Window) -> dt.date:
    return window.as_of.replace(year=window.as_of.year - YEARS, day=1)


def _endings(window: Window) -> tuple[dict[int, int], dict[int, int]]:
    """The month of each project that is not active now, and of those that are over."""
    rows = StatusChange.objects.filter(
        occurred_on__lte=window.as_of, recorded_at__lte=window.known_at
    ).order_by("occurred_on", "recorded_at", "id")
    last = {
        project: (status, day)
        for project, status, day in rows.values_list("project_id", "status", "occurred_on")
    }
    return (
        {p: month_of(day) for p, (status, day) in last.items() if status != Status.ACTIVE},
        {p: month_of(day) for p, (status, day) in last.items() if status in ENDED},
    )


@dataclass(frozen=True, slots=True)
class _Passed:
    """The month in which each project was first in contact, signed, and started."""

    contacted: dict[int, int] = field(default_factory=dict)
    signed: dict[int, int] = field(default_factory=dict)
    started: dict[int, int] = field(default_factory=dict)


def _passed(window: Window) -> _Passed:
    found = _Passed()
    rows = (
        Milestone.objects.effective(window.known_at)
        .happened(_since(window), window.as_of)
        .filter(CONTACT | FORMAL | STARTED)
        .order_by("-occurred_on")
    )
    for project, kind, contract, day in rows.values_list(
        "project_id", "kind", "contract_kind", "occurred_on"
    ):
        if kind == MilestoneKind.GROUNDBREAKING:
            found.started[project] = month_of(day)
        elif contract == ContractKind.FORMAL:
            found.signed[project] = month_of(day)
        else:
            found.contacted[project] = month_of(day)
    return found


def _contacts(
    window: Window,
    rules: CountySettings,
    counted: Iterable[int],
    passed: _Passed,
    halted: dict[int, int],
) -> tuple[defaultdict[int | None, list[Spell]], defaultdict[int | None, list[Open]]]:
    """Spells in contact of any outcome, and the projects in contact, by park.

    A contact that two parks share stands with the one of the larger share. One that ended
    in a contract which does not count was left without it.
    """
    spells: defaultdict[int | None, list[Spell]] = defaultdict(list)
    in_contact: defaultdict[int | None, list[Open]] = defaultdict(list)
    counted, seen = frozenset(counted), set()
    # A contact has no amount yet: the least investment is held against the project's own.
    any_amount = copy(rules)
    any_amount.minimum_investment = Decimal(0)
    rows = (
        milestones_of(window, rules=any_amount, since=_since(window))
        .filter(CONTACT, project__is_expansion=False, project__withdrawn_at__isnull=True)
        .order_by("-part", "occurred_on", "pk")
        .values_list("project_id", "credit", "project__agreed_investment")
    )
    for project, park, amount in rows:
        if project in seen:
            continue
        seen.add(project)
        began = passed.contacted[project]
        signed = passed.signed.get(project, passed.started.get(project))
        over = max(signed, began) if signed is not None else None
        left = halted.get(project)
        if over is not None and project in counted:
            spells[park].append(Spell(began, over))
            continue
        if over is None and left is None and _may_count(amount, rules):
            in_contact[park].append(Open(began, float(amount) if amount else None))
        left = over if over is not None else left
        spells[park].append(Spell(began, left=None if left is None else max(left, began)))
    return spells, in_contact


def _may_count(amount: Decimal | None, rules: CountySettings) -> bool:
    return amount is None or not rules.minimum_investment or amount >= rules.minimum_investment
