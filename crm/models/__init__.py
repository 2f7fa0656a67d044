"""Who the county deals with."""

import crm.lookups  # noqa: F401 -- what every queryset may ask
from crm.models.calendar import CalendarDay
from crm.models.deliveries import (
    Delivery,
    DeliveryState,
    NoticeChannel,
    NoticeChannelKind,
    NoticeChoice,
    NoticeHours,
)
from crm.models.dictionaries import Chain, Channel, Industry, Tag, TagGroup, Team
from crm.models.first_reports import FirstReport, ReportDispute
from crm.models.jobs import Job, JobState
from crm.models.notices import CalendarFeed, Notice
from crm.models.organizations import (
    Attachment,
    ChainPosition,
    Contact,
    ContactMerge,
    Organization,
    OrganizationMerge,
)
from crm.models.parks import Park
from crm.models.units import Area, Unit
from crm.models.users import Role, User

__all__ = [
    "Area",
    "Attachment",
    "CalendarDay",
    "CalendarFeed",
    "Chain",
    "ChainPosition",
    "Channel",
    "Contact",
    "ContactMerge",
    "Delivery",
    "DeliveryState",
    "FirstReport",
    "Industry",
    "Job",
    "JobState",
    "Notice",
    "NoticeChannel",
    "NoticeChannelKind",
    "NoticeChoice",
    "NoticeHours",
    "Organization",
    "OrganizationMerge",
    "Park",
    "ReportDispute",
    "Role",
    "Tag",
    "TagGroup",
    "Team",
    "Unit",
    "User",
]
