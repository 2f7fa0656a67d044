"""What a person should know: the list, one notice, and marking them read."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm import notices
from crm.http import SignedIn, allowed
from crm.keys import keys_of

PAGE = 30


@never_cache
@require_safe
@allowed("notice.view")
def notice_list(request: SignedIn) -> HttpResponse:
    """The person's own notices: unread ones first, then the latest; of one group if asked."""
    rows = request.user.notices.order_by(F("read_at").desc(nulls_first=True), "-id")
    group = notices.BY_NAME.get(request.GET.get("group", ""))
    if group is not None:
        rows = notices.of_group(rows, group)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    query = f"group={group.name}" if group else ""
    context = {"page": page, "groups": notices.GROUPS, "group": group, "query": query}
    return render(request, "crm/notices/list.html", context)


@never_cache
@require_safe
@allowed("notice.view")
def notice(request: SignedIn, pk: int) -> HttpResponse:
    """Mark a notice read and go to what it is about, which lies on this site or nowhere."""
    row = get_object_or_404(request.user.notices, pk=pk)
    notices.read([row.pk], by=request.user, at=timezone.now())
    is_ours = row.url.startswith("/") and url_has_allowed_host_and_scheme(row.url, None)
    return redirect(row.url if is_ours else "notice_list")


@require_POST
@allowed("notice.view")
def notices_read(request: SignedIn) -> HttpResponse:
    """Mark the notices that were ticked as read, or all of them."""
    ticked = keys_of(request.POST.getlist("notice"))
    if "all" in request.POST:
        number = notices.read_all(by=request.user, at=timezone.now())
    else:
        number = notices.read(ticked, by=request.user, at=timezone.now())
    if number:
        said = ngettext("%(number)s 条通知已读。", "%(number)s 条通知已读。", number)
        messages.success(request, said % {"number": number})
    else:
        messages.info(request, _("没有未读的通知。"))
    response = redirect("notice_list")
    group = notices.BY_NAME.get(request.POST.get("group", ""))
    if group is not None:
        response["Location"] += f"?group={group.name}"
    return response
