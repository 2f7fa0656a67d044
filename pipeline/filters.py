"""How the list of projects is narrowed, sorted and paged; all of it stands in the URL.

Made for 100,000 rows: a page reads only its own rows, the count stops at a cap, and no
page lies beyond it. Who looks for something beyond narrows the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from crm.models import Channel, Industry, Organization, Park, Role, User
from crm.names import normalise
from crm.uscc import compact
from pipeline.forms.widgets import QuickSelect
from pipeline.models import Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind, Stage, Status

YI = Decimal(100_000_000)
COUNTED_TO = 10_000
SIZES = (25, 50, 100)


def _select() -> QuickSelect:
    return QuickSelect(attrs={"class": "form-select"})


def industries() -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections with their divisions; a section's own letter stands for all of it."""
    rows = Industry.objects.order_by("section", "code")
    return [
        (f"{letter} {name}", [(letter, f"{letter} {name}"), *((r.code, str(r)) for r in group)])
        for (letter, name), group in groupby(rows, key=lambda r: (r.section, r.section_name))
    ]


class ProjectFilter(django_filters.FilterSet):
    """Search, park, stage, status, channel, industry, officer, year signed, amount."""

    q = django_filters.CharFilter(
        label=_("搜索"),
        method="search",
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "type": "search",
                "placeholder": _("项目、投资方、拼音或首字母、信用代码"),
            }
        ),
    )
    park = django_filters.ModelChoiceFilter(
        label=_("园区"),
        queryset=Park.objects.all(),
        to_field_name="slug",
        null_label=_("未落园区"),
        null_value="none",
        empty_label=_("全部"),
        widget=_select(),
    )
    stage = django_filters.ChoiceFilter(
        label=_("阶段"), choices=Stage.choices, empty_label=_("全部"), widget=_select()
    )
    status = django_filters.ChoiceFilter(
        label=_("状态"), choices=Status.choices, empty_label=_("全部"), widget=_select()
    )
    channel = django_filters.ModelChoiceFilter(
        label=_("招商方式"),
        queryset=Channel.objects.all(),
        to_field_name="code",
        empty_label=_("全部"),
        widget=_select(),
    )
    industry = django_filters.ChoiceFilter(
        label=_("行业"),
        choices=industries,
        empty_label=_("全部"),
        method="of_industry",
        widget=_select(),
    )
    officer = django_filters.ModelChoiceFilter(
        label=_("招商专员"),
        queryset=User.objects.filter(role__in=[Role.OFFICER, Role.MANAGER]),
        to_field_name="username",
        empty_label=_("全部"),
        widget=_select(),
    )
    year = django_filters.NumberFilter(
        label=_("签约年度"),
        method="signed_in",
        min_value=2000,
        max_value=2100,
        widget=forms.NumberInput(attrs={"class": "form-control", "placeholder": "2026"}),
    )
    least = django_filters.NumberFilter(
        label=_("投资不少于（亿元）"),
        method="at_least",
        min_value=0,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "form-control", "step": "0.01"}),
    )
    most = django_filters.NumberFilter(
        label=_("投资不多于（亿元）"),
        method="at_most",
        min_value=0,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "form-control", "step": "0.01"}),
    )

    class Meta:
        model = Project
        fields: list[str] = []

    def search(self, rows: QuerySet[Project], _name: str, text: str) -> QuerySet[Project]:
        """By name or its pinyin or initials, of the project or its investor, or by USCC."""
        key = normalise(text)
        sounds = key.replace("'", "")
        investors = Organization.objects.filter(_named(key, sounds) | Q(uscc=compact(text)))
        return rows.filter(_named(key, sounds) | Q(investor__in=investors.values("pk")))

    def of_industry(self, rows: QuerySet[Project], _name: str, code: str) -> QuerySet[Project]:
        by = "industry__section" if len(code) == 1 else "industry__code"
        return rows.filter(**{by: code})

    def signed_in(self, rows: QuerySet[Project], _name: str, year: Decimal) -> QuerySet[Project]:
        signings = Milestone.objects.effective().filter(
            project=OuterRef("pk"),
            kind=MilestoneKind.SIGNING,
            contract_kind__in=[ContractKind.FORMAL, ContractKind.EXPANSION],
            occurred_on__year=int(year),
        )
        return rows.filter(Exists(signings))

    def at_least(self, rows: QuerySet[Project], _name: str, yi: Decimal) -> QuerySet[Project]:
        return rows.filter(agreed_investment__gte=_fen(yi))

    def at_most(self, rows: QuerySet[Project], _name: str, yi: Decimal) -> QuerySet[Project]:
        return rows.filter(agreed_investment__lte=_fen(yi))


def _named(key: str, sounds: str) -> Q:
    named = Q(name_key__contains=key)
    if sounds.isascii() and sounds.isalnum():
        named |= Q(pinyin__startswith=sounds) | Q(initials__startswith=sounds)
    return named


def _fen(yi: Decimal) -> Decimal:
    return (yi * YI).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list and how it is sorted."""

    name: str
    label: Any
    by: Any
    unit: Any = ""
    is_number: bool = False


_STAGE_RANK = Case(*(When(stage=s, then=Value(s.rank)) for s in Stage))
COLUMNS: tuple[Column, ...] = (
    Column("name", _("项目"), F("pinyin")),
    Column("investor", _("投资方"), F("investor__pinyin")),
    Column("park", _("园区"), F("park__position")),
    Column("stage", _("阶段"), _STAGE_RANK),
    Column("amount", _("协议总投资"), F("agreed_investment"), _("亿元"), True),
    Column("signed", _("签约日"), F("signing__occurred_on")),
    Column("started", _("开工日"), F("groundbreaking__occurred_on")),
    Column("officer", _("招商专员"), F("officer__full_name")),
    Column("since", _("本阶段"), F("stage_since"), _("天"), True),
)
# Days that come by a join; at most one row each, since one milestone of a kind is effective.
_JOINED = {
    "signed": (
        "signing",
        Q(milestones__kind=MilestoneKind.SIGNING, milestones__contract_kind=ContractKind.FORMAL),
    ),
    "started": (
        "groundbreaking",
        Q(milestones__kind=MilestoneKind.GROUNDBREAKING, milestones__expansion__isnull=True),
    ),
}


def sort(rows: QuerySet[Project], by: str) -> QuerySet[Project]:
    """In the order of a column, ``-`` before its name for the other way; else newest first.

    What has no value comes last both ways.
    """
    name = by.removeprefix("-")
    column = next((c for c in COLUMNS if c.name == name), None)
    if column is None:
        return rows.order_by("-pk")
    if name in _JOINED:
        alias, condition = _JOINED[name]
        effective = Q(milestones__verified_at__isnull=False, milestones__revoked_at__isnull=True)
        rows = rows.annotate(
            **{alias: FilteredRelation("milestones", condition=condition & effective)}
        )
    expression = column.by
    if isinstance(expression, Case):
        return rows.order_by(expression.desc() if by.startswith("-") else expression.asc(), "-pk")
    if by.startswith("-"):
        return rows.order_by(expression.desc(nulls_last=True), "-pk")
    return rows.order_by(expression.asc(nulls_last=True), "-pk")


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list. ``count`` is exact up to ``COUNTED_TO``, and that much beyond."""

    rows: list[Any]
    number: int
    size: int
    count: int

    @property
    def is_capped(self) -> bool:
        return self.count > COUNTED_TO

    @property
    def shown_count(self) -> int:
        return min(self.count, COUNTED_TO)

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.shown_count // self.size))

    @property
    def first_row(self) -> int:
        return (self.number - 1) * self.size + 1

    @property
    def last_row(self) -> int:
        return self.first_row + len(self.rows) - 1

    @property
    def sizes(self) -> Iterable[int]:
        return SIZES


def page(
    rows: QuerySet[Any], *, number: str, size: str, whole: QuerySet[Any] | None = None
) -> ListPage:
    """The page of a number and size as the URL gives them; nonsense is the first, of 25.

    ``whole`` reads the rows of the page, where they are not projects.
    """
    many = int(size) if size.isdecimal() and int(size) in SIZES else SIZES[0]
    count = rows.order_by().values("pk")[: COUNTED_TO + 1].count()
    last = max(1, -(-min(count, COUNTED_TO) // many))
    wanted = int(number) if number.isdecimal() and len(number) < 9 else 1
    at = min(max(wanted, 1), last)
    # Sorted by keys alone, then read: the sort carries no wide rows.
    keys = list(rows.values_list("pk", flat=True)[(at - 1) * many : at * many])
    if whole is None:
        whole = Project.objects.select_related("investor", "park", "officer").defer(
            "content", "progress", "problems", "remark"
        )
    found = whole.in_bulk(keys)
    return ListPage([found[key] for key in keys], at, many, count)
