"""The iCalendar writer, read back by a strict parser of its own (RFC 5545)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.icalendar import LINE_OCTETS, Event, escaped, folded, written
from tests.factories import instant

STAMP = instant("2026-03-05 10:00")
DAY = dt.date(2026, 3, 9)


def parse(content: bytes) -> list[tuple[str, str]]:
    """(name with its parameters, value) of each content line; anything not allowed fails."""
    assert content.endswith(b"\r\n")
    lines = content.removesuffix(b"\r\n").split(b"\r\n")
    for line in lines:
        assert line
        assert len(line) <= LINE_OCTETS
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()  # never broken within a character
    unfolded: list[str] = []
    for line in lines:
        if line.startswith(b" "):
            unfolded[-1] += line[1:].decode()
        else:
            unfolded.append(line.decode())
    pairs = []
    for whole in unfolded:
        name, colon, value = whole.partition(":")
        assert colon
        assert name.replace("-", "").replace(";", "").replace("=", "").isalnum()
        pairs.append((name, value))
    return pairs


def text(value: str) -> str:
    """A TEXT value as it was before it was escaped; a lone separator is not allowed."""
    read, at = "", 0
    while at < len(value):
        sign = value[at]
        assert sign not in ";,"
        if sign == "\\":
            at += 1
            assert value[at] in "\\;,n"
            sign = "\n" if value[at] == "n" else value[at]
        read += sign
        at += 1
    return read


def events(content: bytes) -> list[dict[str, str]]:
    """The events of a calendar, each well formed, with its properties once."""
    pairs = parse(content)
    assert pairs[0] == ("BEGIN", "VCALENDAR")
    assert pairs[-1] == ("END", "VCALENDAR")
    assert ("VERSION", "2.0") in pairs
    found: list[dict[str, str]] = []
    inside: dict[str, str] | None = None
    for name, value in pairs[1:-1]:
        if (name, value) == ("BEGIN", "VEVENT"):
            assert inside is None
            inside = {}
        elif (name, value) == ("END", "VEVENT"):
            assert inside is not None
            assert {"UID", "DTSTAMP", "DTSTART;VALUE=DATE", "SUMMARY"} <= inside.keys()
            found.append(inside)
            inside = None
        elif inside is not None:
            assert name not in inside
            inside[name] = value
    assert inside is None
    return found


def test_an_event_is_a_whole_day_with_its_words_and_link() -> None:
    event = Event("follow_up-7@groundbreak", DAY, "送合同", "高纯镓项目", "https://x/follow-ups/7/")
    (read,) = events(written([event], name="破土 · 李梅", stamp=STAMP))
    assert read == {
        "UID": "follow_up-7@groundbreak",
        "DTSTAMP": "20260305T020000Z",  # ten in Shanghai
        "DTSTART;VALUE=DATE": "20260309",
        "DTEND;VALUE=DATE": "20260310",
        "SUMMARY": "送合同",
        "DESCRIPTION": "高纯镓项目",
        "URL": "https://x/follow-ups/7/",
        "TRANSP": "TRANSPARENT",
    }


def test_the_last_day_of_a_year_ends_in_the_next() -> None:
    (read,) = events(written([Event("u", dt.date(2026, 12, 31), "x")], name="n", stamp=STAMP))
    assert read["DTEND;VALUE=DATE"] == "20270101"


def test_a_calendar_without_events_is_one() -> None:
    assert events(written([], name="空", stamp=STAMP)) == []


@pytest.mark.parametrize(
    ("plain", "inside"),
    [
        ("a;b,c", r"a\;b\,c"),
        ("a\\b", r"a\\b"),
        ("一\n二\r\n三\r四", r"一\n二\n三\n四"),
        ("\x00a\x0bb\x7f", "ab"),
        ("BEGIN:VEVENT", "BEGIN:VEVENT"),
    ],
)
def test_signs_that_mean_something_are_escaped(plain: str, inside: str) -> None:
    assert escaped(plain) == inside


def test_a_line_of_exactly_75_octets_is_left_alone_and_one_more_is_folded() -> None:
    assert folded("x" * 75) == b"x" * 75 + b"\r\n"
    assert folded("x" * 76) == b"x" * 75 + b"\r\n x\r\n"
    assert folded("镓" * 26) == "镓".encode() * 25 + b"\r\n " + "镓".encode() + b"\r\n"


@given(st.text(max_size=400), st.text(max_size=200))
def test_whatever_is_written_is_read_back(summary: str, description: str) -> None:
    def seen(value: str) -> str:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        return "".join(c for c in value if c in "\t\n" or not (ord(c) < 32 or ord(c) == 127))

    (read,) = events(written([Event("u", DAY, summary, description)], name="n", stamp=STAMP))
    assert text(read["SUMMARY"]) == seen(summary)
    assert text(read.get("DESCRIPTION", "")) == seen(description)
