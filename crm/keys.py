"""Keys of rows as an address or a form gives them, where anything may stand."""

from collections.abc import Iterable

DIGITS = 18
"""More could be greater than any key that a database holds, and be refused by it."""


def key_of(given: str | None) -> int | None:
    """The key that was given; None for what cannot be one."""
    return int(given) if given and given.isdecimal() and len(given) <= DIGITS else None


def keys_of(given: Iterable[str]) -> list[int]:
    """The keys among what was given, in its order."""
    return [key for text in given if (key := key_of(text)) is not None]
