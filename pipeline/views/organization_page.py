"""What a company's page shows, with the forms of those who may keep it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from crm import first_reports
from crm.http import SignedIn
from crm.models import FirstReport, Organization
from crm.rights import may
from pipeline.company_history import company_edits
from pipeline.families import family
from pipeline.forms.organizations import AttachmentForm, LeftForm, PersonForm
from pipeline.models import CountySettings, FollowUp, Interaction, Project
from pipeline.reach import files_of

PROJECTS = 50
MEETINGS = 10
REPORTS = 5
FILES = 50


def organization_page(
    request: SignedIn, organization: Organization, *, bound: Mapping[str, BaseForm] | None = None
) -> HttpResponse:
    """The page of a company that the person may see.

    ``bound`` holds a form that was refused, by its name, and answers 422.
    """
    user, now = request.user, timezone.now()
    row = Organization.objects.select_related(
        "parent", "industry", "chain", "created_by", "created_by__park"
    ).get(pk=organization.pk)
    # Who sees a company sees its people (pipeline.reach): not asked again.
    contacts = list(row.contacts.current())
    return render(
        request,
        "pipeline/organization.html",
        {
            "organization": row,
            "tags": row.tags.all(),
            "today": timezone.localdate(now),
            "family": family(row, user=user),
            "contacts": [contact for contact in contacts if contact.left_on is None],
            "former": [contact for contact in contacts if contact.left_on is not None],
            "projects": _projects(row, request),
            "interactions": _interactions(row, request),
            "follow_ups": FollowUp.objects.open()
            .visible_to(user)
            .filter(organization=row)
            .select_related("assignee", "project")[:MEETINGS],
            "reports": _reports(row, now),
            "attachments": files_of(row, user)
            .filter(withdrawn_at__isnull=True)
            .select_related("uploaded_by")
            .order_by("-pk")[:FILES],
            "edits": company_edits(row),
            **_forms(request, row, bound or {}),
        },
        status=422 if bound else 200,
    )


def _forms(request: SignedIn, row: Organization, bound: Mapping[str, BaseForm]) -> dict[str, Any]:
    if not may(request.user, "organization.edit"):
        return {"may_edit": False}
    return {
        "may_edit": True,
        "person_form": bound.get("person") or PersonForm(),
        "attachment_form": bound.get("attachment") or AttachmentForm(),
        "left_form": bound.get("left") or LeftForm(),
        "withdrawn": files_of(row, request.user).filter(withdrawn_at__isnull=False)[:FILES],
        "leaving": getattr(bound.get("left"), "contact", None),
    }


def _projects(row: Organization, request: SignedIn) -> list[Project]:
    found = Project.objects.current().visible_to(request.user).filter(investor=row)
    return list(found.select_related("park", "officer").order_by("-pk")[:PROJECTS])


def _interactions(row: Organization, request: SignedIn) -> list[Interaction]:
    found = Interaction.objects.current().visible_to(request.user).filter(organization=row)
    return list(
        found.select_related("project", "recorded_by").prefetch_related("contacts", "officers")[
            :MEETINGS
        ]
    )


@dataclass(frozen=True, slots=True)
class Report:
    """A first report, the last day on which it holds should nothing happen any more, and how
    many days are left until then."""

    row: FirstReport
    until: dt.date
    days_left: int
    holds: bool

    @property
    def is_idle_first(self) -> bool:
        """Whether it lapses for idleness before its time is over."""
        return self.until < self.row.protected_until


def _reports(row: Organization, now: dt.datetime) -> list[Report]:
    today = timezone.localdate(now)
    idle_days = CountySettings.objects.known_at(now).protection_idle_days
    found = row.first_reports.select_related("park", "officer", "extended_by", "released_by")
    return [
        Report(
            report,
            first_reports.last_day(report, idle_days=idle_days),
            first_reports.days_left(report, today=today, idle_days=idle_days),
            first_reports.is_held(report, today=today, idle_days=idle_days),
        )
        for report in found[:REPORTS]
    ]
