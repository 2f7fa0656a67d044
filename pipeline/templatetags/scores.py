"""How points are written: with two decimals, and with the sum that they come from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from pipeline.assessment import Deduction, Line
from pipeline.metrics import YUAN
from pipeline.targets import rounded
from pipeline.templatetags.figures import percent
from pipeline.templatetags.targets import of_unit
from pipeline.written import NONE, count

register = template.Library()


@register.filter
def score(value: Decimal | None) -> str:
    """Points with two decimals, or a dash."""
    return NONE if value is None else f"{rounded(value, 2):,}"


@register.filter
def measured(line: Line) -> str:
    """What was reached, in the measure's unit, without its fraction."""
    return of_unit(line.done, line.measure.unit)


@register.filter
def aim(line: Line) -> str:
    """The target, in the measure's unit."""
    return of_unit(line.target, line.measure.unit)


@register.filter
def formula(line: Line | Deduction) -> str:
    """The sum written out: 42/50 × 30 = 25.20; or why the line does not count."""
    if isinstance(line, Deduction):
        return _deducted(line)
    if line.target is None:
        return _("没有目标，不计分")
    if line.done is None or line.scored is None:
        return _("没有可比的数，不计分")
    weight = count(line.indicator.weight)
    written = f"{measured(line)}/{aim(line)} × {weight}"
    if line.measure.unit == YUAN:
        written = _("%(done)s 亿元/%(target)s 亿元 × %(weight)s") % {
            "done": measured(line),
            "target": aim(line),
            "weight": weight,
        }
    if line.done > line.target:
        return _("%(sum)s，超过满分，计 %(points)s") % {
            "sum": written,
            "points": score(line.scored),
        }
    return f"{written} = {score(line.scored)}"


def _deducted(line: Deduction) -> str:
    words = {
        "cases": line.cases,
        "per_case": count(line.indicator.per_case),
        "points": score(line.taken),
        "most": count(line.indicator.weight),
    }
    if line.is_capped:
        return _("%(cases)s 件 × %(per_case)s，最多扣 %(most)s 分，扣 %(points)s") % words
    return _("%(cases)s 件 × %(per_case)s = %(points)s") % words


@register.filter
def fraction(line: Line) -> str:
    """Of a rate, the numbers that it is made of: 20/32."""
    if line.value is None or line.value.whole is None:
        return ""
    return f"{count(line.value.part)}/{count(line.value.whole)}"


@register.filter
def share(value: Decimal | None) -> str:
    """Total / weight that counts, as a percentage."""
    return percent(value)


@register.filter
def has_room(entry: Any) -> bool:
    """Whether an appeal could gain anything."""
    return bool(entry.room)
