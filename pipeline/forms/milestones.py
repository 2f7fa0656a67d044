"""Claiming a milestone, and answering a claim."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.rights import may
from pipeline.forms.projects import date_input
from pipeline.models import Document, DocumentKind, Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind, Precision
from pipeline.written import WAN

# One choice names the milestone and, for a signing, the kind of contract.
KINDS: tuple[tuple[str, Any], ...] = (
    ("contact", _("接洽")),
    ("signing:formal", _("签约：正式合同")),
    ("signing:framework", _("签约：框架协议（不计入签约）")),
    ("signing:expansion", _("签约：增资合同")),
    ("filing", _("备案")),
    ("groundbreaking", _("开工")),
    ("statistics", _("入统")),
    ("production", _("投产")),
)


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; cleaned to a list."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [super(FilesField, self).clean(file, initial) for file in files]


class DocumentsField(forms.ModelMultipleChoiceField):
    """Files of a project, told apart by more than their names."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.get_kind_display()}，{obj.uploaded_at:%Y-%m-%d}）"


class DayForm(forms.Form):
    """A day, or a month of which the day is not known."""

    occurred_on = forms.DateField(label=_("发生日"), widget=date_input())
    month_only = forms.BooleanField(
        label=_("只知道月份"), required=False, help_text=_("按当月最后一天计，当月的按今天计")
    )

    def day(self) -> dict[str, Any]:
        """The day, and how exactly it is known, as the verbs take them."""
        return {
            "occurred_on": self.cleaned_data["occurred_on"],
            "precision": Precision.MONTH if self.cleaned_data["month_only"] else Precision.DAY,
        }


class ClaimForm(DayForm):
    """What happened, when, for how much, and what proves it."""

    kind = forms.ChoiceField(label=_("里程碑"), choices=KINDS)
    amount = forms.DecimalField(
        label=_("协议总投资（万元）"),
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=16,
        decimal_places=6,
        help_text=_("签约时必填，以合同为准"),
    )
    expansion = forms.ModelChoiceField(
        label=_("属于哪份增资合同"),
        queryset=Milestone.objects.none(),
        required=False,
        help_text=_("增资扩产自己的开工、投产才选"),
    )
    documents = DocumentsField(
        label=_("用作证据的文件"),
        queryset=Document.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    uploads = FilesField(label=_("另外上传"), required=False)
    uploads_kind = forms.ChoiceField(
        label=_("上传文件的类型"), choices=DocumentKind.choices, required=False
    )
    note = forms.CharField(label=_("说明"), max_length=200, required=False)
    override_reason = forms.CharField(
        label=_("破例原因"),
        max_length=200,
        required=False,
        help_text=_("缺材料而必须先申报时填写；会列入每份相关报表"),
    )

    field_order = ["kind", "occurred_on", "month_only", "amount", "expansion"]

    def __init__(
        self, data: Any = None, files: Any = None, *, project: Project, user: User
    ) -> None:
        super().__init__(data, files, prefix="claim")
        loose = project.documents.filter(milestone__isnull=True)
        expansions = Milestone.objects.effective().filter(
            project=project, contract_kind=ContractKind.EXPANSION
        )
        if loose:
            self._choose("documents", loose)
            self.fields["documents"].initial = [d.pk for d in loose]
        else:
            del self.fields["documents"]
        if project.is_expansion or not expansions:
            del self.fields["expansion"]
        else:
            self._choose("expansion", expansions)
        if not may(user, "milestone.override", project):
            del self.fields["override_reason"]

    def _choose(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def milestone_fields(self) -> dict[str, Any]:
        """The keyword arguments of ``milestones.claim``, but for the documents."""
        given = self.cleaned_data
        kind, _colon, contract = given["kind"].partition(":")
        amount = given["amount"]
        return {
            "kind": MilestoneKind(kind),
            "contract_kind": contract,
            **self.day(),
            "amount": None if amount is None else amount * WAN,
            "expansion": given.get("expansion"),
            "note": given["note"].strip(),
            "override_reason": given.get("override_reason", "").strip(),
        }


class ReasonForm(forms.Form):
    """Why a claim is returned or a milestone revoked; the verb refuses without."""

    reason = forms.CharField(label=_("原因"), max_length=200, required=False)


class CorrectionForm(DayForm):
    """What a milestone should have said, and why it didn't."""

    amount = forms.DecimalField(
        label=_("协议总投资（万元）"),
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=16,
        decimal_places=6,
    )
    reason = forms.CharField(label=_("更正原因"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, milestone: Milestone) -> None:
        initial = {
            "occurred_on": milestone.occurred_on,
            "month_only": milestone.precision == Precision.MONTH,
            "amount": milestone.amount and f"{(milestone.amount / WAN).normalize():f}",
        }
        super().__init__(data, prefix=f"correct-{milestone.pk}", initial=initial)
        if milestone.kind != MilestoneKind.SIGNING:
            del self.fields["amount"]

    def changes(self) -> dict[str, Any]:
        """The keyword arguments of ``milestones.correct`` but ``reason``."""
        changes = self.day()
        if self.cleaned_data.get("amount") is not None:
            changes["amount"] = self.cleaned_data["amount"] * WAN
        return changes
