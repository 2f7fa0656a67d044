"""Money that arrived: recording it, and having a second person verify it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Notice, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import require
from pipeline import activity, attribution, told
from pipeline.days import Day
from pipeline.models import Document, FundsReceipt, Project
from pipeline.stages import Precision


class OwnReceipt(NotAllowed):
    """A receipt must be verified by somebody else."""

    code = "own_receipt"


class AlreadyVerified(Refused):
    """The receipt has been verified in the meantime."""

    code = "already_verified"


class NotYetReceived(Refused):
    """Money cannot have arrived on a day to come."""

    code = "not_yet_received"


class ProofNeeded(Refused):
    """A receipt without a voucher cannot be verified."""

    code = "proof_needed"


class NothingReceived(Refused):
    """A receipt of nothing says nothing."""

    code = "nothing_received"


@transaction.atomic
def record(
    project: Project,
    *,
    amount: Decimal,
    received_on: dt.date,
    by: User,
    at: dt.datetime,
    precision: str = Precision.DAY,
    document: Document | None = None,
    note: str = "",
) -> FundsReceipt:
    """Record ``amount`` yuan as arrived on a day; it counts once somebody has verified it.

    A correction is a negative amount on the day that it corrects. Of a day known to the
    month the last of that month is kept, or today while it is running.

    Raises ``NotAllowed``, ``NothingReceived``, ``NotYetReceived``.
    """
    project = Project.objects.select_related("investor").get(pk=project.pk)
    require(by, "funds.record", project)
    today = timezone.localdate(at)
    day = Day.counted(received_on, precision, today=today)
    if not amount:
        raise NothingReceived(_("到位金额不能为 0；更正请填负数"))
    if day.on > today:
        raise NotYetReceived(_("到位日不能晚于今天"))
    receipt = FundsReceipt(
        project=project,
        received_on=day.on,
        precision=day.precision,
        amount=amount,
        document=document,
        note=note,
        recorded_at=at,
        recorded_by=by,
    )
    attribution.copy_dimensions(project, receipt, on=day.on)
    receipt.save(force_insert=True)
    activity.touch(project, on=day.on)
    return receipt


@transaction.atomic
def verify(receipt: FundsReceipt, *, by: User, at: dt.datetime) -> FundsReceipt:
    """Verify a receipt: from ``at`` on it counts, for the park or shares of its day.

    Raises ``NotAllowed``, ``OwnReceipt``, ``AlreadyVerified``, ``ProofNeeded``.
    """
    project = (
        Project.objects.select_for_update(of=("self",))
        .select_related("investor")
        .get(pk=receipt.project_id)
    )
    receipt = FundsReceipt.objects.get(pk=receipt.pk)
    require(by, "funds.verify", project)
    if receipt.recorded_by_id == by.pk:
        raise OwnReceipt(_("不能核验自己登记的到位资金，请由另一位核验员核验"))
    if receipt.verified_at is not None:
        raise AlreadyVerified(_("这笔到位资金已经核验过，请刷新页面"))
    if receipt.document_id is None and receipt.load_row_id is None:
        raise ProofNeeded(_("到位资金要有凭证才能核验"))
    shares = attribution.copy_dimensions(project, receipt, on=receipt.received_on)
    receipt.verified_at, receipt.verified_by = at, by
    receipt.save()
    attribution.fix_shares(receipt, shares)
    activity.touch(project, on=timezone.localdate(at))
    told.about_receipt("funds.verified", receipt, project=project, by=by, at=at)
    return receipt


@transaction.atomic
def question(receipt: FundsReceipt, *, reason: str, by: User, at: dt.datetime) -> FundsReceipt:
    """Ask who recorded an unverified receipt about it; nothing of the receipt changes.

    A receipt is never edited: whoever recorded it answers with the voucher, or takes a
    wrong amount back by a negative one. Each question is a notice of its own, and
    :func:`questions` reads them back.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``AlreadyVerified``.
    """
    project = Project.objects.select_related("investor").get(pk=receipt.project_id)
    receipt = FundsReceipt.objects.get(pk=receipt.pk)
    require(by, "funds.verify", project)
    if not reason.strip():
        raise ReasonNeeded(_("请写明疑问，登记人要据此答复"))
    if receipt.verified_at is not None:
        raise AlreadyVerified(_("这笔到位资金已经核验过，请刷新页面"))
    told.about_receipt(
        "funds.questioned", receipt, project=project, by=by, at=at, reason=reason.strip()
    )
    return receipt


def questions(receipt: FundsReceipt) -> list[Notice]:
    """What was asked about a receipt, the latest first."""
    asked = Notice.objects.filter(
        user=receipt.recorded_by_id, key__startswith=f"funds.questioned:{receipt.pk}:"
    )
    return list(asked.order_by("-id")[:5])
