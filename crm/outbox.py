"""Writing down what is to be said outside of the pages: to mailboxes and to channels.

Rows of ``Delivery`` in the caller's own transaction: what is rolled back is never sent, what
is committed is never lost. ``crm.deliveries`` sends them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from crm import digests
from crm.channels import from_environment
from crm.digests import Calendar, Hours
from crm.models import CalendarDay, Delivery, NoticeChannel, NoticeHours, Park, Unit, User


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be said: its kind and group, words, path of this site, occasion, instant."""

    kind: str
    group: str
    text: str
    url: str
    key: str
    at: dt.datetime


def put_to_people(people: Iterable[User], message: Message) -> None:
    """Write a message to each who is active and has an address, to go when their hours allow.

    Nothing where the site sends no mail: a backlog would all go out on the day it does.
    """
    people = [person for person in people if person.email and person.is_active]
    if not people or not settings.SENDS_MAIL:
        return
    hours = hours_of(people)
    calendar = calendar_from(message.at)
    _write(
        message,
        [
            {
                "user_id": person.pk,
                "due_at": digests.goes_at(message.at, hours[person.pk], calendar),
            }
            for person in people
        ],
    )


def put_to_channels(message: Message, *, unit: Unit | None, park: Park | None) -> None:
    """Write a message to the county's channels and those of ``unit`` and ``park``.

    A park and its committee are the same to a channel.
    """
    whose = Q(unit__isnull=True, park__isnull=True)
    if unit is not None:
        whose |= Q(unit=unit)
        if unit.park_id is not None:
            whose |= Q(park=unit.park_id)
    if park is not None:
        whose |= Q(park=park) | Q(unit__park=park)
    from_environment(at=message.at)
    rows = [
        channel
        for channel in NoticeChannel.objects.filter(whose, is_active=True)
        if not channel.groups or message.group in channel.groups
    ]
    if rows:
        _write(message, [{"channel_id": channel.pk, "due_at": message.at} for channel in rows])


def _write(message: Message, recipients: Iterable[dict[str, Any]]) -> None:
    Delivery.objects.bulk_create(
        [
            Delivery(
                kind=message.kind,
                text=message.text,
                url=message.url,
                key=message.key,
                created_at=message.at,
                **recipient,
            )
            for recipient in recipients
        ],
        ignore_conflicts=True,
    )


# --- whose hours ------------------------------------------------------------------------------
def hours_of(people: Iterable[User]) -> Mapping[int, Hours]:
    """When each of them is written to, in one query; who set nothing rests on days off."""
    keys = [person.pk for person in people]
    rows = {row.user_id: hours_in(row) for row in NoticeHours.objects.filter(user__in=keys)}
    nothing_set = hours_in(NoticeHours())
    return {pk: rows.get(pk, nothing_set) for pk in keys}


def hours_in(row: NoticeHours) -> Hours:
    """What a row of settings says, as ``crm.digests`` reads it."""
    return Hours(
        digest_at=tuple(dt.time.fromisoformat(text) for text in row.digest_at),
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        rests=row.rests,
    )


def calendar_from(at: dt.datetime) -> Calendar:
    """The calendar's departures from the week for as long as a message may be held back."""
    first = timezone.localdate(at)
    days = CalendarDay.objects.filter(day__range=(first, first + digests.LONGEST))
    return dict(days.values_list("day", "is_working"))
