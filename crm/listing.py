"""A stretch of a list that grows at its head: the latest rows, and on from the last of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from crm.keys import key_of


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows, the latest first. ``before`` is where the older ones begin, None at the end.

    Costs the same wherever it begins and however long the list is: no row is counted.
    """

    rows: list[Any]
    before: int | None
    is_first: bool

    @classmethod
    def of(cls, rows: QuerySet[Any], *, before: str | None, size: int) -> Stretch:
        """The rows with a smaller id than ``before``, as the URL says it; without, the latest."""
        since = key_of(before)
        if since is not None:
            rows = rows.filter(pk__lt=since)
        found = list(rows.order_by("-pk")[: size + 1])
        more = len(found) > size
        return cls(found[:size], found[size - 1].pk if more else None, since is None)
