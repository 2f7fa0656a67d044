"""When a project's money is to arrive, and how much of it has: plan against receipts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from pipeline.field_history import note
from pipeline.models import FundsPlan, FundsReceipt, Project


class NothingPlanned(Refused):
    """A plan is of an amount above zero."""

    code = "nothing_planned"


class AlreadyWithdrawn(Refused):
    """The plan was withdrawn in the meantime."""

    code = "already_withdrawn"


@transaction.atomic
def plan(
    project: Project,
    *,
    due_on: dt.date,
    amount: Decimal,
    text: str = "",
    by: User,
    at: dt.datetime,
) -> FundsPlan:
    """``amount`` yuan are to arrive by a day, past or to come.

    A plan that changes is withdrawn and planned anew. Raises ``NotAllowed``,
    ``NothingPlanned``.
    """
    require(by, "funds.record", project)
    if amount <= 0:
        raise NothingPlanned(_("计划到位金额要大于 0"))
    return FundsPlan.objects.create(
        project=project,
        due_on=due_on,
        amount=amount,
        note=text.strip(),
        recorded_at=at,
        recorded_by=by,
    )


@transaction.atomic
def withdraw(planned: FundsPlan, *, by: User, at: dt.datetime) -> FundsPlan:
    """Take a plan back; it stays on record. Raises ``NotAllowed``, ``AlreadyWithdrawn``."""
    row = (
        FundsPlan.objects.select_for_update(of=("self",))
        .select_related("project")
        .get(pk=planned.pk)
    )
    require(by, "funds.record", row.project)
    if row.withdrawn_at is not None:
        raise AlreadyWithdrawn(_("这条计划已经撤回，请刷新页面"))
    row.withdrawn_at = at
    row.save(update_fields=["withdrawn_at"])
    wan = f"{(row.amount / 10_000).normalize():,f}"
    words = _("撤回到位资金计划：%(day)s %(wan)s 万元")
    note(row.project, words, by=by, at=at, day=row.due_on, wan=wan)
    return row


@dataclass(frozen=True, slots=True)
class Month:
    """A month's plan and receipts, and both from the beginning to its end, in yuan."""

    month: dt.date
    planned: Decimal
    received: Decimal
    planned_so_far: Decimal
    received_so_far: Decimal

    @property
    def rate(self) -> Decimal | None:
        """Received of planned, both to the month's end; None where nothing was planned."""
        return _rate(self.received_so_far, self.planned_so_far)


@dataclass(frozen=True, slots=True)
class Progress:
    """Plan and receipts of a project to a day, in yuan.

    - ``planned``: what plans that stand (not withdrawn) say is to arrive by the day, the
      day included;
    - ``received``: verified receipts up to the day, corrections subtracted;
    - ``waiting``: recorded up to the day and not verified yet; counts nowhere;
    - ``plan``: all plans that stand, those for later days too;
    - ``agreed``: the agreed investment, None where there is none yet.
    """

    planned: Decimal
    received: Decimal
    waiting: Decimal
    plan: Decimal
    agreed: Decimal | None
    months: tuple[Month, ...]

    @property
    def rate(self) -> Decimal | None:
        """Received of what was planned to the day (到位率); None where nothing was planned."""
        return _rate(self.received, self.planned)

    @property
    def funds_rate(self) -> Decimal | None:
        """Received of the agreed investment (资金到位率), as in ``rollups``."""
        return _rate(self.received, self.agreed or Decimal(0))


def progress(project: Project, *, today: dt.date) -> Progress:
    """What was planned and what arrived to ``today``, and both by month; four queries.

    A month is listed that has a plan or a verified receipt; receipts of days to come there
    are none.
    """
    plans = FundsPlan.objects.filter(project=project, withdrawn_at__isnull=True)
    receipts = FundsReceipt.objects.filter(project=project, received_on__lte=today)
    verified = receipts.filter(verified_at__isnull=False)
    planned, received = _by_month(plans, "due_on"), _by_month(verified, "received_on")
    months, so_far = [], [Decimal(0), Decimal(0)]
    for month in sorted(planned.keys() | received.keys()):
        so_far = [so_far[0] + planned[month], so_far[1] + received[month]]
        months.append(Month(month, planned[month], received[month], *so_far))
    return Progress(
        planned=_sum(plans.filter(due_on__lte=today)),
        received=so_far[1],
        waiting=_sum(receipts.filter(verified_at__isnull=True)),
        plan=so_far[0],
        agreed=project.agreed_investment,
        months=tuple(months),
    )


def _by_month(rows: QuerySet[Any], day: str) -> defaultdict[dt.date, Decimal]:
    found = (
        rows.order_by()
        .annotate(month=TruncMonth(day))
        .values("month")
        .annotate(total=Sum("amount"))
        .values_list("month", "total")
    )
    return defaultdict(Decimal, found)


def _sum(rows: QuerySet[Any]) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _rate(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None
