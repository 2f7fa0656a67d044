from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.fields import FixedPointField
from crm.models import User
from pipeline.stages import Stage, Status


class FundSource(models.TextChoices):
    """Where a project's money comes from (资金来源)."""

    SOCIAL = "social", _("社会投资")
    SPECIAL_BOND = "special_bond", _("专项债")
    CENTRAL_BUDGET = "central_budget", _("中央预算内投资")
    POLICY = "policy", _("其他政策资金")


class Dimensions(models.Model):
    """What a counted fact is grouped and narrowed by, as it was when it was verified.

    A project's park, channel, industry or officer may change later; the facts that were
    verified keep theirs, so that a figure asked for again comes out the same.
    """

    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("园区"),
    )
    channel = models.ForeignKey(
        "crm.Channel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("招商方式"),
    )
    industry = models.ForeignKey(
        "crm.Industry",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("行业"),
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("招商专员"),
    )
    fund_source = models.CharField(
        _("资金来源"), max_length=16, choices=FundSource, default=FundSource.SOCIAL
    )
    local_investor = models.BooleanField(_("县内投资方"), default=False)

    class Meta:
        abstract = True


# What a column of the board is ordered by (``pipeline.board``), never empty: a page that goes
# on where the last one ended compares it, and so do the indexes, alike on both databases.
IN_STAGE_SINCE = Coalesce("stage_since", Value(dt.date.min), output_field=models.DateField())
LAST_ACTIVE = Coalesce("active_on", Value(dt.date.min), output_field=models.DateField())
INVESTMENT = Coalesce(
    "agreed_investment",
    Value(0, output_field=FixedPointField(places=2)),
    output_field=FixedPointField(places=2),
)
_OF_STAGE: dict[str, Any] = {
    "include": ["status", "agreed_investment", "park", "officer"],  # totals ask no more
    "condition": Q(withdrawn_at__isnull=True),
}


class ProjectQuerySet(models.QuerySet["Project"]):
    def current(self) -> ProjectQuerySet:
        """Without the projects of a load that was undone."""
        return self.filter(withdrawn_at__isnull=True)

    def visible_to(self, user: User) -> ProjectQuerySet:
        """The rows that ``user`` may see, in lists, totals, exports and files alike.

        The whole county for who has no park. Otherwise the park's own projects, those
        that it has or had a share of the credit for, and those the person looks after.
        """
        if user.is_county_wide:
            return self
        # IN, not EXISTS: PostgreSQL reads such a list once, and takes an EXISTS under OR for
        # so dear that it compiles the query for a second first.
        shared = AttributionShare.objects.filter(park=user.park_id).values("attribution__project")
        placed = Attribution.objects.filter(park=user.park_id).values("project")
        return self.filter(
            Q(park=user.park_id) | Q(officer=user) | Q(pk__in=shared) | Q(pk__in=placed)
        )


class Project(models.Model):
    """The thing that the pipeline moves (项目). One investor may have several.

    ``stage`` is a copy of what the effective milestones give (``pipeline.stages``); only
    ``pipeline.milestones`` writes it, and the database refuses a stage that the last
    ``StageChange`` of the project does not name.
    """

    name = models.CharField(_("项目名称"), max_length=160)
    name_key = models.CharField(_("规范名"), max_length=160, db_index=True, editable=False)
    pinyin = models.CharField(_("拼音"), max_length=800, editable=False)
    initials = models.CharField(_("拼音首字母"), max_length=160, db_index=True, editable=False)
    investor = models.ForeignKey(
        "crm.Organization", models.PROTECT, related_name="projects", verbose_name=_("投资方")
    )
    local_company = models.CharField(_("落地企业"), max_length=120, blank=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="expansions",
        verbose_name=_("原项目"),
    )
    is_expansion = models.BooleanField(
        _("增资项目"),
        default=False,
        help_text=_("单列一行的增资扩产：金额计入，不另计项目数"),
    )

    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("园区"),
    )
    is_county_level = models.BooleanField(
        _("县级项目"), default=False, help_text=_("不落园区，由县里直接承担")
    )
    industry = models.ForeignKey(
        "crm.Industry", models.PROTECT, null=True, blank=True, verbose_name=_("行业")
    )
    industry_text = models.CharField(_("行业（原文）"), max_length=80, blank=True)
    channel = models.ForeignKey(
        "crm.Channel", models.PROTECT, null=True, blank=True, verbose_name=_("招商方式")
    )
    team = models.ForeignKey(
        "crm.Team", models.PROTECT, null=True, blank=True, verbose_name=_("招商专班")
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("招商专员"),
    )
    officer_text = models.CharField(_("责任人（原文）"), max_length=80, blank=True)
    phone = models.CharField(_("联系电话"), max_length=60, blank=True)
    lead_unit = models.CharField(_("责任单位"), max_length=120, blank=True)
    patron_leader = models.CharField(_("包联领导"), max_length=80, blank=True)
    task_force = models.CharField(
        _("专班成员"), max_length=200, blank=True, help_text=_("一个项目、一位领导、一个专班")
    )
    tags = models.ManyToManyField(
        "crm.Tag",
        through="pipeline.ProjectTag",
        blank=True,
        related_name="projects",
        verbose_name=_("标签"),
    )

    agreed_investment = FixedPointField(
        _("协议总投资（元）"), places=2, null=True, blank=True, db_column="agreed_investment_fen"
    )
    fund_source = models.CharField(
        _("资金来源"), max_length=16, choices=FundSource, default=FundSource.SOCIAL
    )
    is_productive = models.BooleanField(
        _("打粮食项目"), default=False, help_text=_("带来产值、税收和就业的项目")
    )
    content = models.TextField(_("建设内容"), blank=True)
    progress = models.TextField(_("形象进度"), blank=True)
    problems = models.TextField(_("存在问题"), blank=True)
    remark = models.TextField(_("备注"), blank=True)
    project_code = models.CharField(
        _("备案项目代码"),
        max_length=24,
        blank=True,
        help_text=_("备案证上的 24 位代码，如 2306-140829-04-01-123456"),
    )
    planned_start_on = models.DateField(_("计划开工"), null=True, blank=True)
    planned_finish_on = models.DateField(_("计划投产"), null=True, blank=True)
    # The first of the planned days that were missed one after the other, none where the
    # present plan was not missed before: what the project's light is read from.
    missed_start_since = models.DateField(_("开工逾期自"), null=True, editable=False)
    missed_finish_since = models.DateField(_("投产逾期自"), null=True, editable=False)
    active_on = models.DateField(
        _("最近活动"), null=True, editable=False, help_text=_("最近一次真实推进的日子")
    )

    stage = models.CharField(
        _("阶段"), max_length=12, choices=Stage, default=Stage.LEAD, editable=False
    )
    stage_since = models.DateField(_("进入阶段"), null=True, editable=False)
    status = models.CharField(
        _("状态"), max_length=12, choices=Status, default=Status.ACTIVE, editable=False
    )
    duplicates_answer = models.CharField(_("查重结论"), max_length=200, blank=True)
    duplicates_answered_at = models.DateTimeField(_("查重时间"), null=True, blank=True)

    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    load = models.ForeignKey(
        "pipeline.Load",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="created_projects",
        verbose_name=_("导入批次"),
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, editable=False)

    history = HistoricalRecords(
        excluded_fields=[
            *("pinyin", "initials", "name_key"),
            *("active_on", "missed_start_since", "missed_finish_since"),
        ]
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("项目")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["stage", "-id"], name="project_stage"),
            models.Index(fields=["park", "stage", "-id"], name="project_park_stage"),
            models.Index("stage", IN_STAGE_SINCE, "id", name="project_longest", **_OF_STAGE),
            models.Index(
                "stage", LAST_ACTIVE.desc(), F("id").desc(), name="project_latest", **_OF_STAGE
            ),
            models.Index(
                "stage", INVESTMENT.desc(), F("id").desc(), name="project_largest", **_OF_STAGE
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="project_stage_known",
                condition=Q(stage__in=Stage.values),
                violation_error_message=_("没有这个阶段"),
            ),
            models.CheckConstraint(
                name="project_status_known",
                condition=Q(status__in=Status.values),
                violation_error_message=_("没有这个状态"),
            ),
            models.CheckConstraint(
                name="project_fund_source_known",
                condition=Q(fund_source__in=FundSource.values),
                violation_error_message=_("没有这种资金来源"),
            ),
            models.CheckConstraint(
                name="project_agreed_investment_positive",
                condition=Q(agreed_investment__isnull=True) | Q(agreed_investment__gt=0),
                violation_error_message=_("协议总投资必须大于 0"),
            ),
            models.CheckConstraint(
                name="project_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                violation_error_message=_("项目不能是自己的原项目"),
            ),
            models.CheckConstraint(
                name="project_parent_only_of_expansion",
                condition=Q(parent__isnull=True) | Q(is_expansion=True),
                violation_error_message=_("只有增资项目可以指定原项目"),
            ),
            models.CheckConstraint(
                name="project_county_level_or_park",
                condition=Q(is_county_level=False) | Q(park__isnull=True),
                violation_error_message=_("县级项目不落园区，请二选一"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Attribution(models.Model):
    """Which park a project's milestones are credited to, from a day on (归属 / 流转).

    A transfer adds a row. Milestones that took effect before keep the park that they
    were verified with; one that happened on or after ``effective_on`` goes to ``park``.
    With shares (首谈地 / 落地地) the credit is divided among the parks named there.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="attributions", verbose_name=_("项目")
    )
    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("园区"),
    )
    effective_on = models.DateField(_("生效日"), null=True, blank=True)
    reason = models.CharField(_("原因"), max_length=200)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("归属")
        ordering = ["project_id", F("effective_on").asc(nulls_first=True), "id"]
        constraints = [
            models.CheckConstraint(
                name="attribution_reason_given",
                condition=~Q(reason=""),
                violation_error_message=_("请说明归属变动的原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} → {self.park_id}"


class AttributionShare(models.Model):
    """One park's share of an attribution, in percent; the shares sum to 100."""

    attribution = models.ForeignKey(
        Attribution, models.PROTECT, related_name="shares", verbose_name=_("归属")
    )
    park = models.ForeignKey("crm.Park", models.PROTECT, related_name="+", verbose_name=_("园区"))
    percent = FixedPointField(_("份额（%）"), places=2)

    class Meta:
        verbose_name = verbose_name_plural = _("归属份额")
        ordering = ["attribution_id", "-percent", "park_id"]
        constraints = [
            models.UniqueConstraint(
                name="attribution_share_once_per_park",
                fields=["attribution", "park"],
                violation_error_message=_("同一园区只能有一个份额"),
            ),
            models.CheckConstraint(
                name="attribution_share_percent",
                condition=Q(percent__gt=0, percent__lte=100),
                violation_error_message=_("份额必须大于 0 且不超过 100%"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.park_id} {self.percent} %"


class StageChange(models.Model):
    """One move of a project from stage to stage: who, when, from what day, and why."""

    project = models.ForeignKey(
        Project,
        models.PROTECT,
        related_name="stage_changes",
        db_index=False,
        verbose_name=_("项目"),
    )
    from_stage = models.CharField(_("原阶段"), max_length=12, choices=Stage)
    to_stage = models.CharField(_("新阶段"), max_length=12, choices=Stage)
    effective_on = models.DateField(_("生效日"))
    changed_at = models.DateTimeField(_("记录时间"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("操作人")
    )
    milestone = models.ForeignKey(
        "pipeline.Milestone",
        models.PROTECT,
        related_name="stage_changes",
        verbose_name=_("里程碑"),
    )
    reason = models.CharField(_("原因"), max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = _("阶段变动")
        ordering = ["project_id", "id"]
        # The last change of a project is asked for with every move; without this index a
        # planner that has no statistics yet walks through all changes, the newest first.
        indexes = [models.Index(fields=["project", "-id"], name="stage_change_last")]
        constraints = [
            models.CheckConstraint(
                name="stage_change_stages_known",
                condition=Q(from_stage__in=Stage.values, to_stage__in=Stage.values),
                violation_error_message=_("没有这个阶段"),
            ),
            models.CheckConstraint(
                name="stage_change_moves",
                condition=~Q(from_stage=F("to_stage")),
                violation_error_message=_("阶段没有变化"),
            ),
            models.CheckConstraint(
                name="stage_change_reason_given",
                condition=~Q(reason=""),
                violation_error_message=_("请说明阶段变动的原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}"


class StatusChange(models.Model):
    """A project lost, terminated, suspended or reopened: from what day, why, approved by whom.

    ``occurred_on`` is the day in the world, ``recorded_at`` the instant since when it is
    known; a figure as of an earlier instant does not know it.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="status_changes", verbose_name=_("项目")
    )
    status = models.CharField(_("状态"), max_length=12, choices=Status)
    occurred_on = models.DateField(_("发生日"))
    reason = models.CharField(_("原因"), max_length=200)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("批准人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("状态变动")
        ordering = ["project_id", "occurred_on", "recorded_at", "id"]
        indexes = [models.Index(fields=["project", "occurred_on"], name="status_change_day")]
        constraints = [
            models.CheckConstraint(
                name="status_change_status_known",
                condition=Q(status__in=Status.values),
                violation_error_message=_("没有这个状态"),
            ),
            models.CheckConstraint(
                name="status_change_reason_given",
                condition=~Q(reason=""),
                violation_error_message=_("请说明状态变动的原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.status}"
