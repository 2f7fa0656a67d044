"""Whom an officer has met: a project or a company within reach, the recent ones first."""

from __future__ import annotations

from dataclasses import dataclass

from crm.keys import key_of
from crm.models import Organization, User
from pipeline.models import Interaction, Project
from pipeline.reach import organizations_visible_to
from pipeline.search import find

RECENT, LOOKED_THROUGH = 8, 60


@dataclass(frozen=True, slots=True)
class Whom:
    """A project with its investor, or a company alone."""

    organization: Organization
    project: Project | None = None

    @property
    def name(self) -> str:
        return self.project.name if self.project else self.organization.name

    @property
    def query(self) -> str:
        """What names it in an address."""
        return (
            f"project={self.project.pk}" if self.project else f"organization={self.organization.pk}"
        )


def chosen(*, project: str, organization: str, user: User) -> Whom | None:
    """By the keys that an address or a form gives; None for none, or out of sight."""
    if (of_project := key_of(project)) is not None:
        projects = Project.objects.current().visible_to(user).select_related("investor")
        row = projects.filter(pk=of_project).first()
        return Whom(row.investor, row) if row else None
    if (of_company := key_of(organization)) is not None:
        company = organizations_visible_to(user).filter(pk=of_company).first()
        return Whom(company) if company else None
    return None


def recent(user: User) -> list[Whom]:
    """Whom the person recorded last, then the projects that they look after; four queries."""
    met = (
        Interaction.objects.current()
        .filter(recorded_by=user)
        .order_by("-pk")
        .values_list("project", "organization")[:LOOKED_THROUGH]
    )
    keys = list(dict.fromkeys(met))[:RECENT]
    projects = Project.objects.current().visible_to(user).select_related("investor")
    seen = projects.in_bulk([project for project, _company in keys if project])
    companies = organizations_visible_to(user).in_bulk(
        [company for project, company in keys if not project]
    )
    found = [
        Whom(seen[project].investor, seen[project]) if project else Whom(companies[company])
        for project, company in keys
        if (project in seen if project else company in companies)
    ]
    if len(found) < RECENT:
        own = projects.filter(officer=user, status="active").exclude(pk__in=seen)
        found += [Whom(row.investor, row) for row in own.order_by("-pk")[: RECENT - len(found)]]
    return found


def search(text: str, *, user: User, most: int = 8) -> list[tuple[Whom, str]]:
    """Projects, companies and the companies of contacts that a text names, and why each."""
    found = find(text, user=user, most=most)
    of_contacts = [(Whom(c.organization), c.name) for c in found.contacts]
    return [
        *((Whom(project.investor, project), project.investor.name) for project in found.projects),
        *((Whom(company), "") for company in found.organizations),
        *of_contacts,
    ]
