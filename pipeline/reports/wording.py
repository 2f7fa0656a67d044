"""Figures in words: what a value of a table looks like, and how sentences say changes.

Shares and growth are percentages (%), differences of percentages are percentage points
(百分点); what grew is said to have grown (增长), what shrank to have shrunk (下降), each with
a positive number. Half up, as everywhere.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from pipeline.targets import rounded
from pipeline.written import NONE, count, points, wan, yi


def percent(value: Decimal | None) -> str:
    """A fraction of 1 with one decimal, as official papers write it: 62.5%."""
    return NONE if value is None else f"{rounded(value * 100, 1):,}%"


def growth(value: Decimal | None) -> str:
    """A growth rate with its sign: +12.3%."""
    return NONE if value is None else f"{points(value)}%"


def growth_in_words(value: Decimal | None) -> str:
    """同比增长12.3%, 同比下降4.0%, 与上年同期持平, 上年同期为零."""
    if value is None:
        return _("上年同期为零，无同比")
    shown = rounded(abs(value) * 100, 1)
    if not shown:
        return _("与上年同期持平")
    words = _("同比增长%(value)s%%") if value > 0 else _("同比下降%(value)s%%")
    return words % {"value": f"{shown:,}"}


def points_in_words(value: Decimal | None) -> str:
    """同比提高2.5个百分点, 同比回落3.0个百分点, 与上年同期持平."""
    if value is None:
        return _("上年同期无可比数")
    shown = rounded(abs(value) * 100, 1)
    if not shown:
        return _("与上年同期持平")
    words = _("同比提高%(value)s个百分点") if value > 0 else _("同比回落%(value)s个百分点")
    return words % {"value": shown}


def behind_or_ahead(lead: Decimal | None) -> str:
    """超序时42.3个百分点, 欠序时12.9个百分点, 与序时进度持平."""
    if lead is None:
        return _("未设目标")
    shown = rounded(abs(lead) * 100, 1)
    if not shown:
        return _("与序时进度持平")
    words = _("超序时%(value)s个百分点") if lead > 0 else _("欠序时%(value)s个百分点")
    return words % {"value": f"{shown:,}"}


def gap_in_words(gap: Decimal | None) -> str:
    """高于目标2.5个百分点, 低于目标2.5个百分点, 与目标持平."""
    if gap is None:
        return _("尚无开工率")
    shown = rounded(abs(gap) * 100, 1)
    if not shown:
        return _("与目标持平")
    words = _("高于目标%(value)s个百分点") if gap > 0 else _("低于目标%(value)s个百分点")
    return words % {"value": shown}


def kind_in(row: Any, kind: str) -> str:
    """What a column's value is in a row that says so itself, in its last place (T1)."""
    if kind == "by_row":
        return str(row[-1])
    if kind == "growth_by_row":
        return "points" if row[-1] == "percent" else "growth"
    return kind


def cell(value: Any, kind: str, row: Any = None) -> str:
    """A value of a table as it is read; ``row`` decides where the kind stands in the row.

    Values come exact: decimals, or the text that a frozen report keeps them in.
    """
    if kind in ("text", "day"):
        return str(value) if value not in (None, "") else NONE
    if kind in ("rank", "days"):
        return NONE if value is None else str(value)
    known = {
        "count": count,
        "yi": yi,
        "wan": wan,
        "percent": percent,
        "points": points,
        "growth": growth,
    }
    return known[kind_in(row, kind)](None if value is None else Decimal(value))
