"""The small form of an item's progress in a month; a page holds one for each item."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.models import LedgerItem, ProgressState
from pipeline.monthly_progress import Filing


class ProgressForm(forms.Form):
    """How an item went; ``filing`` is what stands there already, ``before`` what
    was filed for the month before."""

    state = forms.ChoiceField(
        label=_("进展"), choices=ProgressState, widget=forms.Select(attrs={"class": "form-select"})
    )
    text = forms.CharField(
        label=_("进展情况"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
        error_messages={"required": _("请写明进展情况")},
    )
    obstacle = forms.CharField(
        label=_("存在问题"),
        max_length=300,
        required=False,
        help_text=_("遇到困难的必填"),
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        item: LedgerItem,
        filing: Filing | None,
        before: Filing | None = None,
    ) -> None:
        row = filing.newest if filing else None
        stands = {
            "state": row.state if row else ProgressState.ON_TRACK,
            "text": row.text if row else "",
            "obstacle": row.obstacle if row else "",
        }
        super().__init__(data, prefix=f"item-{item.pk}", initial=stands)
        self.item, self.filing, self.before = item, filing, before

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("state") == ProgressState.DIFFICULT and not found.get("obstacle"):
            self.add_error("obstacle", _("遇到困难的，请写明存在问题"))
        return found
