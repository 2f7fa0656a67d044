"""Charts of a report as SVG, drawn from the values of its tables: no script, real text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from pipeline.reports.wording import cell

WIDTH, LABEL, VALUE = 640, 190, 84
BAR, GAP, HEAD, FOOT = 20, 12, 34, 8
INK, MUTED, ACCENT, MARK, TRACK = "#20262d", "#586270", "#1d4f7c", "#20262d", "#e9e6de"
FONT = "'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


def svg(chart: Mapping[str, Any], tables: Mapping[str, Any]) -> str:
    """Bars, one for each row of the chart's table; a second column is a mark on each bar.

    What has no value has no bar and a dash. The longest bar is the largest value, or 1.
    """
    table = tables[chart["table"]]
    columns = {column["name"]: (i, column) for i, column in enumerate(table["columns"])}
    drawn, *marks = [columns[name] for name in chart["columns"]]
    rows = [row for row in table["rows"] if row[drawn[0]] is not None]
    largest = max([Decimal(1), *(Decimal(row[drawn[0]]) for row in rows)])
    scale = Decimal(WIDTH - LABEL - VALUE) / largest
    height = HEAD + max(len(rows), 1) * (BAR + GAP) + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{_quoted(chart["title"])}">',
        _text(0, 18, chart["title"], INK, size=15, weight="bold"),
    ]
    for number, row in enumerate(rows):
        parts += _bar(row, drawn, marks, HEAD + number * (BAR + GAP), scale)
    return "".join([*parts, "</svg>"])


def _bar(row: Sequence[Any], drawn: Any, marks: Sequence[Any], y: int, scale: Decimal) -> list[str]:
    place, column = drawn
    length = Decimal(row[place]) * scale
    full = Decimal(WIDTH - LABEL - VALUE)
    parts = [
        _text(LABEL - 8, y + 15, row[0], INK, anchor="end"),
        _rect(LABEL, y, full, TRACK),
        _rect(LABEL, y, length, ACCENT),
        _text(WIDTH - VALUE + 8, y + 15, cell(row[place], column["kind"], row), INK),
    ]
    for at, _column in marks:
        if row[at] is not None:
            x = LABEL + Decimal(row[at]) * scale
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + BAR + 3}" '
                f'stroke="{MARK}" stroke-width="2"/>'
            )
    return parts


def _rect(x: int, y: int, width: Decimal, colour: str) -> str:
    long = max(width, Decimal(0))
    return f'<rect x="{x}" y="{y}" width="{long:.1f}" height="{BAR}" fill="{colour}"/>'


def _text(
    x: int,
    y: int,
    words: str,
    colour: str,
    *,
    size: int = 13,
    weight: str = "normal",
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="{FONT}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}" text-anchor="{anchor}">{escape(str(words))}</text>'
    )


def _quoted(words: str) -> str:
    return escape(words, {'"': "&quot;"})
