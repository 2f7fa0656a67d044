"""The demonstration county's ledger: a real workbook, as untidy as a clerk's.

The article's projects stand in it under their published names, the others are invented;
every amount and day is. About fifty contracts a year, two hundred yi of investment, six in
ten started in the year they were signed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter

from pipeline.demo import words
from pipeline.demo.people import LOGINS

# Contracts signed in each month of a year, and of a hundred of them those that start in it.
PER_MONTH = (3, 3, 5, 4, 4, 5, 3, 4, 5, 4, 5, 5)
STARTING = (80, 80, 80, 78, 78, 75, 68, 65, 60, 45, 25, 10)
STEP = Decimal("0.05")  # yi
PUBLISHED = "项目名称见于公开报道；金额、日期为演示虚构"
HEADERS = (
    "序号", "项目名称", "投资方", "统一社会信用代码", "落地园区", "招商方式", "协议类型",
    "协议总投资（亿元）", "签约时间", "开工时间", "投产时间", "累计到位资金（万元）", "项目状态",
    "所属行业", "责任单位", "包联领导", "责任人", "建设内容", "备注",
)  # fmt: skip
PARKS = ("rare-metals", "auto-materials", "modern-agriculture", "")
SPELLINGS = {
    "rare-metals": ("稀有金属绿色科技产业园", "稀有金属产业园", "稀有金属园区", " 稀有金属 产业园"),
    "auto-materials": ("汽车新材料产业园", "汽车新材料园区", "汽车新材料\n产业园"),
    "modern-agriculture": ("现代农业产业园", "现代农业园区", "现代农业园"),
    "": ("",),
}
CHANNELS = ("以企招商", "以商招商", "委托招商", "驻点招商", "产业链招商", "活动")
FORMAL = ("正式合同", "投资合同", "正式协议", "入园协议")
LEADERS = ("县长", "常务副县长", "分管工业副县长", "分管农业副县长")


@dataclass(frozen=True, slots=True)
class Entry:
    """One project of the ledger. ``amount`` in yi, ``paid`` in hundredths of it, in the end."""

    name: str
    investor: str
    code: str
    park: str
    contract: str
    amount: Decimal | None
    signed: dt.date | None
    channel: str = "以商招商"
    started: dt.date | None = None
    produced: dt.date | None = None
    paid: int = 0
    industry: str = ""
    state: str = ""
    state_on: dt.date | None = None
    remark: str = ""

    def known_by(self, day: dt.date) -> Entry | None:
        """What a ledger kept up to ``day`` says of it; None where it is not in it yet."""
        if self.signed is None or self.signed > day:
            return None
        ended = self.state_on is not None and self.state_on <= day
        return replace(
            self,
            started=self.started if self.started and self.started <= day else None,
            produced=self.produced if self.produced and self.produced <= day else None,
            state=self.state if ended else "",
        )

    def paid_by(self, day: dt.date) -> int | None:
        """Funds in place by ``day``, in ten thousand yuan: evenly over two years."""
        if self.amount is None or self.signed is None or not self.paid:
            return None
        part = min((day - self.signed).days, 730)
        return int(self.amount * 10_000 * self.paid * part / 730 / 100)


def first_year(today: dt.date) -> int:
    """The ledger begins two full years back, or three while this year is young."""
    return today.year - (2 if today.month > 6 else 3)


def entries(today: dt.date) -> list[Entry]:
    """All that happens in the county until the end of this year, the same for each day of it."""
    random = Random(f"ledger/{today.year}/{first_year(today)}")  # noqa: S311 -- invented projects
    found: list[Entry] = []
    for year in range(first_year(today), today.year + 1):
        found += _signed_in(random, year, first=len(found))
    return [*_published(first_year(today)), *found]


def _signed_in(random: Random, year: int, *, first: int) -> list[Entry]:
    days = [
        dt.date(year, month, day)
        for month, count in enumerate(PER_MONTH, 1)
        for day in sorted(random.randint(1, 28) for _n in range(count))
    ]
    steps = _split(random, total=random.randint(3700, 4100), parts=len(days))
    made = [
        _invented(random, first + n, day, STEP * count)
        for n, (day, count) in enumerate(zip(days, steps, strict=True))
    ]
    made += [_framework(random, 900 + first + n, year) for n in range(4)]
    made += [_expansion(random, 800 + first + n, year) for n in range(2)]
    return sorted(made, key=lambda entry: entry.signed or dt.date.max)


def _split(random: Random, *, total: int, parts: int) -> list[int]:
    """Divide ``total`` steps unevenly: many small projects, a few large ones."""
    weights = [random.lognormvariate(0, 0.9) for _n in range(parts)]
    return [max(4, round(total * weight / sum(weights))) for weight in weights]


def _invented(random: Random, number: int, day: dt.date, amount: Decimal) -> Entry:
    trade, product, output, _division = random.choice(words.PRODUCTS)
    investor, _place = words.company(random, trade)
    started = _start(random, day)
    produced = None
    if started and random.random() < 0.6:
        produced = started + dt.timedelta(days=random.randint(200, 480))
    ends = random.random()
    end = {"state": "终止" if ends < 0.02 else "搁置", "state_on": day + dt.timedelta(days=200)}
    return Entry(
        name=f"{investor[2:4]}{product.format(n=random.randint(*output))}项目",
        investor=investor,
        code=words.code("D", number) if random.random() < 0.85 else "",
        park=random.choices(PARKS, (40, 35, 20, 5))[0],
        contract=random.choice(FORMAL),
        amount=amount,
        signed=day,
        channel=random.choice(CHANNELS),
        started=started,
        produced=produced,
        paid=random.choice((0, 20, 35, 50, 60)) if started else random.choice((0, 0, 5)),
        industry=trade,
        **(end if ends < 0.04 and started is None else {}),  # type: ignore[arg-type]
    )


def _start(random: Random, signed: dt.date) -> dt.date | None:
    last = dt.date(signed.year, 12, 31)
    if random.randint(1, 100) <= STARTING[signed.month - 1]:
        longest = min(130, (last - signed).days)
        return signed + dt.timedelta(days=random.randint(min(15, longest), longest))
    if random.random() < 0.55:
        return last + dt.timedelta(days=random.randint(20, 200))
    return None


def _framework(random: Random, number: int, year: int) -> Entry:
    day = dt.date(year, random.randint(1, 12), random.randint(1, 28))
    made = _invented(random, number, day, STEP * random.randint(20, 200))
    return replace(
        made, contract=random.choice(("框架协议", "意向协议")), started=None, produced=None, paid=0
    )


def _expansion(random: Random, number: int, year: int) -> Entry:
    day = dt.date(year, random.randint(2, 10), random.randint(1, 28))
    made = _invented(random, number, day, STEP * random.randint(10, 60))
    return replace(made, name=made.name.replace("项目", "二期扩产项目"), contract="增资扩产")


def _published(year: int) -> list[Entry]:
    """The projects that the county's article names and that investors bring."""

    def day(month: int, day_: int) -> dt.date:
        return dt.date(year, month, day_)

    return [
        Entry(
            "年产200万套新型汽车内饰材料项目",
            "晨虹（山西）新材料科技有限公司",
            "",
            "auto-materials",
            "投资合同",
            Decimal("5.20"),
            day(2, 16),
            started=day(4, 8),
            produced=dt.date(year + 1, 6, 30),
            paid=60,
            industry="汽车制造业",
            remark=PUBLISHED,
        ),
        Entry(
            "年产5000吨环保布袋项目",
            "山西环宇纺织品有限公司",
            "",
            "modern-agriculture",
            "正式合同",
            Decimal("1.10"),
            day(2, 27),
            started=day(5, 12),
            produced=dt.date(year + 1, 3, 20),
            paid=60,
            industry="纺织业",
            remark=PUBLISHED,
        ),
        Entry(
            "万和年产10万吨食用醋项目",
            "万和食用醋项目投资方",
            "",
            "modern-agriculture",
            "投资协议",
            Decimal("2.30"),
            day(3, 9),
            started=day(7, 3),
            paid=50,
            industry="食品制造业",
            remark=PUBLISHED,
        ),
        Entry(
            "中电神头100兆瓦农光互补光伏发电项目",
            "中电神头项目投资方",
            "",
            "",
            "正式合同",
            Decimal("5.00"),
            day(3, 21),
            channel="以企招商",
            started=day(9, 1),
            paid=35,
            industry="电力、热力生产和供应业",
            remark=PUBLISHED,
        ),
        Entry(
            "杭泰100兆瓦农光互补光伏发电项目",
            "杭泰项目投资方",
            "",
            "",
            "正式合同",
            Decimal("4.80"),
            day(4, 11),
            channel="以企招商",
            started=day(10, 15),
            paid=35,
            industry="电力、热力生产和供应业",
            remark=PUBLISHED,
        ),
        Entry(
            "恒龙调峰调频储能项目",
            "恒龙储能项目投资方",
            "",
            "rare-metals",
            "投资合同",
            Decimal("6.00"),
            day(5, 18),
            channel="产业链招商",
            started=day(11, 6),
            paid=20,
            industry="电力、热力生产和供应业",
            remark=PUBLISHED,
        ),
        Entry(
            "抽水蓄能电站项目",
            "抽水蓄能电站项目投资方",
            "",
            "",
            "框架协议",
            Decimal("60.00"),
            day(6, 8),
            channel="驻点招商",
            industry="电力、热力生产和供应业",
            remark=PUBLISHED,
        ),
    ]


def write(path: Path, found: Sequence[Entry], *, day: dt.date, with_slips: bool = False) -> None:
    """Write the ledger as it stood on ``day``; ``with_slips`` adds rows that are refused."""
    random = Random(f"hand/{day}")  # noqa: S311 -- how a cell is written
    known = [entry for entry in (entry.known_by(day) for entry in found) if entry is not None]
    rows = [_cells(random, n, entry, day) for n, entry in enumerate(known, 1)]
    if with_slips:
        for place, slip in _slips(rows, day):
            rows.insert(place, slip)
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        # The same ledger gives the same file, byte for byte.
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001
        sheet = book.add_worksheet("招商引资项目台账")
        head = book.add_format({"bold": True, "align": "center", "text_wrap": True, "border": 1})
        title = book.add_format({"bold": True, "align": "center", "font_size": 16})
        sheet.merge_range(
            0,
            0,
            0,
            len(HEADERS) - 1,
            f"平陆县招商引资项目台账（截至{_chinese(day)}，演示数据）",
            title,
        )
        sheet.write_row(1, 0, HEADERS, head)
        sheet.freeze_panes(2, 2)
        sheet.set_column(1, 2, 34)
        sheet.set_column(3, len(HEADERS) - 1, 16)
        for place, row in enumerate(rows, 2):
            for column, value in enumerate(row):
                if value not in (None, ""):
                    sheet.write(place, column, value)
        total = sum((entry.amount or 0 for entry in known), Decimal(0))
        sheet.write(len(rows) + 2, 0, "合计")
        sheet.write(len(rows) + 2, 7, f"{total}亿元")


def _cells(random: Random, number: int, entry: Entry, day: dt.date) -> list[Any]:
    officers = [login for login in LOGINS if login.username.startswith("officer")]
    owner = next((o for o in officers if o.park == entry.park), random.choice(officers))
    state = entry.state or ("投产" if entry.produced else "在建" if entry.started else "签约未开工")
    return [
        number,
        entry.name,
        entry.investor,
        entry.code,
        random.choice(SPELLINGS[entry.park]),
        entry.channel,
        entry.contract,
        _money(random, entry.amount),
        _day(random, entry.signed),
        _day(random, entry.started) or random.choice(("", "—", "未开工")),
        _day(random, entry.produced),
        entry.paid_by(day),
        state,
        entry.industry,
        "县招商引资服务中心" if not entry.park else SPELLINGS[entry.park][0] + "管委会",
        random.choice(LEADERS),
        owner.full_name,
        f"{entry.name.removesuffix('项目')}生产线及配套设施",
        entry.remark,
    ]


def _money(random: Random, amount: Decimal | None) -> Any:
    if amount is None:
        return ""
    match random.randint(1, 10):
        case 1 | 2:
            return f"{amount}亿元"
        case 3:
            return f"{amount * 10_000:,.0f}万元"
        case 4:
            return f"约{amount.normalize():f}亿"
        case _:
            return amount  # a number in the unit of its header


def _day(random: Random, day: dt.date | None) -> Any:
    if day is None:
        return ""
    match random.randint(1, 10):
        case 1:
            return f"{day.year}.{day.month}.{day.day}"
        case 2:
            return _chinese(day)
        case 3:
            return f"{day:%Y/%m/%d}"
        case 4:
            return f"{day:%Y%m%d}"
        case _:
            return day


def _chinese(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _slips(rows: Sequence[Sequence[Any]], day: dt.date) -> list[tuple[int, list[Any]]]:
    """Rows that a clerk has to look at again, and where they stand."""

    def slip(number: int, **cells: Any) -> list[Any]:
        row = list(rows[number * 9])
        row[0], row[1], row[12] = "", f"{row[1].removesuffix('项目')}（补录）项目", ""
        row[8], row[9], row[10] = dt.date(day.year, 1, 15), "", ""
        for header, value in cells.items():
            row[HEADERS.index(header)] = value
        return row

    code = words.code("D", 700)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    return [
        (12, slip(1, 统一社会信用代码=wrong)),
        (25, slip(2, 落地园区="滨河工业园")),
        (37, slip(3, 签约时间=day + dt.timedelta(days=60))),
        (48, slip(4, 开工时间=dt.date(day.year - 1, 12, 1))),
        (60, slip(5, 签约时间=Decimal(f"{day.year}.1"))),
        (71, slip(6, **{"协议总投资（亿元）": "3-5亿元"})),
        (90, list(rows[20])),
    ]
