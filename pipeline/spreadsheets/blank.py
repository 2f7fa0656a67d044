"""The workbook to fill in: the columns of a kind, with what belongs into each as a comment."""

from __future__ import annotations

import io

import xlsxwriter

from pipeline.models import LoadKind
from pipeline.spreadsheets.fields import MONEY_KINDS, Field, Table
from pipeline.spreadsheets.kinds import KINDS
from pipeline.spreadsheets.rows import Words

MOST_WORDS = 24
_HINTS = {
    "day": "日期，如 2026-03-05；只知道月份的写 2026年3月",
    "plan": "日期，如 2026-03-05、2026年3月、2026年底",
    "money": "金额，单位见表头；也可以在格内写明单位，如 1.2亿元",
    "uscc": "18 位，单元格设为文本；没有的留空",
    "phone": "一格一个号码",
    "people": "几个人用顿号隔开",
    "yes_no": "是或否",
}


def blank_workbook(kind: str) -> bytes:
    """An .xlsx to fill in for a kind of workbook, with the county's words as they are now."""
    table, words = KINDS[kind].table, KINDS[kind].words()
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet(str(LoadKind(kind).label))
    plain = {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter"}
    formats = {
        True: book.add_format({**plain, "bg_color": "#E7EEF5"}),
        False: book.add_format(plain),
    }
    text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
    needed = {name for names in table.needed for name in names}
    columns = [field for field in table.fields.values() if field.loaded]
    for index, field in enumerate(columns):
        column_format = text if field.kind in {"uscc", "phone"} else None
        column_format = day if field.kind in {"day", "plan"} else column_format
        sheet.set_column(index, index, 24 if field.kind == "name" else 16, column_format)
        sheet.write_string(0, index, header_of(field), formats[field.name in needed])
        if hint := _hint(field, table, words):
            sheet.write_comment(0, index, hint, {"x_scale": 1.6, "y_scale": 1.2})
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 1)
    book.close()
    return made.getvalue()


def header_of(field: Field) -> str:
    """The usual header of a field, with a unit where it is money."""
    header = field.variants[0]
    return f"{header}（万元）" if field.kind in MONEY_KINDS else header


def _hint(field: Field, table: Table, words: Words) -> str:
    hints = []
    for names in table.needed:
        if field.name in names:
            others = [table.label(name) for name in names if name != field.name]
            hints.append(f"必填，或填{'、'.join(others)}" if others else "必填")
    if hint := _HINTS.get(field.kind):
        hints.append(hint)
    known = words.choices(field.words)
    if known:
        more = f" 等 {len(known)} 项" if len(known) > MOST_WORDS else ""
        hints.append("可填：" + "、".join(known[:MOST_WORDS]) + more)
    return "。\n".join(hints)
