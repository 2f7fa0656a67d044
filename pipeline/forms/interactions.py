"""The form of a meeting on one screen, and what narrows the list of meetings."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, User
from crm.refusals import Refused
from pipeline import colleagues
from pipeline.forms.projects import date_input
from pipeline.forms.widgets import QuickSelect
from pipeline.interactions import Newcomer
from pipeline.models import InteractionKind
from pipeline.whom import Whom

NEAR = 40
BETWEEN_NAMES = re.compile(r"[、,，;；\s]+")


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Any number of files, as a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, (list, tuple)) else [data] if data else []
        single = super().clean
        return [single(file, initial) for file in files]


class CaptureForm(forms.Form):
    """Whom, what, who was there, photos, and the next step; the verb's arguments."""

    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("方式"), choices=InteractionKind.choices, widget=forms.RadioSelect
    )
    occurred_on = forms.DateField(label=_("日期"), widget=date_input())
    summary = forms.CharField(
        label=_("谈了什么"),
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("可以用键盘的语音输入")}),
    )
    contacts = forms.ModelMultipleChoiceField(
        label=_("对方"), queryset=Contact.objects.none(), required=False
    )
    new_name = forms.CharField(label=_("姓名"), max_length=40, required=False)
    new_title = forms.CharField(label=_("职务"), max_length=60, required=False)
    new_phone = forms.CharField(
        label=_("电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    officers = forms.ModelMultipleChoiceField(
        label=_("同去的同事"), queryset=User.objects.none(), required=False
    )
    other_officers = forms.CharField(
        label=_("名单里没有的同事"),
        max_length=200,
        required=False,
        help_text=_("写姓名，几位之间用顿号隔开"),
    )
    photos = PhotosField(
        label=_("照片"),
        required=False,
        widget=ManyFiles(attrs={"accept": "image/*", "capture": "environment"}),
    )
    next_step = forms.CharField(label=_("下一步办什么"), max_length=200, required=False)
    next_on = forms.DateField(label=_("哪天办"), required=False, widget=date_input())

    def __init__(
        self, data: Any = None, files: Any = None, *, user: User, whom: Whom | None, **more: Any
    ) -> None:
        super().__init__(data, files, **more)
        self.whom, self.user = whom, user
        chosen: Any = self.fields["contacts"]
        if whom is not None:
            here = whom.organization.contacts.current().filter(left_on__isnull=True)
            chosen.queryset = here.order_by("-is_primary", "pk")
        self.people = colleagues.colleagues_of(user, act="interaction.record")
        ours: Any = self.fields["officers"]
        ours.queryset = self.people

    def near(self) -> QuerySet[User]:
        """The colleagues to tick: of the project's park, of the own, of the county."""
        if self.whom is not None and self.whom.project is not None:
            return colleagues.who_see(self.whom.project, self.people)[:NEAR]
        return self.people.filter(park=self.user.park_id)[:NEAR]

    def ticked(self, name: str) -> set[str]:
        """The keys that are ticked in ``contacts`` or ``officers``."""
        return {str(key) for key in self[name].value() or ()}

    def ticked_contacts(self) -> set[str]:
        return self.ticked("contacts")

    def ticked_officers(self) -> set[str]:
        return self.ticked("officers")

    def clean_other_officers(self) -> list[User]:
        names = BETWEEN_NAMES.split(self.cleaned_data["other_officers"])
        try:
            return colleagues.named(names, among=self.people)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        if self.whom is None:
            self.add_error(None, _("请先选择项目或企业"))
        return self.cleaned_data

    def entry(self) -> dict[str, Any]:
        """The arguments of ``interactions.record``, without who and when."""
        assert self.whom is not None  # noqa: S101 -- `clean` has refused it
        given = dict(self.cleaned_data)
        name, title, phone = (given.pop(f"new_{field}") for field in ("name", "title", "phone"))
        others = given.pop("other_officers")
        return {
            **given,
            "officers": [*given["officers"], *others],
            "newcomer": Newcomer(name, title, phone) if name else None,
            "organization": self.whom.organization,
            "project": self.whom.project,
        }


class InteractionFilter(forms.Form):
    """Which meetings the list shows; all of it in the URL."""

    q = forms.CharField(label=_("搜索"), max_length=60, required=False)
    kind = forms.ChoiceField(
        label=_("方式"),
        choices=[("", _("全部")), *InteractionKind.choices],
        required=False,
        widget=QuickSelect(attrs={"class": "form-select"}),
    )
    officer = forms.ModelChoiceField(
        label=_("我方"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("全部"),
        widget=QuickSelect(attrs={"class": "form-select"}),
    )
    since = forms.DateField(
        label=_("从"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=_("到"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    project = forms.IntegerField(required=False, min_value=1)
    organization = forms.IntegerField(required=False, min_value=1)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        chosen: Any = self.fields["officer"]
        people = User.objects.exclude(role__in=["system", "auditor"])
        if not user.is_county_wide:
            people = people.filter(park=user.park_id)
        chosen.queryset = people.order_by("full_name", "pk")
