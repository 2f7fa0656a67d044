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


def put_to_people(mailed: Iterable[tuple[Message, Iterable[User]]]) -> set[str]:
    """Write each message to those who are active and have an address, for when hours allow.

    The keys of those that somebody gets.

    Nothing where the site sends no mail: a backlog would all go out on the day it does. The
    number of queries does not grow with the messages.
    """
    letters = [
        (message, person)
        for message, people in mailed
        for person in people
        if person.email and person.is_active
    ]
    if not letters or not settings.SENDS_MAIL:
        return set()
    hours = hours_of({person.pk: person for _message, person in letters}.values())
    calendar = calendar_from(min(message.at for message, _person in letters))
    return _write(
        [
            (
                message,
                {
                    "user_id": person.pk,
                    "due_at": digests.goes_at(message.at, hours[person.pk], calendar),
                },
            )
            for message, person in letters
        ]
    )


def put_to_channels(called: Iterable[tuple[Message, Unit | None, Park | None]]) -> set[str]:
    """Write each message to the county's channels and those of its unit and park.

    The keys of those that some channel gets.

    A park and its committee are the same to a channel.
    """
    called = list(called)
    if not called:
        return set()
    from_environment(at=max(message.at for message, _unit, _park in called))
    channels = list(NoticeChannel.objects.filter(is_active=True).select_related("unit"))
    if not channels:
        return set()
    calendar = calendar_from(min(message.at for message, _unit, _park in called))
    return _write(
        [
            (
                message,
                {
                    "channel_id": channel.pk,
                    "due_at": digests.goes_at(message.at, hours_in(channel), calendar),
                },
            )
            for message, unit, park in called
            for channel in channels
            if _hears(channel, unit, park)
            and (not channel.groups or message.group in channel.groups)
        ]
    )


def _hears(channel: NoticeChannel, unit: Unit | None, park: Park | None) -> bool:
    """Whether a channel is the county's, or of the unit or park whose matter it is."""
    if channel.unit_id is None and channel.park_id is None:
        return True
    parks = {park.pk if park else None, unit.park_id if unit else None} - {None}
    if unit is not None and channel.unit_id == unit.pk:
        return True
    if channel.park_id in parks:
        return True
    return channel.unit is not None and park is not None and channel.unit.park_id == park.pk


def _write(rows: Iterable[tuple[Message, dict[str, Any]]]) -> set[str]:
    rows = list(rows)
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
            for message, recipient in rows
        ],
        ignore_conflicts=True,
    )
    return {message.key for message, _recipient in rows}


# --- whose hours ------------------------------------------------------------------------------
def hours_of(people: Iterable[User]) -> Mapping[int, Hours]:
    """When each of them is written to, in one query; who set nothing rests on days off."""
    keys = [person.pk for person in people]
    rows = {row.user_id: hours_in(row) for row in NoticeHours.objects.filter(user__in=keys)}
    nothing_set = hours_in(NoticeHours())
    return {pk: rows.get(pk, nothing_set) for pk in keys}


def hours_in(row: NoticeHours | NoticeChannel) -> Hours:
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
