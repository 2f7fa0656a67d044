"""A load is taken back as a whole, and figures as known before keep it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from crm.models import Role, User
from crm.refusals import NotAllowed
from pipeline import history
from pipeline.models import FundsReceipt, Load, Milestone, Project
from pipeline.rollups import Row
from pipeline.spreadsheets.undoing import CannotBeUndone, undo
from tests.pipeline.loading.ledgers import LOADED_AT, Book, line

Total = Callable[..., Row]
LATER = LOADED_AT + dt.timedelta(days=30)


def undo_last() -> Load:
    return undo(Load.objects.latest("id"), by=history.verifier(), at=LATER)


def test_an_undone_load_counts_for_nothing_any_more(book: Book, total: Total) -> None:
    book.load(line(**{"累计到位资金(万元)": "1000"}), line(项目名称="二期"))
    before = total(LOADED_AT)
    undo_last()
    now = total()
    assert (now.signed_projects, now.groundbreakings, now.funds_received_yuan) == (0, 0, 0)
    assert total(LOADED_AT) == before
    assert not Project.objects.current().exists()
    assert set(Project.objects.values_list("stage", flat=True)) == {"lead"}


def test_undoing_a_correction_restores_what_it_corrected(book: Book, total: Total) -> None:
    book.load(line(备注="原"))
    before = total()
    book.load(
        line(
            **{"协议总投资(亿元)": "9", "落地园区": "现代农业园", "备注": "新", "项目状态": "终止"}
        )
    )
    assert total() != before
    undo_last()
    project = Project.objects.get()
    assert total() == before
    assert (project.remark, project.status) == ("原", "active")
    assert project.agreed_investment == Decimal(250_000_000)
    assert project.park.slug == "rare-metals"  # type: ignore[union-attr]
    assert set(Milestone.objects.effective().values_list("park__slug", flat=True)) == {
        "rare-metals"
    }


def test_the_same_workbook_loads_again_after_it_was_undone(book: Book, total: Total) -> None:
    book.load(line(**{"累计到位资金(万元)": "1000"}))
    before = total()
    undo_last()
    book.loads = 40
    outcome = book.load(line(**{"累计到位资金(万元)": "1000"}))
    assert outcome.counts["created"] == 1
    assert Project.objects.current().count() == Project.objects.count() == 1
    assert total() == before
    assert sum(FundsReceipt.objects.values_list("amount", flat=True)) == Decimal(10_000_000)


def test_a_load_that_a_later_one_wrote_on_is_undone_after_it(book: Book) -> None:
    book.load(line())
    book.load(line(备注="改"))
    first, second = Load.objects.order_by("id")
    with pytest.raises(CannotBeUndone) as refused:
        undo(first, by=history.verifier(), at=LATER)
    assert refused.value.details
    undo(second, by=history.verifier(), at=LATER)
    undo(first, by=history.verifier(), at=LATER)
    assert not Project.objects.current().exists()


def test_a_load_is_undone_once(book: Book) -> None:
    book.load(line())
    undo_last()
    with pytest.raises(CannotBeUndone):
        undo_last()


def test_an_officer_may_not_undo_a_load(book: Book) -> None:
    book.load(line())
    officer = User.objects.create(username="o", full_name="专员", role=Role.OFFICER)
    with pytest.raises(NotAllowed):
        undo(Load.objects.get(), by=officer, at=LATER)
    assert Load.objects.get().undone_at is None
