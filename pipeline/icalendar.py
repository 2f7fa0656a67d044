"""Writing an iCalendar file (RFC 5545) of whole days, exactly; nothing else of it is needed.

Days carry no time zone: a follow-up is due on a day wherever the calendar is read. Lines end
in CRLF and are folded at 75 octets, never within a character.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PRODUCT = "-//Groundbreak//Calendar//ZH"
LINE_OCTETS = 75
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")  # all but tab and line feed


@dataclass(frozen=True, slots=True)
class Event:
    """Something on a day. ``uid`` stays the same however often the file is written."""

    uid: str
    day: dt.date
    summary: str
    description: str = ""
    url: str = ""


def written(events: Iterable[Event], *, name: str, stamp: dt.datetime) -> bytes:
    """The file. ``stamp`` is the instant at which it is made, ``name`` what readers call it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for event in events:
        lines.extend(_event(event, stamp))
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def _event(event: Event, stamp: dt.datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield f"DTSTAMP:{stamp.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + dt.timedelta(days=1):%Y%m%d}"  # the first day after it
    yield f"SUMMARY:{escaped(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escaped(event.description)}"
    if event.url:
        yield f"URL:{_CONTROL.sub('', event.url)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """A text value: its backslashes, separators and line breaks written as RFC 5545 wants."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text)
    for sign in ("\\", ";", ","):
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", "\\n")


def folded(line: str) -> bytes:
    """A content line as octets, broken where it is longer than 75, each part ending in CRLF."""
    parts, part = [], b""
    for character in line:
        octets = character.encode()
        if len(part) + len(octets) > LINE_OCTETS:
            parts.append(part)
            part = b" "  # a line that goes on begins with a blank
        part += octets
    return b"\r\n".join([*parts, part]) + b"\r\n"
