"""The groups and mailboxes that hear of what happens: added, tried, changed, switched off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm import channels, deliveries, undelivered
from crm.forms.notices import ChannelForm
from crm.http import SignedIn, allowed
from crm.models import NoticeChannel
from crm.refusals import Refused
from crm.views.notice_settings import say_how_it_went


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed("notice.configure")
def channel_list(request: SignedIn) -> HttpResponse:
    """The channels, with what each of them has not got; a new one."""
    form = ChannelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = channels.add(**form.given, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, _("渠道已添加，请发一条测试消息。"))
            return redirect("notice_channel", row.pk)
    context = {"rows": undelivered.channels_with_troubles(), "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "crm/notices/channels.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed("notice.configure")
def channel(request: SignedIn, pk: int) -> HttpResponse:
    """One channel: what it hears of and when, a new address, a test, off and on."""
    row = get_object_or_404(NoticeChannel.objects.select_related("unit", "park"), pk=pk)
    form = ChannelForm(request.POST if request.method == "POST" else None, channel=row)
    if request.method == "POST" and form.is_valid():
        try:
            channels.change(row, **form.given, by=request.user)
        except Refused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, _("渠道已保存。"))
            return redirect("notice_channel", pk)
    status = 422 if request.method == "POST" else 200
    context = {"channel": row, "form": form}
    return render(request, "crm/notices/channel.html", context, status=status)


@require_POST
@allowed("notice.configure")
def channel_test(request: SignedIn, pk: int) -> HttpResponse:
    """Say something in the group now, and say whether its server took it."""
    row = get_object_or_404(NoticeChannel, pk=pk)
    try:
        sent = deliveries.send_test(at=timezone.now(), by=request.user, channel=row)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        say_how_it_went(request, sent)
    return redirect("notice_channel", pk)


@require_POST
@allowed("notice.configure")
def channel_switch(request: SignedIn, pk: int) -> HttpResponse:
    """Off, or on again."""
    row = get_object_or_404(NoticeChannel, pk=pk)
    is_on = request.POST.get("to") == "on"
    channels.switch(row, is_active=is_on, by=request.user)
    messages.success(request, _("渠道已启用。") if is_on else _("渠道已停用，不再发送。"))
    return redirect("notice_channel", pk)
