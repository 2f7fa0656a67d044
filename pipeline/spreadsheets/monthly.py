"""A month's progress as a workbook: the units with their counts, and the items with words."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.models import LedgerItem
from pipeline.models.ledgers import LedgerItemQuerySet
from pipeline.monthly_progress import Filing, UnitMonth, filings, total
from pipeline.months import Month

CHUNK = 500
WIDTHS = (20, 18, 16, 44, 12, 12, 18, 14, 44, 30)


def write(
    month: Month, units: Sequence[UnitMonth], items: LedgerItemQuerySet, *, at: datetime
) -> bytes:
    """The workbook; ``items`` in the order in which they are listed."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    _units(book, head, [*units, total(units)] if units else [])
    sheet = book.add_worksheet(_("事项"))
    heads = (
        *(
            _("责任单位"),
            _("台账"),
            _("编号"),
            _("目标任务"),
            _("到期日"),
            _("填报"),
            _("填报时间"),
        ),
        *(_("进展"), _("进展情况"), _("存在问题")),
    )
    for place, (words, width) in enumerate(zip(heads, WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, words, head)
    sheet.freeze_panes(1, 4)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    for number, (item, filing) in enumerate(_lines(items, month, at), start=1):
        for place, value in enumerate(_cells(item, filing)):
            if isinstance(value, str):
                sheet.write_string(number, place, value, wrapped)
            elif value is not None:
                sheet.write_datetime(number, place, value, day)
    book.close()
    return buffer.getvalue()


def _units(book: Any, head: Any, rows: Sequence[UnitMonth]) -> None:
    sheet = book.add_worksheet(_("单位"))
    sheet.set_column(0, 0, 28)
    heads = (_("责任单位"), _("应报"), _("已报"), _("其中补报"), _("未报"))
    for place, words in enumerate(heads):
        sheet.write_string(0, place, words, head)
    sheet.freeze_panes(1, 1)
    for number, row in enumerate(rows, start=1):
        sheet.write_string(number, 0, row.unit.name if row.unit else _("合计"))
        for place, value in enumerate((row.owed, row.filed, row.late, row.missing), start=1):
            sheet.write_number(number, place, value)


def _lines(
    items: LedgerItemQuerySet, month: Month, at: datetime
) -> Iterator[tuple[LedgerItem, Filing | None]]:
    keys = list(items.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        rows = items.in_bulk(part)
        found = filings(list(rows.values()), [month], at=at)
        for key in part:
            if key in rows:
                yield rows[key], found.get((key, month.first))


def _cells(item: LedgerItem, filing: Filing | None) -> list[Any]:
    said = filing.newest if filing else None
    come = _("未填报") if filing is None else _("补报") if filing.is_late else _("按时")
    return [
        item.unit.name if item.unit else "",
        item.ledger.name,
        item.number,
        item.goal,
        item.clock_due_on,
        come,
        f"{timezone.localtime(filing.first_at):%Y-%m-%d %H:%M}" if filing else "",
        said.get_state_display() if said else "",
        said.text if said else "",
        said.obstacle if said else "",
    ]
