"""How a chance is written: whole per cent, and never as certain as it is not."""

from __future__ import annotations

from decimal import Decimal

from django import template

from pipeline.lights import Light
from pipeline.targets import rounded
from pipeline.written import NONE

register = template.Library()

LIKELY, UNLIKELY = Decimal("0.7"), Decimal("0.3")


@register.filter
def chance(value: Decimal | None) -> str:
    """A chance as a whole percentage; below 1 and above 99 it says no more than that."""
    if value is None:
        return NONE
    if value < Decimal("0.01"):
        return "<1 %"
    if value > Decimal("0.99"):
        return ">99 %"
    return f"{rounded(value * 100, 0)} %"


@register.filter
def chance_light(value: Decimal | None) -> str:
    """The light of a chance: green from 70 per cent, red below 30."""
    if value is None:
        return Light.NONE.value
    if value >= LIKELY:
        return Light.GREEN.value
    return Light.RED.value if value < UNLIKELY else Light.YELLOW.value
