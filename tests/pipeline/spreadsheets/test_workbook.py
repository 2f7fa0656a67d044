"""Whatever is uploaded: the right sheets, or one clear reason; never harm."""

import datetime as dt
import io
import random
import re
import struct
import tracemalloc
import zipfile
import zlib

import openpyxl
import pytest
import xlsxwriter

from pipeline.spreadsheets.cells import Broken, Measured, Month, Uncomputed
from pipeline.spreadsheets.workbook import (
    Limits,
    Merge,
    UnreadableWorkbook,
    open_workbook,
)
from tests.pipeline.spreadsheets.ledgers import HEADER, row, write
from tests.pipeline.spreadsheets.xls_files import Formula, write_compound, write_xls


def rows_of(path, sheet=0):
    return dict(open_workbook(path).sheets[sheet].rows())


def refusal(path, **limits):
    """The code with which a file is refused, its sheets read to the end."""
    with pytest.raises(UnreadableWorkbook) as refused:
        read_all(path, **limits)
    assert refused.value.message
    return refused.value.code


def read_all(path, **limits):
    """How many rows all visible sheets have."""
    return sum(1 for sheet in open_workbook(path, Limits(**limits)).sheets for _ in sheet.rows())


def replace_part(path, name, change):
    """Rewrite one part of an .xlsx."""
    with zipfile.ZipFile(path) as old:
        parts = {entry: old.read(entry) for entry in old.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry, data in parts.items():
            new.writestr(entry, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_values_keep_their_rows_and_columns(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["C4"], sheet["E6"], sheet["C7"] = "文", 1.5, dt.date(2026, 3, 5)
    book.save(tmp_path / "a.xlsx")
    rows = rows_of(tmp_path / "a.xlsx")
    assert rows[1] == [""] * len(rows[1])
    assert rows[4][2] == "文"
    assert rows[6][4] == 1.5
    assert rows[7][2] == dt.date(2026, 3, 5)


def test_a_formula_saved_without_its_result_and_an_error_are_told_apart_from_nothing(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"], sheet["C1"] = '=SUM(D1:D9)&"<"', "#REF!", "x"
    book.save(tmp_path / "a.xlsx")
    assert rows_of(tmp_path / "a.xlsx")[1] == [Uncomputed('=SUM(D1:D9)&"<"'), Broken("#REF!"), "x"]


def test_a_formula_with_its_result_is_its_result(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    sheet.write_formula("A1", "=1+1", None, 2)
    sheet.write_formula("B1", '="a"', None, "a")
    sheet.write_formula("C1", "=1/0", None, "#DIV/0!")
    book.close()
    assert rows_of(tmp_path / "a.xlsx")[1] == [2, "a", Broken("#DIV/0!")]


def test_an_empty_text_result_is_nothing(tmp_path):
    path = write(tmp_path / "a.xlsx", [["x", "=1"]], header=None, title=None)
    replace_part(
        path,
        SHEET,
        # openpyxl writes the empty result in one way with lxml, in another without
        lambda xml: re.sub(
            rb'<c r="B1"><f>1</f><v ?/?>(</v>)?</c>', b'<c r="B1" t="str"><f>1</f><v></v></c>', xml
        ),
    )
    assert rows_of(path)[1][0] == "x"
    assert all(cell == "" for cell in rows_of(path)[1][1:])


def test_a_date_shown_as_year_and_month_is_a_month(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for column, (day, code) in enumerate(
        [
            (dt.date(2026, 3, 1), 'yyyy"年"m"月"'),
            (dt.date(2026, 3, 1), "[$-804]yyyy年m月;@"),
            (dt.date(2026, 3, 1), "mmm-yy"),
            (dt.date(2026, 3, 5), 'yyyy"年"m"月"'),
            (dt.date(2026, 3, 1), "yyyy-mm-dd"),
            (dt.date(2026, 3, 1), 'yyyy"年"m"月"d"日"'),
        ],
        start=1,
    ):
        sheet.cell(1, column, day).number_format = code
    book.save(tmp_path / "a.xlsx")
    assert rows_of(tmp_path / "a.xlsx")[1] == [
        Month(dt.date(2026, 3, 1)),
        Month(dt.date(2026, 3, 1)),
        Month(dt.date(2026, 3, 1)),
        dt.date(2026, 3, 5),
        dt.date(2026, 3, 1),
        dt.date(2026, 3, 1),
    ]


def test_a_unit_in_the_number_format_belongs_to_the_number(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for column, (number, code) in enumerate(
        [(1.2, '0.00"亿元"'), (12000, '#,##0"万元"'), (120000, '0!.0,"万"'), (5, '0"个"')], start=1
    ):
        sheet.cell(1, column, number).number_format = code
    book.save(tmp_path / "a.xlsx")
    assert rows_of(tmp_path / "a.xlsx")[1] == [
        Measured(1.2, "亿元"),
        Measured(12000.0, "万元"),
        Measured(120000.0, "元"),
        5,
    ]


def test_merged_cells_and_hidden_sheets_are_told(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "台账"
    book.active["B2"] = "甲"
    book.active.merge_cells("B2:C4")
    for name, state in (("旧表", "hidden"), ("参数", "veryHidden")):
        book.create_sheet(name).sheet_state = state
    book.save(tmp_path / "a.xlsx")
    opened = open_workbook(tmp_path / "a.xlsx")
    assert [sheet.name for sheet in opened.sheets] == ["台账"]
    assert opened.hidden == ["旧表", "参数"]
    assert opened.sheets[0].merges == [Merge(2, 1, 4, 2)]


def test_a_1904_workbook_says_so_and_its_dates_are_right(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    book.add_worksheet().write_datetime(0, 0, dt.date(2026, 3, 5), day)
    book.close()
    assert open_workbook(tmp_path / "a.xlsx").since_1904
    assert rows_of(tmp_path / "a.xlsx")[1] == [dt.date(2026, 3, 5)]


def test_tags_with_a_prefix_single_quotes_and_cells_without_a_place_are_read(tmp_path):
    path = write(tmp_path / "a.xlsx", [["x", "y"], ["z", "=1"]], header=None, title=None)
    replace_part(
        path,
        SHEET,
        lambda _: (
            b"<?xml version='1.0'?><x:worksheet xmlns:x='http://schemas.openxmlformats.org/"
            b"spreadsheetml/2006/main'><x:sheetData><x:row><x:c t='str'><x:v>a</x:v></x:c>"
            b"<x:c><x:f>1</x:f><x:v/></x:c></x:row><x:row><x:c t='e'><x:v>#N/A</x:v></x:c>"
            b"</x:row></x:sheetData></x:worksheet>"
        ),
    )
    assert rows_of(path) == {1: ["a", Uncomputed("=1")], 2: [Broken("#N/A")]}


# -- other formats ------------------------------------------------------------------------


def test_an_xls_is_read_like_an_xlsx(tmp_path):
    path = write_xls(
        tmp_path / "a.xls",
        {
            "台账": [
                ["项目", 1.5, 46082.0, 46086.0, 1.2],
                [Formula(2.0), Formula("甲"), Formula(None), "#REF!"],
            ],
            "旧": [["x"]],
        },
        hidden=["旧"],
        formats={(0, 2): 'yyyy"年"m"月"', (0, 3): "yyyy-mm-dd", (0, 4): '0.0"亿元"'},
    )
    opened = open_workbook(path)
    assert [sheet.name for sheet in opened.sheets] == ["台账"]
    assert opened.hidden == ["旧"]
    assert dict(opened.sheets[0].rows()) == {
        1: ["项目", 1.5, Month(dt.date(2026, 3, 1)), dt.date(2026, 3, 5), Measured(1.2, "亿元")],
        2: [2.0, "甲", Uncomputed("="), Broken("#REF!"), ""],
    }


def test_an_xls_since_1904_says_so(tmp_path):
    assert open_workbook(write_xls(tmp_path / "a.xls", {"a": [["x"]]}, since_1904=True)).since_1904


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_text_file_is_read_in_every_usual_encoding(tmp_path, encoding, separator):
    path = tmp_path / "a.csv"
    path.write_text(
        f'项目名称{separator}投资方\n\n"万和\n二期"{separator}"山西""万和"""\n', encoding=encoding
    )
    assert rows_of(path) == {1: ["项目名称", "投资方"], 2: [], 3: ["万和\n二期", '山西"万和"']}


def test_in_a_text_file_2023_1_is_the_number_that_excel_made_of_it(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("2023.1,2023.10,2023.12\n", encoding="utf-8")
    assert rows_of(path) == {1: [2023.1, "2023.10", "2023.12"]}


def test_the_content_says_what_a_file_is_not_its_name(tmp_path):
    write(tmp_path / "a.xlsx", [row()]).rename(tmp_path / "a.xls")
    assert rows_of(tmp_path / "a.xls")[2] == HEADER
    (tmp_path / "a.xls").rename(tmp_path / "upload")
    assert rows_of(tmp_path / "upload")[2] == HEADER


# -- what is refused -----------------------------------------------------------------------


def test_a_missing_file(tmp_path):
    assert refusal(tmp_path / "none.xlsx") == "missing_file"
    assert refusal(tmp_path) == "missing_file"


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    assert refusal(tmp_path / name) == "empty_file"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n...",
        b"\x89PNG\r\n\x1a\n",
        b"<html><table><tr><td>1</td></tr></table></html>",
        b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>",
        b"hello",
        bytes(range(256)),
    ],
)
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
def test_something_else_under_a_workbook_s_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name) == "not_a_workbook"


@pytest.mark.parametrize("content", [b"%PDF-1.7\n...", b"\x89PNG\r\n", b"a\0b", b"\xff\xff\xff"])
def test_something_else_under_a_csv_s_name(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert refusal(tmp_path / "a.csv") == "not_a_workbook"


@pytest.mark.parametrize(
    "entry",
    ["word/document.xml", "ppt/presentation.xml", "xl/workbook.bin", "content.xml", "a.txt"],
)
def test_another_package_under_a_workbook_s_name(tmp_path, entry):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as package:
        package.writestr(entry, "x")
    assert refusal(tmp_path / "a.xlsx") == "not_a_workbook"


def test_a_word_document_of_old(tmp_path):
    path = write_compound(tmp_path / "a.xls", {"WordDocument": b"x"})
    assert refusal(path) == "not_a_workbook"


def test_password_protection(tmp_path):
    new = write_compound(tmp_path / "a.xlsx", {"EncryptionInfo": b"x", "EncryptedPackage": b"x"})
    assert refusal(new) == "encrypted"
    assert refusal(write_xls(tmp_path / "a.xls", {"a": [["x"]]}, password=True)) == "encrypted"


def test_a_file_over_the_limit(tmp_path):
    path = write(tmp_path / "a.xlsx", [row()])
    assert refusal(path, file_bytes=1000) == "too_large"


@pytest.mark.parametrize("cut", [100, 3000, -30])
def test_a_truncated_workbook(tmp_path, cut):
    path = write(tmp_path / "a.xlsx", [row()] * 50)
    path.write_bytes(path.read_bytes()[:cut])
    assert refusal(path) == "damaged"


def test_a_truncated_xls(tmp_path):
    path = write_xls(tmp_path / "a.xls", {"a": [["x"]]})
    path.write_bytes(path.read_bytes()[:600])
    assert refusal(path) in ("damaged", "not_a_workbook")


def test_broken_xml(tmp_path):
    path = write(tmp_path / "a.xlsx", [row()])
    replace_part(path, SHEET, lambda xml: xml[: len(xml) // 2])
    assert refusal(path) == "damaged"
    replace_part(path, "xl/workbook.xml", lambda xml: b"<!DOCTYPE x><workbook/>")
    assert refusal(path) == "damaged"


def test_random_damage_is_never_more_than_a_refusal(tmp_path):
    whole = bytearray(write(tmp_path / "a.xlsx", [row()] * 5).read_bytes())
    old = bytearray(write_xls(tmp_path / "a.xls", {"台账": [HEADER, row()]}).read_bytes())
    chance = random.Random(2026)
    for attempt in range(300):
        source = whole if attempt % 2 else old
        damaged = bytearray(source)
        for _ in range(chance.randint(1, 20)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path = tmp_path / "damaged"
        path.write_bytes(damaged)
        assert outcome_of(path) in ALL_OUTCOMES


ALL_OUTCOMES = ("read", "damaged", "not_a_workbook", "encrypted", "too_large")


def outcome_of(path):
    try:
        read_all(path)
    except UnreadableWorkbook as refused:
        return refused.code
    return "read"


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml"])
def test_random_damage_to_its_xml_is_never_more_than_a_refusal(tmp_path, part):
    chance = random.Random(13710)

    def damage(xml):
        damaged = bytearray(xml)
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b"0179ARXZ<>/=\"' ")
        return bytes(damaged)

    whole = write(tmp_path / "a.xlsx", [row()] * 3).read_bytes()
    for _ in range(60):
        path = tmp_path / "damaged"
        path.write_bytes(whole)
        assert outcome_of(replace_part(path, part, damage)) in ALL_OUTCOMES


@pytest.mark.parametrize(
    "place", ["A99999999", "A99999999999999999999", "ZZZZZ2", "AAAAAAAAAAAA2", "xfd1048576"]
)
def test_a_cell_outside_of_any_sheet_is_refused(tmp_path, place):
    path = write(tmp_path / "a.xlsx", [["x"], ["y"]], header=None, title=None)
    replace_part(path, SHEET, lambda xml: xml.replace(b'"A2"', b'"' + place.encode() + b'"'))
    assert outcome_of(path) in ("too_large", "damaged")


def bomb(path, megabytes, filling=b'<row r="1" ht="15"/>'):
    """An .xlsx whose sheet inflates to so much, and says that it is 1000 bytes long."""
    write(path, [row()])
    with zipfile.ZipFile(path) as old:
        parts = {entry: old.read(entry) for entry in old.namelist() if entry != SHEET}
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeezed.compress(b"<worksheet><sheetData>")
    for _ in range(megabytes):
        data += squeezed.compress(filling * (2**20 // len(filling)))
    data += squeezed.flush()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry, content in parts.items():
            new.writestr(entry, content)
        new.writestr(SHEET, b"x" * 1000)
    # Put the real data in the place of the last entry's, sizes in its headers untouched.
    raw = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        info = package.getinfo(SHEET)
        name = info.filename.encode()
        start = info.header_offset + 30 + len(name)
        directory = raw[package.start_dir :]
    directory = bytearray(directory)
    at = directory.index(name) - 46
    struct.pack_into("<I", directory, at + 20, len(data))
    end = directory.rindex(b"PK\x05\x06")
    struct.pack_into("<I", directory, end + 16, start + len(data))
    path.write_bytes(raw[:start] + data + bytes(directory))
    return path


def test_a_zip_bomb_that_lies_about_its_size_is_refused_in_little_memory(tmp_path):
    path = bomb(tmp_path / "a.xlsx", 100)
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    assert refusal(path, unpacked_bytes=50 * 2**20) == "too_large"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * 2**20


def test_one_row_without_end_is_refused(tmp_path):
    path = bomb(tmp_path / "a.xlsx", 40, b" ")
    assert refusal(path) == "damaged"


def test_a_stray_cell_in_the_last_corner_is_named(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    sheet.write(0, 0, "项目名称")
    sheet.write(1048575, 16383, "x")
    book.close()
    with pytest.raises(UnreadableWorkbook, match="XFD1048576") as refused:
        open_workbook(tmp_path / "a.xlsx")
    assert refused.value.code == "too_large"


def test_a_stray_cell_on_a_hidden_sheet_does_no_harm(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    book.add_worksheet("台账").write(0, 0, "x")
    hidden = book.add_worksheet("旧")
    hidden.write(1048575, 16383, "x")
    hidden.hide()
    book.close()
    assert rows_of(tmp_path / "a.xlsx") == {1: ["x"]}


def test_stray_cells_in_an_xls_are_refused(tmp_path):
    far = [["x"], *([[]] * 65534), [*([None] * 255), "y"]]
    path = write_xls(tmp_path / "a.xls", {"a": far})
    assert refusal(path, cells=1_000_000) == "too_large"


def test_empty_cells_with_a_format_do_not_count(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": True})
    sheet = book.add_worksheet()
    frame = book.add_format({"border": 1})
    sheet.write(0, 0, "x")
    for number in range(1, 20_000):
        sheet.write_blank(number, 0, None, frame)
        sheet.write_blank(number, 40, None, frame)
    for number in range(20_000, 40_000):
        sheet.set_row(number, 20)
    book.close()
    opened = open_workbook(tmp_path / "a.xlsx", Limits(cells=100_000))
    assert dict(opened.sheets[0].rows()) == {1: ["x"]}
