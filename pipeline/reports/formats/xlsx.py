"""A report as a workbook: real numbers, one sheet a table, frozen heads, native charts.

Amounts are in the unit that the column's head names (亿元, 万元), exact to the fen; rates are
fractions shown as percentages. The sources' sheets list the facts behind each figure.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from pipeline.reports.formats.layout import grid, shown
from pipeline.reports.wording import kind_in
from pipeline.written import WAN, YI

FORMATS = {
    "count": "#,##0.##",
    "yi": "#,##0.00",
    "wan": "#,##0",
    "percent": "0.0%",
    "points": "+0.0;-0.0;0.0",
    "growth": "+0.0%;-0.0%;0.0%",
    "rank": "0",
    "days": "0",
}
UNITS = {"yi": YI, "wan": WAN, "points": Decimal("0.01")}
MADE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 -- the same content, the same bytes


def write(
    content: Mapping[str, Any],
    *,
    rows: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    digest: str = "",
    version: int = 0,
) -> bytes:
    """The workbook; ``rows`` are the facts behind the figures, where they are to be listed."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": content["title"], "created": MADE})
    styles = _Styles(book)
    _cover(book, styles, content, digest, version)
    for section in content["sections"]:
        for name in section["tables"]:
            _table(book, styles, name, content)
    is_kept = content.get("subject") == "supervision"
    for figure, facts in (rows or {}).items():
        _sources(book, styles, figure, facts, is_kept=is_kept)
    book.close()
    return buffer.getvalue()


class _Styles:
    """The workbook's formats, each made once."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._made: dict[tuple[str, bool], Any] = {}
        head = {"bold": True, "border": 1, "align": "center", "valign": "vcenter"}
        self.title = book.add_format({"bold": True, "font_size": 16, "text_wrap": True})
        self.heading = book.add_format({"bold": True, "font_size": 12})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.head = book.add_format({**head, "text_wrap": True, "bg_color": "#E7EEF5"})
        self.note = book.add_format({"italic": True, "font_color": "#586270"})

    def cell(self, kind: str, *, is_total: bool) -> Any:
        key = (kind, is_total)
        if key not in self._made:
            look: dict[str, Any] = {"border": 1, "bold": is_total}
            if kind in FORMATS:
                look["num_format"] = FORMATS[kind]
            self._made[key] = self.book.add_format(look)
        return self._made[key]


def _cover(
    book: Any, styles: _Styles, content: Mapping[str, Any], digest: str, version: int
) -> None:
    sheet = book.add_worksheet(_("正文"))
    sheet.set_column(0, 0, 100)
    sheet.set_paper(9)
    at = 0

    def say(words: str, style: Any) -> None:
        nonlocal at
        sheet.write_string(at, 0, words, style)
        at += 1

    say(content["title"], styles.title)
    said = {"day": content["as_of"], "known": content["known_at"]}
    say(_("截止日 %(day)s；掌握情况截至 %(known)s") % said, styles.note)
    if digest:
        say(_("第 %(version)s 版 SHA-256 ") % {"version": version} + digest, styles.note)
    for section in content["sections"]:
        say(section["heading"], styles.heading)
        for paragraph in section["paragraphs"]:
            say(paragraph, styles.wrapped)
    say(_("口径"), styles.heading)
    for note in content["footnotes"]:
        say(note, styles.wrapped)


def _table(book: Any, styles: _Styles, name: str, content: Mapping[str, Any]) -> None:
    table = content["tables"][name]
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, table["title"], styles.title)
    laid = grid(table)
    first = _heads(sheet, styles, laid)
    sheet.freeze_panes(first, 1)
    sheet.repeat_rows(1, first - 1)
    columns = shown(table)
    lines = [*table["rows"], *([table["total"]] if table["total"] else [])]
    for number, row in enumerate(lines):
        is_total = table["total"] is not None and number == len(lines) - 1
        for place, (at, column) in enumerate(columns):
            kind = kind_in(row, column["kind"])
            style = styles.cell(kind, is_total=is_total)
            _write(sheet, first + number, place, row[at], kind, style)
    for place, (_at, column) in enumerate(columns):
        sheet.set_column(place, place, 28 if column["kind"] == "text" else 13)
    end = first + len(lines)
    if table["note"]:
        sheet.write_string(end, 0, table["note"], styles.note)
    for number, chart in enumerate(c for c in content["charts"] if c["table"] == name):
        _chart(book, sheet, chart, table, first, end + 2 + number * 16)


def _heads(sheet: Any, styles: _Styles, laid: Any) -> int:
    """Write the heads in one line or two; the row that the values begin in."""
    place = 0
    below = iter(laid.below)
    for head in laid.above:
        if head.rows == 2:
            sheet.merge_range(1, place, 2, place, head.label, styles.head)
        elif not laid.below:
            sheet.write_string(1, place, head.label, styles.head)
        else:
            if head.columns > 1:
                last = place + head.columns - 1
                sheet.merge_range(1, place, 1, last, head.label, styles.head)
            else:
                sheet.write_string(1, place, head.label, styles.head)
            for column in range(place, place + head.columns):
                sheet.write_string(2, column, next(below).label, styles.head)
        place += head.columns
    return 3 if laid.below else 2


def _write(sheet: Any, row: int, column: int, value: Any, kind: str, style: Any) -> None:
    if value is None or value == "":
        sheet.write_string(row, column, "—" if kind in FORMATS else "", style)
    elif kind in FORMATS:
        sheet.write_number(row, column, float(Decimal(value) / UNITS.get(kind, 1)), style)
    else:
        sheet.write_string(row, column, str(value), style)


def _chart(book: Any, sheet: Any, chart: Any, table: Any, first: int, at: int) -> None:
    places = {column["name"]: i for i, (_at, column) in enumerate(shown(table))}
    drawn = book.add_chart({"type": chart["kind"]})
    last = first + len(table["rows"]) - 1
    for name in chart["columns"]:
        place = places[name]
        drawn.add_series(
            {
                "name": table["columns"][place]["label"],
                "categories": [sheet.get_name(), first, 0, last, 0],
                "values": [sheet.get_name(), first, place, last, place],
            }
        )
    drawn.set_title({"name": chart["title"]})
    drawn.set_y_axis({"reverse": True})
    sheet.insert_chart(at, 0, drawn)


def _sources(
    book: Any, styles: _Styles, figure: str, facts: Sequence[Sequence[Any]], *, is_kept: bool
) -> None:
    """The facts behind a figure; items of ledgers (``is_kept``) have no share and amount."""
    sheet = book.add_worksheet(f"src_{figure}"[:31])
    heads = (_("项目"), _("日期"), _("份额（%）"), _("金额（元）"), _("编号"), _("园区编号"))
    if is_kept:
        heads = (_("事项"), *heads[1:5], _("单位编号"))
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, styles.head)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, 5, 16)
    for number, (key, park, part, money, project, day) in enumerate(facts, start=1):
        sheet.write_string(number, 0, project)
        sheet.write_string(number, 1, day)
        for place, value in ((2, part), (3, money), (4, key), (5, park)):
            if value is not None:
                sheet.write_number(number, place, float(value))
