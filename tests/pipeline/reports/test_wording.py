"""Figures in the words of published reports: % and 百分点, 增长 and 下降, half up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.reports import wording
from pipeline.targets import ratio


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (2641, 3108, "85.0%"),  # Shanxi 2023
        (40, 68, "58.8%"),  # Taiyuan 2021-06
        (17, 57, "29.8%"),
        (442, 542, "81.5%"),  # Yuncheng 2025
        (1, 8, "12.5%"),
        (1, 0, "—"),
    ],
)
def test_rates_read_as_published(part: int, whole: int, shown: str) -> None:
    assert wording.percent(ratio(part, whole)) == shown


def test_ahead_and_behind_read_as_panzhihua_published_them() -> None:
    schedule = Decimal(10) / 12
    assert wording.behind_or_ahead(Decimal("1.2564") - schedule) == "超序时42.3个百分点"
    assert wording.behind_or_ahead(Decimal("0.7041") - schedule) == "欠序时12.9个百分点"
    assert wording.points(Decimal("0.7041") - schedule) == "−12.9"
    assert wording.behind_or_ahead(Decimal("0.0004")) == "与序时进度持平"
    assert wording.behind_or_ahead(None) == "未设目标"


def test_growth_is_a_percentage_and_what_shrinks_falls() -> None:
    assert wording.growth_in_words(Decimal("0.1234")) == "同比增长12.3%"
    assert wording.growth_in_words(Decimal("-0.04")) == "同比下降4.0%"
    assert wording.growth_in_words(Decimal("0.0004")) == "与上年同期持平"
    assert wording.growth_in_words(None) == "上年同期为零，无同比"


def test_a_rate_changes_by_percentage_points() -> None:
    assert wording.points_in_words(Decimal("0.025")) == "同比提高2.5个百分点"
    assert wording.points_in_words(Decimal("-0.025")) == "同比回落2.5个百分点"
    assert wording.gap_in_words(Decimal("-0.012")) == "低于目标1.2个百分点"


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("12", "count", "12"),
        ("1.5", "count", "1.5"),
        ("14330000000", "yi", "143.30"),
        ("215000000", "wan", "21,500"),
        ("5000", "wan", "1"),
        ("0.625", "percent", "62.5%"),
        ("-0.129", "points", "−12.9"),
        ("0.0825", "growth", "+8.3%"),
        (None, "growth", "—"),
        (3, "rank", "3"),
        ("", "text", "—"),
        ("2026-03-05", "day", "2026-03-05"),
    ],
)
def test_a_cell_is_shown_as_its_column_says(value: object, kind: str, shown: str) -> None:
    assert wording.cell(value, kind) == shown
