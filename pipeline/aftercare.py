"""After production: what troubles a landed company, and what it wants to build next.

Visits are interactions of the kind 企业走访. What is raised there has a responsible unit, a
day and a light, and is closed with a word how it was solved.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline import activity, projects
from pipeline.field_history import note
from pipeline.models import AftercareIssue, Interaction, InteractionKind, Project
from pipeline.past import refuse_future
from pipeline.stages import Stage


class NotProducing(Refused):
    """Aftercare begins with production."""

    code = "not_producing"


class AlreadySolved(Refused):
    """The issue was closed in the meantime."""

    code = "already_solved"


class NotSolved(Refused):
    """There is nothing to take up again."""

    code = "not_solved"


class SolvedBeforeRaised(Refused):
    """An issue is solved on or after the day it was raised on."""

    code = "solved_before_raised"


class AnotherProject(Refused):
    """The visit belongs to another project."""

    code = "another_project"


@transaction.atomic
def raise_issue(
    project: Project,
    *,
    what: str,
    raised_on: dt.date,
    unit: str = "",
    due_on: dt.date | None = None,
    interaction: Interaction | None = None,
    by: User,
    at: dt.datetime,
) -> AftercareIssue:
    """Write down what a producing company asks for, ``interaction`` being the visit.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``NotProducing``, ``InTheFuture``,
    ``AnotherProject``.
    """
    require(by, "aftercare.edit", project)
    if not what.strip():
        raise ReasonNeeded(_("请写明企业的诉求"))
    if project.stage != Stage.PRODUCING:
        raise NotProducing(_("投产以后才登记企业诉求；投产前的困难请登记为要素需求"))
    refuse_future(raised_on, at)
    if interaction is not None and interaction.project_id != project.pk:
        raise AnotherProject(_("这次走访不是这个项目的，请重新选择"))
    return AftercareIssue.objects.create(
        project=project,
        what=what.strip(),
        raised_on=raised_on,
        unit=unit.strip(),
        due_on=due_on,
        interaction=interaction,
        recorded_at=at,
        recorded_by=by,
    )


@transaction.atomic
def solve(
    issue: AftercareIssue, *, on: dt.date, solution: str, by: User, at: dt.datetime
) -> AftercareIssue:
    """Close an issue with how it was solved.

    Raises ``NotAllowed``, ``AlreadySolved``, ``ReasonNeeded``, ``InTheFuture``,
    ``SolvedBeforeRaised``.
    """
    issue = _held(issue, by)
    if issue.solved_on is not None:
        raise AlreadySolved(_("这条诉求已经办结，请刷新页面"))
    if not solution.strip():
        raise ReasonNeeded(_("请写明怎么解决的"))
    refuse_future(on, at)
    if on < issue.raised_on:
        raise SolvedBeforeRaised(_("解决日不能早于提出日"))
    issue.solved_on, issue.solved_by, issue.solution = on, by, solution.strip()
    issue.save()
    words = _("诉求办结：%(what)s（%(how)s）")
    note(issue.project, words, by=by, at=at, what=issue.what[:40], how=issue.solution[:40])
    activity.touch(issue.project, on=on)
    return issue


@transaction.atomic
def reopen(issue: AftercareIssue, *, by: User, at: dt.datetime) -> AftercareIssue:
    """It is not solved after all; what was done is kept until it is closed again.

    Raises ``NotAllowed``, ``NotSolved``.
    """
    issue = _held(issue, by)
    if issue.solved_on is None:
        raise NotSolved(_("这条诉求还没有办结，不用重开"))
    issue.solved_on = issue.solved_by = None
    issue.save()
    note(issue.project, _("诉求重开：%(what)s"), by=by, at=at, what=issue.what[:80])
    return issue


@transaction.atomic
def expand(
    parent: Project,
    *,
    name: str,
    content: str = "",
    investment: Decimal | None = None,
    by: User,
    at: dt.datetime,
) -> Project:
    """A reinvestment lead (增资线索): a project of its own that links to its parent.

    It begins with the parent's investor, place, industry and people; ``investment`` is what
    the company speaks of, in yuan. Raises what :func:`pipeline.projects.register` raises.
    """
    return projects.register(
        investor=parent.investor,
        fields={
            "name": name,
            "content": content.strip(),
            "agreed_investment": investment,
            "parent": parent,
            "is_expansion": True,
            **{field: getattr(parent, field) for field in INHERITED},
        },
        by=by,
        at=at,
    )


INHERITED = (
    *("park", "is_county_level", "industry", "channel", "team", "officer"),
    *("local_company", "lead_unit", "patron_leader", "phone", "fund_source"),
)


# --- the overview ---------------------------------------------------------------------------
def cared_for(user: User, *, today: dt.date) -> QuerySet[Project]:
    """The producing projects that ``user`` may see, each with ``visited_on`` (the day of the
    last visit), ``open_issues`` and ``overdue_issues``."""
    visits = Interaction.objects.current().filter(
        project=OuterRef("pk"), kind=InteractionKind.AFTERCARE
    )
    issues = AftercareIssue.objects.filter(project=OuterRef("pk"), solved_on__isnull=True)
    return (
        Project.objects.current()
        .visible_to(user)
        .filter(stage=Stage.PRODUCING)
        .annotate(
            visited_on=Subquery(visits.order_by("-occurred_on").values("occurred_on")[:1]),
            open_issues=_number(issues),
            overdue_issues=_number(issues.filter(due_on__lt=today)),
        )
    )


def _number(issues: QuerySet[AftercareIssue]) -> Subquery:
    return Subquery(issues.order_by().values("project").annotate(n=Count("pk")).values("n"))


def with_issues(*, today: dt.date, only_overdue: bool = False) -> Q:
    """Of a queryset of projects: those with issues that are not solved, or overdue."""
    issues = AftercareIssue.objects.filter(solved_on__isnull=True)
    if only_overdue:
        issues = issues.filter(due_on__lt=today)
    return Q(pk__in=issues.values("project"))


def unvisited(*, since: dt.date) -> Q:
    """Of a queryset of projects: those without a visit on or after a day."""
    visits = Interaction.objects.current().filter(
        kind=InteractionKind.AFTERCARE, occurred_on__gte=since, project__isnull=False
    )
    return ~Q(pk__in=visits.values("project"))


def _held(issue: AftercareIssue, by: User) -> AftercareIssue:
    row = (
        AftercareIssue.objects.select_for_update(of=("self",))
        .select_related("project")
        .get(pk=issue.pk)
    )
    require(by, "aftercare.edit", row.project)
    return row
