"""What stands in a cell, beyond text, numbers and days; and how a cell reads as text."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Month:
    """A date of which the sheet shows only year and month; typed as 2026年3月, kept as 1 March."""

    first: dt.date


@dataclass(frozen=True, slots=True)
class Measured:
    """A number whose display format adds a unit of money: 1.2 shown as 1.2亿元."""

    number: float
    unit: str


@dataclass(frozen=True, slots=True)
class Uncomputed:
    """A formula that was saved without its result."""

    formula: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A formula whose result is an error, such as #REF!."""

    error: str


Cell = (
    str
    | int
    | float
    | bool
    | dt.date
    | dt.datetime
    | dt.time
    | dt.timedelta
    | Month
    | Measured
    | Uncomputed
    | Broken
)


class BadCell(ValueError):
    """A cell that cannot be read: the reject's code, and in Chinese what is wrong with it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def number_text(number: float) -> str:
    """A number as Excel shows it: at most 15 significant digits, no exponent, no ``.0``."""
    text = format(number, ".15g")
    if "e" in text:
        text = format(number, "f").rstrip("0").rstrip(".")
    return text


def as_text(cell: object) -> str:
    """A cell as a clerk reads it."""
    if isinstance(cell, str):
        return cell
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int():
            return str(cell)
        case float():
            return number_text(cell)
        case dt.datetime():
            midnight = cell.time() == dt.time()
            return cell.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
        case Month():
            return f"{cell.first.year}年{cell.first.month}月"
        case Measured():
            return f"{number_text(cell.number)}{cell.unit}"
        case Uncomputed():
            return cell.formula
        case Broken():
            return cell.error
        case None:
            return ""
    return str(cell)


_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")


def squeeze(text: str) -> str:
    """Text in NFKC and without blanks or line breaks: full-width forms become plain ones."""
    text = unicodedata.normalize("NFKC", text)
    if text.isprintable() and " " not in text:  # nothing to remove, and found out fast
        return text
    return _BLANKS.sub("", text)


_NOTHING = re.compile(
    r"[-—–―_/\\|.。、*×无空〇○]*"
    r"|(?:暂|尚|还)?(?:无|没有|未定|未知|不详|不明|待定|待补|待填|待确认)"
    r"|n/?a|null|none",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"否|(?:暂|尚|还)?未(?!来)[^\d]{0,8}|(?:正在)?筹备中?|前期(?:工作|手续)?(?:办理)?中?"
    r"|(?:手续)?(?:正在)?办理中?|(?:正在)?(?:在谈|洽谈|对接)中?|待(?:开工|建|动工|签约|签|投产|落实|办理)"
)


def says_nothing(text: str) -> bool:
    """Whether a squeezed text stands for an empty cell: 「—」「/」「无」「待定」."""
    return _NOTHING.fullmatch(text) is not None


def says_not_yet(text: str) -> bool:
    """Whether a squeezed text says that something has not happened: 「未开工」「筹备中」."""
    return _NOT_YET.fullmatch(text) is not None
