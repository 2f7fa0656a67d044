"""Administration of users, parks, dictionaries and the working calendar."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin_site import ByRights, Deletable, site
from crm.models import (
    Area,
    CalendarDay,
    Chain,
    Channel,
    Industry,
    Park,
    Role,
    Tag,
    Team,
    Unit,
    User,
)
from crm.units import UnitNames


class NewUserForm(auth_forms.AdminUserCreationForm):
    class Meta(auth_forms.AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "full_name", "role", "park", "unit")


class UserForm(auth_forms.UserChangeForm):
    class Meta(auth_forms.UserChangeForm.Meta):
        model = User


@admin.register(User, site=site)
class UserAdmin(ByRights, DjangoUserAdmin):
    """People are switched off, never deleted: what they did keeps their name."""

    form = UserForm
    add_form = NewUserForm
    list_display = ("username", "full_name", "role", "park", "unit", "is_active", "last_login")
    list_filter = ("role", "park", "is_active")
    list_select_related = ("park", "unit")
    search_fields = ("username", "full_name", "phone")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("个人"), {"fields": ("full_name", "phone", "email")}),
        (_("权限"), {"fields": ("role", "park", "unit", "is_active")}),
        (_("时间"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    *("username", "full_name", "role", "park", "unit"),
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


@admin.register(Area, site=site)
class AreaAdmin(ByRights):
    """What each vice-county head answers for; its units are listed with them."""

    list_display = ("name", "leader", "position")
    list_select_related = ("leader",)


class UnitForm(forms.ModelForm):
    """A unit; other spellings stand one on a line, and each means one unit only."""

    aliases = forms.CharField(
        label=Unit._meta.get_field("aliases").verbose_name,
        help_text=_("会议纪要和台账里出现过的其他写法，一行一个；空格和换行不影响识别"),
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )

    class Meta:
        model = Unit
        fields = ("name", "aliases", "area", "park", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["aliases"] = "\n".join(self.instance.aliases)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        known = UnitNames(Unit.objects.all())
        for name in ("name", "aliases"):
            given = data.get(name) or []
            for spelling in [given] if isinstance(given, str) else given:
                if other := known.owner_but(self.instance, spelling):
                    words = _("“%(spelling)s”已经是%(other)s的写法，一种写法只能指一个单位")
                    self.add_error(name, words % {"spelling": spelling, "other": other})
        return data

    def clean_aliases(self) -> list[str]:
        lines = self.cleaned_data["aliases"].splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


@admin.register(Unit, site=site)
class UnitAdmin(ByRights):
    form = UnitForm
    list_display = ("name", "area", "park", "position")
    list_filter = ("area",)
    list_select_related = ("area", "park")
    search_fields = ("name",)


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
