"""How the list of projects and the board are narrowed, and paged; all of it stands in the URL.

Made for 100,000 rows: a page reads only its own rows, the count stops at a cap, and no
page lies beyond it. Who looks for something beyond narrows the list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.lookups import called
from crm.models import Channel, Industry, Organization, Park, Role, Tag, TagGroup, User
from crm.names import normalise
from crm.uscc import compact
from pipeline.activity import is_quiet
from pipeline.forms.widgets import QuickSelect
from pipeline.lights import OF_PROJECTS, light_is
from pipeline.models import CountySettings, FundSource, Milestone, Project, ProjectTag
from pipeline.stages import ContractKind, MilestoneKind, Stage, Status
from pipeline.written import YI

COUNTED_TO = 10_000
SIZES = (25, 50, 100)


def _select() -> QuickSelect:
    return QuickSelect(attrs={"class": "form-select"})


def _check() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "form-check-input", "value": "1"})


def _tags() -> list[tuple[Any, list[tuple[str, str]]]]:
    """Tags by what they are about; groups without any are left out."""
    rows = list(Tag.objects.all())
    return [
        (group.label, [(str(row.pk), row.name) for row in rows if row.group == group])
        for group in TagGroup
        if any(row.group == group for row in rows)
    ]


def industries() -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections with their divisions; a section's own letter stands for all of it."""
    rows = Industry.objects.order_by("section", "code")
    return [
        (f"{letter} {name}", [(letter, f"{letter} {name}"), *((r.code, str(r)) for r in group)])
        for (letter, name), group in groupby(rows, key=lambda r: (r.section, r.section_name))
    ]


class ProjectFilter(django_filters.FilterSet):
    """Search, park, stage, status, channel, industry, officer, year signed, amount, light,
    tag, money, planned start; one's own, gone quiet, waiting to be verified.

    ``person`` is whose projects "mine" are; lights and quiet are those of the day of ``at``.
    """

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

    light = django_filters.ChoiceFilter(
        label=_("亮灯"),
        choices=[(light.value, light.label) for light in OF_PROJECTS],
        empty_label=_("全部"),
        method="lit",
        widget=_select(),
    )
    tag = django_filters.ChoiceFilter(
        label=_("标签"), choices=_tags, empty_label=_("全部"), method="tagged", widget=_select()
    )
    fund = django_filters.ChoiceFilter(
        label=_("资金来源"),
        field_name="fund_source",
        choices=FundSource.choices,
        empty_label=_("全部"),
        widget=_select(),
    )
    planned_until = django_filters.DateFilter(
        label=_("计划开工不晚于"),
        field_name="planned_start_on",
        lookup_expr="lte",
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
    )
    mine = django_filters.BooleanFilter(label=_("只看我的"), method="of_person", widget=_check())
    quiet = django_filters.BooleanFilter(label=_("沉寂项目"), method="gone_quiet", widget=_check())
    waiting = django_filters.BooleanFilter(
        label=_("有申报待核验"), method="with_open_claim", widget=_check()
    )

    class Meta:
        model = Project
        fields: list[str] = []

    def __init__(
        self, data: Any, queryset: QuerySet[Project], *, person: User, at: dt.datetime
    ) -> None:
        super().__init__(data, queryset)
        self.person, self.at = person, at

    def search(self, rows: QuerySet[Project], _name: str, text: str) -> QuerySet[Project]:
        """By name or its pinyin or initials, of the project or its investor, or by USCC."""
        key = normalise(text)
        sounds = key.replace("'", "")
        investors = Organization.objects.filter(called(key, sounds) | Q(uscc=compact(text)))
        return rows.filter(called(key, sounds) | Q(investor__in=investors.values("pk")))

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

    def lit(self, rows: QuerySet[Project], _name: str, light: str) -> QuerySet[Project]:
        return rows.filter(light_is(light, today=timezone.localdate(self.at)))

    def tagged(self, rows: QuerySet[Project], _name: str, tag: str) -> QuerySet[Project]:
        return rows.filter(pk__in=ProjectTag.objects.filter(tag=int(tag)).values("project"))

    def of_person(self, rows: QuerySet[Project], _name: str, wanted: bool) -> QuerySet[Project]:
        return rows.filter(officer=self.person) if wanted else rows

    def gone_quiet(self, rows: QuerySet[Project], _name: str, wanted: bool) -> QuerySet[Project]:
        if not wanted:
            return rows
        days = CountySettings.objects.known_at(self.at).quiet_after_days
        return rows.filter(is_quiet(today=timezone.localdate(self.at), after_days=days))

    def with_open_claim(
        self, rows: QuerySet[Project], _name: str, wanted: bool
    ) -> QuerySet[Project]:
        return rows.filter(pk__in=Milestone.objects.open().values("project")) if wanted else rows


def _fen(yi: Decimal) -> Decimal:
    return (yi * YI).quantize(Decimal("0.01"))


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
    many = next((known for known in SIZES if size == str(known)), SIZES[0])
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
