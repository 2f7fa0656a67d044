"""The forms of leads, first reports, disputes and transfers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.models import Channel, Park, ReportDispute, Role, User
from pipeline.forms.projects import date_input
from pipeline.models import Project
from pipeline.written import WAN

FIRST_STEP_IN = dt.timedelta(days=3)
WHOLE = Decimal(100)


class LeadForm(forms.Form):
    """What is known after a first word, in a minute. Money in 万元."""

    name = forms.CharField(
        label=_("投资方"),
        max_length=120,
        help_text=_("营业执照上的全称"),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "hx-get": reverse_lazy("lead_check"),
                "hx-trigger": "input changed delay:400ms",
                "hx-target": "#taken",
                "hx-include": "#id_code",
                "hx-sync": "this:replace",
            }
        ),
    )
    code = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=30,
        required=False,
        help_text=_("没有可不填"),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "hx-get": reverse_lazy("lead_check"),
                "hx-trigger": "change",
                "hx-target": "#taken",
                "hx-include": "#id_name",
            }
        ),
    )
    project_name = forms.CharField(
        label=_("想建什么"), max_length=160, help_text=_("作为项目名称，如：年产 10 万只铝轮毂项目")
    )
    contact_name = forms.CharField(label=_("联系人"), max_length=40)
    contact_title = forms.CharField(label=_("职务"), max_length=60, required=False)
    phone = forms.CharField(
        label=_("联系电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
    )
    investment = forms.DecimalField(
        label=_("意向投资（万元）"),
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=16,
        decimal_places=6,
    )
    channel = forms.ModelChoiceField(
        label=_("招商方式"), queryset=Channel.objects.all(), required=False
    )
    park = forms.ModelChoiceField(
        label=_("园区"), queryset=Park.objects.all(), required=False, empty_label=_("未落园区")
    )
    remark = forms.CharField(
        label=_("来源和备注"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    next_step = forms.CharField(label=_("下一步"), max_length=200, required=False)
    next_on = forms.DateField(label=_("哪天办"), required=False, widget=date_input())
    duplicates_answer = forms.CharField(
        label=_("查重结论"),
        max_length=200,
        required=False,
        help_text=_("没有近似企业的可以留空，系统记下“没有”；有近似的，写明核对过什么"),
    )

    def __init__(self, data: Any = None, *, user: User, today: dt.date) -> None:
        super().__init__(data)
        self.fields["next_step"].initial = _now("电话联系，约见面")
        self.fields["next_on"].initial = today + FIRST_STEP_IN
        self._today, self._user = today, user
        if not user.is_county_wide:
            del self.fields["park"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        step, on = cleaned.get("next_step"), cleaned.get("next_on")
        if on and not step:
            self.add_error("next_step", _now("请写明下一步办什么"))
        if step and "next_on" in cleaned and not on:
            self.add_error("next_on", _now("请填写哪天办"))
        if on and on < self._today:
            self.add_error("next_on", _now("下一步不能早于今天"))
        return cleaned

    def lead(self) -> dict[str, Any]:
        """The cleaned values as ``register_lead`` takes them."""
        given = dict(self.cleaned_data)
        wan = given.pop("investment")
        given["investment"] = None if wan is None else wan * WAN
        given["park"] = given.get("park") if self._user.is_county_wide else self._user.park
        return given


def _reason(label: Any, longest: int = 200) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=longest, widget=forms.Textarea(attrs={"rows": 2})
    )


class ExtendForm(forms.Form):
    prefix = "extend"
    reason = _reason(_("延期原因"))


class AskForm(forms.Form):
    prefix = "ask"
    reason = _reason(_("为什么要延期"))


class ReleaseForm(forms.Form):
    prefix = "release"
    reason = _reason(_("解除原因"))


class DisputeForm(forms.Form):
    grounds = forms.CharField(
        label=_("争议理由"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写明本单位什么时候、由谁、怎样先接触了这家企业，有什么可以核实"),
    )


class DecideForm(forms.Form):
    """The answers that the person may give, and why."""

    is_upheld = forms.TypedChoiceField(
        label=_("结论"),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    decision = _reason(_("裁定说明"), 400)

    def __init__(
        self, data: Any = None, *, dispute: ReportDispute, answers: frozenset[bool]
    ) -> None:
        super().__init__(data)
        choices = {
            True: ("yes", _now("支持：首报转给提出方")),
            False: ("no", _now("驳回：维持首报")),
        }
        field = self.fields["is_upheld"]
        field.choices = [choices[a] for a in (True, False) if a in answers]  # type: ignore[attr-defined]


class _Officers(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        park = obj.park.short_name if obj.park else _now("县级")
        return f"{obj}（{park}）"


class TransferForm(forms.Form):
    """Where a project goes, from what day, and how the parks share its credit."""

    to = forms.ModelChoiceField(
        label=_("转到"), queryset=Park.objects.all(), required=False, empty_label=_("未落园区")
    )
    on = forms.DateField(
        label=_("生效日"),
        help_text=_("当天起发生的计入新园区"),
        widget=forms.DateInput(
            attrs={
                "type": "date",
                "hx-post": "",
                "hx-trigger": "change",
                "hx-target": "#preview",
                "hx-vals": '{"preview": "1"}',
            },
            format="%Y-%m-%d",
        ),
    )
    officer = _Officers(
        label=_("接手专员"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("不变"),
        help_text=_("要属于新园区；没办完的待办一并转交"),
    )
    reason = _reason(_("流转原因"))

    def __init__(
        self,
        data: Any = None,
        *,
        project: Project,
        today: dt.date,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.project = project
        self.fields["to"].initial = project.park_id
        self.fields["on"].initial = today
        self.fields["officer"].queryset = (  # type: ignore[attr-defined]
            User.objects.filter(
                Q(role__in=[Role.OFFICER, Role.MANAGER]) & ~Q(pk=project.officer_id),
                is_active=True,
            )
            .select_related("park")
            .order_by("park__position", "username")
        )
        self.parks = list(Park.objects.all())
        for park in self.parks:
            self.fields[self._share(park)] = forms.DecimalField(
                label=park.short_name,
                required=False,
                min_value=Decimal(0),
                max_value=WHOLE,
                max_digits=5,
                decimal_places=2,
                widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
            )

    @staticmethod
    def _share(park: Park) -> str:
        return f"share-{park.slug}"

    @property
    def share_fields(self) -> list[forms.BoundField]:
        """The fields of the parks' shares."""
        return [self[self._share(park)] for park in self.parks]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("to") == self.project.park and not self.shares():
            self.add_error("to", _now("项目已在这里；要改份额请填写份额，要流转请选别的园区"))
        total = sum(self.shares().values())
        if total and total != WHOLE:
            self.add_error(
                None,
                _now("份额合计是 %(total)s%%，要等于 100%%") % {"total": f"{total.normalize():f}"},
            )
        return cleaned

    def shares(self) -> dict[Park, Decimal]:
        """The parks that get a share of the credit, in percent; none where one has all."""
        given = {park: self.cleaned_data.get(self._share(park)) for park in self.parks}
        return {park: percent for park, percent in given.items() if percent}
