"""What an officer opens the site for: what is due, what came back, what grows cold.

Each block is a queryset of the person's own rows, the most pressing first; a page reads a
bounded number of each. Own figures are those of the cockpit, narrowed to one officer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from crm import disputes, first_reports
from crm.models import FirstReport, ReportDispute, User
from crm.rights import may
from pipeline.activity import is_quiet, last_active
from pipeline.figures import Window
from pipeline.models import CountySettings, FollowUp, Milestone, Project, StatusRequest
from pipeline.rollups import Row, rollup
from pipeline.stages import Status

COMING_DAYS = 7
LAPSING_DAYS = 14


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom, on which day, by which of the county's settings."""

    user: User
    today: dt.date
    rules: CountySettings


def overdue(asked: Asked) -> QuerySet[FollowUp]:
    """Their open follow-ups whose day has passed, the oldest first."""
    return _open(asked).filter(due_on__lt=asked.today)


def today(asked: Asked) -> QuerySet[FollowUp]:
    """Their open follow-ups of today."""
    return _open(asked).filter(due_on=asked.today)


def coming(asked: Asked) -> QuerySet[FollowUp]:
    """Their open follow-ups of the next seven days."""
    until = asked.today + dt.timedelta(days=COMING_DAYS)
    return _open(asked).filter(due_on__gt=asked.today, due_on__lte=until)


def _open(asked: Asked) -> QuerySet[FollowUp]:
    rows = asked.user.follow_ups.filter(closed_at__isnull=True).order_by("due_on", "pk")
    return rows.select_related("project", "organization", "assignee", "closed_by")


def returned(asked: Asked) -> QuerySet[Milestone]:
    """Their claims that were returned and not claimed again, of living projects."""
    # What belongs to an expansion is claimed apart from the project's own.
    again = Milestone.objects.alias(of=Coalesce("expansion", 0)).filter(
        project=OuterRef("project"),
        kind=OuterRef("kind"),
        of=Coalesce(OuterRef("expansion"), 0),
        pk__gt=OuterRef("pk"),
    )
    return (
        Milestone.objects.filter(claimed_by=asked.user, returned_at__isnull=False)
        .filter(~Exists(again), project__status=Status.ACTIVE, project__withdrawn_at__isnull=True)
        .select_related("project", "returned_by")
        .order_by("-returned_at", "-pk")
    )


def waiting(asked: Asked) -> QuerySet[Milestone]:
    """Their claims that wait for a verifier, the oldest first."""
    return (
        Milestone.objects.open()
        .filter(claimed_by=asked.user)
        .select_related("project")
        .order_by("claimed_at", "pk")
    )


def lapsing(asked: Asked) -> QuerySet[FirstReport]:
    """Their first reports that hold and lapse within a fortnight."""
    rows = first_reports.lapsing(
        asked.today, LAPSING_DAYS, idle_days=asked.rules.protection_idle_days
    )
    return (
        rows.filter(officer=asked.user)
        .select_related("organization")
        .order_by("protected_until", "active_on", "pk")
    )


def quiet(asked: Asked) -> QuerySet[Project]:
    """Their projects without genuine activity for too long, the quietest first."""
    return (
        Project.objects.current()
        .filter(officer=asked.user)
        .filter(is_quiet(today=asked.today, after_days=asked.rules.quiet_after_days))
        .annotate(last_active=last_active())
        .select_related("investor")
        .order_by("last_active", "pk")
    )


def approvals(asked: Asked) -> QuerySet[StatusRequest]:
    """Wishes to change a project's status that wait for them, none of their own."""
    rows = StatusRequest.objects.filter(decided_at__isnull=True)
    if not may(asked.user, "status.approve"):
        return rows.none()
    if not asked.user.is_county_wide:
        rows = rows.filter(Q(project__park=asked.user.park_id) | Q(project__officer=asked.user))
    return (
        rows.exclude(requested_by=asked.user)
        .select_related("project", "requested_by")
        .order_by("requested_at", "pk")
    )


def disputed(asked: Asked) -> QuerySet[ReportDispute]:
    """Disputes about first reports that wait for an answer of theirs."""
    rows = disputes.visible_to(asked.user).filter(
        decided_at__isnull=True, report__released_at__isnull=True
    )
    if not may(asked.user, "dispute.decide"):
        return rows.none()
    if not asked.user.is_county_wide:
        rows = rows.filter(Q(report__park=asked.user.park_id) | Q(report__officer=asked.user))
    return (
        rows.exclude(raised_by=asked.user)
        .select_related("report__organization", "raised_by", "park")
        .order_by("raised_at", "pk")
    )


BLOCKS: dict[str, Callable[[Asked], QuerySet[Any]]] = {
    "overdue": overdue,
    "today": today,
    "coming": coming,
    "returned": returned,
    "waiting": waiting,
    "approvals": approvals,
    "disputed": disputed,
    "lapsing": lapsing,
    "quiet": quiet,
}


def own_figures(user: User, window: Window) -> Row:
    """The person's own line of the cockpit by officer, with their own targets."""
    return rollup(window, by="officer", user=user, only=user).rows[0]
