"""The form of a project: its investor by name, and what is known about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.models import Park, Role, User
from pipeline.forms.two_editors import TwoEditors
from pipeline.models import Project
from pipeline.projects import EDITABLE, is_credited, is_signed
from pipeline.written import WAN


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ProjectForm(TwoEditors, forms.ModelForm):
    """Money in 万元, as contracts write it; the verbs get yuan."""

    written_as = {
        "investor_name": "investor_id",
        "investor_uscc": "investor_id",
        "investment": "agreed_investment",
    }

    investor_name = forms.CharField(
        label=_("投资方"),
        max_length=120,
        help_text=_("营业执照上的全称；已登记的企业会自动认出"),
        widget=forms.TextInput(
            attrs={
                "list": "known-organizations",
                "autocomplete": "off",
                "hx-get": reverse_lazy("organization_suggest"),
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#known-organizations",
                "hx-params": "investor_name",
            }
        ),
    )
    investor_uscc = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=30,
        required=False,
        help_text=_("18 位；还没有营业执照的可以留空"),
    )
    investment = forms.DecimalField(
        label=_("协议总投资（万元）"),
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=16,
        decimal_places=6,
    )
    plan_reason = forms.CharField(
        label=_("改期原因"),
        max_length=200,
        required=False,
        help_text=_("计划日已经错过的，改期要写原因；每次改期都留底"),
    )

    class Meta:
        model = Project
        fields = [
            "name",
            "park",
            "is_county_level",
            "industry",
            "channel",
            "team",
            "officer",
            "fund_source",
            "is_productive",
            "is_expansion",
            "local_company",
            "lead_unit",
            "patron_leader",
            "task_force",
            "phone",
            "project_code",
            "planned_start_on",
            "planned_finish_on",
            "content",
            "progress",
            "problems",
            "remark",
            "duplicates_answer",
        ]
        widgets = {
            "planned_start_on": date_input(),
            "planned_finish_on": date_input(),
            **{
                name: forms.Textarea(attrs={"rows": 2})
                for name in ("content", "progress", "problems", "remark")
            },
        }
        help_texts = {
            "duplicates_answer": _("写明查过哪些同名、同址或关联项目，结论如何"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project = self.instance
        officers = User.objects.filter(role__in=[Role.OFFICER, Role.MANAGER], is_active=True)
        self.fields["officer"].queryset = (  # type: ignore[attr-defined]
            officers if user.is_county_wide else officers.filter(park=user.park_id)
        )
        if not user.is_county_wide:
            parks = self.fields["park"].queryset  # type: ignore[attr-defined]
            self.fields["park"].queryset = parks.filter(pk=user.park_id)  # type: ignore[attr-defined]
            self.fields["park"].initial = user.park_id
        if project.pk is None:
            self.fields["officer"].initial = user.pk if user.role == Role.OFFICER else None
            del self.fields["plan_reason"]
            return
        self.fields["investor_name"].initial = project.investor.name
        self.fields["investor_uscc"].initial = project.investor.uscc or ""
        if project.agreed_investment is not None:
            self.fields["investment"].initial = _plain(project.agreed_investment / WAN)
        self._lock(project)

    def _lock(self, project: Project) -> None:
        """What a verified milestone has fixed is shown, not asked."""
        if is_signed(project):
            for name in ("investment", "investor_name", "investor_uscc"):
                self.fields[name].disabled = True
            self.fields["investment"].help_text = _("以已核验的合同为准；有误请由核验员更正签约")
        if is_credited(project):
            self.fields["park"].queryset = Park.objects.all()  # type: ignore[attr-defined]
            for name in ("park", "is_county_level"):
                self.fields[name].disabled = True
            self.fields["park"].help_text = _("已有核验的里程碑；换园区由园区负责人办理流转")

    @property
    def names_investor(self) -> bool:
        """Whether the person wrote another investor than the project has."""
        return not self.changes().keys().isdisjoint({"investor_name", "investor_uscc"})

    def project_fields(self) -> dict[str, Any]:
        """The values that the verbs write: of a project that is there, what was changed."""
        given = self.cleaned_data if self.instance.pk is None else self.changes()
        fields = {name: v for name, v in given.items() if name in EDITABLE}
        if "investment" in given:
            wan = given["investment"]
            fields["agreed_investment"] = None if wan is None else wan * WAN
        return fields


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros, and never as 1E+4."""
    value = value.normalize()
    return value if value.as_tuple().exponent <= 0 else value.quantize(Decimal(1))  # type: ignore[operator]
