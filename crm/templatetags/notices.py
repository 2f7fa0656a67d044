"""The bell's number, and words for the groups of notices."""

from typing import Any

from django import template

from crm.models import DeliveryState, User
from crm.notices import BY_NAME, group_of, unread

register = template.Library()
MOST = 99


@register.simple_tag
def unread_count(user: Any) -> str:
    """``{% unread_count user as unread %}``: unread notices, "" for none, "99+" beyond 99."""
    number = unread(user, most=MOST + 1) if isinstance(user, User) else 0
    if not number:
        return ""
    return str(number) if number <= MOST else f"{MOST}+"


@register.filter
def group_label(kind: str) -> Any:
    """``kind|group_label``: the name of the group that a kind of notice belongs to."""
    return group_of(kind).label


@register.filter
def group_labels(names: list[str]) -> str:
    """``channel.groups|group_labels``: the names of groups, or nothing."""
    return "、".join(str(BY_NAME[name].label) for name in names if name in BY_NAME)


ICONS = {
    DeliveryState.WAITING: "bi-hourglass",
    DeliveryState.SENDING: "bi-send",
    DeliveryState.SENT: "bi-check-circle",
    DeliveryState.FAILED: "bi-x-octagon",
    DeliveryState.DOUBTFUL: "bi-question-circle",
}


@register.filter
def delivery_icon(state: str) -> str:
    """``delivery.state|delivery_icon``: the icon beside the state's word."""
    return ICONS[DeliveryState(state)]
