"""The sheets of a workbook, row by row: what was read, skipped, or refused and why.

What is common to every kind of workbook: finding the header lines, walking down the rows
below them, telling rows from totals and notes, and naming what is wrong with a row. Each
kind says which columns it has (``fields.Table``), how a row's cells are read (a
``RowReader``) and what two rows have in common that are one (:meth:`Sheets.identities`).

Nothing is lost: every row that is not blank is loaded, skipped or rejected. Memory is
bounded by one sheet's cells; the events are made one at a time.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pipeline.spreadsheets.cells import Cell, as_text, squeeze
from pipeline.spreadsheets.events import LedgerError, Reject, Skipped
from pipeline.spreadsheets.fields import Matcher, Table
from pipeline.spreadsheets.layout import SEARCHED_ROWS, Layout, Row, locate
from pipeline.spreadsheets.lines import Kind, classify
from pipeline.spreadsheets.reasons import message
from pipeline.spreadsheets.rows import Fault, RowReader, Words
from pipeline.spreadsheets.walking import Merges, Window, whole_row
from pipeline.spreadsheets.workbook import (
    Limits,
    Sheet,
    UnreadableWorkbook,
    Workbook,
    open_workbook,
)

_LISTED_ROWS = 10


class Read(Protocol):
    """A row that was read and can be loaded."""

    sheet: str
    row: int
    cells: dict[str, str]
    values: tuple[object, ...]


R = TypeVar("R", bound=Read)
S = TypeVar("S", bound="Sheets[Any]")


def read_sheets(
    kind: Callable[[Workbook, Matcher, Words, dt.date], S],
    path: Path,
    *,
    table: Table,
    words: Words,
    today: dt.date,
    header_map: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> S:
    """Open a workbook and find the sheets of a kind. Raises :class:`LedgerError`.

    ``header_map`` gives the field (by its name, or one of its usual headers) of a header as
    written, before our own variants; ``ignore`` leaves a column alone. ``today`` is the day
    that future days are judged by.

    Codes of the error: those of ``UnreadableWorkbook`` and ``no_ledger`` (for other kinds
    ``no_table``), ``missing_column``, ``no_rows``, ``bad_mapping``.
    """
    try:
        matcher = Matcher(header_map, table)
    except ValueError as error:
        raise LedgerError(
            "bad_mapping", f"没有“{error}”这一列，可用的有：{'、'.join(table.fields)}"
        ) from None
    try:
        sheets = kind(open_workbook(Path(path), limits), matcher, words, today)
        sheets.find()
    except UnreadableWorkbook as error:
        raise LedgerError(error.code, error.message) from error
    return sheets


class Sheets(Generic[R]):
    """The sheets of one workbook that have a header of its kind.

    ``rows`` = ``loaded`` + ``skipped`` + ``rejected``. Counts and ``notes`` (what a person
    should know about how the file was read) are whole once :meth:`events` has ended.
    """

    table: Table
    what = "表格"  # what a sheet of this kind is called
    none_found = "no_table"  # the code where no sheet has a header of this kind
    none_hint = "没有一行表头含有所需的列"

    def __init__(self, book: Workbook, matcher: Matcher, words: Words, today: dt.date) -> None:
        self.rows = self.loaded = self.skipped = self.rejected = 0
        self._book = book
        self._matcher = matcher
        self.words = words
        self._today = today
        self._found: list[tuple[Sheet, Layout]] = []
        self._layouts: dict[str, list[tuple[int, Layout]]] = {}
        self._seen: dict[tuple[str, str], tuple[str, int]] = {}
        self._notes: list[str] = []
        self._rows_noted: dict[str, list[str]] = defaultdict(list)
        self._first: list[R | Skipped | Reject] = []
        self._rest: Iterator[R | Skipped | Reject] = iter(())
        self.expected = 0

    @property
    def sheets(self) -> list[str]:
        """The names of the sheets that are loaded, in order."""
        return [sheet.name for sheet, _ in self._found]

    @property
    def notes(self) -> list[str]:
        """What a person should know about how the file was read, in Chinese."""
        listed = []
        for text, rows in self._rows_noted.items():
            more = f" 等 {len(rows)} 行" if len(rows) > _LISTED_ROWS else ""
            listed.append(f"{text}：{'、'.join(rows[:_LISTED_ROWS])}{more}")
        return self._notes + listed

    def events(self) -> Iterator[R | Skipped | Reject]:
        """Each row once, in the order of the workbook. Can be asked for once.

        Raises :class:`LedgerError` where a file proves broken on the way.
        """
        first, self._first = self._first, []
        try:
            yield from first
            yield from self._rest
        except UnreadableWorkbook as error:
            raise LedgerError(error.code, error.message) from error

    def layout_of(self, sheet: str, row: int) -> Layout:
        """The header that a row of a sheet stands under."""
        below = [layout for start, layout in self._layouts[sheet] if start < row]
        return below[-1] if below else self._layouts[sheet][0][1]

    def reject(self, row: R, field_name: str, code: str, reason: str) -> Reject:
        """The reject that a later stage (the loader) makes of a row that was read.

        It moves the row from ``loaded`` to ``rejected``. ``field_name`` is an attribute of
        the row; ``reason`` says what is wrong; row, column and value are put before, what
        to do after.
        """
        self.loaded -= 1
        for key in self.identities(row):
            self._seen.pop(key, None)
        fields = self.table.fields.values()
        name = next((f.name for f in fields if f.attribute == field_name), field_name)
        fault = Fault(name, code, reason)
        return self._reject(row.sheet, row.row, row.cells, row.values, fault)

    # -- what each kind says for itself ------------------------------------------------

    def make_reader(self, layout: Layout) -> RowReader:
        """What reads the rows below a header."""
        raise NotImplementedError

    def made(self, place: dict[str, Any], reader: RowReader) -> R:
        """The row that was read; ``place`` has its sheet, number, cells, values and empty."""
        raise NotImplementedError

    def identities(self, row: R) -> list[tuple[str, str]]:
        """What a row is recognised by: two that share one are the same."""
        raise NotImplementedError

    def duplicate(self, place: str) -> Fault:
        """The fault of a row that an earlier one, at ``place``, says already."""
        raise NotImplementedError

    def note_row(self, row: R, reader: RowReader) -> None:
        """Keep what a person should know about how a row was read."""
        where = self.place(row.sheet, row.row)
        for name in reader.unread:
            self.note(f"“{self.table.label(name)}”列读不懂，未导入这一格", where)

    def note_layout(self, layout: Layout, where: str) -> None:
        """Keep what a person should know about how a header was read."""

    def note(self, text: str, where: str) -> None:
        """Add a row's place to those that a note names."""
        self._rows_noted[text].append(where)

    # -- finding the sheets ---------------------------------------------------------

    def find(self) -> None:
        """Find the sheets with a header, and the first row. Raises :class:`LedgerError`."""
        incomplete: list[tuple[str, list[str]]] = []
        for sheet in self._book.sheets:
            layout = self._locate(sheet)
            if layout is None:
                if len(self._book.sheets) > 1:
                    self._notes.append(f"工作表“{sheet.name}”没有{self.what}表头，未导入")
            elif layout.missing:
                incomplete.append((sheet.name, layout.missing))
            else:
                self._found.append((sheet, layout))
                self._note_layout(sheet, layout)
        if not self._found and incomplete:
            name, missing = incomplete[0]
            raise LedgerError(
                "missing_column",
                f"工作表“{name}”缺少必需的列：{'、'.join(missing)}；"
                "请补上，或指定哪一列对应（--map 表头=字段）",
            )
        if not self._found:
            raise LedgerError(self.none_found, f"没有找到{self.what}：{self.none_hint}")
        for name, missing in incomplete:
            self._notes.append(f"工作表“{name}”缺少{'、'.join(missing)}列，未导入")
        if self._book.hidden:
            self._notes.append(f"隐藏的工作表未导入：{'、'.join(self._book.hidden)}")
        if self._matcher.unused_mappings:
            headers = "、".join(self._matcher.unused_mappings.values())
            raise LedgerError("bad_mapping", f"文件里没有这样的表头：{headers}")
        self._rest = self._read()
        self._first = list(islice(self._rest, 1))
        if not self._first:
            raise LedgerError("no_rows", "表头下面没有内容")

    def _locate(self, sheet: Sheet) -> Layout | None:
        rows: list[Row] = []
        for number, cells in sheet.rows():
            if any(not isinstance(cell, str) or cell.strip() for cell in cells):
                rows.append((number, cells))
                if len(rows) == SEARCHED_ROWS:
                    break
        layout = locate(rows, sheet.merges, self._matcher)
        if layout is not None and not layout.missing:
            if layout.unit is None and self.table.money:
                layout.unit = self._unit_below(sheet, layout)
            self.expected += max(0, sheet.height - layout.last_row)
        if len(self._book.sheets) > 1:
            sheet.close()
        return layout

    def _unit_below(self, sheet: Sheet, layout: Layout) -> str | None:
        """The unit in a note below the header, where the amounts have none above."""
        money = layout.fields.get(self.table.money)
        if money is None or money.unit:
            return None
        for number, cells in sheet.rows():
            if number > layout.last_row:
                first = next((cell for cell in cells if cell != ""), "")
                if isinstance(first, str) and ("单位" in first[:8] or "元" in first):
                    line = classify(cells, layout, spans=False, investor=False)
                    if line.unit:
                        return line.unit
        return None

    def _note_layout(self, sheet: Sheet, layout: Layout) -> None:
        where = f"工作表“{sheet.name}”：" if len(self._book.sheets) > 1 else ""
        self._notes += [where + note for note in layout.notes]
        unused = [column.header for column in layout.columns if column.field is None]
        if unused:
            headers = "、".join(squeeze(header) for header in unused)
            self._notes.append(f"{where}未使用的列：{headers}")
        self.note_layout(layout, where)

    # -- reading the rows ------------------------------------------------------------

    def _read(self) -> Iterator[R | Skipped | Reject]:
        for sheet, layout in self._found:
            yield from self._read_sheet(sheet, layout)
            sheet.close()

    def _read_sheet(self, sheet: Sheet, layout: Layout) -> Iterator[R | Skipped | Reject]:
        self._layouts[sheet.name] = [(layout.last_row, layout)]
        reader = self.make_reader(layout)
        merges = Merges(sheet.merges)
        passed = layout.last_row
        rows = Window(sheet.rows())
        for number, cells in rows:
            carried = merges.carried(number, cells)
            if number <= passed:
                continue
            if self._may_be_header(cells, layout) and (
                other := self._new_header(rows, number, cells, sheet)
            ):
                layout, passed = other, other.last_row
                self._layouts[sheet.name].append((layout.last_row, layout))
                unit, reader = reader.unit, self.make_reader(layout)
                reader.unit = layout.unit or unit
                continue
            yield from self._row(sheet.name, number, cells, carried, layout, reader, merges)

    def _may_be_header(self, cells: list[Cell], layout: Layout) -> bool:
        """Whether a row is worth a second look for a header: cheap, and asked of every row."""
        column = layout.fields.get(self.table.named[0]) or next(iter(layout.fields.values()))
        cell = cells[column.index] if column.index < len(cells) else ""
        if not isinstance(cell, str) or not cell or len(cell) > 24:
            return False
        match = self._matcher.match(cell)
        return match is not None and match[0] is column.field

    def _new_header(
        self, rows: Window, number: int, cells: list[Cell], sheet: Sheet
    ) -> Layout | None:
        """A whole header further down: the same again, or one with its columns moved."""
        layout = locate([(number, cells), *rows.ahead(2)], sheet.merges, self._matcher)
        return layout if layout and not layout.missing and layout.first_row == number else None

    def _row(
        self,
        sheet: str,
        number: int,
        cells: list[Cell],
        carried: Mapping[int, Cell],
        layout: Layout,
        reader: RowReader,
        merges: Merges,
    ) -> Iterator[R | Skipped | Reject]:
        whole = whole_row(cells, carried, layout)
        line = classify(
            cells,
            layout,
            spans=merges.begins_across(number),
            investor=self._has_subject(whole, layout),
        )
        if line.kind is Kind.NO_ROW:
            return
        self.rows += 1
        texts = _texts(whole, layout)
        if line.kind is Kind.SKIPPED:
            self.skipped += 1
            reader.unit = line.unit or reader.unit
            yield Skipped(sheet, number, texts, line.reason)
            return
        fault = reader.read(cells, whole)
        values = tuple(whole)
        if fault is not None:
            yield self._reject(sheet, number, texts, values, fault)
            return
        row = self.made(
            {
                "sheet": sheet,
                "row": number,
                "cells": texts,
                "values": values,
                "empty": frozenset(reader.empty - {""}),
            },
            reader,
        )
        identities = self.identities(row)
        earlier = next((self._seen[key] for key in identities if key in self._seen), None)
        if earlier is not None:
            place = str(earlier[1]) if earlier[0] == sheet else f"“{earlier[0]}”{earlier[1]}"
            yield self._reject(sheet, number, texts, values, self.duplicate(place))
            return
        for key in identities:
            self._seen[key] = (sheet, number)
        self.note_row(row, reader)
        self.loaded += 1
        yield row

    def _has_subject(self, whole: list[Cell], layout: Layout) -> bool:
        for name in self.table.subject:
            column = layout.fields.get(name)
            if column is not None:
                text = as_text(whole[column.index])
                if text and not text.isspace():
                    return True
        return False

    def _reject(
        self,
        sheet: str,
        number: int,
        texts: dict[str, str],
        values: tuple[object, ...],
        fault: Fault,
    ) -> Reject:
        self.rejected += 1
        column = self.layout_of(sheet, number).fields.get(fault.field)
        header = column.header if column else self._label(fault.field)
        value = as_text(values[column.index]) if column and column.index < len(values) else ""
        text = message(self.place(sheet, number), header, value, fault)
        return Reject(sheet, number, header, value, fault.code, text, texts, values)

    def _label(self, name: str) -> str:
        return self.table.label(name) if name in self.table.fields else ""

    def place(self, sheet: str, number: int) -> str:
        """How a row is named to a person: with its sheet where there are several."""
        return f"“{sheet}”第 {number} 行" if len(self._found) > 1 else f"第 {number} 行"


def _texts(cells: list[Cell], layout: Layout) -> dict[str, str]:
    """The cells as text by header; a header that occurs twice gets its column's number."""
    texts: dict[str, str] = {}
    for column in layout.columns:
        text = as_text(cells[column.index])
        if text:
            header = column.header
            texts[header if header not in texts else f"{header} ({column.index + 1})"] = text
    return texts
