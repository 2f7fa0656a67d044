"""Transfers and shares: who may, what is refused, and amounts divided to the fen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.models import Park, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import attribution
from pipeline.attribution import SharesDoNotSum, allot
from pipeline.models import Project
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 6, 1)


@pytest.mark.django_db
def test_a_transfer_keeps_where_the_project_came_from(
    manager: User, park: Park, other_park: Park
) -> None:
    project = ProjectFactory()
    attribution.transfer(project, to=other_park, on=DAY, reason="换园", by=manager, at=NOON)
    project.refresh_from_db()
    assert project.park == other_park
    assert [(a.park, a.effective_on) for a in project.attributions.all()] == [
        (park, None),
        (other_park, DAY),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("on", "slug"), [("2026-05-31", "rare-metals"), ("2026-06-01", "auto-materials")]
)
def test_the_day_of_a_transfer_is_the_new_park_s_first(
    manager: User, other_park: Park, on: str, slug: str
) -> None:
    project = ProjectFactory()
    attribution.transfer(project, to=other_park, on=DAY, reason="换园", by=manager, at=NOON)
    held, _shares = attribution.in_force(project, dt.date.fromisoformat(on))
    assert held is not None
    assert held.slug == slug


@pytest.mark.django_db
def test_a_transfer_recorded_late_does_not_take_the_project_back(
    leader: User, park: Park, other_park: Park
) -> None:
    project = ProjectFactory()
    attribution.transfer(project, to=other_park, on=DAY, reason="换园", by=leader, at=NOON)
    attribution.transfer(
        project, to=None, on=dt.date(2026, 1, 1), reason="补记", by=leader, at=NOON
    )
    project.refresh_from_db()
    assert project.park == other_park
    assert attribution.in_force(project, dt.date(2026, 2, 1))[0] is None


@pytest.mark.django_db
def test_a_county_level_project_that_goes_to_a_park_is_one_no_longer(
    leader: User, park: Park
) -> None:
    project = ProjectFactory(without_park=True)
    attribution.transfer(project, to=park, on=DAY, reason="落园", by=leader, at=NOON)
    project.refresh_from_db()
    assert (project.park, project.is_county_level) == (park, False)


@pytest.mark.django_db
def test_who_lost_a_project_still_sees_it(
    manager: User, officer: User, other_park: Park, outsider: User
) -> None:
    project = ProjectFactory()
    assert project not in Project.objects.visible_to(outsider)
    attribution.transfer(project, to=other_park, on=DAY, reason="换园", by=manager, at=NOON)
    for person in (manager, officer, outsider):
        assert project in Project.objects.visible_to(person)


@pytest.mark.django_db
def test_a_transfer_needs_a_reason(manager: User, other_park: Park) -> None:
    project = ProjectFactory()
    with refused(ReasonNeeded):
        attribution.transfer(project, to=other_park, on=DAY, reason=" ", by=manager, at=NOON)


@pytest.mark.django_db
@pytest.mark.parametrize("percents", [(50, 49), (50, 51), (150, -50), (100, 0)])
def test_shares_are_above_nothing_and_sum_to_a_hundred(
    manager: User, park: Park, other_park: Park, percents: tuple[int, int]
) -> None:
    project = ProjectFactory()
    shares = {park: Decimal(percents[0]), other_park: Decimal(percents[1])}
    with refused(SharesDoNotSum):
        attribution.transfer(
            project, to=park, on=DAY, reason="分成", by=manager, at=NOON, shares=shares
        )


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["officer", "outsider", "verifier", "auditor", "admin"])
def test_only_the_park_s_manager_or_a_leader_transfers(
    who: str, other_park: Park, request: pytest.FixtureRequest
) -> None:
    project = ProjectFactory()
    by = request.getfixturevalue(who)
    with refused(NotAllowed):
        attribution.transfer(project, to=other_park, on=DAY, reason="换园", by=by, at=NOON)


# --- dividing ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "percents", "parts"),
    [
        ("1.00", ["33.33", "33.33", "33.34"], ["0.33", "0.33", "0.34"]),
        ("0.01", ["50", "50"], ["0.01", "0.00"]),
        ("0.05", ["66.67", "33.33"], ["0.03", "0.02"]),
        ("-0.05", ["66.67", "33.33"], ["-0.03", "-0.02"]),
        ("20000000000.01", ["60", "40"], ["12000000000.01", "8000000000.00"]),
    ],
)
def test_what_is_left_over_goes_to_who_lost_most(
    amount: str, percents: list[str], parts: list[str]
) -> None:
    assert allot(Decimal(amount), [Decimal(p) for p in percents]) == [Decimal(p) for p in parts]


def test_no_amount_is_divided_into_none() -> None:
    assert allot(None, [Decimal(60), Decimal(40)]) == [None, None]


@given(
    fen=st.integers(-(10**17), 10**17),
    cuts=st.lists(st.integers(1, 9999), max_size=5, unique=True),
)
def test_parts_add_up_exactly_and_none_is_off_by_a_fen(fen: int, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 10_000]
    percents = [Decimal(b - a).scaleb(-2) for a, b in pairwise(edges)]
    amount = Decimal(fen).scaleb(-2)
    parts = allot(amount, percents)
    assert sum(part for part in parts if part is not None) == amount
    for part, percent in zip(parts, percents, strict=True):
        assert part is not None
        assert abs(part - amount * percent / 100) < Decimal("0.01")
