"""Invented names of companies and projects, drawn from a seeded generator."""

from __future__ import annotations

from random import Random

from crm import uscc

PLACES = (
    "山西", "运城", "三门峡", "河南", "陕西", "北京", "上海", "江苏", "浙江", "山东",
    "广东", "深圳", "河北", "湖北", "天津",
)  # fmt: skip
BRANDS = (
    "晨曦", "恒源", "瑞通", "嘉禾", "鼎盛", "金泽", "华岳", "宏业", "润田", "启航", "兴达",
    "德润", "中远", "天成", "博瑞", "万通", "盛源", "永固", "泰和", "安华", "同创", "绿野",
    "新纪", "卓越", "汇丰", "长青", "东升", "蓝海", "凯旋", "正大", "弘毅", "明远", "佳益",
    "圣地", "峰华", "黄河", "砥柱", "虞坂", "傅岩", "茅津",
)  # fmt: skip
FORMS = ("有限公司", "有限责任公司", "股份有限公司", "集团有限公司")
# trade, product with its unit and the range of its yearly output, GB/T 4754 division
PRODUCTS = (
    ("有色金属", "年产{n}吨高纯镓", (20, 400), "32"),
    ("新材料", "年产{n}吨金属镁合金压铸件", (800, 20000), "32"),
    ("新材料", "年产{n}万吨氧化铝陶瓷粉体", (1, 20), "30"),
    ("汽车部件", "年产{n}万套汽车内饰件", (10, 300), "36"),
    ("汽车部件", "年产{n}万件铝合金轮毂", (20, 500), "36"),
    ("新材料", "年产{n}吨汽车用改性塑料", (2000, 60000), "29"),
    ("机械", "年产{n}台套环保设备", (100, 3000), "35"),
    ("食品", "年产{n}吨苹果浓缩汁", (1000, 30000), "15"),
    ("食品", "年产{n}万吨面粉及深加工", (2, 40), "13"),
    ("农业科技", "{n}万头生猪养殖加工", (2, 30), "03"),
    ("农业科技", "{n}吨果品冷链物流", (2000, 50000), "59"),
    ("生物科技", "年产{n}吨中药饮片", (100, 5000), "27"),
    ("纺织品", "年产{n}万米产业用纺织品", (100, 3000), "17"),
    ("新能源", "{n}兆瓦分布式光伏发电", (10, 200), "44"),
    ("储能科技", "{n}兆瓦时电池储能", (20, 400), "44"),
    ("环保科技", "年处理{n}万吨固体废物综合利用", (5, 80), "42"),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂"


def company(random: Random, trade: str) -> tuple[str, str]:
    """A company's name, and the province or city that it comes from."""
    place = random.choice(PLACES)
    return f"{place}{random.choice(BRANDS)}{trade}{random.choice(FORMS)}", place


def person(random: Random) -> str:
    """A person's name of two or three characters."""
    given = random.sample(GIVEN, random.choice((1, 2, 2)))
    return random.choice(SURNAMES) + "".join(given)


def code(prefix: str, number: int) -> str:
    """A valid USCC of Pinglu's own number range that no other number of the prefix has."""
    digits = ""
    for _place in range(17 - 8 - len(prefix)):
        number, digit = divmod(number, len(uscc.ALPHABET))
        digits = uscc.ALPHABET[digit] + digits
    body = f"91140829{prefix}{digits}"
    return body + uscc.check_digit(body)
