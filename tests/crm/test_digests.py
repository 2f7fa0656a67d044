"""When a message may go out: digests, quiet hours over midnight, holidays, make-up workdays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crm.digests import AT_ONCE, LONGEST, Hours, goes_at, is_day_off, may_go
from tests.factories import instant

NATIONAL_DAY = {
    **{dt.date(2026, 10, day): False for day in range(1, 8)},
    dt.date(2026, 9, 27): True,  # a Sunday that is made up for
    dt.date(2026, 10, 10): True,
}
NIGHT = {"quiet_from": dt.time(21), "quiet_until": dt.time(7, 30)}


def quiet_from(start: int, end: int) -> Hours:
    return Hours(quiet_from=dt.time(start), quiet_until=dt.time(end))


@pytest.mark.parametrize(
    ("hours", "at", "goes"),
    [
        (AT_ONCE, "2026-09-30 23:59", "2026-09-30 23:59"),
        (Hours(**NIGHT), "2026-09-30 20:59", "2026-09-30 20:59"),
        (Hours(**NIGHT), "2026-09-30 21:00", "2026-10-01 07:30"),
        (Hours(**NIGHT), "2026-09-30 00:10", "2026-09-30 07:30"),
        (quiet_from(12, 14), "2026-09-30 13:00", "2026-09-30 14:00"),
        (Hours(rests=True), "2026-10-01 09:00", "2026-10-08 00:00"),
        (Hours(rests=True, **NIGHT), "2026-09-30 22:00", "2026-10-08 07:30"),
        (Hours(rests=True), "2026-09-27 09:00", "2026-09-27 09:00"),
        (Hours(rests=True), "2026-09-26 09:00", "2026-09-27 00:00"),
        (Hours((dt.time(8, 30), dt.time(17, 30))), "2026-09-30 08:30", "2026-09-30 08:30"),
        (Hours((dt.time(8, 30), dt.time(17, 30))), "2026-09-30 08:31", "2026-09-30 17:30"),
        (Hours((dt.time(17, 30), dt.time(8, 30))), "2026-09-30 17:31", "2026-10-01 08:30"),
        (Hours((dt.time(8, 30),), rests=True), "2026-09-30 09:00", "2026-10-08 08:30"),
        (Hours((dt.time(6),), **NIGHT), "2026-09-30 22:00", "2026-10-01 07:30"),
        (quiet_from(8, 8), "2026-09-30 08:00", "2026-09-30 08:00"),
        (quiet_from(0, 7), "2026-09-30 00:00", "2026-09-30 07:00"),
        (quiet_from(7, 0), "2026-09-30 12:00", "2026-10-01 00:00"),
    ],
)
def test_a_message_waits_for_its_hour(hours: Hours, at: str, goes: str) -> None:
    assert goes_at(instant(at), hours, NATIONAL_DAY) == instant(goes)


def test_weekends_are_off_unless_made_up_for_and_holidays_are() -> None:
    assert is_day_off(dt.date(2026, 9, 26), NATIONAL_DAY)
    assert not is_day_off(dt.date(2026, 9, 27), NATIONAL_DAY)
    assert is_day_off(dt.date(2026, 10, 7), NATIONAL_DAY)
    assert not is_day_off(dt.date(2026, 10, 8), NATIONAL_DAY)


def test_a_calendar_without_a_workday_holds_nothing_back_for_ever() -> None:
    at = instant("2026-09-30 12:00")
    first = at.date() - dt.timedelta(days=1)
    never = {first + dt.timedelta(days=n): False for n in range(LONGEST.days + 9)}
    assert goes_at(at, Hours(rests=True), never) == at


times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
quiet = st.none() | st.tuples(times, times)
days = st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31))
calendars = st.dictionaries(st.dates(dt.date(2026, 9, 1), dt.date(2026, 11, 30)), st.booleans())
instants = st.integers(0, 75 * 24 * 60).map(
    lambda minutes: instant("2026-09-01 00:00") + dt.timedelta(minutes=minutes)
)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    start, end = draw(quiet) or (None, None)
    return Hours(tuple(draw(st.lists(times, max_size=4))), start, end, draw(st.booleans()))


@given(instants, hours(), calendars)
def test_it_never_goes_before_its_time_nor_in_quiet_hours_nor_on_a_day_off(
    at: dt.datetime, hours: Hours, calendar: dict[dt.date, bool]
) -> None:
    goes = goes_at(at, hours, calendar)
    assert goes >= at
    assert may_go(goes, hours, calendar)
    assert goes - at <= dt.timedelta(days=120)


@given(instants, instants, hours(), calendars)
def test_of_two_messages_the_later_never_goes_first(
    one: dt.datetime, other: dt.datetime, hours: Hours, calendar: dict[dt.date, bool]
) -> None:
    earlier, later = sorted((one, other))
    assert goes_at(earlier, hours, calendar) <= goes_at(later, hours, calendar)


@given(instants, hours(), calendars)
def test_what_may_go_has_arrived_at_its_hour(
    at: dt.datetime, hours: Hours, calendar: dict[dt.date, bool]
) -> None:
    goes = goes_at(at, hours, calendar)
    assert goes_at(goes, hours, calendar) == goes


@given(instants, hours(), calendars)
def test_digests_go_at_their_times_only_unless_they_are_all_quiet(
    at: dt.datetime, hours: Hours, calendar: dict[dt.date, bool]
) -> None:
    heard = [time for time in hours.digest_at if may_go(_on_a_workday(time), hours, {})]
    goes = timezone.localtime(goes_at(at, hours, calendar))
    if heard:
        assert goes.time() in heard


def _on_a_workday(time: dt.time) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(dt.date(2026, 9, 30), time))
