"""The forms of a report: which period, people's own words, a reason, a link."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Park, User
from pipeline.models import PeriodKind, Subject
from pipeline.reports.periods import MONTHS, Period
from pipeline.reports.sharing import SHORTEST_PASSWORD

SECTIONS = (
    ("progress", _("补充：目标任务进展")),
    ("parks", _("补充：各园区签约与开工情况")),
    ("started", _("补充：开工投产与资金到位")),
    ("sources", _("补充：招商方式、行业与签约未开工")),
    ("next", _("补充：下步工作")),
)


KEPT_SECTIONS = (
    ("whole", _("补充：总体情况")),
    ("holders", _("补充：各台账、各单位")),
    ("closed", _("补充：本月销账")),
    ("pressed", _("补充：通报与督办")),
    ("filing", _("补充：月度进展报送")),
    ("next", _("补充：表扬与下步工作")),
)


class PeriodForm(forms.Form):
    """What a new report is about, which period, and whose."""

    subject = forms.ChoiceField(
        label=_("主题"), choices=Subject, required=False, initial=Subject.ATTRACTION
    )
    kind = forms.ChoiceField(label=_("周期"), choices=PeriodKind)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)
    number = forms.IntegerField(
        label=_("第几期"), min_value=1, max_value=12, help_text=_("第几季度或几月；年度填 1")
    )
    park = forms.ModelChoiceField(
        label=_("范围"), queryset=Park.objects.all(), required=False, empty_label=_("全县")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user.park is not None:
            field: Any = self.fields["park"]
            field.queryset = Park.objects.filter(pk=user.park.pk)
            field.required, field.empty_label, field.initial = True, None, user.park.pk

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        kind, number = found.get("kind"), found.get("number")
        if kind and number and number * MONTHS[PeriodKind(kind)] > 12:
            self.add_error("number", _("没有这一期：季度为 1—4，月度为 1—12，年度为 1"))
        found["subject"] = found.get("subject") or Subject.ATTRACTION
        if found["subject"] == Subject.SUPERVISION:
            if kind and kind != PeriodKind.MONTH:
                self.add_error("kind", _("重点工作落实通报一月一期，请选“月度”"))
            if found.get("park"):
                self.add_error("park", _("重点工作落实通报全县一份，范围请留“全县”"))
        return found

    def period(self) -> Period:
        """What was asked for."""
        found = self.cleaned_data
        return Period(found["kind"], found["year"], found["number"])


class TextsForm(forms.Form):
    """People's own paragraphs, one line each, below the sentences made from the figures."""

    def __init__(self, *args: Any, subject: str = Subject.ATTRACTION, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, label in KEPT_SECTIONS if subject == Subject.SUPERVISION else SECTIONS:
            self.fields[key] = forms.CharField(
                label=label,
                required=False,
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 3}),
            )


class CorrectionReasonForm(forms.Form):
    """Why a frozen report is corrected."""

    reason = forms.CharField(label=_("更正原因"), max_length=200)


class ShareForm(forms.Form):
    """A link to a frozen report."""

    note = forms.CharField(label=_("给谁"), max_length=80, required=False)
    password = forms.CharField(
        label=_("口令"),
        min_length=SHORTEST_PASSWORD,
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("至少 6 位，另行告知对方；系统只存散列，以后看不到"),
    )
    expires_on = forms.DateField(
        label=_("有效期至"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def expires_at(self) -> dt.datetime:
        """The end of the last day, by the county's clock."""
        after = self.cleaned_data["expires_on"] + dt.timedelta(days=1)
        return timezone.make_aware(dt.datetime.combine(after, dt.time()))


class PasswordForm(forms.Form):
    """What opens a shared report."""

    password = forms.CharField(
        label=_("口令"),
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
