"""Who answers for what in a county's file: ``[[areas]]``, ``[[units]]``, ``[[ledgers]]``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from pipeline.models import LedgerKind

if TYPE_CHECKING:
    from pipeline.countyfile import _Table


@dataclass(frozen=True, slots=True)
class AreaEntry:
    """What a vice-county head answers for; ``leader`` is a user name, empty as yet."""

    where: str
    name: str
    leader: str


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A department or a park's committee; what is empty stays as the county has it.

    ``area`` is an area's name, ``park`` a park's slug.
    """

    where: str
    name: str
    aliases: tuple[str, ...]
    area: str
    park: str

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A ledger that the county begins with."""

    where: str
    slug: str
    name: str
    kind: LedgerKind
    prefix: str
    working_days: bool | None


def areas(tables: Iterable[_Table]) -> tuple[AreaEntry, ...]:
    """Read ``[[areas]]``."""
    return tuple(_area(table) for table in tables)


def units(tables: Iterable[_Table]) -> tuple[UnitEntry, ...]:
    """Read ``[[units]]``; their area and park are looked up when they are applied."""
    return tuple(_unit(table) for table in tables)


def ledgers(tables: Iterable[_Table]) -> tuple[LedgerEntry, ...]:
    """Read ``[[ledgers]]``. Raises ``CountyFileError`` for a kind that there is not."""
    return tuple(_ledger(table) for table in tables)


def _area(table: _Table) -> AreaEntry:
    found = AreaEntry(
        where=table.where,
        name=table.text("name", longest=60),
        leader=table.text("leader", longest=150, default=""),
    )
    table.finish()
    return found


def _unit(table: _Table) -> UnitEntry:
    found = UnitEntry(
        where=table.where,
        name=table.text("name", longest=80),
        aliases=table.texts("aliases", longest=80),
        area=table.text("area", longest=60, default=""),
        park=table.text("park", longest=40, default=""),
    )
    table.finish()
    return found


def _ledger(table: _Table) -> LedgerEntry:
    slug = table.slug("slug")
    kind = table.text("kind", longest=20, default=LedgerKind.CUSTOM.value)
    if kind not in LedgerKind.values:
        table.refuse("kind", _("应为其中之一：%s") % "、".join(LedgerKind.values))
    prefix = table.text("prefix", longest=10)
    if "-" in prefix:
        table.refuse("prefix", _("编号字头不能带连字符"))
    found = LedgerEntry(
        where=table.where,
        slug=slug,
        name=table.text("name", longest=60),
        kind=LedgerKind(kind),
        prefix=prefix,
        working_days=table.flag("working_days") if table.has("working_days") else None,
    )
    table.asked.append("working_days")
    table.finish()
    return found
