"""A year's targets as a workbook: written to be filled in, and read back into the grid."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from crm.models import Park
from crm.names import normalise
from crm.refusals import Refused
from pipeline.metrics import METRICS, SCALES, UNIT_WORDS
from pipeline.models import HolderKind
from pipeline.target_setting import Wanted, holders
from pipeline.targets import Holder

LARGEST = 2 * 1024 * 1024
MOST_ROWS = 2000


class BadWorkbook(Refused):
    """The workbook is no list of targets: says which row and why."""

    code = "bad_targets"


def write(values: Iterable[Wanted], parks: Sequence[Park]) -> bytes:
    """Every metric and holder with what is in force, in 个, 亿元 and %."""
    known = {(want.metric, want.holder): want for want in values}
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet(_("目标"))
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#E7EEF5"})
    for place, words in enumerate(_heads()):
        sheet.write_string(0, place, words, head)
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 6, 16)
    row = 0
    for metric, found in METRICS.items():
        for holder, name in _holders(parks):
            row += 1
            for place, words in enumerate((str(found.label), name, str(UNIT_WORDS[found.unit]))):
                sheet.write_string(row, place, words)
            want = known.get((metric, holder))
            for place, value in enumerate(_numbers(want), start=3):
                if value is not None:
                    sheet.write_number(row, place, float(value / SCALES[found.unit]))
    book.close()
    return buffer.getvalue()


def _heads() -> tuple[str, ...]:
    return (
        *(_("指标"), _("承担方"), _("单位"), _("全年目标")),
        *(_("至一季度"), _("至二季度"), _("至三季度")),
    )


def _holders(parks: Sequence[Park]) -> list[tuple[Holder, str]]:
    return [(holder, park.name if park else _("全县")) for holder, park in holders(parks)]


def _numbers(want: Wanted | None) -> list[Decimal | None]:
    if want is None:
        return [None] * 4
    return [want.value, *(want.plan or (None, None, None))]


def read(file: IO[bytes], parks: Sequence[Park]) -> list[Wanted]:
    """The targets of a workbook as :func:`write` makes it; empty lines are left out.

    Raises ``BadWorkbook``, naming the row.
    """
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadWorkbook(_("文件超过 2 MB，不像是目标表"))
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise BadWorkbook(_("文件打不开：请用 .xlsx 或 .xls，不加密")) from error
    metrics = {normalise(str(found.label)): metric for metric, found in METRICS.items()}
    holders: dict[str, Holder] = {normalise(name): holder for holder, name in _holders(parks)}
    for park in parks:
        for name in (park.short_name, *park.aliases):
            holders[normalise(name)] = (HolderKind.PARK.value, park.pk)
    found = []
    for number, row in enumerate(rows[1:MOST_ROWS], start=2):
        cells = [*row, *[""] * 7][:7]
        if not any(str(cell).strip() for cell in cells[3:]):
            continue
        found.append(_line(number, cells, metrics, holders))
    return found


def _line(
    number: int, cells: Sequence[Any], metrics: dict[str, str], holders: dict[str, Holder]
) -> Wanted:
    metric = metrics.get(normalise(str(cells[0])))
    holder = holders.get(normalise(str(cells[1])))
    if metric is None:
        raise BadWorkbook(
            _("第 %(row)s 行：没有“%(word)s”这个指标") % {"row": number, "word": cells[0]}
        )
    if holder is None:
        raise BadWorkbook(
            _("第 %(row)s 行：没有“%(word)s”这个承担方") % {"row": number, "word": cells[1]}
        )
    scale = SCALES[METRICS[metric].unit]
    value, *quarters = (_number(number, cell) for cell in cells[3:])
    if value is None:
        raise BadWorkbook(_("第 %(row)s 行：填了季度计划，也要填全年目标") % {"row": number})
    if None in quarters and any(quarter is not None for quarter in quarters):
        raise BadWorkbook(_("第 %(row)s 行：季度计划要么三个都填，要么都不填") % {"row": number})
    plan = [quarter * scale for quarter in quarters if quarter is not None]
    return Wanted(metric, holder, value * scale, (plan[0], plan[1], plan[2]) if plan else None)


def _number(row: int, cell: Any) -> Decimal | None:
    text = str(cell).strip().removesuffix("%").replace(",", "")
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise BadWorkbook(
            _("第 %(row)s 行：“%(word)s”不是数") % {"row": row, "word": cell}
        ) from error
    if not value.is_finite() or value < 0:
        raise BadWorkbook(_("第 %(row)s 行：“%(word)s”不是数") % {"row": row, "word": cell})
    return value
