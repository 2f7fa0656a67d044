"""Words of the ledgers: an item's light with its day, and what an edit changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms, template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pipeline.models import ItemEvent, LedgerItem
from pipeline.models.ledgers import UNDER_CLOCK
from pipeline.supervision import Rules, item_light
from pipeline.templatetags.projects import lamp

register = template.Library()


@register.simple_tag
def item_lamp(item: LedgerItem, now: dt.datetime, rules: Rules) -> SafeString:
    """The item's light with its icon and how many days it is to or past the due day."""
    light, today = item_light(item, now, rules), timezone.localdate(now)
    due_on = item.clock_due_on
    if item.state not in UNDER_CLOCK or due_on is None:
        return lamp(light, item.get_state_display())
    if due_on < today:
        words = _("逾期 %(days)s 天") % {"days": (today - due_on).days}
    elif due_on == today:
        words = _("今天到期")
    else:
        words = _("还有 %(days)s 天") % {"days": (due_on - today).days}
    return lamp(light, words)


@register.filter
def was_late_before(item: LedgerItem, now: dt.datetime) -> bool:
    """Whether it keeps the mark of an overdue day, and is not overdue right now."""
    is_red = item.clock_due_on is not None and item.clock_due_on < timezone.localdate(now)
    return item.was_late and not is_red


@register.filter
def edit_lines(event: ItemEvent) -> list[tuple[Any, Any, Any]]:
    """What an edit changed: the column's wording, what stood there, what stands there now."""
    return [
        (_label(name), _written(event.before.get(name)), _written(value))
        for name, value in event.after.items()
        if name in event.before
    ]


def _label(name: str) -> Any:
    return getattr(LedgerItem._meta.get_field(name), "verbose_name", name)


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return value if value not in (None, "") else "—"


@register.filter
def with_ids(form: forms.BaseForm, name: str) -> forms.BaseForm:
    """A form whose fields' ids begin with the name of its act: several stand on one page."""
    form.auto_id = f"id_{name}_%s"
    return form
