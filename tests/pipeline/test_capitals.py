"""Money in the capital numerals of contracts."""

from decimal import Decimal

import pytest

from pipeline.capitals import in_capitals


@pytest.mark.parametrize(
    ("yuan", "written"),
    [
        ("120000000", "壹亿贰仟万元整"),
        ("20000000000", "贰佰亿元整"),
        ("1200000000000", "壹万贰仟亿元整"),
        ("100050000", "壹亿零伍万元整"),
        ("1000000001", "壹拾亿零壹元整"),
        ("123456789.12", "壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖元壹角贰分"),
        ("30050.30", "叁万零伍拾元叁角整"),
        ("100.05", "壹佰元零伍分"),
        ("0.07", "柒分"),
        ("0", "零元整"),
        ("-1000000", "负壹佰万元整"),
    ],
)
def test_an_amount_is_written_as_a_contract_writes_it(yuan: str, written: str) -> None:
    assert in_capitals(Decimal(yuan)) == written
