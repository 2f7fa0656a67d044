"""First-report protection (首报): which unit an investor belongs to on a day, and until when.

Whoever registered an investor first is protected for some months (to the same day of the
month, or the month's last), that very day included. The protection ends earlier where
nothing genuine happened for longer than some days, and where it is released by hand. It is
extended once. How long each is, the county decides: the numbers come in as values.

Nothing has to run at midnight: whether a report holds is a function of the day, written
twice, for a row (:func:`is_held`) and for lists (:func:`held`). What has lapsed does not
come to life again by working on: the unit reports anew, if no other was quicker.

A unit is a park, or none for the county's own people. What another unit is told is that
the investor is taken, by whom and until when; never more.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import notices
from crm.models import FirstReport, Organization, Park, Role, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import may, require


class Protected(Refused):
    """Another unit holds the investor: ``unit``, ``until`` and the ``report`` to dispute."""

    code = "protected"

    def __init__(self, report: FirstReport) -> None:
        self.unit, self.until = unit_name(report.park), report.protected_until
        self.report = report.pk
        super().__init__(
            _("%(name)s已由%(unit)s首报，保护至 %(until)s；有异议请在“查首报”里提出争议")
            % {
                "name": report.organization.name,
                "unit": self.unit,
                "until": self.until.isoformat(),
            }
        )


class NotHeld(Refused):
    """The protection has lapsed or was released."""

    code = "not_held"


class AlreadyExtended(Refused):
    """A protection is extended once."""

    code = "already_extended"


# --- the rule --------------------------------------------------------------------------------
def months_after(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or that month's last: 08-31 and six are 02-28."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def last_day(report: FirstReport, *, idle_days: int) -> dt.date:
    """The last day that a report holds, should nothing happen any more."""
    return min(report.protected_until, report.active_on + dt.timedelta(days=idle_days))


def days_left(report: FirstReport, *, today: dt.date, idle_days: int) -> int:
    """How many days it still holds after today: 0 on the last, negative once it has lapsed."""
    return (last_day(report, idle_days=idle_days) - today).days


def is_held(report: FirstReport, *, today: dt.date, idle_days: int) -> bool:
    """Whether a report protects its unit today; :func:`held` says the same for a queryset."""
    return (
        report.released_at is None
        and report.reported_on <= today <= report.protected_until
        and (today - report.active_on).days <= idle_days
    )


def held(*, today: dt.date, idle_days: int) -> Q:
    """Of a queryset of reports: those that protect their unit today."""
    return Q(
        released_at__isnull=True,
        reported_on__lte=today,
        protected_until__gte=today,
        active_on__gte=today - dt.timedelta(days=idle_days),
    )


def lapsing(today: dt.date, within_days: int, *, idle_days: int) -> QuerySet[FirstReport]:
    """Reports that hold today and lapse in so many days, by expiry or for idleness."""
    by = today + dt.timedelta(days=within_days)
    return FirstReport.objects.filter(
        held(today=today, idle_days=idle_days),
        Q(protected_until__lte=by) | Q(active_on__lte=by - dt.timedelta(days=idle_days)),
    )


def protection(
    organization: Organization | int, *, today: dt.date, idle_days: int
) -> FirstReport | None:
    """The report that holds an investor today, with its unit."""
    return (
        FirstReport.objects.filter(
            held(today=today, idle_days=idle_days), organization=organization
        )
        .select_related("organization", "park")
        .first()
    )


def unit_name(park: Park | None) -> str:
    """A unit in words: its park, or the county."""
    return park.name if park else _("县级")


def visible_to(user: User) -> QuerySet[FirstReport]:
    """The reports that a person may read: all for the county, else the unit's and their own."""
    if user.is_county_wide:
        return FirstReport.objects.all()
    return FirstReport.objects.filter(Q(park=user.park_id) | Q(officer=user))


# --- the verbs -------------------------------------------------------------------------------
@transaction.atomic
def report(
    organization: Organization,
    *,
    park: Park | None,
    officer: User,
    on: dt.date,
    months: int,
    idle_days: int,
    by: User,
    at: dt.datetime,
) -> FirstReport:
    """Register an investor for a unit: the report that protects it from now on.

    The unit that holds it joins its own report, which stays the first officer's and is
    alive again from ``on``. One that has lapsed is released, saying why, and a new one begins.

    Raises ``NotAllowed``, ``Protected``.
    """
    wanted = FirstReport(
        organization=organization,
        park=park,
        officer=officer,
        reported_on=on,
        protected_until=months_after(on, months),
        active_on=on,
        recorded_at=at,
    )
    require(by, "lead.register", wanted)
    Organization.objects.select_for_update().get(pk=organization.pk)  # one reporter at a time
    standing = _open_report(organization)
    if standing is not None:
        if is_held(standing, today=on, idle_days=idle_days):
            if standing.park_id != wanted.park_id:
                raise Protected(standing)
            touch(organization.pk, on=on, idle_days=idle_days)
            standing.refresh_from_db(fields=["active_on"])
            return standing
        end(standing, reason=_why_lapsed(standing, on), by=by, at=at)
    wanted.save()
    return wanted


def _open_report(organization: Organization) -> FirstReport | None:
    return (
        FirstReport.objects.filter(organization=organization, released_at__isnull=True)
        .select_related("organization", "park")
        .first()
    )


def _why_lapsed(standing: FirstReport, on: dt.date) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        if standing.protected_until < on:
            return _("保护期满，自动解除")
        return _("长期没有实质推进，自动解除")


def touch(
    organization: int, *, on: dt.date, idle_days: int, units: Iterable[int | None] | None = None
) -> None:
    """Something genuine happened with an investor: its protection stays alive.

    ``units`` are the parks (None for the county) of those who acted, where that is known:
    what others do keeps nobody's protection. One that had lapsed before ``on`` stays lapsed.
    """
    if on - dt.date.min < dt.timedelta(days=idle_days):
        return  # a slip in the year, from which no days can be taken
    reports = FirstReport.objects.filter(
        organization=organization,
        released_at__isnull=True,
        protected_until__gte=on,
        active_on__lt=on,
        active_on__gte=on - dt.timedelta(days=idle_days),
    )
    if units is not None:
        parks = set(units)
        reports = reports.filter(
            Q(park__in=parks - {None}) | Q(park__isnull=True)
            if None in parks
            else Q(park__in=parks)
        )
    reports.update(active_on=on)


@transaction.atomic
def extend(
    report: FirstReport, *, months: int, reason: str, idle_days: int, by: User, at: dt.datetime
) -> FirstReport:
    """Protect a unit for so many months more, once, by its manager or the county's leader.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``NotHeld``, ``AlreadyExtended``.
    """
    report = _locked(report)
    require(by, "report.extend", report)
    if not reason.strip():
        raise ReasonNeeded(_("请写明延期原因"))
    if not is_held(report, today=timezone.localdate(at), idle_days=idle_days):
        raise NotHeld(_("首报保护已经失效，不能延期；没有别的单位首报时可以重新首报"))
    if report.extended_at is not None:
        raise AlreadyExtended(_("首报只能延期一次，这个首报已经延过"))
    report.protected_until = months_after(report.protected_until, months)
    report.extended_at, report.extended_by = at, by
    report.extension_reason = reason.strip()
    report.save(update_fields=["protected_until", "extended_at", "extended_by", "extension_reason"])
    tell([report.officer], report, _EXTENDED, key=f"first-report-extended-{report.pk}", at=at)
    return report


@transaction.atomic
def ask_extension(report: FirstReport, *, reason: str, by: User, at: dt.datetime) -> None:
    """Ask those who may extend a protection to do so; asked again, once a day.

    Raises ``NotAllowed``, ``ReasonNeeded``.
    """
    require(by, "lead.register", report)
    if not reason.strip():
        raise ReasonNeeded(_("请写明为什么要延期"))
    key = f"first-report-asked-{report.pk}-{timezone.localdate(at).isoformat()}"
    tell(heads(report.park_id), report, _ASKED, key=key, at=at, by=by, reason=reason.strip())


@transaction.atomic
def release(report: FirstReport, *, reason: str, by: User, at: dt.datetime) -> FirstReport:
    """Give a protection up, by who holds it or the unit's manager.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``NotHeld`` where it was released before.
    """
    report = _locked(report)
    require(by, "report.release", report)
    if not may_release(by, report):
        raise NotAllowed(_("请由首报人或本单位负责人解除首报"))
    if not reason.strip():
        raise ReasonNeeded(_("请写明解除原因"))
    if report.released_at is not None:
        raise NotHeld(_("首报已经解除"))
    end(report, reason=reason.strip(), by=by, at=at)
    return report


def may_release(user: User, report: FirstReport) -> bool:
    """Whether it is the person's to give up: an officer's own, a manager's unit's."""
    is_theirs = user.role != Role.OFFICER or report.officer_id == user.pk
    return is_theirs and may(user, "report.release", report)


def end(report: FirstReport, *, reason: str, by: User, at: dt.datetime) -> None:
    """Write down that a report holds no longer; a dispute about it has nothing to decide."""
    _write_released(report, reason=reason, by=by, at=at)
    for dispute in report.disputes.filter(decided_at__isnull=True).select_related("raised_by"):
        dispute.is_upheld, dispute.decided_at, dispute.decided_by = False, at, by
        with translation.override(settings.LANGUAGE_CODE):
            dispute.decision = _("首报已解除，不再裁定：%(reason)s") % {"reason": reason[:200]}
        dispute.save(update_fields=["is_upheld", "decision", "decided_at", "decided_by"])
        key = f"first-report-released-{report.pk}"
        tell([dispute.raised_by], report, _RELEASED, key=key, at=at, url="/leads/?show=disputes")


@transaction.atomic
def pass_on(
    report: FirstReport,
    *,
    park: Park | None,
    officer: User,
    reason: str,
    by: User,
    at: dt.datetime,
) -> FirstReport:
    """Hand what is left of a protection to another unit, which has it as new in its care.

    The old report is released with the reason; days and extension go along, the days of
    idleness begin anew, and so does a dispute that waits. Whether ``by`` may is decided by
    what carries the protection along (a transfer).
    """
    report = _locked(report)
    successor = FirstReport(
        organization=report.organization,
        park=park,
        officer=officer,
        reported_on=report.reported_on,
        protected_until=report.protected_until,
        active_on=max(report.active_on, timezone.localdate(at)),
        recorded_at=at,
        extended_at=report.extended_at,
        extended_by=report.extended_by,
        extension_reason=report.extension_reason,
    )
    _write_released(report, reason=reason, by=by, at=at)
    successor.save()
    report.disputes.filter(decided_at__isnull=True).update(report=successor)
    return successor


def _write_released(report: FirstReport, *, reason: str, by: User, at: dt.datetime) -> None:
    report.released_at, report.released_by, report.release_reason = at, by, reason[:200]
    report.save(update_fields=["released_at", "released_by", "release_reason"])


def _locked(report: FirstReport) -> FirstReport:
    return (
        FirstReport.objects.select_for_update(of=("self",))
        .select_related("organization", "park", "officer")
        .get(pk=report.pk)
    )


# --- telling those concerned -------------------------------------------------------------------
_EXTENDED = gettext_lazy("%(name)s的首报已延期，保护至 %(until)s")
_ASKED = gettext_lazy("%(by)s请您给%(name)s的首报延期：%(reason)s")
_RELEASED = gettext_lazy("您提出争议的%(name)s首报已解除，可以登记了")


def heads(park: int | None) -> QuerySet[User]:
    """Who answers for a unit: the park's managers, or the leaders of the county."""
    people = User.objects.filter(is_active=True)
    if park is None:
        return people.filter(role=Role.LEADER, park__isnull=True)
    return people.filter(role=Role.MANAGER, park=park)


def tell(
    people: Iterable[User],
    report: FirstReport,
    words: Any,
    *,
    key: str,
    at: dt.datetime,
    url: str = "",
    **facts: Any,
) -> None:
    """Tell people of a report in the county's language, with the way to its page.

    The address is written out: this app knows no routes of the other.
    """
    with translation.override(settings.LANGUAGE_CODE):
        text = words % {
            "name": report.organization.name,
            "unit": unit_name(report.park),
            "until": report.protected_until.isoformat(),
            **facts,
        }
    url = url or f"/leads/reports/{report.pk}/"
    notices.tell(set(people), kind="first_report", text=text, url=url, key=key, at=at)
