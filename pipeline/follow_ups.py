"""Next steps and tasks: written down with a day and a name, and closed with a word."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Organization, User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline.models import FollowUp, Interaction, Project


class AlreadyClosed(Refused):
    """The follow-up was closed before."""

    code = "already_closed"


@transaction.atomic
def add(
    *,
    what: str,
    due_on: dt.date,
    assignee: User,
    project: Project | None = None,
    organization: Organization | None = None,
    interaction: Interaction | None = None,
    by: User,
    at: dt.datetime,
) -> FollowUp:
    """A next step of a project, an organization, or just of a person.

    Raises ``NotAllowed``, ``ReasonNeeded`` where it does not say what.
    """
    require(by, "follow_up.edit", project)
    if not what.strip():
        raise ReasonNeeded(_("请写明要办的事"))
    return FollowUp.objects.create(
        what=what.strip(),
        due_on=due_on,
        assignee=assignee,
        project=project,
        organization=organization or (project.investor if project else None),
        interaction=interaction,
        created_at=at,
        created_by=by,
    )


@transaction.atomic
def close(
    follow_up: FollowUp, *, is_done: bool, outcome: str = "", by: User, at: dt.datetime
) -> FollowUp:
    """Done, or given up, which needs a word why.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``AlreadyClosed``.
    """
    require(by, "follow_up.edit")
    if by.pk not in (follow_up.assignee_id, follow_up.created_by_id):
        require(by, "follow_up.edit", follow_up.project)
    if not is_done and not outcome.strip():
        raise ReasonNeeded(_("请写明为什么不办了"))
    changed = FollowUp.objects.open().filter(pk=follow_up.pk)
    if not changed.update(closed_at=at, closed_by=by, is_done=is_done, outcome=outcome.strip()):
        raise AlreadyClosed(_("这件事已经办结"))
    follow_up.refresh_from_db()
    return follow_up


@transaction.atomic
def reopen(follow_up: FollowUp, *, by: User, at: dt.datetime) -> FollowUp:
    """Take back a closing, for who closed it. Raises ``NotAllowed``."""
    require(by, "follow_up.edit")
    if by.pk != follow_up.closed_by_id:
        require(by, "follow_up.edit", follow_up.project)
    FollowUp.objects.filter(pk=follow_up.pk).update(
        closed_at=None, closed_by=None, is_done=None, outcome=""
    )
    follow_up.refresh_from_db()
    return follow_up
