"""The administrators' site: users, parks, dictionaries, settings, and nothing of a gate.

It is a site of its own, so that only what is registered here is served: no project, no
milestone, no receipt, and none of what third-party packages register for themselves.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.rights import may

ACT = "county.configure"


class CountyAdminSite(admin.AdminSite):
    """Open to who may configure the county; 403 to everybody else who has logged in."""

    site_title = _("破土管理")
    site_header = _("破土 · 管理")
    index_title = _("用户、园区、字典和设置")

    def has_permission(self, request: HttpRequest) -> bool:
        if not isinstance(request.user, User):
            return False
        if not may(request.user, ACT):
            raise PermissionDenied
        return request.user.is_active

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One log-in for everything: second factor and lock-out hold here too."""
        if request.user.is_authenticated:
            return redirect("admin:index")
        after = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(after, resolve_url("account_login"))

    def password_change(  # type: ignore[override]  # one page for everybody's password
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


site = CountyAdminSite(name="admin")


class ByRights(admin.ModelAdmin):
    """Rights come from the table of acts, not from Django's permissions. Nothing is deleted."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def _may(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and may(request.user, ACT)


class Deletable(ByRights):
    """Lists that no fact points at."""

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request)


class AddOnly(ByRights):
    """Versions: a change is a new row, and an old one is read."""

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
