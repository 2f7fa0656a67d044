"""The ranking of score cards as a workbook or a text file: the columns that the page shows."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import xlsxwriter
from django.utils.translation import gettext as _

from pipeline.assessment import Assessment, Card
from pipeline.spreadsheets.exports import FORMULA, harmless
from pipeline.targets import rounded
from pipeline.written import count

ENDINGS = ("xlsx", "csv")
Cell = str | Decimal | int | None


def write(assessment: Assessment, *, ending: str) -> bytes:
    """The cards that a person may see, best first, as a file of that ending."""
    lines = [_line(card) for card in assessment.cards]
    return {"xlsx": _workbook, "csv": _text}[ending](_header(assessment), lines)


def _header(assessment: Assessment) -> list[str]:
    entries = assessment.cards[0].entries if assessment.cards else []
    return [
        _("名次"),
        _("对象"),
        _("总分"),
        _("计分分值"),
        _("得分率（%）"),
        *(f"{entry.label}（{count(entry.indicator.weight)}）" for entry in entries),
        _("申诉调整"),
    ]


def _line(card: Card) -> list[Cell]:
    return [
        card.rank,
        card.holder.name,
        card.total,
        card.weight,
        None if card.share is None else rounded(card.share * 100, 1),
        *(line.points for line in card.lines),
        *(-deduction.points for deduction in card.deductions),
        card.given_back,
    ]


def _workbook(header: list[str], lines: list[list[Cell]]) -> bytes:
    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "bottom": 1})
    points = book.add_format({"num_format": "0.00"})
    quoted = book.add_format({"quote_prefix": True})
    sheet = book.add_worksheet(_("考核"))
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, 30)
    sheet.set_column(2, len(header) - 1, 13)
    for index, title in enumerate(header):
        sheet.write_string(0, index, title, head)
    for row, line in enumerate(lines, 1):
        for index, cell in enumerate(line):
            if isinstance(cell, str):
                sheet.write_string(row, index, cell, quoted if cell.startswith(FORMULA) else None)
            elif cell is not None:
                sheet.write_number(row, index, cell, points if index > 1 else None)
    book.close()
    return kept.getvalue()


def _text(header: list[str], lines: list[list[Cell]]) -> bytes:
    kept = io.StringIO(newline="")
    out = csv.writer(kept)
    out.writerow(header)
    for line in lines:
        out.writerow([harmless(cell) for cell in line])
    return kept.getvalue().encode("utf-8-sig")
