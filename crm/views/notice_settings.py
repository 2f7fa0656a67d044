"""How a person hears of things, and whether it reaches them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm import deliveries, notice_settings
from crm.forms.notices import SettingsForm
from crm.http import SignedIn, allowed
from crm.models import Delivery, DeliveryState, NoticeHours
from crm.refusals import Refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed("notice.view")
def notice_settings_page(request: SignedIn) -> HttpResponse:
    """What the person hears of, where and when; both are kept together."""
    hours = NoticeHours.objects.filter(user=request.user).first() or NoticeHours()
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        chosen=notice_settings.choices_of(request.user),
        initial={name: getattr(hours, name) for name in HOURS},
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            notice_settings.choose(request.user, form.choices)
            notice_settings.set_hours(request.user, form.hours)
        messages.success(request, _("通知设置已保存。"))
        return redirect("notice_settings")
    context = {"form": form, "sends_mail": settings.SENDS_MAIL}
    status = 422 if request.method == "POST" else 200
    return render(request, "crm/notices/settings.html", context, status=status)


HOURS = ("digest_at", "quiet_from", "quiet_until", "rests")


@require_POST
@allowed("notice.view")
def notice_settings_test(request: SignedIn) -> HttpResponse:
    """Send the person a letter now, and say whether the mail server took it."""
    try:
        if not settings.SENDS_MAIL:
            raise Refused(_("系统没有配置邮件，请联系管理员"))
        row = deliveries.send_test(at=timezone.now(), by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        say_how_it_went(request, row)
    return redirect("notice_settings")


def say_how_it_went(request: Any, row: Delivery) -> None:
    """A message about what came of a test."""
    if row.state == DeliveryState.SENT:
        messages.success(request, _("测试消息已发出，请查收。"))
    else:
        words = _("测试消息没有发出：%(why)s") % {"why": row.error}
        messages.error(request, words)
