from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import User


class LoadQuerySet(models.QuerySet["Load"]):
    def visible_to(self, user: User) -> LoadQuerySet:
        """All for who sees the whole county; else their own: a workbook names every park."""
        return self if user.is_county_wide else self.filter(loaded_by=user)


class LoadKind(models.TextChoices):
    """What the rows of a workbook are."""

    LEDGER = "ledger", _("项目台账")
    ORGANIZATIONS = "organizations", _("企业与联系人")
    FUNDS = "funds", _("到位资金")
    INTERACTIONS = "interactions", _("接洽记录")


def workbook_path(load: Load, filename: str) -> str:
    """Where a loaded workbook is kept: named by its content."""
    return f"loads/{load.sha256[:2]}/{load.sha256}"


class Load(models.Model):
    """One import of a workbook: the file, who loaded it, what came of it, and its undoing.

    The workbook is kept, since its rows are the evidence of the milestones in it.
    ``today`` is the day that the load took for today.
    """

    kind = models.CharField(_("内容"), max_length=16, choices=LoadKind, default=LoadKind.LEDGER)
    name = models.CharField(_("文件名"), max_length=160)
    file = models.FileField(_("文件"), upload_to=workbook_path, max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    today = models.DateField(_("导入日"))
    loaded_at = models.DateTimeField(_("导入时间"))
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("导入人")
    )
    summary = models.JSONField(_("结果"), default=dict)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("撤销人"),
    )

    objects = LoadQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("导入批次")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="load_kind_known",
                condition=Q(kind__in=LoadKind.values),
                violation_error_message=_("没有这种导入"),
            ),
            models.CheckConstraint(
                name="load_undone_by_someone",
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                violation_error_message=_("撤销导入要有操作人"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.loaded_at:%Y-%m-%d}"


class RowOutcome(models.TextChoices):
    """What became of a row of a workbook. Nothing else can: no row is lost."""

    CREATED = "created", _("新增")
    UPDATED = "updated", _("更新")
    UNCHANGED = "unchanged", _("未变")
    SKIPPED = "skipped", _("跳过")
    REJECTED = "rejected", _("退回")


class LoadRow(models.Model):
    """A row of a loaded workbook as it was written, and what became of it.

    ``cells`` are the original cells as text, by header. ``before`` keeps the fields of
    the project that the row changed, so that the load can be undone.
    """

    load = models.ForeignKey(Load, models.PROTECT, related_name="rows", verbose_name=_("导入批次"))
    sheet = models.CharField(_("工作表"), max_length=80)
    row = models.PositiveIntegerField(_("行号"))
    outcome = models.CharField(_("结果"), max_length=10, choices=RowOutcome)
    project = models.ForeignKey(
        "pipeline.Project",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="load_rows",
        verbose_name=_("项目"),
    )
    organization = models.ForeignKey(
        "crm.Organization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("企业"),
    )
    contact = models.ForeignKey(
        "crm.Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("联系人"),
    )
    interaction = models.ForeignKey(
        "pipeline.Interaction",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="load_rows",
        verbose_name=_("接洽记录"),
    )
    cells = models.JSONField(_("原始单元格"), default=dict)
    before = models.JSONField(_("原值"), default=dict)
    column = models.CharField(_("列"), max_length=80, blank=True)
    value = models.CharField(_("值"), max_length=200, blank=True)
    code = models.CharField(_("代码"), max_length=32, blank=True)
    message = models.CharField(_("原因"), max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("台账行")
        ordering = ["load_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="load_row_outcome_known",
                condition=Q(outcome__in=RowOutcome.values),
                violation_error_message=_("没有这种导入结果"),
            ),
            models.CheckConstraint(
                name="load_row_loaded_has_subject",
                condition=Q(outcome__in=[RowOutcome.SKIPPED, RowOutcome.REJECTED])
                | Q(project__isnull=False)
                | Q(organization__isnull=False),
                violation_error_message=_("导入的行必须对应项目或企业"),
            ),
            models.CheckConstraint(
                name="load_row_rejected_with_reason",
                condition=~Q(outcome=RowOutcome.REJECTED) | (~Q(code="") & ~Q(message="")),
                violation_error_message=_("退回的行必须有原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}!{self.row}"
