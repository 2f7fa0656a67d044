"""The gate's dialog: each requirement with a field for what is missing, and the claim."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from crm.models import Channel, Industry, Park, User
from crm.refusals import Refused
from crm.rights import may
from pipeline.forms.lists import officers_for
from pipeline.forms.milestones import FilesField, SeveralFiles
from pipeline.forms.widgets import QuickSelect
from pipeline.models import DocumentKind, InteractionKind, Project
from pipeline.moving import CannotSupply, Check, Move, Supplies
from pipeline.refusals import GateClosed
from pipeline.stages import Precision
from pipeline.written import WAN

_SELECT = {"class": "form-select"}
_INPUT = {"class": "form-control"}


def _text(label: Any, *, most: int, help_text: Any = "", rows: int = 0) -> forms.CharField:
    widget: Any = forms.Textarea(attrs={**_INPUT, "rows": rows}) if rows else None
    return forms.CharField(
        label=label,
        max_length=most,
        required=False,
        help_text=help_text,
        widget=widget or forms.TextInput(attrs=_INPUT),
    )


def _day(label: Any, *, required: bool = False) -> forms.DateField:
    widget = forms.DateInput(attrs={**_INPUT, "type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget)


def _choice(label: Any, choices: Any, *, initial: Any = None) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=False,
        initial=initial,
        widget=QuickSelect(attrs=_SELECT),
    )


def _row(label: Any, rows: Any) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label,
        queryset=rows,
        required=False,
        empty_label=_("请选择"),
        widget=QuickSelect(attrs=_SELECT),
    )


def _tick(label: Any) -> forms.BooleanField:
    tick = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(label=label, required=False, widget=tick)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the gate: the requirement, whether it is met, and the fields that supply it."""

    check: Check
    fields: list[BoundField]

    @property
    def is_asked(self) -> bool:
        """Whether the claim itself says it, so that it is neither met nor missing yet."""
        return self.check.need.code in {"day", "amount"}


class GateForm(forms.Form):
    """Fields for what is missing, by the requirement's ``supply``; the day and the amount."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        project: Project,
        move: Move,
        checks: Sequence[Check],
        user: User,
    ) -> None:
        super().__init__(data, files, prefix="gate")
        self._project, self._user = project, user
        self._checks = checks
        self._supplied: dict[str, list[str]] = {}  # supply: its fields' names
        for check in checks:
            if not check.is_met or check.need.code in {"day", "amount"}:
                self._ask(check)
        self.fields["note"] = _text(_("说明"), most=200)
        if may(user, "milestone.override", project):
            self.fields["override_reason"] = _text(
                _("破例原因"),
                most=200,
                help_text=_("缺材料而必须先申报时填写；会列入每份相关报表"),
            )

    def _ask(self, check: Check) -> None:
        """The fields of one requirement, once for each ``supply``."""
        supply = check.need.supply
        what, _colon, kind = supply.partition(":")
        if supply in self._supplied:
            return
        new: dict[str, forms.Field] = {}
        match what:
            case "officer":
                new["officer"] = _row(_("招商专员"), officers_for(self._user))
            case "contacts":
                new["contact_name"] = _text(_("姓名"), most=40)
                new["contact_title"] = _text(_("职务"), most=60)
                new["contact_phone"] = _text(_("电话"), most=30)
            case "interactions":
                new["met_kind"] = _choice(_("方式"), InteractionKind.choices)
                new["met_on"] = _day(_("日期"))
                new["met_summary"] = _text(_("内容"), most=2000, rows=2)
            case "duplicates_answer":
                new["duplicates_answer"] = _text(
                    _("查重结论"),
                    most=200,
                    help_text=_("写明查过哪些同名、同址或关联项目，结论如何"),
                )
            case "park":
                parks = Park.objects.all()
                if self._user.park_id is not None:
                    parks = parks.filter(pk=self._user.park_id)
                new["park"] = _row(_("园区"), parks)
                new["is_county_level"] = _tick(_("县级项目，不落园区"))
            case "industry":
                new["industry"] = _row(_("行业"), Industry.objects.all())
            case "channel":
                new["channel"] = _row(_("招商方式"), Channel.objects.all())
            case "project_code":
                new["project_code"] = _text(
                    _("备案项目代码"), most=24, help_text=_("如 2306-140829-04-01-123456")
                )
            case "amount":
                new["amount"] = self._amount()
            case "occurred_on":
                new["occurred_on"] = _day(_("发生日"), required=True)
                new["month_only"] = _tick(_("只知道月份"))
            case "document":
                new |= self._upload(check, kind)
            case "review":
                passed = [("", _("请选择")), ("yes", _("通过")), ("no", _("未通过"))]
                new[f"review_{kind}"] = _choice(_("结论"), passed)
                new[f"review_{kind}_on"] = _day(_("日期"))
                new[f"review_{kind}_note"] = _text(_("说明"), most=200)
            case "factor":
                new["land_on"] = _day(_("用地落实日"))
                new["land_detail"] = _text(_("地块"), most=200)
        self.fields.update(new)
        self._supplied[supply] = list(new)

    def _amount(self) -> forms.DecimalField:
        agreed = self._project.agreed_investment
        return forms.DecimalField(
            label=_("协议总投资（万元）"),
            min_value=Decimal("0.000001"),
            max_digits=16,
            decimal_places=6,
            required=False,
            initial=None if agreed is None else f"{(agreed / WAN).normalize():f}",
            help_text=_("以合同为准"),
            widget=forms.NumberInput(attrs={**_INPUT, "step": "any"}),
        )

    def _upload(self, check: Check, kind: str) -> dict[str, forms.Field]:
        """Files; kept by the page when the form comes back, which no server can do."""
        widget = SeveralFiles(attrs={**_INPUT, "hx-preserve": "true"})
        has_kinds = len(check.need.documents) > 1
        new: dict[str, forms.Field] = {
            f"file_{kind}": FilesField(
                label=_("文件") if has_kinds else DocumentKind(kind).label,
                required=False,
                widget=widget,
                help_text=_("PDF、图片（JPG、PNG、WebP）或 Word、Excel，可多选"),
            )
        }
        if has_kinds:
            kinds = [(name, DocumentKind(name).label) for name in check.need.documents]
            new[f"file_{kind}_kind"] = _choice(_("文件类型"), kinds, initial=kind)
        return new

    def items(self) -> Iterator[Item]:
        """The gate's lines with their fields, each field at the first line that it supplies."""
        shown: set[str] = set()
        for check in self._checks:
            names = [n for n in self._supplied.get(check.need.supply, []) if n not in shown]
            shown.update(names)
            yield Item(check, [self[name] for name in names])

    def rest(self) -> list[BoundField]:
        """The fields of the claim that no requirement asks for."""
        return [self[name] for name in ("note", "override_reason") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        """What is begun has to be whole."""
        given = super().clean() or {}
        self._whole(given, "contact_name", ("contact_title", "contact_phone"), _("请填写姓名"))
        self._whole(given, "met_on", ("met_summary",), _("请填写日期"))
        self._whole(given, "met_summary", ("met_on",), _("请写下接洽内容"))
        for supply in self._supplied:
            if supply.startswith("review:"):
                self._review(given, f"review_{supply.removeprefix('review:')}")
        self._whole(given, "land_on", ("land_detail",), _("请填写落实日"))
        if given.get("park") and given.get("is_county_level"):
            self.add_error("park", _("县级项目不落园区，请二选一"))
        return given

    def _review(self, given: dict[str, Any], name: str) -> None:
        self._whole(given, name, (f"{name}_on", f"{name}_note"), _("请选择结论"))
        self._whole(given, f"{name}_on", (name,), _("请填写日期"))

    def _whole(self, given: dict[str, Any], name: str, others: tuple[str, ...], words: Any) -> None:
        is_begun = any(given.get(other) for other in others)
        if is_begun and name in self.fields and not given.get(name) and name not in self.errors:
            self.add_error(name, words)

    def claim_fields(self) -> dict[str, Any]:
        """The keyword arguments of ``moving.supply_and_claim`` but ``move``."""
        given = self.cleaned_data
        amount = given.get("amount")
        is_month = given.get("month_only")
        return {
            "supplies": self._supplies(),
            "occurred_on": given["occurred_on"],
            "precision": Precision.MONTH if is_month else Precision.DAY,
            "amount": None if amount is None else amount * WAN,
            "note": given["note"].strip(),
            "override_reason": given.get("override_reason", "").strip(),
        }

    def _supplies(self) -> Supplies:
        given = self.cleaned_data
        names = ("officer", "duplicates_answer", "park", "industry", "channel", "project_code")
        fields = {name: given[name] for name in names if given.get(name)}
        if given.get("is_county_level"):
            fields["is_county_level"] = True
        supplies = Supplies(fields=fields)
        if given.get("contact_name"):
            supplies.contact = {
                part: given[f"contact_{part}"] for part in ("name", "title", "phone")
            }
        if given.get("met_on"):
            supplies.interaction = {
                "kind": given["met_kind"],
                "occurred_on": given["met_on"],
                "summary": given["met_summary"],
            }
        if given.get("land_on"):
            supplies.land = {"detail": given["land_detail"], "met_on": given["land_on"]}
        supplies.reviews = list(self._reviews(given))
        supplies.files = [
            (supply, given.get(f"file_{kind}_kind") or kind, file)
            for supply in self._supplied
            if (kind := supply.removeprefix("document:")) != supply
            for file in given.get(f"file_{kind}") or ()
        ]
        return supplies

    def _reviews(self, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for supply in self._supplied:
            what, _colon, kind = supply.partition(":")
            if what == "review" and given.get(f"review_{kind}"):
                held_on: dt.date = given[f"review_{kind}_on"]
                yield {
                    "kind": kind,
                    "passed": given[f"review_{kind}"] == "yes",
                    "held_on": held_on,
                    "note": given[f"review_{kind}_note"],
                }

    def refuse(self, refusal: Refused) -> None:
        """Say a verb's refusal at the field that it is about."""
        if isinstance(refusal, GateClosed):
            for need in refusal.details:
                self._say(need.supply, _("还缺：%(need)s") % {"need": need.label})
        elif isinstance(refusal, CannotSupply):
            self._say(refusal.supply, str(refusal))
        else:
            self.add_error(None, str(refusal))

    def _say(self, supply: str, words: Any) -> None:
        names = self._supplied.get(supply)
        self.add_error(names[0] if names else None, words)
