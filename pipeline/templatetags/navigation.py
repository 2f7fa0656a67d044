"""The top bar's entries, by what a person may open."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.rights import may

register = template.Library()

# (route, wording, the right that opens it, whether only for who sees the whole county)
ENTRIES: tuple[tuple[str, Any, str, bool], ...] = (
    ("cockpit", _("驾驶舱"), "figures.view", False),
    ("project_list", _("项目"), "project.view", False),
    ("load_list", _("导入"), "load.view", True),
    ("admin:index", _("管理"), "county.configure", False),
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
    user = request.user
    if not isinstance(user, User):
        return []
    entries = []
    for route, label, act, for_county in ENTRIES:
        if may(user, act) and (user.is_county_wide or not for_county):
            url = reverse(route)
            here = request.path == url if url == "/" else request.path.startswith(url)
            entries.append(Entry(url, label, here))
    return entries
