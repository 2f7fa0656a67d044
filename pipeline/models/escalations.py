from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pipeline.models.ledgers import LedgerItem, Level, Node


class EscalationState(models.TextChoices):
    """Where a step of pressing stands: 催办 and 通报 are done at once, the others proposed."""

    DONE = "done", _("已执行")
    PROPOSED = "proposed", _("待批准")
    APPROVED = "approved", _("已批准")
    DECLINED = "declined", _("未批准")


class Escalation(models.Model):
    """One step of pressing an item that is overdue, once per level and clock (督办升级).

    ``node`` and ``clock_due_on`` name the clock that was missed, ``triggered_on`` the day on
    which the step fell due, whenever the program ran. ``deadline`` is what an approved
    inspection or listing sets.
    """

    item = models.ForeignKey(
        LedgerItem, models.PROTECT, related_name="escalations", verbose_name=_("事项")
    )
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level)
    node = models.CharField(_("节点"), max_length=10, choices=Node)
    clock_due_on = models.DateField(_("节点到期日"))
    triggered_on = models.DateField(_("触发日"))
    state = models.CharField(_("状态"), max_length=10, choices=EscalationState)
    recorded_at = models.DateTimeField(_("记录时间"))
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审批人"),
    )
    decision = models.CharField(_("审批意见"), max_length=200, blank=True)
    deadline = models.DateField(_("整改期限"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("督办升级")
        ordering = ["-triggered_on", "-id"]
        indexes = [
            models.Index(fields=["level", "triggered_on"], name="escalation_of_level"),
            models.Index(
                fields=["id"],
                condition=Q(state=EscalationState.PROPOSED),
                name="escalation_proposed",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="escalation_once_per_level_and_clock",
                fields=["item", "level", "node", "clock_due_on"],
                violation_error_message=_("这一级督办已经触发过"),
            ),
            models.CheckConstraint(
                name="escalation_level_known",
                condition=Q(level__in=[level for level in Level.values if level]),
                violation_error_message=_("没有这个督办级别"),
            ),
            models.CheckConstraint(
                name="escalation_state_of_level",
                condition=Q(level__in=[Level.URGED, Level.NAMED], state=EscalationState.DONE)
                | Q(
                    level__in=[Level.INSPECTED, Level.LISTED],
                    state__in=[
                        EscalationState.PROPOSED,
                        EscalationState.APPROVED,
                        EscalationState.DECLINED,
                    ],
                ),
                violation_error_message=_("专项督查和挂牌督办要先提出、再批准"),
            ),
            models.CheckConstraint(
                name="escalation_decided_whole",
                condition=Q(
                    state__in=[EscalationState.DONE, EscalationState.PROPOSED],
                    decided_at__isnull=True,
                    decided_by__isnull=True,
                )
                | Q(
                    state__in=[EscalationState.APPROVED, EscalationState.DECLINED],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
                violation_error_message=_("审批要有结论和审批人"),
            ),
            models.CheckConstraint(
                name="escalation_approved_with_deadline",
                condition=~Q(state=EscalationState.APPROVED) | Q(deadline__isnull=False),
                violation_error_message=_("批准时要定整改期限"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.level} {self.triggered_on}"
