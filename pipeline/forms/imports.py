"""The forms of the import wizard: which workbook, and what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from pipeline import imports
from pipeline.forms.widgets import QuickSelect
from pipeline.models import LoadKind
from pipeline.spreadsheets.fields import Table

HINTS = {
    LoadKind.LEDGER: _("一行一个项目：签约、开工、投产、到位资金；按历史数据登记并核验"),
    LoadKind.ORGANIZATIONS: _("一行一家企业，可带一位联系人；同一企业的多行会加上多位联系人"),
    LoadKind.FUNDS: _("一行一笔到位资金：项目、时间、金额；由导入的核验员核验"),
    LoadKind.INTERACTIONS: _("一行一次接洽：项目或企业、时间、方式、内容"),
}


class UploadForm(forms.Form):
    """What is in a workbook, and the workbook."""

    kind = forms.ChoiceField(label=_("文件里是什么"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("工作簿"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm,.xls,.csv"}),
        error_messages={"required": _("请选择文件"), "empty": _("文件是空的，请重新选择")},
    )

    def __init__(self, data: Any = None, files: Any = None, *, user: User, kind: str = "") -> None:
        super().__init__(data, files)
        kinds = imports.kinds_for(user)
        field = self.fields["kind"]
        field.choices = [(k, LoadKind(k).label) for k in kinds]  # type: ignore[attr-defined]
        field.initial = kind if kind in kinds else next(iter(kinds), "")
        self.kinds = [(k, LoadKind(k).label, HINTS[LoadKind(k)]) for k in kinds]

    @property
    def chosen(self) -> str:
        """The kind that is marked."""
        return str(self["kind"].value() or "")


class MappingForm(forms.Form):
    """What each column of each sheet is: a select for every column that has a header."""

    def __init__(
        self,
        data: Any = None,
        *,
        sheets: list[dict[str, Any]],
        table: Table,
        known: Mapping[str, str],
    ) -> None:
        super().__init__(data)
        self.sheets, self.table = sheets, table
        needed = {name for names in table.needed for name in names}
        choices = [("", _("— 不导入 —"))] + [
            (f.name, f.variants[0] + ("*" if f.name in needed else ""))
            for f in table.fields.values()
            if f.attribute or f.kind == "claim"
        ]
        names = {name for name, _label in choices}
        for at, sheet in enumerate(sheets):
            for number, column in enumerate(sheet["columns"]):
                said = known.get(column["header"], column["field"])
                guess = said if said in names else ""
                self.fields[f"c{at}-{number}"] = forms.ChoiceField(
                    label=f"{sheet['name']} {column['letter']} {column['header']}",
                    choices=choices,
                    required=False,
                    initial=guess,
                    widget=QuickSelect(attrs={"class": "form-select"}),
                )

    def clean(self) -> dict[str, Any]:
        """The columns together say enough, and nothing twice."""
        cleaned = super().clean() or {}
        chosen = [
            [cleaned.get(f"c{at}-{number}", "") for number in range(len(sheet["columns"]))]
            for at, sheet in enumerate(self.sheets)
        ]
        guesses = [
            {**sheet, "columns": [self._readable(column) for column in sheet["columns"]]}
            for sheet in self.sheets
        ]
        try:
            self.header_map = imports.mapping(guesses, chosen, self.table)
        except imports.BadMapping as refusal:
            raise forms.ValidationError([str(point) for point in refusal.details]) from refusal
        return cleaned

    def _readable(self, column: dict[str, Any]) -> dict[str, Any]:
        """A serial number is known and not loaded: nothing has to be said of it."""
        field = self.table.fields.get(column["field"])
        is_loaded = field is not None and (field.attribute or field.kind == "claim")
        return column if is_loaded else {**column, "field": ""}

    def shown(self) -> list[dict[str, Any]]:
        """The sheets with their columns, each with its select and what is still missing."""
        found = []
        for at, sheet in enumerate(self.sheets):
            columns = []
            for number, column in enumerate(sheet["columns"]):
                bound = self[f"c{at}-{number}"]
                columns.append({**column, "select": bound, "is_used": bool(bound.value())})
            used = {column["select"].value() for column in columns}
            missing = imports.missing_of(used, self.table) if columns else []
            found.append({**sheet, "columns": columns, "missing": missing})
        return found
