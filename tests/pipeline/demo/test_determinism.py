import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from pipeline.demo import lives
from pipeline.models import FundsReceipt, Load, Milestone, Project
from pipeline.rollups import Window, rollup
from tests.pipeline.demo.conftest import seed_demo as seed

KNOWN = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def test_the_same_number_and_seed_give_the_same_rows(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _rows("--projects", "300", "--seed", "7")
    # Codes are unique: a second run's organizations take other numbers.
    monkeypatch.setattr(lives, "FIRST_CODE", 1_000_000)
    Load.objects.update(name="earlier")
    assert _rows("--projects", "300", "--seed", "7") == rows
    monkeypatch.setattr(lives, "FIRST_CODE", 2_000_000)
    Load.objects.update(name="earlier")
    assert _rows("--projects", "300", "--seed", "8") != rows


def _rows(*args: str) -> list[Any]:
    """What a run of the command adds, without ids."""
    before = Load.objects.count()
    seed(*args)
    load = Load.objects.order_by("id")[before]
    return [
        list(rows)
        for rows in (
            Project.objects.filter(load=load)
            .order_by("id")
            .values_list("name", "stage", "stage_since", "status", "park__slug", "created_at"),
            Milestone.objects.filter(project__load=load)
            .order_by("id")
            .values_list(
                "project__name", "kind", "occurred_on", "amount", "claimed_at", "verified_at"
            ),
            FundsReceipt.objects.filter(project__load=load)
            .order_by("id")
            .values_list("received_on", "amount", "park__slug", "verified_at"),
        )
    ]


def test_the_figures_of_a_number_and_seed_never_change(db: None) -> None:
    """By day nor by database: pinned here, so that measurements can be compared for years."""
    seed("--projects", "400")
    found = {
        year: rollup(Window(year, dt.date(year, 12, 31), KNOWN)).total for year in (2018, 2025)
    }
    assert {
        year: (total.signed_projects, total.signed_amount_yuan, total.started_same_year)
        for year, total in found.items()
    } == {
        2018: (38, Decimal("13229570000.00"), 20),
        2025: (26, Decimal("6539750000.00"), 18),
    }
