import calendar
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spreadsheets.cells import BadCell, Broken, Month
from pipeline.spreadsheets.days import Day, read_day
from tests.pipeline.spreadsheets.ledgers import TODAY

THE_DAY = Day(dt.date(2026, 3, 5))
days = st.dates(dt.date(1980, 1, 1), dt.date(2099, 12, 31))


def month(year: int, number: int) -> Day:
    return Day(dt.date(year, number, calendar.monthrange(year, number)[1]), "month")


@pytest.mark.parametrize(
    "cell",
    [
        dt.date(2026, 3, 5),
        dt.datetime(2026, 3, 5, 10, 30),  # noqa: DTZ001 (as a sheet has it)
        "2026.3.5",
        "2026.03.05",
        "2026年3月5日",
        "2026年03月05日",
        "2026年3月5",
        "2026年3月5号",
        "2026/3/5",
        "2026-3-5",
        "2026—3—5",
        "2026~3~5",
        "2026、3、5",
        "2026，3，5",
        "2026。3。5",
        "2026 3 5",
        "2026_3_5",
        "2026..3.5",
        " 2026 年 3 月 5 日 ",
        "2026\n.3.5",
        "２０２６．３．５",
        "２０２６年３月５日",
        "20260305",
        20260305,
        20260305.0,
        46086,
        46086.5,
        "46086",
        "2026-03-05 00:00:00",
        "2026/3/5 10:30",
        "2026-03-05T08:00:00",
        "2026年3月5日 星期四",
        "2026年3月5日（奠基）",
        "2026年3月5日开工",
        "已于2026年3月5日开工",
        "二〇二六年三月五日",
    ],
)
def test_a_day_is_read_however_it_is_written(cell):
    assert read_day(cell, TODAY) == THE_DAY


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026年3月", month(2026, 3)),
        ("2026年3月份", month(2026, 3)),
        ("2026.3", month(2026, 3)),
        ("2026-03", month(2026, 3)),
        ("2026/3", month(2026, 3)),
        ("202603", month(2026, 3)),
        (202603, month(2026, 3)),
        ("2026年3月上旬", month(2026, 3)),
        ("2026年3月底", month(2026, 3)),
        ("二〇二六年十月", month(2026, 10)),
        (Month(dt.date(2026, 3, 1)), month(2026, 3)),
        ("2024年2月", month(2024, 2)),
    ],
)
def test_a_month_is_its_last_day(cell, expected):
    assert read_day(cell, TODAY) == expected


def test_the_current_month_is_today():
    assert read_day("2026年9月", dt.date(2026, 9, 12)) == Day(dt.date(2026, 9, 12), "month")


def test_a_month_to_come_is_its_last_day_and_later_than_today():
    read = read_day("2026年10月", TODAY)
    assert read == month(2026, 10)
    assert read.is_after_day(TODAY)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2023.1", month(2023, 1)),
        ("2023.10", month(2023, 10)),
        ("2023.12", month(2023, 12)),
        (2023.12, month(2023, 12)),
        (2023.11, month(2023, 11)),
        (2023.2, month(2023, 2)),
        (2023.9, month(2023, 9)),
        (2023.01, month(2023, 1)),
    ],
)
def test_year_and_month_with_a_point(cell, expected):
    assert read_day(cell, TODAY) == expected


@pytest.mark.parametrize("year", [1999, 2023, 2026])
def test_a_number_with_one_behind_the_point_is_january_or_october(year):
    with pytest.raises(BadCell) as refused:
        read_day(float(f"{year}.1"), TODAY)
    assert refused.value.code == "ambiguous_date"


NOT_YET = """
    — / - -- —— \\ N/A 无 待定 暂无 否
    未开工 尚未开工 暂未开工 未动工 未投产 未签约 筹备中 洽谈中
"""


@pytest.mark.parametrize("cell", ["", " ", *NOT_YET.split()])
def test_a_placeholder_is_no_day(cell):
    assert read_day(cell, TODAY) is None


@pytest.mark.parametrize(
    "cell",
    [
        "2026年13月5日",
        "2026.2.30",
        20260230,
        "2026年0月5日",
        2023.13,
        "2026",
        2026,
        "2026年",
        "26.3.5",
        "3月5日",
        "3/5/2026",
        "2026035",
        "2026年3-5月",
        "2026.3-5",
        "2026年3月-5月",
        "2026.3.5-2026.4.1",
        "2026.3.5、2026.4.1",
        "2026年3月5日（预计）",
        "2026年3月5日前",
        "2026年3月5日（平整场地）",
        "计划2026年3月开工",
        "2026年三季度",
        "2026年底",
        "已开工",
        "是",
        "近期",
        "1900.1.1",
        "2126.1.1",
        0,
        5,
        dt.date(1900, 1, 5),
        dt.time(10, 30),
        dt.timedelta(hours=30),
        True,
        Broken("#REF!"),
    ],
)
def test_what_is_not_one_day_or_month_is_refused(cell):
    with pytest.raises(BadCell) as refused:
        read_day(cell, TODAY)
    assert refused.value.code == "bad_date"
    assert refused.value.reason


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026年三季度", Day(TODAY, "month")),
        ("2027年第一季度", month(2027, 3)),
        ("2027年上半年", month(2027, 6)),
        ("2026年底", month(2026, 12)),
        ("预计2026年底前", month(2026, 12)),
        ("计划2027.5", month(2027, 5)),
        ("拟2026年10月开工", month(2026, 10)),
        ("2026年12月底前竣工投产", month(2026, 12)),
        ("2026.3.5", THE_DAY),
    ],
)
def test_plans_are_read_as_plans_are_written(cell, expected):
    assert read_day(cell, TODAY, planned=True) == expected


@pytest.mark.parametrize("cell", ["2027", "2026年", "手续办完后", "2026年13月"])
def test_a_plan_without_a_month_is_refused(cell):
    with pytest.raises(BadCell) as refused:
        read_day(cell, TODAY, planned=True)
    assert refused.value.code == "bad_date"


def test_serial_numbers_count_from_1904_where_the_workbook_says_so():
    assert read_day(46086 - 1462, TODAY, since_1904=True) == THE_DAY


def test_two_days_compare_at_the_coarser_precision():
    assert Day(dt.date(2026, 3, 4)).is_before(THE_DAY)
    assert not THE_DAY.is_before(THE_DAY)
    assert not THE_DAY.is_before(month(2026, 3))
    assert not month(2026, 3).is_before(Day(dt.date(2026, 3, 31)))
    assert not month(2026, 3).is_before(Day(dt.date(2026, 3, 1)))
    assert month(2026, 2).is_before(Day(dt.date(2026, 3, 1)))


NOTATIONS = {
    "points": lambda day: f"{day.year}.{day.month}.{day.day}",
    "slashes": lambda day: f"{day.year}/{day.month:02}/{day.day:02}",
    "hyphens": lambda day: day.isoformat(),
    "words": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "digits": lambda day: f"{day:%Y%m%d}",
    "number": lambda day: float(f"{day:%Y%m%d}"),
    "serial": lambda day: (day - dt.date(1899, 12, 30)).days,
    "instant": lambda day: f"{day.isoformat()} 13:05:00",
    "date": lambda day: day,
    "full-width": lambda day: f"{day.year}年{day.month}月{day.day}日".translate(
        str.maketrans("0123456789", "０１２３４５６７８９")
    ),
}


@given(days, st.sampled_from(sorted(NOTATIONS)))
def test_a_day_comes_out_the_same_in_every_notation(day, notation):
    assert read_day(NOTATIONS[notation](day), TODAY) == Day(day)


@given(days, st.sampled_from(["{y}年{m}月", "{y}.{m}", "{y}-{m:02}", "{y}/{m}", "{y}{m:02}"]))
def test_a_month_comes_out_the_same_in_every_notation(day, notation):
    read = read_day(notation.format(y=day.year, m=day.month), TODAY)
    assert read is not None
    assert read.precision == "month"
    assert (read.on.year, read.on.month) == (day.year, day.month)


@given(
    st.one_of(
        st.text(max_size=20),
        st.text("0123456789./-年月日~ ", max_size=14),
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(),
    )
)
def test_any_cell_is_a_day_nothing_or_a_reason(cell):
    read, code = None, ""
    try:
        read = read_day(cell, TODAY)
    except BadCell as refused:
        code = refused.code
    assert code in ("", "bad_date", "ambiguous_date")
    assert read is None or 1980 <= read.on.year <= 2099
