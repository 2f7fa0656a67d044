"""Histories drawn at random, told twice: to the verbs, and to the naive reference.

A :class:`Story` carries out steps on three parks' projects through the real verbs. What a
verb refuses happens in neither world; what it does is written into the reference's
:class:`~tests.pipeline.reference.World` by rules of this module's own: which park a day
belongs to, how an amount is divided, which day a month is kept as.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from crm.models import Organization, Role
from crm.refusals import Refused
from pipeline import attribution, funds, milestones, statuses
from pipeline.models import CountySettings, Milestone, Project
from tests import factories as make
from tests.pipeline.reference import Fact, Rules, Status, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
BEGINNING = dt.datetime(2025, 2, 10, 9, tzinfo=SHANGHAI)
PARKS = ("rare-metals", "auto-materials", "modern-agriculture")
CHANNELS = ("by-business", "by-chamber")
INDUSTRIES = ("32", "70")
# Up to 10^15 yuan: 40 of them still fit the 92 quadrillion that a sum holds on SQLite.
AMOUNTS = (1, 3, 99_999_999, 100_000_000_01, 2_000_000_000_000, 10**17 - 1)
SHARES: tuple[tuple[int, ...], ...] = ((5000, 5000), (3333, 3333, 3334), (9999, 1), (10000,))
DAYS = (
    *(dt.date(2022, 12, 31), dt.date(2023, 1, 1), dt.date(2023, 2, 28), dt.date(2023, 12, 31)),
    *(dt.date(2024, 1, 1), dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)),
    *(dt.date(2024, 6, 30), dt.date(2024, 7, 1), dt.date(2024, 12, 31), dt.date(2025, 1, 1)),
    *(dt.date(2025, 2, 28), dt.date(2025, 3, 1), dt.date(2025, 12, 31), dt.date(2026, 1, 1)),
)
days = st.one_of(
    st.sampled_from(DAYS), st.dates(min_value=dt.date(2022, 11, 1), max_value=dt.date(2026, 3, 31))
)
waits = st.sampled_from(
    ["none", "none", "microsecond", "second", "hour", "end of day", "midnight", "utc", "weeks"]
)
numbers = st.integers(min_value=0, max_value=999)
KINDS = (
    ("contact", ""),
    ("signing", "framework"),
    ("signing", "formal"),
    ("signing", "formal"),
    ("signing", "expansion"),
    ("groundbreaking", ""),
    ("groundbreaking", ""),
    ("groundbreaking", "of expansion"),
    ("production", ""),
)
ACTS = (
    *["claim"] * 9,
    *["verify"] * 9,
    "return",
    "revoke",
    "revoke",
    "correct",
    "correct",
    "transfer",
    "transfer",
    "status",
    "status",
    "receive",
    "receive",
    "verify receipt",
    "verify receipt",
    "settings",
    "edit",
)


@dataclass(frozen=True)
class Step:
    """One step of a history; the numbers choose among what there is to choose from."""

    act: str
    wait: str
    on: dt.date
    a: int
    b: int
    c: int
    month: bool


steps = st.builds(
    Step,
    act=st.sampled_from(ACTS),
    wait=waits,
    on=days,
    a=numbers,
    b=numbers,
    c=numbers,
    month=st.sampled_from([False, False, False, True]),
)


def pick(choices: Sequence[Any], number: int) -> Any:
    return choices[number % len(choices)]


@dataclass
class Mirror:
    """A project as the reference sees it."""

    row: Project
    park: str | None
    channel: str | None
    industry: str | None
    officer: str
    social: bool = True
    local: bool = False
    is_expansion: bool = False
    places: list[tuple[dt.date, str | None, tuple[tuple[str, int], ...]]] = field(
        default_factory=list
    )

    def place(self, on: dt.date) -> tuple[str | None, tuple[tuple[str, int], ...]]:
        """The park and shares of a day: the latest transfer by then, the last told of a day."""
        held = (self.park, ())
        best: dt.date | None = None
        for since, park, shares in self.places:
            if since <= on and (best is None or since >= best):
                best, held = since, (park, shares)
        return held


def divide(fen: int, shares: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int, int], ...]:
    """To each its part, cut to the fen; what is left, one fen each to who lost most."""
    sign, fen = (-1, -fen) if fen < 0 else (1, fen)
    parts = [fen * percent // 10_000 for _park, percent in shares]
    lost = [fen * percent % 10_000 for _park, percent in shares]
    for i in sorted(range(len(shares)), key=lambda i: (-lost[i], i))[: fen - sum(parts)]:
        parts[i] += 1
    return tuple(
        (park, percent, sign * part) for (park, percent), part in zip(shares, parts, strict=True)
    )


class Story:
    """Both worlds, and the clock that both go by."""

    def __init__(self) -> None:
        self.at = BEGINNING
        self.world = World()
        self.done: Counter[str] = Counter()
        self.instants: list[dt.datetime] = [self.at]
        parks = {slug: make.ParkFactory(slug=slug) for slug in PARKS}
        self.parks = parks
        self.channels = {code: make.ChannelFactory(code=code) for code in CHANNELS}
        self.industries = {code: make.IndustryFactory(code=code) for code in INDUSTRIES}
        self.managers = [
            make.UserFactory(username=f"manager-{slug}", manager=True, park=park)
            for slug, park in parks.items()
        ]
        self.verifiers = [
            make.UserFactory(username=f"verifier-{n}", verifier=True) for n in range(2)
        ]
        self.leader = make.UserFactory(username="leader", role=Role.LEADER)
        self.projects = [self._project(n) for n in range(5)]
        self.open: list[tuple[int, Milestone, Fact]] = []
        self.facts: dict[int, Fact] = {}
        self.unverified: list[tuple[Any, Fact]] = []

    def _project(self, n: int) -> Mirror:
        park = (*PARKS, None, PARKS[0])[n]
        channel, industry = pick((*CHANNELS, None), n), pick((*INDUSTRIES, "32"), n)
        officer = pick(self.managers, n)
        row = make.ProjectFactory(
            park=self.parks.get(park or ""),
            is_county_level=park is None,
            channel=self.channels.get(channel or ""),
            industry=self.industries[industry],
            officer=officer,
            is_expansion=n == 4,
        )
        return Mirror(row, park, channel, industry, officer.username, is_expansion=n == 4)

    def open_with(self, days: Sequence[dt.date]) -> None:
        """What chance seldom brings about: contracts, one for each day, every other one
        expanded, with a start of the expansion alone; and money around a leap day."""
        for index, day in enumerate(days):
            kinds = [("signing", "formal")]
            if index % 2 == 0:
                kinds += [("signing", "expansion"), ("groundbreaking", "of expansion")]
            for kind in kinds:
                self.tell(Step("claim", "hour", day, index, KINDS.index(kind), index, False))
                self.tell(Step("verify", "hour", day, 0, 0, 0, False))
        for day in (dt.date(2023, 2, 28), dt.date(2024, 2, 29)) if days else ():
            self.tell(Step("receive", "hour", day, 0, 3, 1, False))
            self.tell(Step("verify receipt", "hour", day, 0, 0, 0, False))

    # -- steps ------------------------------------------------------------------------

    def tell(self, step: Step) -> None:
        """One step; a refusal is no step."""
        self.at = _later(self.at, step.wait)
        self.instants.append(self.at)
        try:
            getattr(self, "_" + step.act.replace(" ", "_"))(step)
        except Refused:
            self.done["refused"] += 1
        else:
            self.done[step.act] += 1

    def _day(self, step: Step) -> tuple[dt.date, str]:
        """The day of a step as it is kept: of a month its last, or today while it runs."""
        today = self.at.astimezone(SHANGHAI).date()
        if not step.month:
            return step.on, "day"
        if (step.on.year, step.on.month) == (today.year, today.month):
            return today, "month"
        last = calendar.monthrange(step.on.year, step.on.month)[1]
        return step.on.replace(day=last), "month"

    def _claim(self, step: Step) -> None:
        index = step.a % len(self.projects)
        mirror = self.projects[index]
        kind, contract = pick(KINDS, step.b)
        expansion = None
        if contract == "of expansion":
            contract = ""
            theirs = [
                pk
                for pk, f in self.facts.items()
                if f.contract == "expansion"
                and f.project == index
                and f.revoked_at is None
                and not mirror.is_expansion
            ]
            if not theirs:
                return
            expansion = Milestone.objects.get(pk=pick(theirs, step.c))
        fen = pick(AMOUNTS, step.c)
        on, precision = self._day(step)
        claimed = milestones.claim(
            mirror.row,
            kind=kind,
            contract_kind=contract,
            occurred_on=step.on,
            precision=precision,
            amount=Decimal(fen).scaleb(-2) if kind == "signing" else None,
            expansion=expansion,
            by=mirror.row.officer,
            at=self.at,
            override_reason="历史遗留",
        )
        fact = self._fact(index, kind, contract, on, fen if kind == "signing" else 0)
        self.open.append((index, claimed, replace(fact, of_expansion=expansion is not None)))

    def _fact(self, index: int, kind: str, contract: str, on: dt.date, fen: int) -> Fact:
        return Fact(index, kind, contract, on, fen, self.at, None, None, None, None)

    def _verify(self, step: Step) -> None:
        if not self.open:
            return
        index, claimed, fact = pick(self.open, step.a)
        by = next(v for v in self.verifiers if v.pk != claimed.claimed_by_id)
        milestones.verify(claimed, by=by, at=self.at)
        self.open = [entry for entry in self.open if entry[1].pk != claimed.pk]
        if fact.contract == "formal":  # takes the place of a framework agreement
            for other in self.facts.values():
                if other.project == index and other.contract == "framework":
                    other.revoked_at = other.revoked_at or self.at
        fen = fact.fen or self._carried_out(index, claimed)
        fact = self._placed(replace(fact, fen=fen))
        self.facts[claimed.pk] = fact
        self.world.milestones.append(fact)

    def _carried_out(self, index: int, claimed: Milestone) -> int:
        """The amount of the contract that a groundbreaking or production carries out."""
        if claimed.expansion_id:
            return self.facts[claimed.expansion_id].fen
        counted = "expansion" if self.projects[index].is_expansion else "formal"
        standing = [f for f in self.facts.values() if f.project == index and not f.revoked_at]
        contracts = sorted(
            (f for f in standing if f.contract == counted),
            key=lambda f: f.on,
        )
        starts = [f for f in standing if f.kind == "groundbreaking" and not f.of_expansion]
        return next((f.fen for f in [*contracts, *starts]), 0)

    def _placed(self, fact: Fact) -> Fact:
        mirror = self.projects[fact.project]
        park, shares = mirror.place(fact.on)
        return replace(
            fact,
            verified_at=self.at,
            park=park,
            channel=mirror.channel,
            industry=mirror.industry,
            officer=mirror.officer,
            social=mirror.social,
            local=mirror.local,
            shares=divide(fact.fen, shares),
        )

    def _return(self, step: Step) -> None:
        if not self.open:
            return
        _index, claimed, _fact = pick(self.open, step.a)
        milestones.return_(claimed, reason="材料不全", by=self.verifiers[0], at=self.at)
        self.open = [entry for entry in self.open if entry[1].pk != claimed.pk]

    def _effective(self) -> list[int]:
        return [pk for pk, fact in self.facts.items() if fact.revoked_at is None]

    def _revoke(self, step: Step) -> None:
        if not self._effective():
            return
        pk = pick(self._effective(), step.a)
        milestone = Milestone.objects.get(pk=pk)
        milestones.revoke(milestone, reason="查实有误", by=pick(self.verifiers, step.b), at=self.at)
        self.facts[pk].revoked_at = self.at

    def _correct(self, step: Step) -> None:
        if not self._effective():
            return
        pk = pick(self._effective(), step.a)
        old = self.facts[pk]
        milestone = Milestone.objects.get(pk=pk)
        on, precision = self._day(step)
        changes: dict[str, Any] = {"occurred_on": step.on, "precision": precision}
        fen = old.fen
        if old.kind == "signing" and step.b % 2:
            fen = pick(AMOUNTS, step.c)
            changes = {"amount": Decimal(fen).scaleb(-2)}
            on = old.on
        elif (step.on, precision) == (milestone.occurred_on, milestone.precision):
            on = old.on
        by = pick(self.verifiers, step.b)
        new = milestones.correct(milestone, reason="写错", by=by, at=self.at, **changes)
        old.revoked_at = self.at
        fact = self._fact(old.project, old.kind, old.contract, on, fen)
        if old.kind != "signing":
            fact.fen = 0
        fact.of_expansion = old.of_expansion
        self.open.append((old.project, new, fact))

    def _transfer(self, step: Step) -> None:
        mirror = pick(self.projects, step.a)
        to = pick((*PARKS, None), step.b)
        percents = pick((None, *SHARES), step.c)
        shares = tuple(zip(PARKS, percents, strict=False)) if percents else ()
        attribution.transfer(
            mirror.row,
            to=self.parks.get(to or ""),
            on=step.on,
            reason="项目流转",
            by=self.leader,
            at=self.at,
            shares={self.parks[slug]: Decimal(p).scaleb(-2) for slug, p in shares},
        )
        # Shares are divided in the order of their size, equal ones in the order of the parks.
        ordered = tuple(sorted(shares, key=lambda s: (-s[1], self.parks[s[0]].pk)))
        mirror.places.append((step.on, to, ordered))
        mirror.row.refresh_from_db()

    def _status(self, step: Step) -> None:
        index = step.a % len(self.projects)
        mirror = self.projects[index]
        to = pick(("terminated", "active", "suspended"), step.b)
        statuses.change(
            mirror.row,
            to=to,
            on=step.on,
            reason="情况变化",
            by=mirror.row.officer,
            approved_by=self.leader,
            at=self.at,
        )
        self.world.statuses.append(Status(index, to, step.on, self.at))

    def _receive(self, step: Step) -> None:
        index = step.a % len(self.projects)
        mirror = self.projects[index]
        fen = pick(AMOUNTS, step.b) * (-1 if step.c % 3 == 0 else 1)
        on, precision = self._day(step)
        receipt = funds.record(
            mirror.row,
            amount=Decimal(fen).scaleb(-2),
            received_on=step.on,
            precision=precision,
            document=make.DocumentFactory(project=mirror.row, uploaded_by=mirror.row.officer),
            by=mirror.row.officer,
            at=self.at,
        )
        self.unverified.append((receipt, self._fact(index, "funds", "", on, fen)))

    def _verify_receipt(self, step: Step) -> None:
        if not self.unverified:
            return
        entry = pick(self.unverified, step.a)
        funds.verify(entry[0], by=pick(self.verifiers, step.b), at=self.at)
        self.unverified = [other for other in self.unverified if other[0].pk != entry[0].pk]
        self.world.receipts.append(self._placed(entry[1]))

    def _settings(self, step: Step) -> None:
        minimum = pick((0, 0, 100, 2_000_000_000_000), step.a)
        rules = Rules(
            self.at,
            exclude_terminated=step.b % 3 == 0,
            minimum_fen=minimum,
            exclude_policy_funded=step.c % 5 == 0,
            exclude_real_estate=step.c % 5 == 1,
            exclude_local_investors=step.c % 5 == 2,
        )
        CountySettings.objects.create(
            recorded_at=self.at,
            exclude_terminated=rules.exclude_terminated,
            minimum_investment=Decimal(minimum).scaleb(-2),
            exclude_policy_funded=rules.exclude_policy_funded,
            exclude_real_estate=rules.exclude_real_estate,
            exclude_local_investors=rules.exclude_local_investors,
            reason="调整口径",
        )
        self.world.rules.append(rules)

    def _edit(self, step: Step) -> None:
        """What a project's page changes; verified facts keep what they were verified with."""
        mirror = pick(self.projects, step.a)
        mirror.channel = pick((*CHANNELS, None), step.b)
        mirror.industry = pick(INDUSTRIES, step.c)
        mirror.social = step.b % 2 == 0
        mirror.local = step.c % 3 == 0
        Project.objects.filter(pk=mirror.row.pk).update(
            channel=self.channels.get(mirror.channel or ""),
            industry=self.industries[mirror.industry],
            fund_source="social" if mirror.social else "special_bond",
        )
        Organization.objects.filter(pk=mirror.row.investor_id).update(is_local=mirror.local)


def _later(at: dt.datetime, wait: str) -> dt.datetime:
    """A later instant, or the same; some at the edges of a day, here and in UTC."""
    local = at.astimezone(SHANGHAI)
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), SHANGHAI)
    match wait:
        case "microsecond":
            return at + dt.timedelta(microseconds=1)
        case "second":
            return at + dt.timedelta(seconds=1)
        case "hour":
            return at + dt.timedelta(hours=1)
        case "end of day":
            return max(at, midnight - dt.timedelta(seconds=1))
        case "midnight":
            return midnight
        case "utc":  # eight in the morning, where the day changes in UTC
            return midnight + dt.timedelta(hours=8)
        case "weeks":
            return at + dt.timedelta(days=23, hours=5)
    return at
