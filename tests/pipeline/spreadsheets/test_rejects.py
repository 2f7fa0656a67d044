"""The workbook of rejects: nothing lost, nothing executed, and it can be imported again."""

import datetime as dt
import zipfile

import openpyxl
import pytest

from pipeline.spreadsheets.ledger import LedgerError, read_ledger
from pipeline.spreadsheets.rejects import REASON_HEADER, ROW_HEADER, RejectsWriter
from tests.pipeline.spreadsheets.ledgers import (
    HEADER,
    TODAY,
    VOCABULARY,
    codes,
    loaded,
    read,
    rejected,
    row,
    write,
)
from tests.pipeline.spreadsheets.test_layout import BOTTOM, MERGES, TOP, UNDER, two_lines
from tests.pipeline.spreadsheets.test_sheets import book


def rejects_of(path, to, **options):
    """Import, write the rejects, and open what was written."""
    ledger = read_ledger(path, today=TODAY, vocabulary=VOCABULARY, **options)
    with RejectsWriter(to, ledger) as writer:
        for event in ledger.events():
            if hasattr(event, "code"):
                writer.add(event)
    return openpyxl.load_workbook(to)


def test_the_original_cells_stand_beside_their_row_and_reason(tmp_path):
    bad = row(
        签约日期="2026年13月5日", 开工日期=dt.date(2026, 4, 1), 备注="好", 统一社会信用代码="—"
    )
    path = write(tmp_path / "a.xlsx", [row(项目名称="乙"), bad])
    sheet = rejects_of(path, tmp_path / "r.xlsx")["台账"]
    header = [cell.value for cell in sheet[1]]
    assert header == [*HEADER, ROW_HEADER, REASON_HEADER]
    cells = dict(zip(header, [cell.value for cell in sheet[2]], strict=True))
    assert cells["项目名称"] == bad[1]
    assert cells["协议总投资(亿元)"] == 1.2
    assert cells["开工日期"] == dt.datetime(2026, 4, 1)  # noqa: DTZ001 (as a sheet has it)
    assert cells["投产日期"] is None
    assert cells[ROW_HEADER] == 4
    assert "2026年13月5日" in cells[REASON_HEADER]
    assert sheet.max_row == 2


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|'/c calc'!A0", "+1", "-1+2", "@SUM(A1)", "{=1}", "http://x.cn", "=HYPERLINK(1)"],
)
def test_text_is_never_written_as_a_formula_or_link(tmp_path, text):
    def as_text(sheet):
        sheet["L3"].value = text
        sheet["L3"].data_type = "s"

    path = write(tmp_path / "a.xlsx", [row(签约日期="2026年13月5日")], finish=as_text)
    written = rejects_of(path, tmp_path / "r.xlsx")["台账"]
    assert written["L2"].value == text
    assert written["L2"].data_type == "s"
    assert written["L2"].hyperlink is None
    with zipfile.ZipFile(tmp_path / "r.xlsx") as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


def test_a_formula_without_value_comes_back_as_its_text(tmp_path):
    path = write(tmp_path / "a.xlsx", [row(协议总投资="=G1*2")])
    written = rejects_of(path, tmp_path / "r.xlsx")["台账"]
    assert written["H2"].value == "=G1*2"
    assert written["H2"].data_type == "s"


BAD = {
    "unknown_park": {"落地园区": "太空产业园"},
    "bad_amount": {"协议总投资": "3-5亿"},
    "bad_date": {"签约日期": "2026年13月5日"},
    "ambiguous_date": {"签约日期": 2023.1},
    "missing_name": {"项目名称": None},
    "unknown_contract": {"协议类型": "口头"},
}


def test_unchanged_rejects_are_rejected_again_for_the_same_reasons(tmp_path):
    rows = [row(**{"项目名称": f"项目{n}"} | cells) for n, cells in enumerate(BAD.values())]
    first = write(tmp_path / "a.xlsx", rows)
    rejects_of(first, tmp_path / "r.xlsx")
    _, again = read(tmp_path / "r.xlsx")
    assert [code for _, code in codes(again)] == list(BAD)


def test_corrected_rejects_are_loaded(tmp_path):
    path = write(tmp_path / "a.xlsx", [row(签约日期="2026年13月5日"), row(项目名称="乙")])
    written = rejects_of(path, tmp_path / "r.xlsx")
    written["台账"]["I2"] = "2026年3月5日"
    written.save(tmp_path / "r.xlsx")
    ledger, events = read(tmp_path / "r.xlsx")
    (read_row,) = loaded(events)
    assert read_row.signed_on.on == dt.date(2026, 3, 5)
    assert read_row.amount == 120_000_000
    assert any(REASON_HEADER in note for note in ledger.notes)


def test_a_unit_that_stood_in_a_note_goes_into_the_header(tmp_path):
    head = ["项目名称", "投资方", "总投资", "签约日期", "累计到位资金（万元）"]
    line = ["甲", "乙", 3, "2026年13月5日", 500]
    path = write(tmp_path / "a.xlsx", [line], header=head, title="单位：亿元")
    written = rejects_of(path, tmp_path / "r.xlsx")
    assert written["台账"]["C1"].value == "总投资（亿元）"
    written["台账"]["D2"] = "2026.3.5"
    written.save(tmp_path / "r.xlsx")
    (read_row,) = loaded(read(tmp_path / "r.xlsx")[1])
    assert (read_row.amount, read_row.funds_total) == (300_000_000, 5_000_000)


def test_a_unit_or_month_that_only_the_format_shows_is_kept(tmp_path):
    def formats(sheet):
        sheet["H3"].number_format = '0.00"万元"'
        sheet["I3"].number_format = 'yyyy"年"m"月"'

    bad = row(协议总投资=300, 签约日期=dt.date(2026, 3, 1), 落地园区="太空产业园")
    path = write(tmp_path / "a.xlsx", [bad], finish=formats)
    written = rejects_of(path, tmp_path / "r.xlsx")
    written["台账"]["E2"] = None
    written.save(tmp_path / "r.xlsx")
    (read_row,) = loaded(read(tmp_path / "r.xlsx")[1])
    assert read_row.amount == 3_000_000
    assert read_row.signed_on.precision == "month"


def test_a_header_of_two_lines_becomes_one_that_is_understood(tmp_path):
    bad = [*UNDER[:6], "口头", *UNDER[7:]]
    path = two_lines(tmp_path / "a.xlsx", TOP, BOTTOM, [bad], MERGES)
    written = rejects_of(path, tmp_path / "r.xlsx")
    written["台账"]["G2"] = "正式合同"
    written.save(tmp_path / "r.xlsx")
    (read_row,) = loaded(read(tmp_path / "r.xlsx")[1])
    assert (read_row.amount, read_row.funds_total) == (300_000_000, 150_000_000)
    assert read_row.planned_start_on.on == dt.date(2026, 10, 31)
    assert read_row.started_on is None


def test_columns_mapped_or_ignored_by_hand_stay_so(tmp_path):
    head = ["项目名称", "金主", "协议总投资(亿元)", "总投资(亿元)", "签约日期", "备注"]
    path = write(tmp_path / "a.xlsx", [["甲", "乙", 9, 3, "2026年13月5日", "x"]], header=head)
    mapped = {"金主": "investor_name", "总投资": "total_investment", "备注": "ignore"}
    written = rejects_of(path, tmp_path / "r.xlsx", header_map=mapped)
    written["台账"]["E2"] = "2026.3.5"
    written.save(tmp_path / "r.xlsx")
    (read_row,) = loaded(read(tmp_path / "r.xlsx")[1])
    assert (read_row.investor_name, read_row.amount, read_row.remark) == ("乙", 300_000_000, "")


def test_each_sheet_s_rejects_stand_on_a_sheet_of_their_own(tmp_path):
    bad = row(签约日期="2026年13月5日")
    path = book(tmp_path / "a.xlsx", 一=[HEADER, bad], 二=[["单位：亿元"], HEADER, [*bad]])
    written = rejects_of(path, tmp_path / "r.xlsx")
    assert written.sheetnames == ["一", "二"]
    assert written["二"].cell(2, len(HEADER) + 1).value == 3


def test_merged_words_are_written_out_and_merged_amounts_are_not_repeated(tmp_path):
    def merge(sheet):
        for letter in "CH":
            sheet.merge_cells(f"{letter}3:{letter}4")

    rows = [row(项目名称="一期"), row(项目名称="二期", 签约日期="2026年13月5日")]
    written = rejects_of(write(tmp_path / "a.xlsx", rows, finish=merge), tmp_path / "r.xlsx")
    assert written["台账"]["C2"].value == "山西万和食品有限公司"
    assert written["台账"]["H2"].value is None


def test_cells_to_the_right_of_the_header_are_not_lost(tmp_path):
    path = write(tmp_path / "a.xlsx", [[*row(签约日期="2026年13月5日"), None, "旁注"]])
    sheet = rejects_of(path, tmp_path / "r.xlsx")["台账"]
    assert "旁注" in [cell.value for cell in sheet[2]]


def test_without_rejects_there_is_nothing_to_import(tmp_path):
    rejects_of(write(tmp_path / "a.xlsx", [row()]), tmp_path / "r.xlsx")
    with pytest.raises(LedgerError):
        read(tmp_path / "r.xlsx")


def test_rejects_of_a_text_file(tmp_path):
    path = tmp_path / "台账：[旧].csv"
    path.write_text("项目名称,投资方,总投资,签约日期\n甲,乙,3亿,2023.1\n", encoding="gb18030")
    written = rejects_of(path, tmp_path / "r.xlsx")
    assert written.worksheets[0]["D2"].value == 2023.1
    assert rejected(read(tmp_path / "r.xlsx")[1])[0].code == "ambiguous_date"
