"""The forms of a company, of the people at it, and of its files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, Organization, Tag, TagGroup, User
from crm.names import normalise
from crm.uscc import compact
from pipeline.forms.projects import date_input
from pipeline.forms.two_editors import TwoEditors
from pipeline.reach import organizations_visible_to


class OrganizationForm(TwoEditors, forms.ModelForm):
    """A company; its parent by name or code, among those that the person may see.

    The code is none of the model form's fields: the verb refuses a second company of it,
    and says which that is.
    """

    uscc = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=30,
        required=False,
        help_text=_("18 位；还没有营业执照的可以留空"),
    )
    parent_name = forms.CharField(
        label=_("上级企业"),
        max_length=120,
        required=False,
        help_text=_("集团母公司的全称或信用代码；要先登记"),
        widget=forms.TextInput(
            attrs={
                "list": "known-organizations",
                "autocomplete": "off",
                "hx-get": reverse_lazy("organization_options"),
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#known-organizations",
                "hx-params": "parent_name",
            }
        ),
    )
    website = forms.URLField(label=_("网址"), max_length=200, required=False, assume_scheme="https")
    tags = forms.ModelMultipleChoiceField(
        label=_("标签"),
        queryset=Tag.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Organization
        fields = [
            *("name", "origin", "is_local", "industry", "chain"),
            *("chain_position", "tags", "address", "note"),
        ]
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "name": _("营业执照上的全称"),
            "origin": _("省市县，如 浙江省宁波市"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        row = self.instance
        tags = Q(group=TagGroup.GENERAL)
        if row.pk is not None:
            tags |= Q(organizations=row)
        field = self.fields["tags"]
        field.queryset = Tag.objects.filter(tags).distinct()  # type: ignore[attr-defined]
        self.initial.setdefault("uscc", row.uscc or "")
        self.initial["website"] = row.website
        self.initial["parent_name"] = row.parent.name if row.parent else ""

    def clean_parent_name(self) -> Organization | None:
        """The company meant."""
        text = self.cleaned_data["parent_name"].strip()
        if not text:
            return None
        if text == self.initial["parent_name"]:
            parent: Organization | None = self.instance.parent
            return parent
        named = Q(name_key=normalise(text)) | Q(uscc=compact(text))
        found = list(organizations_visible_to(self.user).filter(named)[:2])
        if not found:
            raise forms.ValidationError(_("没有找到这家企业；请核对全称，或先登记它"))
        if len(found) > 1:
            raise forms.ValidationError(_("有几家企业叫这个名称，请填统一社会信用代码"))
        return found[0]

    def organization_fields(self) -> dict[str, Any]:
        """What the verbs write: what the person changed; tags have a verb of their own."""
        fields = self.changes()
        fields.pop("tags", None)
        if "parent_name" in fields:
            fields["parent"] = fields.pop("parent_name")
        return fields


class PersonForm(TwoEditors, forms.ModelForm):
    """A contact: who they are and how they are reached."""

    class Meta:
        model = Contact
        fields = ["name", "title", "phone", "wechat", "email", "note"]
        widgets = {
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "wechat": forms.TextInput(attrs={"autocomplete": "off"}),
        }


class FirstPersonForm(forms.Form):
    """The person that a new company is reached by, where one is known already."""

    name = forms.CharField(label=_("姓名"), max_length=40, required=False)
    title = forms.CharField(label=_("职务"), max_length=60, required=False)
    phone = forms.CharField(
        label=_("电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    wechat = forms.CharField(label=_("微信"), max_length=60, required=False)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if any(self.cleaned_data.values()) and not self.cleaned_data.get("name"):
            self.add_error("name", _("请填写联系人姓名"))
        return cleaned


class LeftForm(forms.Form):
    on = forms.DateField(label=_("离职日"), widget=date_input())


class AttachmentForm(forms.Form):
    file = forms.FileField(
        label=_("文件"), help_text=_("PDF、图片（JPG、PNG、WebP）或 Word、Excel")
    )
