"""The indexes that ``crm.lookups`` reads, for migrations. SQLite has none of it."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# The first 4,000 characters of a text; a longer one is found by those.
FUNCTION = """
CREATE OR REPLACE FUNCTION groundbreak_bigrams(whole text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(whole, at, 2)), '{}')
    FROM generate_series(1, least(length(whole), 4000) - 1) AS at
$$
"""


def on_postgresql(*pairs: tuple[str, str]) -> migrations.RunPython:
    """Run each statement of ``(forwards, backwards)`` on PostgreSQL, and nothing elsewhere."""

    def run(statements: list[str]) -> Any:
        def execute(apps: Any, schema_editor: Any) -> None:
            if schema_editor.connection.vendor == "postgresql":
                for statement in statements:
                    schema_editor.execute(statement)

        return execute

    return migrations.RunPython(
        run([forwards for forwards, _backwards in pairs]),
        run([backwards for _forwards, backwards in reversed(pairs)]),
    )


def index_of_pairs(name: str, table: str, expression: str) -> tuple[str, str]:
    """What makes ``expression__has`` quick, and what takes it away again."""
    return (
        f"CREATE INDEX {name} ON {table} USING gin (groundbreak_bigrams({expression}))",
        f"DROP INDEX IF EXISTS {name}",
    )


def index_of_beginnings(name: str, table: str, column: str) -> tuple[str, str]:
    """What makes ``column__startswith`` quick, whatever the database's collation."""
    return (
        f"CREATE INDEX {name} ON {table} ({column} varchar_pattern_ops)",
        f"DROP INDEX IF EXISTS {name}",
    )
