"""A roll-up as the contract's JSON document, and as a table for a terminal."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from pipeline.models import Metric
from pipeline.rollups import Rollup, Row
from pipeline.targets import rounded
from pipeline.written import YI


def document(rollup: Rollup) -> dict[str, Any]:
    """The document of ``rollup --json`` and ``/api/v1/rollup``.

    Amounts are text in yuan with 2 decimals, rates text with 4, half up; counts are
    numbers, with decimals only where credit is shared; null where there is none.
    """
    return {
        "year": rollup.window.year,
        "as_of": rollup.window.as_of.isoformat(),
        "known_at": rollup.window.known_at.isoformat(),
        "by": rollup.by,
        "rows": [_row(row, rollup) for row in rollup.rows],
        "total": _row(rollup.total, rollup),
    }


def _row(row: Row, rollup: Rollup) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "signed_projects": _count(row.signed_projects),
        "signed_amount_yuan": _text(row.signed_amount_yuan, 2),
        "started_same_year": _count(row.started_same_year),
        "start_rate": _text(row.start_rate, 4),
        "groundbreakings": _count(row.groundbreakings),
        "productions": _count(row.productions),
        "funds_received_yuan": _text(row.funds_received_yuan, 2),
        "targets": {
            "signed_projects": _count(row.target(Metric.SIGNED_PROJECTS)),
            "signed_amount_yuan": _text(row.target(Metric.SIGNED_AMOUNT), 2),
            "start_rate": _text(row.target(Metric.START_RATE), 4),
        },
        "completion": {
            "signed_projects": _text(row.completion(Metric.SIGNED_PROJECTS), 4),
            "signed_amount_yuan": _text(row.completion(Metric.SIGNED_AMOUNT), 4),
        },
        "start_rate_gap": _text(row.start_rate_gap, 4),
        "schedule": _text((row.schedules or {})[Metric.SIGNED_PROJECTS], 4),
    }


def _count(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _text(value: Decimal | None, places: int) -> str | None:
    return None if value is None else str(rounded(value, places))


def table(rollup: Rollup) -> str:
    """The roll-up as lines for a terminal, columns aligned by the width of the characters."""
    header = [
        _("园区") if rollup.by == "park" else _("分组"),
        _("签约(个)"),
        _("目标"),
        _("协议投资(亿元)"),
        _("目标"),
        _("当年开工"),
        _("开工率"),
        _("目标"),
        _("开工(个)"),
        _("投产(个)"),
        _("到位(亿元)"),
    ]
    lines = [header, *(_cells(row) for row in [*rollup.rows, rollup.total])]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            _pad(cell, width, left=i == 0)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _cells(row: Row) -> list[str]:
    def yi(value: Decimal | None) -> str:
        return "—" if value is None else f"{rounded(value / YI, 2):,}"

    def count(value: Decimal | None) -> str:
        return "—" if value is None else f"{value.normalize():f}"

    def percent(value: Decimal | None) -> str:
        return "—" if value is None else f"{rounded(value * 100, 1)}%"

    return [
        row.name,
        count(row.signed_projects),
        count(row.target(Metric.SIGNED_PROJECTS)),
        yi(row.signed_amount_yuan),
        yi(row.target(Metric.SIGNED_AMOUNT)),
        f"{count(row.started_same_year)}/{count(row.signed_projects)}",
        percent(row.start_rate),
        percent(row.target(Metric.START_RATE)),
        count(row.groundbreakings),
        count(row.productions),
        yi(row.funds_received_yuan),
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def _pad(text: str, width: int, *, left: bool) -> str:
    blank = " " * (width - _width(text))
    return text + blank if left else blank + text
