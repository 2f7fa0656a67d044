from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class InteractionKind(models.TextChoices):
    """How the county and an investor met (接洽方式)."""

    VISIT_OUT = "visit_out", _("走出去")
    VISIT_IN = "visit_in", _("请进来")
    CALL = "call", _("电话")
    NEGOTIATION = "negotiation", _("洽谈")
    EVENT = "event", _("活动")


class Interaction(models.Model):
    """A dated meeting, visit, call, negotiation or event with people on both sides."""

    project = models.ForeignKey(
        "pipeline.Project",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="interactions",
        verbose_name=_("项目"),
    )
    organization = models.ForeignKey(
        "crm.Organization", models.PROTECT, related_name="interactions", verbose_name=_("企业")
    )
    kind = models.CharField(_("方式"), max_length=12, choices=InteractionKind)
    occurred_on = models.DateField(_("日期"))
    summary = models.TextField(_("内容"))
    contacts = models.ManyToManyField(
        "crm.Contact", blank=True, related_name="interactions", verbose_name=_("对方")
    )
    officers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="interactions", verbose_name=_("我方")
    )
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("接洽记录")
        ordering = ["-occurred_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="interaction_kind_known",
                condition=Q(kind__in=InteractionKind.values),
                violation_error_message=_("没有这种接洽方式"),
            ),
            models.CheckConstraint(
                name="interaction_has_summary",
                condition=~Q(summary=""),
                violation_error_message=_("请写下接洽内容"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occurred_on} {self.get_kind_display()}"
