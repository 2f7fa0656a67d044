from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models import User
from pipeline.models.projects import Project


class InteractionKind(models.TextChoices):
    """How the county and an investor met (接洽方式)."""

    VISIT_OUT = "visit_out", _("走出去")
    VISIT_IN = "visit_in", _("请进来")
    CALL = "call", _("电话")
    MEETING = "meeting", _("会面")
    NEGOTIATION = "negotiation", _("洽谈")
    EVENT = "event", _("活动")
    AFTERCARE = "aftercare", _("企业走访")


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def current(self) -> InteractionQuerySet:
        """Without those that were withdrawn with their load."""
        return self.filter(withdrawn_at__isnull=True)

    def visible_to(self, user: User) -> InteractionQuerySet:
        """Those of the projects that ``user`` may see, and those of nobody's project that
        their own park's people recorded or took part in."""
        if user.is_county_wide:
            return self
        projects = Project.objects.visible_to(user)
        took_part = Interaction.officers.through.objects.filter(user=user).values("interaction")
        # Keys, not a join: it would stand under OR and be made for every meeting.
        colleagues = User.objects.filter(park=user.park_id).values("pk")
        return self.filter(
            Q(project__in=projects.values("pk"))
            | Q(recorded_by=user)
            | Q(project__isnull=True, recorded_by__in=colleagues)
            | Q(pk__in=took_part)
        )


class Interaction(models.Model):
    """A dated meeting, visit, call, negotiation or event with people on both sides (接洽记录).

    ``client_key`` is made by the page that the entry was written on: sent twice, after a
    line that dropped, it is one entry.
    """

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
    photos = models.ManyToManyField(
        "crm.Attachment", blank=True, related_name="interactions", verbose_name=_("照片")
    )
    client_key = models.UUIDField(_("提交标识"), null=True, blank=True, editable=False)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, editable=False)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("接洽记录")
        ordering = ["-occurred_on", "-id"]
        indexes = [
            models.Index(fields=["-occurred_on", "-id"], name="interaction_latest"),
            models.Index(fields=["project", "-occurred_on"], name="interaction_of_project"),
        ]
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
            models.UniqueConstraint(
                name="interaction_sent_once",
                fields=["client_key"],
                violation_error_message=_("这条记录已经保存过"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occurred_on} {self.get_kind_display()}"


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def open(self) -> FollowUpQuerySet:
        """What is still to be done."""
        return self.filter(closed_at__isnull=True)

    def visible_to(self, user: User) -> FollowUpQuerySet:
        """Those of the projects that ``user`` may see, and their own."""
        if user.is_county_wide:
            return self
        projects = Project.objects.visible_to(user)
        return self.filter(
            Q(project__in=projects.values("pk")) | Q(assignee=user) | Q(created_by=user)
        )


class FollowUp(models.Model):
    """A next step or task with its day and whose it is (下一步 / 待办).

    Closed as done, or given up (``is_done`` false) with a word why; never deleted. Put off,
    handed over, closed or taken up again, its history keeps what it was before.
    """

    what = models.CharField(_("事项"), max_length=200)
    due_on = models.DateField(_("应办日"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="follow_ups",
        verbose_name=_("承办人"),
    )
    project = models.ForeignKey(
        "pipeline.Project",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("项目"),
    )
    organization = models.ForeignKey(
        "crm.Organization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("企业"),
    )
    interaction = models.ForeignKey(
        Interaction,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("接洽记录"),
    )
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("办结人"),
    )
    is_done = models.BooleanField(_("已办"), null=True, blank=True)
    outcome = models.CharField(_("结果"), max_length=200, blank=True)

    history = HistoricalRecords()

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("待办")
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["assignee", "due_on"],
                condition=Q(closed_at__isnull=True),
                name="follow_up_open",
            ),
            models.Index(
                fields=["project", "due_on"],
                condition=Q(closed_at__isnull=True),
                name="follow_up_next",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="follow_up_says_what",
                condition=~Q(what=""),
                violation_error_message=_("请写明要办的事"),
            ),
            models.CheckConstraint(
                name="follow_up_closed_whole",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, is_done__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False, is_done__isnull=False),
                violation_error_message=_("办结要有办结人和结论"),
            ),
        ]

    def __str__(self) -> str:
        return self.what


class AftercareIssueQuerySet(models.QuerySet["AftercareIssue"]):
    def visible_to(self, user: User) -> AftercareIssueQuerySet:
        """Those of the projects that ``user`` may see."""
        if user.is_county_wide:
            return self
        return self.filter(project__in=Project.objects.visible_to(user).values("pk"))


class AftercareIssue(models.Model):
    """What troubles a company that the county has landed, and how it was solved (企业诉求)."""

    project = models.ForeignKey(
        "pipeline.Project",
        models.PROTECT,
        related_name="aftercare_issues",
        verbose_name=_("项目"),
    )
    what = models.CharField(_("诉求"), max_length=400)
    raised_on = models.DateField(_("提出日"))
    unit = models.CharField(_("责任单位"), max_length=80, blank=True)
    due_on = models.DateField(_("应解决日"), null=True, blank=True)
    interaction = models.ForeignKey(
        Interaction,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="aftercare_issues",
        verbose_name=_("走访记录"),
    )
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    solved_on = models.DateField(_("解决日"), null=True, blank=True)
    solution = models.CharField(_("处理结果"), max_length=400, blank=True)
    solved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("销号人"),
    )

    objects = AftercareIssueQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("企业诉求")
        ordering = ["project_id", "raised_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="aftercare_issue_says_what",
                condition=~Q(what=""),
                violation_error_message=_("请写明诉求"),
            ),
            models.CheckConstraint(
                name="aftercare_issue_solved_whole",
                condition=Q(solved_on__isnull=True, solved_by__isnull=True)
                | (Q(solved_on__isnull=False, solved_by__isnull=False) & ~Q(solution="")),
                violation_error_message=_("请写明怎么解决的"),
            ),
        ]

    def __str__(self) -> str:
        return self.what
