"""The table of an assessment, appealing against a card and answering, finding a falsehood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.assessment_measures import Measure, of_level
from pipeline.metrics import UNIT_WORDS, YUAN
from pipeline.score_schemes import Entry
from pipeline.written import YI

CELLS = ("weight", "target", "per_case", "name")
_LABELS = {
    "weight": _("分值"),
    "target": _("目标值"),
    "per_case": _("每件扣分"),
    "name": _("名称"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A measure that the table may hold, with its cells; without a weight it is left out."""

    measure: Measure
    unit: Any
    weight: forms.BoundField
    target: forms.BoundField | None
    per_case: forms.BoundField | None
    name: forms.BoundField

    @property
    def errors(self) -> list[Any]:
        """What is wrong with any of the cells."""
        cells = (self.weight, self.target, self.per_case, self.name)
        return [error for cell in cells if cell is not None for error in cell.errors]


class SchemeForm(forms.Form):
    """Weights in points, targets in 个, 亿元 and %; the verb gets yuan."""

    reason = forms.CharField(
        label=_("依据或调整原因"),
        max_length=200,
        help_text=_("例如考核办法的文件号；每次调整都留旧办法、改的人、时间和原因"),
    )

    def __init__(
        self, *args: Any, level: str, entries: Iterable[Entry] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.measures = of_level(level)
        known = {entry.measure: entry for entry in entries}
        for measure in self.measures:
            for cell in CELLS:
                if cell == ("target" if measure.is_deduction else "per_case"):
                    continue
                self.fields[f"{measure.code}-{cell}"] = _field(
                    measure, cell, known.get(measure.code)
                )

    def rows(self) -> list[Row]:
        """The measures as the page shows them."""
        return [
            Row(
                measure,
                UNIT_WORDS[measure.unit],
                self[f"{measure.code}-weight"],
                None if measure.is_deduction else self[f"{measure.code}-target"],
                self[f"{measure.code}-per_case"] if measure.is_deduction else None,
                self[f"{measure.code}-name"],
            )
            for measure in self.measures
        ]

    def wanted(self) -> list[Entry]:
        """The lines that were given a weight, in the table's order."""
        given, found = self.cleaned_data, []
        for measure in self.measures:
            weight = given.get(f"{measure.code}-weight")
            if weight is None:
                continue
            target = given.get(f"{measure.code}-target")
            found.append(
                Entry(
                    measure.code,
                    weight,
                    None if target is None else target * _scale(measure),
                    given.get(f"{measure.code}-per_case"),
                    given.get(f"{measure.code}-name", ""),
                )
            )
        return found


def _scale(measure: Measure) -> Decimal:
    """What a written target is multiplied by; a rate stays in per cent."""
    return YI if measure.unit == YUAN else Decimal(1)


def _field(measure: Measure, cell: str, entry: Entry | None) -> forms.Field:
    label = f"{measure.label} {_LABELS[cell]}"
    initial = getattr(entry, cell) if entry else None
    if cell == "name":
        return forms.CharField(
            label=label,
            required=False,
            max_length=60,
            initial=initial,
            widget=forms.TextInput(
                attrs={"class": "form-control", "placeholder": str(measure.label)}
            ),
        )
    if initial is not None and cell == "target":
        initial /= _scale(measure)
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.01") if cell != "target" else Decimal(0),
        max_digits=14,
        decimal_places=6 if cell == "target" and measure.unit == YUAN else 2,
        initial=None if initial is None else f"{initial.normalize():f}",
        widget=forms.NumberInput(
            attrs={
                "class": "form-control",
                "step": "any",
                "inputmode": "decimal",
                **({"data-weight": ""} if cell == "weight" and not measure.is_deduction else {}),
            }
        ),
    )


class AppealForm(forms.Form):
    """Which line is wrong, and why."""

    measure = forms.ChoiceField(label=_("对哪一项"))
    text = forms.CharField(
        label=_("申诉理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, choices: Iterable[tuple[str, Any]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measure"].choices = list(choices)  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """Granted with points, or declined; with the reason."""

    decision = forms.ChoiceField(
        label=_("结论"),
        choices=[("granted", _("成立，调整得分")), ("declined", _("不成立"))],
        widget=forms.RadioSelect,
    )
    points = forms.DecimalField(
        label=_("调整分"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=5,
        decimal_places=2,
        help_text=_("成立的才填；不超过这一项的失分"),
    )
    text = forms.CharField(
        label=_("答复理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("decision") == "granted" and given.get("points") is None:
            self.add_error("points", _("申诉成立要写明调整几分"))
        return given


class FalsehoodForm(forms.Form):
    """The day and the grounds of a finding."""

    found_on = forms.DateField(
        label=_("认定日"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    reason = forms.CharField(
        label=_("认定事由"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
