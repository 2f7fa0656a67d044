from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.models import Role, User


class LedgerKind(models.TextChoices):
    """What a ledger keeps. The first three are the article's; the fourth fills itself."""

    SPECIAL_MEETING = "special_meeting", _("县政府专题会议议定事项")
    EXECUTIVE_MEETING = "executive_meeting", _("县政府常务会议议定事项")
    DECISIONS = "decisions", _("议定事项")
    NOT_STARTED = "not_started", _("签约未开工项目")
    INSTRUCTIONS = "instructions", _("指导意见")
    CUSTOM = "custom", _("其他")


class Ledger(models.Model):
    """A list of promises that is watched until each is closed (台账).

    ``prefix`` begins the numbers of its items. ``working_days`` decides whether its due days
    are moved to the next working day; empty follows the county's setting.
    """

    slug = models.SlugField(_("标识"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60, unique=True)
    kind = models.CharField(_("类型"), max_length=20, choices=LedgerKind, default=LedgerKind.CUSTOM)
    prefix = models.CharField(_("编号字头"), max_length=10)
    working_days = models.BooleanField(_("到期日顺延到工作日"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)
    closed_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("台账")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="ledger_kind_known",
                condition=Q(kind__in=LedgerKind.values),
                violation_error_message=_("没有这种台账"),
            ),
            models.UniqueConstraint(
                name="ledger_one_of_automatic_kind",
                fields=["kind"],
                condition=Q(kind__in=[LedgerKind.NOT_STARTED, LedgerKind.INSTRUCTIONS]),
                violation_error_message=_("这种台账只有一本"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


SEE_ALL = (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR, Role.ADMIN, Role.SYSTEM)
"""Who, unless kept to a park, sees drafts and the minutes of meetings."""


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, user: User) -> MeetingQuerySet:
        """All for who sees every item; else the meetings that an item of theirs came of."""
        if user.is_county_wide and user.role in SEE_ALL:
            return self
        theirs = LedgerItem.objects.visible_to(user).filter(meeting__isnull=False)
        return self.filter(pk__in=theirs.values("meeting"))


class Meeting(models.Model):
    """A meeting whose decisions became items (会议): where a promise comes from.

    ``text`` is what was pasted or read from the minutes, kept as it was.
    """

    ledger = models.ForeignKey(
        Ledger, models.PROTECT, related_name="meetings", verbose_name=_("台账")
    )
    number = models.CharField(_("文号"), max_length=60, blank=True)
    title = models.CharField(_("会议"), max_length=120)
    held_on = models.DateField(_("召开日"))
    text = models.TextField(_("议定事项原文"), blank=True)
    recorded_at = models.DateTimeField(_("录入时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("录入人")
    )

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("会议")
        ordering = ["-held_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="meeting_number_once_per_ledger",
                fields=["ledger", "number"],
                condition=~Q(number=""),
                violation_error_message=_("这个文号的会议已经录入"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}".strip()


class ItemState(models.TextChoices):
    """Where an item stands: 建账 → 交账 → 核账 → 销账."""

    DRAFT = "draft", _("建账")
    APPROVED = "approved", _("待交账")
    ISSUED = "issued", _("待签收")
    ACTIVE = "active", _("办理中")
    SUBMITTED = "submitted", _("待核账")
    PASSED = "passed", _("待销账")
    CLOSED = "closed", _("已销账")
    WITHDRAWN = "withdrawn", _("已撤回")


UNDER_CLOCK = (ItemState.ISSUED, ItemState.ACTIVE)
"""The states in which a clock runs: what is handed in waits for the supervision office."""
OPEN_STATES = (ItemState.ISSUED, ItemState.ACTIVE, ItemState.SUBMITTED, ItemState.PASSED)
"""Handed over and not closed."""
BEFORE_ISSUE = (ItemState.DRAFT, ItemState.APPROVED, ItemState.WITHDRAWN)


class Node(models.TextChoices):
    """The nodes of the 13710 clock, in their order; what each asks stands in ``supervision``."""

    ASSIGN = "assign", _("1 天：研究交办")
    FEEDBACK = "feedback", _("3 天：反馈办理")
    ORDINARY = "ordinary", _("7 天：办结一般事项")
    MAJOR = "major", _("1 个月：办结重大事项")
    PLANNED = "planned", _("按计划日办结")
    CLOSING = "closing", _("0：一盯到底，销号清零")


class Level(models.IntegerChoices):
    """How hard an overdue item is pressed; the last two a person approves."""

    NONE = 0, _("未升级")
    URGED = 1, _("催办")
    NAMED = 2, _("通报")
    INSPECTED = 3, _("专项督查")
    LISTED = 4, _("挂牌督办")


class LedgerItemQuerySet(models.QuerySet["LedgerItem"]):
    def visible_to(self, user: User) -> LedgerItemQuerySet:
        """All for who sees the whole county; else what concerns the person's unit or park.

        That is what their unit, or their park's committee, answers for or supports, what is
        assigned to the person, and for a park's people what is about its projects. Drafts
        are shown to who builds the account only.
        """
        if user.is_county_wide:
            if user.role in SEE_ALL:
                return self
            return self.exclude(state__in=BEFORE_ISSUE)
        theirs = Q(person=user)
        if user.unit_id:
            theirs |= Q(unit=user.unit_id) | Q(pk__in=self._supported_by(unit=user.unit_id))
        if user.park_id:
            theirs |= (
                Q(unit__park=user.park_id)
                | Q(project__park=user.park_id)
                | Q(pk__in=self._supported_by(unit__park=user.park_id))
            )
        return self.filter(theirs).exclude(state__in=BEFORE_ISSUE)

    @staticmethod
    def _supported_by(**unit: object) -> models.QuerySet:
        return LedgerItem.supporting.through.objects.filter(**unit).values("ledgeritem")

    def open(self) -> LedgerItemQuerySet:
        """Handed over and not closed."""
        return self.filter(state__in=OPEN_STATES)


class LedgerItem(models.Model):
    """A promise with who keeps it and by when (台账事项).

    Its life is written by the verbs of ``pipeline.ledgers`` alone, each with an
    ``ItemEvent``; ``state``, ``node``, ``clock_due_on``, ``level`` and ``was_late`` are
    copies of what the events and the clock give (``pipeline.supervision``), kept for lists.
    Closed is final: reopening makes another item that ``reopens`` it.
    """

    ledger = models.ForeignKey(Ledger, models.PROTECT, related_name="items", verbose_name=_("台账"))
    number = models.CharField(_("编号"), max_length=40)
    meeting = models.ForeignKey(
        Meeting,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("会议"),
    )
    source = models.CharField(_("来源"), max_length=120, blank=True, help_text=_("文号、第几项等"))
    goal = models.CharField(_("目标任务"), max_length=300)
    detail = models.TextField(_("工作要求"), blank=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("上级事项"),
    )
    reopens = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reopened_as",
        verbose_name=_("重启的事项"),
    )
    project = models.ForeignKey(
        "pipeline.Project",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_items",
        verbose_name=_("项目"),
    )
    leader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="led_items",
        verbose_name=_("牵头领导"),
    )
    leader_text = models.CharField(_("牵头领导（原文）"), max_length=60, blank=True)
    unit = models.ForeignKey(
        "crm.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_items",
        verbose_name=_("责任单位"),
    )
    supporting = models.ManyToManyField(
        "crm.Unit", blank=True, related_name="supported_items", verbose_name=_("配合单位")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_items",
        verbose_name=_("责任人"),
    )
    person_text = models.CharField(_("责任人（姓名）"), max_length=60, blank=True)
    task_force = models.CharField(
        _("专班"), max_length=200, blank=True, help_text=_("一项重大任务、一个专班、一抓到底")
    )
    is_major = models.BooleanField(
        _("重大复杂事项"), default=False, help_text=_("一个月内办结；一般事项 7 天内办结")
    )
    due_on = models.DateField(
        _("完成时限"), null=True, blank=True, help_text=_("议定的期限；没有的按 13710 计")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=ItemState, default=ItemState.DRAFT, editable=False
    )
    issued_on = models.DateField(
        _("交办日"), null=True, editable=False, help_text=_("13710 的第 0 天")
    )
    node = models.CharField(_("节点"), max_length=10, choices=Node, blank=True, editable=False)
    clock_due_on = models.DateField(_("节点到期日"), null=True, editable=False)
    planned_on = models.DateField(_("计划办结日"), null=True, editable=False)
    level = models.PositiveSmallIntegerField(
        _("督办级别"), choices=Level, default=Level.NONE, editable=False
    )
    was_late = models.BooleanField(_("曾逾期"), default=False, editable=False)
    created_at = models.DateTimeField(_("建账时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("建账人")
    )
    closed_at = models.DateTimeField(_("销账时间"), null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("销账人"),
    )

    objects = LedgerItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("台账事项")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ledger", "state", "clock_due_on", "id"], name="item_of_ledger"),
            models.Index(fields=["unit", "state", "clock_due_on", "id"], name="item_of_unit"),
            models.Index(
                fields=["clock_due_on", "id"],
                condition=Q(state__in=UNDER_CLOCK),
                name="item_under_clock",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="item_number_once_per_ledger",
                fields=["ledger", "number"],
                violation_error_message=_("这本台账里已有这个编号"),
            ),
            models.CheckConstraint(
                name="item_state_known",
                condition=Q(state__in=ItemState.values),
                violation_error_message=_("没有这个状态"),
            ),
            models.CheckConstraint(
                name="item_node_known",
                condition=Q(node__in=["", *Node.values]),
                violation_error_message=_("没有这个节点"),
            ),
            models.CheckConstraint(
                name="item_level_known",
                condition=Q(level__in=Level.values),
                violation_error_message=_("没有这个督办级别"),
            ),
            models.CheckConstraint(
                name="item_goal_given",
                condition=~Q(goal=""),
                violation_error_message=_("请写明目标任务"),
            ),
            models.CheckConstraint(
                name="item_issued_to_a_unit",
                condition=Q(state__in=BEFORE_ISSUE)
                | Q(unit__isnull=False, issued_on__isnull=False),
                violation_error_message=_("交账要有责任单位和交办日"),
            ),
            models.CheckConstraint(
                name="item_clock_only_while_it_runs",
                condition=Q(state__in=UNDER_CLOCK) | Q(clock_due_on__isnull=True),
                violation_error_message=_("只有办理中的事项计时"),
            ),
            models.CheckConstraint(
                name="item_closed_by_somebody",
                condition=Q(
                    state=ItemState.CLOSED, closed_at__isnull=False, closed_by__isnull=False
                )
                | (~Q(state=ItemState.CLOSED) & Q(closed_at__isnull=True, closed_by__isnull=True)),
                violation_error_message=_("销账要有时间和销账人"),
            ),
            models.CheckConstraint(
                name="item_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                violation_error_message=_("事项不能是自己的上级"),
            ),
            models.CheckConstraint(
                name="item_does_not_reopen_itself",
                condition=Q(reopens__isnull=True) | ~Q(reopens=F("id")),
                violation_error_message=_("事项不能重启自己"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.goal}"


class EventKind(models.TextChoices):
    """What happened to an item."""

    CREATED = "created", _("建账")
    EDITED = "edited", _("修改")
    APPROVED = "approved", _("审定")
    ISSUED = "issued", _("交账")
    ACCEPTED = "accepted", _("签收")
    ASSIGNED = "assigned", _("明确责任人")
    FEEDBACK = "feedback", _("反馈")
    PROGRESS = "progress", _("进展")
    PLANNED = "planned", _("报计划日")
    PLAN_ASKED = "plan_asked", _("申请延期")
    PLAN_GRANTED = "plan_granted", _("同意延期")
    PLAN_REFUSED = "plan_refused", _("不同意延期")
    SUBMITTED = "submitted", _("报办结")
    RETURNED = "returned", _("核账退回")
    PASSED = "passed", _("核账通过")
    CLOSED = "closed", _("销账")
    REOPENED = "reopened", _("重启")
    WITHDRAWN = "withdrawn", _("撤回")
    NOTED = "noted", _("批注")


class ItemEvent(models.Model):
    """One thing that happened to an item, never changed and never deleted (办理记录).

    ``recorded_at`` is when it happened and was known: nothing is dated back. ``answers`` is
    the event that it decides on (a return its submission, a grant its request).
    """

    item = models.ForeignKey(
        LedgerItem, models.PROTECT, related_name="events", verbose_name=_("事项")
    )
    kind = models.CharField(_("事件"), max_length=14, choices=EventKind)
    text = models.TextField(_("内容"), blank=True)
    planned_on = models.DateField(_("计划办结日"), null=True, blank=True)
    answers = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="answered_by",
        verbose_name=_("针对"),
    )
    before = models.JSONField(_("改前"), default=dict, blank=True)
    after = models.JSONField(_("改后"), default=dict, blank=True)
    recorded_at = models.DateTimeField(_("时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("操作人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("办理记录")
        ordering = ["item_id", "id"]
        indexes = [models.Index(fields=["kind", "recorded_at"], name="item_event_of_kind")]
        constraints = [
            models.CheckConstraint(
                name="item_event_kind_known",
                condition=Q(kind__in=EventKind.values),
                violation_error_message=_("没有这种事件"),
            ),
            models.CheckConstraint(
                name="item_event_plan_has_day",
                condition=~Q(kind__in=[EventKind.PLANNED, EventKind.PLAN_ASKED])
                | Q(planned_on__isnull=False),
                violation_error_message=_("请写明计划办结日"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind}"


def ledger_file_path(file: LedgerFile, filename: str) -> str:
    """Where an upload is kept: named by its content, never by what the client called it."""
    return f"ledgers/{file.sha256[:2]}/{file.sha256}"


class LedgerFile(models.Model):
    """Evidence of an item's event, or the minutes of a meeting (佐证材料).

    Kept outside the static tree under its SHA-256; ``media_type`` is found from the
    content. Never edited, never deleted.
    """

    item = models.ForeignKey(
        LedgerItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("事项"),
    )
    event = models.ForeignKey(
        ItemEvent,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("办理记录"),
    )
    meeting = models.ForeignKey(
        Meeting,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("会议"),
    )
    name = models.CharField(_("文件名"), max_length=160)
    file = models.FileField(_("文件"), upload_to=ledger_file_path, max_length=200)
    media_type = models.CharField(_("格式"), max_length=80)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    uploaded_at = models.DateTimeField(_("上传时间"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("台账附件")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="ledger_file_not_empty",
                condition=Q(size__gt=0),
                violation_error_message=_("文件是空的"),
            ),
            models.CheckConstraint(
                name="ledger_file_of_one_thing",
                condition=Q(item__isnull=False, meeting__isnull=True)
                | Q(item__isnull=True, event__isnull=True, meeting__isnull=False),
                violation_error_message=_("附件属于一个事项或一次会议"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
