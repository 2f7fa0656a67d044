"""Targets as they were known, the time schedule, completion and ranks; figures as published."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from pipeline.models import Target
from pipeline.rollups import Row, Window, rollup
from pipeline.targets import (
    COUNTY,
    Targets,
    TargetValue,
    quarter_end,
    ranks,
    ratio,
    rounded,
    schedule,
)
from tests import factories as make
from tests.factories import ProjectFactory, instant

NOW = instant("2026-09-30 12:00")
PER_CENT = Decimal(100)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# --- the schedule ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("year", "as_of", "due"),
    [
        (2026, "2026-01-31", Decimal(1) / 12),
        (2026, "2026-06-30", Decimal("0.5")),
        (2026, "2026-09-30", Decimal("0.75")),
        (2026, "2026-12-31", Decimal(1)),
        (2026, "2026-02-28", Decimal(2) / 12),
        (2024, "2024-02-28", Decimal(59) / 366),
        (2024, "2024-02-29", Decimal(2) / 12),
        (2026, "2026-01-01", Decimal(1) / 365),
        (2024, "2024-12-30", Decimal(365) / 366),
        (2026, "2026-07-15", Decimal(196) / 365),
        (2026, "2025-12-31", Decimal(0)),
        (2026, "2027-01-01", Decimal(1)),
    ],
)
def test_months_at_a_month_s_end_and_days_otherwise(year: int, as_of: str, due: Decimal) -> None:
    assert schedule(year, day(as_of)) == due


PLAN = TargetValue(Decimal(50), 2026, (Decimal(5), Decimal(20), Decimal(40), Decimal(50)))


@pytest.mark.parametrize(
    ("as_of", "due"),
    [
        ("2026-03-31", Decimal("0.1")),
        ("2026-06-30", Decimal("0.4")),
        ("2026-09-30", Decimal("0.8")),
        ("2026-12-31", Decimal(1)),
        ("2026-01-01", Decimal(5) / 90 / 50),
        ("2026-07-01", (Decimal(20) + Decimal(20) / 92) / 50),
        ("2025-12-31", Decimal(0)),
        ("2027-01-01", Decimal(1)),
    ],
)
def test_a_target_s_own_quarterly_plan_is_its_schedule(as_of: str, due: Decimal) -> None:
    assert schedule(2026, day(as_of), PLAN) == due


def test_quarters_end_with_their_months() -> None:
    ends = [quarter_end(2024, quarter).isoformat() for quarter in (1, 2, 3, 4)]
    assert ends == ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"]


# --- rates as published -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("started", "signed", "shown"),
    [
        (2641, 3108, "85.0"),  # Shanxi 2023
        (40, 68, "58.8"),  # Taiyuan 2021-06
        (442, 542, "81.5"),  # Yuncheng 2025: 81.549… must not come by way of 81.55
        (1631, 2000, "81.6"),  # 81.55 exactly: half up
        (1, 2000, "0.1"),  # 0.05
        (0, 3, "0.0"),
        (7, 5, "140.0"),
    ],
)
def test_rates_are_shown_with_one_decimal_half_up(started: int, signed: int, shown: str) -> None:
    rate = ratio(started, signed)
    assert rate is not None
    assert str(rounded(rate * PER_CENT, 1)) == shown


@pytest.mark.parametrize(
    ("done", "due", "lead"), [("125.64", "83.33", "42.31"), ("70.41", "83.33", "-12.92")]
)
def test_points_ahead_and_behind_are_completion_less_schedule(
    done: str, due: str, lead: str
) -> None:
    # Panzhihua at the end of October: ten months of twelve are due.
    row = Row(
        key="total",
        name="合计",
        signed_projects=Decimal(done),
        targets={"signed_projects": TargetValue(PER_CENT, 2026)},
        schedules={"signed_projects": schedule(2026, day("2026-10-31"))},
    )
    ahead = row.lead("signed_projects")
    assert ahead is not None
    assert str(rounded(schedule(2026, day("2026-10-31")) * PER_CENT, 2)) == due
    assert str(rounded(ahead * PER_CENT, 2)) == lead


def test_completion_is_never_capped() -> None:
    row = Row("total", "合计", None, Decimal(63), targets={"signed_projects": PLAN})
    assert row.completion("signed_projects") == Decimal("1.26")


def test_without_a_target_there_is_no_completion_and_no_lead() -> None:
    row = Row("total", "合计", None, Decimal(63), targets={"signed_projects": None})
    assert (row.completion("signed_projects"), row.lead("signed_projects")) == (None, None)


def test_nothing_divided_by_nothing_is_nothing() -> None:
    assert (ratio(0, 0), ratio(5, None), ratio(0, 5)) == (None, None, Decimal(0))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5, 5, 3], [1, 1, 3]),
        ([3, 5, 5, 1], [3, 1, 1, 4]),
        ([None, 2, None], [None, 1, None]),
        ([], []),
    ],
)
def test_ties_rank_alike_and_what_has_no_target_is_unranked(
    values: list[int | None], expected: list[int | None]
) -> None:
    assert ranks([None if v is None else Decimal(v) for v in values]) == expected


# --- versions ---------------------------------------------------------------------------------
def _set(value: int | str, at: str, **kwargs: Any) -> Target:
    return make.TargetFactory(value=Decimal(value), recorded_at=instant(at), **kwargs)


@pytest.mark.django_db
def test_a_target_is_the_version_recorded_last_before_the_instant() -> None:
    _set(50, "2026-01-05 09:00")
    _set(60, "2026-07-01 09:00")

    def at(text: str) -> Decimal | None:
        found = Targets(2026, instant(text)).own("signed_projects")
        return found and found.value

    assert at("2026-01-05 08:59:59") is None
    assert at("2026-01-05 09:00") == 50
    assert at("2026-07-01 08:59:59") == 50
    assert at("2026-07-01 09:00") == 60


@pytest.mark.django_db
def test_of_two_versions_of_one_instant_the_later_row_counts() -> None:
    _set(50, "2026-01-05 09:00")
    _set(60, "2026-01-05 09:00")
    found = Targets(2026, NOW).own("signed_projects")
    assert found is not None
    assert found.value == 60


@pytest.mark.django_db
def test_county_targets_are_repeated_until_the_county_sets_new_ones() -> None:
    _set(50, "2023-01-05 09:00", year=2023)
    targets = Targets(2026, NOW)
    found = targets.own("signed_projects")
    assert found is not None
    assert (found.value, found.set_for, targets.repeated_from) == (50, 2023, 2023)
    _set(70, "2026-02-01 09:00", year=2026)
    targets = Targets(2026, NOW)
    found = targets.own("signed_projects")
    assert found is not None
    assert (found.value, targets.repeated_from) == (70, None)
    assert Targets(2022, NOW).own("signed_projects") is None


@pytest.mark.django_db
def test_a_version_of_an_earlier_year_recorded_later_does_not_replace_this_year_s() -> None:
    _set(70, "2026-02-01 09:00", year=2026)
    _set(55, "2026-03-01 09:00", year=2025)
    found = Targets(2026, NOW).own("signed_projects")
    assert found is not None
    assert found.value == 70


@pytest.mark.django_db
def test_a_park_s_targets_are_not_repeated_and_not_inherited_but_its_rate_is() -> None:
    park = make.ParkFactory(slug="rare-metals")
    _set(50, "2026-01-05 09:00")
    _set("0.6", "2026-01-05 09:00", metric="start_rate")
    _set(20, "2025-01-05 09:00", year=2025, holder="park", park=park)
    targets = Targets(2026, NOW)
    assert targets.own("signed_projects", ("park", park.pk)) is None
    inherited = targets.rate("start_rate", ("park", park.pk))
    assert inherited is not None
    assert inherited.value == Decimal("0.6")
    _set("0.7", "2026-01-05 09:00", metric="start_rate", holder="park", park=park)
    own = Targets(2026, NOW).rate("start_rate", ("park", park.pk))
    assert own is not None
    assert own.value == Decimal("0.7")


@pytest.mark.django_db
def test_a_roll_up_holds_each_row_against_its_holder_s_targets() -> None:
    project = ProjectFactory(started=True, amount=Decimal("20000000000.00"))
    _set(50, "2026-01-05 09:00")
    _set(20_000_000_000, "2026-01-05 09:00", metric="signed_amount_yuan")
    _set("0.6", "2026-01-05 09:00", metric="start_rate")
    _set(2, "2026-01-05 09:00", holder="park", park=project.park, plan_q1=1, plan_q2=1, plan_q3=1)
    found = rollup(Window(2026, day("2026-09-30"), NOW))
    park = next(row for row in found.rows if row.id == project.park_id)
    total = found.total
    assert (total.completion("signed_projects"), total.completion("signed_amount_yuan")) == (
        Decimal("0.02"),
        Decimal(1),
    )
    assert total.start_rate_gap == park.start_rate_gap == Decimal("0.4")
    assert park.completion("signed_projects") == Decimal("0.5")
    assert park.completion("signed_amount_yuan") is None
    assert (total.lead("signed_projects"), park.lead("signed_projects")) == (
        Decimal("0.02") - Decimal("0.75"),
        Decimal(0),
    )


@pytest.mark.django_db
def test_a_roll_up_as_of_an_instant_uses_the_targets_known_then() -> None:
    _set(50, "2026-01-05 09:00")
    _set(80, "2026-07-01 09:00")
    then = Window(2026, day("2026-06-30"), instant("2026-06-30 18:00"))
    assert rollup(then).total.target("signed_projects") == 50
    assert rollup(Window(2026, day("2026-06-30"), NOW)).total.target("signed_projects") == 80


@pytest.mark.django_db
def test_examples_are_told_from_targets_that_the_county_set() -> None:
    _set(50, "2026-01-05 09:00")
    assert not Targets(2026, NOW).has_examples
    _set(20, "2026-01-05 09:00", holder="park", park=make.ParkFactory(), is_example=True)
    assert Targets(2026, NOW).has_examples
    assert Targets(2026, NOW).own("signed_projects", COUNTY) is not None
