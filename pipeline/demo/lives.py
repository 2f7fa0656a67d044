"""Invented lives of projects, as rows: met, signed, started, producing, or gone.

Everything is drawn from a seeded generator, and obeys what the gates ask of days: nothing
starts before it is signed, nothing is verified before it is claimed, nothing lies in the
future of :data:`LAST_DAY`. Money is drawn in fen, as it is stored.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from crm import names
from crm.models import Organization, Park, User
from pipeline.attribution import allot
from pipeline.demo import words
from pipeline.demo.bulk import BulkTable
from pipeline.models import (
    Attribution,
    AttributionShare,
    FundSource,
    FundsReceipt,
    FundsShare,
    LoadRow,
    Milestone,
    MilestoneShare,
    Project,
    RowOutcome,
    StageChange,
    StatusChange,
)
from pipeline.stages import (
    ContractKind,
    MilestoneKind,
    Precision,
    Stage,
    Status,
    stage_reached,
)

FIRST_DAY = dt.date(2016, 7, 1)
LAST_DAY = dt.date(2026, 6, 30)
LAST_INSTANT = dt.datetime(2026, 6, 30, 10, tzinfo=dt.UTC)
SHEET = "invented"
REVOKED = "合同未生效"
FIRST_CODE = 0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom and what the invented projects refer to; ids but for parks and officers."""

    parks: list[Park]
    channels: list[int]
    industries: dict[str, int]
    officers: list[User]
    verifiers: list[int]


class Tables:
    """The tables of a batch. ``revocations`` are (milestone, instant, by whom)."""

    def __init__(self) -> None:
        self.organizations = BulkTable(Organization)
        self.projects = BulkTable(Project)
        self.load_rows = BulkTable(LoadRow)
        self.attributions = BulkTable(Attribution)
        self.attribution_shares = BulkTable(AttributionShare)
        self.milestones = BulkTable(Milestone)
        self.milestone_shares = BulkTable(MilestoneShare)
        self.stage_changes = BulkTable(StageChange)
        self.receipts = BulkTable(FundsReceipt)
        self.receipt_shares = BulkTable(FundsShare)
        self.status_changes = BulkTable(StatusChange)
        self.revocations: list[tuple[int, dt.datetime, int]] = []
        self.moves_back: list[Row] = []

    @property
    def before_revocations(self) -> list[BulkTable]:
        return [
            self.organizations,
            self.projects,
            self.load_rows,
            self.attributions,
            self.attribution_shares,
            self.milestones,
            self.milestone_shares,
            self.stage_changes,
        ]

    @property
    def after_revocations(self) -> list[BulkTable]:
        for move in self.moves_back:
            self.stage_changes.add(**move)
        self.moves_back.clear()
        return [self.stage_changes, self.receipts, self.receipt_shares, self.status_changes]


def draw(random: Random, numbers: range, tables: Tables, cast: Cast, *, load_id: int) -> None:
    """Draw the projects of ``numbers`` into ``tables``."""
    investors: dict[str, list[Row]] = {}
    for number in numbers:
        trade, product, output, division = random.choice(words.PRODUCTS)
        known = investors.setdefault(trade, [])
        if known and random.random() < 0.3:
            investor = random.choice(known)
        else:
            investor = _organization(random, number, trade, tables, cast)
            known.append(investor)
        name = f"{investor['name'][:4]}{product.format(n=random.randint(*output))}项目"
        project = _project(random, name, investor, division, tables, cast, load_id)
        row = tables.load_rows.add(
            load_id=load_id,
            sheet=SHEET,
            row=number + 1,
            outcome=str(RowOutcome.CREATED),
            project_id=project["id"],
            cells={"项目名称": name, "投资方": investor["name"]},
        )
        _Life(random, project, investor, row["id"], tables, cast).live()


def _spelt(name: str) -> Row:
    return {
        "name": name,
        "name_key": names.normalise(name),
        "pinyin": names.pinyin(name),
        "initials": names.initials(name),
    }


@lru_cache(maxsize=30_000)  # there are fewer companies' names than companies
def _company(name: str) -> Row:
    return {**_spelt(name), "matching_key": names.matching_key(name)}


def _organization(random: Random, number: int, trade: str, tables: Tables, cast: Cast) -> Row:
    name, place = words.company(random, trade)
    return tables.organizations.add(
        **_company(name),
        uscc=words.code("X", FIRST_CODE + number),
        origin=place,
        is_local=random.random() < 0.08,
        created_at=_instant(random, FIRST_DAY - dt.timedelta(days=random.randint(1, 300))),
        created_by_id=random.choice(cast.officers).pk,
    )


def _project(
    random: Random,
    name: str,
    investor: Row,
    division: str,
    tables: Tables,
    cast: Cast,
    load_id: int,
) -> Row:
    officer = random.choice(cast.officers)
    has_park = cast.parks and random.random() < 0.95
    park = (officer.park or random.choice(cast.parks)) if has_park else None
    has_channel = cast.channels and random.random() < 0.97
    is_social = random.random() < 0.96
    return tables.projects.add(
        **_spelt(name),
        investor_id=investor["id"],
        load_id=load_id,
        park_id=park and park.pk,
        is_county_level=park is None and random.random() < 0.5,
        industry_id=cast.industries.get(division),
        channel_id=random.choice(cast.channels) if has_channel else None,
        officer_id=officer.pk,
        lead_unit=f"{park.short_name if park else '县招商引资'}服务中心",
        agreed_investment=_amount(random),
        fund_source=str(FundSource.SOCIAL if is_social else FundSource.SPECIAL_BOND),
        is_productive=random.random() < 0.7,
        content=f"{name}，分期建设。",
        created_at=None,  # when it was met
        created_by_id=officer.pk,
    )


def _amount(random: Random) -> int:
    """Agreed investment in fen: half below 200 million yuan, a few above 5 billion."""
    ten_thousands = max(500, round(random.lognormvariate(5.3, 1.1) * 100))
    return ten_thousands * 10_000 * 100


def _instant(random: Random, day: dt.date) -> dt.datetime:
    """A minute between nine and five o'clock of a day in the county."""
    morning = dt.datetime(day.year, day.month, day.day, 1, tzinfo=dt.UTC)
    return morning + dt.timedelta(minutes=random.randint(0, 480))


def _last_of_month(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


class _Life:
    """Draws one project's history."""

    def __init__(
        self,
        random: Random,
        project: Row,
        investor: Row,
        load_row_id: int,
        tables: Tables,
        cast: Cast,
    ) -> None:
        self.random, self.project, self.load_row_id = random, project, load_row_id
        self.tables, self.cast = tables, cast
        self.local_investor = investor["is_local"]
        self.stage = Stage.LEAD
        self.shares: list[Row] = []

    def live(self) -> None:
        random = self.random
        met = FIRST_DAY + dt.timedelta(days=random.randint(0, (LAST_DAY - FIRST_DAY).days))
        self.project["created_at"] = _instant(random, met)
        fate = random.random()
        if fate < 0.05:
            return
        if fate < 0.15:
            self.happen(MilestoneKind.CONTACT, met)
            if random.random() < 0.2:
                self.end(met, Status.LOST, "投资方另选他地")
            return
        if fate < 0.23:
            self.happen(MilestoneKind.SIGNING, met, contract=ContractKind.FRAMEWORK)
            return
        contract = ContractKind.FORMAL
        if fate < 0.29:
            contract, self.project["is_expansion"] = ContractKind.EXPANSION, True
        elif random.random() < 0.01:
            self.share(met)
        signing = self.happen(MilestoneKind.SIGNING, met, contract=contract)
        if signing is None:
            return
        if random.random() < 0.01:
            self.revoke(signing)
            return
        self.receive(met)
        started = self.start(signing)
        if random.random() < 0.04:
            self.end(started or met, Status.TERMINATED, "资金链断裂，双方协议解除")

    def start(self, signing: Row) -> dt.date | None:
        """Groundbreaking and production, as far as they come before the last day."""
        random = self.random
        if random.random() > 0.85:
            return None
        lag = dt.timedelta(days=int(random.expovariate(1 / 110)))
        ground = self.happen(
            MilestoneKind.GROUNDBREAKING, signing["occurred_on"] + lag, ground=signing
        )
        if ground is None:
            return None
        if random.random() < 0.55:
            lag = dt.timedelta(days=random.randint(150, 700))
            self.happen(MilestoneKind.PRODUCTION, ground["occurred_on"] + lag, ground=ground)
        day: dt.date = ground["occurred_on"]
        return day

    def happen(
        self,
        kind: MilestoneKind,
        day: dt.date,
        *,
        contract: str = "",
        ground: Row | None = None,
    ) -> Row | None:
        """Claim a milestone and decide it; returns it where it is effective in the end.

        One in fifty is returned first, one in fifty contracts is corrected afterwards; a
        claim that has not been decided by the last instant stays open.
        """
        random = self.random
        if day > LAST_DAY:
            return None
        precision = Precision.DAY
        if contract and random.random() < 0.03 and _last_of_month(day) <= LAST_DAY:
            day, precision = _last_of_month(day), Precision.MONTH
        claimed = _instant(random, day + dt.timedelta(days=random.randint(0, 10)))
        if ground is not None:
            claimed = max(claimed, ground["verified_at"])
        if claimed > LAST_INSTANT:
            return None
        decided = _instant(random, claimed.date() + dt.timedelta(days=random.randint(1, 20)))
        claim: Row = {
            "project_id": self.project["id"],
            "kind": str(kind),
            "contract_kind": str(contract),
            "occurred_on": day,
            "precision": str(precision),
            "not_before": ground and self.floor(ground),
            "amount": None if kind == MilestoneKind.CONTACT else self.project["agreed_investment"],
            "is_historical": True,
            "load_row_id": self.load_row_id,
            "claimed_by_id": self.project["officer_id"],
            **self.dimensions(),
        }
        if random.random() < 0.02 and decided < LAST_INSTANT:
            self.tables.milestones.add(
                **claim,
                claimed_at=claimed,
                returned_at=decided,
                returned_by_id=random.choice(self.cast.verifiers),
                return_reason="佐证材料不全，请补交后再报",
            )
            claimed, decided = decided, _instant(random, decided.date() + dt.timedelta(days=5))
        milestone = self.tables.milestones.add(**claim, claimed_at=claimed)
        if decided > LAST_INSTANT:
            return None
        milestone["verified_at"] = decided
        milestone["verified_by_id"] = random.choice(self.cast.verifiers)
        self.move(milestone)
        if contract and random.random() < 0.02:
            milestone = self.correct(milestone, claim)
        for part in self.parts(milestone["amount"]):
            self.tables.milestone_shares.add(milestone_id=milestone["id"], **part)
        return milestone

    def floor(self, ground: Row) -> dt.date:
        """The earliest day that fits with the milestone that another builds on."""
        day: dt.date = ground["occurred_on"]
        return day.replace(day=1) if ground["precision"] == Precision.MONTH else day

    def dimensions(self) -> Row:
        kept = ("park_id", "channel_id", "industry_id", "officer_id", "fund_source")
        return {
            **{name: self.project[name] for name in kept},
            "local_investor": self.local_investor,
        }

    def correct(self, old: Row, claim: Row) -> Row:
        """Revoke a signing and claim it anew with another amount, as a later ledger would."""
        days = dt.timedelta(days=self.random.randint(1, 60))
        at = min(LAST_INSTANT, old["verified_at"] + days)
        old["revoked_at"], old["revoked_by_id"] = at, old["verified_by_id"]
        old["revoke_reason"] = "合同金额更正"
        self.project["agreed_investment"] = _amount(self.random)
        return self.tables.milestones.add(
            **{**claim, "amount": self.project["agreed_investment"]},
            claimed_at=at,
            verified_at=at,
            verified_by_id=old["verified_by_id"],
            corrects_id=old["id"],
        )

    def revoke(self, milestone: Row) -> None:
        days = dt.timedelta(days=self.random.randint(5, 200))
        at = min(LAST_INSTANT, milestone["verified_at"] + days)
        self.tables.revocations.append((milestone["id"], at, milestone["verified_by_id"]))
        self.tables.moves_back.append(
            self.change(Stage.LEAD, milestone, at=at, on=at.date(), reason=REVOKED)
        )

    def move(self, milestone: Row) -> None:
        stage = stage_reached(milestone["kind"], milestone["contract_kind"])
        if stage.rank > self.stage.rank:
            at, on = milestone["verified_at"], milestone["occurred_on"]
            self.tables.stage_changes.add(
                **self.change(stage, milestone, at=at, on=on, reason="核验通过")
            )

    def change(
        self, stage: Stage, milestone: Row, *, at: dt.datetime, on: dt.date, reason: str
    ) -> Row:
        before, self.stage = self.stage, stage
        return {
            "project_id": self.project["id"],
            "from_stage": str(before),
            "to_stage": str(stage),
            "effective_on": on,
            "changed_at": at,
            "changed_by_id": milestone["verified_by_id"],
            "milestone_id": milestone["id"],
            "reason": reason,
        }

    def share(self, on: dt.date) -> None:
        """Agree from the first day on that two parks share the credit."""
        park, random = self.project["park_id"], self.random
        others = [other.pk for other in self.cast.parks if other.pk != park]
        if park is None or not others:
            return
        attribution = self.tables.attributions.add(
            project_id=self.project["id"],
            park_id=park,
            effective_on=None,
            reason="首谈地与落地地约定分成",
            recorded_at=_instant(random, on),
            recorded_by_id=self.project["officer_id"],
        )
        part = random.choice((20, 30, 40, 50))
        self.shares = [
            self.tables.attribution_shares.add(
                attribution_id=attribution["id"], park_id=of, percent=percent * 100
            )
            for of, percent in ((park, 100 - part), (random.choice(others), part))
        ]

    def parts(self, amount: int | None) -> list[Row]:
        """Each park's part of an amount in fen, where the credit is shared."""
        if not self.shares:
            return []
        yuan = None if amount is None else Decimal(amount).scaleb(-2)
        parts = allot(yuan, [Decimal(share["percent"]).scaleb(-2) for share in self.shares])
        return [
            {
                "park_id": share["park_id"],
                "percent": share["percent"],
                "amount": None if part is None else int(part.scaleb(2)),
            }
            for share, part in zip(self.shares, parts, strict=True)
        ]

    def receive(self, since: dt.date) -> None:
        """Some receipts of a project, and now and then one taken back."""
        random, day = self.random, since
        for _n in range(random.choice((0, 0, 1, 1, 2, 3))):
            day += dt.timedelta(days=random.randint(5, 150))
            if day > LAST_DAY:
                return
            amount = self.project["agreed_investment"] * random.randint(3, 25) // 100
            self.book(amount, day)
            if random.random() < 0.02:
                self.book(-amount, day)

    def book(self, amount: int, day: dt.date) -> None:
        recorded = _instant(self.random, day)
        verified = recorded + dt.timedelta(days=self.random.randint(1, 15))
        is_verified = verified <= LAST_INSTANT
        receipt = self.tables.receipts.add(
            project_id=self.project["id"],
            received_on=day,
            amount=amount,
            is_historical=True,
            load_row_id=self.load_row_id,
            recorded_at=recorded,
            recorded_by_id=self.project["officer_id"],
            verified_at=verified if is_verified else None,
            verified_by_id=self.random.choice(self.cast.verifiers) if is_verified else None,
            **self.dimensions(),
        )
        for part in self.parts(amount) if is_verified else ():
            self.tables.receipt_shares.add(receipt_id=receipt["id"], **part)

    def end(self, since: dt.date, status: Status, reason: str) -> None:
        on = since + dt.timedelta(days=self.random.randint(30, 400))
        if on > LAST_DAY:
            return
        self.project["status"] = str(status)
        self.tables.status_changes.add(
            project_id=self.project["id"],
            status=str(status),
            occurred_on=on,
            reason=reason,
            recorded_at=_instant(self.random, on),
            recorded_by_id=self.project["officer_id"],
            approved_by_id=self.random.choice(self.cast.verifiers),
        )
