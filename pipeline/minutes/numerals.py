"""Chinese numbers as minutes have them: 一, 十二, 二十三, 二〇二六."""

from __future__ import annotations

import re

_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "○": 0,
    "两": 2,
}
NUMERAL = "[〇零○一二两三四五六七八九十]"
"""One sign of a Chinese number below a hundred, or of a year."""


def number_of(text: str) -> int:
    """The value of a number below a hundred, in digits or signs; of a year, digit by digit.

    Raises ``ValueError`` for anything else.
    """
    if text.isdecimal():
        return int(text)
    if not re.fullmatch(f"{NUMERAL}+", text):
        raise ValueError(text)
    if "十" not in text:
        return int("".join(str(_DIGITS[sign]) for sign in text))
    tens, _ten, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        raise ValueError(text)
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def numeral_of(number: int) -> str:
    """A number from 1 to 99 in signs."""
    if not 0 < number < 100:
        raise ValueError(number)
    signs = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{signs[tens]}十"
    return head + (signs[ones] if ones else "")
