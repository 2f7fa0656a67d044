"""The forms of a project's page for plans, tags, tasks, needs, its status and aftercare."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Tag, User
from pipeline.forms.dossier import OfProject
from pipeline.forms.projects import date_input
from pipeline.models import AftercareIssue, FactorNeed, Interaction, InteractionKind, Project
from pipeline.stages import Status


class FundsPlanForm(OfProject):
    """Money that is to arrive, in 万元."""

    due_on = forms.DateField(label=_("计划到位日"), widget=date_input())
    amount = forms.DecimalField(
        label=_("金额（万元）"), min_value=Decimal("0.000001"), max_digits=16, decimal_places=6
    )
    text = forms.CharField(label=_("说明"), max_length=200, required=False)


class TaskForm(OfProject):
    """A next step and its day; one's own unless a colleague of the project is chosen."""

    what = forms.CharField(label=_("要办的事"), max_length=200)
    due_on = forms.DateField(label=_("应办日"), widget=date_input())
    assignee = forms.ModelChoiceField(
        label=_("承办人"), queryset=User.objects.none(), required=False, empty_label=_("我自己")
    )

    def __init__(self, data: Any = None, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files, project=project)
        people = User.objects.filter(is_active=True, role__in=["officer", "manager"])
        if project.park_id is not None:
            people = people.filter(park=project.park_id)
        self.fields["assignee"].queryset = people.order_by("full_name")  # type: ignore[attr-defined]


class TagsForm(OfProject):
    """All tags, by their groups; those of the project are ticked."""

    tags = forms.ModelMultipleChoiceField(
        label=_("标签"),
        queryset=Tag.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class StatusForm(OfProject):
    """Another status than the project has."""

    to = forms.ChoiceField(label=_("改为"), choices=Status.choices)
    on = forms.DateField(label=_("发生日"), widget=date_input())
    reason = forms.CharField(
        label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any = None, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files, project=project)
        names = {Status.ACTIVE: _("恢复推进")}
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (value, names.get(Status(value), label))
            for value, label in Status.choices
            if value != project.status
        ]


class DecisionForm(forms.Form):
    decision = forms.CharField(label=_("不批准的理由"), max_length=200)


class IssueForm(OfProject):
    """What a producing company asks for."""

    what = forms.CharField(
        label=_("诉求"), max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    raised_on = forms.DateField(label=_("提出日"), widget=date_input())
    unit = forms.CharField(label=_("责任单位"), max_length=80, required=False)
    due_on = forms.DateField(label=_("应解决日"), required=False, widget=date_input())
    interaction = forms.ModelChoiceField(
        label=_("走访记录"),
        queryset=Interaction.objects.none(),
        required=False,
        empty_label=_("不是走访时提出的"),
    )

    def __init__(self, data: Any = None, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files, project=project)
        visits = project.interactions.current().filter(kind=InteractionKind.AFTERCARE)
        self.fields["interaction"].queryset = visits.order_by("-occurred_on")  # type: ignore[attr-defined]


class SolveForm(forms.Form):
    on = forms.DateField(label=_("解决日"), widget=date_input())
    solution = forms.CharField(label=_("怎么解决的"), max_length=400)

    def __init__(self, data: Any = None, *, issue: AftercareIssue) -> None:
        initial = {"solution": issue.solution}
        super().__init__(data, prefix=f"solve-{issue.pk}", initial=initial)


class FactorEditForm(forms.Form):
    """What is needed, whose it is, by when."""

    detail = forms.CharField(label=_("需求"), max_length=200, required=False)
    unit = forms.CharField(label=_("责任单位"), max_length=80, required=False)
    due_on = forms.DateField(label=_("应完成日"), required=False, widget=date_input())

    def __init__(self, data: Any = None, *, need: FactorNeed) -> None:
        initial = {"detail": need.detail, "unit": need.unit, "due_on": need.due_on}
        super().__init__(data, prefix=f"factor-{need.pk}", initial=initial)


class ExpansionForm(OfProject):
    """A reinvestment lead: what the company wants to build next."""

    name = forms.CharField(label=_("增资项目名称"), max_length=160)
    investment = forms.DecimalField(
        label=_("意向投资（万元）"),
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=16,
        decimal_places=6,
    )
    content = forms.CharField(
        label=_("打算建什么"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
