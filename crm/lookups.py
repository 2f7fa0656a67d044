"""``name_key__has="高纯镓"``: a text that has another in it, by an index where there is one.

Trigrams find nothing for the two characters that a Chinese word mostly is. On PostgreSQL the
function ``groundbreak_bigrams`` (migration 0004) gives the pairs of neighbouring characters of
a text, which a GIN index holds: 0.3 ms among 200,000 names, where reading them all takes 60.
SQLite reads them all. Both compare exactly what is stored; ``__lower__has`` takes lower case.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Lookup, Q, TextField
from django.db.models.functions import Lower

PAIR = 2


@CharField.register_lookup
@TextField.register_lookup
class Has(Lookup):
    """The text contains another one, signs such as ``%`` taken as they are."""

    lookup_name = "has"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} LIKE %s ESCAPE '\\'", (*params, self._pattern(connection))

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        pattern = self._pattern(connection)
        if len(self.rhs) < PAIR:
            return f"{lhs} LIKE %s", (*params, pattern)
        return (
            f"(groundbreak_bigrams({lhs}) @> groundbreak_bigrams(%s) AND {lhs} LIKE %s)",
            (*params, self.rhs, *params, pattern),
        )

    def _pattern(self, connection: Any) -> str:
        return f"%{connection.ops.prep_for_like_query(self.rhs)}%"


CharField.register_lookup(Lower)
TextField.register_lookup(Lower)


def called(typed: str, sounds: str, *, of: str = "") -> Q:
    """Rows whose ``name_key`` has ``typed``, or whose name begins to sound like ``sounds``.

    Both are normalised (``crm.names``); ``of`` leads to the row that has the name
    (``organization__``).
    """
    found = Q(**{f"{of}name_key__has": typed})
    if sounds.isascii() and sounds.isalnum():
        found |= Q(**{f"{of}pinyin__startswith": sounds})
        found |= Q(**{f"{of}initials__startswith": sounds})
    return found
