"""Month by month: cumulative, summing to the roll-up, beside the plan and last year."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from crm.models import Park, User
from pipeline import attribution
from pipeline.models import DocumentKind
from pipeline.monthly import monthly
from pipeline.rollups import Window, rollup
from pipeline.stages import ContractKind
from tests.factories import DocumentFactory, ProjectFactory, TargetFactory, instant, sign

NOW = instant("2027-01-31 10:00")


def window(as_of: dt.date = dt.date(2026, 12, 31), known_at: dt.datetime = NOW) -> Window:
    return Window(2026, as_of, known_at)


@pytest.fixture
def year(park: Park, other_park: Park, leader: User) -> Park:
    """Signings of two years, in two parks, an expansion, a framework, a shared project."""
    for month in (1, 3, 6, 12):
        ProjectFactory(signed=True, park=park, signed_on=dt.date(2026, month, 28), amount=month * 7)
    ProjectFactory(signed=True, without_park=True, signed_on=dt.date(2025, 4, 1), amount=13)
    grown = ProjectFactory(started=True, park=park, signed_on=dt.date(2025, 2, 1), amount=17)
    DocumentFactory(project=grown, kind=DocumentKind.CONTRACT)
    sign(grown, on=dt.date(2026, 7, 9), amount=19, contract_kind=ContractKind.EXPANSION)
    shared = ProjectFactory(ready_to_sign=True, park=park)
    attribution.transfer(
        shared,
        to=other_park,
        on=dt.date(2026, 2, 1),
        reason="首谈地与落地地",
        by=leader,
        at=instant("2026-02-01 10:00"),
        shares={park: Decimal(40), other_park: Decimal(60)},
    )
    sign(shared, on=dt.date(2026, 8, 8), amount=100)
    return park


@given(day=st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31)), late=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_the_last_month_is_the_roll_up_for_the_county_and_for_a_park(
    year: Park, manager: User, day: dt.date, late: bool
) -> None:
    for user in (None, manager):
        asked = window(day, NOW if late else instant("2026-06-30 12:00"))
        total = rollup(asked, user=user).total
        begun = [month for month in monthly(asked, user=user) if month.projects is not None]
        last = (begun[-1].projects, begun[-1].amount) if begun else (0, 0)
        assert last == (total.signed_projects, total.signed_amount_yuan)


def test_a_month_that_has_not_begun_has_no_figure_and_last_year_is_shown_to_its_end(
    year: Park, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):  # settings and sums of two years, targets
        months = monthly(window(dt.date(2026, 6, 28)))
    assert [month.projects for month in months] == [1, 1, 2, 2, 2, 3, *[None] * 6]
    assert months[5].until == dt.date(2026, 6, 28)
    assert [m.projects_last_year for m in months] == [0, 1, 1, *[2] * 9]
    assert months[-1].amount_last_year == 30


def test_the_plan_is_the_target_by_its_quarters(park: Park) -> None:
    assert monthly(window())[0].projects_plan is None
    TargetFactory(value=Decimal(50), plan_q1=Decimal(5), plan_q2=Decimal(20), plan_q3=Decimal(40))
    months = monthly(window())
    assert [months[n].projects_plan for n in (2, 5, 8, 11)] == [5, 20, 40, 50]


def test_a_park_s_plan_is_its_own_target(park: Park, manager: User) -> None:
    TargetFactory(value=Decimal(50))
    TargetFactory(value=Decimal(12), holder="park", park=park)
    assert monthly(window(), user=manager)[11].projects_plan == 12
