"""The gates: what each milestone requires. One table, read by everything.

The same rows refuse a claim and a verification, fill the "still missing" list of a
project's page, make the board's dialog, and give the importer and the API their
reasons. A requirement of days and amounts is never waived. What asks for documents,
people and interactions can be waived by an override, which is a right of its own and
needs a reason, and is waived for a history load, whose evidence is the ledger's row.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from pipeline.days import Day
from pipeline.stages import ContractKind, MilestoneKind


@dataclass(frozen=True, slots=True)
class Claim:
    """What is being claimed. ``day`` and ``amount`` (yuan) are None while still open."""

    day: Day | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the gates ask about a project, at ``today``.

    ``documents`` counts the files by kind; ``reviews`` holds the latest outcome by kind
    (whether it was passed);
    ``signing`` and ``groundbreaking`` are the effective milestones that the claim builds
    on (of the expansion, where the claim is an expansion's).
    """

    today: dt.date
    claim: Claim = Claim()
    has_investor: bool = False
    has_officer: bool = False
    has_contact_person: bool = False
    has_interaction: bool = False
    duplicates_answered: bool = False
    has_place: bool = False
    has_industry: bool = False
    has_channel: bool = False
    is_expansion: bool = False
    project_code: str = ""
    documents: Mapping[str, int] = field(default_factory=Counter)
    reviews: Mapping[str, bool] = field(default_factory=dict)
    land_met: bool = False
    permit_required: bool = False
    formally_signed: bool = False
    signing: Day | None = None
    groundbreaking: Day | None = None
    production: Day | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a milestone needs.

    ``label`` names it on a list of what is missing; ``met`` decides; ``supply`` says
    where a person supplies it: a field of the project, ``document:<kind>``,
    ``review:<kind>``, a field of the claim, or a list of the project's page; ``accepts``
    names other kinds of documents that do.
    """

    code: str
    label: Any
    met: Callable[[Facts], bool]
    supply: str
    waivable: bool = True
    accepts: tuple[str, ...] = ()

    @property
    def documents(self) -> tuple[str, ...]:
        """The kinds of documents that it can be met with; the first is the usual one."""
        kind = self.supply.removeprefix("document:")
        return () if kind == self.supply else (kind, *self.accepts)


# A project code has 24 characters, dashes included (GB/T 40058—2021): 4-6-2-2-5+check.
PROJECT_CODE = re.compile(r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}")


def _has(kind: str, count: int = 1) -> Callable[[Facts], bool]:
    return lambda facts: facts.documents.get(kind, 0) >= count


def _passed(kind: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.reviews.get(kind, False)


def _recorded(kind: str) -> Callable[[Facts], bool]:
    return lambda facts: kind in facts.reviews


def _day_is_past(facts: Facts) -> bool:
    return facts.claim.day is not None and facts.claim.day.on <= facts.today


def _amount_is_positive(facts: Facts) -> bool:
    return facts.claim.amount is not None and facts.claim.amount > 0


def _not_before_signing(facts: Facts) -> bool:
    return not (facts.claim.day and facts.signing and facts.claim.day.is_before(facts.signing))


def _not_before_groundbreaking(facts: Facts) -> bool:
    day, ground = facts.claim.day, facts.groundbreaking
    return not (day and ground and day.is_before(ground))


def _signing_before_what_followed(facts: Facts) -> bool:
    day = facts.claim.day
    later = [d for d in (facts.groundbreaking, facts.production) if d]
    return not (day and any(other.is_before(day) for other in later))


def _start_before_production(facts: Facts) -> bool:
    day, production = facts.claim.day, facts.production
    return not (day and production and production.is_before(day))


INVESTOR = Requirement("investor", _("投资方"), lambda f: f.has_investor, "investor")
OFFICER = Requirement("officer", _("招商专员"), lambda f: f.has_officer, "officer")
CONTACT_PERSON = Requirement(
    "contact_person", _("对方联系人"), lambda f: f.has_contact_person, "contacts"
)
INTERACTION = Requirement(
    "interaction", _("至少一次接洽记录"), lambda f: f.has_interaction, "interactions"
)
DUPLICATES = Requirement(
    "duplicates", _("查重结论"), lambda f: f.duplicates_answered, "duplicates_answer"
)
PLACE = Requirement("park", _("落地园区（或注明县级项目）"), lambda f: f.has_place, "park")
INDUSTRY = Requirement("industry", _("行业（GB/T 4754）"), lambda f: f.has_industry, "industry")
CHANNEL = Requirement("channel", _("招商方式"), lambda f: f.has_channel, "channel")
AMOUNT = Requirement(
    "amount", _("协议总投资（大于 0）"), _amount_is_positive, "amount", waivable=False
)
DAY = Requirement("day", _("发生日（不能晚于今天）"), _day_is_past, "occurred_on", waivable=False)
CONTRACT = Requirement("contract", _("正式合同文本"), _has("contract"), "document:contract")
FRAMEWORK = Requirement("framework", _("框架协议文本"), _has("framework"), "document:framework")
ADMISSION = Requirement("admission", _("准入评审通过"), _passed("admission"), "review:admission")
FAIRNESS = Requirement(
    "fair_competition",
    _("公平竞争审查"),
    _recorded("fair_competition"),
    "review:fair_competition",
)
LEGALITY = Requirement("legality", _("合法性审查"), _recorded("legality"), "review:legality")
BEFORE_WHAT_FOLLOWED = Requirement(
    "before_start",
    _("签约日不得晚于已核验的开工日、投产日"),
    _signing_before_what_followed,
    "occurred_on",
    waivable=False,
)
EXPANDS_A_PROJECT = Requirement(
    "expands",
    _("先有已核验的正式签约（或登记为单列的增资项目）"),
    lambda f: f.is_expansion or f.formally_signed,
    "is_expansion",
    waivable=False,
)
NOT_AN_EXPANSION = Requirement(
    "not_expansion",
    _("单列的增资项目只能签增资合同"),
    lambda f: not f.is_expansion,
    "is_expansion",
    waivable=False,
)
SIGNED = Requirement(
    "signed",
    _("已核验的正式签约"),
    lambda f: f.signing is not None,
    "milestone:signing",
    waivable=False,
)
AFTER_SIGNING = Requirement(
    "after_signing", _("开工日不得早于签约日"), _not_before_signing, "occurred_on", waivable=False
)
BEFORE_PRODUCTION = Requirement(
    "before_production",
    _("开工日不得晚于已核验的投产日"),
    _start_before_production,
    "occurred_on",
    waivable=False,
)
FILING = Requirement(
    "project_code",
    _("备案证项目代码（24 位）"),
    lambda f: bool(PROJECT_CODE.fullmatch(f.project_code)),
    "project_code",
)
WORKS_CONTRACT = Requirement(
    "works_contract",
    _("施工合同或设备采购合同"),
    lambda f: _has("construction_contract")(f) or _has("purchase_contract")(f),
    "document:construction_contract",
    accepts=("purchase_contract",),
)
PHOTOS = Requirement(
    "site_photos",
    _("两张现场照片（平整场地不算开工）"),
    _has("site_photo", 2),
    "document:site_photo",
)
PERMIT = Requirement(
    "permit",
    _("施工许可证"),
    lambda f: not f.permit_required or _has("permit")(f),
    "document:permit",
)
LAND = Requirement("land", _("用地落实"), lambda f: f.land_met, "factor:land")
STARTED = Requirement(
    "started",
    _("已核验的开工"),
    lambda f: f.groundbreaking is not None,
    "milestone:groundbreaking",
    waivable=False,
)
AFTER_GROUNDBREAKING = Requirement(
    "after_groundbreaking",
    _("投产日不得早于开工日"),
    _not_before_groundbreaking,
    "occurred_on",
    waivable=False,
)
PRODUCTION_PROOF = Requirement(
    "production_proof", _("投产证明"), _has("production_proof"), "document:production_proof"
)

_TO_SIGN = (
    PLACE,
    INDUSTRY,
    CHANNEL,
    AMOUNT,
    CONTRACT,
    DAY,
    BEFORE_WHAT_FOLLOWED,
    ADMISSION,
    FAIRNESS,
    LEGALITY,
)

GATES: dict[tuple[str, str], tuple[Requirement, ...]] = {
    (MilestoneKind.CONTACT, ""): (
        INVESTOR,
        OFFICER,
        CONTACT_PERSON,
        INTERACTION,
        DUPLICATES,
        DAY,
    ),
    (MilestoneKind.SIGNING, ContractKind.FORMAL): (*_TO_SIGN, NOT_AN_EXPANSION),
    (MilestoneKind.SIGNING, ContractKind.EXPANSION): (*_TO_SIGN, EXPANDS_A_PROJECT),
    (MilestoneKind.SIGNING, ContractKind.FRAMEWORK): (INVESTOR, AMOUNT, FRAMEWORK, DAY),
    (MilestoneKind.FILING, ""): (FILING, DAY),
    (MilestoneKind.GROUNDBREAKING, ""): (
        SIGNED,
        DAY,
        AFTER_SIGNING,
        BEFORE_PRODUCTION,
        FILING,
        WORKS_CONTRACT,
        PHOTOS,
        PERMIT,
        LAND,
    ),
    (MilestoneKind.STATISTICS, ""): (STARTED, DAY),
    (MilestoneKind.PRODUCTION, ""): (STARTED, DAY, AFTER_GROUNDBREAKING, PRODUCTION_PROOF),
}


def missing(facts: Facts, kind: str, contract_kind: str = "") -> list[Requirement]:
    """The requirements of a milestone that ``facts`` do not meet, in the table's order."""
    return [need for need in GATES[kind, contract_kind] if not need.met(facts)]


def missing_for_history(facts: Facts, kind: str, contract_kind: str = "") -> list[Requirement]:
    """As :func:`missing`, for a row of a county's existing ledger: days and amounts only."""
    return [need for need in missing(facts, kind, contract_kind) if not need.waivable]
