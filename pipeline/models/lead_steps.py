from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LeadStepKind(models.TextChoices):
    """What a new lead is owed, in order; the last again and again."""

    ANSWERED = "answered", _("响应")
    JUDGED = "judged", _("研判")
    FED_BACK = "fed_back", _("反馈")
    REPORTED = "reported", _("报进展")


class LeadStep(models.Model):
    """One answer to a lead's clock, never changed (线索办理)."""

    project = models.ForeignKey(
        "pipeline.Project", models.PROTECT, related_name="lead_steps", verbose_name=_("线索")
    )
    kind = models.CharField(_("步骤"), max_length=10, choices=LeadStepKind)
    text = models.CharField(_("内容"), max_length=300)
    is_worth = models.BooleanField(_("值得跟进"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("操作人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("线索办理")
        ordering = ["project_id", "id"]
        indexes = [models.Index(fields=["project", "kind", "recorded_at"], name="lead_step_of")]
        constraints = [
            models.CheckConstraint(
                name="lead_step_kind_known",
                condition=Q(kind__in=LeadStepKind.values),
                violation_error_message=_("没有这个步骤"),
            ),
            models.CheckConstraint(
                name="lead_step_judged_with_verdict",
                condition=Q(kind=LeadStepKind.JUDGED, is_worth__isnull=False)
                | (~Q(kind=LeadStepKind.JUDGED) & Q(is_worth__isnull=True)),
                violation_error_message=_("研判要有结论"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.kind}"


class LeadClock(models.Model):
    """What a lead is owed next and by when: a copy of what its steps give, for lists.

    ``pipeline.lead_clocks`` alone writes it. Without a day nothing is owed any more.
    """

    project = models.OneToOneField(
        "pipeline.Project", models.PROTECT, related_name="lead_clock", verbose_name=_("线索")
    )
    kind = models.CharField(_("待办步骤"), max_length=10, choices=LeadStepKind)
    due_on = models.DateField(_("到期日"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("线索时限")
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["due_on", "id"], condition=Q(due_on__isnull=False), name="lead_clock_due"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="lead_clock_kind_known",
                condition=Q(kind__in=LeadStepKind.values),
                violation_error_message=_("没有这个步骤"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.kind}"
