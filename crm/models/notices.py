import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """Something a person should know, shown until it is read (通知).

    ``key`` names the occasion: the same one is told to a person once.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", verbose_name=_("收件人")
    )
    kind = models.CharField(_("类别"), max_length=40)
    text = models.CharField(_("内容"), max_length=300)
    url = models.CharField(_("链接"), max_length=200, blank=True)
    key = models.CharField(_("事由"), max_length=120)
    created_at = models.DateTimeField(_("时间"))
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("通知")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["user", "-id"], condition=Q(read_at__isnull=True), name="notice_unread"
            ),
            models.Index(fields=["key"], name="notice_of_occasion"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="notice_once_per_occasion",
                fields=["user", "key"],
                violation_error_message=_("这件事已经通知过"),
            ),
        ]

    def __str__(self) -> str:
        return self.text


def new_token() -> str:
    """A secret that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


class CalendarFeed(models.Model):
    """A person's private link under which a calendar program reads their follow-ups.

    Whoever has the link reads the calendar, so a person can have it made anew.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="calendar_feed",
        verbose_name=_("用户"),
    )
    token = models.CharField(_("密钥"), max_length=64, unique=True, default=new_token)
    created_at = models.DateTimeField(_("生成时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("日历订阅")
        ordering = ["user_id"]

    def __str__(self) -> str:
        return str(self.user_id)
