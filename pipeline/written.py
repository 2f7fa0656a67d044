"""How figures are written, wherever they stand: counts, 亿元, 万元, percentage points; half up."""

from __future__ import annotations

from decimal import Decimal

from pipeline.targets import rounded

NONE = "—"
YI = Decimal(100_000_000)
WAN = Decimal(10_000)


def count(value: Decimal | None) -> str:
    """Projects: whole, with up to two decimals only where credit is shared."""
    if value is None:
        return NONE
    value = rounded(Decimal(value), 2)
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value.normalize():,f}"


def yi(value: Decimal | None) -> str:
    """Yuan in 亿元 with two decimals."""
    return NONE if value is None else f"{rounded(value / YI, 2):,}"


def wan(value: Decimal | None) -> str:
    """Yuan in whole 万元."""
    return NONE if value is None else f"{rounded(value / WAN, 0):,}"


def points(value: Decimal | None) -> str:
    """A difference of fractions in percentage points, with its sign."""
    if value is None:
        return NONE
    shown = rounded(value * 100, 1)
    return f"{shown:+,}".replace("-", "−") if shown else "0.0"
