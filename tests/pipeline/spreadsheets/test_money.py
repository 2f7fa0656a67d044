from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spreadsheets.cells import BadCell, Broken, Measured
from pipeline.spreadsheets.money import FOREIGN, LIMIT, find_unit, read_money

amounts = st.decimals(0, 10**12 - 1, places=2, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("cell", "yuan"),
    [
        ("1.2亿", 120_000_000),
        ("1.2亿元", 120_000_000),
        ("12,000万元", 120_000_000),
        ("12000万", 120_000_000),
        ("12，000万元", 120_000_000),
        ("１．２亿元", 120_000_000),
        (" 1.2 亿 元\n", 120_000_000),
        ("约3亿", 300_000_000),
        ("大约3亿元", 300_000_000),
        ("3亿左右", 300_000_000),
        ("3亿5000万", 350_000_000),
        ("3亿元5000万元", 350_000_000),
        ("1亿零500万", 105_000_000),
        ("1亿2千万", 120_000_000),
        ("5千万", 50_000_000),
        ("5百万元", 5_000_000),
        ("0.9万亿", 900_000_000_000),
        ("人民币1.2亿元整", 120_000_000),
        ("RMB 3亿", 300_000_000),
        ("￥1.2亿", 120_000_000),
        ("¥12000", 12_000),
        ("1.2亿元（人民币）", 120_000_000),
        ("2.5亿元（其中固定资产投资2亿元）", 250_000_000),
        ("总投资3亿元", 300_000_000),
        ("1.2亿元。", 120_000_000),
        ("10億元", 1_000_000_000),
        ("三亿元", 300_000_000),
        ("两亿", 200_000_000),
        ("壹亿贰仟万元整", 120_000_000),
        ("一亿二千万", 120_000_000),
        ("三点五亿", 350_000_000),
        ("二十亿", 2_000_000_000),
        ("五千万元", 50_000_000),
        ("一百二十万元", 1_200_000),
        ("1000元", 1_000),
        ("1000.5元", Decimal("1000.50")),
        ("0.00000001亿", 1),
        ("0元", 0),
    ],
)
def test_what_a_reader_understands_is_read_whatever_the_header_says(cell, yuan):
    assert read_money(cell, None) == Decimal(yuan)
    assert read_money(cell, "万") == Decimal(yuan) or cell == "¥12000"


@pytest.mark.parametrize(
    ("cell", "unit", "yuan"),
    [
        (1.2, "亿", "120000000.00"),
        (12000, "万", "120000000.00"),
        ("1.2", "亿", "120000000.00"),
        ("12,000", "万", "120000000.00"),
        ("约12000", "万", "120000000.00"),
        (120000000.0, "元", "120000000.00"),
        (12, "千万", "120000000.00"),
        (5.1499999999999995, "亿", "515000000.00"),  # what Excel keeps of a typed 5.15
        (0.1 + 0.2, "亿", "30000000.00"),
        (16 / 3, "亿", "533333333.33"),
        (1.005, "元", "1.01"),
        (0, None, "0.00"),
        ("0", None, "0.00"),
        (Measured(1.2, "亿元"), "万", "120000000.00"),
        (Measured(120000.0, "元"), "亿", "120000.00"),
    ],
)
def test_a_number_takes_the_unit_of_its_column(cell, unit, yuan):
    assert str(read_money(cell, unit)) == yuan


@pytest.mark.parametrize("cell", ["", "—", "/", "-", "无", "待定", "暂无", " ", "未到位", "——"])
def test_a_placeholder_is_no_amount(cell):
    assert read_money(cell, "亿") is None


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("3-5亿", "范围"),
        ("3亿-5亿", "范围"),
        ("3~5亿元", "范围"),
        ("3至5亿", "范围"),
        ("3—5", "范围"),
        ("1000万美元", "外币"),
        ("$500万", "外币"),
        ("USD 5000万", "外币"),
        ("3亿港币", "外币"),
        ("500万欧元", "外币"),
        ("-3亿", "负"),
        ("负3亿", "负"),
        (-1.0, "负"),
        ("近3亿", "确定"),
        ("3亿以上", "确定"),
        ("超3亿", "确定"),
        ("3亿余元", "确定"),
        ("3亿多", "确定"),
        ("数亿元", "确定"),
        ("面议", "看不出"),
        ("亿元", "看不出"),
        ("80%", "看不出"),
        ("1,2亿", "看不出"),
        ("12,00万", "看不出"),
        ("三亿五", "看不出"),
        ("3亿5", "看不出"),
        ("1.5亿5000万", "看不出"),
        ("3亿50000万", "看不出"),
        ("一期2亿二期3亿", "看不出"),
        ("1e5万", "看不出"),
        ("1万亿元", "万亿"),
        ("99999万亿", "万亿"),
        (120000, "万亿"),  # 万元 under a header in 亿元
        (True, "不是金额"),
        (Broken("#REF!"), "出错"),
    ],
)
def test_what_a_reader_would_have_to_ask_about_is_refused(cell, reason):
    with pytest.raises(BadCell, match=reason) as refused:
        read_money(cell, "亿")
    assert refused.value.code == "bad_amount"


@pytest.mark.parametrize("cell", ["12000", 12000, 1.2, "约3", "3,500"])
def test_an_amount_without_any_unit_is_refused(cell):
    with pytest.raises(BadCell, match="单位"):
        read_money(cell, None)


def test_nothing_under_a_foreign_header_is_yuan_unless_it_says_so():
    with pytest.raises(BadCell, match="外币"):
        read_money(500, FOREIGN)
    assert read_money("3亿元", FOREIGN) == 300_000_000


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("协议总投资(亿元)", "亿"),
        ("总投资（万元）", "万"),
        ("总投资 亿元", "亿"),
        ("总投资/万", "万"),
        ("单位：万元、亩", "万"),
        ("投资（百万元）", "百万"),
        ("(元)", "元"),
        ("总投资(万美元)", FOREIGN),
        ("单位：亿元、万元", None),
        ("总投资", None),
        ("多元化", None),
    ],
)
def test_the_unit_of_a_header_or_note(text, unit):
    assert find_unit(text) == unit


NOTATIONS = {
    "yuan": lambda yuan: f"{yuan}元",
    "grouped yuan": lambda yuan: f"{yuan:,}元",
    "sign": lambda yuan: f"¥{yuan:,}元整",
    "wan": lambda yuan: f"{(yuan / 10_000).normalize():f}万元",
    "grouped wan": lambda yuan: f"人民币{(yuan / 10_000).normalize():,f}万",
    "yi": lambda yuan: f"约{(yuan / 10**8).normalize():f}亿",
    "full-width": lambda yuan: f"{yuan}元".translate(
        str.maketrans("0123456789.", "０１２３４５６７８９．")
    ),
    "parts": lambda yuan: (
        f"{int(yuan // 10**8)}亿{((yuan % 10**8) / 10_000).normalize():f}万元"
        if yuan >= 10**8
        else f"{yuan}元"
    ),
}


@given(amounts, st.sampled_from(sorted(NOTATIONS)))
def test_an_amount_comes_out_the_same_in_every_notation(yuan, notation):
    assert read_money(NOTATIONS[notation](yuan), None) == yuan


@given(st.integers(0, 999_999), st.sampled_from(["亿", "万", "元"]))
def test_a_number_cell_comes_out_exact_to_the_fen(hundredths, unit):
    typed = Decimal(hundredths) / 100
    factor = {"亿": 10**8, "万": 10**4, "元": 1}[unit]
    assert read_money(float(typed), unit) == typed * factor


@given(st.one_of(st.text(max_size=20), st.text("0123456789.,亿万千百元约-~（）美", max_size=14)))
def test_any_text_is_an_amount_nothing_or_a_reason(text):
    amount, code = None, ""
    try:
        amount = read_money(text, "亿")
    except BadCell as refused:
        code = refused.code
    assert code in ("", "bad_amount")
    assert amount is None or 0 <= amount < LIMIT
    assert amount is None or amount == amount.quantize(Decimal("0.01"))
