"""By when something is to be done, as minutes say it: 3月底前, 2026年12月31日, 长期坚持.

What a phrase leaves open is taken from the day of the meeting; what a reader would have to
ask about is refused with the question. Nothing is guessed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata

from django.utils.translation import gettext as _

from pipeline.minutes.numerals import NUMERAL, number_of


class BadDeadline(ValueError):
    """A phrase that names no one day; the message says why."""


def read_deadline(text: str, held_on: dt.date) -> dt.date | None:
    """The last day that a phrase allows; None where none is set (长期坚持, 立即办理).

    Raises :class:`BadDeadline`.
    """
    phrase = _plain(text)
    if not phrase or _STANDING.fullmatch(phrase):
        return None
    for pattern, reader in _READERS:
        if match := pattern.fullmatch(phrase):
            try:
                return reader(match, held_on)
            except (ValueError, OverflowError) as error:
                if isinstance(error, BadDeadline):
                    raise
                raise BadDeadline(_("日历上没有“%s”这一天") % text.strip()) from error
    raise BadDeadline(_("看不出“%s”是哪一天") % text.strip())


_AROUND = (
    re.compile(r"^(?:务必|必须|确保|力争|争取|原则上|要|应|于|在|到|至|截至|截止)+"),
    re.compile(r"(?:全面|全部|基本)?(?:完成|办结|落实|建成|到位|见效|报送|上报|办理)+(?:到位)?$"),
    re.compile(r"(?:之|以)(?=前$)"),
)
_NUMBER = re.compile(rf"{NUMERAL}+(?=年|月|日|号|天|个|周|星期|季度)")
_STANDING = re.compile(
    r"(?:并)?(?:长期|持续|常态化?|经常性?)(?:坚持|推进|进行|开展|抓好|抓|落实|任务|工作)*"
    r"|(?:立即|马上|即刻|即日|即时|立行立改|即知即改|随时)(?:办理|整改|落实|起)*"
)


def _plain(text: str) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).strip("。;,、:()")
    for pattern in _AROUND:
        text = pattern.sub("", text)
    return _NUMBER.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    try:
        return str(number_of(match[0]))
    except ValueError:
        return match[0]


def _year(said: str | None, held_on: dt.date) -> int | None:
    """今年, 明年 or four digits; None where the year is left out."""
    if not said:
        return None
    if said in ("今", "本", "当"):
        return held_on.year
    return held_on.year + 1 if said in ("明", "来", "次") else int(said)


def _last(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _next(held_on: dt.date, year: int | None, month: int, day: int = 0) -> dt.date:
    """A day (0: the last) of a month; without a year the first one not before the meeting."""
    if year is not None:
        return dt.date(year, month, day) if day else _last(year, month)
    for each in range(held_on.year, held_on.year + 9):  # 29 February comes every four years
        try:
            found = dt.date(each, month, day) if day else _last(each, month)
        except ValueError:
            if (month, day) != (2, 29):
                raise
            continue
        if found >= held_on:
            return found
    raise ValueError(month)


def _day(match: re.Match[str], held_on: dt.date) -> dt.date:
    return _next(held_on, _year(match["year"], held_on), int(match["month"]), int(match["day"]))


def _month(match: re.Match[str], held_on: dt.date) -> dt.date:
    month, part = int(match["month"]), match["part"]
    if not 1 <= month <= 12:
        raise ValueError(month)
    if match["before"] and not part:
        earlier = (month - 2) % 12 + 1
        words = _("“%(month)s月前”可能是%(earlier)s月底，也可能是%(month)s月底")
        raise BadDeadline(words % {"month": month, "earlier": earlier})
    return _next(held_on, _year(match["year"], held_on), month, _PARTS.get(part or "", 0))


def _this_month(match: re.Match[str], held_on: dt.date) -> dt.date:
    year, month = held_on.year, held_on.month
    if match["which"] in ("下", "次"):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    if match["day"]:
        return dt.date(year, month, int(match["day"]))
    part = _PARTS.get(match["part"], 0)
    return dt.date(year, month, part) if part else _last(year, month)


def _end_of_year(match: re.Match[str], held_on: dt.date) -> dt.date:
    return dt.date(_year(match["year"], held_on) or held_on.year, 12, 31)


def _quarter(match: re.Match[str], held_on: dt.date) -> dt.date:
    return _next(held_on, _year(match["year"], held_on), int(match["quarter"]) * 3)


def _half(match: re.Match[str], held_on: dt.date) -> dt.date:
    month = 6 if match["half"] == "上" else 12
    return _next(held_on, _year(match["year"], held_on), month)


def _within(match: re.Match[str], held_on: dt.date) -> dt.date:
    count, unit = match["count"], match["unit"]
    if unit == "个工作日":
        raise BadDeadline(_("工作日要按日历推算，请填写日期"))
    if count == "半":
        days = {"个月": 15, "年": 0}.get(unit, 0)
        if unit == "年":
            return _months_on(held_on, 6)
        if not days:
            raise BadDeadline(_("看不出“%s”是哪一天") % match[0])
        return held_on + dt.timedelta(days=days)
    many = int(count)
    if unit == "个月":
        return _months_on(held_on, many)
    if unit == "年":
        return _months_on(held_on, 12 * many)
    return held_on + dt.timedelta(days=many * (1 if unit in ("天", "日") else 7))


def _months_on(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


_PARTS = {"上旬": 10, "中旬": 20, "中": 15}
_YEAR = r"(?:(?P<year>\d{4}|[今本当明来次])年)?"
_READERS = (
    (re.compile(rf"{_YEAR}(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})[日号]?前?"), _day),
    (
        re.compile(r"(?P<year>\d{4})(?P<sign>[-./])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})前?"),
        _day,
    ),
    (
        re.compile(
            rf"{_YEAR}(?P<month>\d{{1,2}})月份?(?P<part>上旬|中旬|下旬|中|底|末|内)?(?P<before>前)?"
        ),
        _month,
    ),
    (
        re.compile(
            r"(?P<which>本|当|下|次)?个?月(?:(?P<part>上旬|中旬|下旬|底|末|内)|(?P<day>\d{1,2})[日号])前?"
        ),
        _this_month,
    ),
    (
        re.compile(r"(?:(?P<year>\d{4}|[今本当明来次])年?|年)(?:年?底|年?末|年?内|全年)前?"),
        _end_of_year,
    ),
    (re.compile(r"(?P<year>\d{4}|[今本当明来次])年(?:全年)?"), _end_of_year),
    (re.compile(rf"{_YEAR}第?(?P<quarter>[1-4])季度(?:底|末|内)?前?"), _quarter),
    (re.compile(rf"{_YEAR}(?P<half>[上下])半年(?:底|末|内)?前?"), _half),
    (
        re.compile(
            r"(?:会后|自?会议(?:召开)?之日起)?(?P<count>\d{1,3}|半)"
            r"(?P<unit>个工作日|天|日|个?星期|周|个月|年)(?:之|以)?内"
        ),
        _within,
    ),
)
