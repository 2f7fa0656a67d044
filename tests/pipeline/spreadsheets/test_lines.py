"""Blank lines, totals, notes, headings: what is no row, what is skipped, what is a row."""

import pytest

from tests.pipeline.spreadsheets.ledgers import HEADER, codes, loaded, read, row, skipped, write


def kinds(tmp_path, *lines, header=HEADER, finish=None):
    """Row and kind of what comes after one sound row in row 3."""
    _, events = read(write(tmp_path / "a.xlsx", [row(), *lines], header=header, finish=finish))
    return [(event.row, type(event).__name__) for event in events[1:]]


@pytest.mark.parametrize(
    "line",
    [
        [],
        [None, " ", "\n", None],
        [7],
        ["7"],
        [7.0, None, " "],
        ["=ROW()-2"],
        HEADER,
        [" 序 号 ", *HEADER[1:]],
        ["平陆县2026年招商引资项目台账"],
    ],
)
def test_blank_lines_serial_numbers_and_repeated_headers_are_no_rows(tmp_path, line):
    assert kinds(tmp_path, line, row(项目名称="乙")) == [(5, "LedgerRow")]


@pytest.mark.parametrize(
    "line",
    [
        ["合计"],
        ["小计", None, None, None, None, None, None, "=SUM(H3:H9)"],
        ["总计", 50, None, None, None, None, None, 60],
        ["合 计"],
        ["合计："],
        ["合计（50个）"],
        ["稀有金属园区小计", None, None, None, None, None, None, 30],
        ["合计", "50个", "共40家"],
        [None, "合计", None, None, None, None, None, 60],
        [9, "合计", None, None, None, None, None, 60],
        ["其中：稀有金属园区", None, None, None, None, None, None, 30],
        ["填报单位：平陆县招商局"],
        ["填表人：张三", None, None, "审核人：李四"],
        ["审核人：李四"],
        ["单位：亿元"],
        ["注：含框架协议"],
        ["注1：含框架协议"],
        ["说明：本表截至9月底"],
        ["填报日期：2026年9月30日"],
        ["截至9月底"],
        [None] * len(HEADER) + ["旁注"],
        ["一、重点项目"],
        ["（二）一般项目"],
    ],
)
def test_totals_notes_and_headings_are_skipped(tmp_path, line):
    assert kinds(tmp_path, line) == [(4, "Skipped")]


def test_a_heading_across_the_table_is_skipped(tmp_path):
    def merge(sheet):
        sheet.merge_cells("A4:L4")

    assert kinds(tmp_path, ["稀有金属绿色科技产业园"], finish=merge) == [(4, "Skipped")]


def test_a_skipped_row_says_why(tmp_path):
    _, events = read(write(tmp_path / "a.xlsx", [row(), ["合计"], ["注：无"]]))
    assert [(event.row, bool(event.reason)) for event in skipped(events)] == [(4, True), (5, True)]


@pytest.mark.parametrize(
    "name", ["其中一条生产线", "注：塑机项目", "说明：书印刷项目", "单位：宿舍项目", "一、二期项目"]
)
def test_a_note_s_word_with_an_investor_is_a_project(tmp_path, name):
    without_serial = [None, name, *row()[2:]]
    assert kinds(tmp_path, without_serial) == [(4, "LedgerRow")]


def test_a_line_without_name_or_investor_that_is_no_note_is_rejected_not_lost(tmp_path):
    lines = [row(), [2, None, None, None, None, None, None, 3], [3, "项目", None, None]]
    _, events = read(write(tmp_path / "a.xlsx", lines))
    assert codes(events) == [(4, "missing_name"), (5, "missing_investor")]


def test_a_formula_without_value_in_a_total_is_no_reject(tmp_path):
    _, events = read(write(tmp_path / "a.xlsx", [row(), ["合计", *[None] * 6, "=SUM(H3:H3)"]]))
    assert len(skipped(events)) == 1
    assert codes(events) == []


def test_rows_that_are_not_the_first_in_the_sheet_keep_their_numbers(tmp_path):
    def move(sheet):
        sheet.insert_rows(1, 4)
        sheet.insert_cols(1, 2)

    _, events = read(write(tmp_path / "a.xlsx", [row()], finish=move))
    assert [event.row for event in loaded(events)] == [7]
