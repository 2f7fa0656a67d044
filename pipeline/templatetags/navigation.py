"""The top bar's entries, by what a person may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from crm.models import Role, User
from crm.rights import may

register = template.Library()


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the top bar: the right that opens it, and whom it is offered to.

    ``roles`` empty: everybody who may. ``for_county``: only who sees the whole county.
    """

    route: str
    label: Any
    act: str
    roles: frozenset[str] = frozenset()
    for_county: bool = False


DAILY = frozenset({Role.OFFICER, Role.MANAGER, Role.LEADER})
MAIN = (
    Place("my_day", pgettext_lazy("navigation", "我的一天"), "calendar.view", DAILY),
    Place("cockpit", pgettext_lazy("navigation", "驾驶舱"), "figures.view"),
    Place("board", pgettext_lazy("navigation", "看板"), "project.view"),
    Place("project_list", pgettext_lazy("navigation", "项目"), "project.view"),
    Place("organization_list", pgettext_lazy("navigation", "企业"), "organization.view"),
    Place("lead_list", pgettext_lazy("navigation", "首报"), "organization.view"),
    Place("interaction_list", pgettext_lazy("navigation", "接洽"), "project.view"),
    Place("verification", pgettext_lazy("navigation", "核验"), "verification.view"),
    Place("report_list", pgettext_lazy("navigation", "通报"), "report.view"),
    Place("ledger_overview", pgettext_lazy("navigation", "台账"), "item.view"),
    Place("targets", pgettext_lazy("navigation", "目标"), "target.view"),
)
MORE = (
    Place("follow_up_list", pgettext_lazy("navigation", "待办"), "calendar.view"),
    Place("calendar", pgettext_lazy("navigation", "日历"), "calendar.view"),
    Place("contact_list", pgettext_lazy("navigation", "联系人"), "organization.view"),
    Place("aftercare", pgettext_lazy("navigation", "企业服务"), "project.view"),
    Place("forecast", pgettext_lazy("navigation", "年底预测"), "figures.view"),
    Place("comparison", pgettext_lazy("navigation", "对比"), "figures.view"),
    Place("scorecards", pgettext_lazy("navigation", "考核"), "score.view"),
    Place("load_list", pgettext_lazy("navigation", "导入"), "load.view"),
    Place("merge_list", pgettext_lazy("navigation", "企业合并"), "organization.merge"),
    Place("admin:index", pgettext_lazy("navigation", "管理"), "county.configure"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the top bar."""

    url: str
    label: Any
    is_current: bool


@register.filter
def navigation(request: HttpRequest) -> list[Entry]:
    """The entries that the request's person may open; the current one is marked."""
    return _entries(request, MAIN)


@register.filter
def further(request: HttpRequest) -> list[Entry]:
    """What stands behind "more"."""
    return _entries(request, MORE)


def _entries(request: HttpRequest, places: tuple[Place, ...]) -> list[Entry]:
    user = request.user
    if not isinstance(user, User):
        return []
    entries = []
    for place in places:
        if not may(user, place.act) or (place.roles and user.role not in place.roles):
            continue
        if place.for_county and not user.is_county_wide:
            continue
        url = reverse(place.route)
        entries.append(Entry(url, place.label, request.path.startswith(url)))
    return entries
