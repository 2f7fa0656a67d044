"""A day as clerks write it: a real date, 2026.3.5, 2026年3月5日, 20260305, 2026年3月, a serial."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache

from pipeline.days import MONTH, Day
from pipeline.spreadsheets.cells import (
    BadCell,
    Broken,
    Cell,
    Month,
    number_text,
    says_not_yet,
    says_nothing,
)

FIRST_YEAR, LAST_YEAR = 1980, 2099
_EPOCH = dt.date(1899, 12, 30)
_EPOCH_1904 = dt.date(1904, 1, 1)


def read_day(
    cell: Cell, today: dt.date, *, planned: bool = False, since_1904: bool = False
) -> Day | None:
    """The day that a cell names, or ``None`` where it says nothing (「—」「未开工」).

    ``planned`` also reads what is said of plans only: 预计2026年三季度, 2026年底. Serial
    numbers count from 1904 in a workbook that says so (``since_1904``).

    Raises :class:`BadCell` with ``ambiguous_date`` for a number like 2023.1, which Excel
    makes of 2023.10 as well, and ``bad_date`` for anything else that is not one day or
    month. Two-digit years are not guessed.
    """
    match cell:
        case bool() | dt.time() | dt.timedelta():
            raise BadCell("bad_date", "不是日期")
        case dt.datetime():
            return _day(cell.year, cell.month, cell.day)
        case dt.date():
            return _day(cell.year, cell.month, cell.day)
        case Month():
            return _month(cell.first.year, cell.first.month, today)
        case int() | float():
            return _from_number(cell, today, since_1904)
        case str():
            return _from_text(cell, today, planned, since_1904)
        case Broken():
            raise BadCell("bad_date", "公式出错")
    raise BadCell("bad_date", "不是日期")


def _day(year: int, month: int, day: int) -> Day:
    _check_year(year)
    try:
        return Day(dt.date(year, month, day))
    except ValueError:
        raise BadCell("bad_date", "日历上没有这一天") from None


def _month(year: int, month: int, today: dt.date) -> Day:
    _check_year(year)
    if not 1 <= month <= 12:
        raise BadCell("bad_date", "没有这个月份")
    return Day.counted(dt.date(year, month, 1), MONTH, today=today)


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadCell("bad_date", f"年份不在 {FIRST_YEAR}—{LAST_YEAR} 之间")


def _from_number(number: float, today: dt.date, since_1904: bool) -> Day:
    text = number_text(number)
    if re.fullmatch(r"\d{4}\.1", text):
        raise BadCell("ambiguous_date", "可能是 1 月，也可能是 10 月")
    if match := re.fullmatch(r"(\d{4})\.(\d{1,2})", text):
        return _month(int(match[1]), int(match[2]), today)
    return _from_digits(text.split(".")[0], today, since_1904)


def _from_digits(digits: str, today: dt.date, since_1904: bool) -> Day:
    """20260305, 202603, or the serial number of a day."""
    if not re.fullmatch(r"\d{5,6}|\d{8}", digits):
        raise BadCell("bad_date", "看不出年月日")
    if len(digits) == 8:
        return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if len(digits) == 6:
        return _month(int(digits[:4]), int(digits[4:]), today)
    on = (_EPOCH_1904 if since_1904 else _EPOCH) + dt.timedelta(days=int(digits))
    return _day(on.year, on.month, on.day)


# Anything between year, month and day, as long as it cannot mean "from ... to".
_SEPARATOR = r"\s*[年月]\s*|\s*[^\w\s()]{1,2}\s*|_|\s+"
_FULL = re.compile(rf"(\d{{4}})({_SEPARATOR})(\d{{1,2}})({_SEPARATOR})(\d{{1,2}})\s*[日号.。]?")
_YEAR_MONTH = re.compile(rf"(\d{{4}})(?:{_SEPARATOR})(\d{{1,2}})\s*(?:月份?|[.。])?")
_UNTIL = re.compile(r"[-—–―~]")
_TIME = re.compile(
    r"[\sT]*(?:上午|下午|[AP]M)?\s*\d{1,2}[:时]\d{1,2}(?:[:分](?:\d{1,2}(?:\.\d+)?秒?)?)?\s*"
    r"(?:[AP]M)?(?:Z|\+\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"\s*\(?(?:星期|周)[一二三四五六日天]\)?$")
_EVENT = (
    r"(?:正式|已|全面|建成)*(?:开工|动工|奠基|签约|签订|签署|投产|竣工|建成|完工|完成)"
    r"(?:建设|投产|仪式)?"
)
_TOLD = re.compile(rf"\s*(?:{_EVENT}|\({_EVENT}\))$")  # 2026年3月5日（奠基）
_SINCE = re.compile(r"^(?:已?于|自)\s*")
_PART_OF_MONTH = re.compile(r"(?<=月)\s*份?(?:上旬|中旬|下旬|初|中|底|末)$")

_PLAN_BEFORE = re.compile(r"^(?:计划|预计|拟|力争|争取|约|预期)(?:于|在)?\s*")
_PLAN_AFTER = re.compile(
    r"\s*(?:之?前|左右|以前)?\s*(?:开工|动工|投产|竣工|建成|完工|完成)?(?:建设|投产)?$"
)
_PART_OF_YEAR = {
    "一季度": 3, "二季度": 6, "三季度": 9, "四季度": 12, "1季度": 3, "2季度": 6, "3季度": 9,
    "4季度": 12, "上半年": 6, "下半年": 12, "底": 12, "年底": 12, "末": 12, "内": 12,
}  # fmt: skip
_YEAR_PART = re.compile(r"(\d{4})\s*年?\s*第?\s*([一二三四1-4]季度|上半年|下半年|年?底|末|内)")


@lru_cache(maxsize=8192)
def _from_text(cell: str, today: dt.date, planned: bool, since_1904: bool) -> Day | None:
    text = unicodedata.normalize("NFKC", cell).strip().strip("\u200b\ufeff")
    squeezed = re.sub(r"\s", "", text)
    if says_nothing(squeezed) or says_not_yet(squeezed):
        return None
    text = _arabic(_SINCE.sub("", text))
    if planned:
        text = _PLAN_AFTER.sub("", _PLAN_BEFORE.sub("", text))
        if match := _YEAR_PART.fullmatch(text):
            return _month(int(match[1]), _PART_OF_YEAR[match[2]], today)
    for addition in (_TIME, _WEEKDAY, _TOLD, _PART_OF_MONTH):
        text = addition.sub("", text)
    if match := _FULL.fullmatch(text):
        year, first, month, second, day = match.groups()
        if _UNTIL.search(second) and not _UNTIL.search(first):  # 2026.3-5: from March to May?
            raise BadCell("bad_date", "像是一段时间，不是一天")
        return _day(int(year), int(month), int(day))
    if match := _YEAR_MONTH.fullmatch(text):
        return _month(int(match[1]), int(match[2]), today)
    if text.isascii() and text.isdigit():
        return _from_digits(text, today, since_1904)
    if re.match(r"\d{2}\s*[.年/-]", text):
        raise BadCell("bad_date", "年份要写四位")
    raise BadCell("bad_date", "看不出年月日")


_CHINESE_DATE = re.compile(
    r"([〇○零Oo一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月(?:([一二三四五六七八九十]{1,3})[日号])?"
)
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {
    "○": 0, "零": 0, "O": 0, "o": 0,
}  # fmt: skip


def _arabic(text: str) -> str:
    """二〇二六年三月五日 in digits; other text as it is."""
    match = _CHINESE_DATE.match(text)
    if not match:
        return text
    year = "".join(str(_DIGITS[char]) for char in match[1])
    day = f"{_below_hundred(match[3])}日" if match[3] else ""
    return f"{year}年{_below_hundred(match[2])}月{day}{text[match.end() :]}"


def _below_hundred(text: str) -> int:
    tens, ten, ones = text.rpartition("十")
    return (_DIGITS[tens] if tens else 1) * 10 * bool(ten) + (_DIGITS[ones] if ones else 0)
