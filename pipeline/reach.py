"""Whom of those that the county deals with a person may see: one scope for every page.

A company belongs to whoever works with it. A person of a park sees it in full where their
park has a project with it, met it, registered it or holds its first report (首报), and
where nobody works with it yet. Of any other they may learn that it is taken and by which
unit (``pipeline.leads``), never its people, projects or amounts.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from crm.models import Attachment, Contact, FirstReport, Organization, User
from pipeline.models import Interaction, Project


def organizations_visible_to(user: User) -> QuerySet[Organization]:
    """The organizations that ``user`` may see in full; neither merged nor withdrawn ones."""
    rows = Organization.objects.current()
    if user.is_county_wide:
        return rows
    projects = Project.objects.current()
    reports = FirstReport.objects.filter(released_at__isnull=True)
    of_row = {"investor": OuterRef("pk")}
    nobodys = ~Exists(projects.filter(**of_row)) & ~Exists(
        reports.filter(organization=OuterRef("pk"))
    )
    return rows.filter(
        Q(pk__in=projects.visible_to(user).values("investor"))
        | Q(pk__in=Interaction.objects.current().visible_to(user).values("organization"))
        | Q(pk__in=reports.filter(park=user.park_id).values("organization"))
        | Q(created_by__park=user.park_id)
        | Q(created_by=user)
        | nobodys
    )


def contacts_visible_to(user: User) -> QuerySet[Contact]:
    """The people at the organizations that ``user`` may see."""
    rows = Contact.objects.current()
    if user.is_county_wide:
        return rows.filter(organization__in=Organization.objects.current())
    return rows.filter(organization__in=organizations_visible_to(user).values("pk"))


def attachments_visible_to(user: User) -> QuerySet[Attachment]:
    """The files about the organizations that ``user`` may see, and of visits they may see."""
    rows = Attachment.objects.filter(withdrawn_at__isnull=True)
    if user.is_county_wide:
        return rows
    return rows.filter(
        Q(organization__in=organizations_visible_to(user).values("pk"))
        | Q(pk__in=Interaction.objects.visible_to(user).values("photos"))
    )
