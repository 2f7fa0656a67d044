"""A report's life: draft → submitted → approved → frozen; a correction is another version.

Freezing keeps everything that the report says and rests on, with a SHA-256 of it; from then
on the database refuses any change. Nobody approves what they submitted themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Park, Role, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import require
from crm.system_users import system_user
from pipeline.models import PeriodKind, Report, ReportState, Subject
from pipeline.reports import numbers
from pipeline.reports.content import build, digest
from pipeline.reports.periods import Period
from pipeline.reports.supervision import numbers as kept


class NotItsTurn(Refused):
    """The report is at another step of its life."""

    code = "not_its_turn"


class AlreadyDrafted(Refused):
    """The period has a report already."""

    code = "already_drafted"


class NotOver(Refused):
    """A period that is not over has no report that could be frozen."""

    code = "not_over"


class NoSuchReport(Refused):
    """What is told of promises goes out by the month, one for the whole county."""

    code = "no_such_report"


class Damaged(Refused):
    """What is stored does not have the digest that it was frozen with."""

    code = "damaged"


def period_of(report: Report) -> Period:
    """What a report is about."""
    return Period(report.kind, report.year, report.number)


@transaction.atomic
def draft(
    period: Period,
    *,
    park: Park | None = None,
    subject: str = Subject.ATTRACTION,
    by: User,
    at: dt.datetime,
) -> Report:
    """Begin the report of a period.

    Raises ``NotAllowed``, ``AlreadyDrafted``, ``NoSuchReport``.
    """
    require(by, "report.draft")
    _in_reach(by, park)
    if subject == Subject.SUPERVISION and (park or period.kind != PeriodKind.MONTH):
        raise NoSuchReport(_("重点工作落实通报按月、全县一份"))
    same = Report.objects.filter(
        subject=subject, kind=period.kind, year=period.year, number=period.number, park=park
    )
    if same.exists():
        raise AlreadyDrafted(_("这一期通报已经有了；定稿以后要改，请在它的页面上更正"))
    return Report.objects.create(
        subject=subject,
        kind=period.kind,
        year=period.year,
        number=period.number,
        park=park,
        as_of=period.until,
        created_at=at,
        created_by=by,
    )


@transaction.atomic
def write(report: Report, *, texts: Mapping[str, str], by: User, at: dt.datetime) -> Report:
    """Keep people's own paragraphs by section; the figures' sentences are not theirs to write.

    Raises ``NotAllowed``, ``NotItsTurn``.
    """
    report = _at_step(report, ReportState.DRAFT, by, "report.draft")
    report.texts = {key: text.strip() for key, text in texts.items() if text.strip()}
    report.save(update_fields=["texts"])
    return report


@transaction.atomic
def submit(report: Report, *, by: User, at: dt.datetime) -> Report:
    """Hand a draft in. Raises ``NotAllowed``, ``NotItsTurn``, ``NotOver``."""
    report = _at_step(report, ReportState.DRAFT, by, "report.draft")
    if report.as_of >= timezone.localdate(at):
        raise NotOver(_("这一期还没有结束，截止日过后才能送审"))
    report.state = ReportState.SUBMITTED
    report.submitted_at, report.submitted_by = at, by
    report.save(update_fields=["state", "submitted_at", "submitted_by"])
    return report


@transaction.atomic
def send_back(report: Report, *, by: User, at: dt.datetime) -> Report:
    """Back to being a draft, before it is frozen. Raises ``NotAllowed``, ``NotItsTurn``."""
    report = Report.objects.select_for_update().get(pk=report.pk)
    require(by, "report.draft" if by.pk == report.submitted_by_id else "report.approve")
    if report.state not in (ReportState.SUBMITTED, ReportState.APPROVED):
        raise NotItsTurn(_("只有送审或已批准的通报可以退回起草，请刷新页面"))
    report.state = ReportState.DRAFT
    report.submitted_at = report.submitted_by = None
    report.approved_at = report.approved_by = None
    report.save(
        update_fields=["state", "submitted_at", "submitted_by", "approved_at", "approved_by"]
    )
    return report


@transaction.atomic
def approve(report: Report, *, by: User, at: dt.datetime) -> Report:
    """Approve what somebody else submitted. Raises ``NotAllowed``, ``NotItsTurn``."""
    report = _at_step(report, ReportState.SUBMITTED, by, "report.approve")
    if by.pk == report.submitted_by_id and by.role != Role.SYSTEM:
        raise NotAllowed(_("自己送审的通报要由另一位领导批准"))
    report.state = ReportState.APPROVED
    report.approved_at, report.approved_by = at, by
    report.save(update_fields=["state", "approved_at", "approved_by"])
    return report


@transaction.atomic
def freeze(
    report: Report, *, by: User, at: dt.datetime, known_at: dt.datetime | None = None
) -> Report:
    """Store what an approved report says, as known at ``at`` or an earlier ``known_at``.

    Raises ``NotAllowed``, ``NotItsTurn``.
    """
    report = _at_step(report, ReportState.APPROVED, by, "report.freeze")
    known = min(known_at or at, at)
    content, rows = _built(report, known), _sources(report, known)
    report.content, report.rows, report.known_at = content, rows, known
    report.digest = digest(content, rows)
    report.state = ReportState.FROZEN
    report.frozen_at, report.frozen_by = at, by
    report.save()
    return report


@transaction.atomic
def freeze_at_once(
    period: Period,
    *,
    subject: str = Subject.ATTRACTION,
    at: dt.datetime,
    known_at: dt.datetime | None = None,
) -> Report:
    """Draft, submit, approve and freeze the county's report, in a system user's name.

    For the command, where whoever runs it answers for all four. Goes on with a draft that is
    there already. Raises as the four do.
    """
    by = report_clerk()
    report = Report.objects.filter(
        subject=subject, kind=period.kind, year=period.year, number=period.number, park=None
    ).last() or draft(period, subject=subject, by=by, at=at)
    if report.state == ReportState.DRAFT:
        report = submit(report, by=by, at=at)
    if report.state == ReportState.SUBMITTED:
        report = approve(report, by=by, at=at)
    return freeze(report, by=by, at=at, known_at=known_at)


def report_clerk() -> User:
    """The system user in whose name the command freezes."""
    return system_user("report-clerk", "定稿程序")


@transaction.atomic
def correct(report: Report, *, reason: str, by: User, at: dt.datetime) -> Report:
    """Another version of a frozen report, a draft; the old one stays as it went out.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``NotItsTurn`` where there is a newer one.
    """
    report = _at_step(report, ReportState.FROZEN, by, "report.draft")
    if not reason.strip():
        raise ReasonNeeded(_("请写明为什么更正，新版本里要说明"))
    if Report.objects.filter(corrects=report).exists():
        raise NotItsTurn(_("这一版已有更正版，请更正最新的一版"))
    return Report.objects.create(
        subject=report.subject,
        kind=report.kind,
        year=report.year,
        number=report.number,
        park=report.park,
        version=report.version + 1,
        corrects=report,
        reason=reason.strip(),
        texts=report.texts,
        as_of=report.as_of,
        created_at=at,
        created_by=by,
    )


def content_of(report: Report, *, at: dt.datetime) -> dict[str, Any]:
    """What a report says: as it was frozen, or as it would be frozen at ``at``.

    Raises ``Damaged`` where a frozen report is not what was frozen.
    """
    if report.state != ReportState.FROZEN:
        return _built(report, at)
    if digest(report.content, report.rows) != report.digest:
        raise Damaged(_("这份通报的内容与定稿时的摘要不一致，请联系管理员"))
    return dict(report.content)


def rows_of(report: Report, *, at: dt.datetime) -> dict[str, Any]:
    """The facts behind a report: as they were frozen, or as they would be frozen at ``at``."""
    if report.state == ReportState.FROZEN:
        return dict(report.rows)
    return _sources(report, at)


def _built(report: Report, known_at: dt.datetime) -> dict[str, Any]:
    return build(
        period_of(report),
        known_at=known_at,
        park=report.park,
        texts=report.texts,
        subject=report.subject,
    )


def _sources(report: Report, known_at: dt.datetime) -> dict[str, Any]:
    period = period_of(report)
    if report.subject == Subject.SUPERVISION:
        return kept.sources(period, known_at=known_at)
    return numbers.sources(period, known_at=known_at, park=report.park)


def _at_step(report: Report, state: str, by: User, act: str) -> Report:
    """The report as stored now, locked, if it is at a step and the person may go on."""
    report = Report.objects.select_for_update().get(pk=report.pk)
    require(by, act)
    _in_reach(by, report.park)
    if report.state != state:
        raise NotItsTurn(
            _("这份通报现在是“%(state)s”，不能这样操作，请刷新页面")
            % {"state": report.get_state_display()}
        )
    return report


def _in_reach(by: User, park: Park | None) -> None:
    """A park's person writes their own park's report only."""
    if not by.is_county_wide and (park is None or park.pk != by.park_id):
        raise NotAllowed(_("只能起草本园区的通报"))
