"""How targets are written: each in the unit of its metric."""

from decimal import Decimal

from django import template

from pipeline.metrics import METRICS, RATE, YUAN
from pipeline.templatetags.figures import percent
from pipeline.written import count, yi

register = template.Library()


@register.filter
def of_unit(value: Decimal | None, unit: str) -> str:
    """A value in projects, 亿元 or per cent."""
    if unit == YUAN:
        return yi(value)
    return percent(value) if unit == RATE else count(value)


@register.filter
def of_metric(value: Decimal | None, metric: str) -> str:
    """A value in the unit of a metric."""
    return of_unit(value, METRICS[metric].unit)
