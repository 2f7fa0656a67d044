"""Disputes about a first report (首报争议): raised by who claims an investor, decided by others.

Who may answer:

- within a unit, its manager;
- between units, the manager of the holder's may give way, a leader of the county decides
  either way: a manager who refused would judge in the own cause;
- a leader of the county decides any, so that none is left lying where nobody else may;
- nobody decides a dispute that they raised, nor refuses one about their own report.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.first_reports import end, heads, is_held, months_after, tell, unit_name
from crm.models import FirstReport, ReportDispute, Role, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import may, require


class NothingToDispute(Refused):
    """The report holds no longer, or it is the person's own."""

    code = "nothing_to_dispute"


class AlreadyDisputed(Refused):
    """A dispute about this report waits for its decision."""

    code = "already_disputed"


class AlreadyDecided(Refused):
    """The dispute was decided before, or its report released."""

    code = "already_decided"


class OwnDispute(NotAllowed):
    """A dispute is decided by somebody else."""

    code = "own_dispute"


def visible_to(user: User) -> QuerySet[ReportDispute]:
    """Disputes about or of the person's unit; all of them for the whole county."""
    if user.is_county_wide:
        return ReportDispute.objects.all()
    return ReportDispute.objects.filter(
        Q(report__park=user.park_id)
        | Q(report__officer=user)
        | Q(park=user.park_id)
        | Q(raised_by=user)
    )


def answers(user: User, dispute: ReportDispute) -> frozenset[bool]:
    """What the person may answer: uphold (True), refuse (False), both or nothing."""
    report = dispute.report
    if user.pk == dispute.raised_by_id or not may(user, "dispute.decide", report):
        return frozenset()
    if user.role == Role.LEADER and user.is_county_wide:
        return frozenset({True, False})
    if dispute.park_id == report.park_id and report.officer_id != user.pk:
        return frozenset({True, False})
    return frozenset({True})


@transaction.atomic
def raise_dispute(
    report: FirstReport, *, grounds: str, idle_days: int, by: User, at: dt.datetime
) -> ReportDispute:
    """Claim an investor that is held, for the unit of who claims it.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``NothingToDispute``, ``AlreadyDisputed``.
    """
    require(by, "dispute.raise")
    report = FirstReport.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if not grounds.strip():
        raise ReasonNeeded(_("请写明争议理由"))
    if not is_held(report, today=timezone.localdate(at), idle_days=idle_days):
        raise NothingToDispute(_("首报保护已经失效，不用争议，可以直接登记"))
    if report.officer_id == by.pk:
        raise NothingToDispute(_("这是您自己的首报"))
    if report.disputes.filter(decided_at__isnull=True).exists():
        raise AlreadyDisputed(_("这个首报已有争议在等裁定"))
    dispute = ReportDispute.objects.create(
        report=report, park=by.park, grounds=grounds.strip(), raised_at=at, raised_by=by
    )
    concerned = {*heads(report.park_id), report.officer}
    if dispute.park_id != report.park_id:
        concerned |= set(heads(None))
    tell(
        concerned - {by},
        report,
        _RAISED,
        key=f"dispute-raised-{dispute.pk}",
        at=at,
        url=_page(dispute),
        by=by,
        claimant=unit_name(dispute.park),
    )
    return dispute


@transaction.atomic
def decide(
    dispute: ReportDispute,
    *,
    is_upheld: bool,
    decision: str,
    months: int,
    by: User,
    at: dt.datetime,
) -> ReportDispute:
    """Answer a dispute. Upheld, the investor is the claimant's from today, for ``months``.

    Raises ``NotAllowed``, ``OwnDispute``, ``ReasonNeeded``, ``AlreadyDecided``.
    """
    # The report before its dispute, as everything else holds them.
    FirstReport.objects.select_for_update().get(pk=dispute.report_id)
    dispute = (
        ReportDispute.objects.select_for_update(of=("self",))
        .select_related("report__organization", "report__park", "report__officer")
        .select_related("park", "raised_by")
        .get(pk=dispute.pk)
    )
    report = dispute.report
    if by.pk == dispute.raised_by_id:
        raise OwnDispute(_("自己提出的争议要由别人裁定"))
    require(by, "dispute.decide", report)
    if is_upheld not in answers(by, dispute):
        raise NotAllowed(_("园区负责人可以同意让出；要驳回，请由县领导裁定"))
    if not decision.strip():
        raise ReasonNeeded(_("请写明裁定说明"))
    if dispute.decided_at is not None:
        raise AlreadyDecided(_("这个争议已经裁定"))
    dispute.is_upheld, dispute.decision = is_upheld, decision.strip()
    dispute.decided_at, dispute.decided_by = at, by
    dispute.save(update_fields=["is_upheld", "decision", "decided_at", "decided_by"])
    if is_upheld:
        _hand_over(dispute, months=months, by=by, at=at)
    tell(
        (
            {dispute.raised_by, report.officer}
            | set(heads(report.park_id))
            | set(heads(dispute.park_id))
        )
        - {by},
        report,
        _UPHELD if is_upheld else _REFUSED,
        key=f"dispute-decided-{dispute.pk}",
        at=at,
        url=_page(dispute),
        by=by,
        claimant=unit_name(dispute.park),
    )
    return dispute


def _hand_over(dispute: ReportDispute, *, months: int, by: User, at: dt.datetime) -> None:
    today = timezone.localdate(at)
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("争议裁定：%(why)s") % {"why": dispute.decision}
    end(dispute.report, reason=reason, by=by, at=at)
    FirstReport.objects.create(
        organization=dispute.report.organization,
        park=dispute.park,
        officer=dispute.raised_by,
        reported_on=today,
        protected_until=months_after(today, months),
        active_on=today,
        recorded_at=at,
    )


_RAISED = gettext_lazy("%(claimant)s%(by)s对%(name)s的首报提出争议")
_UPHELD = gettext_lazy("%(name)s的首报争议已裁定：归%(claimant)s")
_REFUSED = gettext_lazy("%(name)s的首报争议已裁定：仍归%(unit)s")


def _page(dispute: ReportDispute) -> str:
    return f"/leads/disputes/{dispute.pk}/"
