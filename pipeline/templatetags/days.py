"""Days as a person speaks of them: overdue, today, in three days."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

register = template.Library()

WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)


@register.filter
def weekday(day: dt.date) -> str:
    """周一 to 周日."""
    return str(WEEKDAYS[day.weekday()])


@register.filter
def due(day: dt.date, today: dt.date) -> SafeString:
    """When something falls due, in words; what is late or due today has its light."""
    days = (day - today).days
    if days < 0:
        words = ngettext("逾期 %(days)s 天", "逾期 %(days)s 天", -days) % {"days": -days}
        sign = ("light light-red", "bi-exclamation-octagon-fill")
    elif days == 0:
        words, sign = _("今天"), ("light light-yellow", "bi-exclamation-triangle-fill")
    else:
        words = (
            _("明天")
            if days == 1
            else ngettext("%(days)s 天后", "%(days)s 天后", days) % {"days": days}
        )
        sign = ("muted", "bi-calendar")
    return format_html(
        '<span class="{}"><i class="bi {}" aria-hidden="true"></i> {}</span>', *sign, words
    )
