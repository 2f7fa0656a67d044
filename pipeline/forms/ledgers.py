"""The forms of the ledgers: narrowing the list, writing items, acting on them, keeping."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import Resolver404, resolve
from django.utils.translation import gettext_lazy as _

from crm.models import Area, Role, Unit, User
from pipeline.forms.projects import date_input
from pipeline.forms.widgets import QuickSelect
from pipeline.item_lists import OPEN
from pipeline.lights import Light
from pipeline.models import (
    ItemState,
    Ledger,
    LedgerItem,
    Level,
    Meeting,
    Node,
    Project,
)

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
MOST_FILES = 10


def _select() -> QuickSelect:
    return QuickSelect(attrs={"class": "form-select"})


def _check() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "form-check-input"})


class MonthField(forms.CharField):
    """A month as the URL has it, 2026-11; its first day."""

    def to_python(self, value: Any) -> Any:
        found = MONTH.fullmatch(str(value or ""))
        return dt.date(int(found[1]), int(found[2]), 1) if found else None


class ItemFilter(forms.Form):
    """Which items the list shows; all of it in the URL. What makes no sense is left out."""

    q = forms.CharField(
        label=_("搜索"),
        max_length=60,
        required=False,
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "type": "search",
                "placeholder": _("编号、目标任务、来源、姓名"),
            }
        ),
    )
    light = forms.ChoiceField(
        label=_("亮灯"),
        choices=[("", _("全部")), *((v, w) for v, w in Light.choices if v != Light.NONE)],
        required=False,
        widget=_select(),
    )
    state = forms.ChoiceField(
        label=_("状态"),
        choices=[("", _("全部")), (OPEN, _("未销账")), *ItemState.choices],
        required=False,
        widget=_select(),
    )
    level = forms.TypedChoiceField(
        label=_("督办级别"),
        choices=[("", _("全部")), *((v, w) for v, w in Level.choices if v)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=_select(),
    )
    node = forms.ChoiceField(
        label=_("节点"),
        choices=[("", _("全部")), *Node.choices],
        required=False,
        widget=_select(),
    )
    unit = forms.ModelChoiceField(
        label=_("责任单位"),
        queryset=Unit.objects.all(),
        empty_label=_("全部"),
        required=False,
        widget=_select(),
    )
    area = forms.ModelChoiceField(
        label=_("分管领域"),
        queryset=Area.objects.all(),
        empty_label=_("全部"),
        required=False,
        widget=_select(),
    )
    leader = forms.ModelChoiceField(
        label=_("牵头领导"),
        queryset=User.objects.filter(role=Role.LEADER),
        to_field_name="username",
        empty_label=_("全部"),
        required=False,
        widget=_select(),
    )
    due_from = forms.DateField(label=_("到期不早于"), required=False, widget=date_input())
    due_until = forms.DateField(label=_("到期不晚于"), required=False, widget=date_input())
    waiting = forms.BooleanField(label=_("等我办理"), required=False, widget=_check())
    mine = forms.BooleanField(label=_("只看我的"), required=False, widget=_check())
    late = forms.BooleanField(label=_("曾逾期"), required=False, widget=_check())
    issued_in = MonthField(label=_("交办月份"), required=False)
    closed_in = MonthField(label=_("销账月份"), required=False)
    pressed_in = MonthField(label=_("升级月份"), required=False)
    pressed = forms.IntegerField(label=_("督办级别"), required=False, min_value=1, max_value=4)
    meeting = forms.IntegerField(label=_("会议"), required=False, min_value=1, max_value=2**31)
    project = forms.IntegerField(label=_("项目"), required=False, min_value=1, max_value=2**31)

    FIRST = ("q", "light", "state", "unit")
    FURTHER = ("level", "node", "area", "leader", "due_from", "due_until")
    CHECKS = ("waiting", "mine", "late")

    def given(self) -> dict[str, Any]:
        """The cleaned values that narrow."""
        self.is_valid()
        return {k: v for k, v in self.cleaned_data.items() if v not in (None, "", False)}


class FilesField(forms.FileField):
    """Several files, or none."""

    widget = forms.ClearableFileInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        if not isinstance(data, list | tuple):
            data = [data] if data else []
        if len(data) > MOST_FILES:
            raise forms.ValidationError(_("一次最多 %(most)s 个文件") % {"most": MOST_FILES})
        return [super(FilesField, self).clean(one, initial) for one in data]


class FilesInput(forms.ClearableFileInput):
    """An input that takes several files."""

    allow_multiple_selected = True


def files_field() -> FilesField:
    return FilesField(
        label=_("佐证材料（可多选）"),
        required=False,
        widget=FilesInput(attrs={"multiple": True}),
        help_text=_("PDF、图片、Word、Excel"),
    )


def _area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ItemForm(forms.ModelForm):
    """An item as it is written down; number, state and clock are not typed."""

    class Meta:
        model = LedgerItem
        fields = (
            "goal",
            "detail",
            "source",
            "meeting",
            "parent",
            "project",
            "leader",
            "leader_text",
            "unit",
            "supporting",
            "task_force",
            "is_major",
            "due_on",
        )
        widgets = {
            "goal": _area(2),
            "detail": _area(4),
            "leader": QuickSelect(),
            "unit": QuickSelect(),
            "meeting": QuickSelect(),
            "supporting": forms.CheckboxSelectMultiple(),
            "due_on": date_input(),
        }

    parent = forms.CharField(
        label=_("上级事项"), required=False, help_text=_("编号；没有上级的留空")
    )
    project = forms.IntegerField(
        label=_("项目编号"),
        required=False,
        min_value=1,
        help_text=_("项目页地址里的数字；与项目无关的留空"),
    )

    def __init__(self, data: Any = None, *, user: User, ledger: Ledger, **more: Any) -> None:
        super().__init__(data, **more)
        self.user, self.ledger = user, ledger
        fields: Any = self.fields
        fields["leader"].queryset = User.objects.filter(role=Role.LEADER, is_active=True)
        fields["meeting"].queryset = Meeting.objects.filter(ledger=ledger)
        if self.instance.pk:
            parent = self.instance.parent
            self.initial["parent"] = parent.number if parent is not None else ""
            self.initial["project"] = self.instance.project_id

    def clean_parent(self) -> LedgerItem | None:
        number = (self.cleaned_data.get("parent") or "").strip()
        if not number:
            return None
        found = LedgerItem.objects.visible_to(self.user).filter(number=number)
        row = found.filter(ledger=self.ledger).first() or found.first()
        if row is None:
            raise forms.ValidationError(_("没有编号为 %(number)s 的事项") % {"number": number})
        return row

    def clean_project(self) -> Project | None:
        key = self.cleaned_data.get("project")
        if key is None:
            return None
        row = Project.objects.current().visible_to(self.user).filter(pk=key).first()
        if row is None:
            raise forms.ValidationError(_("没有这个项目"))
        return row

    def _post_clean(self) -> None:
        """Columns are written by the verb, not by the form."""

    def columns(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class TextForm(forms.Form):
    """Words that may be left out."""

    text = forms.CharField(label=_("说明（可不填）"), required=False, widget=_area(2))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), widget=_area(2))


class ReturnForm(ReasonForm):
    files = files_field()  # type: ignore[assignment]


class NoteForm(forms.Form):
    text = forms.CharField(label=_("批注"), widget=_area(2))


class ReportForm(forms.Form):
    """How it goes, with evidence."""

    text = forms.CharField(label=_("情况"), widget=_area(3))
    files = files_field()  # type: ignore[assignment]


class SubmitForm(forms.Form):
    text = forms.CharField(
        label=_("办理结果"), required=False, widget=_area(3), help_text=_("写明结果或附佐证材料")
    )
    files = files_field()  # type: ignore[assignment]


class AssignForm(forms.Form):
    """Who does it: somebody with a log-in, or a name."""

    person = forms.ModelChoiceField(
        label=_("责任人"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("没有账号，写姓名"),
        widget=QuickSelect,
    )
    name = forms.CharField(label=_("姓名"), max_length=60, required=False)

    def __init__(self, data: Any = None, *, item: LedgerItem) -> None:
        super().__init__(data)
        unit = item.unit
        people = User.objects.none()
        if unit is not None:
            theirs = Q(unit=unit)
            if unit.park_id:
                theirs |= Q(park=unit.park_id)
            people = User.objects.filter(theirs, is_active=True)
        field: Any = self.fields["person"]
        field.queryset = people


class PlanForm(forms.Form):
    planned_on = forms.DateField(label=_("计划办结日"), widget=date_input())
    text = forms.CharField(label=_("分步安排（可不填）"), required=False, widget=_area(2))


class AskPlanForm(forms.Form):
    planned_on = forms.DateField(label=_("延期到"), widget=date_input())
    reason = forms.CharField(label=_("原因"), widget=_area(2))


class ChildForm(forms.Form):
    """A task under an item that was handed over: handed over at once."""

    goal = forms.CharField(label=_("目标任务"), max_length=300, widget=_area(2))
    unit = forms.ModelChoiceField(
        label=_("责任单位"), queryset=Unit.objects.all(), widget=QuickSelect
    )
    is_major = forms.BooleanField(label=_("重大复杂事项"), required=False)
    due_on = forms.DateField(label=_("完成时限"), required=False, widget=date_input())


class LedgerForm(forms.ModelForm):
    """Keeping a ledger: its name, the head of its numbers, whether days are moved."""

    class Meta:
        model = Ledger
        fields = ("name", "slug", "prefix", "kind", "working_days", "position")

    working_days = forms.TypedChoiceField(
        label=_("到期日顺延到工作日"),
        choices=[("", _("按全县设置")), ("1", _("顺延")), ("0", _("不顺延"))],
        coerce=lambda value: value == "1",
        empty_value=None,
        required=False,
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.instance.pk:
            del self.fields["slug"], self.fields["kind"]
            kept = self.instance.working_days
            self.initial["working_days"] = "" if kept is None else str(int(kept))
        else:
            self.fields["slug"].help_text = _("网址里的名字：小写字母、数字和连字符")

    def clean_slug(self) -> str:
        """A name that is not one of our own pages."""
        slug: str = self.cleaned_data["slug"]
        try:
            taken = resolve(f"/ledgers/{slug}/").url_name != "ledger"
        except Resolver404:
            taken = True
        if taken:
            raise forms.ValidationError(_("这个标识留给系统的页面，请换一个"))
        return slug
