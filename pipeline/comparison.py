"""Two views of the figures side by side, and the facts that make them differ.

Any two windows: two quarters, two days, or one day as it was known at two instants ("what
changed since the last bulletin?"). A fact that only the later view counts is *added* to it,
one that only the earlier view counts is *taken* from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm.models import User
from pipeline.figures import FIGURES, FUNDS, Window
from pipeline.rollups import Row, behind, rollup

COMPARED = (*(name for name in FIGURES if name != "framework_agreements"), FUNDS.name)
MOST = 100
"""Facts listed of each kind; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure in both views; ``of_money`` in yuan, else projects, a rate as a fraction."""

    name: str
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """After less before; None where one of them has no value."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Line:
    """A park (channel, …) or the total with its figures in both views."""

    key: str
    name: str
    pairs: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The lines of two views, the total last."""

    before: Window
    after: Window
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Facts:
    """What makes a figure differ: the first facts added and taken, and how many there are."""

    figure: str
    added: Sequence[Any]
    taken: Sequence[Any]
    added_count: int
    taken_count: int


def compare(
    before: Window, after: Window, *, by: str = "park", user: User | None = None
) -> Comparison:
    """Every figure of two windows by park, channel, industry or officer; two roll-ups."""
    old, new = rollup(before, by=by, user=user), rollup(after, by=by, user=user)
    earlier = {row.key: row for row in old.rows}
    later = {row.key: row for row in new.rows}
    keys = [*later, *(key for key in earlier if key not in later)]
    lines = [_line(earlier.get(key), later.get(key)) for key in keys]
    return Comparison(before, after, [*lines, _line(old.total, new.total)])


def _line(before: Row | None, after: Row | None) -> Line:
    known = after or before
    assert known is not None  # noqa: S101 -- every key is of one of the two
    pairs = [Pair(name, _value(before, name), _value(after, name)) for name in COMPARED]
    rate = Pair(
        "start_rate",
        before.start_rate if before else None,
        after.start_rate if after else None,
    )
    return Line(known.key, known.name, [*pairs[:3], rate, *pairs[3:]])


def _value(row: Row | None, name: str) -> Decimal:
    return Decimal(0) if row is None else getattr(row, name)


def facts(
    figure: str,
    before: Window,
    after: Window,
    *,
    by: str = "park",
    key: int | str | None = "total",
    user: User | None = None,
) -> Facts:
    """The facts that one view of a figure counts and the other does not, newest first.

    Told apart by the fact itself: one that both count, with another amount or park, is none
    of them (a milestone's amount and park never change).
    """
    old = behind(figure, before, by=by, key=key, user=user)
    new = behind(figure, after, by=by, key=key, user=user)
    added = new.exclude(pk__in=old.values("pk"))
    taken = old.exclude(pk__in=new.values("pk"))
    day = "received_on" if figure == FUNDS.name else "occurred_on"

    def first(rows: Any) -> list[Any]:
        ordered = rows.order_by(f"-{day}", "-pk").select_related(
            "project__investor", "verified_by", "park"
        )
        return list(ordered[:MOST])

    return Facts(figure, first(added), first(taken), added.count(), taken.count())
