"""The forms of meetings: recording one, and correcting what its minutes were split into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files import File
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from crm.models import Unit
from crm.refusals import Refused
from crm.units import UnitNames
from pipeline.forms.projects import date_input
from pipeline.forms.widgets import QuickSelect
from pipeline.meetings import (
    LONGEST_LEADER,
    LONGEST_SOURCE,
    Entry,
    LeaderNames,
    NoMinutes,
    NumberTaken,
    units_named,
)
from pipeline.minutes import files
from pipeline.models import Ledger, LedgerKind, Meeting

FILLS_ITSELF = (LedgerKind.NOT_STARTED, LedgerKind.INSTRUCTIONS)


class MeetingForm(forms.ModelForm):
    """A meeting and its minutes: pasted, or read from a file."""

    class Meta:
        model = Meeting
        fields = ("ledger", "title", "number", "held_on", "text")
        widgets = {
            "ledger": QuickSelect(),
            "held_on": date_input(),
            "text": forms.Textarea(attrs={"rows": 14}),
        }

    file = forms.FileField(
        label=_("会议纪要文件"),
        required=False,
        help_text=_("Word（.docx）、Excel、文本文件会读出文字；PDF 和图片只存档，文字要粘贴"),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        fields: Any = self.fields
        fields["ledger"].queryset = Ledger.objects.filter(closed_at=None).exclude(
            kind__in=FILLS_ITSELF
        )
        fields["number"].help_text = _("如：平政专纪〔2026〕12号；没有的留空")
        fields["text"].help_text = _(
            "一、（一）1. 等编号各成一项，下级编号是下级事项；"
            "责任单位、配合单位、牵头领导、完成时限写在括号里或单独成行"
        )
        if self.instance.pk:
            del fields["file"]

    def clean_held_on(self) -> dt.date:
        held_on: dt.date = self.cleaned_data["held_on"]
        if held_on > self.today:
            raise forms.ValidationError(_("会议召开日不能晚于今天"))
        return held_on

    def _post_clean(self) -> None:
        """Columns are written by the verb, not by the form."""

    def refuse(self, refusal: Refused) -> None:
        """Put a refusal where it belongs."""
        field = {NumberTaken: "number", NoMinutes: "text"}.get(type(refusal))
        is_of_file = type(refusal).__name__ in ("UnreadableMinutes", "TooLarge", "UnknownFormat")
        self.add_error(
            field or ("file" if is_of_file and "file" in self.fields else None), str(refusal)
        )

    def keep_text(self) -> None:
        """Put a file's text where pasted text goes: a browser forgets the file."""
        file: File[bytes] | None = self.files.get("file")
        if file is None or self.data.get("text", "").strip():
            return
        try:
            text = files.text_of(file, files.check(file))
        except Refused:
            return
        if text:
            self.data = {**dict(self.data.items()), "text": text}


class EntryForm(forms.Form):
    """An item to be; ``doubts`` say of each field what a person has to look at."""

    wanted = forms.BooleanField(label=_("建账"), required=False)
    goal = forms.CharField(
        label=_("目标任务"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    unit = forms.TypedChoiceField(
        label=_("责任单位"), required=False, empty_value=None, widget=QuickSelect
    )
    supporting = forms.CharField(label=_("配合单位"), max_length=400, required=False)
    leader = forms.CharField(label=_("牵头领导"), max_length=LONGEST_LEADER, required=False)
    due_on = forms.DateField(label=_("完成时限"), required=False, widget=date_input())
    is_major = forms.BooleanField(label=_("重大复杂事项"), required=False)
    parent = forms.IntegerField(label=_("上级（第几项）"), required=False, min_value=1)
    source = forms.CharField(label=_("来源"), max_length=LONGEST_SOURCE, required=False)
    detail = forms.CharField(
        label=_("工作要求"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        place: int,
        units: Sequence[Unit],
        leaders: LeaderNames,
        entry: Entry | None = None,
    ) -> None:
        initial = _initial(entry) if entry is not None else {"wanted": True}
        super().__init__(data, prefix=f"e{place}", initial=initial)
        self.place, self.leaders = place, leaders
        self.names = UnitNames(units)
        self.doubts = entry.doubts if entry is not None else {}
        fields: Any = self.fields
        # The units are read once for the whole page, not once for each row.
        known = {str(unit.pk): unit for unit in units}
        fields["unit"].choices = [("", _("待定")), *((key, u.name) for key, u in known.items())]
        fields["unit"].coerce = lambda key: known[str(key)]
        for name, field in self.fields.items():
            widget = field.widget
            checks = isinstance(widget, forms.CheckboxInput)
            picks = isinstance(widget, forms.Select)
            widget.attrs["class"] = (
                "form-check-input" if checks else "form-select" if picks else "form-control"
            )
            if name in self.doubts:
                widget.attrs["aria-describedby"] = f"doubt-{place}-{name}"

    @property
    def number(self) -> int:
        """The row's number as people count."""
        return self.place + 1

    @property
    def columns(self) -> list[tuple[forms.BoundField, list[str]]]:
        """The fields that are typed, with their doubts."""
        return [
            (field, self.doubts.get(field.name, [])) for field in self if field.name != "wanted"
        ]

    def full_clean(self) -> None:
        """What is left out is not checked, and stays as it was typed."""
        super().full_clean()
        if self.is_bound and not self.is_wanted:
            self._errors = ErrorDict()

    @property
    def is_wanted(self) -> bool:
        return bool(self.data.get(self.add_prefix("wanted"))) if self.is_bound else True

    def clean_supporting(self) -> list[Unit]:
        found: dict[int, Unit] = {}
        text = self.cleaned_data["supporting"].replace("，", "、").replace(",", "、")
        for name in filter(None, map(str.strip, text.split("、"))):
            units = units_named(name, self.names)
            if units is None:
                raise forms.ValidationError(
                    _("不认识“%(name)s”，请写全称或别名"), params={"name": name}
                )
            found |= {unit.pk: unit for unit in units}
        return list(found.values())

    def entry(self) -> Entry:
        """The row as a person left it; ``is_valid`` comes first."""
        if not self.is_wanted:
            return Entry(goal="", is_wanted=False)
        said = self.cleaned_data
        leader = self.leaders.find(said["leader"]) if said["leader"] else None
        return Entry(
            goal=said["goal"],
            detail=said["detail"],
            source=said["source"],
            unit=said["unit"],
            supporting=tuple(said["supporting"]),
            leader=leader,
            leader_text="" if leader is not None else said["leader"],
            is_major=said["is_major"],
            due_on=said["due_on"],
            parent=said["parent"] - 1 if said["parent"] else None,
        )


def are_valid(rows: Sequence[EntryForm]) -> bool:
    """Whether every row is right, also beside the others; faults stand at their fields."""
    valid = [row.is_valid() for row in rows]
    for row in rows:
        above = row.cleaned_data.get("parent") if row.is_wanted and row.is_valid() else None
        if above and (above >= row.number or not rows[above - 1].is_wanted):
            row.add_error("parent", _("上级要是前面已选的一项"))
            valid.append(False)
    return all(valid)


def _initial(entry: Entry) -> dict[str, Any]:
    return {
        "wanted": entry.is_wanted,
        "goal": entry.goal,
        "unit": entry.unit.pk if entry.unit is not None else None,
        "supporting": "、".join(unit.name for unit in entry.supporting),
        "leader": str(entry.leader) if entry.leader is not None else entry.leader_text,
        "due_on": entry.due_on,
        "is_major": entry.is_major,
        "parent": entry.parent + 1 if entry.parent is not None else None,
        "detail": entry.detail,
        "source": entry.source,
    }
