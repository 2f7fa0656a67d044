"""What changed between two versions of a report, and which facts made it change.

Each figure whose value differs is named with both values; each fact that one version rests
on and the other does not is named as 补报 (reported later) or 核减 (taken back), and one that
both rest on with another amount or park as 更正.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.figures import FIGURES, FUNDS, NOT_STARTED
from pipeline.models import FundsReceipt, LedgerItem, Milestone
from pipeline.reports.supervision.numbers import LABELS as KEPT
from pipeline.reports.wording import kind_in

LABELS = {f.name: f.label for f in (*FIGURES.values(), FUNDS, NOT_STARTED)} | KEPT
LISTS = frozenset({"T7", "S4", "S5", "S6", "S7"})
"""Lists of projects and items: compared by their facts, not by cells."""
ADDED, TAKEN, CHANGED = "added", "taken", "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of a table with its value before and after; None where there was no such row."""

    table: str
    title: str
    row: str
    column: str
    kind: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Cause:
    """A fact behind figures that differ: added, taken back, or changed (percent, yuan)."""

    figure: str
    how: str
    key: int
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None

    @property
    def label(self) -> Any:
        """The figure's wording."""
        return LABELS.get(self.figure, self.figure)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every figure that differs between two contents, in the order of the tables.

    Lists are left out: their facts are compared.
    """
    found: list[Change] = []
    for name in sorted({*before["tables"], *after["tables"]} - LISTS):
        old, new = before["tables"].get(name), after["tables"].get(name)
        known = new or old
        for key in _keys(old, new):
            for column in (c for c in known["columns"] if c["kind"] != "kind"):
                was, now = _value(old, key, column["name"]), _value(new, key, column["name"])
                if was != now:
                    found.append(
                        Change(
                            name,
                            known["title"],
                            _label(new, key) or _label(old, key),
                            column["label"],
                            kind_in(_row(known, key) or _row(old, key), column["kind"]),
                            was,
                            now,
                        )
                    )
    return found


def causes(before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]) -> list[Cause]:
    """The facts that differ between what two versions rest on, figure by figure."""
    found: list[Cause] = []
    for figure in sorted({*before, *after}):
        old, new = _facts(before.get(figure, ())), _facts(after.get(figure, ()))
        for key in sorted({*old, *new}):
            was, now = old.get(key), new.get(key)
            if was != now:
                how = ADDED if was is None else TAKEN if now is None else CHANGED
                found.append(Cause(figure, how, key[0], was, now))
    return found


def named(
    found: Sequence[Cause],
) -> dict[tuple[str, int], Milestone | FundsReceipt | LedgerItem]:
    """The facts of causes by (figure, id), each with its project or item; a query a kind."""
    keys: dict[str, set[int]] = {}
    for cause in found:
        keys.setdefault(_kind(cause.figure), set()).add(cause.key)
    whole: dict[str, Any] = {
        FUND: FundsReceipt.objects.select_related("project", "verified_by"),
        STEP: Milestone.objects.select_related("project", "verified_by", "revoked_by"),
        ITEM: LedgerItem.objects.select_related("unit"),
    }
    rows = {kind: whole[kind].in_bulk(wanted) for kind, wanted in keys.items()}
    return {
        (cause.figure, cause.key): rows[_kind(cause.figure)][cause.key]
        for cause in found
        if cause.key in rows[_kind(cause.figure)]
    }


FUND, STEP, ITEM = "fund", "step", "item"


def _kind(figure: str) -> str:
    """What the facts of a figure are."""
    return ITEM if figure in KEPT else FUND if figure == FUNDS.name else STEP


def _facts(rows: Sequence[Any]) -> dict[tuple[int, Any], tuple[Any, ...]]:
    return {(row[0], row[1]): tuple(row[2:4]) for row in rows}


def _keys(old: Any, new: Any) -> list[str]:
    keys = list((new or old)["keys"])
    keys += [key for key in (old or {}).get("keys", []) if key not in keys]
    has_total = any(table and table["total"] is not None for table in (old, new))
    return [*keys, "total"] if has_total else keys


def _row(table: Any, key: str) -> Any:
    if table is None:
        return None
    if key == "total":
        return table["total"]
    return table["rows"][table["keys"].index(key)] if key in table["keys"] else None


def _value(table: Any, key: str, column: str) -> Any:
    row = _row(table, key)
    if row is None:
        return None
    names = [c["name"] for c in table["columns"]]
    return row[names.index(column)] if column in names else None


def _label(table: Any, key: str) -> str:
    row = _row(table, key)
    return "" if row is None else str(row[0])
