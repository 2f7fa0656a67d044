"""A ledger of any number of rows, as a county would write it, for measuring the import."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from random import Random

import xlsxwriter

from pipeline.demo import words

HEADERS = (
    "序号", "项目名称", "投资方", "统一社会信用代码", "落地园区", "招商方式", "协议类型",
    "协议总投资（亿元）", "签约时间", "开工时间", "投产时间", "累计到位资金（万元）", "备注",
)  # fmt: skip
PARKS = ("稀有金属产业园", "汽车新材料产业园", "现代农业园区", "")
CHANNELS = ("以企招商", "以商招商", "委托招商", "驻点招商")
CONTRACTS = ("正式合同", "投资协议", "正式协议", "框架协议", "增资扩产")


def write(path: Path, rows: int, *, seed: int = 1) -> None:
    """Write ``rows`` rows that all load, in constant memory."""
    random = Random(seed)
    with xlsxwriter.Workbook(
        path, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
    ) as book:
        sheet = book.add_worksheet("台账")
        sheet.write(0, 0, "招商引资项目台账")
        sheet.write_row(1, 0, HEADERS)
        for number in range(rows):
            sheet.write_row(number + 2, 0, _row(random, number))


def _row(random: Random, number: int) -> list[object]:
    trade, product, output, _division = random.choice(words.PRODUCTS)
    contract = random.choices(CONTRACTS, (40, 25, 20, 8, 7))[0]
    signed = dt.date(2020, 1, 1) + dt.timedelta(days=random.randint(0, 1700))
    started = signed + dt.timedelta(days=random.randint(10, 200))
    produced = started + dt.timedelta(days=random.randint(100, 400))
    has_started = contract != "框架协议" and random.random() < 0.6
    amount = random.randint(10, 2000)
    return [
        number + 1,
        f"{random.choice(words.BRANDS)}{product.format(n=random.randint(*output))}{number}号项目",
        words.company(random, trade)[0],
        words.code("W", number),
        random.choice(PARKS),
        random.choice(CHANNELS),
        contract,
        Decimal(amount) / 100 if random.random() < 0.7 else f"{amount}00万元",
        signed if random.random() < 0.6 else f"{signed.year}年{signed.month}月{signed.day}日",
        started if has_started else "",
        produced if has_started and random.random() < 0.5 else "",
        amount * 20 if has_started else "",
        "",
    ]
