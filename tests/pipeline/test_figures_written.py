"""How figures are written: units, decimals, half up, a dash for none."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from pipeline.figures import Window
from pipeline.lights import Light, schedule_light
from pipeline.templatetags import figures as written
from tests.factories import instant


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [
        ("20000000000", "200.00"),
        ("500000", "0.01"),
        ("499999.99", "0.00"),
        ("12345600000000", "123,456.00"),
        (None, "—"),
    ],
)
def test_an_amount_in_yi_has_two_decimals_half_up(yuan: str | None, shown: str) -> None:
    assert written.yi(yuan and Decimal(yuan)) == shown


@pytest.mark.parametrize(("yuan", "shown"), [("5000", "1"), ("46000000", "4,600"), (None, "—")])
def test_an_amount_in_wan_is_whole(yuan: str | None, shown: str) -> None:
    assert written.wan(yuan and Decimal(yuan)) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(50, "50"), (Decimal("19.40"), "19.4"), (0, "0"), (None, "—")]
)
def test_a_count_has_decimals_only_where_credit_is_shared(value: object, shown: str) -> None:
    assert written.count(value) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"), [("0.625", "62.5 %"), ("0.61364", "61.4 %"), ("2.574", "257.4 %")]
)
def test_a_rate_has_one_decimal_and_no_cap(fraction: str, shown: str) -> None:
    assert written.percent(Decimal(fraction)) == shown


@pytest.mark.parametrize(
    ("lead", "shown"),
    [
        ("0.083", "超序时 8.3 个百分点"),
        ("-0.0005", "欠序时 0.1 个百分点"),
        ("0.0004", "与序时进度持平"),
    ],
)
def test_a_lead_is_said_in_percentage_points(lead: str, shown: str) -> None:
    assert written.ahead(Decimal(lead)) == shown


@pytest.mark.parametrize(
    ("lead", "light"),
    [
        ("0", Light.GREEN),
        ("-0.0999", Light.GREEN),
        ("-0.10", Light.YELLOW),
        ("-0.30", Light.YELLOW),
        ("-0.3001", Light.RED),
        (None, Light.NONE),
    ],
)
def test_10_to_30_points_behind_is_yellow_and_more_is_red(lead: str | None, light: Light) -> None:
    assert schedule_light(lead and Decimal(lead)) is light


@pytest.mark.parametrize(
    ("as_of", "shown"),
    [
        ("2026-09-30", "2026年1—9月"),
        ("2026-01-31", "2026年1月"),
        ("2026-09-20", "2026年1月1日至2026年9月20日"),
        ("2027-03-01", "2026年1—12月"),
        ("2025-12-31", "2026年（尚未开始）"),
    ],
)
def test_a_period_is_named_as_a_bulletin_names_it(as_of: str, shown: str) -> None:
    window = Window(2026, dt.date.fromisoformat(as_of), instant("2027-06-01 08:00"))
    assert written.period(window) == shown


def test_a_day_of_which_only_the_month_is_known_shows_the_month() -> None:
    assert written.day(dt.date(2026, 3, 31), "month") == "2026-03"
    assert written.day(None) == "—"


def test_a_bar_is_never_longer_than_its_track_nor_localised() -> None:
    with translation.override("en"):
        assert written.width(Decimal("2.574")) == "100.00%"
        assert written.width(Decimal("0.3333")) == "33.33%"
        assert written.width(None) == "0.00%"
