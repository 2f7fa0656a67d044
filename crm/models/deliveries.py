from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.users import Role, User


class NoticeChoice(models.Model):
    """How a person wants to hear of one kind of notice; without a row, the kind's default.

    ``group`` is a group of kinds (``crm.notices``).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="notice_choices",
        verbose_name=_("用户"),
    )
    group = models.CharField(_("类别"), max_length=40)
    in_app = models.BooleanField(_("站内"), default=True)
    by_mail = models.BooleanField(_("邮件"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("通知选择")
        ordering = ["user_id", "group"]
        constraints = [
            models.UniqueConstraint(
                name="notice_choice_once",
                fields=["user", "group"],
                violation_error_message=_("这类通知已经设置过"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.group}"


class NoticeHours(models.Model):
    """When a person is written to outside of the pages: at once or gathered, and never when.

    ``digest_at`` lists times of day as "HH:MM"; empty means at once. Between ``quiet_from``
    and ``quiet_until`` (over midnight too), and on days off where ``rests`` is set, messages
    wait.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="notice_hours",
        verbose_name=_("用户"),
    )
    digest_at = models.JSONField(_("汇总时间"), default=list, blank=True)
    quiet_from = models.TimeField(_("免打扰自"), null=True, blank=True)
    quiet_until = models.TimeField(_("免打扰至"), null=True, blank=True)
    rests = models.BooleanField(_("节假日不打扰"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("通知时间")
        ordering = ["user_id"]
        constraints = [
            models.CheckConstraint(
                name="notice_hours_quiet_whole",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                violation_error_message=_("免打扰要有起止时间"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class NoticeChannelKind(models.TextChoices):
    """Where a channel's messages go."""

    WECOM = "wecom", _("企业微信群机器人")
    DINGTALK = "dingtalk", _("钉钉群机器人")
    FEISHU = "feishu", _("飞书群机器人")
    MAIL = "mail", _("邮箱")


class NoticeChannel(models.Model):
    """A group that hears of what concerns the county, a unit or a park (通知渠道).

    ``address`` is a secret: who has it may write to the group. It is kept sealed
    (``crm.sealed``) and never shown again. The hours are as those of ``NoticeHours``; a group
    is quiet outside of working hours unless somebody wants it otherwise.
    """

    name = models.CharField(_("名称"), max_length=60, unique=True)
    kind = models.CharField(_("类型"), max_length=10, choices=NoticeChannelKind)
    address = models.CharField(_("地址"), max_length=400)
    unit = models.ForeignKey(
        "crm.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notice_channels",
        verbose_name=_("责任单位"),
    )
    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notice_channels",
        verbose_name=_("园区"),
    )
    groups = models.JSONField(_("类别"), default=list, blank=True, help_text=_("留空即全部"))
    digest_at = models.JSONField(_("汇总时间"), default=list, blank=True)
    quiet_from = models.TimeField(_("免打扰自"), null=True, blank=True, default=dt.time(20))
    quiet_until = models.TimeField(_("免打扰至"), null=True, blank=True, default=dt.time(8))
    rests = models.BooleanField(_("节假日不打扰"), default=True)
    is_active = models.BooleanField(_("启用"), default=True)
    created_at = models.DateTimeField(_("添加时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("添加人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("通知渠道")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="notice_channel_kind_known",
                condition=Q(kind__in=NoticeChannelKind.values),
                violation_error_message=_("没有这种渠道"),
            ),
            models.CheckConstraint(
                name="notice_channel_one_scope",
                condition=Q(unit__isnull=True) | Q(park__isnull=True),
                violation_error_message=_("单位和园区只能选一个"),
            ),
            models.CheckConstraint(
                name="notice_channel_quiet_whole",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                violation_error_message=_("免打扰要有起止时间"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    """Where a message stands. ``doubtful``: the sender died while sending; nobody knows."""

    WAITING = "waiting", _("待发送")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已发送")
    FAILED = "failed", _("未发出")
    DOUBTFUL = "doubtful", _("不确定")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User) -> DeliveryQuerySet:
        """What went to the person's own mailbox; an administrator's are all."""
        return self if user.role == Role.ADMIN else self.filter(user=user)


class Delivery(models.Model):
    """One thing to be said outside of the pages: to a person's mailbox or to a channel.

    ``key`` names the occasion, which one recipient hears of once. ``due_at`` is when it may
    go out next (quiet hours, digests and retries move it). Those that went out together
    share ``message_id``. ``error`` says why it has not gone out, or who says that it has.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("收件人"),
    )
    channel = models.ForeignKey(
        NoticeChannel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("渠道"),
    )
    kind = models.CharField(_("类别"), max_length=40)
    text = models.CharField(_("内容"), max_length=300)
    url = models.CharField(_("链接"), max_length=200, blank=True)
    key = models.CharField(_("事由"), max_length=120)
    state = models.CharField(
        _("状态"), max_length=10, choices=DeliveryState, default=DeliveryState.WAITING
    )
    created_at = models.DateTimeField(_("时间"))
    due_at = models.DateTimeField(_("可发送时间"))
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    tried_at = models.DateTimeField(_("最近一次"), null=True, blank=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True, blank=True)
    message_id = models.CharField(_("消息编号"), max_length=120, blank=True)
    error = models.CharField(_("未发出的原因"), max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("发送记录")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=[DeliveryState.WAITING, DeliveryState.SENDING]),
                name="delivery_open",
            ),
            models.Index(fields=["state", "-id"], name="delivery_by_state"),
            models.Index(fields=["key"], name="delivery_of_occasion"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="delivery_once_to_person",
                fields=["user", "key"],
                condition=Q(user__isnull=False),
                violation_error_message=_("这件事已经发给这个人"),
            ),
            models.UniqueConstraint(
                name="delivery_once_to_channel",
                fields=["channel", "key"],
                condition=Q(channel__isnull=False),
                violation_error_message=_("这件事已经发到这个渠道"),
            ),
            models.CheckConstraint(
                name="delivery_one_recipient",
                condition=Q(user__isnull=False, channel__isnull=True)
                | Q(user__isnull=True, channel__isnull=False),
                violation_error_message=_("一条消息只发给一个人或一个渠道"),
            ),
            models.CheckConstraint(
                name="delivery_state_known",
                condition=Q(state__in=DeliveryState.values),
                violation_error_message=_("没有这个状态"),
            ),
            models.CheckConstraint(
                name="delivery_sent_when_sent",
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at__isnull=True)),
                violation_error_message=_("发出的消息要有发送时间"),
            ),
        ]

    def __str__(self) -> str:
        return self.text
