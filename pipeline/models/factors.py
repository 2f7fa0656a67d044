from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FactorKind(models.TextChoices):
    """What a project needs from the county to start (要素保障)."""

    LAND = "land", _("用地")
    ENERGY = "energy", _("能耗")
    ENVIRONMENT = "environment", _("环评")
    APPROVAL = "approval", _("审批")
    UTILITIES = "utilities", _("水电气路")
    LABOUR = "labour", _("用工")
    FINANCE = "finance", _("融资")


class FactorNeed(models.Model):
    """One need of a project, whose it is to meet, by when, and since when it is met."""

    project = models.ForeignKey(
        "pipeline.Project", models.PROTECT, related_name="factor_needs", verbose_name=_("项目")
    )
    kind = models.CharField(_("要素"), max_length=12, choices=FactorKind)
    detail = models.CharField(_("需求"), max_length=200, blank=True)
    unit = models.CharField(_("责任单位"), max_length=80, blank=True)
    due_on = models.DateField(_("应完成日"), null=True, blank=True)
    met_on = models.DateField(_("落实日"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("要素需求")
        ordering = ["project_id", "kind", "id"]
        constraints = [
            models.CheckConstraint(
                name="factor_need_kind_known",
                condition=Q(kind__in=FactorKind.values),
                violation_error_message=_("没有这种要素"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.detail}"


class ReviewKind(models.TextChoices):
    """What a project has to pass before a formal contract."""

    ADMISSION = "admission", _("准入评审")
    FAIR_COMPETITION = "fair_competition", _("公平竞争审查")
    LEGALITY = "legality", _("合法性审查")


class Review(models.Model):
    """A review's outcome; the latest of a kind is the one that holds."""

    project = models.ForeignKey(
        "pipeline.Project", models.PROTECT, related_name="reviews", verbose_name=_("项目")
    )
    kind = models.CharField(_("评审"), max_length=20, choices=ReviewKind)
    passed = models.BooleanField(_("通过"))
    held_on = models.DateField(_("日期"))
    note = models.CharField(_("说明"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("评审")
        ordering = ["project_id", "kind", "held_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="review_kind_known",
                condition=Q(kind__in=ReviewKind.values),
                violation_error_message=_("没有这种评审"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.held_on}"
