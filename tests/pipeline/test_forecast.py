"""The forecast is calibrated on generated histories, exact where it says so, and modest.

Histories are drawn from known rates and hazards, cut off at a day of the year, forecast, and
held against how that year really ended.
"""

from __future__ import annotations

import itertools
import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forecast import (
    Forecast,
    Moment,
    Open,
    Outcome,
    Park,
    Signing,
    chance_of_at_least,
    forecast,
)
from pipeline.hazards import AGES, Hazard, LifeTable, Spell, chance_within

JANUARY = 2026 * 12
SEPTEMBER = JANUARY + 8


# --- hazards ---------------------------------------------------------------------------------
def test_a_life_table_counts_who_was_at_risk_and_whom_it_happened_to() -> None:
    table = LifeTable.of([Spell(0, ended=2), Spell(0, left=1), Spell(1), Spell(9)], until=3)
    assert table.at_risk[:4] == (3, 3, 2, 0)
    assert table.ended[:4] == (0, 0, 1, 0)
    assert table.events == 1


def test_what_ended_later_than_is_known_goes_on() -> None:
    assert LifeTable.of([Spell(0, ended=5)], until=3) == LifeTable.of([Spell(0)], until=3)


def test_the_last_age_gathers_all_months_beyond() -> None:
    table = LifeTable.of([Spell(0, ended=AGES + 3)], until=100)
    assert table.at_risk[AGES - 1] == 5
    assert table.ended[AGES - 1] == 1


def test_a_park_without_history_has_the_county_s_hazard_and_one_with_much_its_own() -> None:
    county = Hazard.of_county(LifeTable.of([Spell(0, ended=3) for _ in range(200)], until=50))
    nothing = Hazard.of_park(LifeTable.of([], until=50), county)
    assert nothing.means == pytest.approx(county.means)
    quick = LifeTable.of([Spell(0, ended=0) for _ in range(2000)], until=50)
    assert Hazard.of_park(quick, county).means[0] > 0.95


@given(
    st.lists(st.floats(0, 1), min_size=AGES, max_size=AGES),
    st.integers(0, 50),
    st.integers(0, 12),
)
def test_a_chance_is_one_minus_lasting_every_month(
    hazard: list[float], age: int, months: int
) -> None:
    lasts = math.prod(1 - hazard[min(age + ahead, AGES - 1)] for ahead in range(months))
    assert chance_within(hazard, age=age, months=months) == pytest.approx(1 - lasts)


# --- what is exact ---------------------------------------------------------------------------
@given(st.lists(st.floats(0, 1), max_size=7), st.integers(-1, 8))
def test_the_chance_of_so_many_is_that_of_all_ways_it_can_come_about(
    chances: list[float], needed: int
) -> None:
    naive = math.fsum(
        math.prod(c if happens else 1 - c for c, happens in zip(chances, way, strict=True))
        for way in itertools.product((True, False), repeat=len(chances))
        if sum(way) >= needed
    )
    assert chance_of_at_least(needed, chances) == pytest.approx(naive, abs=1e-9)


def test_an_interval_of_counts_holds_as_near_eighty_percent_as_it_can() -> None:
    draws = Outcome(tuple(float(n) for n in [0] * 5 + [1] * 30 + [2] * 40 + [3] * 15 + [4] * 10))
    assert draws.interval == (1, 3)
    assert draws.mean == pytest.approx(1.95)
    assert draws.chance_of(3) == pytest.approx(0.25)


# --- what is certain, and what is too little -------------------------------------------------
def _steady(months: int, *, each: int = 2) -> list[Signing]:
    return [
        Signing(SEPTEMBER - back, 1e8, started=SEPTEMBER - back + 3 if back > 3 else None)
        for back in range(months)
        for _one in range(each)
    ]


def test_with_too_little_history_it_says_so() -> None:
    assert forecast({}, Moment(SEPTEMBER, 0.5)).too_little
    assert forecast({1: Park(_steady(11))}, Moment(SEPTEMBER, 0.5)).too_little
    assert forecast({1: Park(_steady(40, each=0))}, Moment(SEPTEMBER, 0.5)).too_little
    enough = forecast({1: Park(_steady(40))}, Moment(SEPTEMBER, 0.5), draws=50)
    assert not enough.too_little
    assert enough.signings == 72
    assert enough.months == 36


def test_the_same_question_has_the_same_answer() -> None:
    def ask(seed: int) -> Forecast:
        return forecast({1: Park(_steady(40))}, Moment(SEPTEMBER, 0.5), seed=seed, draws=50)

    assert ask(1) == ask(1)
    assert ask(1) != ask(2)


def test_at_the_year_s_end_nothing_is_left_to_chance() -> None:
    ending = forecast({1: Park(_steady(40))}, Moment(JANUARY + 11, 0.0), draws=50).county
    assert ending is not None
    signed = 2.0 * 9
    assert ending.projects.interval == (signed, signed)
    assert ending.amount.mean == pytest.approx(signed * 1e8)


def test_the_county_is_the_sum_of_its_parks_draw_by_draw() -> None:
    parks = {1: Park(_steady(40)), None: Park(_steady(40, each=1))}
    found = forecast(parks, Moment(SEPTEMBER, 0.5), draws=50)
    assert found.county is not None
    for draws in zip(
        found.county.projects.draws,
        *(found.parks[key].projects.draws for key in parks),
        strict=True,
    ):
        assert draws[0] == pytest.approx(sum(draws[1:]))


def test_a_project_in_contact_is_worth_more_than_none() -> None:
    moment = Moment(SEPTEMBER, 0.5)
    spells = [Spell(SEPTEMBER - back, ended=SEPTEMBER - back + 2) for back in range(3, 40)]
    none = forecast({1: Park(_steady(40), contacts=spells)}, moment, draws=300)
    some = forecast(
        {1: Park(_steady(40), [Open(SEPTEMBER - 1, 3e9)] * 10, contacts=spells)}, moment, draws=300
    )
    assert none.county is not None
    assert some.county is not None
    assert some.county.projects.mean > none.county.projects.mean + 5
    assert some.county.amount.mean > none.county.amount.mean + 1.5e10


# --- calibration -----------------------------------------------------------------------------
RATES = {1: 1.6, 2: 1.0, None: 0.3}  # signings a month
STARTS = [0.02, 0.06, 0.12, 0.16, 0.14, 0.1, 0.08, 0.06, 0.05, 0.04] + [0.03] * 200
SIGNS = [0.05, 0.12, 0.14, 0.1, 0.08, 0.06] + [0.04] * 200
YEARS = 4


def _history(chance: Random) -> dict[int | None, list[Signing]]:
    """Four years of contacts that become signings that start, month by month, by park."""
    parks: dict[int | None, list[Signing]] = {}
    for key, rate in RATES.items():
        signings = []
        for month in range(JANUARY - 12 * YEARS, JANUARY + 12):
            for _project in range(_count(rate / 0.8, chance)):  # some never sign
                signed = _after(month, SIGNS, chance)
                started = _after(signed, STARTS, chance)
                signings.append(Signing(signed, math.exp(chance.gauss(18.5, 1.0)), month, started))
        parks[key] = signings
    return parks


def _count(mean: float, chance: Random) -> int:
    count, left = -1, mean
    while left >= 0:
        left -= chance.expovariate(1.0)
        count += 1
    return count


def _after(month: int, hazard: list[float], chance: Random) -> int:
    for age, once in enumerate(hazard):
        if chance.random() < once:
            return month + age
    return month + len(hazard)


def _known(signings: list[Signing], cut: int) -> Park:
    """What can be known at the end of month ``cut``."""
    signed = [
        Signing(
            s.month, s.amount, s.contacted, s.started if s.started and s.started <= cut else None
        )
        for s in signings
        if s.month <= cut
    ]
    contacts = [
        Spell(s.contacted, s.month if s.month <= cut else None)
        for s in signings
        if s.contacted is not None and s.contacted <= cut
    ]
    waiting = [
        Open(s.contacted)
        for s in signings
        if s.contacted is not None and s.contacted <= cut < s.month
    ]
    return Park(signed, waiting, contacts)


def _really(parks: dict[int | None, list[Signing]]) -> dict[str, float]:
    year = [s for signings in parks.values() for s in signings if JANUARY <= s.month < JANUARY + 12]
    started = sum(s.started is not None and s.started < JANUARY + 12 for s in year)
    return {
        "projects": len(year),
        "amount": sum(s.amount for s in year),
        "rate": started / len(year) if year else 0.0,
    }


@pytest.mark.slow
def test_the_eighty_percent_interval_holds_about_eighty_of_a_hundred_outcomes() -> None:
    """Cut at the end of April, June and September in turn."""
    chance = Random(2026)
    inside = {"projects": 0, "amount": 0, "rate": 0}
    histories = 120
    for number in range(histories):
        cut = JANUARY + (3, 5, 8)[number % 3]
        parks = _history(chance)
        known = {key: _known(signings, cut) for key, signings in parks.items()}
        ending = forecast(known, Moment(cut + 1, 1.0), seed=number, draws=200).county
        assert ending is not None
        assert ending.rate is not None
        for name, really in _really(parks).items():
            low, high = getattr(ending, name).interval
            inside[name] += low <= really <= high
    held = sum(inside.values()) / (3 * histories)
    assert 0.75 <= held <= 0.85, inside
    assert all(0.7 <= count / histories <= 0.9 for count in inside.values()), inside
