"""By when something is to be done, in a clerk's words."""

import calendar
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.minutes import BadDeadline, read_deadline
from pipeline.minutes.numerals import number_of, numeral_of

HELD = dt.date(2026, 3, 16)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026年12月31日", (2026, 12, 31)),
        ("2026年3月底前", (2026, 3, 31)),
        ("2026.5.8前", (2026, 5, 8)),
        ("二〇二六年六月三十日前完成", (2026, 6, 30)),
        ("4月30日前", (2026, 4, 30)),
        ("2月底前", (2027, 2, 28)),
        ("2月29日前", (2028, 2, 29)),
        ("月底前", (2026, 3, 31)),
        ("本月25日前", (2026, 3, 25)),
        ("下月10日前", (2026, 4, 10)),
        ("4月中旬", (2026, 4, 20)),
        ("9月", (2026, 9, 30)),
        ("年底前", (2026, 12, 31)),
        ("今年年底前", (2026, 12, 31)),
        ("2026年内", (2026, 12, 31)),
        ("明年3月底前", (2027, 3, 31)),
        ("三季度末", (2026, 9, 30)),
        ("2026年上半年", (2026, 6, 30)),
        ("30日内", (2026, 4, 15)),
        ("会后一个月内", (2026, 4, 16)),
        ("两周内", (2026, 3, 30)),
        ("确保于 2026 年 10 月 31 日之前全面完成。", (2026, 10, 31)),
    ],
)
def test_a_phrase_that_a_reader_understands_is_the_last_day_it_allows(
    text: str, day: tuple[int, int, int]
) -> None:
    assert read_deadline(text, HELD) == dt.date(*day)


@pytest.mark.parametrize("text", ["长期坚持", "持续推进", "立即办理", "立行立改", "常态化", ""])
def test_what_never_ends_or_is_to_be_done_at_once_sets_no_day(text: str) -> None:
    assert read_deadline(text, HELD) is None


@pytest.mark.parametrize(
    "text",
    ["3月前", "5个工作日内", "春节前", "每月5日前", "2026年2月30日", "13月底", "视情况", "尽快"],
)
def test_what_a_reader_would_ask_about_is_refused(text: str) -> None:
    with pytest.raises(BadDeadline):
        read_deadline(text, HELD)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31)), st.integers(1, 12))
def test_the_end_of_a_month_without_a_year_is_the_next_one(held_on: dt.date, month: int) -> None:
    found = read_deadline(f"{month}月底前", held_on)
    assert found is not None
    assert found.month == month
    assert found.day == calendar.monthrange(found.year, month)[1]
    assert dt.timedelta(0) <= found - held_on < dt.timedelta(days=366)


@given(st.text(max_size=20), st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31)))
def test_any_text_is_a_day_or_is_refused(text: str, held_on: dt.date) -> None:
    try:
        found = read_deadline(text, held_on)
    except BadDeadline:
        return
    assert found is None or isinstance(found, dt.date)


@given(st.integers(1, 99))
def test_numerals_are_read_as_they_are_written(number: int) -> None:
    assert number_of(numeral_of(number)) == number
