"""What a second load changes: rows that changed, and nothing else."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from crm.models import User
from pipeline import attribution, history
from pipeline.models import FundsReceipt, LoadRow, Milestone, Project, StatusChange
from pipeline.rollups import Row
from tests.pipeline.loading.ledgers import LOADED_AT, TODAY, Book, line

Total = Callable[..., Row]


def test_a_changed_amount_is_revoked_and_claimed_anew(book: Book, total: Total) -> None:
    book.load(line())
    outcome = book.load(line(**{"协议总投资(亿元)": "3"}))
    assert outcome.counts["updated"] == 1
    old, new = Milestone.objects.filter(kind="signing").order_by("id")
    assert old.revoked_at == new.verified_at
    assert new.corrects == old
    assert total().signed_amount_yuan == Decimal(300_000_000)
    assert total().signed_projects == 1


def test_figures_known_before_a_correction_stay(book: Book, total: Total) -> None:
    book.load(line())
    before = total(LOADED_AT)
    book.load(line(签约日期="2025-12-31", 开工日期="2026-01-01"))
    assert total(LOADED_AT) == before
    assert total().signed_projects == 0
    assert total(year=2025).signed_projects == 1
    assert total(year=2025).started_same_year == 0


def test_a_changed_park_moves_the_credit(book: Book, total: Total) -> None:
    book.load(line())
    book.load(line(落地园区="现代农业园"))
    parks = Milestone.objects.effective().values_list("park__slug", flat=True)
    assert set(parks) == {"modern-agriculture"}
    assert Project.objects.get().park.slug == "modern-agriculture"  # type: ignore[union-attr]


def test_who_takes_a_project_over_gets_no_credit_for_what_happened_before(book: Book) -> None:
    before = User.objects.create(username="before", full_name="马春燕")
    after = User.objects.create(username="after", full_name="李晓梅")
    book.load(line(责任人="马春燕", 开工日期=""))
    book.load(line(责任人="李晓梅"))
    assert Project.objects.get().officer == after
    assert Milestone.objects.get(kind="signing").officer == before
    assert Milestone.objects.get(kind="groundbreaking").officer == after


def test_an_empty_cell_changes_nothing_and_is_named(book: Book, total: Total) -> None:
    book.load(line())
    outcome = book.load(line(开工日期="", 备注="另有说明"))
    assert total().started_same_year == 1
    assert any("开工" in note and "2026-06-01" in note for note in outcome.notes)


def test_a_row_that_is_now_rejected_leaves_what_was_loaded(book: Book, total: Total) -> None:
    book.load(line())
    outcome = book.load(line(**{"协议总投资(亿元)": "面议"}))
    assert [reject.code for reject in outcome.rejects] == ["bad_amount"]
    assert total().signed_amount_yuan == Decimal(250_000_000)


def test_a_signing_moved_behind_its_start_is_rejected(book: Book, total: Total) -> None:
    book.load(line())
    outcome = book.load(line(签约日期="2026-07-01", 开工日期=""))
    assert [reject.code for reject in outcome.rejects] == ["start_before_signing"]
    assert "第 2 行" in outcome.rejects[0].message
    assert total().started_same_year == 1


def test_a_start_that_comes_later_is_added(book: Book, total: Total) -> None:
    book.load(line(开工日期=""))
    assert total().started_same_year == 0
    outcome = book.load(line())
    assert outcome.counts["updated"] == 1
    assert total().started_same_year == 1
    assert Project.objects.get().stage == "started"


def test_a_month_is_fixed_at_its_first_load(book: Book) -> None:
    book.load(line(开工日期="2026年9月"), today=dt.date(2026, 9, 20))
    outcome = book.load(line(开工日期="2026.9", 备注="改"), today=dt.date(2026, 10, 20))
    start = Milestone.objects.get(kind="groundbreaking")
    assert start.occurred_on == dt.date(2026, 9, 20)
    assert start.precision == "month"
    assert outcome.counts["updated"] == 1


def test_framework_upgraded_to_formal_counts_once_on_the_formal_day(
    book: Book, total: Total
) -> None:
    framework = line(协议类型="框架协议", 签约日期="2026-02-01", 开工日期="")
    book.load(framework)
    assert total().signed_projects == 0
    assert Project.objects.get().stage == "contact"
    book.load(line(开工日期=""))
    assert total().signed_projects == 1
    assert Milestone.objects.effective().get(kind="signing").occurred_on == dt.date(2026, 3, 5)


def test_an_expansion_adds_its_amount_and_no_project(book: Book, total: Total) -> None:
    book.load(line(协议类型="增资扩产"))
    found = total()
    assert (found.signed_projects, found.signed_amount_yuan) == (0, Decimal(250_000_000))
    assert (found.groundbreakings, found.started_same_year) == (1, 0)


def test_what_was_edited_in_the_system_survives_an_unchanged_row(book: Book) -> None:
    book.load(line())
    Project.objects.update(progress="主体封顶")
    outcome = book.load(line())
    assert outcome.counts == {"unchanged": 1}
    assert Project.objects.get().progress == "主体封顶"


def test_cumulative_funds_are_booked_as_their_difference(book: Book, total: Total) -> None:
    book.load(line(**{"累计到位资金(万元)": "1000"}))
    book.load(line(**{"累计到位资金(万元)": "1500"}))
    book.load(line(**{"累计到位资金(万元)": "1400"}))
    amounts = list(FundsReceipt.objects.order_by("id").values_list("amount", flat=True))
    assert amounts == [Decimal(10_000_000), Decimal(5_000_000), Decimal(-1_000_000)]
    assert set(FundsReceipt.objects.values_list("received_on", flat=True)) == {TODAY}
    assert total().funds_received_yuan == Decimal(14_000_000)


@pytest.mark.parametrize(
    ("word", "status"), [("流失", "lost"), ("终止", "terminated"), ("搁置", "suspended")]
)
def test_a_status_word_sets_the_status(book: Book, word: str, status: str) -> None:
    book.load(line(项目状态=word))
    assert Project.objects.get().status == status
    assert StatusChange.objects.get().occurred_on == TODAY


def test_a_transferred_project_stays_where_it_was_moved(book: Book) -> None:
    book.load(line())
    project = Project.objects.get()
    attribution.transfer(
        project, to=None, on=TODAY, reason="调整", by=history.verifier(), at=LOADED_AT
    )
    outcome = book.load(line(落地园区="现代农业园"))
    project.refresh_from_db()
    assert project.park is None
    assert any("流转" in note for note in outcome.notes)


def test_the_code_of_an_investor_is_learnt_from_a_later_row(book: Book) -> None:
    coded = {"统一社会信用代码": "91110108551385082Q", "项目名称": "二期"}
    book.load(line(), line(**coded))
    assert Project.objects.values("investor").distinct().count() == 1
    assert Project.objects.first().investor.uscc == "91110108551385082Q"  # type: ignore[union-attr]


def test_two_codes_under_one_name_are_two_organizations(book: Book) -> None:
    outcome = book.load(
        line(统一社会信用代码="91110108551385082Q"),
        line(统一社会信用代码="91110000600037341L", 项目名称="二期"),
    )
    assert Project.objects.values("investor").distinct().count() == 2
    assert any("91110000600037341L" in note for note in outcome.notes)


def test_each_passed_stage_is_a_change_of_its_own_day(book: Book) -> None:
    book.load(line(投产日期="2026-08-01"))
    project = Project.objects.get()
    changes = list(project.stage_changes.values_list("to_stage", "effective_on"))
    assert changes == [
        ("signed", dt.date(2026, 3, 5)),
        ("started", dt.date(2026, 6, 1)),
        ("producing", dt.date(2026, 8, 1)),
    ]
    assert project.stage_since == dt.date(2026, 8, 1)


def test_the_row_is_the_evidence(book: Book) -> None:
    book.load(line())
    row = LoadRow.objects.get()
    assert row.cells["签约日期"] == "2026-03-05"
    assert {m.load_row for m in Milestone.objects.all()} == {row}
    assert all(m.is_historical for m in Milestone.objects.all())
