"""What a cell's value alone does not tell: its number format, an error, a missing result."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from pipeline.spreadsheets.cells import Broken, Cell, Measured, Month, Uncomputed


@dataclass(frozen=True, slots=True)
class ShowsMonth:
    """The number format shows a date's year and month only."""


@dataclass(frozen=True, slots=True)
class ShowsUnit:
    """The number format adds a unit of money to a number."""

    unit: str


Mark = Uncomputed | Broken | ShowsMonth | ShowsUnit


@dataclass(slots=True)
class SheetFacts:
    """What a first look at a sheet found: marks by row (from 1) and column (from 0)."""

    marks: dict[int, dict[int, Mark]] = field(default_factory=dict)
    last_row: int = 0
    last_column: int = 0

    def mark(self, row: int, column: int, mark: Mark) -> None:
        self.marks.setdefault(row, {})[column] = mark

    def reach(self, row: int, column: int) -> None:
        """Note that there is a value in this row and column."""
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)

    @property
    def box(self) -> int:
        """How many cells a dense table up to the last row and column has."""
        return self.last_row * (self.last_column + 1)


def marked(cell: Cell, mark: Mark) -> Cell:
    """A cell's value as its mark makes it."""
    match mark:
        case Uncomputed() | Broken():
            return mark
        case ShowsMonth():
            if isinstance(cell, dt.date) and cell.day == 1:
                return Month(dt.date(cell.year, cell.month, 1))
        case ShowsUnit():
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                return Measured(float(cell), mark.unit)
    return cell


# Built-in formats that a Chinese Excel shows as year and month.
_MONTH_FORMATS = {17, 27, 36, 50, 52, 57}
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_MONEY = re.compile(r"[十百千]?万亿?元?|[十百千]?亿元?|千元|元")


def mark_of_format(number: int, code: str | None) -> Mark | None:
    """The mark of cells with a number format, given by its number and, if its own, its code."""
    if code is None:
        return ShowsMonth() if number in _MONTH_FORMATS else None
    section = re.sub(r"\[[^\]]*\]", "", code).split(";")[0]
    literals = "".join(a or b or "" for a, b in _LITERAL.findall(section))
    rest = _LITERAL.sub("", section).lower()
    if "y" in rest and "m" in rest:
        return None if re.search(r"[dhsg日]", rest) else ShowsMonth()
    if "y" in rest or "d" in rest:
        return None
    match = _MONEY.search(literals + re.sub(r"[\x00-\x7f]", "", rest))
    if not match:
        return None
    # 0!.0,"万" and 0!.0000"万元" show a number of yuan as so many 万.
    scaled = "!" in section or "\\." in section or re.search(r"[0#?],+(?![0#?])", rest)
    return ShowsUnit("元" if scaled else match[0])
