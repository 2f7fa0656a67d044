from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class FirstReport(models.Model):
    """The protection of the unit that registered an investor first (首报).

    ``park`` is the unit, none for the county's own people. It holds until
    ``protected_until``, unless nothing happened since ``active_on`` for longer than the
    county's setting, or it was released; whether it holds on a day is a question for
    ``crm.first_reports``. At most one report of an organization is not released: a new one
    releases what has lapsed.
    """

    organization = models.ForeignKey(
        "crm.Organization", models.PROTECT, related_name="first_reports", verbose_name=_("企业")
    )
    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("首报单位"),
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="first_reports",
        verbose_name=_("首报人"),
    )
    reported_on = models.DateField(_("首报日"))
    protected_until = models.DateField(_("保护至"))
    active_on = models.DateField(_("最近活动"))
    recorded_at = models.DateTimeField(_("记录时间"))
    extended_at = models.DateTimeField(_("延期时间"), null=True, blank=True)
    extended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("延期人"),
    )
    extension_reason = models.CharField(_("延期原因"), max_length=200, blank=True)
    released_at = models.DateTimeField(_("解除时间"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("解除人"),
    )
    release_reason = models.CharField(_("解除原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("首报")
        ordering = ["-reported_on", "-id"]
        indexes = [
            models.Index(
                fields=["protected_until"],
                condition=Q(released_at__isnull=True),
                name="first_report_open",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="first_report_one_open",
                fields=["organization"],
                condition=Q(released_at__isnull=True),
                violation_error_message=_("这家企业已有首报"),
            ),
            models.CheckConstraint(
                name="first_report_ends_after_it_begins",
                condition=Q(protected_until__gte=F("reported_on")),
                violation_error_message=_("保护期不能早于首报日"),
            ),
            models.CheckConstraint(
                name="first_report_extended_with_reason",
                condition=Q(extended_at__isnull=True) | ~Q(extension_reason=""),
                violation_error_message=_("请写明延期原因"),
            ),
            models.CheckConstraint(
                name="first_report_released_with_reason",
                condition=Q(released_at__isnull=True) | ~Q(release_reason=""),
                violation_error_message=_("请写明解除原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.reported_on}"


class ReportDispute(models.Model):
    """Another unit's claim to a protected investor, and the answer to it (首报争议)."""

    report = models.ForeignKey(
        FirstReport, models.PROTECT, related_name="disputes", verbose_name=_("首报")
    )
    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提出单位"),
    )
    grounds = models.CharField(_("理由"), max_length=400)
    raised_at = models.DateTimeField(_("提出时间"))
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提出人")
    )
    is_upheld = models.BooleanField(_("支持提出单位"), null=True, blank=True)
    decision = models.CharField(_("裁定说明"), max_length=400, blank=True)
    decided_at = models.DateTimeField(_("裁定时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("裁定人"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("首报争议")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="report_dispute_one_open",
                fields=["report"],
                condition=Q(decided_at__isnull=True),
                violation_error_message=_("这个首报已有争议在等裁定"),
            ),
            models.CheckConstraint(
                name="report_dispute_decided_whole",
                condition=Q(
                    decided_at__isnull=True, decided_by__isnull=True, is_upheld__isnull=True
                )
                | (
                    Q(decided_at__isnull=False, decided_by__isnull=False, is_upheld__isnull=False)
                    & ~Q(decision="")
                ),
                violation_error_message=_("裁定要有结论和说明"),
            ),
            models.CheckConstraint(
                name="report_dispute_grounds_given",
                condition=~Q(grounds=""),
                violation_error_message=_("请写明争议理由"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.raised_at:%Y-%m-%d}"
