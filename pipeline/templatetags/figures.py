"""How figures are written: 亿元 with 2 decimals, 万元 whole, rates with 1; half up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pipeline.figures import Window
from pipeline.lights import Light, schedule_light
from pipeline.models import Milestone
from pipeline.stages import Precision
from pipeline.targets import rounded
from pipeline.written import NONE, count, points, wan, yi

register = template.Library()

for writer in (count, points, wan, yi):
    register.filter(writer)


@register.filter
def dash(value: Any) -> Any:
    """The value, or a dash where there is none."""
    return NONE if value is None or value == "" else value


@register.filter
def part_of_one(hundredths: Decimal | None) -> str:
    """A percentage of one project's credit as a count: 1, or 0.6 where it is shared."""
    return NONE if hundredths is None else count(hundredths / 100)


@register.filter
def percent(fraction: Decimal | None) -> str:
    """A fraction of 1 as a percentage with one decimal."""
    return NONE if fraction is None else f"{rounded(fraction * 100, 1):,} %"


@register.filter
def growth(fraction: Decimal | None) -> str:
    """A growth rate: a percentage that shows its sign."""
    return NONE if fraction is None else f"{points(fraction)} %"


@register.filter
def width(fraction: Decimal | None) -> str:
    """A fraction of 1 as the length of a bar, at most the whole."""
    return f"{rounded(min(max(fraction or Decimal(0), Decimal(0)), Decimal(1)) * 100, 2)}%"


@register.filter
def ahead(lead: Decimal | None) -> str:
    """Completion − schedule in words."""
    if lead is None:
        return NONE
    value = rounded(abs(lead) * 100, 1)
    if not value:
        return _("与序时进度持平")
    if lead > 0:
        return _("超序时 %(points)s 个百分点") % {"points": value}
    return _("欠序时 %(points)s 个百分点") % {"points": value}


@register.filter
def gap(difference: Decimal | None) -> str:
    """A rate − its target in words."""
    if difference is None:
        return NONE
    value = rounded(abs(difference) * 100, 1)
    if not value:
        return _("与目标持平")
    if difference > 0:
        return _("高于目标 %(points)s 个百分点") % {"points": value}
    return _("低于目标 %(points)s 个百分点") % {"points": value}


ICONS = {
    Light.GREEN: "bi-check-circle-fill",
    Light.YELLOW: "bi-exclamation-triangle-fill",
    Light.RED: "bi-exclamation-octagon-fill",
    Light.CLOSED: "bi-archive-fill",
    Light.NONE: "bi-dash-circle",
}


@register.filter
def light_ahead(lead: Decimal | None) -> SafeString:
    """Completion − schedule as a light with its icon, in words."""
    on = schedule_light(lead)
    # Green a little behind schedule: in time by the rule, but no tick.
    is_short = on is Light.GREEN and lead is not None and lead < 0
    return format_html(
        '<span class="light light-{}"><i class="bi {}" aria-hidden="true"></i> {}</span>',
        on.value,
        "bi-circle-fill" if is_short else ICONS[on],
        ahead(lead),
    )


@register.filter
def light_gap(difference: Decimal | None) -> SafeString:
    """A rate − its target as a light with its icon, in words."""
    on = schedule_light(difference)
    return format_html(
        '<span class="light light-{}"><i class="bi {}" aria-hidden="true"></i> {}</span>',
        on.value,
        ICONS[on],
        gap(difference),
    )


@register.filter
def period(window: Window) -> str:
    """A window's days in words: whole months as 1—9月, else from day to day."""
    if window.until < window.since:
        return _("%(year)s年（尚未开始）") % {"year": window.year}
    if (window.until + dt.timedelta(days=1)).day == 1:
        if window.until.month == 1:
            return _("%(year)s年1月") % {"year": window.year}
        return _("%(year)s年1—%(month)s月") % {"year": window.year, "month": window.until.month}
    return _("%(since)s至%(until)s") % {
        "since": date_format(window.since),
        "until": date_format(window.until),
    }


@register.filter
def day(value: dt.date | None, precision: str = Precision.DAY) -> str:
    """A day as 2026-03-05; as 2026-03 where only the month is known."""
    if value is None:
        return NONE
    return f"{value:%Y-%m}" if precision == Precision.MONTH else value.isoformat()


@register.filter
def happened(milestone: Milestone | None) -> str:
    """The day of a milestone, as exactly as it is known; a dash where there is none."""
    return NONE if milestone is None else day(milestone.occurred_on, milestone.precision)
