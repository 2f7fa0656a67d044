"""What is shown of a workbook before it is loaded: its headers, and rows as they were read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.days import MONTH, Day
from pipeline.spreadsheets.cells import as_text, squeeze
from pipeline.spreadsheets.events import LedgerError, Reject, Skipped
from pipeline.spreadsheets.fields import MONEY_KINDS, WORD_KINDS, Matcher, Table
from pipeline.spreadsheets.layout import SEARCHED_ROWS, Layout, locate, unknown_header
from pipeline.spreadsheets.money import FOREIGN
from pipeline.spreadsheets.rows import Words
from pipeline.spreadsheets.workbook import Sheet, UnreadableWorkbook, open_workbook

SAMPLES = 3
SAMPLED_ROWS = 40
LONGEST_SAMPLE = 40
YI, WAN = Decimal(10) ** 8, Decimal(10) ** 4


@dataclass(slots=True)
class Shown:
    """A row as it would be loaded: what was understood, by the usual name of the column."""

    sheet: str
    row: int
    values: dict[str, str]
    outcome: str = ""


def shown(events: Iterable[Any], table: Table, words: Words) -> list[Shown]:
    """The rows among some events as they were read."""
    fields = [(f.attribute, f) for f in table.fields.values() if f.attribute]
    found = []
    for event in events:
        if isinstance(event, Skipped | Reject):
            continue
        said: Mapping[str, Any] | None = getattr(event, "said", None)
        values = {}
        for attribute, column in fields:
            value = getattr(event, attribute, None) if said is None else said.get(attribute)
            if value is not None and value != "":
                if column.kind in WORD_KINDS:
                    meanings = value if isinstance(value, list) else [value]
                    value = [words.spelling(column.words, meaning) for meaning in meanings]
                values[column.variants[0]] = _written(value)
        found.append(Shown(event.sheet, event.row, values))
    return found


def _written(value: Any) -> str:
    match value:
        case Day():
            return value.on.strftime("%Y-%m" if value.precision == MONTH else "%Y-%m-%d")
        case Decimal():
            return _amount(value)
        case bool():
            return "是" if value else "否"
        case list():
            return "、".join(map(str, value))
        case dt.date():
            return value.isoformat()
    return str(value)


def _amount(yuan: Decimal) -> str:
    for unit, size in (("亿元", YI), ("万元", WAN)):
        if abs(yuan) >= size:
            return f"{(yuan / size).normalize():f} {unit}"
    return f"{yuan.normalize():f} 元"


# --- The headers ----------------------------------------------------------------------------
@dataclass(slots=True)
class SeenColumn:
    """A column with a header: what it was taken for, its unit, and a few of its cells."""

    header: str
    letter: str
    field: str
    unit: str
    samples: list[str]


@dataclass(slots=True)
class SeenSheet:
    """A sheet, the line of its header (0: it has none) and what is missing there."""

    name: str
    header_row: int = 0
    unit: str = ""
    rows: int = 0
    missing: list[str] = field(default_factory=list)
    columns: list[SeenColumn] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """What a workbook looks like to who is about to load it."""

    sheets: list[SeenSheet]
    hidden: list[str]

    @property
    def rows(self) -> int:
        """At most so many rows would be loaded."""
        return sum(sheet.rows for sheet in self.sheets)


def look_at(path: Path, table: Table, header_map: Mapping[str, str] | None = None) -> Seen:
    """Look at the headers of a workbook as a reader of ``table`` takes them.

    Where no header is understood, the first line of words is shown as one, for the person
    to say what its columns are. A needed column that is missing is shown, not refused.

    Raises ``LedgerError``: the file is no workbook that can be read, or no sheet of it has
    a line that could be a header.
    """
    try:
        matcher = Matcher(header_map, table)
        book = open_workbook(path)
        sheets = [_look_at_sheet(sheet, matcher, locate) for sheet in book.sheets]
        if not any(sheet.header_row for sheet in sheets):
            sheets = [_look_at_sheet(sheet, matcher, unknown_header) for sheet in book.sheets]
    except UnreadableWorkbook as error:
        raise LedgerError(error.code, error.message) from error
    if not any(sheet.header_row for sheet in sheets):
        names = "、".join(map(table.label, (names[0] for names in table.needed)))
        raise LedgerError(
            "no_table",
            f"没有找到表头：没有一行含有{names}等列名。请核对选的内容，或下载模板填写",
        )
    return Seen(sheets, book.hidden)


def _look_at_sheet(sheet: Sheet, matcher: Matcher, find: Callable[..., Layout | None]) -> SeenSheet:
    rows = []
    for number, cells in sheet.rows():
        if any(not isinstance(cell, str) or cell.strip() for cell in cells):
            rows.append((number, cells))
            if len(rows) == SEARCHED_ROWS + SAMPLED_ROWS:
                break
    layout = find(rows[:SEARCHED_ROWS], sheet.merges, matcher)
    if layout is None:
        sheet.close()
        return SeenSheet(sheet.name)
    below = [cells for number, cells in rows if number > layout.last_row][:SAMPLED_ROWS]
    seen = SeenSheet(
        name=sheet.name,
        header_row=layout.first_row,
        unit=_unit(layout.unit),
        rows=max(0, sheet.height - layout.last_row),
        missing=layout.missing,
        columns=_columns(layout, below),
    )
    sheet.close()
    return seen


def _columns(layout: Layout, below: list[list[Any]]) -> list[SeenColumn]:
    columns = []
    for column in layout.columns:
        texts = (as_text(cells[column.index]) for cells in below if column.index < len(cells))
        samples = list(
            dict.fromkeys(text.strip()[:LONGEST_SAMPLE] for text in texts if text.strip())
        )
        is_money = column.field is not None and column.field.kind in MONEY_KINDS
        columns.append(
            SeenColumn(
                header=squeeze(column.header),
                letter=letter(column.index),
                field=column.field.name if column.field else "",
                unit=_unit(column.unit or layout.unit) if is_money else "",
                samples=samples[:SAMPLES],
            )
        )
    return columns


def _unit(unit: str | None) -> str:
    """A unit of money as it is read out: 亿元 for 亿."""
    return f"{unit}元" if unit and unit != FOREIGN and not unit.endswith("元") else unit or ""


def letter(index: int) -> str:
    """A column as Excel names it: A, …, Z, AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name
