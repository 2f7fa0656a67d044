"""A table of decisions, from a workbook or inside of minutes, as the tasks that it lists.

The header is found as that of every other workbook (``pipeline.spreadsheets``): 事项,
责任单位, 配合单位, 牵头领导, 完成时限 under their usual names, whatever stands above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.minutes.splitting import Proposed, names_of
from pipeline.spreadsheets.cells import Cell, as_text, says_nothing, squeeze
from pipeline.spreadsheets.fields import Matcher, Table, read_table
from pipeline.spreadsheets.layout import SEARCHED_ROWS, Layout, Row, locate
from pipeline.spreadsheets.lines import Kind, classify
from pipeline.spreadsheets.walking import Merges, whole_row
from pipeline.spreadsheets.workbook import Merge

TABLE = Table(
    read_table("headers_decisions.toml"),
    needed=(("goal",),),
    named=("goal", "units"),
    subject=("goal",),
)
_SHARED = ("units", "supporting", "leader", "person", "deadline")
"""Columns of which one besides the task makes a table one of decisions."""


def tasks_of(rows: Iterable[Row], merges: Sequence[Merge] = ()) -> list[Proposed] | None:
    """The tasks of a table's rows, each with its number from 1; None where it is none of ours."""
    rows = list(rows)
    layout = locate(_filled(rows)[:SEARCHED_ROWS], merges, Matcher(None, TABLE))
    if layout is None or layout.missing or not any(n in layout.fields for n in _SHARED):
        return None
    walked = Merges(list(merges))
    found = []
    for number, cells in rows:
        carried = walked.carried(number, cells)
        if number <= layout.last_row:
            continue
        whole = whole_row(cells, carried, layout)
        goal = _text(whole, layout, "goal")
        line = classify(cells, layout, spans=walked.begins_across(number), investor=bool(goal))
        if line.kind not in (Kind.NO_ROW, Kind.SKIPPED) and goal:
            found.append(_task(whole, layout, goal))
    return found


def _filled(rows: Iterable[Row]) -> list[Row]:
    return [(n, cells) for n, cells in rows if any(as_text(cell).strip() for cell in cells)]


def _text(cells: Sequence[Cell], layout: Layout, name: str) -> str:
    column = layout.fields.get(name)
    if column is None or column.index >= len(cells):
        return ""
    text = as_text(cells[column.index]).strip()
    return "" if says_nothing(squeeze(text)) else text


def _task(cells: Sequence[Cell], layout: Layout, goal: str) -> Proposed:
    first, *more = [line for line in map(str.strip, goal.splitlines()) if line]
    detail = _text(cells, layout, "detail")
    return Proposed(
        goal=_without_number(first),
        detail="\n".join([*more, *filter(None, map(str.strip, detail.splitlines()))]),
        units=names_of([_text(cells, layout, "units")]),
        supporting=names_of([_text(cells, layout, "supporting")]),
        leader=_line(_text(cells, layout, "leader")),
        person=_line(_text(cells, layout, "person")),
        task_force=_line(_text(cells, layout, "task_force")),
        deadline=_line(_text(cells, layout, "deadline")),
    )


_NUMBER = re.compile(r"^(?:[一二三四五六七八九十]{1,3}[、.．]|\d{1,3}[、.．](?!\d))\s*")


def _without_number(goal: str) -> str:
    """A task without a number of its own: the table gives it one."""
    return _NUMBER.sub("", goal) or goal


def _line(text: str) -> str:
    return "、".join(filter(None, map(str.strip, text.splitlines())))
