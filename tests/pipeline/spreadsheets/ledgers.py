"""Ledgers for the tests: a county's words, and workbooks written as clerks write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.spreadsheets.ledger import (
    Event,
    Ledger,
    LedgerRow,
    Reject,
    Skipped,
    Vocabulary,
    read_ledger,
)

TODAY = dt.date(2026, 9, 30)

# Header and cell of a sound row.
_SOUND: list[tuple[str, Any]] = [
    ("序号", 1),
    ("项目名称", "万和年产10万吨食用醋"),
    ("投资方", "山西万和食品有限公司"),
    ("统一社会信用代码", None),
    ("落地园区", "现代农业园"),
    ("招商方式", "以商招商"),
    ("协议类型", "正式合同"),
    ("协议总投资(亿元)", 1.2),
    ("签约日期", "2026.3.5"),
    ("开工日期", None),
    ("投产日期", None),
    ("备注", None),
]
HEADER = [header for header, _ in _SOUND]


def _each(**words: str) -> dict[str, str]:
    return {word: meaning for meaning, spelt in words.items() for word in spelt.split()}


VOCABULARY = Vocabulary(
    parks={
        word: slug
        for slug, spelt in {
            "rare-metals": "稀有金属绿色科技产业园 稀有金属产业园 稀有金属园区",
            "auto-materials": "汽车新材料产业园 汽车新材料园区 汽车新材料园",
            "modern-agriculture": "现代农业产业园 现代农业园区 现代农业园",
        }.items()
        for word in spelt.split()
    },
    channels={name: name for name in ("以企招商", "以商招商", "委托招商", "驻点招商", "产业链")}
    | {"产业链招商": "产业链"},
    contracts=_each(
        formal="正式合同 正式协议 投资合同 投资协议 入园协议",
        framework="框架协议 意向协议 意向书 战略合作协议 备忘录",
        expansion="增资 增资扩产 增资协议 扩建",
    ),
    statuses=_each(lost="流失", terminated="终止", suspended="搁置"),
)


def row(**changes: Any) -> list[Any]:
    """A sound row under ``HEADER``, with cells changed by header (its bracket left out)."""
    sound = {header.split("(")[0]: cell for header, cell in _SOUND}
    assert changes.keys() <= sound.keys()
    return list((sound | changes).values())


def write(
    path: Path,
    rows: Sequence[Sequence[Any]],
    *,
    header: Sequence[Any] | None = HEADER,
    title: str | None = "平陆县2026年招商引资项目台账",
    finish: Callable[[Worksheet], None] | None = None,
) -> Path:
    """An .xlsx with a title, a header and rows. ``finish`` may still change the sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "台账"
    for line in [[title] if title else None, header, *rows]:
        if line is not None:
            sheet.append(list(line))
    if finish:
        finish(sheet)
    book.save(path)
    return path


def read(path: Path, **options: Any) -> tuple[Ledger, list[Event]]:
    """A ledger read to its end with the tests' words, on the tests' day."""
    ledger = read_ledger(path, **{"today": TODAY, "vocabulary": VOCABULARY, **options})
    events = list(ledger.events())
    assert ledger.rows == ledger.loaded + ledger.skipped + ledger.rejected == len(events)
    return ledger, events


def loaded(events: Sequence[Event]) -> list[LedgerRow]:
    return [event for event in events if isinstance(event, LedgerRow)]


def skipped(events: Sequence[Event]) -> list[Skipped]:
    return [event for event in events if isinstance(event, Skipped)]


def rejected(events: Sequence[Event]) -> list[Reject]:
    return [event for event in events if isinstance(event, Reject)]


def codes(events: Sequence[Event]) -> list[tuple[int, str]]:
    """Row and code of each reject."""
    return [(reject.row, reject.code) for reject in rejected(events)]
