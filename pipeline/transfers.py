"""Handing a project to another park (流转): the credit, the protection, the people, the tasks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from crm import notices
from crm.first_reports import heads, unit_name
from crm.history import sign
from crm.models import Park, User
from pipeline import attribution
from pipeline.models import Attribution, FollowUp, Milestone, Project


@dataclass(frozen=True, slots=True)
class Preview:
    """What a transfer leaves where it is, and what goes to the new park.

    ``stays`` are verified milestones, with their park, and claims of an earlier day;
    ``goes`` are claims of its day or later. Of the receipts that are verified, the sum.
    """

    stays: list[Milestone]
    goes: list[Milestone]
    funds: Decimal | None


def preview(project: Project, *, on: dt.date) -> Preview:
    """What would stay and what would go, were the project handed over from day ``on``."""
    milestones = (
        project.milestones.filter(returned_at__isnull=True, revoked_at__isnull=True)
        .select_related("park")
        .order_by("occurred_on", "pk")
    )
    stays: list[Milestone] = []
    goes: list[Milestone] = []
    for milestone in milestones:
        is_fixed = milestone.verified_at is not None or milestone.occurred_on < on
        (stays if is_fixed else goes).append(milestone)
    verified = project.funds_receipts.filter(verified_at__isnull=False)
    return Preview(stays, goes, verified.aggregate(sum=Sum("amount"))["sum"])


@transaction.atomic
def hand_over(
    project: Project,
    *,
    to: Park | None,
    on: dt.date,
    reason: str,
    shares: Mapping[Park, Decimal] | None = None,
    officer: User | None = None,
    by: User,
    at: dt.datetime,
) -> Attribution:
    """Transfer a project (``pipeline.attribution.transfer``) with what its officer still had to do.

    ``officer`` takes over the project and the open tasks of the one before; both are told,
    and so are those who answer for the new park.

    Raises what ``transfer`` raises.
    """
    before = Project.objects.select_related("park", "officer").get(pk=project.pk)
    row = attribution.transfer(
        project, to=to, on=on, reason=reason, shares=shares, officer=officer, by=by, at=at
    )
    after = Project.objects.select_related("park", "officer").get(pk=project.pk)
    if after.officer_id != before.officer_id and after.officer is not None:
        _hand_over_tasks(after, of=before.officer, to=after.officer, by=by, at=at)
    if after.park_id != before.park_id:
        _tell(before, after, row, by=by, at=at)
    return row


def _hand_over_tasks(
    project: Project, *, of: User | None, to: User, by: User, at: dt.datetime
) -> None:
    for task in FollowUp.objects.open().filter(project=project, assignee=of):
        task.assignee = to
        sign(task, by=by, at=at)
        task.save(update_fields=["assignee"])


def _tell(before: Project, after: Project, row: Attribution, *, by: User, at: dt.datetime) -> None:
    people = {before.officer, after.officer, *heads(after.park_id), *heads(before.park_id)}
    with translation.override(settings.LANGUAGE_CODE):
        text = _("%(project)s由%(left)s流转到%(to)s，自 %(on)s 起：%(reason)s") % {
            "project": after.name,
            "left": unit_name(before.park),
            "to": unit_name(after.park),
            "on": row.effective_on,
            "reason": row.reason,
        }
    notices.tell(
        {person for person in people if person and person != by},
        kind="project.transferred",
        text=text,
        url=f"/projects/{after.pk}/",
        key=f"project-transferred-{row.pk}",
        at=at,
    )
