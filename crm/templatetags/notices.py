"""The bell's number."""

from typing import Any

from django import template

from crm.models import User
from crm.notices import unread

register = template.Library()
MOST = 99


@register.simple_tag
def unread_count(user: Any) -> str:
    """``{% unread_count user as unread %}``: unread notices, "" for none, "99+" beyond 99."""
    number = unread(user, most=MOST + 1) if isinstance(user, User) else 0
    if not number:
        return ""
    return str(number) if number <= MOST else f"{MOST}+"
