"""A first look into an .xls: the same questions that :mod:`package` asks of an .xlsx."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from pipeline.spreadsheets.cells import Broken, Uncomputed
from pipeline.spreadsheets.marks import Mark, SheetFacts, mark_of_format
from pipeline.spreadsheets.package import column_letters, refuse_extent
from pipeline.spreadsheets.unreadable import Limits, UnreadableWorkbook

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA  # this number and those above it name no sector


class CompoundFile:
    """The streams of an OLE file, read by their chains of sectors."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        shift, small_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise ValueError("sector size")
        self._size = 1 << shift
        directory, _, self._small_limit, small_table = struct.unpack_from("<4I", data, 48)
        extra_table = struct.unpack_from("<I", data, 68)[0]
        tables = list(struct.unpack_from("<109I", data, 76))
        seen: set[int] = set()
        while extra_table < _LAST_SECTOR and extra_table not in seen:
            seen.add(extra_table)
            more = self._numbers(self._sector(extra_table))
            tables += more[:-1]
            extra_table = more[-1]
        self._next: list[int] = []
        for table in tables:
            if table < _LAST_SECTOR:
                self._next += self._numbers(self._sector(table))
        self._small_next = self._numbers(self._chain(small_table))
        self._entries: dict[str, tuple[int, int]] = {}
        entries = self._chain(directory)
        for at in range(0, len(entries) - 127, 128):
            length, kind = struct.unpack_from("<HB", entries, at + 64)
            name = entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", entries, at + 116)
            if kind == 5:
                self._small = self._chain(start)[:size]
            elif kind == 2:
                self._entries[name] = (start, size)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def stream(self, name: str) -> bytes:
        """The content of a stream."""
        start, size = self._entries[name]
        if size >= self._small_limit:
            return self._chain(start)[:size]
        pieces = []
        for sector in self._follow(start, self._small_next):
            pieces.append(self._small[sector * 64 : sector * 64 + 64])
        return b"".join(pieces)[:size]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        return self._data[at : at + self._size]

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in self._follow(start, self._next))

    @staticmethod
    def _follow(start: int, following: list[int]) -> Iterator[int]:
        for _ in range(len(following)):  # a damaged chain may run in a circle
            if start >= len(following):
                return
            yield start
            start = following[start]

    @staticmethod
    def _numbers(data: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
    0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip
_ONE_CELL = {0x0006, 0x0206, 0x0406, 0x0203, 0x0003, 0x027E, 0x00FD, 0x0204, 0x0004, 0x00D6, 0x0205}
_FORMULA = {0x0006, 0x0206, 0x0406}
_MANY_NUMBERS, _BOOL_OR_ERROR, _TEXT_RESULT = 0x00BD, 0x0205, 0x0207
_WITH_A_FORMULA = {0x04BC, 0x0221, 0x0236}  # shared formula, array, table: before its text
_SHEET, _FORMAT, _STYLE, _DATES, _PASSWORD, _END = 0x0085, 0x041E, 0x00E0, 0x0022, 0x002F, 0x000A


class BinaryWorkbook:
    """The sheets of an .xls, and what they need to be told about."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.since_1904 = False
        self._facts: dict[str, SheetFacts] = {}
        try:
            file = CompoundFile(path.read_bytes())
            if "EncryptedPackage" in file:
                raise UnreadableWorkbook("encrypted", "文件有密码保护，请取消密码后再导入")
            name = next((name for name in ("Workbook", "Book") if name in file), None)
            if name is None:
                raise UnreadableWorkbook(
                    "not_a_workbook", "这是 Word 或其他旧版文档，不是 Excel 工作簿"
                )
            self._look(file.stream(name), limits)
        except UnreadableWorkbook:
            raise
        except Exception as error:  # a broken file can break anything that looks at it
            raise UnreadableWorkbook(
                "damaged", "文件已损坏，请用 Excel 重新保存后再导入"
            ) from error

    def facts(self, sheet: str) -> SheetFacts:
        """What was found in a sheet."""
        return self._facts.get(sheet, SheetFacts())

    def _look(self, data: bytes, limits: Limits) -> None:
        sheets: list[tuple[int, str]] = []
        formats: dict[int, str] = {}
        styles: list[int] = []
        for kind, at, size in _records(data, 0):
            if kind == _PASSWORD:
                raise UnreadableWorkbook("encrypted", "文件有密码保护，请取消密码后再导入")
            if kind == _DATES:
                self.since_1904 = data[at] == 1
            elif kind == _SHEET:
                start = struct.unpack_from("<I", data, at)[0]
                sheets.append((start, _short_text(data[at + 6 : at + size])))
            elif kind == _FORMAT:
                formats[struct.unpack_from("<H", data, at)[0]] = _long_text(
                    data[at + 2 : at + size]
                )
            elif kind == _STYLE:
                styles.append(struct.unpack_from("<H", data, at + 2)[0])
        marks = [mark_of_format(number, formats.get(number)) for number in styles]
        left = limits.cells
        for start, name in sheets:
            facts = self._facts[name] = _scan(data, start, marks)
            left -= facts.box
            if left < 0:
                refuse_extent(facts, f"{column_letters(facts.last_column)}{facts.last_row}")


def _records(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and size of each record of a substream, until its end."""
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == _END or at + 4 + size > len(data):
            return
        yield kind, at + 4, size
        at += 4 + size


def _scan(data: bytes, start: int, marks: list[Mark | None]) -> SheetFacts:
    facts = SheetFacts()
    waiting: tuple[int, int] | None = None  # a formula whose text should come next
    for kind, at, size in _records(data, start):
        if waiting and kind not in _WITH_A_FORMULA:
            if kind != _TEXT_RESULT:
                facts.mark(*waiting, Uncomputed("="))
            waiting = None
        if kind == _MANY_NUMBERS:
            row, first = struct.unpack_from("<HH", data, at)
            last = struct.unpack_from("<H", data, at + size - 2)[0]
            facts.reach(row + 1, last)
            for column in range(first, last + 1):
                style = struct.unpack_from("<H", data, at + 4 + 6 * (column - first))[0]
                _mark_style(facts, row + 1, column, style, marks)
        elif kind in _ONE_CELL:
            row, column, style = struct.unpack_from("<HHH", data, at)
            row += 1
            facts.reach(row, column)
            result = data[at + 6 : at + 14]
            if kind == _BOOL_OR_ERROR and result[1] == 1:
                facts.mark(row, column, Broken(_ERRORS.get(result[0], "#N/A")))
            elif kind in _FORMULA and result[6:] == b"\xff\xff" and result[0] == 2:
                facts.mark(row, column, Broken(_ERRORS.get(result[2], "#N/A")))
            elif kind in _FORMULA and result[6:] == b"\xff\xff" and result[0] == 0:
                waiting = (row, column)
            else:
                _mark_style(facts, row, column, style, marks)
    if waiting:
        facts.mark(*waiting, Uncomputed("="))
    return facts


def _mark_style(
    facts: SheetFacts, row: int, column: int, style: int, marks: list[Mark | None]
) -> None:
    mark = marks[style] if style < len(marks) else None
    if mark:
        facts.mark(row, column, mark)


def _short_text(data: bytes) -> str:
    wide = data[1] & 1
    return data[2 : 2 + data[0] * (1 + wide)].decode("utf-16-le" if wide else "latin-1")


def _long_text(data: bytes) -> str:
    length, flags = struct.unpack_from("<HB", data)
    wide = flags & 1
    return data[3 : 3 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")
