"""Administration of users, parks, dictionaries and the working calendar."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin_site import ByRights, Deletable, site
from crm.models import CalendarDay, Chain, Channel, Industry, Park, Role, Tag, Team, User


class NewUserForm(auth_forms.AdminUserCreationForm):
    class Meta(auth_forms.AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "full_name", "role", "park")


class UserForm(auth_forms.UserChangeForm):
    class Meta(auth_forms.UserChangeForm.Meta):
        model = User


@admin.register(User, site=site)
class UserAdmin(ByRights, DjangoUserAdmin):
    """People are switched off, never deleted: what they did keeps their name."""

    form = UserForm
    add_form = NewUserForm
    list_display = ("username", "full_name", "role", "park", "is_active", "last_login")
    list_filter = ("role", "park", "is_active")
    search_fields = ("username", "full_name", "phone")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("个人"), {"fields": ("full_name", "phone", "email")}),
        (_("权限"), {"fields": ("role", "park", "is_active")}),
        (_("时间"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    *("username", "full_name", "role", "park"),
                    *("usable_password", "password1", "password2"),
                ),
            },
        ),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People only: what history is recorded under is nobody's log-in."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.exclude(role=Role.SYSTEM)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = [choice for choice in Role.choices if choice[0] != Role.SYSTEM]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(Park, site=site)
class ParkAdmin(ByRights):
    list_display = ("name", "short_name", "slug", "position")


@admin.register(Channel, site=site)
class ChannelAdmin(ByRights):
    list_display = ("name", "code", "position")


@admin.register(Team, site=site)
class TeamAdmin(ByRights):
    list_display = ("name", "position")


@admin.register(Chain, site=site)
class ChainAdmin(ByRights):
    list_display = ("name", "position")


@admin.register(Tag, site=site)
class TagAdmin(ByRights):
    """Words are renamed, never deleted: rows that carry them stay sorted."""

    list_display = ("name", "group", "position")
    list_filter = ("group",)
    search_fields = ("name",)


@admin.register(Industry, site=site)
class IndustryAdmin(ByRights):
    list_display = ("code", "name", "section", "section_name", "sector")
    list_filter = ("section",)
    search_fields = ("code", "name")


@admin.register(CalendarDay, site=site)
class CalendarDayAdmin(Deletable):
    list_display = ("day", "name", "is_working")
    date_hierarchy = "day"


@admin.register(AccessAttempt, site=site)
class AccessAttemptAdmin(Deletable):
    """Who is locked out of the log-in; deleting the row lets them try again."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
