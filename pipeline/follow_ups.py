"""Next steps and tasks: written down with a day and a name, and closed with a word.

Each change is a version of its row (``changes``): who moved it from which day, whose it was,
who closed it and who took that back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from crm import notices
from crm.history import sign
from crm.models import Organization, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import require
from pipeline.models import FollowUp, Interaction, Project

MOST_CHANGES = 100


class AlreadyClosed(Refused):
    """The follow-up was closed before."""

    code = "already_closed"


class NotClosed(Refused):
    """There is no closing to take back."""

    code = "not_closed"


class OutOfTheirSight(Refused):
    """The colleague has left, or may not see the project that it is about."""

    code = "out_of_their_sight"


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

    Raises ``NotAllowed``, ``ReasonNeeded`` where it does not say what, ``OutOfTheirSight``
    for a colleague who may not see the project.
    """
    require(by, "follow_up.edit", project)
    if assignee != by:
        _require_in_sight(project, assignee)
    if not what.strip():
        raise ReasonNeeded(_("请写明要办的事"))
    follow_up = FollowUp(
        what=what.strip(),
        due_on=due_on,
        assignee=assignee,
        project=project,
        organization=organization or (project.investor if project else None),
        interaction=interaction,
        created_at=at,
        created_by=by,
    )
    sign(follow_up, by=by, at=at)
    follow_up.save(force_insert=True)
    return follow_up


@transaction.atomic
def close(
    follow_up: FollowUp, *, is_done: bool, outcome: str = "", by: User, at: dt.datetime
) -> FollowUp:
    """Done, or given up, which needs a word why.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``AlreadyClosed``.
    """
    if not is_done and not outcome.strip():
        raise ReasonNeeded(_("请写明为什么不办了"))
    follow_up = _open(follow_up, by=by)
    follow_up.closed_at, follow_up.closed_by = at, by
    follow_up.is_done, follow_up.outcome = is_done, outcome.strip()
    return _save(follow_up, by=by, at=at)


@transaction.atomic
def reopen(follow_up: FollowUp, *, by: User, at: dt.datetime) -> FollowUp:
    """Take back a closing. Raises ``NotAllowed``, ``NotClosed``."""
    follow_up = FollowUp.objects.select_for_update(of=("self",)).get(pk=follow_up.pk)
    _require(follow_up, by, also=follow_up.closed_by_id)
    if follow_up.closed_at is None:
        raise NotClosed(_("这件事还没有办结，不用恢复"))
    follow_up.closed_at = follow_up.closed_by = follow_up.is_done = None
    follow_up.outcome = ""
    return _save(follow_up, by=by, at=at)


@transaction.atomic
def move(follow_up: FollowUp, *, due_on: dt.date, by: User, at: dt.datetime) -> FollowUp:
    """Put it off, or bring it forward. Raises ``NotAllowed``, ``AlreadyClosed``."""
    follow_up = _open(follow_up, by=by)
    if follow_up.due_on == due_on:
        return follow_up
    follow_up.due_on = due_on
    return _save(follow_up, by=by, at=at)


@transaction.atomic
def hand_over(
    follow_up: FollowUp, *, to: User, url: str = "", by: User, at: dt.datetime
) -> FollowUp:
    """Make it a colleague's, who is told; ``url`` is where they find it.

    Raises ``NotAllowed``, ``AlreadyClosed``, ``OutOfTheirSight``.
    """
    follow_up = _open(follow_up, by=by)
    if follow_up.assignee_id == to.pk:
        return follow_up
    if not to.is_active:
        raise OutOfTheirSight(_("%(name)s的账号已停用，请交给别人") % {"name": to})
    _require_in_sight(follow_up.project, to)
    require(to, "follow_up.edit")
    follow_up.assignee = to
    _save(follow_up, by=by, at=at)
    with translation.override(settings.LANGUAGE_CODE):
        text = str(_("%(by)s把待办交给您：%(what)s（%(due)s）")) % {
            "by": by,
            "what": follow_up.what,
            "due": follow_up.due_on.isoformat(),
        }
    notices.tell(
        [to],
        kind="follow_up.handed_over",
        text=text,
        url=url,
        key=f"follow_up:{follow_up.pk}:to:{to.pk}:{at.isoformat()}",
        at=at,
    )
    return follow_up


def _require_in_sight(project: Project | None, to: User) -> None:
    if project is not None and not Project.objects.visible_to(to).filter(pk=project.pk).exists():
        raise OutOfTheirSight(_("%(name)s看不到这个项目，请交给能对接它的同事") % {"name": to})


def may_change(follow_up: FollowUp, user: User) -> bool:
    """Whether pages offer the person to change it, by its row and its project's alone."""
    try:
        _require(follow_up, user)
    except NotAllowed:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a follow-up beside the one before it."""

    at: dt.datetime
    by: User | None
    due: tuple[dt.date, dt.date] | None
    assignee: tuple[User, User] | None
    closing: str  # "done", "given_up", "reopened" or ""
    outcome: str


def changes(follow_up: FollowUp) -> list[Change]:
    """What happened to it since it was written down, the latest first; two queries."""
    versions = list(follow_up.history.select_related("history_user").all()[:MOST_CHANGES])
    people = User.objects.in_bulk({version.assignee_id for version in versions})
    return [
        Change(
            at=new.history_date,
            by=new.history_user,
            due=(old.due_on, new.due_on) if old.due_on != new.due_on else None,
            assignee=(
                (people[old.assignee_id], people[new.assignee_id])
                if old.assignee_id != new.assignee_id
                else None
            ),
            closing=_closing(old.closed_at, new.closed_at, new.is_done),
            outcome=new.outcome if old.closed_at is None else "",
        )
        for new, old in pairwise(versions)
    ]


def _closing(before: dt.datetime | None, after: dt.datetime | None, is_done: bool | None) -> str:
    if before is None and after is not None:
        return "done" if is_done else "given_up"
    return "reopened" if before is not None and after is None else ""


def _open(follow_up: FollowUp, *, by: User) -> FollowUp:
    """The row as it stands, held for a change of somebody who may change it."""
    row = FollowUp.objects.select_for_update(of=("self",)).get(pk=follow_up.pk)
    _require(row, by)
    if row.closed_at is not None:
        raise AlreadyClosed(_("这件事已经办结，请先撤销办结"))
    return row


def _require(follow_up: FollowUp, by: User, *, also: int | None = None) -> None:
    """Theirs to do, written down by them, or about a project in their scope.

    What is about no project is its people's own, and the county's who sees everything.
    """
    require(by, "follow_up.edit")
    if by.pk in (follow_up.assignee_id, follow_up.created_by_id, also):
        return
    if follow_up.project is None and not by.is_county_wide:
        raise NotAllowed(_("这是别人的待办，请让承办人自己处理"))
    require(by, "follow_up.edit", follow_up.project)


def _save(follow_up: FollowUp, *, by: User, at: dt.datetime) -> FollowUp:
    sign(follow_up, by=by, at=at)
    follow_up.save()
    return follow_up
