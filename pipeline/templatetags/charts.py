"""Figures as the numbers that a chart is drawn from, beside those that people read."""

from __future__ import annotations

from decimal import Decimal

from django import template

from pipeline.rollups import Row
from pipeline.targets import rounded
from pipeline.written import YI

register = template.Library()


@register.filter
def in_percent(fraction: Decimal | None) -> str:
    """A fraction of 1 as a number of per cent, for a ``data-value``."""
    return "" if fraction is None else f"{rounded(fraction * 100, 1)}"


@register.filter
def in_yi(yuan: Decimal | None) -> str:
    """Yuan as a number of 亿元, for a ``data-value``."""
    return "" if yuan is None else f"{rounded(yuan / YI, 2)}"


@register.filter
def as_number(value: Decimal | None) -> str:
    """A count as a plain number, for a ``data-value``."""
    return "" if value is None else f"{rounded(value, 2).normalize():f}"


@register.filter
def target(row: Row, metric: str) -> Decimal | None:
    """What a row is held against."""
    return row.target(metric)


@register.filter
def one_place(value: Decimal | None) -> str:
    """A planned count with one decimal: a plan need not be whole projects."""
    return "—" if value is None else f"{rounded(value, 1):,}"
