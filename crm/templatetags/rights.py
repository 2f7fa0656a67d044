"""Showing only what would be allowed."""

from typing import Any

from django import template

from crm.models import User
from crm.rights import may

register = template.Library()


@register.filter(name="may")
def may_filter(user: Any, act: str) -> bool:
    """``user|may:"milestone.verify"``: whether the role is allowed the act."""
    return isinstance(user, User) and may(user, act)
