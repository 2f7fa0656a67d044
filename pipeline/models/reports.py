from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import User


class PeriodKind(models.TextChoices):
    """How often a report goes out."""

    MONTH = "month", _("月度")
    QUARTER = "quarter", _("季度")
    YEAR = "year", _("年度")


class Subject(models.TextChoices):
    """What a report tells of."""

    ATTRACTION = "attraction", _("招商引资")
    SUPERVISION = "supervision", _("重点工作落实")


class ReportState(models.TextChoices):
    """A report on its way: only a frozen one goes out, and it never changes again."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审")
    APPROVED = "approved", _("已批准")
    FROZEN = "frozen", _("已定稿")


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User) -> ReportQuerySet:
        """All for who sees the whole county; else what is frozen, and their own park's."""
        if user.is_county_wide:
            return self
        return self.filter(Q(park=user.park_id) | Q(park=None, state=ReportState.FROZEN))


class Report(models.Model):
    """A bulletin (通报) of a month, quarter or year, for the county or one park; one version.

    ``subject`` is what it tells of: the figures of investment attraction, or how promises
    are kept (一月一通报: of a month, for the county).

    A draft's content is made anew whenever it is looked at, save for ``texts``: what people
    wrote into it. Freezing stores ``content`` (every figure, sentence and table), ``rows``
    (the facts behind each figure), the definitions' version, the settings and the cut-off,
    and their SHA-256; a correction is another version that names the one it ``corrects``.
    """

    subject = models.CharField(
        _("主题"), max_length=12, choices=Subject, default=Subject.ATTRACTION
    )
    kind = models.CharField(_("周期"), max_length=8, choices=PeriodKind)
    year = models.PositiveSmallIntegerField(_("年度"))
    number = models.PositiveSmallIntegerField(_("期"), help_text=_("第几季度或几月；年度为 1"))
    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("园区"),
        help_text=_("留空为全县"),
    )
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    corrects = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrected_by",
        verbose_name=_("更正的版本"),
    )
    reason = models.CharField(_("更正原因"), max_length=200, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=ReportState, default=ReportState.DRAFT
    )
    texts = models.JSONField(_("改写的文字"), default=dict, blank=True)
    as_of = models.DateField(_("截止日"))
    known_at = models.DateTimeField(_("掌握情况截至"), null=True, blank=True)
    content = models.JSONField(_("内容"), default=dict, blank=True)
    rows = models.JSONField(_("数据来源"), default=dict, blank=True)
    digest = models.CharField(_("SHA-256"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("起草时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("起草人")
    )
    submitted_at = models.DateTimeField(_("送审时间"), null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("送审人"),
    )
    approved_at = models.DateTimeField(_("批准时间"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("批准人"),
    )
    frozen_at = models.DateTimeField(_("定稿时间"), null=True, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("定稿人"),
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("通报")
        ordering = ["-year", "-as_of", "park_id", "-version"]
        constraints = [
            models.CheckConstraint(
                name="report_kind_known",
                condition=Q(kind__in=PeriodKind.values),
                violation_error_message=_("没有这种通报"),
            ),
            models.CheckConstraint(
                name="report_subject_known",
                condition=Q(subject=Subject.ATTRACTION)
                | Q(subject=Subject.SUPERVISION, kind=PeriodKind.MONTH, park__isnull=True),
                violation_error_message=_("落实情况通报按月、全县一份"),
            ),
            models.CheckConstraint(
                name="report_state_known",
                condition=Q(state__in=ReportState.values),
                violation_error_message=_("没有这个状态"),
            ),
            models.CheckConstraint(
                name="report_number_of_its_kind",
                condition=Q(kind=PeriodKind.MONTH, number__gte=1, number__lte=12)
                | Q(kind=PeriodKind.QUARTER, number__gte=1, number__lte=4)
                | Q(kind=PeriodKind.YEAR, number=1),
                violation_error_message=_("没有这一期"),
            ),
            models.UniqueConstraint(
                name="report_version_once",
                fields=["subject", "kind", "year", "number", "park", "version"],
                condition=Q(park__isnull=False),
                violation_error_message=_("这一版已经有了"),
            ),
            models.UniqueConstraint(
                name="report_county_version_once",
                fields=["subject", "kind", "year", "number", "version"],
                condition=Q(park__isnull=True),
                violation_error_message=_("这一版已经有了"),
            ),
            models.CheckConstraint(
                name="report_frozen_whole",
                condition=~Q(state=ReportState.FROZEN)
                | (
                    Q(
                        known_at__isnull=False,
                        frozen_at__isnull=False,
                        frozen_by__isnull=False,
                        approved_by__isnull=False,
                    )
                    & ~Q(digest="")
                ),
                violation_error_message=_("定稿要有内容、批准人和摘要"),
            ),
            models.CheckConstraint(
                name="report_correction_with_reason",
                condition=Q(corrects__isnull=True) | ~Q(reason=""),
                violation_error_message=_("请写明更正原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.kind} {self.number} v{self.version}"


def new_token() -> str:
    """A secret that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


class ReportShare(models.Model):
    """A link under which a frozen report is read without logging in, until it expires."""

    report = models.ForeignKey(
        Report, models.PROTECT, related_name="shares", verbose_name=_("通报")
    )
    token = models.CharField(_("密钥"), max_length=64, unique=True, default=new_token)
    password = models.CharField(_("口令"), max_length=128, help_text=_("只存散列"))
    note = models.CharField(_("给谁"), max_length=80, blank=True)
    expires_at = models.DateTimeField(_("有效期至"))
    created_at = models.DateTimeField(_("生成时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("生成人")
    )
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("通报链接")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="report_share_has_password",
                condition=~Q(password=""),
                violation_error_message=_("链接必须设口令"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.note}"

    def is_open(self, at: dt.datetime) -> bool:
        """Whether the link still leads to the report at an instant."""
        return self.revoked_at is None and at < self.expires_at


class ReportOpening(models.Model):
    """One opening of a shared report, or a refused try: who can say from where."""

    share = models.ForeignKey(
        ReportShare, models.PROTECT, related_name="openings", verbose_name=_("链接")
    )
    opened_at = models.DateTimeField(_("时间"))
    address = models.GenericIPAddressField(_("地址"), null=True, blank=True)
    agent = models.CharField(_("浏览器"), max_length=200, blank=True)
    succeeded = models.BooleanField(_("打开"))

    class Meta:
        verbose_name = verbose_name_plural = _("通报打开记录")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.share_id} {self.opened_at:%Y-%m-%d %H:%M}"
