"""Ledgers written as CSV files, and loaded a day apart."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

from pipeline.spreadsheets.loading import Outcome, load

TODAY = dt.date(2026, 9, 30)
LOADED_AT = dt.datetime(2026, 9, 30, 9, 0, tzinfo=dt.UTC)
HEADERS = [
    "项目名称",
    "投资方",
    "统一社会信用代码",
    "落地园区",
    "招商方式",
    "协议类型",
    "协议总投资(亿元)",
    "签约日期",
    "开工日期",
    "投产日期",
    "累计到位资金(万元)",
    "项目状态",
    "责任人",
    "备注",
]


class Book:
    """A ledger of one project a line; ``at`` moves on by a day with every load."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loads = 0

    def write(self, *rows: dict[str, str], headers: list[str] = HEADERS) -> Path:
        path = self.folder / f"台账{self.loads}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, headers, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def load(self, *rows: dict[str, str], headers: list[str] = HEADERS, **options: Any) -> Outcome:
        path = self.write(*rows, headers=headers)
        at = LOADED_AT + dt.timedelta(days=self.loads)
        self.loads += 1
        return load(path, **{"today": TODAY, "at": at, **options})


def line(**said: str) -> dict[str, str]:
    """A signed and started project; ``said`` replaces cells by header."""
    return {
        "项目名称": "年产 100 吨高纯镓项目",
        "投资方": "山西晨虹新材料有限公司",
        "落地园区": "稀有金属产业园",
        "招商方式": "以商招商",
        "协议类型": "正式合同",
        "协议总投资(亿元)": "2.5",
        "签约日期": "2026-03-05",
        "开工日期": "2026-06-01",
        **said,
    }
