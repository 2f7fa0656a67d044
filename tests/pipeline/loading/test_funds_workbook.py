"""Receipts are loaded from a workbook as history, and no money counts twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm.models import Role, User
from crm.refusals import NotAllowed
from pipeline import funds, history
from pipeline.models import FundsReceipt, Load, LoadKind, LoadRow, Project
from pipeline.rollups import Row
from pipeline.spreadsheets.undoing import CannotBeUndone, undo
from tests.factories import OrganizationFactory, ParkFactory, ProjectFactory, UserFactory
from tests.pipeline.loading.workbooks import LOADED_AT, Workbooks

HEADERS = ["项目名称", "投资方", "到位时间", "到位金额(万元)", "凭证号"]
DAY = dt.date(2026, 3, 5)
LATER = LOADED_AT + dt.timedelta(days=60)
Total = Callable[..., Row]


@pytest.fixture
def project(db: None) -> Project:
    investor = OrganizationFactory(name="晨虹公司", name_key="晨虹公司")
    return ProjectFactory(name="高纯镓项目", investor=investor)


@pytest.fixture
def verifier(db: None) -> User:
    return UserFactory(username="verifier", verifier=True)


@pytest.fixture
def books(verifier: User, project: Project, tmp_path: Path, settings: Any) -> Workbooks:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Workbooks(tmp_path, "funds", HEADERS, verifier)


def line(amount: Any = 1200, on: Any = DAY, **said: Any) -> list[Any]:
    cells = {"项目名称": "高纯镓项目", "到位时间": on, "到位金额(万元)": amount, **said}
    return [cells.get(header) for header in HEADERS]


def undo_last(by: User) -> Load:
    return undo(Load.objects.latest("id"), by=by, at=LATER)


# --- clean rows --------------------------------------------------------------------------
def test_a_receipt_is_history_verified_by_who_loads_it(
    books: Workbooks, project: Project, verifier: User, total: Total
) -> None:
    outcome = books.load(line(凭证号="银 3-17"))
    assert outcome.counts == {"created": 1}
    receipt = FundsReceipt.objects.get()
    assert (receipt.amount, receipt.received_on) == (Decimal(12_000_000), DAY)
    assert (receipt.note, receipt.is_historical) == ("银 3-17", True)
    assert (receipt.recorded_by, receipt.verified_by) == (history.claimant(), verifier)
    assert (receipt.park, receipt.load_row) == (project.park, LoadRow.objects.get())
    assert total().funds_received_yuan == Decimal(12_000_000)
    project.refresh_from_db()
    assert project.active_on == DAY


def test_a_unit_in_the_cell_comes_before_that_of_the_header(books: Workbooks) -> None:
    books.load(line("1.2亿元"))
    assert FundsReceipt.objects.get().amount == Decimal(120_000_000)


def test_a_month_is_kept_as_a_month(books: Workbooks) -> None:
    books.load(line(on="2026年3月"))
    receipt = FundsReceipt.objects.get()
    assert (receipt.received_on, receipt.precision) == (dt.date(2026, 3, 31), "month")


def test_two_receipts_of_a_day_with_two_vouchers_are_two(books: Workbooks) -> None:
    assert books.load(line(凭证号="1"), line(凭证号="2")).counts == {"created": 2}


# --- loading again -----------------------------------------------------------------------
def test_loading_again_changes_nothing(books: Workbooks) -> None:
    rows = [line(), line(on="2026年9月", amount=300)]
    books.load(*rows)
    books.loads = 5
    again = books.load(*rows, today=dt.date(2026, 10, 6))
    assert again.counts == {"unchanged": 2}
    assert FundsReceipt.objects.count() == 2


def test_another_amount_for_the_same_day_is_booked_and_said(books: Workbooks) -> None:
    books.load(line())
    outcome = books.load(line(1300))
    assert outcome.counts == {"created": 1}
    assert "同一天已导入过" in outcome.notes[0]


# --- what is refused ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("missing_name", line(项目名称=None, 投资方="晨虹公司")),
        ("formula_without_value", line("=1+1")),
        ("ambiguous_date", line(on=2026.1)),
        ("bad_date", line(on="去年底")),
        ("bad_date", line(on="—")),
        ("bad_amount", line("约几千万")),
        ("bad_amount", line(-5)),
        ("bad_amount", line(0)),
        ("bad_amount", line("")),
        ("too_long", line(凭证号="号" * 201)),
        ("future_date", line(on=dt.date(2026, 10, 1))),
        ("unknown_project", line(项目名称="没有的项目")),
        ("another_investor", line(投资方="别的公司")),
    ],
)
def test_a_row_that_cannot_be_booked_is_refused(
    books: Workbooks, code: str, row: list[Any]
) -> None:
    assert books.code(row) == code
    assert not FundsReceipt.objects.exists()


def test_a_wrong_code_is_refused(books: Workbooks) -> None:
    headers = [*HEADERS, "统一社会信用代码"]
    assert books.code([*line(), "9114"], headers=headers) == "bad_uscc"


def test_an_amount_without_any_unit_is_refused(books: Workbooks) -> None:
    headers = ["项目名称", "投资方", "到位时间", "到位金额", "凭证号"]
    assert books.code(line(), headers=headers) == "bad_amount"


def test_a_project_of_whose_name_there_are_two_needs_its_investor(
    books: Workbooks, project: Project
) -> None:
    ProjectFactory(name="高纯镓项目")
    assert books.code(line()) == "ambiguous_project"
    assert books.load(line(投资方="晨虹公司")).counts == {"created": 1}
    assert FundsReceipt.objects.get().project == project


def test_a_project_of_another_park_is_refused(books: Workbooks) -> None:
    books.by = UserFactory(role=Role.VERIFIER, park=ParkFactory(slug="auto-materials"))
    assert books.code(line()) == "outside_scope"


def test_what_was_recorded_by_hand_does_not_count_again(books: Workbooks, project: Project) -> None:
    funds.record(
        project, amount=Decimal(12_000_000), received_on=DAY, by=project.officer, at=LOADED_AT
    )
    assert books.code(line()) == "already_recorded"


def test_what_a_ledgers_cumulative_figure_holds_does_not_count_again(
    books: Workbooks, project: Project, verifier: User
) -> None:
    ledger = Load.objects.create(
        kind=LoadKind.LEDGER,
        name="台账.xlsx",
        size=1,
        today=dt.date(2026, 6, 30),
        loaded_at=LOADED_AT,
        loaded_by=verifier,
    )
    FundsReceipt.objects.create(
        project=project,
        received_on=dt.date(2026, 6, 30),
        amount=Decimal(50_000_000),
        load_row=LoadRow.objects.create(
            load=ledger, sheet="1", row=2, outcome="created", project=project
        ),
        recorded_at=LOADED_AT,
        recorded_by=history.claimant(),
        verified_at=LOADED_AT,
        verified_by=verifier,
    )
    outcome = books.load(line(), line(on=dt.date(2026, 7, 1)))
    assert [reject.code for reject in outcome.rejects] == ["already_carried"]
    assert outcome.counts["created"] == 1


def test_the_same_receipt_twice_is_refused(books: Workbooks) -> None:
    outcome = books.load(line(), line())
    assert [(r.code, r.row) for r in outcome.rejects] == [("duplicate_row", 3)]


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMIN, Role.LEADER])
def test_only_a_verifier_loads_receipts(books: Workbooks, role: str) -> None:
    books.by = UserFactory(role=role)
    with pytest.raises(NotAllowed):
        books.load(line())


# --- undoing -----------------------------------------------------------------------------
def test_an_undone_load_counts_for_nothing_any_more(
    books: Workbooks, verifier: User, total: Total
) -> None:
    books.load(line(), line(500, 凭证号="2"))
    before = total(LOADED_AT)
    undo_last(verifier)
    assert total().funds_received_yuan == 0
    assert total(LOADED_AT) == before
    with pytest.raises(CannotBeUndone):
        undo_last(verifier)


def test_the_same_workbook_loads_again_after_it_was_undone(
    books: Workbooks, verifier: User, total: Total
) -> None:
    books.load(line())
    undo_last(verifier)
    books.loads = 70
    assert books.load(line()).counts == {"created": 1}
    assert total().funds_received_yuan == Decimal(12_000_000)
