"""Workbooks of entries, written by xlsxwriter and loaded a day apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from crm.models import User
from pipeline.spreadsheets.loading import Outcome, load

TODAY = dt.date(2026, 9, 30)
LOADED_AT = dt.datetime(2026, 9, 30, 9, 0, tzinfo=dt.UTC)


def write(path: Path, headers: Sequence[str], *rows: Sequence[Any]) -> Path:
    """One sheet with a header and rows; days are written as Excel has them, formulas as
    some program leaves them: without their results."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, headers)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.date):
                sheet.write_datetime(number, column, cell, day)
            elif isinstance(cell, str) and cell.startswith("="):
                sheet.write_formula(number, column, cell, None, "")
            elif cell is not None:
                sheet.write(number, column, cell)
    book.close()
    return path


class Workbooks:
    """Loads of one kind; ``at`` moves on by a day with every load."""

    def __init__(self, folder: Path, kind: str, headers: Sequence[str], by: User) -> None:
        self.folder, self.kind, self.headers, self.by = folder, kind, headers, by
        self.loads = 0

    def load(self, *rows: Sequence[Any], **options: Any) -> Outcome:
        """Load rows under the usual headers; the first cell of a short row is the first."""
        headers = options.pop("headers", self.headers)
        path = write(self.folder / f"{self.kind}{self.loads}.xlsx", headers, *rows)
        at = LOADED_AT + dt.timedelta(days=self.loads)
        self.loads += 1
        options = {"today": TODAY, "at": at, "verified_by": self.by, **options}
        return load(path, kind=self.kind, **options)

    def code(self, *rows: Sequence[Any], **options: Any) -> str:
        """The code of the one row that is rejected."""
        (reject,) = self.load(*rows, **options).rejects
        return reject.code
