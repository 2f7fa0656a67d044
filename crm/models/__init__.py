"""Who the county deals with."""

from crm.models.calendar import CalendarDay
from crm.models.dictionaries import Channel, Industry, Team
from crm.models.jobs import Job, JobState
from crm.models.organizations import Contact, Organization
from crm.models.parks import Park
from crm.models.users import Role, User

__all__ = [
    "CalendarDay",
    "Channel",
    "Contact",
    "Industry",
    "Job",
    "JobState",
    "Organization",
    "Park",
    "Role",
    "Team",
    "User",
]
