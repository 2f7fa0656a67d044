"""The roll-up as a whole: its rows, its queries, its exactness, and who sees what of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Park, User
from pipeline.models import FundsReceipt, Milestone, MilestoneShare, Project
from pipeline.rollups import DIMENSIONS, FIGURES, Window, behind, cohort, not_started_counts, rollup
from tests import factories as make
from tests.factories import ProjectFactory, instant

pytestmark = pytest.mark.django_db

NOW = instant("2026-12-31 18:00")
WINDOW = Window(2026, dt.date(2026, 12, 31), NOW)
SIGNED_ON = dt.date(2026, 3, 5)


def _bulk(count: int, amount: Decimal, *, shared_with: Park | None = None) -> None:
    """``count`` projects with a verified signing each, as a load leaves them."""
    pattern = ProjectFactory()
    verifier = make.the_verifier()
    projects = Project.objects.bulk_create(
        Project(
            name=f"批量{n}",
            investor=pattern.investor,
            park=pattern.park,
            officer=pattern.officer,
            created_at=pattern.created_at,
            created_by=pattern.created_by,
        )
        for n in range(count)
    )
    signings = Milestone.objects.bulk_create(
        Milestone(
            project=project,
            kind="signing",
            contract_kind="formal",
            occurred_on=SIGNED_ON,
            amount=amount,
            claimed_at=NOW,
            claimed_by=pattern.officer,
            verified_at=NOW,
            verified_by=verifier,
            park=project.park,
            officer=project.officer,
        )
        for project in projects
    )
    if shared_with is not None:
        for park, percent, part in (
            (pattern.park, "33.33", amount - Decimal("0.01")),
            (shared_with, "66.67", Decimal("0.01")),
        ):
            MilestoneShare.objects.bulk_create(
                MilestoneShare(milestone=m, park=park, percent=Decimal(percent), amount=part)
                for m in signings
            )


# --- queries ----------------------------------------------------------------------------------
def _queries(ask: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


@pytest.mark.parametrize("by", DIMENSIONS)
def test_a_roll_up_takes_five_queries_whatever_the_data(by: str) -> None:
    ProjectFactory(started=True)
    few = _queries(lambda: rollup(WINDOW, by=by))
    _bulk(50, Decimal(1), shared_with=make.ParkFactory(slug="auto-materials"))
    ProjectFactory(started=True)
    assert _queries(lambda: rollup(WINDOW, by=by)) == few == 5


def test_a_cohort_and_the_counts_of_what_waits_take_a_fixed_number_too() -> None:
    _bulk(1, Decimal(1))
    few = _queries(lambda: (cohort(WINDOW), not_started_counts(WINDOW)))
    _bulk(50, Decimal(1))
    assert _queries(lambda: (cohort(WINDOW), not_started_counts(WINDOW))) == few == 5


# --- exactness --------------------------------------------------------------------------------
def test_thousands_of_twenty_billion_add_up_to_the_fen() -> None:
    _bulk(3000, Decimal("20000000000.01"))
    total = rollup(WINDOW).total
    assert total.signed_amount_yuan == Decimal("60000000000030.00")
    assert total.signed_projects == 3000


def test_sums_beyond_what_a_float_can_tell_apart_are_exact() -> None:
    _bulk(80, Decimal("1000000000000000.01"))  # a float of 8 × 10^16 moves in steps of 16
    assert rollup(WINDOW).total.signed_amount_yuan == Decimal("80000000000000000.80")


def test_thousands_of_shared_projects_count_once_for_the_county(other_park: Park) -> None:
    _bulk(3000, Decimal("0.05"), shared_with=other_park)
    found = rollup(WINDOW)
    by_key = {row.key: row for row in found.rows}
    assert by_key["rare-metals"].signed_projects == Decimal("999.90")
    assert by_key["auto-materials"].signed_projects == Decimal("2000.10")
    assert (found.total.signed_projects, found.total.signed_amount_yuan) == (3000, Decimal(150))


def test_figures_are_decimals_and_never_floats() -> None:
    ProjectFactory(started=True)
    found = rollup(WINDOW)
    for row in [*found.rows, found.total]:
        for name in (*FIGURES, "funds_received_yuan", "funds_last_year_yuan"):
            assert type(getattr(row, name)) is Decimal


# --- rows -------------------------------------------------------------------------------------
def test_every_park_has_a_row_also_with_zeros_and_no_park_comes_last(
    park: Park, other_park: Park
) -> None:
    ProjectFactory(signed=True)
    rows = rollup(WINDOW).rows
    assert [(row.key, row.signed_projects) for row in rows] == [
        ("rare-metals", 1),
        ("auto-materials", 0),
        ("none", 0),
    ]


def test_the_total_is_named_so() -> None:
    total = rollup(WINDOW).total
    assert (total.key, total.name, total.signed_projects) == ("total", "合计", 0)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("park", "rare-metals"),
        ("channel", "business-by-business"),
        ("industry", "32"),
        ("officer", "officer-rare-metals"),
    ],
)
def test_the_same_figures_by_each_dimension(by: str, key: str) -> None:
    ProjectFactory(started=True)
    found = rollup(WINDOW, by=by)
    row = next(row for row in found.rows if row.key == key)
    assert (row.signed_projects, row.started_same_year) == (1, 1)
    assert (found.total.signed_projects, found.total.groundbreakings) == (1, 1)


def test_an_unknown_figure_or_dimension_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        behind("happiness", WINDOW)
    with pytest.raises(KeyError):
        rollup(WINDOW, by="weather")


# --- what is behind ---------------------------------------------------------------------------
def test_a_figure_opens_the_milestones_that_it_consists_of(park: Park) -> None:
    project = ProjectFactory(started=True)
    ProjectFactory(signed=True, signed_on=dt.date(2025, 3, 5))
    for figure in ("signed_projects", "started_same_year"):
        fact = behind(figure, WINDOW).get()
        assert (fact.project, fact.kind, fact.part) == (project, "signing", 100)
        assert fact.verified_by == make.the_verifier()
    assert behind("groundbreakings", WINDOW, key=park.pk).get().kind == "groundbreaking"
    assert not behind("groundbreakings", WINDOW, key=None).exists()


# --- scope ------------------------------------------------------------------------------------
def test_a_park_s_person_sees_the_figures_of_that_park_only(
    officer: User, outsider: User, leader: User
) -> None:
    ProjectFactory(started=True)
    ProjectFactory(signed=True, without_park=True)
    assert rollup(WINDOW, user=leader).total.signed_projects == 2
    assert rollup(WINDOW, user=officer).total.signed_projects == 1
    assert rollup(WINDOW, user=outsider).total.signed_projects == 0
    assert [row.key for row in rollup(WINDOW, user=outsider).rows] == ["auto-materials"]


def test_what_a_figure_counts_for_a_person_that_person_may_see(
    officer: User, outsider: User, other_park: Park
) -> None:
    ProjectFactory(started=True)
    for person in (officer, outsider):
        visible = set(Project.objects.visible_to(person))
        for figure in (*FIGURES, "signed_not_started"):
            facts = behind(figure, WINDOW, user=person)
            assert {fact.project for fact in facts} <= visible


def test_receipts_of_others_are_not_summed_for_a_park_s_person(
    officer: User, outsider: User
) -> None:
    receipt = make.FundsReceiptFactory()
    FundsReceipt.objects.filter(pk=receipt.pk).update(
        verified_at=NOW, verified_by=make.the_verifier()
    )
    assert rollup(WINDOW, user=officer).total.funds_received_yuan == 1_000_000
    assert rollup(WINDOW, user=outsider).total.funds_received_yuan == 0
