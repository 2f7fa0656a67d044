"""Rows by the hundred thousand: plain values into a table, by COPY or one statement.

Django's ``bulk_create`` makes an object of each row and spends most of a load's time on
that. Here a row is a dictionary; what it leaves out has the model's default. Constraints
and triggers look at every row all the same. For invented rows only: what people enter goes
through the verbs.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models


class BulkTable:
    """The rows of one model that are to be stored next, with ids given on the way.

    One process at a time: ids follow the largest that is stored.
    """

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.rows: list[dict[str, Any]] = []
        fields = model._meta.concrete_fields
        self._columns = [field.column or field.attname for field in fields]
        self._attributes = [field.attname for field in fields]
        self._defaults = {
            field.attname: _plain(field.get_default()) for field in fields if not field.primary_key
        }
        self._convert: list[tuple[int, Callable[[Any], Any]]] = [
            (place, convert)
            for place, field in enumerate(fields)
            if (convert := _converter(field)) is not None
        ]
        largest = model._default_manager.aggregate(largest=models.Max("pk"))["largest"]
        self._next = (largest or 0) + 1

    def add(self, **values: Any) -> dict[str, Any]:
        """Take a row by attribute names (``park_id``); returns it, with its ``id``."""
        row = {**self._defaults, **values, "id": self._next}
        self._next += 1
        self.rows.append(row)
        return row

    def flush(self) -> None:
        """Store the rows that were taken."""
        if not self.rows:
            return
        rows = [self._values(row) for row in self.rows]
        quoted = connection.ops.quote_name
        table = quoted(self.model._meta.db_table)
        columns = ", ".join(map(quoted, self._columns))
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for values in rows:
                        copy.write_row(values)
            else:
                places = ", ".join(["%s"] * len(self._columns))
                insert = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 -- our names
                cursor.executemany(insert, rows)
        self.rows.clear()

    def _values(self, row: dict[str, Any]) -> list[Any]:
        values = [row[name] for name in self._attributes]
        for place, convert in self._convert:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values


def reset_sequences(tables: Sequence[BulkTable]) -> None:
    """Let the database's own ids go on after those that were given here."""
    found = [table.model for table in tables]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), found):
            cursor.execute(statement)


def _plain(value: Any) -> Any:
    """A choice's value, not the choice."""
    return str(value) if isinstance(value, str) else value


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return lambda value: json.dumps(value, ensure_ascii=False)
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, models.DateTimeField):
        return _instant
    return _day if isinstance(field, models.DateField) else None


def _instant(value: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


@lru_cache(maxsize=8192)
def _day(value: dt.date) -> Any:
    return connection.ops.adapt_datefield_value(value)
