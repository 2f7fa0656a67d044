"""How a table is laid out, the same in every format: heads in two lines, cells as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reports.wording import cell

WORDS = frozenset({"text", "day"})


@dataclass(frozen=True, slots=True)
class Head:
    """A head that spans ``columns`` columns; ``rows`` is 2 where nothing stands below it."""

    label: str
    columns: int = 1
    rows: int = 1
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is read, and whether it is a number that stands to the right."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's heads above, heads below (empty where there is one line), and its lines."""

    above: Sequence[Head]
    below: Sequence[Head]
    lines: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None


def shown(table: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The columns that are read, with their places in a row."""
    return [(i, c) for i, c in enumerate(table["columns"]) if c["kind"] != "kind"]


def grid(table: Mapping[str, Any]) -> Grid:
    """A table of a report's content, ready to be written down."""
    columns = shown(table)
    is_grouped = any(column["group"] for _place, column in columns)
    above: list[Head] = []
    below: list[Head] = []
    for place, (_at, column) in enumerate(columns):
        is_number = column["kind"] not in WORDS
        if not column["group"]:
            above.append(Head(column["label"], rows=2 if is_grouped else 1, is_number=is_number))
            continue
        below.append(Head(column["label"], is_number=is_number))
        if place and columns[place - 1][1]["group"] == column["group"]:
            above[-1] = Head(column["group"], above[-1].columns + 1)
        else:
            above.append(Head(column["group"]))
    return Grid(
        above,
        below,
        [_line(row, columns) for row in table["rows"]],
        None if table["total"] is None else _line(table["total"], columns),
    )


def _line(row: Sequence[Any], columns: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Cell]:
    return [Cell(cell(row[at], c["kind"], row), c["kind"] not in WORDS) for at, c in columns]
