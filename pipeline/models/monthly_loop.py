from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Role, User


class ProgressState(models.TextChoices):
    """How a unit says that an item is going."""

    ON_TRACK = "on_track", _("正常推进")
    DIFFICULT = "difficult", _("遇到困难")
    DONE = "done", _("已经完成")


class MonthlyProgress(models.Model):
    """What a unit filed about one of its items for a month (月度进展).

    ``month`` is the month's first day. Filing again adds a row; the newest counts, and the
    first tells whether it came in time.
    """

    item = models.ForeignKey(
        "pipeline.LedgerItem",
        models.PROTECT,
        related_name="monthly_progress",
        verbose_name=_("事项"),
    )
    unit = models.ForeignKey(
        "crm.Unit", models.PROTECT, related_name="monthly_progress", verbose_name=_("责任单位")
    )
    month = models.DateField(_("月份"))
    state = models.CharField(_("进展"), max_length=10, choices=ProgressState)
    text = models.TextField(_("进展情况"))
    obstacle = models.CharField(_("存在问题"), max_length=300, blank=True)
    filed_at = models.DateTimeField(_("填报时间"))
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("填报人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("月度进展")
        ordering = ["-month", "item_id", "-id"]
        indexes = [models.Index(fields=["month", "unit", "item"], name="progress_of_month")]
        constraints = [
            models.CheckConstraint(
                name="monthly_progress_state_known",
                condition=Q(state__in=ProgressState.values),
                violation_error_message=_("没有这种进展"),
            ),
            models.CheckConstraint(
                name="monthly_progress_first_of_month",
                condition=Q(month__day=1),
                violation_error_message=_("月份记为当月 1 日"),
            ),
            models.CheckConstraint(
                name="monthly_progress_says_something",
                condition=~Q(text=""),
                violation_error_message=_("请写明进展情况"),
            ),
            models.CheckConstraint(
                name="monthly_progress_difficulty_named",
                condition=~Q(state=ProgressState.DIFFICULT) | ~Q(obstacle=""),
                violation_error_message=_("遇到困难的，请写明存在问题"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.item_id}"


class ReviewState(models.TextChoices):
    """Whether a vice-county head's analysis of a month is still being written."""

    DRAFT = "draft", _("编写中")
    FILED = "filed", _("已报送")


class AreaReviewQuerySet(models.QuerySet["AreaReview"]):
    def visible_to(self, user: User) -> AreaReviewQuerySet:
        """A leader's own areas; all for supervision, audit, administration.

        Who is kept to a park sees none but their own areas'.
        """
        if not user.is_county_wide:
            return self.filter(area__leader=user)
        if user.role in (Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.SYSTEM):
            return self
        return self.filter(Q(area__leader=user) | Q(state=ReviewState.FILED))


class AreaReview(models.Model):
    """The compiled analysis of a vice-county head's area for a month (分管领域汇总分析报告).

    What it says is made anew until it is filed; filing stores ``content`` with the instant
    of knowledge and its SHA-256, and from then on nothing of it changes.
    """

    area = models.ForeignKey(
        "crm.Area", models.PROTECT, related_name="reviews", verbose_name=_("分管领域")
    )
    month = models.DateField(_("月份"))
    analysis = models.TextField(_("分析研判"), blank=True)
    state = models.CharField(
        _("状态"), max_length=6, choices=ReviewState, default=ReviewState.DRAFT
    )
    content = models.JSONField(_("内容"), default=dict, blank=True)
    digest = models.CharField(_("SHA-256"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("起草时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("起草人")
    )
    filed_at = models.DateTimeField(_("报送时间"), null=True, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("报送人"),
    )

    objects = AreaReviewQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("分管领域汇总分析")
        ordering = ["-month", "area__position", "area_id"]
        constraints = [
            models.UniqueConstraint(
                name="area_review_once_a_month",
                fields=["area", "month"],
                violation_error_message=_("这个领域本月的汇总分析已经有了"),
            ),
            models.CheckConstraint(
                name="area_review_first_of_month",
                condition=Q(month__day=1),
                violation_error_message=_("月份记为当月 1 日"),
            ),
            models.CheckConstraint(
                name="area_review_filed_whole",
                condition=Q(state=ReviewState.DRAFT, filed_at__isnull=True, filed_by__isnull=True)
                | (
                    Q(state=ReviewState.FILED, filed_at__isnull=False, filed_by__isnull=False)
                    & ~Q(digest="")
                ),
                violation_error_message=_("报送要有报送人、时间和摘要"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.area_id}"


class Instruction(models.Model):
    """What a vice-county head wants a unit to do (指导意见); issued, it is a ledger item."""

    review = models.ForeignKey(
        AreaReview, models.PROTECT, related_name="instructions", verbose_name=_("汇总分析")
    )
    unit = models.ForeignKey(
        "crm.Unit", models.PROTECT, related_name="instructions", verbose_name=_("责任单位")
    )
    text = models.CharField(_("指导意见"), max_length=300)
    about = models.ForeignKey(
        "pipeline.LedgerItem",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="instructions",
        verbose_name=_("针对的事项"),
    )
    due_on = models.DateField(_("完成时限"), null=True, blank=True)
    item = models.OneToOneField(
        "pipeline.LedgerItem",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="instruction",
        verbose_name=_("台账事项"),
    )
    given_at = models.DateTimeField(_("时间"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("签批人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("指导意见")
        ordering = ["review_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="instruction_says_something",
                condition=~Q(text=""),
                violation_error_message=_("请写明指导意见"),
            ),
        ]

    def __str__(self) -> str:
        return self.text
