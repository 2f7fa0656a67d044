"""Whom of those that the county deals with a person may see: one scope for every page.

A company belongs to whoever works with it. A person of a park sees it in full where their
park has a project with it, met it, registered it or holds its first report (首报), and
where nobody works with it yet. Of any other they may learn that it is taken and by which
unit (``pipeline.leads``), never its people, projects or amounts.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from crm.models import Attachment, Contact, FirstReport, Organization, User
from pipeline.models import Interaction, Project


def organizations_visible_to(user: User) -> QuerySet[Organization]:
    """The organizations that ``user`` may see in full; neither merged nor withdrawn ones."""
    rows = Organization.objects.current()
    if user.is_county_wide:
        return rows
    projects = Project.objects.current()
    reports = FirstReport.objects.filter(released_at__isnull=True)
    # Whole sets that the database hashes once: asked row by row it took twice as long.
    nobodys = ~Q(pk__in=projects.values("investor")) & ~Q(pk__in=reports.values("organization"))
    return rows.filter(
        Q(pk__in=projects.visible_to(user).values("investor"))
        | Q(pk__in=_met_by(user).values("organization"))
        | Q(pk__in=reports.filter(park=user.park_id).values("organization"))
        | Q(created_by__park=user.park_id)
        | Q(created_by=user)
        | nobodys
    )


def _met_by(user: User) -> QuerySet[Interaction]:
    """The meetings that the person or somebody of their park recorded, or that they were at."""
    took_part = Interaction.officers.through.objects.filter(user=user).values("interaction")
    colleagues = User.objects.filter(park=user.park_id).values("pk")
    return Interaction.objects.current().filter(
        Q(recorded_by__in=colleagues) | Q(recorded_by=user) | Q(pk__in=took_part)
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
        Q(organization__in=organizations_visible_to(user).values("pk")) & _not_of_others(user)
        | Q(pk__in=Interaction.objects.visible_to(user).values("photos"))
    )


def files_of(organization: Organization, user: User) -> QuerySet[Attachment]:
    """The files about an organization, withdrawn or not, that ``user``, who sees it, may see."""
    rows = Attachment.objects.filter(organization=organization)
    return rows if user.is_county_wide else rows.filter(_not_of_others(user))


def _not_of_others(user: User) -> Q:
    """No photo of a visit, or one of a visit that the person may see: two parks may work with
    one company, and neither sees what the other talked about with it."""
    photos = Interaction.photos.through.objects
    seen = photos.filter(interaction__in=Interaction.objects.visible_to(user).values("pk"))
    return ~Q(pk__in=photos.values("attachment")) | Q(pk__in=seen.values("attachment"))
