"""Going down a sheet's rows: with a look ahead, and with what is merged down onto them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from pipeline.spreadsheets.cells import Cell
from pipeline.spreadsheets.layout import Layout, Row
from pipeline.spreadsheets.workbook import Merge


class Window:
    """Rows one after the other, with a look at the next few."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._waiting: list[Row] = []

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return self._waiting.pop(0) if self._waiting else next(self._rows)

    def ahead(self, count: int) -> list[Row]:
        """The next rows, without taking them."""
        self._waiting += islice(self._rows, max(0, count - len(self._waiting)))
        return self._waiting[:count]


class Merges:
    """The merged cells of a sheet, as the rows go by."""

    def __init__(self, merges: list[Merge]) -> None:
        self._down: dict[int, list[Merge]] = defaultdict(list)
        self._across: set[int] = set()
        for merge in merges:
            if merge.last_row > merge.first_row:
                self._down[merge.first_row].append(merge)
            if merge.last_column > merge.first_column + 1:
                self._across.add(merge.first_row)
        self._open: dict[int, tuple[int, Cell]] = {}

    def carried(self, number: int, cells: list[Cell]) -> dict[int, Cell]:
        """The values merged down onto a row, by column. Rows must come in order."""
        if self._open:
            self._open = {c: o for c, o in self._open.items() if o[0] >= number}
        carried = {column: value for column, (_, value) in self._open.items()}
        for merge in self._down.get(number, ()):
            column = merge.first_column
            if column < len(cells) and cells[column] != "":
                self._open[column] = (merge.last_row, cells[column])
        return carried

    def begins_across(self, number: int) -> bool:
        """Whether a merge over three or more columns begins in this row."""
        return number in self._across


def whole_row(cells: list[Cell], carried: Mapping[int, Cell], layout: Layout) -> list[Cell]:
    """A row as wide as the header, with the words that are merged down onto it."""
    width = layout.columns[-1].index + 1
    if not carried and len(cells) >= width:
        return cells
    whole = cells + [""] * (width - len(cells))
    for column, cell in carried.items():
        if column < len(whole) and whole[column] == "" and column not in layout.uncarried:
            whole[column] = cell
    return whole
