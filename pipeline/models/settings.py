from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from pipeline.stages import ContractKind


class CountySettingsQuerySet(models.QuerySet["CountySettings"]):
    def known_at(self, known_at: dt.datetime) -> CountySettings:
        """The settings in force at an instant; before any were recorded, the defaults."""
        return (
            self.filter(recorded_at__lte=known_at).order_by("-recorded_at", "-id").first()
            or CountySettings()
        )


class CountySettings(models.Model):
    """What a county decides about how its figures are made; each change is a new version.

    A figure as of an instant uses the version known then, so that it comes out the same
    for ever. Places differ in what they count, hence the narrowing settings; each that
    is on is printed in a report's footnotes (口径).
    """

    county = models.CharField(_("县名"), max_length=40, default="平陆县")
    exclude_terminated = models.BooleanField(
        _("剔除已终止项目"),
        default=False,
        help_text=_("默认不剔除：签约后终止的项目仍留在分子和分母，避免靠剔除失败项目抬高开工率"),
    )
    minimum_investment = FixedPointField(
        _("计入门槛（元）"),
        places=2,
        default=0,
        db_column="minimum_investment_fen",
        help_text=_("协议总投资低于此数的项目不计入；有的市县以 1000 万元或 1 亿元为线"),
    )
    exclude_policy_funded = models.BooleanField(
        _("剔除财政投资项目"),
        default=False,
        help_text=_("专项债、中央预算内和其他政策资金项目；多数考核办法不计入招商引资"),
    )
    exclude_real_estate = models.BooleanField(
        _("剔除房地产项目"), default=False, help_text=_("GB/T 4754 大类 70")
    )
    exclude_local_investors = models.BooleanField(
        _("剔除县内投资方"), default=False, help_text=_("有的市县只计县外资金")
    )
    permit_required = models.BooleanField(
        _("开工须有施工许可证"), default=False, help_text=_("开工门槛是否要求施工许可证")
    )
    protection_months = models.PositiveSmallIntegerField(
        _("首报保护期（月）"), default=6, help_text=_("谁先登记，谁受保护；多数市县为 3 至 12 个月")
    )
    protection_idle_days = models.PositiveSmallIntegerField(
        _("首报失效天数"), default=90, help_text=_("这么多天没有实质推进，保护自动解除")
    )
    protection_extension_months = models.PositiveSmallIntegerField(
        _("首报延期（月）"), default=3, help_text=_("保护期只能延一次，延多久")
    )
    quiet_after_days = models.PositiveSmallIntegerField(
        _("沉寂天数"), default=30, help_text=_("这么多天没有实质推进的项目列为沉寂")
    )
    clock_working_days = models.BooleanField(
        _("督办到期日顺延到工作日"),
        default=False,
        help_text=_("默认按自然日；打开后遇休息日顺延到下一个工作日，按工作日历"),
    )
    near_month_days = models.PositiveSmallIntegerField(
        _("月节点提前黄灯（天）"), default=3, help_text=_("按计划日办结的也用它")
    )
    near_seven_days = models.PositiveSmallIntegerField(_("7 天节点提前黄灯（天）"), default=2)
    near_three_days = models.PositiveSmallIntegerField(_("3 天节点提前黄灯（天）"), default=1)
    near_same_day_hours = models.PositiveSmallIntegerField(_("当日节点提前黄灯（小时）"), default=4)
    inspection_after_days = models.PositiveSmallIntegerField(
        _("通报后多少天提出专项督查"), default=10, help_text=_("通报后仍未解决的")
    )
    inspection_deadline_days = models.PositiveSmallIntegerField(
        _("专项督查默认整改天数"), default=15, help_text=_("批准人可以另定")
    )
    monthly_reminder_days = models.PositiveSmallIntegerField(
        _("月底前几天提醒填报"), default=5, help_text=_("各单位每月底前填报牵头事项进展")
    )
    lead_answer_days = models.PositiveSmallIntegerField(
        _("线索响应（天）"), default=1, help_text=_("新线索几天内响应")
    )
    lead_judge_days = models.PositiveSmallIntegerField(_("线索研判（天）"), default=3)
    lead_feedback_days = models.PositiveSmallIntegerField(_("线索反馈（天）"), default=7)
    lead_report_days = models.PositiveSmallIntegerField(
        _("线索报进展（天）"), default=14, help_text=_("反馈以后每隔几天报一次进展")
    )
    statistics_after_months = models.PositiveSmallIntegerField(
        _("开工后入统期限（月）"), default=3, help_text=_("开工满这么多个月还没有入统的亮黄灯")
    )
    recorded_at = models.DateTimeField(_("生效时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("记录人"),
    )
    reason = models.CharField(_("原因"), max_length=200)

    objects = CountySettingsQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("县级设置")
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="county_settings_minimum_not_negative",
                condition=Q(minimum_investment__gte=0),
                violation_error_message=_("计入门槛不能为负"),
            ),
            models.CheckConstraint(
                name="county_settings_spans_positive",
                condition=Q(
                    protection_months__gt=0,
                    protection_idle_days__gt=0,
                    protection_extension_months__gt=0,
                    quiet_after_days__gt=0,
                    inspection_after_days__gt=0,
                    inspection_deadline_days__gt=0,
                    lead_answer_days__gt=0,
                    lead_judge_days__gt=0,
                    lead_feedback_days__gt=0,
                    lead_report_days__gt=0,
                ),
                violation_error_message=_("期限必须大于 0"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.county} {self.recorded_at:%Y-%m-%d}"


class ContractTerm(models.Model):
    """A word that ledgers use for what was signed, and the contract kind that it means."""

    term = models.CharField(_("写法"), max_length=40, unique=True)
    kind = models.CharField(_("合同类型"), max_length=12, choices=ContractKind)

    class Meta:
        verbose_name = verbose_name_plural = _("合同写法")
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(
                name="contract_term_kind_known",
                condition=Q(kind__in=ContractKind.values),
                violation_error_message=_("没有这种合同类型"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} = {self.get_kind_display()}"


class ReturnReason(models.Model):
    """A reason that verifiers return claims with; the county words its own (退回原因)."""

    text = models.CharField(_("原因"), max_length=200, unique=True)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("退回原因")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text
