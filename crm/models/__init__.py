"""Who the county deals with."""

from crm.models.calendar import CalendarDay
from crm.models.dictionaries import Channel, Industry, Team
from crm.models.organizations import Contact, Organization
from crm.models.parks import Park
from crm.models.users import Role, User

__all__ = [
    "CalendarDay",
    "Channel",
    "Contact",
    "Industry",
    "Organization",
    "Park",
    "Role",
    "Team",
    "User",
]
