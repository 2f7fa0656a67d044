"""The tables of assessment in a county's file: ``[[score_schemes]]`` (考核办法)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from pipeline.score_schemes import Entry

if TYPE_CHECKING:
    from pipeline.countyfile import _Table


@dataclass(frozen=True, slots=True)
class SchemeEntry:
    """How a level is scored from a year on, until a later table takes its place."""

    where: str
    level: str
    year: int
    entries: tuple[Entry, ...]
    is_example: bool
    reason: str


def schemes(tables: Iterable[_Table]) -> tuple[SchemeEntry, ...]:
    """Read ``[[score_schemes]]``; what does not fit the measures is found when it is applied."""
    return tuple(_scheme(table) for table in tables)


def _scheme(table: _Table) -> SchemeEntry:
    found = SchemeEntry(
        where=table.where,
        level=table.text("level", longest=8),
        year=table.year("year"),
        entries=tuple(_entry(line) for line in table.tables("indicators")),
        is_example=table.flag("example"),
        reason=table.text("reason", longest=200, default=_("按县情文件设置")),
    )
    table.finish()
    return found


def _entry(table: _Table) -> Entry:
    found = Entry(
        measure=table.text("measure", longest=40),
        weight=table.number("weight", places=2),
        target=table.number("target", places=2) if table.has("target") else None,
        per_case=table.number("per_case", places=2) if table.has("per_case") else None,
        name=table.text("name", longest=60, default=""),
    )
    table.asked = ["measure", "weight", "target", "per_case", "name"]
    table.finish()
    return found
