"""Leads: registering one in a minute, what others may know of it, and the list of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import DateField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import contacts, duplicates, first_reports, organizations
from crm.lookups import called
from crm.models import Channel, FirstReport, Organization, Park, ReportDispute, User
from crm.names import normalise
from crm.refusals import Refused
from crm.rights import require
from pipeline import follow_ups, projects
from pipeline.models import CountySettings, Project
from pipeline.protection import taken, terms
from pipeline.reach import organizations_visible_to

NO_DUPLICATES = gettext_lazy("已按名称和信用代码查重，没有相同或近似的企业")
LAPSES_SOON = 14  # days
SHORTEST = 2  # characters of a name that is looked up


class DuplicatesUnanswered(Refused):
    """Companies much like this one are registered: which it is, a person has to say.

    ``details`` are the organizations.
    """

    code = "duplicates_unanswered"


# --- registering -----------------------------------------------------------------------------
@transaction.atomic
def register_lead(
    *,
    name: str,
    code: str = "",
    project_name: str,
    contact_name: str,
    contact_title: str = "",
    phone: str = "",
    channel: Channel | None = None,
    investment: Decimal | None = None,
    remark: str = "",
    duplicates_answer: str = "",
    next_step: str = "",
    next_on: dt.date | None = None,
    park: Park | None,
    officer: User,
    by: User,
    at: dt.datetime,
) -> Project:
    """All that a first word with an investor leaves behind, or nothing of it.

    The investor (registered, or found by code or name), its first report, the project, the
    person spoken to and the next step. ``investment`` is in yuan. Where nothing like the
    investor is registered, the check for duplicates answers itself.

    Raises ``NotAllowed``, ``DuplicatesUnanswered``, ``crm.first_reports.Protected``, and
    what registering organizations, projects and contacts raises.
    """
    require(by, "lead.register", FirstReport(park=park) if park else None)
    investor = organizations.register(name=name, code=code, by=by, at=at)
    if not duplicates_answer.strip():
        similar = duplicates.matches(name=name, code=code, exclude=investor.pk)
        if similar:
            raise DuplicatesUnanswered(
                _("已登记有近似的企业，请核对后写明查重结论"),
                details=[match.organization for match in similar],
            )
        duplicates_answer = str(NO_DUPLICATES)
    project = projects.register(
        investor=investor,
        fields={
            "name": project_name,
            "park": park,
            "officer": officer,
            "channel": channel,
            "agreed_investment": investment,
            "remark": remark.strip(),
            "duplicates_answer": duplicates_answer.strip(),
        },
        by=by,
        at=at,
    )
    if not investor.contacts.filter(name=contact_name.strip(), phone=phone.strip()).exists():
        contacts.add_contact(
            investor, name=contact_name, title=contact_title, phone=phone, by=by, at=at
        )
    if next_on is not None:
        follow_ups.add(
            what=next_step, due_on=next_on, assignee=officer, project=project, by=by, at=at
        )
    return project


# --- what others may know ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Masked:
    """What a person learns of an organization: taken by whom and until when, and no more.

    ``unit`` is in words, empty where nobody works with it; ``until`` only where a first
    report holds it. ``key`` is the organization's where the person may open it, and
    ``report`` the first report that they may dispute: another unit's.
    """

    name: str
    unit: str
    until: dt.date | None
    is_visible: bool
    key: int | None = None
    report: int | None = None

    @property
    def is_others(self) -> bool:
        """Whether another unit's first report stands in the way of registering it."""
        return self.report is not None


def masked(
    found: Iterable[Organization],
    user: User,
    today: dt.date,
    *,
    county: CountySettings | None = None,
) -> list[Masked]:
    """Each organization as ``user`` may know it, in the order given, by four queries."""
    rows = list(found)
    keys = [row.pk for row in rows]
    idle_days = (county or terms()).protection_idle_days
    visible = set(organizations_visible_to(user).filter(pk__in=keys).values_list("pk", flat=True))
    holding = {
        report.organization_id: report
        for report in FirstReport.objects.filter(
            first_reports.held(today=today, idle_days=idle_days), organization__in=keys
        ).select_related("park")
    }
    units = taken(rows)
    return [
        _masked(row, user, holding.get(row.pk), units.get(row.pk, ""), row.pk in visible)
        for row in rows
    ]


def _masked(
    row: Organization, user: User, report: FirstReport | None, unit: str, is_visible: bool
) -> Masked:
    key = row.pk if is_visible else None
    if report is None:
        return Masked(row.name, unit, None, is_visible, key)
    is_own = report.park_id == user.park_id or report.officer_id == user.pk
    return Masked(
        row.name,
        first_reports.unit_name(report.park),
        report.protected_until,
        is_visible,
        key,
        None if is_own else report.pk,
    )


def look_up(name: str, code: str, user: User, today: dt.date) -> list[Masked]:
    """Whether an investor is taken (查首报): those that a name or code may mean, masked."""
    if len(name) < SHORTEST and not code:
        return []
    matches = duplicates.matches(name=name, code=code)
    return masked([match.organization for match in matches], user, today)


# --- the list ------------------------------------------------------------------------------------
SHOWS = {
    "mine": gettext_lazy("我的首报"),
    "unit": gettext_lazy("本单位首报"),
    "lapsing": gettext_lazy("快到期"),
    "lapsed": gettext_lazy("已失效"),
}
_SORTS = {
    "investor": F("organization__pinyin"),
    "officer": F("officer__full_name"),
    "reported": F("reported_on"),
    "active": F("active_on"),
    "until": F("last_day"),
}


def first_report_list(
    user: User,
    *,
    show: str,
    text: str = "",
    park: Park | None = None,
    sort: str = "",
    today: dt.date,
    idle_days: int,
) -> QuerySet[FirstReport]:
    """First reports that ``user`` may read: one of ``SHOWS``, narrowed and sorted.

    ``sort`` is one of ``investor``, ``officer``, ``reported``, ``active``, ``until`` (the
    last day), ``-`` before it for the other way; else what ends first, of the ended the
    latest.
    """
    rows = first_reports.visible_to(user)
    holds = first_reports.held(today=today, idle_days=idle_days)
    if show == "mine":
        rows = rows.filter(holds, officer=user)
    elif show == "lapsing":
        soon = first_reports.lapsing(today, LAPSES_SOON, idle_days=idle_days)
        rows = rows.filter(pk__in=soon.values("pk"))
    elif show == "lapsed":
        rows = rows.exclude(holds)
    else:
        rows = rows.filter(holds)
    if text:
        key = normalise(text)
        rows = rows.filter(called(key, key, of="organization__"))
    if park is not None:
        rows = rows.filter(park=park)
    idle_until = ExpressionWrapper(
        F("active_on") + dt.timedelta(days=idle_days), output_field=DateField()
    )
    rows = rows.annotate(last_day=Least(F("protected_until"), idle_until))
    by = _SORTS.get(sort.removeprefix("-"))
    if by is None:
        return rows.order_by(F("last_day").desc() if show == "lapsed" else F("last_day"), "-pk")
    return rows.order_by(by.desc() if sort.startswith("-") else by.asc(), "-pk")


@dataclass(frozen=True, slots=True)
class Line:
    """A first report in the list, with the project that it is about where the unit has one."""

    report: FirstReport
    project: Project | None
    last_day: dt.date
    days_left: int
    is_held: bool
    is_disputed: bool

    @property
    def is_lapsing(self) -> bool:
        """Whether it ends soon."""
        return self.is_held and self.days_left <= LAPSES_SOON


def lines(keys: Sequence[int], *, user: User, today: dt.date, idle_days: int) -> list[Line]:
    """The reports of ``keys`` in that order, by three queries."""
    found = FirstReport.objects.select_related("organization", "park", "officer").in_bulk(keys)
    reports = [found[key] for key in keys if key in found]
    projects_of = _projects_of(reports, user)
    disputed = ReportDispute.objects.filter(report__in=keys, decided_at__isnull=True)
    waiting = set(disputed.values_list("report_id", flat=True))
    return [
        Line(
            report=report,
            project=projects_of.get(report.pk),
            last_day=first_reports.last_day(report, idle_days=idle_days),
            days_left=first_reports.days_left(report, today=today, idle_days=idle_days),
            is_held=first_reports.is_held(report, today=today, idle_days=idle_days),
            is_disputed=report.pk in waiting,
        )
        for report in reports
    ]


def _projects_of(reports: Sequence[FirstReport], user: User) -> dict[int, Project]:
    """By report, the latest project of its unit with the investor, of those that are seen."""
    rows = (
        Project.objects.current()
        .visible_to(user)
        .filter(investor__in={report.organization_id for report in reports})
        .only("name", "investor", "park", "stage", "status")
        .order_by("pk")
    )
    latest = {(row.investor_id, row.park_id): row for row in rows}
    found = {r.pk: latest.get((r.organization_id, r.park_id)) for r in reports}
    return {key: row for key, row in found.items() if row is not None}


@transaction.atomic
def report_again(report: FirstReport, *, by: User, at: dt.datetime) -> FirstReport:
    """Report anew for its unit what has lapsed or was given up.

    Raises ``NotAllowed``, ``crm.first_reports.Protected`` where another unit was quicker.
    """
    county = terms()
    return first_reports.report(
        report.organization,
        park=report.park,
        officer=by,
        on=timezone.localdate(at),
        months=county.protection_months,
        idle_days=county.protection_idle_days,
        by=by,
        at=at,
    )
