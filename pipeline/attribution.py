"""Whose credit a milestone is: parks, transfers between them, and shares.

The rule (docs/domain.md): an effective milestone keeps the park that it was verified
with. One that happens on or after the day of a transfer goes to the new park, or is
divided by the shares agreed then; shares sum to 100 % and the county counts once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Park, User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline import protection
from pipeline.field_history import sign
from pipeline.models import (
    Attribution,
    AttributionShare,
    FundsReceipt,
    FundsShare,
    Milestone,
    MilestoneShare,
    Project,
)

Shares = Sequence[AttributionShare]
WHOLE = Decimal(100)


class SharesDoNotSum(Refused):
    """Shares of credit have to sum to 100 %."""

    code = "shares_do_not_sum"


class OfficerOfAnotherPark(Refused):
    """A project is handed to an officer of the park that it goes to."""

    code = "officer_of_another_park"


@transaction.atomic
def transfer(
    project: Project,
    *,
    to: Park | None,
    on: dt.date,
    reason: str,
    by: User,
    at: dt.datetime,
    shares: Mapping[Park, Decimal] | None = None,
    officer: User | None = None,
) -> Attribution:
    """Hand a project to another park from day ``on``, with shares of credit in percent.

    What happened before ``on``, or was verified before, stays where it is. ``to`` may be
    the park that it is in already, to agree on shares without moving it. The project shows
    the park of the transfer that takes effect last, whichever was recorded last. Where it
    moves, the investor's protection goes along, and ``officer`` looks after it from now on.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``SharesDoNotSum``, ``OfficerOfAnotherPark``.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    require(by, "attribution.change", project)
    if not reason.strip():
        raise ReasonNeeded(_("请写明流转原因"))
    shares = shares or {}
    if shares and (sum(shares.values()) != WHOLE or min(shares.values()) <= 0):
        raise SharesDoNotSum(_("各园区份额都要大于 0，合计必须为 100%"))
    if officer and to and officer.park_id not in (None, to.pk):
        raise OfficerOfAnotherPark(_("接手的专员要属于新园区或县级"))
    left = protection.unit_of(project, by=by)
    if not project.attributions.exists():
        Attribution.objects.create(
            project=project,
            park=project.park,
            effective_on=None,
            reason=str(_("最初归属")),
            recorded_at=at,
            recorded_by=by,
        )
    row = Attribution.objects.create(
        project=project,
        park=to,
        effective_on=on,
        reason=reason.strip(),
        recorded_at=at,
        recorded_by=by,
    )
    AttributionShare.objects.bulk_create(
        AttributionShare(attribution=row, park=park, percent=percent)
        for park, percent in shares.items()
    )
    project.park, _shares = in_force(project, dt.date.max)
    project.is_county_level = project.is_county_level and project.park is None
    if officer and project.park == to:
        project.officer = officer
    sign(project, by=by, at=at)
    project.save(update_fields=["park", "is_county_level", "officer"])
    protection.follow(project, left=left, by=by, at=at)
    return row


def in_force(project: Project, on: dt.date) -> tuple[Park | None, Shares]:
    """The park that a milestone of day ``on`` is credited to, and the shares, if any.

    Of the attributions that have taken effect by that day the latest day wins, and of
    one day the one recorded last. A project that was never transferred is its park's.
    """
    rows = [
        row
        for row in project.attributions.select_related("park").prefetch_related("shares")
        if row.effective_on is None or row.effective_on <= on
    ]
    if not rows:
        return project.park, ()
    last = max(rows, key=lambda row: (row.effective_on or dt.date.min, row.pk))
    return last.park, list(last.shares.all())


def copy_dimensions(project: Project, fact: Milestone | FundsReceipt, *, on: dt.date) -> Shares:
    """Write on a fact what figures group and narrow it by; returns the shares in force."""
    copy_own_dimensions(project, fact)
    fact.park, shares = in_force(project, on)
    return shares


def copy_own_dimensions(project: Project, fact: Milestone | FundsReceipt) -> None:
    """The same for a project that was never transferred: its own park, no shares."""
    fact.park_id = project.park_id
    fact.channel_id = project.channel_id
    fact.industry_id = project.industry_id
    fact.officer_id = project.officer_id
    fact.fund_source = project.fund_source
    fact.local_investor = project.investor.is_local


def fix_shares(fact: Milestone | FundsReceipt, shares: Shares) -> None:
    """Store a fact's shares, its amount allotted so that the parts add up exactly."""
    amounts = allot(fact.amount, [share.percent for share in shares])
    parts = [
        {"park_id": share.park_id, "percent": share.percent, "amount": amount}
        for share, amount in zip(shares, amounts, strict=True)
    ]
    if isinstance(fact, Milestone):
        MilestoneShare.objects.bulk_create(MilestoneShare(milestone=fact, **p) for p in parts)
    else:
        FundsShare.objects.bulk_create(FundsShare(receipt=fact, **p) for p in parts)


def allot(amount: Decimal | None, percents: Sequence[Decimal]) -> list[Decimal | None]:
    """Divide an amount in yuan by percentages, to the fen and without remainder.

    Largest remainder: each part is cut to whole fen, and the fen left over go one each
    to the parts that lost most, the earlier one first. A negative amount is divided as
    the positive one is, so that a correction takes back what was given.
    """
    if amount is None:
        return [None] * len(percents)
    if amount < 0:
        return [part and -part for part in allot(-amount, percents)]
    fen = int(amount * 100)
    exact = [fen * percent / WHOLE for percent in percents]
    parts = [int(part) for part in exact]
    by_loss = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_loss[: fen - sum(parts)]:
        parts[i] += 1
    return [Decimal(part).scaleb(-2) for part in parts]
