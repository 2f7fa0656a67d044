from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from crm.models import User
from pipeline.models.projects import Dimensions, Project
from pipeline.stages import Precision


class FundsReceiptQuerySet(models.QuerySet["FundsReceipt"]):
    def effective(self, known_at: dt.datetime) -> FundsReceiptQuerySet:
        """Verified, as known at ``known_at``."""
        return self.filter(verified_at__lte=known_at)

    def received(self, since: dt.date, until: dt.date) -> FundsReceiptQuerySet:
        """Received from ``since`` to ``until``, both included."""
        return self.filter(received_on__gte=since, received_on__lte=until)

    def visible_to(self, user: User) -> FundsReceiptQuerySet:
        """Those of the projects that ``user`` may see."""
        if user.is_county_wide:
            return self
        return self.filter(project__in=Project.objects.visible_to(user))


class FundsReceipt(Dimensions):
    """Money of a project that arrived (到位资金), in yuan; a correction is a negative row.

    Counted once a second person has verified it. Never edited, never deleted.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="funds_receipts", verbose_name=_("项目")
    )
    received_on = models.DateField(_("到位日"))
    precision = models.CharField(_("精度"), max_length=5, choices=Precision, default=Precision.DAY)
    amount = FixedPointField(_("金额（元）"), places=2, db_column="amount_fen")
    note = models.CharField(_("说明"), max_length=200, blank=True)
    is_historical = models.BooleanField(_("历史导入"), default=False)
    load_row = models.ForeignKey(
        "pipeline.LoadRow",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="funds_receipts",
        verbose_name=_("台账行"),
    )
    document = models.ForeignKey(
        "pipeline.Document",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="funds_receipts",
        verbose_name=_("凭证"),
    )
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    verified_at = models.DateTimeField(_("核验时间"), null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("核验人"),
    )

    objects = FundsReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("到位资金")
        ordering = ["project_id", "received_on", "id"]
        indexes = [
            models.Index(
                fields=["received_on"],
                include=[
                    "id",
                    "project",
                    "park",
                    "channel",
                    "industry",
                    "officer",
                    "amount",
                    "verified_at",
                ],
                name="funds_receipt_rollup",
            ),
            models.Index(
                fields=["recorded_at", "id"],
                condition=Q(verified_at__isnull=True),
                name="funds_receipt_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="funds_receipt_precision_known",
                condition=Q(precision__in=Precision.values),
                violation_error_message=_("没有这种日期精度"),
            ),
            models.CheckConstraint(
                name="funds_receipt_not_zero",
                condition=~Q(amount=0),
                violation_error_message=_("到位金额不能为 0"),
            ),
            models.CheckConstraint(
                name="funds_receipt_verifier_is_not_recorder",
                condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("recorded_by")),
                violation_error_message=_("不能核验自己登记的到位资金"),
            ),
            models.CheckConstraint(
                name="funds_receipt_verified_by_someone",
                condition=Q(verified_at__isnull=True, verified_by__isnull=True)
                | Q(
                    verified_at__isnull=False,
                    verified_at__gte=F("recorded_at"),
                    verified_by__isnull=False,
                ),
                violation_error_message=_("核验要有核验人，且不早于登记"),
            ),
            models.CheckConstraint(
                name="funds_receipt_proved",
                condition=Q(verified_at__isnull=True)
                | Q(document__isnull=False)
                | Q(load_row__isnull=False),
                violation_error_message=_("到位资金要有凭证或台账行"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.received_on} {self.amount}"


class FundsShare(models.Model):
    """One park's part of a shared receipt, fixed when it was verified.

    ``amount`` is its part in yuan, negative where the receipt is, allotted so that the
    parts add up to the fen. A receipt without shares is its own park's alone.
    """

    receipt = models.ForeignKey(
        FundsReceipt, models.PROTECT, related_name="shares", verbose_name=_("到位资金")
    )
    park = models.ForeignKey("crm.Park", models.PROTECT, related_name="+", verbose_name=_("园区"))
    percent = FixedPointField(_("份额（%）"), places=2)
    amount = FixedPointField(_("金额（元）"), places=2, db_column="amount_fen")

    class Meta:
        verbose_name = verbose_name_plural = _("到位资金份额")
        ordering = ["receipt_id", "-percent", "park_id"]
        constraints = [
            models.UniqueConstraint(
                name="funds_share_once_per_park",
                fields=["receipt", "park"],
                violation_error_message=_("同一园区只能有一个份额"),
            ),
            models.CheckConstraint(
                name="funds_share_percent",
                condition=Q(percent__gt=0, percent__lte=100),
                violation_error_message=_("份额必须大于 0 且不超过 100%"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.park_id} {self.percent} %"
