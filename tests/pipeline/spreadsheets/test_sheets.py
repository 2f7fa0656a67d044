"""Workbooks with several sheets, hidden ones, and in other formats."""

import datetime as dt

import openpyxl
import pytest

from pipeline.spreadsheets.days import Day
from pipeline.spreadsheets.ledger import LedgerError, read_ledger
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
from tests.pipeline.spreadsheets.xls_files import Formula, write_xls

SHORT = ["项目名称", "投资方", "协议总投资", "签约日期"]


def book(path, **sheets):
    """A workbook with one ledger (header and rows) on each sheet."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, lines in sheets.items():
        sheet = workbook.create_sheet(name)
        for line in lines:
            sheet.append(line)
    workbook.save(path)
    return path


def hide(path, name, state="hidden"):
    workbook = openpyxl.load_workbook(path)
    workbook[name].sheet_state = state
    workbook.save(path)
    return path


def test_every_visible_ledger_is_loaded_in_order(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        二〇二五=[["台账"], HEADER, row(项目名称="甲")],
        二〇二六=[[*SHORT, "备注"], ["乙", "丙", "2亿", "2026.4.1", ""], ["丁", "戊", "3-5亿", ""]],
    )
    ledger, events = read(path)
    assert [(event.sheet, event.row) for event in events] == [
        ("二〇二五", 3), ("二〇二六", 2), ("二〇二六", 3),
    ]  # fmt: skip
    assert ledger.sheets == ["二〇二五", "二〇二六"]
    assert "二〇二六" in rejected(events)[0].message


def test_the_same_project_on_two_sheets_is_loaded_once(tmp_path):
    path = book(tmp_path / "a.xlsx", 一=[HEADER, row()], 二=[HEADER, row()])
    _, events = read(path)
    assert codes(events) == [(2, "duplicate_row")]
    assert "“一”" in rejected(events)[0].message


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_left_out_and_named(tmp_path, state):
    path = book(tmp_path / "a.xlsx", 台账=[HEADER, row()], 旧台账=[HEADER, row(项目名称="旧")])
    ledger, events = read(hide(path, "旧台账", state))
    assert [event.sheet for event in events] == ["台账"]
    assert any("旧台账" in note for note in ledger.notes)


def test_other_sheets_are_named(tmp_path):
    path = book(tmp_path / "a.xlsx", 说明=[["怎么填"]], 台账=[HEADER, row()])
    ledger, events = read(path)
    assert len(loaded(events)) == 1
    assert any("说明" in note for note in ledger.notes)


def test_a_sheet_that_lacks_a_needed_column_is_named_beside_a_whole_one(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        台账=[HEADER, row()],
        进度=[["项目名称", "投资方", "开工时间", "形象进度"], ["甲", "乙", "2026.3.5", "打桩"]],
    )
    ledger, events = read(path)
    assert len(events) == 1
    assert any("进度" in note and "签约时间" in note for note in ledger.notes)


def test_sheets_have_their_own_units(tmp_path):
    line = ["甲", "乙", 3, "2026.3.5"]
    path = book(
        tmp_path / "a.xlsx",
        一=[["单位：亿元"], SHORT, line],
        二=[["单位：万元"], SHORT, ["丙", *line[1:]]],
        三=[SHORT, ["丁", *line[1:]]],
    )
    _, events = read(path)
    assert [read_row.amount for read_row in loaded(events)] == [300_000_000, 30_000]
    assert codes(events) == [(2, "bad_amount")]


def test_only_hidden_ledgers_are_no_ledger(tmp_path):
    path = book(tmp_path / "a.xlsx", 说明=[["怎么填"]], 台账=[HEADER, row()])
    with pytest.raises(LedgerError) as refused:
        read(hide(path, "台账"))
    assert refused.value.code == "no_ledger"


LINES = [
    ["平陆县台账"],
    HEADER,
    row(项目名称="甲", 签约日期="2026.3.5"),
    row(项目名称="乙", 签约日期="2023.10", 协议总投资="12,000万元"),
    row(项目名称="丙", 签约日期="２０２６年４月１日", 开工日期="未开工"),
    ["合计"],
]


def test_an_xls_is_read_like_an_xlsx(tmp_path):
    lines = [
        *LINES,
        row(项目名称="丁", 协议总投资=Formula(None)),
        row(项目名称="戊", 签约日期=46086),
    ]
    _, events = read(write_xls(tmp_path / "a.xls", {"台账": lines}))
    assert [read_row.project_name for read_row in loaded(events)] == ["甲", "乙", "丙", "戊"]
    assert loaded(events)[-1].signed_on == Day(dt.date(2026, 3, 5))
    assert codes(events) == [(7, "formula_without_value")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_like_an_xlsx(tmp_path, encoding):
    path = tmp_path / "a.csv"
    text = "\r\n".join(
        ",".join(f'"{cell}"' if cell is not None else "" for cell in line) for line in LINES
    )
    path.write_text(text + "\r\n", encoding=encoding)
    _, events = read(path)
    assert [(read_row.row, read_row.project_name) for read_row in loaded(events)] == [
        (3, "甲"), (4, "乙"), (5, "丙"),
    ]  # fmt: skip
    assert loaded(events)[1].signed_on == Day(dt.date(2023, 10, 31), "month")
    assert loaded(events)[1].amount == 120_000_000


def test_in_a_csv_2023_1_is_as_doubtful_as_the_number(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("项目名称,投资方,总投资,签约日期\n甲,乙,3亿,2023.1\n", encoding="utf-8")
    assert codes(read(path)[1]) == [(2, "ambiguous_date")]


def test_serial_numbers_in_a_1904_workbook(tmp_path):
    path = tmp_path / "a.xls"
    write_xls(path, {"台账": [HEADER, row(签约日期=46086 - 1462)]}, since_1904=True)
    assert loaded(read(path)[1])[0].signed_on == Day(dt.date(2026, 3, 5))


def test_events_come_one_at_a_time(tmp_path):
    path = write(tmp_path / "a.xlsx", [row(项目名称=f"项目{n}") for n in range(50)])
    ledger = read_ledger(path, today=TODAY, vocabulary=VOCABULARY)
    events = ledger.events()
    next(events)
    assert ledger.rows < 5
    assert len(list(events)) == 49
    assert ledger.rows == 50
