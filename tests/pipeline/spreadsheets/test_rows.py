"""A row is loaded, or rejected with one reason: which, and in what order."""

import datetime as dt
from decimal import Decimal

import pytest

from pipeline.spreadsheets.days import Day
from pipeline.spreadsheets.events import CODES
from tests.pipeline.spreadsheets.ledgers import (
    HEADER,
    TODAY,
    codes,
    loaded,
    read,
    rejected,
    row,
    write,
)

VALID_USCC = "91110108551385082Q"
OTHER_USCC = "91110000600037341L"


def outcome(tmp_path, *rows, header=HEADER, **options):
    """The code of each row's reject, or ``loaded``."""
    _, events = read(write(tmp_path / "a.xlsx", rows, header=header), **options)
    return [getattr(event, "code", "loaded") for event in events]


def one(tmp_path, header=HEADER, finish=None, **cells):
    """The one row read."""
    path = write(tmp_path / "a.xlsx", [row(**cells)], header=header, finish=finish)
    (read_row,) = loaded(read(path)[1])
    return read_row


def test_a_sound_row_is_read_whole(tmp_path):
    read_row = one(
        tmp_path, 统一社会信用代码=" 91110108-551385082q", 开工日期="2026年6月", 备注="好"
    )
    assert read_row.project_name == "万和年产10万吨食用醋"
    assert read_row.investor_name == "山西万和食品有限公司"
    assert read_row.uscc == VALID_USCC
    assert read_row.park_slug == "modern-agriculture"
    assert read_row.channel == "以商招商"
    assert read_row.contract_kind == "formal"
    assert read_row.amount == Decimal("120000000.00")
    assert read_row.signed_on == Day(dt.date(2026, 3, 5))
    assert read_row.started_on == Day(dt.date(2026, 6, 30), "month")
    assert read_row.produced_on is None
    assert read_row.remark == "好"
    assert read_row.empty == {"produced_on"}
    assert read_row.cells["开工日期"] == "2026年6月"
    assert read_row.cells["协议总投资(亿元)"] == "1.2"
    assert "投产日期" not in read_row.cells


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"项目名称": None}, "missing_name"),
        ({"项目名称": " "}, "missing_name"),
        ({"项目名称": "—"}, "missing_name"),
        ({"投资方": None}, "missing_investor"),
        ({"投资方": "待定"}, "missing_investor"),
        ({"协议总投资": "=G1*2"}, "formula_without_value"),
        ({"签约日期": "=TODAY()"}, "formula_without_value"),
        ({"备注": "=A1"}, "formula_without_value"),
        ({"项目名称": "=A1"}, "formula_without_value"),
        ({"签约日期": 2023.1}, "ambiguous_date"),
        ({"开工日期": 2026.1}, "ambiguous_date"),
        ({"统一社会信用代码": "91110108551385082X"}, "bad_uscc"),
        ({"统一社会信用代码": "123"}, "bad_uscc"),
        ({"统一社会信用代码": 911101085513850820}, "bad_uscc"),
        ({"统一社会信用代码": "#N/A"}, "bad_uscc"),
        ({"协议总投资": "3-5亿"}, "bad_amount"),
        ({"协议总投资": "300万美元"}, "bad_amount"),
        ({"协议总投资": -1}, "bad_amount"),
        ({"协议总投资": "面议"}, "bad_amount"),
        ({"协议总投资": 0}, "bad_amount"),
        ({"协议总投资": "0元"}, "bad_amount"),
        ({"协议总投资": None}, "bad_amount"),
        ({"协议总投资": "—"}, "bad_amount"),
        ({"协议总投资": 0, "协议类型": "框架协议"}, "bad_amount"),
        ({"协议总投资": "#REF!"}, "bad_amount"),
        ({"协议总投资": "面议", "签约日期": None}, "bad_amount"),
        ({"签约日期": "2026年13月5日"}, "bad_date"),
        ({"开工日期": "已开工"}, "bad_date"),
        ({"投产日期": "26.3.5"}, "bad_date"),
        ({"开工日期": "#N/A"}, "bad_date"),
        ({"落地园区": "太空产业园"}, "unknown_park"),
        ({"招商方式": "碰运气"}, "unknown_channel"),
        ({"协议类型": "口头"}, "unknown_contract"),
        ({"协议类型": None}, "unknown_contract"),
        ({"协议类型": "口头", "签约日期": None}, "unknown_contract"),
        ({"签约日期": "2026.10.1"}, "future_date"),
        ({"签约日期": "2026年10月"}, "future_date"),
        ({"开工日期": "2026.12.1"}, "future_date"),
        ({"开工日期": "2026.3.4"}, "start_before_signing"),
        ({"开工日期": "2026年2月"}, "start_before_signing"),
        ({"开工日期": "2026.6.1", "签约日期": None}, "start_without_signing"),
        ({"开工日期": "2026.6.1", "协议类型": "框架协议"}, "start_without_signing"),
        ({"投产日期": "2026.6.1"}, "production_before_start"),
        ({"开工日期": "2026.6.1", "投产日期": "2026.5.1"}, "production_before_start"),
    ],
)
def test_each_defect_has_its_code(tmp_path, cells, code):
    assert outcome(tmp_path, row(**cells)) == [code]


@pytest.mark.parametrize(
    "cells",
    [
        {"统一社会信用代码": "—"},
        {"统一社会信用代码": "办理中"},
        {"统一社会信用代码": "９１１１０１０８５５１３８５０８２Ｑ"},
        {"落地园区": None},
        {"落地园区": "—"},
        {"落地园区": "未落园区"},
        {"落地园区": "汽车新材料 产业园"},
        {"落地园区": "现代农业产业园\n"},
        {"招商方式": None},
        {"招商方式": "产业链招商"},
        {"协议类型": "增资扩产"},
        {"协议类型": None, "签约日期": None},
        {"协议类型": "框架协议"},
        {"协议总投资": None, "签约日期": None},
        {"协议总投资": 0, "签约日期": None},
        {"协议总投资": "约1.2亿元"},
        {"签约日期": "—"},
        {"开工日期": "未开工"},
        {"开工日期": "2026.3.5"},  # the day of signing
        {"开工日期": "2026年3月"},  # its month
        {"签约日期": "2026年9月"},  # the current month
        {"签约日期": TODAY},
        {"签约日期": 2023.12},
        {"开工日期": "2026.6.1", "投产日期": "2026.6.1"},
        {"协议类型": "增资", "开工日期": "2026.6.1"},
        {"序号": "=ROW()"},
    ],
)
def test_what_is_sound_is_loaded(tmp_path, cells):
    assert outcome(tmp_path, row(**cells)) == ["loaded"]


def test_a_zero_without_a_signing_day_is_no_amount(tmp_path):
    assert one(tmp_path, 协议总投资=0, 签约日期=None).amount is None


def test_without_a_signing_day_an_empty_contract_cell_says_nothing(tmp_path):
    assert one(tmp_path, 协议类型=None, 签约日期=None).contract_kind is None


# -- the order ---------------------------------------------------------------------------

DEFECTS = {
    "missing_name": {"项目名称": None},
    "missing_investor": {"投资方": None},
    "formula_without_value": {"备注": "=A1"},
    "ambiguous_date": {"投产日期": 2026.1},
    "bad_uscc": {"统一社会信用代码": "123"},
    "bad_amount": {"协议总投资": "面议"},
    "bad_date": {"开工日期": "已开工"},
    "unknown_park": {"落地园区": "太空产业园"},
    "unknown_channel": {"招商方式": "碰运气"},
    "unknown_contract": {"协议类型": "口头"},
    "future_date": {"签约日期": "2026.10.1"},
}


def test_of_several_defects_the_first_of_the_list_is_given(tmp_path):
    cells: dict[str, object] = {}
    for code in reversed(DEFECTS):
        cells |= DEFECTS[code]
        assert outcome(tmp_path, row(**cells)) == [code]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        # a cell's own defect before one between cells
        ({"签约日期": None, "开工日期": "2026.6.1", "落地园区": "太空产业园"}, "unknown_park"),
        ({"协议总投资": 0, "落地园区": "太空产业园"}, "bad_amount"),
        ({"协议总投资": None, "签约日期": "2026年13月5日"}, "bad_date"),
        ({"协议类型": None, "签约日期": "2026年13月5日"}, "bad_date"),
        ({"协议总投资": None, "签约日期": "2026.10.1"}, "bad_amount"),
        ({"协议类型": None, "签约日期": "2026.10.1"}, "unknown_contract"),
        ({"签约日期": "2026.10.1", "开工日期": "2026.6.1"}, "future_date"),
        ({"开工日期": "2026.3.1", "协议类型": "框架协议"}, "start_before_signing"),
        (
            {"签约日期": None, "开工日期": "2026.6.1", "投产日期": "2026.5.1"},
            "start_without_signing",
        ),
        # of a cell at fault nothing else is known
        ({"签约日期": "2026年13月5日", "开工日期": "2026.6.1"}, "bad_date"),
        ({"开工日期": "已开工", "投产日期": "2026.6.1"}, "bad_date"),
    ],
)
def test_which_defect_comes_first(tmp_path, cells, code):
    assert outcome(tmp_path, row(**cells)) == [code]


def test_the_list_is_the_contract_s():
    assert CODES[:4] == (
        "missing_name",
        "missing_investor",
        "formula_without_value",
        "ambiguous_date",
    )
    assert CODES[-1] == "duplicate_row"
    assert len(CODES) == 15


# -- what a reject says -------------------------------------------------------------------


def test_a_reject_names_row_column_value_and_what_to_do(tmp_path):
    _, events = read(
        write(tmp_path / "a.xlsx", [row(), row(项目名称="乙", 签约日期="2026年13月5日")])
    )
    (reject,) = rejected(events)
    assert (reject.row, reject.column, reject.value) == (4, "签约日期", "2026年13月5日")
    for part in ("第 4 行", "签约日期", "2026年13月5日", "请"):
        assert part in reject.message
    assert reject.cells["项目名称"] == "乙"


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"协议总投资": None}, "协议总投资(亿元)", ""),
        ({"协议总投资": 0}, "协议总投资(亿元)", "0"),
        ({"协议类型": None}, "协议类型", ""),
        ({"开工日期": "2026.3.4"}, "开工日期", "2026.3.4"),
        ({"开工日期": dt.date(2026, 3, 4)}, "开工日期", "2026-03-04"),
        ({"投产日期": "2026.6.1"}, "投产日期", "2026.6.1"),
        ({"协议总投资": "=G1*2"}, "协议总投资(亿元)", "=G1*2"),
        ({"签约日期": 2023.1}, "签约日期", "2023.1"),
    ],
)
def test_the_column_and_value_of_a_reject(tmp_path, cells, column, value):
    _, events = read(write(tmp_path / "a.xlsx", [row(**cells)]))
    (reject,) = rejected(events)
    assert (reject.column, reject.value) == (column, value)


def test_a_long_value_is_cut_in_the_message_only(tmp_path):
    _, events = read(write(tmp_path / "a.xlsx", [row(落地园区="园" * 500)]))
    (reject,) = rejected(events)
    assert len(reject.value) == 500
    assert len(reject.message) < 300


def test_a_park_that_looks_like_a_known_one_is_suggested(tmp_path):
    _, events = read(write(tmp_path / "a.xlsx", [row(落地园区="稀有金属")]))
    assert "稀有金属绿色科技产业园" in rejected(events)[0].message


# -- duplicates ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"投资方": "山西 万和食品有限公司\n"}),
        ({"投资方": "万和（山西）"}, {"投资方": "万和(山西)"}),
        ({}, {"项目名称": "万和年产１０万吨食用醋"}),
        ({"统一社会信用代码": VALID_USCC}, {"统一社会信用代码": VALID_USCC, "投资方": "别名公司"}),
        ({"统一社会信用代码": VALID_USCC}, {"统一社会信用代码": OTHER_USCC}),
        ({}, {"统一社会信用代码": OTHER_USCC}),
    ],
)
def test_the_same_project_of_the_same_investor_is_loaded_once(tmp_path, first, second):
    _, events = read(write(tmp_path / "a.xlsx", [row(**first), row(**second)]))
    assert codes(events) == [(4, "duplicate_row")]
    assert "第 3 行" in rejected(events)[0].message


@pytest.mark.parametrize("other", [{"项目名称": "万和二期"}, {"投资方": "河南万和食品有限公司"}])
def test_another_project_or_investor_is_no_duplicate(tmp_path, other):
    assert outcome(tmp_path, row(), row(**other)) == ["loaded", "loaded"]


def test_only_a_row_that_was_loaded_makes_a_duplicate(tmp_path):
    rows = [row(签约日期="2026年13月5日"), row(), row()]
    assert outcome(tmp_path, *rows) == ["bad_date", "loaded", "duplicate_row"]


def test_a_row_that_the_loader_rejects_makes_none_and_is_counted_as_rejected(tmp_path):
    from pipeline.spreadsheets.ledger import read_ledger
    from tests.pipeline.spreadsheets.ledgers import VOCABULARY

    path = write(tmp_path / "a.xlsx", [row(), row()])
    ledger = read_ledger(path, today=TODAY, vocabulary=VOCABULARY)
    events = ledger.events()
    reject = ledger.reject(next(events), "started_on", "start_before_signing", "开工早于签约")
    assert (reject.row, reject.column, reject.code) == (3, "开工日期", "start_before_signing")
    assert "第 3 行" in reject.message
    assert [getattr(event, "code", "loaded") for event in events] == ["loaded"]
    assert (ledger.rows, ledger.loaded, ledger.rejected) == (2, 1, 1)


def test_two_codes_under_one_name_are_noted(tmp_path):
    rows = [row(统一社会信用代码=VALID_USCC), row(项目名称="二期", 统一社会信用代码=OTHER_USCC)]
    ledger, events = read(write(tmp_path / "a.xlsx", rows))
    assert len(loaded(events)) == 2
    assert any("山西万和食品有限公司" in note and "第 4 行" in note for note in ledger.notes)


# -- columns of lesser weight ---------------------------------------------------------------

MORE = [*HEADER, "计划开工时间", "累计到位资金(万元)", "项目状态", "是否开工", "预计税收(万元)",
        "备案时间", "存在问题", "联系电话", "用地面积(亩)", "备案号"]  # fmt: skip


def more(tmp_path, **cells):
    values = dict.fromkeys(MORE[len(HEADER) :])
    for header, value in cells.items():
        values[next(name for name in values if name.startswith(header))] = value
    path = write(tmp_path / "a.xlsx", [[*row(), *values.values()]], header=MORE)
    return read(path)


def test_further_columns_are_read(tmp_path):
    _, events = more(
        tmp_path,
        计划开工时间="2026年四季度",
        累计到位=3500,
        项目状态="已终止（资金）",
        预计税收="约500",
        备案时间="2026.4.1",
        存在问题="无",
        联系电话=13800000000,
        用地面积="约120亩",
        备案号="2306-140829-04-01-123456",
    )
    (read_row,) = loaded(events)
    assert read_row.planned_start_on == Day(dt.date(2026, 12, 31), "month")
    assert read_row.funds_total == Decimal("35000000.00")
    assert read_row.status == "terminated"
    assert read_row.tax == Decimal("5000000.00")
    assert read_row.filed_on == Day(dt.date(2026, 4, 1))
    assert read_row.problems == ""
    assert read_row.phone == "13800000000"
    assert read_row.land_mu == 120
    assert read_row.filing_number == "2306-140829-04-01-123456"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"计划开工时间": "2026年13月"}, "bad_date"),
        ({"计划开工时间": 2027.1}, "ambiguous_date"),
        ({"累计到位": "-3"}, "bad_amount"),
        ({"累计到位": "3-5"}, "bad_amount"),
        ({"累计到位": "=A1"}, "formula_without_value"),
    ],
)
def test_what_is_booked_or_planned_must_be_readable(tmp_path, cells, code):
    assert codes(more(tmp_path, **cells)[1]) == [(3, code)]


def test_a_plan_may_lie_in_the_future(tmp_path):
    assert loaded(more(tmp_path, 计划开工时间="2027.5.1")[1])


@pytest.mark.parametrize(
    ("cells", "label"), [({"预计税收": "待核"}, "产值|税收"), ({"备案时间": "已备案"}, "备案时间")]
)
def test_a_lesser_cell_that_cannot_be_read_is_named_in_the_notes(tmp_path, cells, label):
    ledger, events = more(tmp_path, **cells)
    assert loaded(events)
    assert any(any(name in note for name in label.split("|")) for note in ledger.notes)
    assert any("第 3 行" in note for note in ledger.notes)


@pytest.mark.parametrize("word", ["是", "√", "已开工", "在建"])
def test_a_start_without_a_day_is_named_in_the_notes(tmp_path, word):
    ledger, events = more(tmp_path, 是否开工=word)
    assert loaded(events)[0].started_on is None
    assert any("已开工" in note and "第 3 行" in note for note in ledger.notes)


def test_a_day_under_started_or_not_is_the_start_where_there_is_no_other_column(tmp_path):
    head = ["项目名称", "投资方", "总投资(亿元)", "签约日期", "开工情况"]
    line = ["甲", "乙", 3, "2026.3.5", "2026年4月1日开工"]
    (read_row,) = loaded(read(write(tmp_path / "a.xlsx", [line], header=head))[1])
    assert read_row.started_on == Day(dt.date(2026, 4, 1))


def test_other_words_under_started_or_not_are_named_in_the_notes(tmp_path):
    ledger, events = more(tmp_path, 是否开工="2026年4月1日开工")
    assert loaded(events)[0].started_on is None
    assert any("是否开工" in note and "第 3 行" in note for note in ledger.notes)


@pytest.mark.parametrize("word", ["否", "未开工", "", "—"])
def test_no_start_is_not_noted(tmp_path, word):
    assert more(tmp_path, 是否开工=word)[0].notes == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("流失", "lost"),
        ("终止", "terminated"),
        ("已搁置", "suspended"),
        ("在谈", None),
        (None, None),
    ],
)
def test_status_words(tmp_path, word, status):
    assert loaded(more(tmp_path, 项目状态=word)[1])[0].status == status


def test_without_a_contract_column_a_row_is_formal_and_a_note_says_so(tmp_path):
    head = ["项目名称", "投资方", "总投资(亿元)", "签约日期"]
    ledger, events = read(write(tmp_path / "a.xlsx", [["甲", "乙", 3, "2026.3.5"]], header=head))
    assert loaded(events)[0].contract_kind == "formal"
    assert any("协议类型" in note for note in ledger.notes)


def test_names_lose_their_line_breaks_and_keep_blanks_between_latin_words(tmp_path):
    read_row = one(tmp_path, 项目名称=" 万和\n食用醋 二期 ", 投资方="ABC  Foods Ltd")
    assert (read_row.project_name, read_row.investor_name) == ("万和食用醋二期", "ABC Foods Ltd")


def test_dates_that_the_sheet_shows_as_a_month_are_months(tmp_path):
    def show_month(sheet):
        sheet["I3"].number_format = 'yyyy"年"m"月"'

    read_row = one(tmp_path, finish=show_month, 签约日期=dt.date(2026, 3, 1))
    assert read_row.signed_on == Day(dt.date(2026, 3, 31), "month")


# -- merged cells -----------------------------------------------------------------------------


def test_a_cell_merged_down_counts_for_each_row_in_words_not_in_amounts_and_days(tmp_path):
    def merge(sheet):
        for letter in "CEFGHI":  # investor, park, channel, contract kind; amount, signing day
            sheet.merge_cells(f"{letter}3:{letter}5")

    names = ["一期", "二期", "三期"]
    rows = [row(项目名称=name) for name in names]
    _, events = read(write(tmp_path / "a.xlsx", rows, finish=merge))
    first, second, third = loaded(events)
    for read_row in (second, third):
        assert read_row.investor_name == first.investor_name
        assert read_row.park_slug == first.park_slug
        assert read_row.channel == first.channel
        assert read_row.contract_kind == first.contract_kind
        assert read_row.amount is None
        assert read_row.signed_on is None
    assert first.amount == 120_000_000
    assert second.cells["投资方"] == "山西万和食品有限公司"
    assert "签约日期" not in second.cells


def test_a_row_of_merged_cells_only_is_no_row(tmp_path):
    def merge(sheet):
        for column in range(1, len(HEADER) + 1):
            sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)

    _, events = read(write(tmp_path / "a.xlsx", [row(), []], finish=merge))
    assert [event.row for event in events] == [3]
