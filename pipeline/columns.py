"""The columns of the list of projects: what each says of a project, and how it is sorted.

The list, its export and nothing else read them. What a project does not say itself comes
in one query for all the rows, and only where a column that needs it is shown.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, FilteredRelation, Q, QuerySet, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pipeline.lights import Light, project_light
from pipeline.models import FollowUp, FundsReceipt, Milestone, Project, ProjectTag
from pipeline.stages import ContractKind, MilestoneKind, Precision, Stage, Status


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list and how it is sorted; by nothing where ``by`` is None."""

    name: str
    label: Any
    by: Any
    unit: Any = ""
    is_number: bool = False


@dataclass(slots=True)
class Line:
    """A project with what the chosen columns say of it."""

    project: Project
    today: dt.date
    days: dict[str, Milestone] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    funds: Decimal = Decimal(0)
    next_step: FollowUp | None = None
    waiting: list[Milestone] = field(default_factory=list)

    @property
    def days_in_stage(self) -> int:
        since = self.project.stage_since or timezone.localdate(self.project.created_at)
        return (self.today - since).days


@dataclass(frozen=True, slots=True)
class Month:
    """A day of which only the month is known."""

    day: dt.date

    def __str__(self) -> str:
        return f"{self.day:%Y-%m}"


# What a cell holds: a word, yuan, a whole number, a day, or a light.
Cell = str | Decimal | int | dt.date | Month | Light | None


def _text(line: Line) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ProjectColumn(Column):
    """``value`` is what the cell holds; ``needs`` names what has to be read besides the row,
    ``joins`` what the row points at."""

    value: Callable[[Line], Cell] = _text
    needs: str = ""
    joins: str = ""


def _happened(kind: str) -> Callable[[Line], Cell]:
    def day(line: Line) -> Cell:
        milestone = line.days.get(kind)
        if milestone is None:
            return None
        is_month = milestone.precision == Precision.MONTH
        return Month(milestone.occurred_on) if is_month else milestone.occurred_on

    return day


def _park(line: Line) -> str:
    if line.project.park:
        return line.project.park.short_name
    return gettext("县级") if line.project.is_county_level else gettext("未落园区")


def _officer(line: Line) -> str:
    return str(line.project.officer) if line.project.officer else line.project.officer_text


def _industry(line: Line) -> str:
    return str(line.project.industry) if line.project.industry else line.project.industry_text


def _next_step(line: Line) -> str:
    return line.next_step.what if line.next_step else ""


def _waiting(line: Line) -> str:
    return gettext("、").join(str(claim.get_kind_display()) for claim in line.waiting)


_RANK = Case(*(When(stage=stage, then=Value(stage.rank)) for stage in Stage))
_STATUS = Case(*(When(status=status, then=Value(n)) for n, status in enumerate(Status)))

COLUMNS: tuple[ProjectColumn, ...] = (
    ProjectColumn("name", _("项目"), F("pinyin"), value=lambda line: line.project.name),
    ProjectColumn(
        "investor",
        _("投资方"),
        F("investor__pinyin"),
        value=lambda line: line.project.investor.name,
        joins="investor",
    ),
    ProjectColumn("park", _("园区"), F("park__position"), value=_park, joins="park"),
    ProjectColumn(
        "stage", _("阶段"), _RANK, value=lambda line: str(line.project.get_stage_display())
    ),
    ProjectColumn(
        "amount",
        _("协议总投资"),
        F("agreed_investment"),
        _("亿元"),
        is_number=True,
        value=lambda line: line.project.agreed_investment,
    ),
    ProjectColumn(
        "signed",
        _("签约日"),
        F("signing__occurred_on"),
        value=_happened(MilestoneKind.SIGNING),
        needs="days",
    ),
    ProjectColumn(
        "started",
        _("开工日"),
        F("groundbreaking__occurred_on"),
        value=_happened(MilestoneKind.GROUNDBREAKING),
        needs="days",
    ),
    ProjectColumn(
        "officer", _("招商专员"), F("officer__full_name"), value=_officer, joins="officer"
    ),
    ProjectColumn(
        "since",
        _("本阶段"),
        F("stage_since"),
        _("天"),
        is_number=True,
        value=lambda line: line.days_in_stage,
    ),
    ProjectColumn(
        "status", _("状态"), _STATUS, value=lambda line: str(line.project.get_status_display())
    ),
    ProjectColumn(
        "light",
        _("亮灯"),
        None,
        value=lambda line: project_light(line.project, today=line.today),
    ),
    ProjectColumn(
        "channel",
        _("招商方式"),
        F("channel__position"),
        value=lambda line: str(line.project.channel or ""),
        joins="channel",
    ),
    ProjectColumn("industry", _("行业"), F("industry__code"), value=_industry, joins="industry"),
    ProjectColumn("next", _("下一步"), None, value=_next_step, needs="steps"),
    ProjectColumn(
        "next_on",
        _("下一步日期"),
        None,
        value=lambda line: line.next_step.due_on if line.next_step else None,
        needs="steps",
    ),
    ProjectColumn("waiting", _("待核验"), None, value=_waiting, needs="waiting"),
    ProjectColumn(
        "planned_start",
        _("计划开工"),
        F("planned_start_on"),
        value=lambda line: line.project.planned_start_on,
    ),
    ProjectColumn(
        "planned_finish",
        _("计划投产"),
        F("planned_finish_on"),
        value=lambda line: line.project.planned_finish_on,
    ),
    ProjectColumn(
        "produced",
        _("投产日"),
        F("production__occurred_on"),
        value=_happened(MilestoneKind.PRODUCTION),
        needs="days",
    ),
    ProjectColumn(
        "funds",
        _("到位资金"),
        None,
        _("亿元"),
        is_number=True,
        value=lambda line: line.funds,
        needs="funds",
    ),
    ProjectColumn(
        "fund",
        _("资金来源"),
        F("fund_source"),
        value=lambda line: str(line.project.get_fund_source_display()),
    ),
    ProjectColumn(
        "active_on", _("最近活动"), F("active_on"), value=lambda line: line.project.active_on
    ),
    ProjectColumn(
        "lead_unit", _("责任单位"), F("lead_unit"), value=lambda line: line.project.lead_unit
    ),
    ProjectColumn(
        "patron", _("包联领导"), F("patron_leader"), value=lambda line: line.project.patron_leader
    ),
    ProjectColumn("tags", _("标签"), None, value=lambda line: "、".join(line.tags), needs="tags"),
    ProjectColumn(
        "company",
        _("落地企业"),
        F("local_company"),
        value=lambda line: line.project.local_company,
    ),
    ProjectColumn(
        "code", _("备案项目代码"), F("project_code"), value=lambda line: line.project.project_code
    ),
    ProjectColumn(
        "registered",
        _("登记日"),
        F("created_at"),
        value=lambda line: timezone.localdate(line.project.created_at),
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}
USUAL = (
    *("name", "investor", "park", "stage", "amount"),
    *("signed", "started", "officer", "since"),
)


def chosen(names: Iterable[str]) -> tuple[ProjectColumn, ...]:
    """The columns of the names, in their order, the project's name first; else the usual."""
    wanted = [name for name in dict.fromkeys(names) if name in BY_NAME and name != "name"]
    return tuple(BY_NAME[name] for name in (["name", *wanted] if wanted else USUAL))


# Days that come by a join; at most one row each, since one milestone of a kind is effective.
_JOINED = {
    "signed": (
        "signing",
        Q(milestones__kind=MilestoneKind.SIGNING, milestones__contract_kind=ContractKind.FORMAL),
    ),
    "started": (
        "groundbreaking",
        Q(milestones__kind=MilestoneKind.GROUNDBREAKING, milestones__expansion__isnull=True),
    ),
    "produced": (
        "production",
        Q(milestones__kind=MilestoneKind.PRODUCTION, milestones__expansion__isnull=True),
    ),
}


def sort(rows: QuerySet[Project], by: str) -> QuerySet[Project]:
    """In the order of a column, ``-`` before its name for the other way; else newest first.

    What has no value comes last both ways.
    """
    name = by.removeprefix("-")
    column = BY_NAME.get(name)
    if column is None or column.by is None:
        return rows.order_by("-pk")
    if name in _JOINED:
        alias, condition = _JOINED[name]
        effective = Q(milestones__verified_at__isnull=False, milestones__revoked_at__isnull=True)
        rows = rows.annotate(
            **{alias: FilteredRelation("milestones", condition=condition & effective)}
        )
    expression = column.by
    if isinstance(expression, Case):
        return rows.order_by(expression.desc() if by.startswith("-") else expression.asc(), "-pk")
    if by.startswith("-"):
        return rows.order_by(expression.desc(nulls_last=True), "-pk")
    return rows.order_by(expression.asc(nulls_last=True), "-pk")


_LONG_TEXTS = ("content", "progress", "problems", "remark")


def whole(columns: Iterable[ProjectColumn]) -> QuerySet[Project]:
    """The projects with what the columns read of the row and of what it points at."""
    joins = sorted({column.joins for column in columns if column.joins})
    rows = Project.objects.defer(*_LONG_TEXTS)
    return rows.select_related(*joins) if joins else rows


def lines(
    rows: Sequence[Project], columns: Iterable[ProjectColumn], *, at: dt.datetime
) -> list[Line]:
    """The rows' lines at an instant; one query for each thing that the columns need."""
    today = timezone.localdate(at)
    found = {row.pk: Line(row, today) for row in rows}
    needs = {column.needs for column in columns}
    if "days" in needs:
        _read_days(found)
    if "tags" in needs:
        links = ProjectTag.objects.filter(project__in=found).select_related("tag")
        for link in links.order_by("tag__group", "tag__position", "tag_id"):
            found[link.project_id].tags.append(link.tag.name)
    if "funds" in needs:
        received = FundsReceipt.objects.effective(at).filter(project__in=found).order_by()
        for sums in received.values("project").annotate(yuan=Sum("amount")):
            found[sums["project"]].funds = sums["yuan"]
    if "steps" in needs:
        for pk, step in next_steps(found).items():
            found[pk].next_step = step
    if "waiting" in needs:
        for pk, claims in open_claims(found).items():
            found[pk].waiting = claims
    return list(found.values())


def next_steps(projects: Iterable[int]) -> dict[int, FollowUp]:
    """The earliest open next step of each project that has one; one query."""
    steps: dict[int, FollowUp] = {}
    for step in FollowUp.objects.open().filter(project__in=projects).order_by("due_on", "id"):
        steps.setdefault(step.project_id or 0, step)
    return steps


def open_claims(projects: Iterable[int]) -> dict[int, list[Milestone]]:
    """The claims of each project that wait for a verifier; one query."""
    claims: dict[int, list[Milestone]] = defaultdict(list)
    for claim in Milestone.objects.open().filter(project__in=projects).order_by("claimed_at"):
        claims[claim.project_id].append(claim)
    return claims


def _read_days(found: dict[int, Line]) -> None:
    kinds = [MilestoneKind.SIGNING, MilestoneKind.GROUNDBREAKING, MilestoneKind.PRODUCTION]
    effective = Milestone.objects.effective().filter(
        project__in=found, kind__in=kinds, expansion__isnull=True
    )
    own = effective.exclude(contract_kind=ContractKind.FRAMEWORK).order_by("occurred_on")
    for milestone in own.only("project", "kind", "occurred_on", "precision"):
        found[milestone.project_id].days.setdefault(milestone.kind, milestone)
