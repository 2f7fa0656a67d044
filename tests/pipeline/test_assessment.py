"""Points, deductions, totals and ranks of score cards."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.assessment import half_up, score
from pipeline.assessment_measures import MEASURES, Value
from tests import ledger_factories as ledgers
from tests.factories import (
    LONG_AGO,
    FundsReceiptFactory,
    ParkFactory,
    ProjectFactory,
    TargetFactory,
    UserFactory,
    instant,
    the_verifier,
)
from tests.pipeline.scorecards import asked, card_of, less, one, table

pytestmark = pytest.mark.django_db


def points(done: str, target: str, weight: str) -> Decimal | None:
    return score(Value(Decimal(done)), Decimal(target), Decimal(weight), is_rate=False)


@pytest.mark.parametrize(
    ("done", "target", "weight", "expected"),
    [
        ("42", "50", "30", "25.20"),
        ("50", "50", "30", "30"),
        ("75", "50", "30", "30"),  # at most the weight
        ("0", "50", "30", "0"),
        ("-3", "50", "30", "0"),  # corrections can be more than what arrived
        ("1", "3", "10", "3.33"),
        ("2", "3", "10", "6.67"),
        ("1", "8", "1", "0.13"),  # 0.125: half up
        ("12564000000", "20000000000", "40", "25.13"),
    ],
)
def test_a_measure_scores_its_part_of_the_target_at_most_the_weight(
    done: str, target: str, weight: str, expected: str
) -> None:
    assert points(done, target, weight) == Decimal(expected)


def test_a_half_is_rounded_up_from_the_exact_quotient() -> None:
    assert half_up(Fraction(1, 200)) == Decimal("0.01")
    assert half_up(Fraction(1, 200) - Fraction(1, 10**40)) == Decimal("0.00")


def test_a_rate_without_a_whole_is_no_score_and_one_with_it_is_held_against_its_target() -> None:
    weight, target = Decimal(20), Decimal("0.6")
    assert score(None, target, weight, is_rate=True) is None
    assert score(Value(Decimal(0), Decimal(0)), target, weight, is_rate=True) is None
    nothing = score(Value(Decimal(0), Decimal(3)), target, weight, is_rate=True)
    assert nothing == 0
    assert score(Value(Decimal(1), Decimal(3)), target, weight, is_rate=True) == Decimal("11.11")


def park_with(slug: str, signed: int, target: int | None) -> Any:
    park = ParkFactory(slug=slug)
    ProjectFactory.create_batch(signed, park=park, signed=True)
    if target is not None:
        TargetFactory(holder="park", park=park, value=Decimal(target))
    return park


def test_a_park_s_points_come_from_its_figures_and_its_own_target() -> None:
    park_with("east", 3, 4)
    table("park", one("signed_projects", 70), one("signed_amount_yuan", 30, "1000000000"))
    card = card_of("east")
    assert [line.points for line in card.lines] == [Decimal("52.50"), Decimal(9)]
    assert (card.total, card.weight) == (Decimal("61.50"), Decimal(100))


def test_what_has_no_target_is_left_out_and_the_weight_that_counts_is_less() -> None:
    park_with("east", 3, 4)
    table("park", one("signed_projects", 80), one("groundbreakings", 20))
    card = card_of("east")
    assert card.lines[1].points is None
    assert (card.total, card.weight, card.share) == (60, 80, Decimal("0.75"))


def test_who_was_given_no_target_does_not_fall_back_for_it() -> None:
    park_with("east", 4, 4)
    west = park_with("west", 4, 4)
    TargetFactory(holder="park", park=west, metric="groundbreakings", value=Decimal(10))
    table("park", one("signed_projects", 80), one("groundbreakings", 20))
    assert [(c.holder.key, c.total, c.rank) for c in asked().cards] == [
        ("east", 80, 1),
        ("west", 80, 2),
    ]


def test_equal_holders_share_a_rank_and_the_next_one_s_is_left_free() -> None:
    for slug, signed in (("a", 2), ("b", 4), ("c", 4), ("d", 1)):
        park_with(slug, signed, 4)
    table("park", one("signed_projects"))
    assert [(c.holder.key, c.rank) for c in asked().cards] == [
        ("b", 1),
        ("c", 1),
        ("a", 3),
        ("d", 4),
    ]
    assert asked().of == 4


def test_who_has_neither_target_nor_record_is_not_ranked() -> None:
    park_with("east", 1, None)
    ParkFactory(slug="new")
    table("park", one("signed_projects", 100, 10))
    ranks = {card.holder.key: card.rank for card in asked().cards}
    assert ranks == {"east": 1, "new": None}
    assert asked().of == 1


def test_a_rate_is_inherited_from_the_county_and_needs_signings() -> None:
    TargetFactory(metric="start_rate", value=Decimal("0.6"))
    east = park_with("east", 1, 4)
    ProjectFactory(park=east, started=True)
    park_with("west", 0, 4)
    table("park", one("signed_projects", 60), one("start_rate", 40))
    east_rate, west_rate = card_of("east").lines[1], card_of("west").lines[1]
    assert (east_rate.points, east_rate.value) == (Decimal("33.33"), Value(Decimal(1), Decimal(2)))
    assert (west_rate.points, west_rate.done) == (None, None)


def test_a_scheme_s_own_rate_target_is_in_per_cent() -> None:
    east = park_with("east", 1, None)
    ProjectFactory(park=east, started=True)
    table("park", one("start_rate", 100, "62.5"))
    assert card_of("east").total == Decimal(80)


def test_funds_count_once_verified_and_corrections_take_away() -> None:
    park = ParkFactory(slug="east")
    project = ProjectFactory(park=park, signed=True)
    for amount in (Decimal(600), Decimal(-100)):
        FundsReceiptFactory(
            project=project,
            amount=amount,
            verified_at=instant("2026-05-03 10:00"),
            verified_by=the_verifier(),
        )
    table("park", one("funds_received_yuan", 100, 1000))
    assert card_of("east").total == 50


# --- deductions ----------------------------------------------------------------------------
def test_each_case_costs_its_points_at_most_what_the_line_may_take() -> None:
    park = park_with("east", 4, 4)
    unit = ledgers.UnitFactory(park=park)
    for _ in range(3):
        item = ledgers.LedgerItemFactory(active=True, unit=unit)
        ledgers.EscalationFactory(item=item)
    table("park", one("signed_projects"), less("overdue", 2, 5))
    line = card_of("east").deductions[0]
    assert (line.cases, line.points, line.is_capped) == (3, 5, True)
    assert card_of("east").total == 95


def test_an_item_that_was_red_twice_is_one_case() -> None:
    item = ledgers.LedgerItemFactory(active=True)
    ledgers.EscalationFactory(item=item)
    ledgers.EscalationFactory(item=item, node="ordinary", clock_due_on=dt.date(2026, 9, 27))
    table("unit", one("closed_items", 100, 1), less("overdue", "1.5"))
    assert card_of(str(item.unit_id), "unit").deductions[0].points == Decimal("1.5")


def test_a_total_is_never_below_zero() -> None:
    item = ledgers.LedgerItemFactory(active=True)
    ledgers.EscalationFactory(item=item)
    table("unit", one("closed_items", 100, 1), less("overdue"))
    card = card_of(str(item.unit_id), "unit")
    assert (card.gained, card.deducted, card.total) == (0, 2, 0)


@pytest.mark.parametrize(
    ("triggered_on", "recorded_at", "cases"),
    [
        ("2026-09-30", "2026-09-30 12:00", 1),
        ("2026-10-01", "2026-10-01 01:00", 0),  # after the day
        ("2026-09-30", "2026-10-01 12:01", 0),  # not known yet
        ("2025-12-31", "2025-12-31 12:00", 0),  # of another year
        ("2026-01-01", "2026-01-02 12:00", 1),
    ],
)
def test_a_red_item_costs_in_its_year_by_its_day_and_once_it_is_known(
    triggered_on: str, recorded_at: str, cases: int
) -> None:
    item = ledgers.LedgerItemFactory(active=True)
    ledgers.EscalationFactory(
        item=item,
        triggered_on=dt.date.fromisoformat(triggered_on),
        recorded_at=instant(recorded_at),
    )
    table("unit", one("closed_items", 100, 1), less("overdue"))
    assert card_of(str(item.unit_id), "unit").deductions[0].cases == cases


def test_naming_inspection_listing_and_returns_are_counted_apart() -> None:
    item = ledgers.LedgerItemFactory(active=True)
    ledgers.EscalationFactory(item=item, level=2)
    ledgers.EscalationFactory(item=item, **ledgers.named(decided_at=instant("2026-09-29 09:00")))
    ledgers.EscalationFactory(item=item, level=4, state="proposed")
    for _ in range(2):
        ledgers.ItemEventFactory(
            item=item, kind="returned", recorded_at=instant("2026-09-29 09:00")
        )
    kinds = ("named", "inspected", "listed", "returned")
    table("unit", one("closed_items", 100, 1), *(less(kind) for kind in kinds))
    cases = [line.cases for line in card_of(str(item.unit_id), "unit").deductions]
    assert cases == [1, 1, 0, 2]


# --- scope ---------------------------------------------------------------------------------
def test_a_park_s_people_see_their_park_and_its_rank_among_all() -> None:
    for slug, signed in (("east", 4), ("west", 2)):
        park_with(slug, signed, 4)
    table("park", one("signed_projects"))
    manager = UserFactory(manager=True, park=ParkFactory(slug="west"))
    found = asked(user=manager)
    assert [(c.holder.key, c.rank, c.of) for c in found.cards] == [("west", 2, 2)]
    leader = UserFactory(leader=True)
    assert len(asked(user=leader).cards) == 2


def test_an_officer_sees_the_own_card_and_a_manager_those_of_the_park() -> None:
    table("officer", one("signed_projects", 100, 4))
    east, west = ParkFactory(slug="east"), ParkFactory(slug="west")
    one_, two, other = (
        UserFactory(username=name, park=park, date_joined=LONG_AGO)
        for name, park in (("one", east), ("two", east), ("other", west))
    )
    keys = {
        who.username: {card.holder.key for card in asked("officer", user=who).cards}
        for who in (one_, two, other, UserFactory(username="boss", manager=True, park=east))
    }
    assert keys["one"] == {"one"}
    assert keys["other"] == {"other"}
    assert keys["boss"] == {"one", "two"}


def test_a_unit_s_people_see_their_unit_and_no_park_or_officer() -> None:
    unit, park = ledgers.UnitFactory(), ParkFactory(slug="east")
    committee = ledgers.UnitFactory(park=park)
    for level in ("park", "unit", "officer"):
        table(level, one("signed_projects" if level != "unit" else "closed_items", 100, 4))
    person = ledgers.person_of(unit)
    assert [c.holder.id for c in asked("unit", user=person).cards] == [unit.pk]
    assert not asked("park", user=person).cards
    assert not asked("officer", user=person).cards
    manager = UserFactory(manager=True, park=park)
    assert [c.holder.id for c in asked("unit", user=manager).cards] == [committee.pk]


# --- cost ----------------------------------------------------------------------------------
@pytest.mark.parametrize("level", ["park", "unit", "officer"])
def test_the_number_of_queries_does_not_grow_with_the_holders(level: str) -> None:
    codes = [m for m in MEASURES.values() if level in m.levels]
    weighed = [one(m.code, 1, 50) for m in codes if not m.is_deduction]
    weighed[0] = one(weighed[0].measure, 101 - len(weighed), 50)
    table(level, *weighed, *(less(m.code) for m in codes if m.is_deduction))

    def add(count: int) -> None:
        for _ in range(count):
            park = ParkFactory()
            ledgers.EscalationFactory(
                item=ledgers.LedgerItemFactory(active=True, unit=ledgers.UnitFactory(park=park))
            )
            ProjectFactory(park=park, signed=True)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert asked(level).of
        return len(found)

    add(1)
    few = queries()
    add(7)
    assert queries() == few
