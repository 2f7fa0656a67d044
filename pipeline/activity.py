"""Genuine activity: what keeps a project, and its investor's protection, alive.

A meeting, a claim, its verification, a receipt or a file moves a project on; opening a page,
changing a word or planning something does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db.models import Q
from django.db.models.functions import Coalesce

from crm import first_reports
from crm.models import FirstReport, Organization, User
from pipeline.models import Project
from pipeline.protection import terms, unit_of


def touch(project: Project, *, on: dt.date) -> None:
    """Something genuine happened to a project on a day; earlier days change nothing."""
    Project.objects.filter(pk=project.pk).filter(
        Q(active_on__isnull=True) | Q(active_on__lt=on)
    ).update(active_on=on)
    unit = unit_of(project)
    _keep_protected(project.investor_id, on=on, units={unit.pk if unit else None})


def touch_organization(
    organization: Organization | int, *, on: dt.date, by: User | None = None
) -> None:
    """The same for an investor without a project yet: its protection stays alive.

    ``by`` is who acted: what another unit does keeps nobody's protection.
    """
    pk = organization if isinstance(organization, int) else organization.pk
    _keep_protected(pk, on=on, units=None if by is None else {by.park_id})


def touch_all(days: Mapping[Project, dt.date]) -> None:
    """The same as :func:`touch` for many projects at once, as a workbook names them."""
    stored = Project.objects.in_bulk([project.pk for project in days])
    moved = []
    for project, on in days.items():
        row = stored[project.pk]
        if row.active_on is None or row.active_on < on:
            row.active_on = on
            moved.append(row)
    Project.objects.bulk_update(moved, ["active_on"], batch_size=500)
    protected = _protected({project.investor_id for project in days})
    for project, on in days.items():
        if project.investor_id in protected:
            unit = unit_of(project)
            _keep_protected(project.investor_id, on=on, units={unit.pk if unit else None})


def touch_organizations(days: Mapping[int, dt.date], *, by: User) -> None:
    """The same as :func:`touch_organization` for many, by their ids."""
    for organization in sorted(_protected(days)):
        touch_organization(organization, on=days[organization], by=by)


def _protected(organizations: Iterable[int]) -> set[int]:
    """Those of some organizations that have a first report which is not released."""
    reports = FirstReport.objects.filter(organization__in=organizations, released_at__isnull=True)
    return set(reports.values_list("organization", flat=True))


def _keep_protected(organization: int, *, on: dt.date, units: set[int | None] | None) -> None:
    idle_days = terms().protection_idle_days
    first_reports.touch(organization, on=on, idle_days=idle_days, units=units)


def last_active() -> Coalesce:
    """The day that a project was last active, for a queryset of projects.

    Where none is known: the day since when it stands in its stage, else its registration.
    """
    return Coalesce("active_on", "stage_since", "created_at__date")


def is_quiet(*, today: dt.date, after_days: int) -> Q:
    """Of a queryset of projects: alive, not yet producing, and inactive for ``after_days``."""
    before = today - dt.timedelta(days=after_days)
    return Q(status="active", stage__in=["lead", "contact", "signed", "started"]) & (
        Q(active_on__lt=before)
        | Q(active_on__isnull=True, stage_since__lt=before)
        | Q(active_on__isnull=True, stage_since__isnull=True, created_at__date__lt=before)
    )
