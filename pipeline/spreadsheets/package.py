"""A first look into an .xlsx, before anything else opens it: is it one, and is it harmless.

Nothing that the file says about its own sizes is believed: every part that will be read is
inflated here once, in pieces of a megabyte, and counted.
"""

from __future__ import annotations

import posixpath
import re
import struct
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import IO, NoReturn

from pipeline.spreadsheets.cells import Broken, Uncomputed
from pipeline.spreadsheets.marks import Mark, SheetFacts, mark_of_format
from pipeline.spreadsheets.unreadable import Limits, UnreadableWorkbook

_PIECE = 1 << 20
_LONGEST_ROW = 1 << 25
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATION_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Parts:
    """The parts of a zipped document, each inflated in pieces and counted.

    Raises :class:`UnreadableWorkbook` for what is no zip archive, has a password, or grows
    beyond ``unpacked_bytes`` over all that is read.
    """

    again = "请用 Excel 重新保存后再导入"

    def __init__(self, file: IO[bytes], unpacked_bytes: int) -> None:
        self._file = file
        self._left = unpacked_bytes
        try:
            self._parts = {info.filename: info for info in zipfile.ZipFile(file).infolist()}
        except Exception as error:  # a broken file can break anything that looks at it
            raise UnreadableWorkbook("damaged", f"文件已损坏，{self.again}") from error

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def xml(self, name: str) -> ET.Element:
        """A part as XML of at most 32 MB, without entities."""
        text = b"".join(self.pieces(name, 1 << 25))
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise UnreadableWorkbook("damaged", f"文件内容异常，{self.again}")
        return ET.fromstring(text)  # noqa: S314 (no entities, and not larger than 32 MB)

    def pieces(self, name: str, limit: int) -> Iterator[bytes]:
        """A part, inflated in pieces; refused once it is more than it may be."""
        info = self._parts[name]
        if info.flag_bits & 1:
            raise UnreadableWorkbook("encrypted", "文件有密码保护，请取消密码后再导入")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableWorkbook("damaged", f"文件压缩方式不常见，{self.again}")
        self._file.seek(info.header_offset)
        header = self._file.read(30)
        if header[:4] != b"PK\x03\x04":
            raise zipfile.BadZipFile(name)
        at = info.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
        left = info.compress_size
        inflate = zlib.decompressobj(-15)
        waiting = b""
        while left or waiting:
            if not waiting:
                self._file.seek(at)
                waiting = self._file.read(min(left, 1 << 16))
                if not waiting:
                    raise zipfile.BadZipFile(name)
                at, left = at + len(waiting), left - len(waiting)
            if info.compress_type == zipfile.ZIP_STORED:
                piece, waiting = waiting, b""
            else:
                piece = inflate.decompress(waiting, _PIECE)
                waiting = inflate.unconsumed_tail
            limit -= len(piece)
            self._left -= len(piece)
            if limit < 0 or self._left < 0:
                raise UnreadableWorkbook(
                    "too_large", "文件展开后过大；请删除空白行、图片和无关工作表后再导入"
                )
            if piece:
                yield piece
            if inflate.eof:
                break


class Package(Parts):
    """The parts of an .xlsx or .xlsm, and what its sheets need to be told about."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.limits = limits
        with path.open("rb") as file:
            super().__init__(file, limits.unpacked_bytes)
            try:
                self._check_kind()
                self._look()
            except UnreadableWorkbook:
                raise
            except Exception as error:  # a broken file can break anything that looks at it
                raise UnreadableWorkbook("damaged", f"文件已损坏，{self.again}") from error

    def facts(self, sheet: str) -> SheetFacts:
        """What was found in a sheet."""
        return self._facts.get(sheet, SheetFacts())

    def _check_kind(self) -> None:
        if "xl/workbook.xml" in self._parts:
            return
        if any(name.startswith(("word/", "ppt/")) for name in self._parts):
            raise UnreadableWorkbook("not_a_workbook", "这是 Word 或 PPT 文件，不是 Excel 工作簿")
        if "xl/workbook.bin" in self._parts or "content.xml" in self._parts:
            raise UnreadableWorkbook(
                "not_a_workbook", "不支持 .xlsb 和 .ods，请用 Excel 另存为 .xlsx 后再导入"
            )
        raise UnreadableWorkbook("not_a_workbook", "这是压缩包，不是 Excel 工作簿")

    def _look(self) -> None:
        workbook = self.xml("xl/workbook.xml")
        properties = _first(workbook, "workbookPr")
        date_1904 = "false" if properties is None else properties.get("date1904", "false")
        self.since_1904 = date_1904 in ("1", "true")
        targets = {
            relation.get("Id", ""): _part_name(relation.get("Target", ""))
            for relation in self.xml("xl/_rels/workbook.xml.rels")
        }
        marks = self._marks_by_style()
        if "xl/sharedStrings.xml" in self._parts:
            for _ in self.pieces("xl/sharedStrings.xml", self.limits.text_bytes):
                pass
        self._facts: dict[str, SheetFacts] = {}
        for sheet in _all(workbook, "sheet"):
            part = targets.get(sheet.get(_RELATION) or sheet.get(_RELATION_STRICT) or "", "")
            if part in self._parts and "/worksheets/" in part:
                hidden = sheet.get("state", "visible") != "visible"
                self._facts[sheet.get("name", "")] = self._scan(part, marks, hidden)

    def _marks_by_style(self) -> dict[str, Mark]:
        """The mark that each cell style (``s``) puts on a cell, where it puts one."""
        if "xl/styles.xml" not in self._parts:
            return {}
        styles = self.xml("xl/styles.xml")
        codes = {f.get("numFmtId"): f.get("formatCode", "") for f in _all(styles, "numFmt")}
        cell_styles = _first(styles, "cellXfs")
        marks: dict[str, Mark] = {}
        for index, style in enumerate(cell_styles if cell_styles is not None else ()):
            number = style.get("numFmtId", "0")
            if mark := mark_of_format(int(number), codes.get(number)):
                marks[str(index)] = mark
        return marks

    def _scan(self, part: str, marks: dict[str, Mark], hidden: bool) -> SheetFacts:
        """Find what is marked in a sheet and how far it goes; a hidden one is only counted."""
        scan = _SheetScan(marks)
        for rows in _by_rows(self.pieces(part, self.limits.unpacked_bytes)):
            if not hidden:
                scan.look(rows)
        if scan.facts.box > self.limits.cells:
            exact = _SheetScan(marks)
            for rows in _by_rows(self.pieces(part, self.limits.unpacked_bytes)):
                exact.measure(rows)
            if exact.facts.box > self.limits.cells:
                refuse_extent(exact.facts, exact.farthest)
        return scan.facts


def refuse_extent(facts: SheetFacts, farthest: str) -> NoReturn:
    """Refuse a sheet whose last value is so far out that a table up to it is too large."""
    raise UnreadableWorkbook(
        "too_large",
        f"表格范围过大：最远的内容在 {farthest}，共 {facts.last_row} 行、"
        f"{facts.last_column + 1} 列；请删除远处多余的内容后再导入",
    )


def _by_rows(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes cut before a row, so that no cell is cut in two."""
    rest = next(pieces, b"")
    if rest[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableWorkbook("damaged", "文件编码不常见，请用 Excel 重新保存后再导入")
    for piece in pieces:
        rest += piece
        cut = max(rest.rfind(b"<row"), rest.rfind(b":row"))
        if cut > 0:
            cut = rest.rfind(b"<", 0, cut + 1)
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > _LONGEST_ROW:
            raise UnreadableWorkbook("damaged", "有一行过长，请用 Excel 重新保存后再导入")
    yield rest


# Some writers put a prefix before every tag (<x:c>), space around = or single quotes. Each
# pattern stops at the next tag, so that a broken sheet takes no longer than a sound one.
_ROW = re.compile(rb"<(?:\w+:)?row\b(?:[^<>]*?\br\s*=\s*[\"'](\d+))?")
_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*?)(?:/>|>((?:[^<]++|<(?!/?(?:\w+:)?c[\s/>]))*+)</(?:\w+:)?c\s*>)"
)
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]+)(\d+)")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^<>]*?(?:/>|>([^<]*))")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>/]*>([^<]+)<")
_IS_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_IS_TEXT = re.compile(rb"\bt\s*=\s*[\"']str[\"']")
_WIDE = re.compile(rb"=\s*[\"']([A-Za-z]{2,})\d")
_DEEP = re.compile(rb"=\s*[\"'][A-Za-z]+(\d{5,})[\"']")


def _count_rows(rows: bytes) -> int:
    return rows.count(b"</row>") + rows.count(b":row>") + rows.count(b"<row/>")


def _has_value(xml: bytes) -> bool:
    return b"v>" in xml or b"is>" in xml


class _SheetScan:
    """Goes over the XML of one sheet. Looks closer only at what has something of interest."""

    def __init__(self, marks: dict[str, Mark]) -> None:
        self.facts = SheetFacts()
        self.farthest = ""
        self._marks = marks
        self._rows_before = 0
        styles = "|".join(marks).encode()
        self._styled = re.compile(rb"\bs\s*=\s*[\"'](" + (styles or b"(?!)") + rb")[\"']")
        # Plain searches for these are far faster than a pattern over every cell.
        quoted = [quote + style.encode() + quote for style in marks for quote in (b'"', b"'")]
        self._telling = (b"<f", b":f", b'"e"', b"'e'", *quoted)

    def look(self, rows: bytes) -> None:
        """Mark formulas without a result, errors, telling formats; note the extent roughly.

        Of less than 10,000 rows or 26 columns the extent is not asked exactly.
        """
        if _has_value(rows):
            wide = set(_WIDE.findall(rows))
            deep = set(_DEEP.findall(rows))
            self.facts.reach(
                max(map(int, deep), default=min(10_000, self._rows_before + rows.count(b"row"))),
                max(map(column_number, wide), default=25),
            )
        if any(sign in rows for sign in self._telling):
            self._look_closer(rows)
        self._rows_before += _count_rows(rows)

    def _look_closer(self, rows: bytes) -> None:
        for row, column, attributes, content in self._cells(rows):
            if _IS_ERROR.search(attributes) and (value := _VALUE.search(content)):
                self.facts.mark(row, column, Broken(value[1].decode("utf-8", "replace")))
            elif (formula := _FORMULA.search(content)) and not _has_result(attributes, content):
                text = unescape((formula[1] or b"").decode("utf-8", "replace"))
                self.facts.mark(row, column, Uncomputed("=" + text))
            elif style := self._styled.search(attributes):
                self.facts.mark(row, column, self._marks[style[1].decode()])

    def _cells(self, rows: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
        """Row (from 1), column (from 0), attributes and content of each cell.

        Rows and cells may leave out their own place: then they follow the one before.
        """
        starts = list(_ROW.finditer(rows))
        row = self._rows_before
        for at, start in enumerate(starts):
            row = int(start[1]) if start[1] else row + 1
            end = starts[at + 1].start() if at + 1 < len(starts) else len(rows)
            column = -1
            for cell in _CELL.finditer(rows, start.end(), end):
                place = _PLACE.search(cell[1])
                column = column_number(place[1]) if place else column + 1
                yield int(place[2]) if place else row, column, cell[1], cell[2] or b""

    def measure(self, rows: bytes) -> None:
        """Find exactly how far the values go."""
        if _has_value(rows):
            for row, column, _, content in self._cells(rows):
                if _has_value(content):
                    if row > self.facts.last_row or column > self.facts.last_column:
                        self.farthest = f"{column_letters(column)}{row}"
                    self.facts.reach(row, column)
        self._rows_before += _count_rows(rows)


def _has_result(attributes: bytes, content: bytes) -> bool:
    # Excel writes an empty text result as t="str" with an empty value.
    return _IS_TEXT.search(attributes) is not None or _VALUE.search(content) is not None


def column_number(letters: bytes) -> int:
    """0 for A, 25 for Z, 26 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def column_letters(number: int) -> str:
    """A for 0, Z for 25, AA for 26."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _part_name(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (child for child in element.iter() if child.tag.rpartition("}")[2] == name)


def _first(element: ET.Element, name: str) -> ET.Element | None:
    return next(_all(element, name), None)
