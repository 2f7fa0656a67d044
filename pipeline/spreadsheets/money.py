"""Money as clerks write it: 1.2亿, 12,000万元, 约3亿, 3亿5000万, a number under a header's unit."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from pipeline.spreadsheets.cells import (
    BadCell,
    Broken,
    Cell,
    Measured,
    Month,
    number_text,
    says_not_yet,
    says_nothing,
    squeeze,
)

FEN = Decimal("0.01")
LIMIT = Decimal(10) ** 12
"""Amounts are below this many yuan. One project of a county over a trillion is a number of
万元 under a header in 亿元: a reader would ask."""

FOREIGN = "外币"
"""The unit of a column in another currency: nothing in it can be read as yuan."""

_UNITS = {
    "元": Decimal(1),
    "百元": Decimal(100),
    "千元": Decimal(1000),
    "万": Decimal(10) ** 4,
    "十万": Decimal(10) ** 5,
    "百万": Decimal(10) ** 6,
    "千万": Decimal(10) ** 7,
    "亿": Decimal(10) ** 8,
    "十亿": Decimal(10) ** 9,
    "百亿": Decimal(10) ** 10,
    "千亿": Decimal(10) ** 11,
    "万亿": Decimal(10) ** 12,
}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_FOREIGN = re.compile(
    r"美元|美金|美刀|港元|港币|港幣|欧元|日元|日圆|英镑|韩元|韩币|台币|新台币|澳元|加元|新加坡元|卢布|瑞郎"
    r"|\$|€|£|₩|(?<![a-z])(?:usd|hkd|eur|jpy|gbp|krw|twd|aud|cad|sgd)(?![a-z])",
    re.IGNORECASE,
)
_TRADITIONAL = str.maketrans("億萬圆圓", "亿万元元")


def find_unit(text: str) -> str | None:
    """The one unit of money that a header, title or note names, ``FOREIGN``, or ``None``.

    「协议总投资(亿元)」「单位：万元、亩」; where two units are named none is certain.
    """
    text = squeeze(text).translate(_TRADITIONAL)
    if _FOREIGN.search(text):
        return FOREIGN
    found = {unit for unit in re.findall(_UNIT, text) if unit not in ("元", "百元")}
    if not found and re.search(r"[(:、/,]元|^元", text):
        return "元"
    return found.pop() if len(found) == 1 else None


def read_money(cell: Cell, unit: str | None) -> Decimal | None:
    """An amount in yuan, exact to the fen, or ``None`` where the cell says nothing.

    ``unit`` is that of the column (``find_unit`` of its header, or else of the sheet's
    note); a unit in the cell comes before it. A number that Excel calculated is taken at
    its 15 significant digits and rounded half up to the fen.

    Raises :class:`BadCell` (``bad_amount``) where a reader would have to ask: no unit, a
    range, a foreign currency, less than zero, "more than", or no amount at all.
    """
    match cell:
        case str():
            return _from_text(cell, unit)
        case bool() | dt.date() | dt.time() | dt.timedelta() | Month():
            raise BadCell("bad_amount", "不是金额")
        case int() | float():
            return _from_number(number_text(cell), unit)
        case Measured():
            return _from_number(number_text(cell.number), find_unit(cell.unit))
        case Broken():
            raise BadCell("bad_amount", "公式出错")
    raise BadCell("bad_amount", "不是金额")


def _from_number(digits: str, unit: str | None) -> Decimal:
    number = Decimal(digits)
    if number < 0:
        raise BadCell("bad_amount", "金额为负")
    if not number:
        return Decimal("0.00")
    return _yuan(number, unit)


def _yuan(number: Decimal, unit: str | None) -> Decimal:
    if unit is None:
        raise BadCell("bad_amount", "没有单位，单元格、表头和表中说明里都没有写")
    if unit == FOREIGN:
        raise BadCell("bad_amount", "是外币")
    amount = number * _UNITS[unit]
    if amount >= LIMIT:
        raise BadCell("bad_amount", "超过 1 万亿元，请核对单位")
    return amount.quantize(FEN, ROUND_HALF_UP)


_YUAN_WORDS = re.compile(r"人民币|rmb|cny|¥|\((?:人民币|约|(?:其中|含)[^()]*)\)", re.IGNORECASE)
_BEFORE = re.compile(r"^(?:(?:协议|计划|项目)?总?投资额?|共计?|合计|总计|为|:)*(?:大?约为?)?")
_AFTER = re.compile(r"(?:左右|[整正])$")
_NUMBER = r"\d+(?:\.\d+)?|\.\d+"
_PLAIN = re.compile(_NUMBER)
_PART = re.compile(rf"零?({_NUMBER})({_UNIT})元?")
_RANGE = re.compile(r"\d(?:亿|万)?元?[-—–―~至到]+\d")
_GROUPED = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])")
_VAGUE = re.compile(
    r"近|超|逾|多|余|以上|以下|以内|不低于|不少于|不超过|不足|至少|最少|最多|数|几|[<>≥≤+]"
)


@lru_cache(maxsize=8192)
def _from_text(cell: str, unit: str | None) -> Decimal | None:
    text = squeeze(cell).translate(_TRADITIONAL)
    if says_nothing(text) or says_not_yet(text):
        return None
    if _FOREIGN.search(text):
        raise BadCell("bad_amount", "是外币")
    bare = _YUAN_WORDS.sub("", text)
    if bare != text:
        unit = unit or "元"  # ¥12000 says what it counts
    text = _BEFORE.sub("", bare.rstrip("。.;,"), count=1)
    text = _arabic(_GROUPED.sub(lambda match: match[0].replace(",", ""), text))
    if re.match(r"[-−负]", text) or re.fullmatch(r"\(\d[^()]*\)", text):
        raise BadCell("bad_amount", "金额为负")
    if _RANGE.search(text):
        raise BadCell("bad_amount", "是一个范围，不是一个数")
    if _VAGUE.search(text):
        raise BadCell("bad_amount", "不是一个确定的数")
    text = _AFTER.sub("", _AFTER.sub("", text))
    if _PLAIN.fullmatch(text):
        return _from_number(text, unit)
    return _sum_of_parts(text)


def _sum_of_parts(text: str) -> Decimal:
    """3亿5000万: each part less than one of the unit before it, and only the last a fraction."""
    total = Decimal(0)
    below: Decimal | None = None
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if not match:
            raise BadCell("bad_amount", "看不出金额")
        number, unit = Decimal(match[1]), match[2]
        amount = _yuan(number, unit)
        if below is not None and amount >= below:
            raise BadCell("bad_amount", "看不出金额")
        if match.end() < len(text) and number != int(number):
            raise BadCell("bad_amount", "看不出金额")
        total, below, at = total + amount, _UNITS[unit], match.end()
    if not at or total >= LIMIT:
        raise BadCell("bad_amount", "看不出金额")
    return total


_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    char: value for value, char in enumerate("〇壹贰叁肆伍陆柒捌玖")
} | {"两": 2, "○": 0}  # fmt: skip
_TENS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_CHINESE = re.compile(
    "[" + "".join(_DIGITS) + "".join(_TENS) + "]+(?:点[" + "".join(_DIGITS) + "]+)?"
)


def _arabic(text: str) -> str:
    """Chinese numerals as digits (三点五亿, 壹亿贰仟万元); the units themselves stay.

    千万 after a digit is a unit, as in 5千万; so is 百 or 千 alone, as in 2千元.
    """

    def digits(match: re.Match[str]) -> str:
        whole, _, fraction = match[0].partition("点")
        if match.start() and text[match.start() - 1].isdigit():
            return match[0]  # 5千万: the unit of a number in digits
        value, digit = 0, 0
        for char in whole:
            if char in _DIGITS:
                if digit:
                    raise BadCell("bad_amount", "看不出金额")
                digit = _DIGITS[char]
            else:
                value, digit = value + (digit or 1) * _TENS[char], 0
        last_unit = next((char for char in reversed(whole[:-1]) if char in _TENS), None)
        if digit and last_unit and _TENS[last_unit] > 10 and "零" not in whole:
            raise BadCell("bad_amount", "看不出金额")  # 三百五 is 350 in speech, 305 in writing
        value += digit
        return f"{value}" + ("." + "".join(str(_DIGITS[c]) for c in fraction) if fraction else "")

    return _CHINESE.sub(digits, text)
