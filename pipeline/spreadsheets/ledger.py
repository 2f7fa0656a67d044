"""A county's project ledger, row by row: what was read, skipped, or refused and why.

:func:`read_ledger` opens a workbook, finds the ledgers in it and hands out one event per
row (``sheets.py``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm.names import normalise
from pipeline.days import Day
from pipeline.spreadsheets.cells import Cell
from pipeline.spreadsheets.events import (
    Event,
    LedgerError,
    LedgerRow,
    Reject,
    Skipped,
    Vocabulary,
)
from pipeline.spreadsheets.fields import LEDGER, Matcher
from pipeline.spreadsheets.layout import Layout
from pipeline.spreadsheets.rows import Fault, RowReader, Words
from pipeline.spreadsheets.sheets import Sheets, read_sheets
from pipeline.spreadsheets.workbook import Limits, Workbook

__all__ = [
    "Day",
    "Event",
    "Ledger",
    "LedgerError",
    "LedgerRow",
    "Limits",
    "Reject",
    "Skipped",
    "Vocabulary",
    "read_ledger",
]


def read_ledger(
    path: Path,
    *,
    today: dt.date,
    vocabulary: Vocabulary,
    header_map: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Ledger:
    """Open a workbook and find its ledgers. Raises :class:`LedgerError` (``read_sheets``)."""
    return read_sheets(
        Ledger,
        path,
        table=LEDGER,
        words=Words(vocabulary),
        today=today,
        header_map=header_map,
        limits=limits,
    )


class Ledger(Sheets[LedgerRow]):
    """The ledgers of one workbook."""

    table = LEDGER
    what = "台账"
    none_found = "no_ledger"
    none_hint = "没有一行表头含有项目名称、投资方等列"

    def __init__(self, book: Workbook, matcher: Matcher, words: Words, today: dt.date) -> None:
        super().__init__(book, matcher, words, today)
        self._codes_by_name: dict[str, str] = {}

    def make_reader(self, layout: Layout) -> RowReader:
        """What reads the rows below a header."""
        return RowReader(layout, self.words, today=self._today, since_1904=self._book.since_1904)

    def made(self, place: dict[str, Any], reader: RowReader) -> LedgerRow:
        """The row that was read."""
        return LedgerRow(**place, **reader.values)

    def identities(self, row: LedgerRow) -> list[tuple[str, str]]:
        """What a row is recognised by: its project's name with its investor's name, and code."""
        project = normalise(row.project_name)
        keys = [(project, normalise(row.investor_name))]
        if row.uscc:
            keys.append((project, row.uscc))
        return keys

    def duplicate(self, place: str) -> Fault:
        """The fault of a row that an earlier one says already."""
        return Fault("project_name", "duplicate_row", f"与第 {place} 行的项目和投资方相同")

    def note_layout(self, layout: Layout, where: str) -> None:
        """Without a column for them all contracts are formal, and a person should know."""
        if "agreement_type" not in layout.fields:
            self._notes.append(f"{where}没有协议类型列，全部按正式合同计")

    def note_row(self, row: LedgerRow, reader: RowReader) -> None:
        """Keep what a person should know about how a row was read."""
        where = self.place(row.sheet, row.row)
        if row.uscc:
            name = normalise(row.investor_name)
            if self._codes_by_name.setdefault(name, row.uscc) != row.uscc:
                self._notes.append(
                    f"{where}“{row.investor_name}”的信用代码 {row.uscc} 与前面同名企业的不同，"
                    "按两家企业处理"
                )
        if reader.says_started and row.started_on is None:
            self.note("写明已开工但没有开工时间，未记开工", where)
        elif reader.says_started is False and row.started_on is not None:
            self.note("写明未开工但有开工时间，按开工时间记", where)
        super().note_row(row, reader)

    def _may_be_header(self, cells: list[Cell], layout: Layout) -> bool:
        amount = layout.fields["total_investment"].index
        cell = cells[amount] if amount < len(cells) else ""
        if not isinstance(cell, str) or cell[:1].isdigit():
            return False
        return any(
            isinstance(cell, str)
            and len(cell) < 24
            and ("签" in cell or cell in self._matcher.header_map)
            for cell in cells
        )
