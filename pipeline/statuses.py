"""Whether a project is alive: lost, terminated, suspended, and back (流失 / 终止 / 搁置).

The status is no stage: none of this moves a project forwards or backwards, and a project
that was terminated after it signed stays in the rates that it was counted in.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline.field_history import sign
from pipeline.models import Milestone, Project, StatusChange
from pipeline.stages import ContractKind, Status


class WrongStatus(Refused):
    """The status does not fit: lost is before a contract, terminated after it."""

    code = "wrong_status"


class NotYetHappened(Refused):
    """A status cannot change on a day to come."""

    code = "not_yet_happened"


@transaction.atomic
def change(
    project: Project,
    *,
    to: str,
    on: dt.date,
    reason: str,
    by: User,
    approved_by: User,
    at: dt.datetime,
) -> StatusChange:
    """Record that a project was lost, terminated, suspended or taken up again on a day.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``NotYetHappened``, ``WrongStatus``.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    require(by, "status.change", project)
    require(approved_by, "status.approve", project)
    check(project, to=to, on=on, reason=reason, at=at)
    changed = StatusChange.objects.create(
        project=project,
        status=to,
        occurred_on=on,
        reason=reason.strip(),
        recorded_at=at,
        recorded_by=by,
        approved_by=approved_by,
    )
    last = StatusChange.objects.filter(project=project).order_by(
        "-occurred_on", "-recorded_at", "-id"
    )
    project.status = last[0].status
    sign(project, by=by, at=at)
    project.save(update_fields=["status"])
    return changed


def check(project: Project, *, to: str, on: dt.date, reason: str, at: dt.datetime) -> None:
    """Whether the project may have that status from that day on, for that reason.

    Raises ``ReasonNeeded``, ``NotYetHappened``, ``WrongStatus``.
    """
    if not reason.strip():
        raise ReasonNeeded(_("请写明原因"))
    if on > timezone.localdate(at):
        raise NotYetHappened(_("发生日不能晚于今天"))
    signed = Milestone.objects.effective().filter(
        project=project, contract_kind__in=[ContractKind.FORMAL, ContractKind.EXPANSION]
    )
    if to == Status.LOST and signed.exists():
        raise WrongStatus(_("已签正式合同的项目不记流失，请记为终止"))
    if to == Status.TERMINATED and not signed.exists():
        raise WrongStatus(_("未签正式合同的项目不记终止，请记为流失"))
