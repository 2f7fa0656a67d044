"""The pages of the ledgers beside each other: tabs that only lead where the person may go."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.translation import pgettext_lazy

from crm.models import User
from crm.rights import may
from pipeline.templatetags.navigation import Entry

register = template.Library()

TABS = (
    ("ledger_overview", pgettext_lazy("ledgers", "总览")),
    ("item_list", pgettext_lazy("ledgers", "事项")),
    ("meeting_list", pgettext_lazy("ledgers", "会议")),
    ("escalation_list", pgettext_lazy("ledgers", "督办升级")),
    ("monthly_progress", pgettext_lazy("ledgers", "月度进展")),
    ("area_list", pgettext_lazy("ledgers", "领域分析")),
    ("report_list", pgettext_lazy("ledgers", "通报")),
)


@register.filter
def ledger_tabs(request: HttpRequest) -> list[Entry]:
    """The tabs that the request's person may open; the one whose address fits best is current.

    Which right opens a page, its view says itself (``crm.http.allowed``).
    """
    user = request.user
    if not isinstance(user, User):
        return []
    found: list[tuple[str, Any]] = []
    for route, label in TABS:
        url = reverse(route)
        if may(user, getattr(resolve(url).func, "act", "")):
            found.append((url, label))
    # At "/" only the overview shows these tabs (``pipeline.views.my_day.home``).
    here = reverse("ledger_overview") if request.path == "/" else request.path
    fitting = [url for url, _label in found if here.startswith(url)]
    current = max(fitting, key=len, default="")
    return [Entry(url, label, url == current) for url, label in found]
