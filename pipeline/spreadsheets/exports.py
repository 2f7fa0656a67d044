"""The list of projects as a workbook or a text file: the same rows, columns and order.

A workbook has real numbers and days and a header that stays in view; a text file begins
with a byte order mark, so that Excel and WPS read it as UTF-8. No text is ever taken for
a formula: in a workbook it is stored as text, in a text file a quote goes before it.
Memory does not grow with the number of rows, but for their ids.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils.translation import gettext

from pipeline import columns
from pipeline.columns import Cell, Month, ProjectColumn
from pipeline.lights import Light
from pipeline.models import Project
from pipeline.written import YI

AT_ONCE = 1_000
"""More rows than these are a job's."""
FORMATS = ("xlsx", "csv")
_CHUNK = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = {"name": 34, "investor": 30, "next": 30, "industry": 24, "tags": 24, "company": 26}

Progress = Callable[[int, int], None]


def write(
    path: Path,
    rows: QuerySet[Project],
    chosen: Sequence[ProjectColumn],
    *,
    ending: str,
    at: dt.datetime,
    progress: Progress | None = None,
) -> int:
    """Write the rows to a file of that ending (``xlsx`` or ``csv``); how many there were."""
    keys = list(rows.values_list("pk", flat=True))
    write_table(
        path,
        [header(column) for column in chosen],
        _lines(keys, chosen, at, progress),
        ending=ending,
        title=gettext("项目"),
        widths={
            index: _WIDTHS[column.name]
            for index, column in enumerate(chosen)
            if column.name in _WIDTHS
        },
    )
    return len(keys)


def write_table(
    path: Path,
    headers: Sequence[str],
    lines: Iterable[Sequence[Any]],
    *,
    ending: str,
    title: str,
    widths: Mapping[int, int],
) -> None:
    """Write any list to a file of that ending; ``widths`` of columns in characters."""
    if ending == "xlsx":
        _workbook(path, headers, lines, title, widths)
    else:
        _text(path, headers, lines)


def _lines(
    keys: list[int],
    chosen: Sequence[ProjectColumn],
    at: dt.datetime,
    progress: Progress | None,
) -> Iterator[list[Cell]]:
    whole = columns.whole(chosen)
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        found = whole.in_bulk(part)
        for line in columns.lines([found[key] for key in part if key in found], chosen, at=at):
            yield [column.value(line) for column in chosen]
        if progress:
            progress(min(start + _CHUNK, len(keys)), len(keys))


def header(column: ProjectColumn) -> str:
    """The column's wording with its unit, as the list has it."""
    return f"{column.label}（{column.unit}）" if column.unit else str(column.label)


def plain(cell: Any) -> Any:
    """A cell as a program reads it: yuan as 亿元, a light as its word, nothing as None."""
    match cell:
        case Light():
            return None if cell is Light.NONE else str(cell.label)
        case Decimal():
            return cell / YI
        case Month():
            return str(cell)
        case "":
            return None
        case _:
            return cell


def _workbook(
    path: Path,
    headers: Sequence[str],
    lines: Iterable[Sequence[Any]],
    title: str,
    widths: Mapping[int, int],
) -> None:
    book = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    money = book.add_format({"num_format": "#,##0.00"})
    quoted = book.add_format({"quote_prefix": True})
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    for index, words in enumerate(headers):
        sheet.set_column(index, index, widths.get(index, 13))
        sheet.write_string(0, index, words, head)
    for row, line in enumerate(lines, 1):
        for index, cell in enumerate(line):
            value = plain(cell)
            if isinstance(value, str):
                risky = value.startswith(FORMULA)
                sheet.write_string(row, index, value, quoted if risky else None)
            elif isinstance(value, dt.date):
                sheet.write_datetime(row, index, value, day)
            elif isinstance(value, Decimal):
                sheet.write_number(row, index, value, money)
            elif value is not None:
                sheet.write_number(row, index, value)
    book.close()


def _text(path: Path, headers: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(headers)
        for line in lines:
            out.writerow([harmless(plain(cell)) for cell in line])


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula, with a quote before it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
