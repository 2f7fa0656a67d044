"""Searching everywhere: projects, organizations, contacts and meetings, within one's reach.

By any part of a name in Chinese, by pinyin from its beginning, by any part of the initials,
by USCC and phone number. Of each kind a bounded number of candidates is read, whatever the
county has; the best of them come first: the name itself, then names that begin with what was
typed, then shorter ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from crm.models import Contact, Organization, User
from crm.names import normalise
from crm.uscc import compact
from pipeline.models import Interaction, Project
from pipeline.reach import contacts_visible_to, organizations_visible_to

CANDIDATES = 200
SHORTEST = 2
"""What is shorter is on nearly every row and finds nothing worth reading."""
AROUND = 30
"""Characters of a meeting's summary shown before and after what was found in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best of each kind; where there are more, ``more`` names the kind."""

    projects: Sequence[Project] = ()
    organizations: Sequence[Organization] = ()
    contacts: Sequence[Contact] = ()
    interactions: Sequence[Interaction] = ()
    more: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return any((self.projects, self.organizations, self.contacts, self.interactions))


def find(text: str, *, user: User, most: int = 6) -> Found:
    """What ``user`` may see of all that ``text`` finds, at most ``most`` of each kind."""
    typed = normalise(text)
    if len(typed) < SHORTEST:
        return Found()
    sounds = typed.replace("'", "")
    found: dict[str, list[Any]] = {
        "projects": _best(_projects(typed, sounds, user), typed, _name_of),
        "organizations": _best(_organizations(text, typed, sounds, user), typed, _name_of),
        "contacts": _best(_contacts(text, user), typed, lambda row: row.name),
        "interactions": list(_interactions(text, user)[: most + 1]),
    }
    return Found(
        **{kind: rows[:most] for kind, rows in found.items()},
        more=frozenset(kind for kind, rows in found.items() if len(rows) > most),
    )


def named(typed: str, sounds: str) -> Q:
    """Rows with ``name_key``, ``pinyin`` and ``initials`` that a typed text names."""
    found = Q(name_key__has=typed)
    if sounds.isascii() and sounds.isalnum():
        found |= Q(pinyin__startswith=sounds) | Q(initials__has=sounds)
    return found


def person(text: str) -> Q:
    """Contacts that a typed text names: by name, sound, or four digits of their number."""
    found = Q(name__has=text.strip())
    typed = normalise(text)
    sounds = typed.replace("'", "")
    if sounds.isascii() and sounds.isalpha():
        found |= Q(pinyin__startswith=sounds) | Q(initials__startswith=sounds)
    number = typed.replace("-", "").removeprefix("+86")
    if len(number) >= 4 and number.isdecimal():
        found |= Q(phone__has=number)
    return found


def excerpt(summary: str, text: str) -> str:
    """A meeting's words around what was found in them, on one line."""
    flat = " ".join(summary.split())
    at = max(flat.lower().find(text.strip().lower()), 0)
    start, end = max(at - AROUND, 0), at + len(text) + AROUND
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")


def _projects(typed: str, sounds: str, user: User) -> QuerySet[Project]:
    return (
        Project.objects.current()
        .visible_to(user)
        .filter(named(typed, sounds) | Q(project_code=typed))
        .select_related("investor", "park")
        .only("name", "name_key", "stage", "status", "investor__name", "park__short_name")
    )


def _organizations(text: str, typed: str, sounds: str, user: User) -> QuerySet[Organization]:
    return organizations_visible_to(user).filter(named(typed, sounds) | Q(uscc=compact(text)))


def _contacts(text: str, user: User) -> QuerySet[Contact]:
    return contacts_visible_to(user).filter(person(text)).select_related("organization")


def _interactions(text: str, user: User) -> QuerySet[Interaction]:
    return (
        Interaction.objects.current()
        .visible_to(user)
        .filter(summary__lower__has=text.strip().lower())
        .select_related("project", "organization")
        .order_by("-occurred_on", "-pk")
    )


def _name_of(row: Any) -> str:
    return str(row.name_key)


def _best(rows: QuerySet[Any], typed: str, name: Callable[[Any], str]) -> list[Any]:
    """The candidates in the order of how well their name fits."""
    candidates: Iterable[Any] = rows.order_by()[:CANDIDATES]

    def fit(row: Any) -> tuple[Any, ...]:
        key = name(row)
        return (key != typed, not key.startswith(typed), typed not in key, len(key), row.pk)

    return sorted(candidates, key=fit)
