"""What went out of the house and what did not: the log, and deciding about what failed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm import undelivered
from crm.forms.notices import LogForm
from crm.http import SignedIn, allowed
from crm.keys import key_of
from crm.models import Delivery, NoticeChannel
from crm.refusals import Refused
from crm.rights import may

PAGE = 50


@never_cache
@require_safe
@allowed("notice.view")
def delivery_list(request: SignedIn) -> HttpResponse:
    """The latest first: a person's own mail; an administrator sees everything."""
    form = LogForm(request.GET)
    given: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    rows = Delivery.objects.visible_to(request.user).select_related("user", "channel")
    found = list(undelivered.narrowed(rows, **given)[: PAGE + 1])
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "rows": found[:PAGE],
        "next": found[PAGE - 1].pk if len(found) > PAGE else None,
        "query": query.urlencode(),
        "form": form,
        "given": given,
        "decides": may(request.user, "notice.configure"),
    }
    return render(request, "crm/notices/deliveries.html", context)


@require_POST
@allowed("notice.configure")
def delivery_again(request: SignedIn, pk: int) -> HttpResponse:
    """Have one that failed, or may have, sent again."""
    row = get_object_or_404(Delivery.objects.visible_to(request.user), pk=pk)
    return _decided(
        request, lambda: undelivered.send_again(row, by=request.user, at=timezone.now())
    )


@require_POST
@allowed("notice.configure")
def delivery_arrived(request: SignedIn, pk: int) -> HttpResponse:
    """Somebody has seen it in the group."""
    row = get_object_or_404(Delivery.objects.visible_to(request.user), pk=pk)
    return _decided(
        request, lambda: undelivered.say_arrived(row, by=request.user, at=timezone.now())
    )


@require_POST
@allowed("notice.configure")
def deliveries_again(request: SignedIn) -> HttpResponse:
    """Have all that failed for a channel, or by mail, sent again."""
    key = key_of(request.POST.get("channel"))
    row = None if key is None else get_object_or_404(NoticeChannel, pk=key)
    return _decided(
        request, lambda: undelivered.send_all_again(row, by=request.user, at=timezone.now())
    )


def _decided(request: SignedIn, verb: Any) -> HttpResponse:
    try:
        number = verb()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = ngettext("%(number)s 条已处理。", "%(number)s 条已处理。", number)
        messages.success(request, said % {"number": number})
    channel = key_of(request.POST.get("channel"))
    response = redirect("delivery_list")
    if channel is not None:
        response["Location"] += f"?channel={channel}"
    return response
