"""The workbook that gives rejected rows back to the clerk, to correct and import again.

Each sheet has its header, the original cells with the types they had, and two columns
more: the row in the original workbook and the reason. Those two are ignored on the next
import. A unit that stood only in a note of the sheet is written into the header. No text
is ever taken for a formula, not even one that begins with an equals sign.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import TracebackType
from typing import Protocol

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from pipeline.spreadsheets.cells import Measured, Month, as_text, squeeze
from pipeline.spreadsheets.events import Reject
from pipeline.spreadsheets.fields import LEDGER, MONEY_KINDS, Matcher, Table, unit_of
from pipeline.spreadsheets.layout import Column, Layout

ROW_HEADER = "原表行号"
REASON_HEADER = "退回原因"
_REASON_WIDTH = 60
_EXCEL_FIRST_DAY = dt.date(1900, 3, 1)  # before it, serial numbers are off by one


class Source(Protocol):
    """The workbook that was read: under which header a row of a sheet stands."""

    def layout_of(self, sheet: str, row: int) -> Layout: ...


class RejectsWriter:
    """Writes rejects one after the other, in the order in which the ledger gives them.

    A context manager: the file is there once it is left. With no reject added there is a
    workbook with one empty sheet. Memory does not grow with the number of rejects.
    """

    def __init__(self, path: Path, ledger: Source) -> None:
        self._ledger = ledger
        self._book: Workbook = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": True,
            },
        )
        self._sheet: Worksheet | None = None
        self._name = ""
        self._layout: Layout | None = None
        self._row = self._width = 0
        self._formats = {
            name: self._book.add_format(properties)
            for name, properties in {
                "header": {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1},
                "reason": {"text_wrap": True, "valign": "top"},
                "day": {"num_format": "yyyy-mm-dd"},
                "instant": {"num_format": "yyyy-mm-dd hh:mm:ss"},
                "month": {"num_format": 'yyyy"年"m"月"'},
                "time": {"num_format": "hh:mm:ss"},
                "span": {"num_format": "[h]:mm:ss"},
            }.items()
        }

    def __enter__(self) -> RejectsWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish the file."""
        self._book.close()

    def add(self, reject: Reject) -> None:
        """Write one reject below the others of its sheet."""
        sheet = self._sheet
        if sheet is None or reject.sheet != self._name:
            sheet = self._begin_sheet(reject.sheet)
        layout = self._ledger.layout_of(reject.sheet, reject.row)
        if layout is not self._layout:
            self._write_header(sheet, layout)
        for index, cell in enumerate(reject.values):
            # What stands to the right of the last header goes behind the reason.
            self._write(sheet, index if index < self._width else index + 2, cell)
        sheet.write_number(self._row, self._width, reject.row)
        sheet.write_string(self._row, self._width + 1, reject.message, self._formats["reason"])
        self._row += 1

    def _begin_sheet(self, name: str) -> Worksheet:
        taken = {sheet.get_name().casefold() for sheet in self._book.worksheets()}
        self._sheet = self._book.add_worksheet(_sheet_name(name, taken))
        self._name, self._layout, self._row = name, None, 0
        return self._sheet

    def _write_header(self, sheet: Worksheet, layout: Layout) -> None:
        self._width = layout.columns[-1].index + 1
        if self._layout is None:
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, self._width - 1, 16)
            sheet.set_column(self._width + 1, self._width + 1, _REASON_WIDTH)
        self._layout = layout
        headers = {
            column.index: header_to_import(column, layout.unit, layout.table)
            for column in layout.columns
        }
        headers |= {self._width: ROW_HEADER, self._width + 1: REASON_HEADER}
        for index, header in headers.items():
            sheet.write_string(self._row, index, header, self._formats["header"])
        self._row += 1

    def _write(self, sheet: Worksheet, column: int, cell: object) -> None:
        row, formats = self._row, self._formats
        match cell:
            case "":
                return
            case str():
                sheet.write_string(row, column, cell)
            case bool():
                sheet.write_boolean(row, column, cell)
            case int() | float():
                sheet.write_number(row, column, cell)
            case dt.datetime() if cell.date() >= _EXCEL_FIRST_DAY:
                sheet.write_datetime(row, column, cell, formats["instant"])
            case dt.date() if not isinstance(cell, dt.datetime) and cell >= _EXCEL_FIRST_DAY:
                sheet.write_datetime(row, column, cell, formats["day"])
            case Month() if cell.first >= _EXCEL_FIRST_DAY:
                sheet.write_datetime(row, column, cell.first, formats["month"])
            case dt.time():
                sheet.write_datetime(row, column, cell, formats["time"])
            case dt.timedelta() if cell >= dt.timedelta(0):
                sheet.write_datetime(row, column, cell, formats["span"])
            case Measured():
                sheet.write_string(row, column, as_text(cell))
            case _:
                sheet.write_string(row, column, as_text(cell))


def header_to_import(column: Column, unit: str | None, table: Table = LEDGER) -> str:
    """A header that the next import understands as this one did.

    As written where that is enough; with the sheet's unit in brackets where the column has
    none of its own; under its usual name where it was mapped by hand or stood in two lines.
    """
    header = column.header
    if column.field is None:
        # A column that was left alone although its header says something stays alone.
        return f"未用：{header}" if _meaning(header, table) else header
    if _meaning(header, table) != column.field.name:
        bare = squeeze(header).translate({ord(c): None for c in "()[]{}【】〔〕"})
        header = f"{table.label(column.field.name)}（原表头：{bare}）"
    known = column.unit or unit
    if column.field.kind in MONEY_KINDS and known and unit_of(header) != known:
        header = f"{header}（{known if known == '元' else known + '元'}）"
    return header


def _meaning(header: str, table: Table) -> str | None:
    match = Matcher(table=table).match(header)
    return match[0].name if match else None


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes: none of its own signs, at most 31 characters, not taken."""
    kept = "".join("_" if char in "[]:*?/\\" else char for char in name).strip("'")[:31] or "Sheet"
    number = 1
    while kept.casefold() in taken:
        number += 1
        kept = f"{kept[:27]}_{number}"
    return kept
