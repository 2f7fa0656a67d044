"""Deciding on a proposed inspection or listing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.models import Escalation


class DecisionForm(forms.Form):
    """Approve with a deadline, or decline with a reason; one for each proposal of a page."""

    deadline = forms.DateField(
        label=_("整改期限"),
        required=False,
        help_text=_("批准时用；空着按县里的默认天数"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
    )
    reason = forms.CharField(
        label=_("审批意见"),
        max_length=200,
        required=False,
        help_text=_("不批准的必填"),
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, data: Any = None, *, row: Escalation, deadline: dt.date) -> None:
        super().__init__(data, prefix=f"decide-{row.pk}", initial={"deadline": deadline})
        self.row = row
