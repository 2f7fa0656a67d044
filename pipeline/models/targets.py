from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField


class Metric(models.TextChoices):
    """What a target can be set for. Amounts in yuan, rates as a fraction of 1."""

    SIGNED_PROJECTS = "signed_projects", _("签约项目数")
    SIGNED_AMOUNT = "signed_amount_yuan", _("协议总投资")
    START_RATE = "start_rate", _("当年签约当年开工率")
    GROUNDBREAKINGS = "groundbreakings", _("开工项目数")
    PRODUCTIONS = "productions", _("投产项目数")
    FUNDS_RECEIVED = "funds_received_yuan", _("到位资金")
    FUNDS_GROWTH = "funds_growth", _("到位资金增长率")
    UNDER_WAY_PROJECTS = "under_way_projects", _("建设项目数")
    UNDER_WAY_INVESTMENT = "under_way_investment_yuan", _("建设项目总投资")
    POLICY_FUNDED_PROJECTS = "policy_funded_projects", _("政策资金项目数")
    LARGE_PROJECTS = "large_projects", _("亿元以上签约项目数")


RATES = frozenset({Metric.START_RATE, Metric.FUNDS_GROWTH})


class HolderKind(models.TextChoices):
    """Who answers for a target."""

    COUNTY = "county", _("全县")
    PARK = "park", _("园区")
    UNIT = "unit", _("单位")
    OFFICER = "officer", _("个人")


class Target(models.Model):
    """One version of a target: metric × year × holder, with its plan by quarter (目标).

    The value in force at an instant is the version recorded last before it; a change
    adds a row, so the old value, who changed it and why are kept. ``plan_q1`` to
    ``plan_q3`` are what is to be reached by the end of each quarter, from 1 January on;
    the fourth is ``value``.
    """

    metric = models.CharField(_("指标"), max_length=32, choices=Metric)
    year = models.PositiveSmallIntegerField(_("年度"))
    holder = models.CharField(_("承担方"), max_length=8, choices=HolderKind)
    park = models.ForeignKey(
        "crm.Park", models.PROTECT, null=True, blank=True, verbose_name=_("园区")
    )
    unit = models.CharField(_("单位"), max_length=120, blank=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name=_("个人"),
    )
    value = FixedPointField(_("全年目标"), places=4)
    plan_q1 = FixedPointField(_("至一季度"), places=4, null=True, blank=True)
    plan_q2 = FixedPointField(_("至二季度"), places=4, null=True, blank=True)
    plan_q3 = FixedPointField(_("至三季度"), places=4, null=True, blank=True)
    is_example = models.BooleanField(
        _("示例"), default=False, help_text=_("演示用的分解，不是县里下达的目标")
    )
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("记录人"),
    )
    reason = models.CharField(_("原因"), max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = _("目标")
        ordering = ["year", "metric", "holder", "-recorded_at", "-id"]
        indexes = [models.Index(fields=["year", "metric"], name="target_year_metric")]
        constraints = [
            models.CheckConstraint(
                name="target_metric_known",
                condition=Q(metric__in=Metric.values),
                violation_error_message=_("没有这个指标"),
            ),
            models.CheckConstraint(
                name="target_value_positive",
                condition=Q(value__gt=0),
                violation_error_message=_("目标必须大于 0"),
            ),
            models.CheckConstraint(
                name="target_has_its_holder",
                condition=Q(
                    holder=HolderKind.COUNTY, park__isnull=True, unit="", officer__isnull=True
                )
                | Q(holder=HolderKind.PARK, park__isnull=False, unit="", officer__isnull=True)
                | (Q(holder=HolderKind.UNIT, park__isnull=True, officer__isnull=True) & ~Q(unit=""))
                | Q(holder=HolderKind.OFFICER, park__isnull=True, unit="", officer__isnull=False),
                violation_error_message=_("目标的承担方与所填园区、单位或个人不一致"),
            ),
            models.CheckConstraint(
                name="target_plan_whole_or_absent",
                condition=Q(plan_q1__isnull=True, plan_q2__isnull=True, plan_q3__isnull=True)
                | Q(
                    plan_q1__isnull=False,
                    plan_q2__isnull=False,
                    plan_q3__isnull=False,
                    plan_q1__gte=0,
                    plan_q2__gte=models.F("plan_q1"),
                    plan_q3__gte=models.F("plan_q2"),
                    value__gte=models.F("plan_q3"),
                ),
                violation_error_message=_("季度计划要么全填，要么不填，且逐季不减"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_metric_display()} {self.value}"


class TargetProposal(models.Model):
    """Targets of a year as somebody would set them, until a leader approves (目标方案).

    ``values`` holds what would change: ``[{"metric", "holder", "of", "value", "plan"}]`` with
    exact text; approving writes a version of each target.
    """

    year = models.PositiveSmallIntegerField(_("年度"))
    values = models.JSONField(_("目标"), default=list)
    reason = models.CharField(_("原因"), max_length=200)
    proposed_at = models.DateTimeField(_("提出时间"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提出人")
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
        verbose_name = verbose_name_plural = _("目标方案")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="target_proposal_one_open",
                fields=["year"],
                condition=Q(decided_at__isnull=True),
                violation_error_message=_("这一年已有一份目标方案在等批准"),
            ),
            models.CheckConstraint(
                name="target_proposal_reason_given",
                condition=~Q(reason=""),
                violation_error_message=_("请写明调整目标的原因"),
            ),
            models.CheckConstraint(
                name="target_proposal_decided_whole",
                condition=Q(
                    decided_at__isnull=True, decided_by__isnull=True, is_approved__isnull=True
                )
                | Q(decided_at__isnull=False, decided_by__isnull=False, is_approved__isnull=False),
                violation_error_message=_("审批要有结论和审批人"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.proposed_at:%Y-%m-%d}"
