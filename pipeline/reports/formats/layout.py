"""How a table is laid out, the same in every format: heads in two lines, cells as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
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
    """A value as it is read, whether it is a number that stands to the right, and, on a page
    of ours, the address of what makes it up."""

    text: str
    is_number: bool
    url: str = ""


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


Link = Callable[[str, str], str]
"""The address of what makes up a value, from its row's key and its column; "" for none."""


def grid(table: Mapping[str, Any], link: Link | None = None) -> Grid:
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
        [
            _line(row, columns, link, key)
            for row, key in zip_longest(table["rows"], table["keys"], fillvalue="")
        ],
        None if table["total"] is None else _line(table["total"], columns, link, "total"),
    )


def _line(
    row: Sequence[Any],
    columns: Sequence[tuple[int, Mapping[str, Any]]],
    link: Link | None,
    key: str,
) -> list[Cell]:
    return [
        Cell(
            cell(row[at], c["kind"], row),
            c["kind"] not in WORDS,
            link(key, c["name"]) if link else "",
        )
        for at, c in columns
    ]
