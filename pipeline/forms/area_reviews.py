"""The forms of an area's analysis: the leader's words, an instruction to a unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Area, Unit
from pipeline.models import LedgerItem
from pipeline.models.ledgers import OPEN_STATES


class AnalysisForm(forms.Form):
    """What the leader thinks of the month."""

    analysis = forms.CharField(
        label=_("分析研判"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("每行一段；数字和名单由系统写，不用抄"),
    )


class InstructionForm(forms.Form):
    """What a unit of the area is to do, by when, and about which item."""

    unit = forms.ModelChoiceField(label=_("责任单位"), queryset=Unit.objects.none())
    text = forms.CharField(
        label=_("指导意见"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    due_on = forms.DateField(
        label=_("完成时限"),
        required=False,
        help_text=_("留空按 13710 计"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    about = forms.CharField(
        label=_("针对事项"),
        required=False,
        max_length=40,
        help_text=_("填台账编号；没有具体事项的留空"),
    )

    def __init__(self, *args: Any, area: Area, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.area = area
        field: Any = self.fields["unit"]
        field.queryset = Unit.objects.filter(area=area)

    def clean_about(self) -> LedgerItem | None:
        number = self.cleaned_data["about"].strip()
        if not number:
            return None
        found = LedgerItem.objects.filter(number=number, unit__area=self.area)
        item = found.filter(state__in=OPEN_STATES).first() or found.first()
        if item is None:
            raise forms.ValidationError(
                _("本领域没有编号为“%(number)s”的事项") % {"number": number}
            )
        return item
