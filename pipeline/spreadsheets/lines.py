"""What a line below the header is, before anyone reads it as a project."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline.spreadsheets.cells import Cell, as_text, squeeze
from pipeline.spreadsheets.layout import Layout, unit_alone, unit_of_note


class Kind(Enum):
    """``NO_ROW``: blank, or part of the sheet's frame; not counted at all."""

    NO_ROW = "no row"
    SKIPPED = "skipped"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Line:
    """The kind of a line, why it is skipped, and the unit that it sets for what follows."""

    kind: Kind
    reason: str = ""
    unit: str | None = None


_NO_ROW = Line(Kind.NO_ROW)
_PROJECT = Line(Kind.PROJECT)

_TOTAL = re.compile(r"(?:合计|小计|总计)[:)]*$")
_TOTAL_AT_START = re.compile(r"^\(?(?:合计|小计|总计)")
_NOTE = re.compile(
    r"^\(?(?:其中|填[报表](?:单位|人|时间|日期)|审核人|截[至止]|(?:制表人?|负责人|联系人):"
    r"|(?:金额|计量)?单位[:为]|(?:备?注|说明)[:0-9])"
)
_GROUP = re.compile(r"^(?:\([一二三四五六七八九十]+\)|[一二三四五六七八九十]+[、.．])")
_SERIAL = re.compile(r"\(?(?:\d{1,7}|[一二三四五六七八九十百]{1,5})\)?[.、]?")


def classify(cells: Sequence[Cell], layout: Layout, *, spans: bool, investor: bool) -> Line:
    """What a line is.

    ``spans``: its first filled cell is merged across columns. ``investor``: it has an
    investor (or whatever its table names as subject), in its own cell or in one merged
    down from above.
    """
    filled = [
        (column, cell)
        for column, cell in enumerate(cells)
        if cell != "" and not (isinstance(cell, str) and cell.isspace())
    ]
    if not filled:
        return _NO_ROW
    column, first = filled[0]
    text = squeeze(first) if isinstance(first, str) else ""
    if len(filled) == 1 and _is_serial(column, first, text, layout):
        return _NO_ROW
    if layout.is_header_again(filled):
        return _NO_ROW
    if len(filled) == 1 and text in layout.titles:
        return _NO_ROW
    return _line(filled, text, cells, layout, spans=spans, investor=investor)


def _line(
    filled: list[tuple[int, Cell]],
    text: str,
    cells: Sequence[Cell],
    layout: Layout,
    *,
    spans: bool,
    investor: bool,
) -> Line:
    if _TOTAL.search(text):
        return Line(Kind.SKIPPED, "合计行")
    if investor:
        return _PROJECT
    second = filled[1][1] if not text and len(filled) > 1 else ""
    after_serial = squeeze(second) if isinstance(second, str) else ""
    if _TOTAL.search(after_serial) or _TOTAL_AT_START.match(text):
        return Line(Kind.SKIPPED, "合计行")
    if _NOTE.match(text):
        return Line(Kind.SKIPPED, "说明行", unit_of_note(cells))
    if unit := _unit_line(filled, layout):
        return Line(Kind.SKIPPED, "单位行", unit)
    known = {used.index for used in layout.fields.values()}
    if not any(column in known for column, _ in filled):
        return Line(Kind.SKIPPED, "说明行")  # beside the table
    signed = layout.fields.get(layout.table.dated)
    dated = signed is not None and any(column == signed.index for column, _ in filled)
    if text and not dated and (_GROUP.match(text) or (spans and len(filled) == 1)):
        return Line(Kind.SKIPPED, "分组标题行")
    return _PROJECT


def _is_serial(column: int, cell: Cell, text: str, layout: Layout) -> bool:
    """Whether a line's only cell is its serial number (a formula such as =ROW()-2 too)."""
    serial = layout.fields.get("seq")
    if serial is not None and column == serial.index and not text:
        return True
    known = any(used.index == column and name != "seq" for name, used in layout.fields.items())
    return not known and _SERIAL.fullmatch(text or as_text(cell)) is not None


def _unit_line(filled: list[tuple[int, Cell]], layout: Layout) -> str | None:
    """The unit, where a line has nothing but a unit in a money column and other short words."""
    money = layout.fields.get(layout.table.money)
    unit = None
    for column, cell in filled:
        text = squeeze(cell) if isinstance(cell, str) else ""
        if not text or len(text) > 6:
            return None
        if money is not None and column == money.index:
            unit = unit_alone(text)
    return unit
