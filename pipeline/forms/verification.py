"""Narrowing the verifier's queue, and answering what stands in it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Park, Role, User
from pipeline.forms.widgets import QuickSelect
from pipeline.models import ReturnReason
from pipeline.stages import MilestoneKind
from pipeline.verification import FUNDS, Narrowing

LONGEST = 200
NO_PARK = "none"
AGES = (("3", _("3 天以上")), ("7", _("7 天以上")), ("30", _("30 天以上")))


def _select() -> QuickSelect:
    return QuickSelect(attrs={"class": "form-select"})


def _choice(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=_select())


class NarrowingForm(forms.Form):
    """The filters of the queue, as they stand in the URL; what is nonsense narrows nothing."""

    kind = _choice(_("事项"), [("", _("全部")), *MilestoneKind.choices, (FUNDS, _("到位资金"))])
    park = _choice(_("园区"), [])
    officer = forms.ModelChoiceField(
        label=_("招商专员"),
        queryset=User.objects.filter(role__in=[Role.OFFICER, Role.MANAGER]),
        to_field_name="username",
        required=False,
        empty_label=_("全部"),
        widget=_select(),
    )
    age = _choice(_("已等"), [("", _("全部")), *AGES])
    evidence = _choice(
        _("证据"),
        [("", _("全部")), ("complete", _("齐全")), ("incomplete", _("不齐或有破例"))],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        parks = [(park.slug, park.short_name) for park in Park.objects.all()]
        self.fields["park"].choices = [  # type: ignore[attr-defined]
            ("", _("全部")),
            *parks,
            (NO_PARK, _("未落园区")),
        ]

    def given(self) -> dict[str, str]:
        """What narrows, as the URL has it."""
        self.is_valid()
        return {name: self.data[name] for name in self.fields if self.cleaned_data.get(name)}

    def narrowing(self, *, at: dt.datetime) -> Narrowing:
        """What to look at, at an instant."""
        self.is_valid()
        said = self.cleaned_data
        park = said.get("park") or ""
        age = said.get("age")
        return Narrowing(
            kind=said.get("kind") or "",
            park=Park.objects.filter(slug=park).first() if park not in ("", NO_PARK) else None,
            no_park=park == NO_PARK,
            officer=said.get("officer"),
            until=at - dt.timedelta(days=int(age)) if age else None,
            evidence=said.get("evidence") or "",
        )


class ReasonsForm(forms.Form):
    """Why a claim goes back: reasons of the county's list, words of one's own, or both."""

    reasons = forms.ModelMultipleChoiceField(
        label=_("原因"),
        queryset=ReturnReason.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=_("补充说明"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, prefix: str = "return") -> None:
        super().__init__(data, prefix=prefix)
        if not self.fields["reasons"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["reasons"]
            self.fields["text"].label = _("原因")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if len(self.reason()) > LONGEST:
            raise forms.ValidationError(
                _("原因连同说明不能超过 %(most)s 个字，请写短些") % {"most": LONGEST}
            )
        return given

    def reason(self) -> str:
        """All of it in one line, as the verb takes it; empty where nothing was said."""
        listed = [str(reason) for reason in self.cleaned_data.get("reasons") or ()]
        own = (self.cleaned_data.get("text") or "").strip()
        return "；".join([*listed, own] if own else listed)
