from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from crm.models import User
from pipeline.models.projects import Dimensions, Project
from pipeline.stages import ContractKind, MilestoneKind, Precision


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def effective(self, known_at: dt.datetime | None = None) -> MilestoneQuerySet:
        """Verified and not revoked, as known at ``known_at`` (default: by all that is stored)."""
        if known_at is None:
            return self.filter(verified_at__isnull=False, revoked_at__isnull=True)
        return self.filter(verified_at__lte=known_at).exclude(revoked_at__lte=known_at)

    def open(self) -> MilestoneQuerySet:
        """Claimed, and neither verified nor returned yet."""
        return self.filter(verified_at__isnull=True, returned_at__isnull=True)

    def happened(self, since: dt.date, until: dt.date) -> MilestoneQuerySet:
        """With a day of occurrence from ``since`` to ``until``, both included."""
        return self.filter(occurred_on__gte=since, occurred_on__lte=until)

    def visible_to(self, user: User) -> MilestoneQuerySet:
        """Those of the projects that ``user`` may see."""
        if user.is_county_wide:
            return self
        return self.filter(project__in=Project.objects.visible_to(user))


class Milestone(Dimensions):
    """A dated claim about a project that a second person verifies (里程碑).

    Four times are kept: the day it happened in the world (``occurred_on``), and the
    instants at which it was claimed, verified and revoked. Its content never changes and
    no row is ever deleted: a correction revokes one milestone and claims another that
    names it in ``corrects``. ``amount`` is the agreed investment in yuan that it stands
    for. ``not_before`` is the day of the milestone that it builds on (a groundbreaking's
    signing, a production's groundbreaking), the first of that month where only the month
    is known: the database refuses an earlier day.
    """

    project = models.ForeignKey(
        Project,
        models.PROTECT,
        related_name="milestones",
        db_index=False,
        verbose_name=_("项目"),
    )
    kind = models.CharField(_("里程碑"), max_length=16, choices=MilestoneKind)
    contract_kind = models.CharField(_("合同类型"), max_length=12, choices=ContractKind, blank=True)
    expansion = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="progress",
        verbose_name=_("所属增资合同"),
        help_text=_("增资合同自己的开工、投产：计入开工数，不计入当年签约当年开工"),
    )
    occurred_on = models.DateField(_("发生日"))
    precision = models.CharField(_("精度"), max_length=5, choices=Precision, default=Precision.DAY)
    not_before = models.DateField(_("不得早于"), null=True, editable=False)
    amount = FixedPointField(
        _("协议投资（元）"), places=2, null=True, blank=True, db_column="amount_fen"
    )
    note = models.CharField(_("说明"), max_length=200, blank=True)
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("更正"),
    )
    is_historical = models.BooleanField(_("历史导入"), default=False)
    load_row = models.ForeignKey(
        "pipeline.LoadRow",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="milestones",
        verbose_name=_("台账行"),
    )
    override_reason = models.CharField(_("破例原因"), max_length=200, blank=True)
    waived = models.CharField(
        _("破例免除的要求"), max_length=300, blank=True, help_text=_("要求的代码，逗号分隔")
    )

    claimed_at = models.DateTimeField(_("申报时间"))
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申报人")
    )
    verified_at = models.DateTimeField(_("核验时间"), null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("核验人"),
    )
    returned_at = models.DateTimeField(_("退回时间"), null=True, blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("退回人"),
    )
    return_reason = models.CharField(_("退回原因"), max_length=200, blank=True)
    revoked_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("撤销人"),
    )
    revoke_reason = models.CharField(_("撤销原因"), max_length=200, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("里程碑")
        ordering = ["project_id", "occurred_on", "id"]
        indexes = [
            models.Index(fields=["project", "kind"], name="milestone_project_kind"),
            # Carries all that a roll-up reads: on PostgreSQL it never visits the table.
            models.Index(
                fields=["occurred_on", "kind"],
                include=[
                    "id",
                    "contract_kind",
                    "project",
                    "expansion",
                    "park",
                    "channel",
                    "industry",
                    "officer",
                    "amount",
                    "verified_at",
                    "revoked_at",
                ],
                name="milestone_rollup",
            ),
            # Signed-not-started asks every year: these two hold all that it compares.
            models.Index(
                fields=["project"],
                include=["id", "occurred_on", "park", "verified_at", "revoked_at"],
                condition=Q(contract_kind=ContractKind.FORMAL),
                name="milestone_signed",
            ),
            models.Index(
                fields=["project"],
                include=["occurred_on", "verified_at", "revoked_at"],
                condition=Q(kind=MilestoneKind.GROUNDBREAKING, expansion__isnull=True),
                name="milestone_started",
            ),
            # The verifier's queue and what was decided lately: open rows, and few others.
            models.Index(
                fields=["claimed_at", "id"],
                include=["kind", "project"],
                condition=Q(verified_at__isnull=True, returned_at__isnull=True),
                name="milestone_open",
            ),
            models.Index(
                fields=["-verified_at", "-id"],
                condition=Q(verified_at__isnull=False, is_historical=False),
                name="milestone_verified_lately",
            ),
            models.Index(
                fields=["-returned_at", "-id"],
                condition=Q(returned_at__isnull=False),
                name="milestone_returned_lately",
            ),
            models.Index(
                fields=["-revoked_at", "-id"],
                condition=Q(revoked_at__isnull=False),
                name="milestone_revoked_lately",
            ),
            # What waits for a verifier, the oldest first: few among all milestones.
            models.Index(
                fields=["claimed_at"],
                include=["project", "kind"],
                condition=Q(verified_at__isnull=True, returned_at__isnull=True),
                name="milestone_waiting",
            ),
        ]
        # A CHECK passes where it comes out NULL: what has to be there says so (isnull=False).
        constraints = [
            models.CheckConstraint(
                name="milestone_kind_known",
                condition=Q(kind__in=MilestoneKind.values),
                violation_error_message=_("没有这种里程碑"),
            ),
            models.CheckConstraint(
                name="milestone_contract_kind_on_signings",
                condition=Q(kind=MilestoneKind.SIGNING, contract_kind__in=ContractKind.values)
                | (~Q(kind=MilestoneKind.SIGNING) & Q(contract_kind="")),
                violation_error_message=_("签约必须注明合同类型，其他里程碑不填"),
            ),
            models.CheckConstraint(
                name="milestone_precision_known",
                condition=Q(precision__in=Precision.values),
                violation_error_message=_("没有这种日期精度"),
            ),
            models.CheckConstraint(
                name="milestone_amount_positive",
                condition=Q(amount__isnull=False, amount__gt=0)
                | Q(amount__isnull=True, contract_kind=""),
                violation_error_message=_("协议投资必须大于 0"),
            ),
            models.CheckConstraint(
                name="milestone_expansion_of_progress",
                condition=Q(expansion__isnull=True)
                | Q(kind__in=[MilestoneKind.GROUNDBREAKING, MilestoneKind.PRODUCTION]),
                violation_error_message=_("只有开工和投产可以属于一份增资合同"),
            ),
            models.CheckConstraint(
                name="milestone_not_before_its_ground",
                condition=Q(not_before__isnull=True) | Q(occurred_on__gte=F("not_before")),
                violation_error_message=_("开工不得早于签约，投产不得早于开工"),
            ),
            models.CheckConstraint(
                name="milestone_progress_has_ground",
                condition=Q(not_before__isnull=False)
                | ~Q(kind__in=[MilestoneKind.GROUNDBREAKING, MilestoneKind.PRODUCTION]),
                violation_error_message=_("开工之前要有签约，投产之前要有开工"),
            ),
            models.CheckConstraint(
                name="milestone_verifier_is_not_claimant",
                condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("claimed_by")),
                violation_error_message=_("不能核验自己申报的里程碑"),
            ),
            models.CheckConstraint(
                name="milestone_verified_by_someone",
                condition=Q(verified_at__isnull=True, verified_by__isnull=True)
                | Q(
                    verified_at__isnull=False,
                    verified_at__gte=F("claimed_at"),
                    verified_by__isnull=False,
                ),
                violation_error_message=_("核验要有核验人，且不早于申报"),
            ),
            models.CheckConstraint(
                name="milestone_returned_with_reason",
                condition=Q(returned_at__isnull=True, returned_by__isnull=True, return_reason="")
                | (
                    Q(returned_at__isnull=False, returned_by__isnull=False)
                    & Q(returned_at__gte=F("claimed_at"), verified_at__isnull=True)
                    & ~Q(return_reason="")
                ),
                violation_error_message=_("退回要有人、有原因，已核验的只能撤销"),
            ),
            models.CheckConstraint(
                name="milestone_revoked_with_reason",
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoke_reason="")
                | (
                    Q(revoked_at__isnull=False, revoked_by__isnull=False)
                    & Q(verified_at__isnull=False, revoked_at__gte=F("verified_at"))
                    & ~Q(revoke_reason="")
                ),
                violation_error_message=_("只有已核验的可以撤销，且要有人、有原因"),
            ),
            models.CheckConstraint(
                name="milestone_waiver_has_reason",
                condition=Q(waived="") | ~Q(override_reason=""),
                violation_error_message=_("破例必须说明原因"),
            ),
            models.CheckConstraint(
                name="milestone_history_has_row",
                condition=Q(is_historical=False) | Q(load_row__isnull=False),
                violation_error_message=_("历史里程碑必须有台账行为证"),
            ),
            models.UniqueConstraint(
                name="milestone_one_effective",
                fields=["project", "kind"],
                condition=Q(
                    verified_at__isnull=False, revoked_at__isnull=True, expansion__isnull=True
                )
                & ~Q(contract_kind=ContractKind.EXPANSION),
                violation_error_message=_("这个里程碑已经核验过，请先撤销或更正"),
            ),
            models.UniqueConstraint(
                name="milestone_one_effective_of_expansion",
                fields=["expansion", "kind"],
                condition=Q(
                    verified_at__isnull=False, revoked_at__isnull=True, expansion__isnull=False
                ),
                violation_error_message=_("这份增资合同的里程碑已经核验过"),
            ),
            models.UniqueConstraint(
                name="milestone_one_open",
                fields=["project", "kind"],
                condition=Q(
                    verified_at__isnull=True, returned_at__isnull=True, expansion__isnull=True
                )
                & ~Q(contract_kind=ContractKind.EXPANSION),
                violation_error_message=_("这个里程碑已有一份申报在等核验"),
            ),
            models.UniqueConstraint(
                name="milestone_one_open_of_expansion",
                fields=["expansion", "kind"],
                condition=Q(
                    verified_at__isnull=True, returned_at__isnull=True, expansion__isnull=False
                ),
                violation_error_message=_("这份增资合同的里程碑已有一份申报在等核验"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.occurred_on}"

    @property
    def state(self) -> str:
        """``claimed``, ``returned``, ``verified`` or ``revoked``."""
        if self.revoked_at:
            return "revoked"
        if self.verified_at:
            return "verified"
        return "returned" if self.returned_at else "claimed"

    @property
    def is_effective(self) -> bool:
        """Verified and not revoked, by all that is stored."""
        return self.verified_at is not None and self.revoked_at is None


class MilestoneShare(models.Model):
    """One park's part of a shared milestone, fixed when it was verified.

    ``percent`` are hundredths of the one project counted; ``amount`` is the part of the
    milestone's amount in yuan, allotted so that the parts add up to the fen. A milestone
    without shares is its own park's alone.
    """

    milestone = models.ForeignKey(
        Milestone, models.PROTECT, related_name="shares", verbose_name=_("里程碑")
    )
    park = models.ForeignKey("crm.Park", models.PROTECT, related_name="+", verbose_name=_("园区"))
    percent = FixedPointField(_("份额（%）"), places=2)
    amount = FixedPointField(_("金额（元）"), places=2, null=True, db_column="amount_fen")

    class Meta:
        verbose_name = verbose_name_plural = _("里程碑份额")
        ordering = ["milestone_id", "-percent", "park_id"]
        constraints = [
            models.UniqueConstraint(
                name="milestone_share_once_per_park",
                fields=["milestone", "park"],
                violation_error_message=_("同一园区只能有一个份额"),
            ),
            models.CheckConstraint(
                name="milestone_share_percent",
                condition=Q(percent__gt=0, percent__lte=100),
                violation_error_message=_("份额必须大于 0 且不超过 100%"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.park_id} {self.percent} %"
