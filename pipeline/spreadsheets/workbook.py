"""Opening a workbook, whatever it is, without harm: .xlsx, .xlsm, .xls and .csv.

What a file is, its content says, not its name. Before anything is read into memory the
file is looked over (:mod:`package`, :mod:`biff`), so that a zip bomb or a stray cell in the
last row of the last column is refused with a reason instead of exhausting the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.spreadsheets.biff import SIGNATURE, BinaryWorkbook
from pipeline.spreadsheets.cells import Cell
from pipeline.spreadsheets.delimited import find_encoding, find_separator, read_rows
from pipeline.spreadsheets.marks import SheetFacts, marked
from pipeline.spreadsheets.package import Package
from pipeline.spreadsheets.unreadable import Limits, UnreadableWorkbook

__all__ = ["Limits", "Merge", "Sheet", "UnreadableWorkbook", "Workbook", "open_workbook"]


@dataclass(frozen=True, slots=True)
class Merge:
    """Merged cells: rows counted from 1, columns from 0, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Sheet:
    """One visible sheet. Its cells are in memory from the first look at them until closed."""

    def __init__(self, name: str, book: CalamineWorkbook, facts: SheetFacts) -> None:
        self.name = name
        self._book = book
        self._facts = facts
        self._sheet: CalamineSheet | None = None

    def _open(self) -> CalamineSheet:
        if self._sheet is None:
            try:
                self._sheet = self._book.get_sheet_by_name(self.name)
            except BaseException as error:
                _damaged(error)
        return self._sheet

    @property
    def merges(self) -> list[Merge]:
        """The merged cells of the sheet."""
        return [
            Merge(top + 1, left, bottom + 1, right)
            for (top, left), (bottom, right) in self._open().merged_cell_ranges or ()
        ]

    @property
    def height(self) -> int:
        """The number of its last row that has a cell."""
        end = self._open().end
        return int(end[0]) + 1 if end else 0

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Row number (from 1) and cells from column A on, ``""`` where a cell is empty."""
        sheet = self._open()
        before: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
        for number, read in enumerate(sheet.iter_rows(), start=1):
            cells: list[Cell] = [*before, *read]
            for column, mark in self._facts.marks.get(number, {}).items():
                if column >= len(cells):
                    cells += [""] * (column + 1 - len(cells))
                cells[column] = marked(cells[column], mark)
            yield number, cells

    def close(self) -> None:
        """Let go of the sheet's cells."""
        self._sheet = None


class TextSheet(Sheet):
    """A text file as a sheet; read line by line."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        self._encoding = find_encoding(path)
        self._separator = find_separator(path, self._encoding)

    @property
    def merges(self) -> list[Merge]:
        return []

    @property
    def height(self) -> int:
        return sum(1 for _row in read_rows(self._path, self._encoding, self._separator))

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        return enumerate(read_rows(self._path, self._encoding, self._separator), start=1)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(slots=True)
class Workbook:
    """The visible sheets of a file in their order, and the names of the hidden ones."""

    sheets: list[Sheet]
    hidden: list[str]
    since_1904: bool = False


def open_workbook(path: Path, limits: Limits | None = None) -> Workbook:
    """Look a file over and open it. Raises :class:`UnreadableWorkbook`."""
    limits = limits or Limits()
    start = _start_of(path, limits)
    if start.startswith(b"PK"):
        return _opened(path, Package(path, limits))
    if start.startswith(SIGNATURE):
        return _opened(path, BinaryWorkbook(path, limits))
    if path.suffix.lower() in (".csv", ".txt", ".tsv") and not _is_foreign(start):
        return Workbook([TextSheet(path)], [])
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise UnreadableWorkbook(
            "not_a_workbook", "这是网页或 XML 格式的表格，请用 Excel 打开后另存为 .xlsx 再导入"
        )
    raise UnreadableWorkbook("not_a_workbook", "这不是 Excel 工作簿（.xlsx、.xls）或 CSV 文件")


def _start_of(path: Path, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(512)
    except FileNotFoundError:
        raise UnreadableWorkbook("missing_file", f"找不到文件：{path.name}") from None
    except OSError:
        raise UnreadableWorkbook("missing_file", f"打不开文件：{path.name}") from None
    if size == 0:
        raise UnreadableWorkbook("empty_file", "文件是空的")
    if size > limits.file_bytes:
        raise UnreadableWorkbook(
            "too_large",
            f"文件有 {size / 2**20:.0f} MB，超过上限 {limits.file_bytes / 2**20:.0f} MB；"
            "请删除图片和无关工作表后再导入",
        )
    return start


def _is_foreign(start: bytes) -> bool:
    return start.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc", b"{\\rtf"))


def _opened(path: Path, looked_over: Package | BinaryWorkbook) -> Workbook:
    try:
        with path.open("rb") as file:
            book = CalamineWorkbook.from_filelike(file)
    except BaseException as error:
        _damaged(error)
    sheets, hidden = [], []
    for sheet in book.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible == SheetVisibleEnum.Visible:
            sheets.append(Sheet(sheet.name, book, looked_over.facts(sheet.name)))
        else:
            hidden.append(sheet.name)
    return Workbook(sheets, hidden, looked_over.since_1904)


def _damaged(error: BaseException) -> NoReturn:
    """What the reading library says of a broken file, its panics included, as one refusal."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
    if type(error).__name__ == "PasswordError":
        raise UnreadableWorkbook("encrypted", "文件有密码保护，请取消密码后再导入") from error
    raise UnreadableWorkbook("damaged", "文件已损坏，请用 Excel 重新保存后再导入") from error
