"""The roll-up once more, naively: plain Python over plain records, for comparison.

Written from docs/domain.md, chapter 4, and from nothing in ``pipeline.rollups``. It knows
no database: a :class:`World` is a list of what happened, with the instants since when it is
known, and every figure is a loop. Money is counted in whole fen and shares in hundredths of
a percent, so that nothing is rounded anywhere.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

WHOLE = 10_000  # hundredths of a percent


@dataclass
class Fact:
    """A milestone or a receipt, as it was verified, with what it is grouped by."""

    project: int
    kind: str
    contract: str
    on: dt.date
    fen: int
    verified_at: dt.datetime
    park: str | None
    channel: str | None
    industry: str | None
    officer: str | None
    social: bool = True
    local: bool = False
    shares: tuple[tuple[str, int, int], ...] = ()  # (park, hundredths of a percent, fen)
    of_expansion: bool = False
    revoked_at: dt.datetime | None = None
    id: Any = None

    def effective(self, known_at: dt.datetime) -> bool:
        if self.verified_at > known_at:
            return False
        return self.revoked_at is None or self.revoked_at > known_at

    def credits(self, by: str) -> Iterator[tuple[str | None, int, int]]:
        """(key, hundredths of a percent, fen) of each who is credited."""
        if by == "park" and self.shares:
            yield from self.shares
        else:
            yield getattr(self, by), WHOLE, self.fen


@dataclass
class Status:
    project: int
    status: str
    on: dt.date
    recorded_at: dt.datetime


@dataclass
class Rules:
    """What a county counts, from ``recorded_at`` on."""

    recorded_at: dt.datetime
    exclude_terminated: bool = False
    minimum_fen: int = 0
    exclude_policy_funded: bool = False
    exclude_real_estate: bool = False
    exclude_local_investors: bool = False


@dataclass
class World:
    milestones: list[Fact] = field(default_factory=list)
    receipts: list[Fact] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    rules: list[Rules] = field(default_factory=list)

    def rules_at(self, known_at: dt.datetime) -> Rules:
        found = Rules(known_at)
        for rules in self.rules:  # in the order in which they were recorded
            if rules.recorded_at <= known_at:
                found = rules
        return found

    def terminated(self, project: int, by: dt.date, known_at: dt.datetime) -> bool:
        """Whether the project stood terminated at the end of a day, as known at an instant."""
        last: Status | None = None
        for status in self.statuses:
            if status.project != project or status.on > by or status.recorded_at > known_at:
                continue
            if last is None or (status.on, status.recorded_at) >= (last.on, last.recorded_at):
                last = status
        return last is not None and last.status == "terminated"

    def counts(self, fact: Fact, rules: Rules, as_of: dt.date, known_at: dt.datetime) -> bool:
        """What the county's settings leave to count."""
        if rules.exclude_policy_funded and not fact.social:
            return False
        if rules.exclude_real_estate and fact.industry == "70":
            return False
        if rules.exclude_local_investors and fact.local:
            return False
        if fact.kind == "funds":
            return True
        if rules.minimum_fen and fact.fen < rules.minimum_fen:
            return False
        return not (rules.exclude_terminated and self.terminated(fact.project, as_of, known_at))


FIGURES = (
    "signed_projects",
    "signed_amount_yuan",
    "started_same_year",
    "groundbreakings",
    "productions",
    "framework_agreements",
    "funds_received_yuan",
    "funds_last_year_yuan",
    "signed_not_started",
)
Sums = dict[str | None, dict[str, Fraction]]


def same_day_a_year_before(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return dt.date(day.year - 1, 2, 28)


def rollup(
    world: World, year: int, as_of: dt.date, known_at: dt.datetime, by: str = "park"
) -> Sums:
    """Each figure of each park (channel, industry, officer): counts in projects, money in yuan."""
    first, last = dt.date(year, 1, 1), min(as_of, dt.date(year, 12, 31))
    rules = world.rules_at(known_at)
    sums: Sums = defaultdict(lambda: dict.fromkeys(FIGURES, Fraction(0)))
    known = [m for m in world.milestones if m.effective(known_at)]

    def starts(project: int) -> list[dt.date]:
        return [
            m.on
            for m in known
            if m.project == project and m.kind == "groundbreaking" and not m.of_expansion
        ]

    def count(figure: str, fact: Fact) -> None:
        for key, hundredths, _fen in fact.credits(by):
            sums[key][figure] += Fraction(hundredths, WHOLE)

    def money(figure: str, fact: Fact) -> None:
        for key, _hundredths, fen in fact.credits(by):
            sums[key][figure] += Fraction(fen, 100)

    for m in known:
        if not world.counts(m, rules, as_of, known_at):
            continue
        formal = m.kind == "signing" and m.contract == "formal"
        if first <= m.on <= last:
            if formal:
                count("signed_projects", m)
            if formal or (m.kind == "signing" and m.contract == "expansion"):
                money("signed_amount_yuan", m)
            if formal and any(first <= day <= last for day in starts(m.project)):
                count("started_same_year", m)
            if m.kind == "groundbreaking":
                count("groundbreakings", m)
            if m.kind == "production":
                count("productions", m)
            if m.kind == "signing" and m.contract == "framework":
                count("framework_agreements", m)
        waiting = formal and m.on <= as_of and not any(d <= as_of for d in starts(m.project))
        if waiting and not world.terminated(m.project, as_of, known_at):
            count("signed_not_started", m)
    for receipt in world.receipts:
        if receipt.effective(known_at) and world.counts(receipt, rules, as_of, known_at):
            if first <= receipt.on <= last:
                money("funds_received_yuan", receipt)
            before = same_day_a_year_before(first), same_day_a_year_before(last)
            if before[0] <= receipt.on <= before[1]:
                money("funds_last_year_yuan", receipt)
    return dict(sums)


def total(sums: Sums) -> dict[str, Fraction]:
    return {figure: sum((row[figure] for row in sums.values()), Fraction(0)) for figure in FIGURES}
