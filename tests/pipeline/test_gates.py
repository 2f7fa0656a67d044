"""The gate table: each requirement, missing alone, closes its gate and is named for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Contact, User
from crm.refusals import NotAllowed
from pipeline import milestones
from pipeline.facts import gather
from pipeline.gates import GATES, Claim, Day, Facts, Requirement, missing, missing_for_history
from pipeline.milestones import GateClosed
from pipeline.models import (
    CountySettings,
    DocumentKind,
    FactorNeed,
    Interaction,
    Milestone,
    Project,
    Review,
    ReviewKind,
)
from pipeline.stages import ContractKind, MilestoneKind, Precision
from tests import factories as make
from tests.factories import LONG_AGO, YUAN, ProjectFactory, instant
from tests.pipeline.refusing import refused

TODAY = dt.date(2026, 9, 30)
NOON = instant("2026-09-30 12:00")
FORMAL, EXPANSION = ContractKind.FORMAL, ContractKind.EXPANSION
GROUNDBREAKING = MilestoneKind.GROUNDBREAKING

# (gate, requirement), each pair one row of the table
ROWS = [
    pytest.param(gate, need, id="-".join([*filter(None, gate), need.code]))
    for gate, needs in GATES.items()
    for need in needs
]


# --- the table alone ---------------------------------------------------------------------
def complete(gate: tuple[str, str]) -> Facts:
    """Facts of a project that lacks nothing for a gate."""
    return Facts(
        today=TODAY,
        claim=Claim(Day(dt.date(2026, 6, 1)), Decimal(1)),
        has_investor=True,
        has_officer=True,
        has_contact_person=True,
        has_interaction=True,
        duplicates_answered=True,
        has_place=True,
        has_industry=True,
        has_channel=True,
        is_expansion=False,
        project_code=make.PROJECT_CODE,
        documents={
            "contract": 1,
            "framework": 1,
            "construction_contract": 1,
            "site_photo": 2,
            "permit": 1,
            "production_proof": 1,
        },
        reviews={"admission": True, "fair_competition": True, "legality": True},
        land_met=True,
        permit_required=True,
        formally_signed=True,
        signing=Day(dt.date(2026, 3, 1)),
        groundbreaking=None if gate[0] == GROUNDBREAKING else Day(dt.date(2026, 6, 1)),
        production=Day(dt.date(2026, 9, 1)),
    )


def _without_document(kind: str) -> Callable[[Facts], Facts]:
    return lambda facts: replace(
        facts, documents={k: n for k, n in facts.documents.items() if k != kind}
    )


def _without_review(kind: str) -> Callable[[Facts], Facts]:
    return lambda facts: replace(
        facts, reviews={k: passed for k, passed in facts.reviews.items() if k != kind}
    )


def _on(day: dt.date) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, claim=replace(facts.claim, day=Day(day)))


BREAK: dict[str, Callable[[Facts], Facts]] = {
    "investor": lambda f: replace(f, has_investor=False),
    "officer": lambda f: replace(f, has_officer=False),
    "contact_person": lambda f: replace(f, has_contact_person=False),
    "interaction": lambda f: replace(f, has_interaction=False),
    "duplicates": lambda f: replace(f, duplicates_answered=False),
    "park": lambda f: replace(f, has_place=False),
    "industry": lambda f: replace(f, has_industry=False),
    "channel": lambda f: replace(f, has_channel=False),
    "amount": lambda f: replace(f, claim=replace(f.claim, amount=Decimal(0))),
    "day": lambda f: replace(f, today=dt.date(2026, 5, 31)),
    "contract": _without_document("contract"),
    "framework": _without_document("framework"),
    "admission": lambda f: replace(f, reviews={**f.reviews, "admission": False}),
    "fair_competition": _without_review("fair_competition"),
    "legality": _without_review("legality"),
    "before_start": _on(dt.date(2026, 6, 2)),
    "expands": lambda f: replace(f, formally_signed=False),
    "not_expansion": lambda f: replace(f, is_expansion=True),
    "signed": lambda f: replace(f, signing=None),
    "after_signing": _on(dt.date(2026, 2, 28)),
    "before_production": _on(dt.date(2026, 9, 2)),
    "project_code": lambda f: replace(f, project_code="2603-140829-04-01-12345X"),
    "works_contract": _without_document("construction_contract"),
    "site_photos": lambda f: replace(f, documents={**f.documents, "site_photo": 1}),
    "permit": _without_document("permit"),
    "land": lambda f: replace(f, land_met=False),
    "started": lambda f: replace(f, groundbreaking=None),
    "after_groundbreaking": _on(dt.date(2026, 5, 31)),
    "production_proof": _without_document("production_proof"),
}


@pytest.mark.parametrize("gate", GATES, ids="-".join)
def test_a_gate_is_open_when_nothing_is_missing(gate: tuple[str, str]) -> None:
    assert missing(complete(gate), *gate) == []


@pytest.mark.parametrize(("gate", "need"), ROWS)
def test_each_requirement_alone_closes_its_gate(gate: tuple[str, str], need: Requirement) -> None:
    assert missing(BREAK[need.code](complete(gate)), *gate) == [need]


@pytest.mark.parametrize(("gate", "need"), ROWS)
def test_history_waives_what_is_waivable_and_nothing_else(
    gate: tuple[str, str], need: Requirement
) -> None:
    facts = BREAK[need.code](complete(gate))
    assert missing_for_history(facts, *gate) == ([] if need.waivable else [need])


def test_days_and_amounts_are_never_waivable() -> None:
    lasting = {need.code for needs in GATES.values() for need in needs if not need.waivable}
    assert lasting == {
        "amount",
        "day",
        "before_start",
        "expands",
        "not_expansion",
        "signed",
        "after_signing",
        "before_production",
        "started",
        "after_groundbreaking",
    }


def test_an_unset_claim_misses_its_day_and_amount() -> None:
    facts = replace(complete((MilestoneKind.SIGNING, FORMAL)), claim=Claim())
    needs = missing(facts, MilestoneKind.SIGNING, FORMAL)
    assert [need.code for need in needs] == ["amount", "day"]


def test_a_permit_is_asked_for_only_where_the_county_demands_it() -> None:
    facts = _without_document("permit")(complete((GROUNDBREAKING, "")))
    assert missing(replace(facts, permit_required=False), GROUNDBREAKING) == []


def test_a_purchase_contract_does_for_a_works_contract() -> None:
    facts = _without_document("construction_contract")(complete((GROUNDBREAKING, "")))
    bought = replace(facts, documents={**facts.documents, "purchase_contract": 1})
    assert missing(bought, GROUNDBREAKING) == []


def test_a_review_of_competition_or_legality_has_to_be_recorded_whatever_its_outcome() -> None:
    facts = complete((MilestoneKind.SIGNING, FORMAL))
    noted = replace(facts, reviews={**facts.reviews, "legality": False})
    assert missing(noted, MilestoneKind.SIGNING, FORMAL) == []


@pytest.mark.parametrize(
    "code",
    [
        "",
        "2603-140829-04-01-12345",
        "2603-140829-04-01-1234567",
        "2603140829040112345678901",
        "2603-140829-04-01-123456\n",
        "２６０３-140829-04-01-123456",
    ],
)
def test_a_project_code_has_24_characters_in_five_groups(code: str) -> None:
    facts = replace(complete((GROUNDBREAKING, "")), project_code=code)
    assert [need.code for need in missing(facts, GROUNDBREAKING)] == ["project_code"]


def test_an_expansion_with_a_row_of_its_own_needs_no_formal_signing() -> None:
    facts = complete((MilestoneKind.SIGNING, EXPANSION))
    own_row = replace(facts, is_expansion=True, formally_signed=False)
    assert missing(own_row, MilestoneKind.SIGNING, EXPANSION) == []


# --- days ----------------------------------------------------------------------------------
MARCH = Day(dt.date(2026, 3, 31), Precision.MONTH)


@pytest.mark.parametrize(
    ("day", "other", "before"),
    [
        (Day(dt.date(2026, 3, 5)), Day(dt.date(2026, 3, 6)), True),
        (Day(dt.date(2026, 3, 5)), Day(dt.date(2026, 3, 5)), False),
        (Day(dt.date(2026, 3, 1)), MARCH, False),
        (Day(dt.date(2026, 2, 28)), MARCH, True),
        (MARCH, Day(dt.date(2026, 3, 31)), False),
        (MARCH, Day(dt.date(2026, 4, 1)), True),
        (Day(dt.date(2026, 3, 15), Precision.MONTH), Day(dt.date(2026, 3, 20)), False),
        (Day(dt.date(2026, 2, 28), Precision.MONTH), MARCH, True),
    ],
)
def test_two_days_are_compared_at_the_coarser_precision(day: Day, other: Day, before: bool) -> None:
    assert day.is_before(other) is before
    assert (day.on < other.floor_for(day.precision)) is before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
        (dt.date(2026, 3, 31), dt.date(2026, 3, 31)),
        (dt.date(2026, 9, 1), TODAY),
        (dt.date(2026, 12, 1), dt.date(2026, 12, 31)),
    ],
)
def test_of_a_month_its_last_day_is_kept_or_today_in_the_running_one(
    given: dt.date, kept: dt.date
) -> None:
    assert Day.counted(given, Precision.MONTH, today=TODAY) == Day(kept, Precision.MONTH)


def test_in_the_middle_of_a_month_that_month_is_kept_as_today() -> None:
    today = dt.date(2026, 9, 12)
    assert Day.counted(dt.date(2026, 9, 30), Precision.MONTH, today=today).on == today


# --- by the verbs ---------------------------------------------------------------------------
STATE = {
    (MilestoneKind.CONTACT, ""): "ready_to_contact",
    (MilestoneKind.SIGNING, FORMAL): "ready_to_sign",
    (MilestoneKind.SIGNING, ContractKind.FRAMEWORK): "in_contact",
    (MilestoneKind.SIGNING, EXPANSION): "signed",
    (MilestoneKind.FILING, ""): "signed",
    (GROUNDBREAKING, ""): "ready_to_start",
    (MilestoneKind.STATISTICS, ""): "started",
    (MilestoneKind.PRODUCTION, ""): "ready_to_produce",
}


def ready_for(gate: tuple[str, str], officer: User, park: Any) -> Project:
    """A project that lacks nothing for a gate but the claim itself."""
    project = ProjectFactory(**{STATE[gate]: True}, officer=officer, park=park)
    if gate[1] == ContractKind.FRAMEWORK:
        make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    if gate[1] == EXPANSION:
        make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    if gate[0] == MilestoneKind.FILING:
        Project.objects.filter(pk=project.pk).update(project_code=make.PROJECT_CODE)
    if gate[0] == GROUNDBREAKING:
        make.DocumentFactory(project=project, kind=DocumentKind.PERMIT)
        CountySettings.objects.create(permit_required=True, recorded_at=LONG_AGO)
    return project


def claim_of(gate: tuple[str, str], **changes: Any) -> dict[str, Any]:
    kind, contract_kind = gate
    signing = kind == MilestoneKind.SIGNING
    return {
        "kind": kind,
        "contract_kind": contract_kind,
        "occurred_on": dt.date(2026, 9, 20),
        "amount": YUAN if signing else None,
        **changes,
    }


def _drop_documents(kind: str) -> Callable[[Project], None]:
    # Only what nobody claimed with may go, and in tests only: documents are never deleted.
    return lambda p: p.documents.filter(kind=kind, milestone=None).update(milestone=_of(p))


def _of(project: Project) -> Milestone:
    return project.milestones.filter(verified_at__isnull=False)[0]


def _set(**fields: Any) -> Callable[[Project], Any]:
    return lambda p: Project.objects.filter(pk=p.pk).update(**fields)


# How a stored project comes to lack a requirement; the claim may have to change instead.
SPOIL: dict[str, Callable[[Project], Any]] = {
    "officer": _set(officer=None),
    "contact_person": lambda p: Contact.objects.filter(organization=p.investor).delete(),
    "interaction": lambda p: Interaction.objects.filter(project=p).delete(),
    "duplicates": _set(duplicates_answer=""),
    "park": _set(park=None),
    "industry": _set(industry=None),
    "channel": _set(channel=None),
    "contract": _drop_documents(DocumentKind.CONTRACT),
    "framework": _drop_documents(DocumentKind.FRAMEWORK),
    "admission": lambda p: make.ReviewFactory(
        project=p, kind=ReviewKind.ADMISSION, passed=False, held_on=dt.date(2026, 9, 1)
    ),
    "fair_competition": lambda p: Review.objects.filter(kind="fair_competition").delete(),
    "legality": lambda p: Review.objects.filter(kind="legality").delete(),
    "not_expansion": _set(is_expansion=True),
    "project_code": _set(project_code="140829"),
    "works_contract": _drop_documents(DocumentKind.CONSTRUCTION_CONTRACT),
    "site_photos": lambda p: (
        _drop_documents(DocumentKind.SITE_PHOTO)(p)
        and make.DocumentFactory(project=p, kind=DocumentKind.SITE_PHOTO)
    ),
    "permit": _drop_documents(DocumentKind.PERMIT),
    "land": lambda p: FactorNeed.objects.filter(project=p).update(met_on=dt.date(2026, 10, 1)),
    "production_proof": _drop_documents(DocumentKind.PRODUCTION_PROOF),
}
SPOIL_CLAIM: dict[str, dict[str, Any]] = {
    "amount": {"amount": Decimal(0)},
    "day": {"occurred_on": dt.date(2026, 10, 1)},
    "after_signing": {"occurred_on": dt.date(2026, 3, 4)},
    "after_groundbreaking": {"occurred_on": dt.date(2026, 6, 19)},
}
# An investor is NOT NULL; the two below can only come about by a correction (test_correct).
NOT_BY_A_CLAIM = {"investor", "before_start", "before_production"}
# What a milestone builds on is taken away by starting from an earlier state.
EARLIER = {"expands": "ready_to_sign", "signed": "ready_to_sign", "started": "ready_to_start"}

STORED_ROWS = [row for row in ROWS if row.values[1].code not in NOT_BY_A_CLAIM]


def lacking(
    gate: tuple[str, str], need: Requirement, officer: User, park: Any
) -> tuple[Project, dict[str, Any]]:
    """A stored project that lacks one requirement of a gate, and the claim to make."""
    if need.code in EARLIER:
        project = ProjectFactory(**{EARLIER[need.code]: True}, officer=officer, park=park)
        make.prepare_start(project)
        make.prepare_production(project)
        return project, claim_of(gate)
    project = ready_for(gate, officer, park)
    if need.code in SPOIL:
        SPOIL[need.code](project)
    return project, claim_of(gate, **SPOIL_CLAIM.get(need.code, {}))


@pytest.mark.parametrize("gate", GATES, ids="-".join)
def test_what_lacks_nothing_can_be_claimed(gate: tuple[str, str], officer: User, park: Any) -> None:
    claimed = milestones.claim(
        ready_for(gate, officer, park), by=officer, at=NOON, **claim_of(gate)
    )
    assert (claimed.state, claimed.waived) == ("claimed", "")


@pytest.mark.parametrize(("gate", "need"), STORED_ROWS)
def test_a_claim_is_refused_for_exactly_what_is_missing_and_the_list_names_it(
    gate: tuple[str, str], need: Requirement, officer: User, park: Any
) -> None:
    project, claimed = lacking(gate, need, officer, park)
    with refused(GateClosed) as caught:
        milestones.claim(project, by=officer, at=NOON, **claimed)
    assert caught.value.details == (need,)
    assert str(need.label) in str(caught.value)
    project.refresh_from_db()
    known = gather(
        project,
        today=TODAY,
        known_at=NOON,
        contract_kind=gate[1],
        claim=Claim(Day(claimed["occurred_on"]), claimed["amount"]),
    )
    assert missing(known, *gate) == [need]


@pytest.mark.parametrize(("gate", "need"), [r for r in STORED_ROWS if r.values[1].waivable])
def test_a_manager_waives_a_waivable_requirement_with_a_reason(
    gate: tuple[str, str], need: Requirement, officer: User, manager: User, park: Any
) -> None:
    project, claimed = lacking(gate, need, officer, park)
    with refused(NotAllowed):
        milestones.claim(project, by=officer, at=NOON, override_reason="县里定的", **claimed)
    if need.code == "park":  # without one only who looks after it reaches it
        Project.objects.filter(pk=project.pk).update(officer=manager)
    with refused(GateClosed):
        milestones.claim(project, by=manager, at=NOON, override_reason="  ", **claimed)
    made = milestones.claim(project, by=manager, at=NOON, override_reason="县里定的", **claimed)
    assert (made.waived, made.override_reason) == (need.code, "县里定的")


@pytest.mark.parametrize(("gate", "need"), [r for r in STORED_ROWS if not r.values[1].waivable])
def test_nobody_waives_days_and_amounts(
    gate: tuple[str, str], need: Requirement, officer: User, manager: User, park: Any
) -> None:
    project, claimed = lacking(gate, need, officer, park)
    with refused(GateClosed) as caught:
        milestones.claim(project, by=manager, at=NOON, override_reason="县里定的", **claimed)
    assert caught.value.details == (need,)


# The files that a claim was made with stay its own; all else may be gone by then.
SINCE = [r for r in STORED_ROWS if r.values[1].code in SPOIL and not r.values[1].documents]


@pytest.mark.parametrize(("gate", "need"), SINCE)
def test_the_gate_is_asked_again_at_the_verification(
    gate: tuple[str, str], need: Requirement, officer: User, verifier: User, park: Any
) -> None:
    project = ready_for(gate, officer, park)
    claimed = milestones.claim(project, by=officer, at=NOON, **claim_of(gate))
    SPOIL[need.code](project)
    with refused(GateClosed) as caught:
        milestones.verify(claimed, by=verifier, at=NOON)
    assert caught.value.details == (need,)
