"""Where a sheet's ledger begins, and what its columns mean.

Titles, unit lines and notes may stand above the header; the header may take two or three
lines, with 投资(亿元) over 总投资 and 到位. The unit of a column is what its header says,
or else what a line such as 「单位：亿元」 says for the whole sheet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.spreadsheets.cells import Cell, squeeze
from pipeline.spreadsheets.fields import (
    CARRIED_KINDS,
    LEDGER,
    MONEY_KINDS,
    Field,
    Matcher,
    Table,
    unit_of,
)
from pipeline.spreadsheets.money import find_unit
from pipeline.spreadsheets.workbook import Merge

SEARCHED_ROWS = 60
"""A header is looked for in so many rows from the top that are not blank."""

_MOST_HEADER_LINES = 3

Row = tuple[int, list[Cell]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column with a header: ``header`` as written, ``unit`` where the header names one."""

    index: int
    header: str
    field: Field | None
    unit: str | None = None


@dataclass(slots=True)
class Layout:
    """The header of a sheet. ``lines`` are its texts by column, line by line."""

    first_row: int
    last_row: int
    columns: list[Column]
    lines: list[dict[int, str]]
    table: Table = LEDGER
    unit: str | None = None
    titles: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    fields: dict[str, Column] = field(init=False)
    uncarried: set[int] = field(init=False)  # columns where a merged cell counts once

    def __post_init__(self) -> None:
        used = [column for column in self.columns if column.field]
        self.fields = {column.field.name: column for column in used if column.field}
        self.uncarried = {c.index for c in used if c.field and c.field.kind not in CARRIED_KINDS}

    @property
    def missing(self) -> list[str]:
        """What the needed columns that are not there are usually called."""
        return [
            "或".join(map(self.table.label, names))
            for names in self.table.needed
            if not any(name in self.fields for name in names)
        ]

    def is_header_again(self, filled: Sequence[tuple[int, Cell]]) -> bool:
        """Whether a row, given by its filled cells, repeats a line of the header."""
        column, first = filled[0]
        if not isinstance(first, str):
            return False
        text = squeeze(first)
        return any(
            line.get(column) == text
            and len(filled) >= min(2, len(line))
            and all(isinstance(cell, str) and line.get(c) == squeeze(cell) for c, cell in filled)
            for line in self.lines
        )


def locate(rows: Sequence[Row], merges: Sequence[Merge], matcher: Matcher) -> Layout | None:
    """The ledger's header among the first rows of a sheet, or ``None`` where there is none.

    The first line that has every needed column; else the line that names most fields (two,
    one of them the project or investor, or three), for the caller to say what is missing.
    """
    best: Layout | None = None
    for at in range(len(rows)):
        layout = _header_at(rows, at, merges, matcher)
        if layout is None:
            continue
        if not layout.missing:
            best = layout
            break
        named = any(name in layout.fields for name in matcher.table.named)
        enough = len(layout.fields) >= (2 if named else 3)
        if enough and (best is None or len(layout.fields) > len(best.fields)):
            best = layout
    if best is not None:
        above = [cells for number, cells in rows if number < best.first_row]
        best.titles = {squeeze(cell) for cells in above for cell in cells if isinstance(cell, str)}
        best.titles.discard("")
        for cells in above:
            best.unit = unit_of_note(cells) or best.unit
    return best


def unknown_header(rows: Sequence[Row], merges: Sequence[Merge], matcher: Matcher) -> Layout | None:
    """The first line of two words or more, for a person to say what its columns are.

    Not a line with a number or a day, which is a row already.
    """
    for at, (_number, cells) in enumerate(rows):
        filled = _filled(cells)
        if len(filled) > 1:
            is_words = all(
                isinstance(cell, str) and not cell.strip()[0].isdigit() for cell in filled.values()
            )
            return _build(rows[at : at + 1], merges, matcher) if is_words else None
    return None


def unit_of_note(cells: Sequence[Cell]) -> str | None:
    """The unit of money that a title, unit line or note gives for the whole sheet."""
    for cell in cells:
        if isinstance(cell, str) and cell:
            text = squeeze(cell)
            for match in _UNIT_NOTE.finditer(text):
                if unit := find_unit("(" + match[1]):
                    return unit
            if clause := _UNIT_CLAUSE.search(text):
                return find_unit("(" + clause[1])
            if unit := unit_alone(text):
                return unit
    return None


def unit_alone(text: str) -> str | None:
    """The unit of money that a squeezed text is and nothing else: 「（亿元）」."""
    match = _UNIT_ALONE.fullmatch(text)
    return find_unit("(" + match[1]) if match else None


# Not 填报单位, 责任单位: those are offices.
_UNIT_NOTE = re.compile(r"(?<![报任头制管办送设])单位[:为是]?([^)]*)")
_UNIT_ALONE = re.compile(r"\(?((?:人民币)?[十百千]?(?:亿元|万元|元))\)?")
_UNIT_CLAUSE = re.compile(r"(?:以|按)([十百千]?(?:亿元|万元|元))(?:为单位|计|计算|填写|填报)")

# Under 计划 a column 开工时间 is a plan; under 本年 a column 到位资金 is this year's.
_CHANGES_MEANING = re.compile(r"计划|拟|预计|本年|今年|当年|本月|上年|去年|\d{4}年|其中")


def _header_at(
    rows: Sequence[Row], at: int, merges: Sequence[Merge], matcher: Matcher
) -> Layout | None:
    """The header that begins in a row, with as many lines as belong to it."""
    if sum(isinstance(cell, str) and bool(cell.strip()) for cell in rows[at][1]) < 2:
        return None
    layout = _build(rows[at : at + 1], merges, matcher)
    for depth in range(2, _MOST_HEADER_LINES + 1):
        head = rows[at : at + depth]
        if len(head) < depth or not _may_belong(head, layout):
            break
        deeper = _build(head, merges, matcher)
        gained = len(deeper.fields) - len(layout.fields)
        if gained < 0 or (gained == 0 and not _merged_with(head, merges)):
            break
        layout = deeper
    if layout.last_row > layout.first_row:
        # A note or a title above a whole header is not a line of it.
        below = _header_at(rows, at + 1, merges, matcher)
        if below and below.last_row == layout.last_row and _same(below, layout):
            return below
    return layout


def _same(one: Layout, other: Layout) -> bool:
    return {name: (c.index, c.unit) for name, c in one.fields.items()} == {
        name: (c.index, c.unit) for name, c in other.fields.items()
    }


def _filled(cells: Sequence[Cell]) -> dict[int, Cell]:
    return {c: v for c, v in enumerate(cells) if not (isinstance(v, str) and not v.strip())}


def _may_belong(head: Sequence[Row], layout: Layout) -> bool:
    """Whether the last of some rows can be a line of the header that the first begins.

    Sub-headings are words, directly below, not under the columns that name a project, and
    at least one has nothing right above it. A line of units alone is a note.
    """
    (number, cells), (above, top) = head[-1], head[-2]
    filled = _filled(cells)
    if number != above + 1 or not filled or any(not isinstance(v, str) for v in filled.values()):
        return False
    names = [layout.fields.get(name) for name in (*layout.table.named, "seq")]
    if any(column.index in filled for column in names if column):
        return False
    return any(c >= len(top) or top[c] == "" for c in filled) or len(filled) == 1


def _merged_with(head: Sequence[Row], merges: Sequence[Merge]) -> bool:
    """Whether merged cells tie the last of some rows to the header above."""
    number, cells = head[-1]
    filled = _filled(cells)
    return any(
        merge.first_row < number
        and merge.first_row >= head[0][0]
        and (
            merge.last_row >= number
            or any(merge.first_column < c <= merge.last_column for c in filled)
        )
        for merge in merges
    )


def _build(head: Sequence[Row], merges: Sequence[Merge], matcher: Matcher) -> Layout:
    first, last = head[0][0], head[-1][0]
    width = max(len(cells) for _, cells in head)
    lines = [
        {c: cell for c, cell in enumerate(cells) if isinstance(cell, str) and cell.strip()}
        for _, cells in head
    ]
    inside = [merge for merge in merges if first <= merge.first_row <= last]
    found: list[tuple[Column, int]] = []
    for index in range(width):
        parts = _parts(lines, head, inside, index)
        if parts:
            found.append(_column(index, parts, matcher))
    columns, notes = _settle(found)
    squeezed = [{c: squeeze(text) for c, text in line.items()} for line in lines]
    return Layout(first, last, columns, squeezed, table=matcher.table, notes=notes)


def _parts(
    lines: list[dict[int, str]], head: Sequence[Row], merges: Sequence[Merge], index: int
) -> list[str]:
    """The texts that stand over one another in a column, each merged cell once."""
    parts = []
    for depth, (line, (number, _)) in enumerate(zip(lines, head, strict=True)):
        text = line.get(index)
        if text is None:
            over = next(
                (
                    m
                    for m in merges
                    if m.first_row == number and m.first_column < index <= m.last_column
                ),
                None,
            )
            if over is not None:
                text = line.get(over.first_column)
            elif depth + 1 < len(lines) and not merges and index in lines[depth + 1]:
                text = next((line[c] for c in range(index - 1, -1, -1) if c in line), None)
        if text is not None:
            parts.append(text)
    return parts


def _column(index: int, parts: list[str], matcher: Matcher) -> tuple[Column, int]:
    """What a column means: its texts together in either order, or else the lowest alone."""
    last = parts[-1]
    for header in dict.fromkeys(("".join(parts), last)):
        if said := matcher.mapped(header):
            unit = _unit_of(parts) if said[0] and said[0].kind in MONEY_KINDS else None
            written = last if header == last else " ".join(parts)
            return Column(index, written, said[0], unit), said[1]
    together = (matched for text in _readings(parts) if (matched := matcher.match(text)))
    match = next(together, None)
    header = last if len(parts) == 1 else " ".join(parts)
    if len(parts) > 1 and not any(_CHANGES_MEANING.search(part) for part in parts[:-1]):
        alone = matcher.match(last)
        if alone and (match is None or match[0] is alone[0]):
            match, header = alone, last
    if match is None:
        return Column(index, header, None), 0
    unit = None
    if match[0].kind in MONEY_KINDS:
        unit = _unit_of(parts)
    return Column(index, header, match[0], unit), match[1]


def _unit_of(parts: list[str]) -> str | None:
    return next((unit for part in reversed(parts) if (unit := unit_of(part))), None)


def _readings(parts: list[str]) -> list[str]:
    """How texts that stand over one another may be read: 签约 over 时间, 时间 over 签约,
    开工 over 计划时间."""
    if len(parts) == 1:
        return parts
    above, last = parts[-2:]
    readings = ["".join(parts), above + last, last + above]
    for text, other in ((last, above), (above, last)):
        if split := re.match(r"\s*(计划|实际|预计|拟)(.+)", text):
            readings.append(split[1] + other + split[2])
    return readings


def _settle(found: list[tuple[Column, int]]) -> tuple[list[Column], list[str]]:
    """One column for each field: the surest header, then the first; the others are noted."""
    best: dict[str, tuple[int, int]] = {}
    for column, rank in found:
        if column.field:
            best[column.field.name] = min(
                best.get(column.field.name, (rank, column.index)), (rank, column.index)
            )
    columns, notes = [], []
    taken = {index for _, index in best.values()}
    chosen = {
        column.field.name: column for column, _ in found if column.field and column.index in taken
    }
    for column, _ in found:
        if column.field and column.index not in taken:
            used = chosen[column.field.name]
            notes.append(f"“{column.header}”与“{used.header}”同义，采用“{used.header}”")
            column = Column(column.index, column.header, None)
        columns.append(column)
    return columns, notes
