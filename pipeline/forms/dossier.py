"""Small forms of a project's page. Each names the verb's arguments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Contact
from pipeline.forms.projects import date_input
from pipeline.models import DocumentKind, FactorKind, InteractionKind, Project, ReviewKind


class OfProject(forms.Form):
    """A form of a project's page: its fields carry a prefix, as several stand there."""

    def __init__(self, data: Any = None, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files, prefix=type(self).__name__.lower())


class InteractionForm(OfProject):
    kind = forms.ChoiceField(label=_("方式"), choices=InteractionKind.choices)
    occurred_on = forms.DateField(label=_("日期"), widget=date_input())
    contacts = forms.ModelMultipleChoiceField(
        label=_("对方"),
        queryset=Contact.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    summary = forms.CharField(label=_("内容"), widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files, project=project)
        contacts = project.investor.contacts.current()
        self.fields["contacts"].queryset = contacts  # type: ignore[attr-defined]
        if not contacts:
            del self.fields["contacts"]


class ReviewForm(OfProject):
    kind = forms.ChoiceField(label=_("评审"), choices=ReviewKind.choices)
    held_on = forms.DateField(label=_("日期"), widget=date_input())
    passed = forms.TypedChoiceField(
        label=_("结论"),
        choices=[("yes", _("通过")), ("no", _("未通过"))],
        coerce=lambda value: value == "yes",
    )
    note = forms.CharField(label=_("说明"), max_length=200, required=False)


class FactorForm(OfProject):
    kind = forms.ChoiceField(label=_("要素"), choices=FactorKind.choices)
    detail = forms.CharField(label=_("需求"), max_length=200, required=False)
    unit = forms.CharField(label=_("责任单位"), max_length=80, required=False)
    due_on = forms.DateField(label=_("应完成日"), required=False, widget=date_input())
    met_on = forms.DateField(
        label=_("落实日"), required=False, widget=date_input(), help_text=_("还没有落实请留空")
    )


class ContactForm(OfProject):
    name = forms.CharField(label=_("姓名"), max_length=40)
    title = forms.CharField(label=_("职务"), max_length=60, required=False)
    phone = forms.CharField(label=_("电话"), max_length=30, required=False)


class DocumentForm(OfProject):
    kind = forms.ChoiceField(label=_("类型"), choices=DocumentKind.choices)
    file = forms.FileField(
        label=_("文件"), help_text=_("PDF、图片（JPG、PNG、WebP）或 Word、Excel")
    )


class FundsForm(OfProject):
    """Money that arrived, in 万元; a correction is negative."""

    received_on = forms.DateField(label=_("到位日"), widget=date_input())
    month_only = forms.BooleanField(label=_("只知道月份"), required=False)
    amount = forms.DecimalField(
        label=_("金额（万元）"),
        max_digits=16,
        decimal_places=6,
        help_text=_("更正多记的，填负数"),
    )
    file = forms.FileField(
        label=_("到资凭证"), required=False, help_text=_("没有凭证的不能核验，也不计入统计")
    )
    note = forms.CharField(label=_("说明"), max_length=200, required=False)


class MetForm(forms.Form):
    on = forms.DateField(label=_("落实日"), widget=date_input())
