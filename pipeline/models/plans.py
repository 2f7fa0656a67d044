from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from pipeline.models.projects import Project
from pipeline.stages import Status


class Planned(models.TextChoices):
    """What a project plans a day for."""

    START = "start", _("计划开工")
    FINISH = "finish", _("计划投产")


class PlanChange(models.Model):
    """A planned day as it was set or moved: every slippage is kept (计划变动)."""

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="plan_changes", verbose_name=_("项目")
    )
    what = models.CharField(_("计划"), max_length=6, choices=Planned)
    before = models.DateField(_("原计划"), null=True, blank=True)
    after = models.DateField(_("新计划"), null=True, blank=True)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("计划变动")
        ordering = ["project_id", "what", "id"]
        constraints = [
            models.CheckConstraint(
                name="plan_change_what_known",
                condition=Q(what__in=Planned.values),
                violation_error_message=_("没有这种计划"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.before} → {self.after}"


class FundsPlan(models.Model):
    """How much of a project's money is to arrive by when, in yuan (到位资金计划).

    A plan that changes is withdrawn and planned anew.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="funds_plans", verbose_name=_("项目")
    )
    due_on = models.DateField(_("计划到位日"))
    amount = FixedPointField(_("金额（元）"), places=2, db_column="amount_fen")
    note = models.CharField(_("说明"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("到位资金计划")
        ordering = ["project_id", "due_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="funds_plan_amount_positive",
                condition=Q(amount__gt=0),
                violation_error_message=_("计划金额必须大于 0"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_on} {self.amount}"


class StatusRequest(models.Model):
    """An officer's wish to mark a project lost, terminated, suspended or taken up again.

    Nothing changes until somebody who may approve it does.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="status_requests", verbose_name=_("项目")
    )
    status = models.CharField(_("状态"), max_length=12, choices=Status)
    occurred_on = models.DateField(_("发生日"))
    reason = models.CharField(_("原因"), max_length=200)
    requested_at = models.DateTimeField(_("申请时间"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人")
    )
    is_approved = models.BooleanField(_("批准"), null=True, blank=True)
    decision = models.CharField(_("审批意见"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审批人"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("状态变更申请")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="status_request_one_open",
                fields=["project"],
                condition=Q(decided_at__isnull=True),
                violation_error_message=_("已有一份状态变更申请在等审批"),
            ),
            models.CheckConstraint(
                name="status_request_status_known",
                condition=Q(status__in=Status.values),
                violation_error_message=_("没有这个状态"),
            ),
            models.CheckConstraint(
                name="status_request_reason_given",
                condition=~Q(reason=""),
                violation_error_message=_("请写明原因"),
            ),
            models.CheckConstraint(
                name="status_request_decided_whole",
                condition=Q(
                    decided_at__isnull=True, decided_by__isnull=True, is_approved__isnull=True
                )
                | Q(decided_at__isnull=False, decided_by__isnull=False, is_approved__isnull=False),
                violation_error_message=_("审批要有结论和审批人"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.status}"


class ProjectTag(models.Model):
    """A tag on a project, since when and by whom."""

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="tag_links", verbose_name=_("项目")
    )
    tag = models.ForeignKey(
        "crm.Tag", models.PROTECT, related_name="project_links", verbose_name=_("标签")
    )
    added_at = models.DateTimeField(_("添加时间"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("添加人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("项目标签")
        ordering = ["project_id", "id"]
        constraints = [
            models.UniqueConstraint(
                name="project_tag_once",
                fields=["project", "tag"],
                violation_error_message=_("项目已有这个标签"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.tag_id}"
