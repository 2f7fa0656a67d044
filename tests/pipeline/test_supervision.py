"""The 13710 clocks as pure functions: nodes, due days, lights, and their properties."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lights import Light
from pipeline.models import Node
from pipeline.supervision import (
    NODES,
    Clock,
    Facts,
    Happening,
    Rules,
    WorkingCalendar,
    clock_of,
    due_day,
    light,
    month_later,
    runs,
    was_late,
)
from tests.factories import instant

SUNDAY = dt.date(2026, 9, 20)
DAYS = st.dates(dt.date(2023, 1, 1), dt.date(2029, 12, 31))
ORDER = [Light.GREEN, Light.YELLOW, Light.RED]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def happened(*said: tuple[str, str] | tuple[str, str, str]) -> list[Happening]:
    return [Happening(s[0], instant(s[1]), day(s[2]) if len(s) > 2 else None) for s in said]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2026-08-31", "2026-09-30"),
        ("2026-12-15", "2027-01-15"),
        ("2026-02-28", "2026-03-28"),
    ],
)
def test_a_month_is_clamped_to_the_month_s_end(start: str, end: str) -> None:
    assert month_later(day(start)) == day(end)


def test_the_nodes_count_from_day_0() -> None:
    assert [due_day(node, SUNDAY) for node in list(NODES)[:4]] == [
        day("2026-09-20"),
        day("2026-09-23"),
        day("2026-09-27"),
        day("2026-10-20"),
    ]


def test_the_nodes_follow_each_other() -> None:
    events = happened(
        ("issued", "2026-09-20 09:00"),
        ("assigned", "2026-09-20 15:00"),
        ("progress", "2026-09-21 09:00"),
        ("feedback", "2026-09-23 09:00"),
        ("planned", "2026-09-24 09:00", "2026-11-30"),
        ("submitted", "2026-11-20 09:00"),
    )

    def after(count: int, **more: object) -> Clock | None:
        return clock_of(Facts(SUNDAY, events=events[:count], **more), Rules())  # type: ignore[arg-type]

    assert after(1) == Clock(Node.ASSIGN, SUNDAY)
    assert after(2) == Clock(Node.FEEDBACK, day("2026-09-23"))
    assert after(3) == after(2)
    assert after(4) == Clock(Node.ORDINARY, day("2026-09-27"))
    assert after(4, is_major=True) == Clock(Node.MAJOR, day("2026-10-20"))
    assert after(4, due_on=day("2026-10-08")) == Clock(Node.PLANNED, day("2026-10-08"))
    assert after(5) == Clock(Node.PLANNED, day("2026-11-30"))
    assert after(6) is None


def test_a_returned_answer_counts_as_never_given() -> None:
    events = happened(
        ("issued", "2026-09-20 09:00"),
        ("assigned", "2026-09-20 15:00"),
        ("feedback", "2026-09-21 09:00"),
        ("submitted", "2026-09-26 09:00"),
        ("returned", "2026-10-02 09:00"),
    )
    facts = Facts(SUNDAY, events=events)
    assert clock_of(facts, Rules()) == Clock(Node.ORDINARY, day("2026-09-27"))
    before = Facts(SUNDAY, events=events[:-1])
    assert not was_late(runs(before, Rules()), at=instant("2026-10-01 09:00"))
    assert was_late(runs(facts, Rules()), at=instant("2026-10-02 09:00"))


def test_lateness_begins_with_the_midnight_after_the_due_day() -> None:
    facts = Facts(SUNDAY, events=happened(("issued", "2026-09-20 09:00")))
    found = runs(facts, Rules())
    assert not was_late(found, at=instant("2026-09-20 23:59"))
    assert was_late(found, at=instant("2026-09-21 00:00"))


@pytest.mark.parametrize(
    ("node", "due", "at", "expected"),
    [
        (Node.ASSIGN, "2026-09-20", "2026-09-20 19:59", Light.GREEN),
        (Node.ASSIGN, "2026-09-20", "2026-09-20 20:00", Light.YELLOW),
        (Node.ASSIGN, "2026-09-20", "2026-09-21 00:00", Light.RED),
        (Node.FEEDBACK, "2026-09-23", "2026-09-21 23:59", Light.GREEN),
        (Node.FEEDBACK, "2026-09-23", "2026-09-22 00:00", Light.YELLOW),
        (Node.FEEDBACK, "2026-09-23", "2026-09-23 23:59", Light.YELLOW),
        (Node.ORDINARY, "2026-09-27", "2026-09-24 12:00", Light.GREEN),
        (Node.ORDINARY, "2026-09-27", "2026-09-25 00:00", Light.YELLOW),
        (Node.MAJOR, "2026-10-20", "2026-10-16 12:00", Light.GREEN),
        (Node.MAJOR, "2026-10-20", "2026-10-17 00:00", Light.YELLOW),
        (Node.PLANNED, "2026-10-20", "2026-10-17 00:00", Light.YELLOW),
        (Node.PLANNED, "2026-10-20", "2026-10-21 00:00", Light.RED),
    ],
)
def test_when_a_light_changes(node: Node, due: str, at: str, expected: Light) -> None:
    assert light(node, day(due), instant(at), Rules()) == expected


# --- the working calendar ---------------------------------------------------------------------
HOLIDAYS = WorkingCalendar(
    {day(f"2026-10-{n:02}"): False for n in range(1, 8)} | {day("2026-10-10"): True}
)


def test_a_due_day_on_a_holiday_moves_to_the_next_working_day() -> None:
    assert HOLIDAYS.rolled(day("2026-10-03")) == day("2026-10-08")
    assert HOLIDAYS.rolled(day("2026-10-10")) == day("2026-10-10")  # a Saturday that is worked
    assert HOLIDAYS.rolled(day("2026-10-11")) == day("2026-10-12")
    facts = Facts(SUNDAY, rolls=True)
    assert clock_of(facts, Rules(calendar=HOLIDAYS)) == Clock(Node.ASSIGN, day("2026-09-21"))
    assert clock_of(Facts(SUNDAY), Rules(calendar=HOLIDAYS)) == Clock(Node.ASSIGN, SUNDAY)


def test_a_year_that_nobody_entered_moves_nothing_and_is_named() -> None:
    saturday = day("2027-01-02")
    assert HOLIDAYS.rolled(saturday) == saturday
    assert HOLIDAYS.missing_years([saturday, SUNDAY]) == [2027]


CALENDARS = st.dictionaries(DAYS, st.booleans(), max_size=80).map(WorkingCalendar)


@given(DAYS, DAYS)
def test_a_later_day_0_is_never_due_earlier(one: dt.date, other: dt.date) -> None:
    first, second = sorted([one, other])
    for node in NODES:
        assert due_day(node, first) <= due_day(node, second)


@given(DAYS)
def test_a_month_later_lies_in_the_next_month(day0: dt.date) -> None:
    found = month_later(day0)
    assert (found.year * 12 + found.month) - (day0.year * 12 + day0.month) == 1
    assert found.day == day0.day or (found + dt.timedelta(days=1)).day == 1


@given(CALENDARS, DAYS, DAYS)
def test_rolling_goes_forward_keeps_the_order_and_lands_on_a_working_day(
    calendar: WorkingCalendar, one: dt.date, other: dt.date
) -> None:
    first, second = sorted([one, other])
    moved = calendar.rolled(first)
    assert first <= moved <= calendar.rolled(second) or moved == first
    assert calendar.rolled(first) <= calendar.rolled(second)
    if moved != first:
        assert calendar.is_working(moved)
        assert not calendar.is_working(first)
        assert moved.year in calendar.years


@given(st.sampled_from(list(NODES)), DAYS, st.lists(st.integers(-900, 300), min_size=2))
def test_a_light_never_goes_back_as_time_passes(node: Node, due: dt.date, hours: list[int]) -> None:
    midday = instant(f"{due} 12:00")
    seen = [light(node, due, midday + dt.timedelta(hours=h), Rules()) for h in sorted(hours)]
    assert [ORDER.index(one) for one in seen] == sorted(ORDER.index(one) for one in seen)
