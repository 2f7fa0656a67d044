"""Finding the header and what its columns mean."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spreadsheets.days import Day
from pipeline.spreadsheets.fields import FIELDS, Matcher, unit_of
from pipeline.spreadsheets.ledger import LedgerError
from tests.pipeline.spreadsheets.ledgers import HEADER, codes, loaded, read, row, skipped, write

SHORT = ["项目名称", "投资方", "协议总投资(亿元)", "签约日期"]
SHORT_ROW = ["万和食用醋", "山西万和", 1.2, "2026.3.5"]


def field_of(header, **header_map):
    match = Matcher(header_map).match(header)
    return match[0].name if match else None


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("项目名称", "project_name"),
        (" 项 目\n名 称 ", "project_name"),
        ("*项目名称", "project_name"),
        ("1.项目名称", "project_name"),
        ("【项目名称】", "project_name"),
        ("项目名称（全称）", "project_name"),
        ("投资方名称", "investor_name"),
        ("客商", "investor_name"),
        ("乙方", "investor_name"),
        ("总投资（亿元）", "total_investment"),
        ("总投资亿元", "total_investment"),
        ("总投资/万元", "total_investment"),
        ("协议总投资\n(万元)", "total_investment"),
        ("合同金额：万元", "total_investment"),
        ("签约时间", "sign_date"),
        ("签约日期", "sign_date"),
        ("签约时间（年月日）", "sign_date"),
        ("实际开工日期", "start_date"),
        ("计划开工日期", "plan_start"),
        ("竣工投产时间", "production_date"),
        ("统一社会信用代码", "uscc"),
        ("合同/协议", "agreement_type"),
        ("省外/省内", "investor_origin"),
        ("用地面积（亩）", "land_mu"),
        ("No.", "seq"),
        ("ＮＯ．", "seq"),
        ("产业链", "industry"),
        ("到位资金（亿元）", "funds_total"),
        ("今年到位", "funds_ytd"),
        ("是否开工", "started_yn"),
        ("开工时间（计划）", "plan_start"),
        ("投产时间（预计）", "plan_finish"),
        ("签约时间（拟）", None),
        ("到位资金（本年）", "funds_ytd"),
        ("到位资金（2026年）（万元）", "funds_ytd"),
        ("总投资（计划）", "total_investment"),
        ("签约时间（2026年）", "sign_date"),
        ("天气", None),
        ("", None),
    ],
)
def test_a_header_is_known_in_its_variants(header, field):
    assert field_of(header) == field


@given(
    st.sampled_from([v for f in FIELDS.values() for v in f.variants]),
    st.sampled_from(["", " ", "\n", "\u3000"]),
    st.sampled_from(["", "（必填）", "(亿元)", "【填】"]),
)
def test_blanks_and_brackets_do_not_matter(variant, blank, bracket):
    assert field_of(blank.join(variant) + bracket) == field_of(variant) is not None


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("总投资(亿元)", "亿"),
        ("总投资（万元）", "万"),
        ("总投资亿元", "亿"),
        ("总投资（单位：万元）", "万"),
        ("总投资（含设备）（亿元）", "亿"),
        ("总投资\n亿元", "亿"),
        ("总投资(元)", "元"),
        ("总投资", None),
        ("总投资（预计）", None),
    ],
)
def test_a_header_names_its_unit(header, unit):
    assert unit_of(header) == unit


def test_lines_above_the_header_are_no_rows(tmp_path):
    lines = [
        ["平陆县招商引资台账"],
        ["填报单位：招商局", None, None, "单位：亿元"],
        [],
        SHORT,
        SHORT_ROW,
    ]
    _, events = read(write(tmp_path / "a.xlsx", lines, header=None, title=None))
    assert [event.row for event in events] == [5]


def test_without_any_title_the_header_is_the_first_row(tmp_path):
    _, events = read(write(tmp_path / "a.xlsx", [SHORT_ROW], header=SHORT, title=None))
    assert [event.row for event in loaded(events)] == [2]


# -- the unit: cell before header before sheet ------------------------------------------


@pytest.mark.parametrize(
    ("note", "header", "cell", "yuan"),
    [
        ("单位：万元", "总投资(亿元)", "3千万元", 30_000_000),
        ("单位：万元", "总投资(亿元)", 3, 300_000_000),
        ("单位：万元", "总投资", 3, 30_000),
        ("（单位：亿元）", "总投资", "3", 300_000_000),
        ("平陆县台账（单位：亿元）", "总投资", 3, 300_000_000),
        ("金额单位:人民币万元", "总投资", 3, 30_000),
        ("填报单位：万和元亿公司  单位：亿元、亩", "总投资", 3, 300_000_000),
        ("注：投资额以亿元为单位", "总投资", 3, 300_000_000),
        ("亿元", "总投资", 3, 300_000_000),
    ],
)
def test_the_unit_of_a_cell_comes_before_the_header_s_and_that_before_the_sheet_s(
    tmp_path, note, header, cell, yuan
):
    head = ["项目名称", "投资方", header, "签约日期"]
    path = write(tmp_path / "a.xlsx", [["甲", "乙", cell, "2026.3.5"]], header=head, title=note)
    assert loaded(read(path)[1])[0].amount == yuan


def test_an_office_s_name_is_no_unit(tmp_path):
    head = ["项目名称", "投资方", "总投资", "签约日期"]
    path = write(
        tmp_path / "a.xlsx", [["甲", "乙", 3, "2026.3.5"]], header=head, title="填报单位：亿万元局"
    )
    assert codes(read(path)[1]) == [(3, "bad_amount")]


@pytest.mark.parametrize("line", [["单位：亿元"], [None, None, "亿元"], ["注：金额单位为亿元"]])
def test_a_unit_line_below_the_header_is_skipped_and_counts(tmp_path, line):
    head = ["项目名称", "投资方", "总投资", "签约日期"]
    _, events = read(write(tmp_path / "a.xlsx", [line, ["甲", "乙", 3, "2026.3.5"]], header=head))
    assert [event.row for event in skipped(events)] == [3]
    assert loaded(events)[0].amount == 300_000_000


def test_a_note_at_the_end_gives_the_unit_too(tmp_path):
    head = ["项目名称", "投资方", "总投资", "签约日期"]
    lines = [["甲", "乙", 3, "2026.3.5"], ["单位：万元"]]
    _, events = read(write(tmp_path / "a.xlsx", lines, header=head))
    assert loaded(events)[0].amount == 30_000


def test_a_note_right_above_the_header_with_text_in_several_cells_is_no_line_of_it(tmp_path):
    head = ["项目名称", "投资方", "总投资", "签约日期"]
    lines = [["填报单位：招商局", None, None, "单位：亿元"], head, ["甲", "乙", 3, "2026.3.5"]]
    _, events = read(write(tmp_path / "a.xlsx", lines, header=None, title=None))
    assert loaded(events)[0].amount == 300_000_000


def test_a_note_right_below_the_header_is_no_line_of_it(tmp_path):
    head = [None, *SHORT]
    lines = [["注：本表不含框架协议"], [None, *SHORT_ROW]]
    _, events = read(write(tmp_path / "a.xlsx", lines, header=head))
    assert [event.row for event in skipped(events)] == [3]


def test_groups_of_columns_above_the_header_do_not_matter(tmp_path):
    top = ["基本情况", None, "签约情况", None]
    merges = ["A2:B2", "C2:D2"]
    _, events = read(two_lines(tmp_path / "a.xlsx", top, SHORT, [SHORT_ROW], merges))
    assert loaded(events)[0].amount == 120_000_000


# -- headers of two and three lines -------------------------------------------------------


def two_lines(path, top, bottom, rows, merges=()):
    def merge(sheet):
        for cells in merges:
            sheet.merge_cells(cells)

    return write(path, [bottom, *rows], header=top, title="台账", finish=merge)


TOP = ["序号", "项目名称", "投资方", "投资(亿元)", None, "签约情况", None, "计划", None]
BOTTOM = [None, None, None, "总投资", "到位", "时间", "类型", "开工时间", "投产时间"]
UNDER = [1, "甲", "乙", 3, 1.5, "2026.3.5", "正式合同", "2026.10", "2027.6"]
MERGES = ["A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:G2", "H2:I2"]


@pytest.mark.parametrize("merges", [MERGES, MERGES[3:], []])
def test_a_header_of_two_lines_is_read_as_one(tmp_path, merges):
    ledger, events = read(two_lines(tmp_path / "a.xlsx", TOP, BOTTOM, [UNDER], merges))
    (read_row,) = loaded(events)
    assert read_row.row == 4
    assert read_row.amount == 300_000_000
    assert read_row.funds_total == 150_000_000
    assert read_row.signed_on == Day(dt.date(2026, 3, 5))
    assert read_row.contract_kind == "formal"
    assert read_row.planned_start_on == Day(dt.date(2026, 10, 31), "month")
    assert read_row.planned_finish_on == Day(dt.date(2027, 6, 30), "month")
    assert read_row.started_on is None
    assert ledger.notes == []


@pytest.mark.parametrize(
    ("top", "bottom", "attribute"),
    [
        ("时间", "签约", "signed_on"),
        ("签约", "时间", "signed_on"),
        ("开工", "计划时间", "planned_start_on"),
        ("开工", "实际时间", "started_on"),
        ("计划", "开工", "planned_start_on"),
        ("预计时间", "投产", "planned_finish_on"),
    ],
)
def test_what_stands_over_one_another_is_read_in_either_order(tmp_path, top, bottom, attribute):
    head = [*SHORT[:3], "签约日期" if attribute != "signed_on" else "备注", top, "备注"]
    line = ["甲", "乙", 3, "2026.3.5", "2026.4.1", None]
    path = two_lines(
        tmp_path / "a.xlsx",
        head,
        [None, None, None, None, bottom, None],
        [line],
        ["A2:A3", "E2:F2"],
    )
    assert getattr(loaded(read(path)[1])[0], attribute) == Day(dt.date(2026, 4, 1))


def test_a_header_of_three_lines_is_read_as_one(tmp_path):
    def merge(sheet):
        for cells in ("A2:A4", "B2:B4", "C2:F2", "C3:D3", "E3:F3"):
            sheet.merge_cells(cells)

    lines = [
        [None, None, "投资", None, "时间", None],
        [None, None, "总投资", "到位资金", "签约", "开工"],
        ["甲", "乙", 12000, 500, "2026.3.5", "2026.4.1"],
    ]
    head = ["项目名称", "投资方", "项目情况", None, None, None]
    path = write(tmp_path / "a.xlsx", lines, header=head, title="单位：万元", finish=merge)
    (read_row,) = loaded(read(path)[1])
    assert (read_row.row, read_row.amount, read_row.funds_total) == (5, 120_000_000, 5_000_000)
    assert read_row.started_on == Day(dt.date(2026, 4, 1))


def test_a_column_of_this_year_is_not_the_total(tmp_path):
    top = [*SHORT, "2026年", None]
    bottom = [None] * 4 + ["到位资金", "开工时间"]
    under = [*SHORT_ROW, "1亿", "2026.5.1"]
    _, events = read(two_lines(tmp_path / "a.xlsx", top, bottom, [under], ["A2:A3", "E2:F2"]))
    assert loaded(events)[0].funds_total is None


def test_units_in_a_line_of_their_own_belong_to_a_merged_header(tmp_path):
    top = ["项目名称", "投资方", "总投资", "签约日期"]
    bottom = [None, None, "（万元）", None]
    _, events = read(
        two_lines(
            tmp_path / "a.xlsx", top, bottom, [["甲", "乙", 3, "2026.3.5"]], ["A2:A3", "B2:B3"]
        )
    )
    assert len(events) == 1
    assert loaded(events)[0].amount == 30_000


def test_a_header_of_two_lines_in_a_text_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "项目名称,投资方,投资(亿元),,签约日期\n,,总投资,到位,\n甲,乙,3,1,2026.3.5\n",
        encoding="gb18030",
    )
    (read_row,) = loaded(read(path)[1])
    assert (read_row.amount, read_row.funds_total) == (300_000_000, 100_000_000)


def test_the_header_again_further_down_is_no_row(tmp_path):
    lines = [SHORT_ROW, SHORT, ["丙", "丁", 2, "2026.4.1"]]
    ledger, events = read(write(tmp_path / "a.xlsx", lines, header=SHORT))
    assert [event.row for event in events] == [3, 5]
    assert ledger.rows == 2


def test_both_lines_of_a_header_again_are_no_rows(tmp_path):
    other = [2, "丙", *UNDER[2:]]
    path = two_lines(tmp_path / "a.xlsx", TOP, BOTTOM, [UNDER, TOP, BOTTOM, other], MERGES)
    assert [event.row for event in loaded(read(path)[1])] == [4, 7]


def test_a_title_again_further_down_is_no_row(tmp_path):
    lines = [SHORT_ROW, ["平陆县台账"], SHORT, ["丙", "丁", 2, "2026.4.1"]]
    _, events = read(write(tmp_path / "a.xlsx", lines, header=SHORT, title="平陆县台账"))
    assert [event.row for event in events] == [3, 6]


def test_a_second_table_below_may_have_its_columns_in_another_order(tmp_path):
    lines = [
        SHORT_ROW,
        ["签约日期", "投资方", "项目名称", "总投资(万元)"],
        ["2026.4.1", "丁", "丙", 200],
    ]
    _, events = read(write(tmp_path / "a.xlsx", lines, header=SHORT))
    second = loaded(events)[1]
    assert (second.project_name, second.investor_name) == ("丙", "丁")
    assert second.amount == 2_000_000


# -- which column, and what is missing -----------------------------------------------------


def test_of_two_columns_for_one_field_the_surer_is_taken_and_the_other_noted(tmp_path):
    head = ["项目名称", "投资方", "计划总投资(亿元)", "协议总投资(亿元)", "签约日期"]
    ledger, events = read(write(tmp_path / "a.xlsx", [["甲", "乙", 9, 3, "2026.3.5"]], header=head))
    assert loaded(events)[0].amount == 300_000_000
    assert any("计划总投资" in note and "协议总投资" in note for note in ledger.notes)


def test_columns_that_are_not_used_are_named(tmp_path):
    ledger, _ = read(write(tmp_path / "a.xlsx", [[*SHORT_ROW, "晴"]], header=[*SHORT, "天气"]))
    assert any("天气" in note for note in ledger.notes)


@pytest.mark.parametrize(
    ("left_out", "name"), [(0, "项目名称"), (1, "投资方"), (2, "协议总投资"), (3, "签约时间")]
)
def test_a_needed_column_that_is_missing_is_named(tmp_path, left_out, name):
    keep = [at for at in range(4) if at != left_out]
    head = [SHORT[at] for at in keep] + ["落地园区", "备注"]
    with pytest.raises(LedgerError, match=name) as refused:
        read(write(tmp_path / "a.xlsx", [[SHORT_ROW[at] for at in keep]], header=head))
    assert refused.value.code == "missing_column"


def test_a_sheet_without_a_header_is_no_ledger(tmp_path):
    with pytest.raises(LedgerError, match="台账") as refused:
        read(write(tmp_path / "a.xlsx", [["你好", "世界"], [1, 2]], header=None))
    assert refused.value.code == "no_ledger"


def test_nothing_below_the_header(tmp_path):
    with pytest.raises(LedgerError) as refused:
        read(write(tmp_path / "a.xlsx", [[None, " "]]))
    assert refused.value.code == "no_rows"


def test_a_file_that_cannot_be_opened_is_a_ledger_error(tmp_path):
    with pytest.raises(LedgerError) as refused:
        read(tmp_path / "none.xlsx")
    assert refused.value.code == "missing_file"


# -- mapping by hand -------------------------------------------------------------------------


def test_a_header_can_be_mapped_by_hand(tmp_path):
    head = ["项目名称", "金主", "盘子（亿元）", "签约日期"]
    path = write(tmp_path / "a.xlsx", [SHORT_ROW], header=head)
    options = {"header_map": {"金主": "investor_name", "盘子（亿元）": "total_investment"}}
    (read_row,) = loaded(read(path, **options)[1])
    assert (read_row.investor_name, read_row.amount) == ("山西万和", Decimal(120_000_000))


def test_a_mapping_comes_before_our_own_variants(tmp_path):
    head = ["项目名称", "投资方", "协议总投资(亿元)", "总投资(亿元)", "签约日期", "备注"]
    path = write(tmp_path / "a.xlsx", [["甲", "乙", 9, 3, "2026.3.5", "x"]], header=head)
    mapped = {"总投资": "total_investment", "备注": "ignore"}
    (read_row,) = loaded(read(path, header_map=mapped)[1])
    assert (read_row.amount, read_row.remark) == (300_000_000, "")


@pytest.mark.parametrize("mapped", [{"投资方": "nonsense"}, {"没有这列": "remark"}])
def test_a_mapping_of_or_to_what_is_not_there_is_refused(tmp_path, mapped):
    with pytest.raises(LedgerError) as refused:
        read(write(tmp_path / "a.xlsx", [row()]), header_map=mapped)
    assert refused.value.code == "bad_mapping"


def test_the_column_of_a_reject_is_the_header_as_written(tmp_path):
    head = [" 项目\n名称", *HEADER[2:]]
    path = write(tmp_path / "a.xlsx", [[None, *row()[2:]]], header=head)
    assert read(path)[1][0].column == " 项目\n名称"
