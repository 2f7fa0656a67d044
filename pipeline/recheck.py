"""The roll-up counted once more, the slow way, to be held against ``pipeline.rollups``.

A roll-up sums by predicates in SQL. What is counted here shares none of them: rows are read
as they lie in their tables, project by project, and every rule of docs/domain.md, chapter 4,
is a condition in Python. Money is counted in whole fen, shares in hundredths of a percent.
Two ways that share nothing and agree each night are a reason to believe both.

Memory does not grow with the county: all that decides on a fact is of the same project, so
projects are read in runs of ``PROJECTS_AT_ONCE``, and only sums are kept.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from crm.models import Industry
from pipeline.models import (
    CountySettings,
    FundsReceipt,
    FundsShare,
    Milestone,
    MilestoneShare,
    Project,
    StatusChange,
)

PROJECTS_AT_ONCE = 5_000
HUNDRED = 10_000  # hundredths of a percent
COUNTED = (
    "signed_projects",
    "started_same_year",
    "groundbreakings",
    "productions",
    "framework_agreements",
    "signed_not_started",
)
SUMMED = ("signed_amount_yuan", "funds_received_yuan", "funds_last_year_yuan")
FIGURES = (*COUNTED, *SUMMED)

Key = int | None
Sums = dict[Key, dict[str, int]]
"""By whom a fact is credited to: hundredths of a percent of projects, and fen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted: a year to a day, as known at an instant, by park, channel, …"""

    year: int
    as_of: dt.date
    known_at: dt.datetime
    by: str = "park"


@dataclass(frozen=True, slots=True)
class Fact:
    """A milestone or a receipt as it lies in its table."""

    id: int
    project: int
    kind: str
    contract: str
    is_of_expansion: bool
    on: dt.date
    fen: int | None
    verified_at: dt.datetime | None
    revoked_at: dt.datetime | None
    credited: dict[str, Key]
    fund_source: str
    is_local: bool
    shares: list[tuple[int, int, int]] = field(default_factory=list)

    def is_known(self, known_at: dt.datetime) -> bool:
        """Whether it was verified by then, and not revoked."""
        if self.verified_at is None or self.verified_at > known_at:
            return False
        return self.revoked_at is None or self.revoked_at > known_at

    def credits(self, by: str) -> Iterator[tuple[Key, int, int]]:
        """(whom, hundredths of a percent, fen) for each who is credited."""
        if by == "park" and self.shares:
            yield from self.shares
        else:
            yield self.credited[by], HUNDRED, self.fen or 0


@dataclass(slots=True)
class Story:
    """All of one project that decides on its figures."""

    milestones: list[Fact] = field(default_factory=list)
    receipts: list[Fact] = field(default_factory=list)
    # (day, recorded, id, status)
    statuses: list[tuple[dt.date, dt.datetime, int, str]] = field(default_factory=list)

    def starts(self, known_at: dt.datetime) -> list[dt.date]:
        """The days of its own groundbreakings, not of its expansions'."""
        return [
            fact.on
            for fact in self.milestones
            if fact.kind == "groundbreaking"
            and not fact.is_of_expansion
            and fact.is_known(known_at)
        ]

    def is_terminated(self, by: dt.date, known_at: dt.datetime) -> bool:
        """Whether it stood terminated at the end of a day, as known at an instant."""
        told = [said for said in self.statuses if said[0] <= by and said[1] <= known_at]
        return bool(told) and max(told)[3] == "terminated"


def count(asked: Sequence[Asked], *, step: Callable[[int], None] = lambda done: None) -> list[Sums]:
    """The figures of each that is asked for, in one reading of all projects.

    ``step`` is called with the number of projects read so far.
    """
    rules = [_rules(one.known_at) for one in asked]
    estate = dict(Industry._base_manager.values_list("code", "pk")).get("70")
    sums: list[Sums] = [defaultdict(lambda: dict.fromkeys(FIGURES, 0)) for _one in asked]
    done = 0
    for stories in _stories():
        for one, rule, found in zip(asked, rules, sums, strict=True):
            for story in stories.values():
                _add(story, one, rule, estate, found)
        done += len(stories)
        step(done)
    return [dict(found) for found in sums]


def _add(story: Story, asked: Asked, rules: dict[str, Any], estate: Key, sums: Sums) -> None:
    """What one project adds to the figures."""
    first = dt.date(asked.year, 1, 1)
    last = min(asked.as_of, dt.date(asked.year, 12, 31))
    starts = story.starts(asked.known_at)
    terminated = story.is_terminated(asked.as_of, asked.known_at)

    def add(figure: str, fact: Fact) -> None:
        for key, hundredths, fen in fact.credits(asked.by):
            sums[key][figure] += hundredths if figure in COUNTED else fen

    for fact in story.milestones:
        if not fact.is_known(asked.known_at) or not _counts(fact, rules, estate):
            continue
        if rules["minimum_fen"] and (fact.fen is None or fact.fen < rules["minimum_fen"]):
            continue
        if rules["exclude_terminated"] and terminated:
            continue
        is_formal = fact.kind == "signing" and fact.contract == "formal"
        if first <= fact.on <= last:
            if is_formal:
                add("signed_projects", fact)
                if any(first <= day <= last for day in starts):
                    add("started_same_year", fact)
            if fact.kind == "signing" and fact.contract in ("formal", "expansion"):
                add("signed_amount_yuan", fact)
            if fact.kind == "signing" and fact.contract == "framework":
                add("framework_agreements", fact)
            if fact.kind == "groundbreaking":
                add("groundbreakings", fact)
            if fact.kind == "production":
                add("productions", fact)
        has_started = any(day <= asked.as_of for day in starts)
        if is_formal and fact.on <= asked.as_of and not has_started and not terminated:
            add("signed_not_started", fact)
    then = _a_year_before(first), _a_year_before(last)
    for fact in story.receipts:
        if fact.is_known(asked.known_at) and _counts(fact, rules, estate):
            if first <= fact.on <= last:
                add("funds_received_yuan", fact)
            if then[0] <= fact.on <= then[1]:
                add("funds_last_year_yuan", fact)


def _counts(fact: Fact, rules: dict[str, Any], estate: Key) -> bool:
    """What the county's settings leave to count, of milestones and receipts alike."""
    if rules["exclude_policy_funded"] and fact.fund_source != "social":
        return False
    is_estate = estate is not None and fact.credited["industry"] == estate
    if rules["exclude_real_estate"] and is_estate:
        return False
    return not (rules["exclude_local_investors"] and fact.is_local)


def _a_year_before(day: dt.date) -> dt.date:
    if (day.month, day.day) == (2, 29):
        return dt.date(day.year - 1, 2, 28)
    return dt.date(day.year - 1, day.month, day.day)


# --- Reading ------------------------------------------------------------------------------
RULES = (
    "exclude_terminated",
    "exclude_policy_funded",
    "exclude_real_estate",
    "exclude_local_investors",
)


def _rules(known_at: dt.datetime) -> dict[str, Any]:
    """The settings in force at an instant: the last recorded by then."""
    found: dict[str, Any] = {**dict.fromkeys(RULES, False), "minimum_fen": 0}
    told = ("recorded_at", "pk", "minimum_investment", *RULES)
    versions = CountySettings._base_manager.values_list(*told)
    for recorded_at, _pk, minimum, *said in sorted(versions, key=lambda row: row[:2]):
        if recorded_at <= known_at:
            found = {**dict(zip(RULES, said, strict=True)), "minimum_fen": _fen(minimum) or 0}
    return found


def _stories() -> Iterator[dict[int, Story]]:
    """Every project's story, in runs of projects."""
    ids, last = Project._base_manager.order_by("pk").values_list("pk", flat=True), 0
    while run := list(ids.filter(pk__gt=last)[:PROJECTS_AT_ONCE]):
        last = run[-1]
        yield _read(run[0], last)


DIMENSIONS = ("park_id", "channel_id", "industry_id", "officer_id")
OF_ANY = ("pk", "project_id", "amount", "verified_at", "fund_source", "local_investor", *DIMENSIONS)


def _read(first: int, last: int) -> dict[int, Story]:
    """The stories of the projects whose id lies between two, both included."""
    stories: dict[int, Story] = defaultdict(Story)
    of_run = {"project_id__gte": first, "project_id__lte": last}
    own = ("kind", "contract_kind", "expansion_id", "occurred_on", "revoked_at")
    facts = {}
    for row in Milestone._base_manager.filter(**of_run).values_list(*OF_ANY, *own):
        facts[row[0]] = fact = _fact(row[:10], *row[10:])
        stories[fact.project].milestones.append(fact)
    _share(MilestoneShare, "milestone", of_run, facts)
    facts = {}
    for row in FundsReceipt._base_manager.filter(**of_run).values_list(*OF_ANY, "received_on"):
        facts[row[0]] = fact = _fact(row[:10], "funds", "", None, row[10], None)
        stories[fact.project].receipts.append(fact)
    _share(FundsShare, "receipt", of_run, facts)
    told = ("project_id", "occurred_on", "recorded_at", "pk", "status")
    for project, *said in StatusChange._base_manager.filter(**of_run).values_list(*told):
        stories[project].statuses.append(tuple(said))
    return stories


def _fact(
    row: Sequence[Any],
    kind: str,
    contract: str,
    expansion: int | None,
    on: dt.date,
    revoked_at: dt.datetime | None,
) -> Fact:
    pk, project, amount, verified_at, fund_source, is_local, *credited = row
    return Fact(
        id=pk,
        project=project,
        kind=kind,
        contract=contract,
        is_of_expansion=expansion is not None,
        on=on,
        fen=_fen(amount),
        verified_at=verified_at,
        revoked_at=revoked_at,
        credited=dict(zip(("park", "channel", "industry", "officer"), credited, strict=True)),
        fund_source=fund_source,
        is_local=is_local,
    )


def _share(model: Any, fact: str, of_run: dict[str, int], facts: dict[int, Fact]) -> None:
    of_fact = {f"{fact}__{name}": value for name, value in of_run.items()}
    rows = model._base_manager.filter(**of_fact)
    for pk, park, percent, amount in rows.values_list(f"{fact}_id", "park_id", "percent", "amount"):
        facts[pk].shares.append((park, int(percent * 100), _fen(amount) or 0))


def _fen(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int(yuan * 100)
