"""A person's private calendar link: made, made anew, removed, and whose one is."""

from __future__ import annotations

import datetime as dt
from secrets import compare_digest

from django.db import transaction

from crm.models import CalendarFeed, User
from crm.models.notices import new_token
from crm.rights import may, require


@transaction.atomic
def renew(*, by: User, at: dt.datetime) -> CalendarFeed:
    """The person's link, with a secret of its own; one that they had is dead from now on.

    Raises ``NotAllowed``.
    """
    require(by, "calendar.view")
    feed, _is_new = CalendarFeed.objects.update_or_create(
        user=by, defaults={"token": new_token(), "created_at": at}
    )
    return feed


@transaction.atomic
def remove(*, by: User) -> None:
    """Without a link nobody reads the calendar from outside. Raises ``NotAllowed``."""
    require(by, "calendar.view")
    CalendarFeed.objects.filter(user=by).delete()


def reader(token: str) -> User | None:
    """Whose calendar a secret opens; None for no secret of ours, or who does not work here.

    The secret is compared in constant time as well: 256 bits drawn at random, found by an
    index, give away nothing that could be measured.
    """
    feed = CalendarFeed.objects.select_related("user").filter(token=token).first()
    if feed is None or not compare_digest(feed.token.encode(), token.encode()):
        return None
    person: User = feed.user
    return person if person.is_active and may(person, "calendar.view") else None
