"""The grid of a year's targets: metric × holder, the year and the first three quarters' ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Park
from pipeline.metrics import METRICS, SCALES, UNIT_WORDS, YUAN, Definition
from pipeline.target_setting import Wanted, holders
from pipeline.targets import Holder

STEPS = ("value", "q1", "q2", "q3")


@dataclass(frozen=True, slots=True)
class Line:
    """One holder's line of a metric: its cells in the order of ``STEPS`` (a rate has one)."""

    holder: Holder
    name: str
    cells: list[forms.BoundField]


@dataclass(frozen=True, slots=True)
class Block:
    """A metric with its unit and the lines of the county and each park."""

    metric: Definition
    unit: Any
    lines: list[Line]


class TargetsForm(forms.Form):
    """Numbers in 个, 亿元 and %; the verbs get projects, yuan and fractions of 1."""

    reason = forms.CharField(
        label=_("依据或调整原因"),
        max_length=200,
        help_text=_("例如下达目标的文件号；每次调整都留旧值、改的人、时间和原因"),
    )

    def __init__(
        self, *args: Any, parks: Iterable[Park], values: Iterable[Wanted] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parks = list(parks)
        known = {(want.metric, want.holder): want for want in values}
        for metric, found in METRICS.items():
            for holder, name in self.holders():
                want = known.get((metric, holder))
                for step in STEPS[: 1 if found.is_rate else 4]:
                    self.fields[_key(metric, holder, step)] = forms.DecimalField(
                        label=f"{found.label} {name} {_LABELS[step]}",
                        required=False,
                        min_value=0,
                        max_digits=14,
                        decimal_places=6 if found.unit == YUAN else 2,
                        initial=_shown(want, step, found.unit),
                        widget=forms.NumberInput(
                            attrs={"class": "form-control", "step": "any", "inputmode": "decimal"}
                        ),
                    )

    def holders(self) -> list[tuple[Holder, str]]:
        """The county, then each park."""
        return [
            (holder, park.short_name if park else str(_("全县")))
            for holder, park in holders(self.parks)
        ]

    def blocks(self) -> list[Block]:
        """The grid as the page shows it."""
        return [
            Block(
                found,
                UNIT_WORDS[found.unit],
                [
                    Line(
                        holder,
                        name,
                        [
                            self[_key(metric, holder, step)]
                            for step in STEPS[: 1 if found.is_rate else 4]
                        ],
                    )
                    for holder, name in self.holders()
                ],
            )
            for metric, found in METRICS.items()
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for metric, found in METRICS.items():
            for holder, _name in self.holders():
                self._check(given, metric, holder, found)
        return given

    def _check(self, given: Mapping[str, Any], metric: str, holder: Holder, of: Definition) -> None:
        whole = given.get(_key(metric, holder, "value"))
        quarters = [given.get(_key(metric, holder, step)) for step in STEPS[1:]]
        there = [quarter is not None for quarter in quarters]
        key = _key(metric, holder, "value")
        if of.is_rate or not any(there):
            return
        if whole is None:
            self.add_error(key, _("填了季度计划，也要填全年目标"))
        elif not all(there):
            self.add_error(key, _("季度计划要么三个都填，要么都不填"))
        elif not all(a <= b for a, b in zip(quarters, [*quarters[1:], whole], strict=True)):
            self.add_error(key, _("季度计划要逐季不减，且不超过全年目标"))

    def wanted(self) -> list[Wanted]:
        """The targets that were filled in, in yuan, projects and fractions of 1."""
        given, found = self.cleaned_data, []
        for metric, definition in METRICS.items():
            scale = SCALES[definition.unit]
            for holder, _name in self.holders():
                value = given.get(_key(metric, holder, "value"))
                if value is None:
                    continue
                plan = [given.get(_key(metric, holder, step)) for step in STEPS[1:]]
                parts = [part * scale for part in plan if part is not None]
                whole = (parts[0], parts[1], parts[2]) if parts else None
                found.append(Wanted(metric, holder, value * scale, whole))
        return found


_LABELS = {"value": _("全年"), "q1": _("至一季度"), "q2": _("至二季度"), "q3": _("至三季度")}


def _key(metric: str, holder: Holder, step: str) -> str:
    kind, of = holder
    return f"{metric}-{of if of is not None else str(kind)}-{step}"


def _shown(want: Wanted | None, step: str, unit: str) -> Decimal | None:
    if want is None or (step != "value" and want.plan is None):
        return None
    exact = want.value if step == "value" else (want.plan or ())[STEPS.index(step) - 1]
    value = (exact / SCALES[unit]).normalize()
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent <= 0 else value.quantize(Decimal(1))


class ProposalReasonForm(forms.Form):
    """Why a proposal is turned down or taken back."""

    reason = forms.CharField(label=_("原因"), max_length=200)
