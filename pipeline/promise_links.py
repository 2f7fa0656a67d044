"""From a figure of a bulletin on promises to the list of items that make it up."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from pipeline.months import Month, read_month
from pipeline.reports.supervision.numbers import TESTS

# Whose figures a table's rows are: the parameter that their key is.
HOLDERS = {"S2": "ledger", "S3": "unit", "S8": "unit", "S9": "unit"}
OF_ITEMS = frozenset({"S4", "S5", "S6", "S7", "A2", "A4"})
SHARES = {"on_time_rate": "due"}
"""Columns that are made from a figure of another name."""


def link_to(
    month: Month, *, area: int | None = None, known: str = ""
) -> Callable[[str, str, str], str]:
    """The address behind a value, from its table, row and column; "" where there is none.

    ``known``: the instant as of which the figures are told, where it is not now.
    """

    def link(table: str, key: str, column: str) -> str:
        if table in OF_ITEMS:
            pk = key.partition("-")[0]
            is_item = pk.isdecimal() and column in ("goal", "text", "number")
            return f"/ledgers/items/{pk}/" if is_item else ""
        if table == "A3":
            return f"/projects/{key}/" if column == "need" else ""
        figure = SHARES.get(column, column)
        if figure not in TESTS:
            return ""
        of, given = month, {"figure": figure, "area": area, "known": known}
        if table == "S1":
            of = month if key == "now" else month.earlier()
        elif table == "A1":
            of = read_month(key) or month
        elif key != "total":
            given[HOLDERS[table]] = key
        query = urlencode({name: value for name, value in given.items() if value})
        return f"/ledgers/monthly/{of}/promises/?{query}"

    return link
