"""Taking the step that a lead is owed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.dossier import OfProject
from pipeline.models import LeadStepKind, Project


class LeadStepForm(OfProject):
    """What was done; a verdict where the lead is to be judged."""

    kind = forms.ChoiceField(choices=LeadStepKind, widget=forms.HiddenInput())
    text = forms.CharField(label=_("办理情况"), max_length=300)
    is_worth = forms.TypedChoiceField(
        label=_("研判结论"),
        choices=(("", "—"), ("yes", _("值得跟进")), ("no", _("不值得跟进"))),
        coerce=lambda value: {"yes": True, "no": False}[value],
        empty_value=None,
        required=False,
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, project: Project, kind: str = ""
    ) -> None:
        super().__init__(data, files, project=project)
        kind = kind or str((data or {}).get(self.add_prefix("kind"), ""))
        self.initial["kind"] = kind
        if kind != LeadStepKind.JUDGED:
            del self.fields["is_worth"]
