"""Telling people what they should know; each occasion once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from crm.models import Notice, User


def tell(
    people: Iterable[User], *, kind: str, text: str, url: str, key: str, at: dt.datetime
) -> None:
    """Tell ``people``; who was told of the occasion ``key`` before is not told again.

    ``kind`` names the sort of notice (``milestone.returned``), ``url`` is a path of this
    site. ``text`` is in the county's language and longer than its column is cut.
    """
    Notice.objects.bulk_create(
        [
            Notice(user=person, kind=kind, text=text[:300], url=url, key=key, created_at=at)
            for person in people
        ],
        ignore_conflicts=True,
    )


def read(notices: Iterable[int], *, by: User, at: dt.datetime) -> int:
    """Mark those of the person's unread notices as read: how many."""
    return by.notices.filter(pk__in=list(notices), read_at__isnull=True).update(read_at=at)


def read_all(*, by: User, at: dt.datetime) -> int:
    """Mark all of the person's notices as read: how many were not."""
    return by.notices.filter(read_at__isnull=True).update(read_at=at)


def unread(user: User, *, most: int) -> int:
    """How many notices the person has not read, counted up to ``most`` by an index."""
    return user.notices.filter(read_at__isnull=True).order_by().values("pk")[:most].count()
