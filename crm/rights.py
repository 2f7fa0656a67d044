"""Who may do what: one table of acts by role, and one question, :func:`may`.

Rows are a different question, answered by each queryset's ``visible_to(user)``. An act on
a row needs both: the role in this table, and the row inside the person's scope. Verbs
ask :func:`require` themselves, so a form, the board, the API and the admin meet the same
answer; pages ask :func:`may` to show only what would be allowed.
"""

from typing import Protocol

from django.utils.translation import gettext_lazy as _

from crm.models import Role, User
from crm.refusals import NotAllowed

OFFICER, MANAGER, VERIFIER = Role.OFFICER, Role.MANAGER, Role.VERIFIER
LEADER, SUPERVISOR, AUDITOR = Role.LEADER, Role.SUPERVISOR, Role.AUDITOR
ADMIN, SYSTEM, UNIT = Role.ADMIN, Role.SYSTEM, Role.UNIT

PEOPLE = frozenset({OFFICER, MANAGER, VERIFIER, LEADER, SUPERVISOR, AUDITOR, ADMIN})
"""Who sees the county's projects; who is of a unit only is not among them."""
ANYBODY = PEOPLE | {UNIT}

ACTS: dict[str, frozenset[Role]] = {
    # reading
    "figures.view": PEOPLE,
    "project.view": PEOPLE,
    "document.view": PEOPLE,
    "job.view": ANYBODY,
    "load.view": frozenset({OFFICER, MANAGER, VERIFIER, LEADER, AUDITOR, ADMIN}),
    "organization.view": PEOPLE,
    "notice.view": ANYBODY,
    "calendar.view": PEOPLE,
    "view.save": PEOPLE - {AUDITOR},
    "verification.view": frozenset({VERIFIER, AUDITOR}),
    # whom the county deals with
    "organization.edit": frozenset({OFFICER, MANAGER, ADMIN, SYSTEM}),
    "organization.merge": frozenset({MANAGER, VERIFIER, ADMIN}),
    "lead.register": frozenset({OFFICER, MANAGER}),
    "report.extend": frozenset({MANAGER, LEADER}),
    "report.release": frozenset({OFFICER, MANAGER}),
    "dispute.raise": frozenset({OFFICER, MANAGER}),
    "dispute.decide": frozenset({MANAGER, LEADER}),
    "interaction.record": frozenset({OFFICER, MANAGER, LEADER}),
    "follow_up.edit": frozenset({OFFICER, MANAGER, LEADER}),
    "aftercare.edit": frozenset({OFFICER, MANAGER}),
    # the pipeline
    "project.edit": frozenset({OFFICER, MANAGER}),
    "milestone.claim": frozenset({OFFICER, MANAGER}),
    "milestone.override": frozenset({MANAGER}),
    "milestone.verify": frozenset({VERIFIER}),
    "milestone.return": frozenset({VERIFIER}),
    "milestone.revoke": frozenset({VERIFIER}),
    "milestone.correct": frozenset({VERIFIER}),
    "attribution.change": frozenset({MANAGER, LEADER, SYSTEM}),
    "status.change": frozenset({OFFICER, MANAGER, SYSTEM}),
    "status.approve": frozenset({MANAGER, LEADER, SYSTEM}),
    "status.request": frozenset({OFFICER, MANAGER}),
    "funds.record": frozenset({OFFICER, MANAGER}),
    "funds.verify": frozenset({VERIFIER}),
    # a county's existing ledger
    "ledger.load": frozenset({VERIFIER, ADMIN, SYSTEM}),
    "ledger.undo": frozenset({VERIFIER, ADMIN, SYSTEM}),
    # other workbooks
    "organizations.load": frozenset({OFFICER, MANAGER, VERIFIER, ADMIN}),
    "interactions.load": frozenset({OFFICER, MANAGER, VERIFIER, ADMIN}),
    "funds.load": frozenset({VERIFIER}),
    # what goes out
    "report.view": PEOPLE,
    "report.draft": frozenset({VERIFIER, LEADER, SUPERVISOR, MANAGER, SYSTEM}),
    "report.approve": frozenset({LEADER, SYSTEM}),
    "report.freeze": frozenset({VERIFIER, LEADER, SYSTEM}),
    "report.share": frozenset({VERIFIER, LEADER, SYSTEM}),
    # promises, and whether they are kept
    "item.view": ANYBODY,
    "item.draft": frozenset({SUPERVISOR, SYSTEM}),
    "item.approve": frozenset({SUPERVISOR, LEADER, SYSTEM}),
    "item.issue": frozenset({SUPERVISOR, SYSTEM}),
    "item.work": frozenset({UNIT, OFFICER, MANAGER}),
    "item.note": frozenset({SUPERVISOR, LEADER}),
    "item.grant": frozenset({SUPERVISOR, LEADER}),
    "item.check": frozenset({SUPERVISOR}),
    "item.close": frozenset({SUPERVISOR, LEADER}),
    "item.reopen": frozenset({SUPERVISOR, LEADER}),
    "escalation.decide": frozenset({SUPERVISOR, LEADER}),
    "ledger.keep": frozenset({SUPERVISOR, ADMIN, SYSTEM}),
    "progress.file": frozenset({UNIT, OFFICER, MANAGER}),
    "review.view": frozenset({LEADER, SUPERVISOR, AUDITOR, ADMIN}),
    "review.write": frozenset({LEADER}),
    "lead.handle": frozenset({OFFICER, MANAGER}),
    "score.view": ANYBODY,
    "score.set": frozenset({SUPERVISOR, ADMIN, SYSTEM}),
    "score.appeal": frozenset({OFFICER, MANAGER, UNIT}),
    "score.answer": frozenset({SUPERVISOR, LEADER}),
    "falsehood.find": frozenset({VERIFIER, SUPERVISOR}),
    "check.view": frozenset({VERIFIER, AUDITOR, ADMIN}),
    # what runs by itself
    "schedule.run": frozenset({SYSTEM}),
    "schedule.view": frozenset({ADMIN}),
    "notice.configure": frozenset({ADMIN}),
    # the county itself
    "county.configure": frozenset({ADMIN, SYSTEM}),
    "target.view": PEOPLE,
    "target.propose": frozenset({VERIFIER, LEADER, ADMIN}),
    "target.set": frozenset({LEADER, ADMIN}),
}


class Scoped(Protocol):
    """A row that belongs to a park or to a person."""

    @property
    def park_id(self) -> int | None: ...

    @property
    def officer_id(self) -> int | None: ...


def in_scope(user: User, row: Scoped) -> bool:
    """Whether a row lies in the person's scope: the county, their park, or their own."""
    return user.is_county_wide or row.park_id == user.park_id or row.officer_id == user.pk


def may(user: User, act: str, row: Scoped | None = None) -> bool:
    """Whether ``user`` may do ``act``, on ``row`` where the act is on one.

    Raises ``KeyError`` for an act that the table does not know: an act that nobody wrote
    down is a mistake, not a permission.
    """
    if user.role not in ACTS[act]:
        return False
    return row is None or in_scope(user, row)


def require(user: User, act: str, row: Scoped | None = None) -> None:
    """Raise :class:`crm.refusals.NotAllowed` unless ``may(user, act, row)``."""
    if not may(user, act, row):
        raise NotAllowed(_("您的角色或所在园区不能进行这项操作，请联系园区负责人或管理员"))
