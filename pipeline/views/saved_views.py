"""Views of the list of projects: saving one, renaming, sharing, forgetting it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.http import SignedIn, allowed
from crm.models import User
from crm.refusals import Refused
from pipeline import saved_views
from pipeline.forms.lists import ViewForm
from pipeline.models import SavedView


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("view.save")
def view_list(request: SignedIn) -> HttpResponse:
    """The views that the person may open; a POST saves another."""
    if request.method != "POST":
        return _page(request)
    form = ViewForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            view = saved_views.save(
                **form.view_fields(),
                query=form.cleaned_data["query"],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("视图“%(name)s”已保存。") % {"name": view.name})
            return redirect(reverse("project_list") + f"?{view.query}")
    return _page(request, new=form)


@require_POST
@allowed("view.save")
def view_change(request: SignedIn, pk: int) -> HttpResponse:
    """Rename one's own view, or share it otherwise."""
    view = get_object_or_404(SavedView, pk=pk, owner=request.user)
    form = ViewForm(request.POST, user=request.user, prefix=f"view-{pk}")
    if form.is_valid():
        try:
            saved_views.change(view, **form.view_fields(), by=request.user)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("view_list")
    return _page(request, changed={pk: form})


@require_POST
@allowed("view.save")
def view_delete(request: SignedIn, pk: int) -> HttpResponse:
    """Forget one's own view."""
    view = get_object_or_404(SavedView, pk=pk, owner=request.user)
    saved_views.delete(view, by=request.user)
    messages.success(request, _("视图“%(name)s”已删除。") % {"name": view.name})
    return redirect("view_list")


def _page(
    request: SignedIn, *, new: ViewForm | None = None, changed: dict[int, ViewForm] | None = None
) -> HttpResponse:
    rows = SavedView.objects.visible_to(request.user).select_related("owner", "shared_park")
    refused = changed or {}
    return render(
        request,
        "pipeline/saved_views.html",
        {
            "entries": [
                (row, refused.get(row.pk) or _form(row, request.user)) for row in rows[:200]
            ],
            "new": new,
        },
        status=422 if new or changed else 200,
    )


def _form(view: SavedView, user: User) -> ViewForm | None:
    """The form of one's own view; None for another's."""
    if view.owner_id != user.pk:
        return None
    shared: Any = f"role:{view.shared_role}" if view.shared_role else ""
    if view.shared_park:
        shared = f"park:{view.shared_park.slug}"
    return ViewForm(
        user=user, prefix=f"view-{view.pk}", initial={"name": view.name, "shared": shared}
    )
