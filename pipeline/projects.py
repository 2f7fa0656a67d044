"""Registering projects and changing what is known about them.

Neither touches a stage, a status or a milestone: those have verbs of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Organization, User
from crm.names import initials, normalise, pinyin
from crm.refusals import Refused
from crm.rights import require
from pipeline import lead_clocks, plans, protection
from pipeline.field_history import sign
from pipeline.models import Milestone, Project
from pipeline.stages import ContractKind

# What a person may write; everything else follows from something.
EDITABLE = frozenset(
    {
        *("name", "local_company", "parent", "is_expansion", "park", "is_county_level"),
        *("industry", "channel", "team", "officer", "phone", "lead_unit", "patron_leader"),
        *("agreed_investment", "fund_source", "is_productive", "project_code"),
        *("content", "progress", "problems", "remark", "duplicates_answer"),
        *("planned_start_on", "planned_finish_on", "task_force"),
    }
)


class AlreadyRegistered(Refused):
    """The investor has a project of this name."""

    code = "already_registered"


class ParkIsCredited(Refused):
    """Verified milestones are credited to the park: moving on is a transfer."""

    code = "park_is_credited"


class InvestmentIsSigned(Refused):
    """The agreed investment is that of a verified contract."""

    code = "investment_is_signed"


@transaction.atomic
def register(
    *, investor: Organization, fields: Mapping[str, Any], by: User, at: dt.datetime
) -> Project:
    """A new project, a lead. ``fields`` are of ``EDITABLE``; ``name`` among them.

    Its investor is reported first for its unit (``pipeline.protection``). Raises
    ``NotAllowed``, ``AlreadyRegistered``, ``crm.first_reports.Protected``.
    """
    project = Project(investor=investor, created_at=at, created_by=by)
    nothing = plans.days(project)
    _write(project, fields, at)
    require(by, "project.edit", project)
    _refuse_second(project)
    planned = plans.follow(project, before=nothing, reason="", by=by, at=at)
    protection.claim(project, by=by, at=at)
    sign(project, by=by, at=at)
    project.save()
    plans.store(project, planned)
    lead_clocks.settle(project, at=at)
    return project


@transaction.atomic
def edit(
    project: Project,
    *,
    fields: Mapping[str, Any],
    investor: Organization | None = None,
    plan_reason: str = "",
    by: User,
    at: dt.datetime,
) -> Project:
    """Change a project's ``fields`` (of ``EDITABLE``), and its investor where one is given.

    ``plan_reason`` is why a planned day moves, asked for once the day was missed.

    The park stays once a verified milestone is credited to it, the agreed investment once
    a contract is verified, and so does the investor. Another investor is reported first, and
    the protection of the same one goes along to another park. Raises ``NotAllowed``,
    ``AlreadyRegistered``, ``ParkIsCredited``, ``InvestmentIsSigned``,
    ``ReasonNeeded``, ``crm.first_reports.Protected``.
    """
    project = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    require(by, "project.edit", project)
    park, amount = project.park_id, project.agreed_investment
    unit, planned_before = protection.unit_of(project, by=by), plans.days(project)
    _write(project, fields, at)
    require(by, "project.edit", project)
    if project.park_id != park and is_credited(project):
        raise ParkIsCredited(_("已有核验的里程碑计入原园区；换园区请由园区负责人办理流转"))
    if project.agreed_investment != amount and is_signed(project):
        raise InvestmentIsSigned(_("协议总投资以已核验的合同为准；有误请由核验员更正签约"))
    if investor is not None and investor.pk != project.investor_id:
        if is_signed(project):
            raise InvestmentIsSigned(_("合同已核验，换投资方请先由核验员撤销签约"))
        project.investor = investor
        protection.claim(project, by=by, at=at)
    else:
        protection.follow(project, left=unit, by=by, at=at)
    _refuse_second(project)
    planned = plans.follow(project, before=planned_before, reason=plan_reason, by=by, at=at)
    sign(project, by=by, at=at)
    project.save()
    plans.store(project, planned)
    return project


def is_credited(project: Project) -> bool:
    """Whether a milestone counts for the project's park, or its credit was transferred."""
    return (
        Milestone.objects.effective().filter(project=project).exists()
        or project.attributions.exists()
    )


def is_signed(project: Project) -> bool:
    """Whether a contract other than a framework agreement is verified."""
    return (
        Milestone.objects.effective()
        .filter(project=project, contract_kind__in=[ContractKind.FORMAL, ContractKind.EXPANSION])
        .exists()
    )


def _write(project: Project, fields: Mapping[str, Any], at: dt.datetime) -> None:
    for name, value in fields.items():
        if name not in EDITABLE:
            raise KeyError(name)
        if name == "duplicates_answer" and value and value != project.duplicates_answer:
            project.duplicates_answered_at = at
        setattr(project, name, value)
    project.name = project.name.strip()
    project.name_key = normalise(project.name)
    project.pinyin, project.initials = pinyin(project.name), initials(project.name)


def _refuse_second(project: Project) -> None:
    same = Project.objects.current().filter(
        investor_id=project.investor_id, name_key=project.name_key
    )
    if same.exclude(pk=project.pk).exists():
        raise AlreadyRegistered(_("这家企业的同名项目已经登记过，请在项目列表里查找"))
