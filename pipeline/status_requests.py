"""An officer asks for a project to be lost, terminated, suspended or taken up again; a
manager of the park or a leader decides.

Nothing changes until it is approved; then ``pipeline.statuses`` changes it, on the
officer's word and with the approver's name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from crm import notices
from crm.models import Role, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import may, require
from pipeline import statuses
from pipeline.models import Project, StatusChange, StatusRequest
from pipeline.stages import Status


class AlreadyRequested(Refused):
    """Another request of the project waits for an answer."""

    code = "already_requested"


class AlreadyDecided(Refused):
    """The request was answered in the meantime."""

    code = "already_decided"


class NothingToChange(Refused):
    """The project is in that state already."""

    code = "nothing_to_change"


class AskerGone(Refused):
    """Whoever asked has left the project: the request cannot be carried out in their name."""

    code = "asker_gone"


@transaction.atomic
def request(
    project: Project,
    *,
    to: str,
    on: dt.date,
    reason: str,
    by: User,
    at: dt.datetime,
) -> StatusRequest:
    """Ask for a status; the park's managers, or the leaders where it has none, are told.

    Raises ``NotAllowed``, ``AlreadyRequested``,
    ``NothingToChange``, and what :func:`pipeline.statuses.change` would refuse.
    """
    project = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    require(by, "status.request", project)
    statuses.check(project, to=to, on=on, reason=reason, at=at)
    if to == project.status:
        raise NothingToChange(_("项目已经是这个状态，不用申请"))
    if project.status_requests.filter(decided_at__isnull=True).exists():
        raise AlreadyRequested(_("已有一份状态变更申请在等审批，请等它有了结果再申请"))
    asked = StatusRequest.objects.create(
        project=project,
        status=to,
        occurred_on=on,
        reason=reason.strip(),
        requested_at=at,
        requested_by=by,
    )
    words = _("%(by)s申请把“%(project)s”记为%(status)s：%(reason)s")
    _tell(approvers(project), asked, words, by, "asked", at)
    return asked


@transaction.atomic
def approve(asked: StatusRequest, *, decision: str = "", by: User, at: dt.datetime) -> StatusChange:
    """Change the status as asked; whoever asked is told.

    Raises ``NotAllowed``, ``AlreadyDecided``, ``AskerGone``, and what
    :func:`pipeline.statuses.change` refuses.
    """
    asked = _open(asked, by)
    project = asked.project
    if not may(asked.requested_by, "status.change", project):
        raise AskerGone(_("申请人已不对接这个项目，请驳回，由现在的专员重新申请"))
    changed = statuses.change(
        project,
        to=asked.status,
        on=asked.occurred_on,
        reason=asked.reason,
        by=asked.requested_by,
        approved_by=by,
        at=at,
    )
    _decide(asked, is_approved=True, decision=decision, by=by, at=at)
    words = _("%(by)s批准了“%(project)s”%(status)s的申请")
    _tell([asked.requested_by], asked, words, by, "decided", at)
    return changed


@transaction.atomic
def refuse(asked: StatusRequest, *, decision: str, by: User, at: dt.datetime) -> StatusRequest:
    """Leave the status as it is, and say why; whoever asked is told.

    Raises ``NotAllowed``, ``AlreadyDecided``, ``ReasonNeeded``.
    """
    asked = _open(asked, by)
    if not decision.strip():
        raise ReasonNeeded(_("请写明为什么不批准"))
    _decide(asked, is_approved=False, decision=decision, by=by, at=at)
    words = _("%(by)s没有批准“%(project)s”%(status)s的申请：%(decision)s")
    _tell([asked.requested_by], asked, words, by, "decided", at)
    return asked


@transaction.atomic
def withdraw(asked: StatusRequest, *, by: User, at: dt.datetime) -> StatusRequest:
    """Take one's own request back. Raises ``NotAllowed``, ``AlreadyDecided``."""
    asked = _held(asked)
    require(by, "status.request", asked.project)
    if asked.requested_by_id != by.pk:
        raise NotAllowed(_("只有申请人能撤回申请"))
    return _decide(asked, is_approved=False, decision=str(_("申请人撤回")), by=by, at=at)


def approvers(project: Project) -> Iterable[User]:
    """Who is asked: the park's managers, or the leaders where there is none."""
    people = User.objects.filter(is_active=True)
    managers = people.filter(role=Role.MANAGER, park=project.park_id) if project.park_id else []
    return list(managers) or list(people.filter(role=Role.LEADER))


def _held(asked: StatusRequest) -> StatusRequest:
    row = (
        StatusRequest.objects.select_for_update(of=("self",))
        .select_related("project", "requested_by")
        .get(pk=asked.pk)
    )
    if row.decided_at is not None:
        raise AlreadyDecided(_("这份申请已经处理过，请刷新页面"))
    return row


def _open(asked: StatusRequest, by: User) -> StatusRequest:
    row = _held(asked)
    require(by, "status.approve", row.project)
    return row


def _decide(
    asked: StatusRequest, *, is_approved: bool, decision: str, by: User, at: dt.datetime
) -> StatusRequest:
    asked.is_approved, asked.decision = is_approved, decision.strip()
    asked.decided_by, asked.decided_at = by, at
    asked.save()
    return asked


def _tell(
    people: Iterable[User],
    asked: StatusRequest,
    words: Any,
    by: User,
    what: str,
    at: dt.datetime,
) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        text = str(words) % {
            "by": by,
            "project": asked.project.name,
            "status": Status(asked.status).label,
            "reason": asked.reason,
            "decision": asked.decision,
        }
    notices.tell(
        (person for person in people if person.pk != by.pk),
        kind=f"status.{what}",
        text=text,
        url=f"/projects/{asked.project_id}/#status",
        key=f"status_request:{asked.pk}:{what}",
        at=at,
    )
