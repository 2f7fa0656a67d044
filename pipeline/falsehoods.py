"""Finding that something was falsely reported (弄虚作假认定): it costs points for ever.

A milestone is found false once it was returned or revoked, so that it no longer counts;
its park and its officer answer for it. Of an item of a ledger its unit does, and the park
whose committee that is.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline.models import Falsehood, LedgerItem, Milestone


class AlreadyFound(Refused):
    """There is a finding on it already."""

    code = "already_found"


class StillCounts(Refused):
    """The milestone counts, or waits for a verifier: it has to be revoked or returned first."""

    code = "still_counts"


class NotHandedOver(Refused):
    """Nobody answers for the item yet."""

    code = "not_handed_over"


class BadDay(Refused):
    """A day to come."""

    code = "bad_day"


@transaction.atomic
def find_milestone(
    milestone: Milestone, *, reason: str, on: dt.date, by: User, at: dt.datetime
) -> Falsehood:
    """Find that a milestone was falsely claimed.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``BadDay``, ``StillCounts``, ``AlreadyFound``.
    """
    row = Milestone.objects.select_related("project").get(pk=milestone.pk)
    require(by, "falsehood.find", row.project)
    _check(reason, on, at)
    if row.state not in ("returned", "revoked"):
        raise StillCounts(_("请先撤销或退回这个里程碑，再认定弄虚作假"))
    if Falsehood.objects.filter(milestone=row).exists():
        raise AlreadyFound(_("这个里程碑已经认定过"))
    return Falsehood.objects.create(
        milestone=row,
        park_id=row.park_id,
        officer_id=row.officer_id or row.claimed_by_id,
        found_on=on,
        reason=reason.strip(),
        recorded_at=at,
        recorded_by=by,
    )


@transaction.atomic
def find_item(
    item: LedgerItem, *, reason: str, on: dt.date, by: User, at: dt.datetime
) -> Falsehood:
    """Find that what a unit reported about an item was false.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``BadDay``, ``NotHandedOver``, ``AlreadyFound``.
    """
    require(by, "falsehood.find")
    row = LedgerItem.objects.select_related("unit").get(pk=item.pk)
    _check(reason, on, at)
    if row.unit is None or row.issued_on is None:
        raise NotHandedOver(_("事项还没有交账，没有责任单位可以认定"))
    if Falsehood.objects.filter(item=row).exists():
        raise AlreadyFound(_("这个事项已经认定过"))
    return Falsehood.objects.create(
        item=row,
        unit=row.unit,
        park_id=row.unit.park_id,
        found_on=on,
        reason=reason.strip(),
        recorded_at=at,
        recorded_by=by,
    )


def _check(reason: str, on: dt.date, at: dt.datetime) -> None:
    if not reason.strip():
        raise ReasonNeeded(_("请写明认定事由"))
    if on > timezone.localdate(at):
        raise BadDay(_("认定日不能晚于今天"))
