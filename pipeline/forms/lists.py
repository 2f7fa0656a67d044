"""What the list of projects asks for: a view's name, an act on many rows, a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Park, Role, Tag, User
from pipeline.bulk import Act
from pipeline.forms.widgets import QuickSelect
from pipeline.spreadsheets.exports import FORMATS


def officers_for(user: User) -> Any:
    """Whom ``user`` may give projects to: those of the own park, or everybody's."""
    officers = User.objects.filter(role__in=[Role.OFFICER, Role.MANAGER], is_active=True)
    return officers if user.is_county_wide else officers.filter(park=user.park_id)


def _select() -> QuickSelect:
    return QuickSelect(attrs={"class": "form-select"})


class ViewForm(forms.Form):
    """A view's name, and with whom it is shared: ``""``, ``role:<role>`` or ``park:<slug>``."""

    name = forms.CharField(
        label=_("视图名称"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    shared = forms.ChoiceField(label=_("共享"), required=False, widget=_select())
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        parks = Park.objects.all()
        if user.park_id is not None:
            parks = parks.filter(pk=user.park_id)
        self._parks = {f"park:{park.slug}": park for park in parks}
        roles = [(f"role:{role}", role.label) for role in Role if role != Role.SYSTEM]
        self.fields["shared"].choices = [  # type: ignore[attr-defined]
            ("", _("只有自己")),
            (_("角色"), roles),
            (_("园区"), [(key, park.name) for key, park in self._parks.items()]),
        ]

    def view_fields(self) -> dict[str, Any]:
        """The verbs' arguments but ``query``."""
        shared = self.cleaned_data["shared"]
        kind, _colon, role = shared.partition(":")
        return {
            "name": self.cleaned_data["name"],
            "role": role if kind == "role" else "",
            "park": self._parks.get(shared),
        }


class BulkForm(forms.Form):
    """One act on the rows that were ticked, or on all that match."""

    act = forms.ChoiceField(label=_("操作"), choices=Act.choices, widget=_select())
    officer = forms.ModelChoiceField(
        label=_("招商专员"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("请选择"),
        widget=_select(),
    )
    tag = forms.ModelChoiceField(
        label=_("标签"),
        queryset=Tag.objects.all(),
        required=False,
        empty_label=_("请选择"),
        widget=_select(),
    )
    which = forms.ChoiceField(
        choices=[("picked", _("勾选的")), ("all", _("全部符合条件的"))],
        required=False,
        widget=forms.RadioSelect,
    )
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, auto_id="bulk_%s", **kwargs)
        self.fields["officer"].queryset = officers_for(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("act") == Act.ASSIGN and not given.get("officer"):
            self.add_error("officer", _("请选择招商专员"))
        if given.get("act") in (Act.TAG, Act.UNTAG) and not given.get("tag"):
            self.add_error("tag", _("请选择标签"))
        return given

    def arguments(self) -> dict[str, Any]:
        """What a job keeps of the act."""
        officer, tag = self.cleaned_data["officer"], self.cleaned_data["tag"]
        act = self.cleaned_data["act"]
        if act == Act.ASSIGN:
            return {"act": act, "officer": officer.pk}
        return {"act": act, "tag": tag.pk}


class ExportForm(forms.Form):
    """Which file of which list."""

    ending = forms.ChoiceField(choices=[(ending, ending) for ending in FORMATS], required=False)
    query = forms.CharField(required=False)
