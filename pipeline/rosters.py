"""How the lists of companies and of the people at them are narrowed and sorted, by the URL.

As with projects (``pipeline.filters``): a page reads only its own rows, the count stops at
a cap, and what a row says beside its own columns comes in one query for all rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.models import Chain, Contact, Organization, Tag, TagGroup, User
from crm.names import normalise
from crm.uscc import compact
from pipeline.columns import Column
from pipeline.filters import industries
from pipeline.forms.widgets import QuickSelect
from pipeline.models import Interaction, Project
from pipeline.search import named, person

SHORTEST_CODE = 6


def _select() -> QuickSelect:
    return QuickSelect(attrs={"class": "form-select"})


def _tags() -> list[tuple[Any, list[tuple[str, str]]]]:
    rows = list(Tag.objects.all())
    return [
        (group.label, [(str(row.pk), row.name) for row in rows if row.group == group])
        for group in TagGroup
        if any(row.group == group for row in rows)
    ]


def _search_box(placeholder: Any) -> forms.TextInput:
    return forms.TextInput(
        attrs={"class": "form-control", "type": "search", "placeholder": placeholder}
    )


class OrganizationFilter(django_filters.FilterSet):
    """Search, tag, chain, industry, local or not, with projects or without."""

    q = django_filters.CharFilter(
        label=_("搜索"),
        method="search",
        widget=_search_box(_("企业、拼音或首字母、信用代码、联系人、电话")),
    )
    tag = django_filters.ChoiceFilter(
        label=_("标签"), choices=_tags, empty_label=_("全部"), method="tagged", widget=_select()
    )
    chain = django_filters.ModelChoiceFilter(
        label=_("产业链"), queryset=Chain.objects.all(), empty_label=_("全部"), widget=_select()
    )
    industry = django_filters.ChoiceFilter(
        label=_("行业"),
        choices=industries,
        empty_label=_("全部"),
        method="of_industry",
        widget=_select(),
    )
    local = django_filters.ChoiceFilter(
        label=_("县内外"),
        field_name="is_local",
        choices=[("True", _("县内")), ("False", _("县外"))],
        empty_label=_("全部"),
        widget=_select(),
    )
    projects = django_filters.ChoiceFilter(
        label=_("项目"),
        choices=[("yes", _("有项目")), ("no", _("没有项目"))],
        empty_label=_("全部"),
        method="with_projects",
        widget=_select(),
    )

    class Meta:
        model = Organization
        fields: list[str] = []

    def search(self, rows: QuerySet[Organization], _name: str, text: str) -> QuerySet[Organization]:
        """By name, its pinyin or initials, by code, or by somebody who is there."""
        people = Contact.objects.current().filter(person(text)).order_by()
        found = [_companies(text), people.values("organization")]
        code = compact(text)
        if len(code) >= SHORTEST_CODE and code.isascii() and code.isalnum():
            coded = Organization.objects.current().filter(uscc__startswith=code).order_by()
            found.append(coded.values("pk"))
        return rows.filter(pk__in=found[0].union(*found[1:]))

    def tagged(self, rows: QuerySet[Organization], _name: str, tag: str) -> QuerySet[Organization]:
        through = Organization.tags.through.objects.filter(tag=int(tag))
        return rows.filter(pk__in=through.values("organization"))

    def of_industry(
        self, rows: QuerySet[Organization], _name: str, code: str
    ) -> QuerySet[Organization]:
        by = "industry__section" if len(code) == 1 else "industry__code"
        return rows.filter(**{by: code})

    def with_projects(
        self, rows: QuerySet[Organization], _name: str, answer: str
    ) -> QuerySet[Organization]:
        theirs = (
            Project.objects.current().visible_to(self.request.user).filter(investor=OuterRef("pk"))
        )
        return rows.filter(Exists(theirs) if answer == "yes" else ~Exists(theirs))


class ContactFilter(django_filters.FilterSet):
    """Search by person or company; who has left is shown only when asked for."""

    q = django_filters.CharFilter(
        label=_("搜索"), method="search", widget=_search_box(_("姓名、拼音或首字母、电话、企业"))
    )
    there = django_filters.ChoiceFilter(
        label=_("在职"),
        choices=[("all", _("含已离职")), ("left", _("只看已离职"))],
        empty_label=_("在职"),
        method="who_are_there",
        widget=_select(),
    )

    class Meta:
        model = Contact
        fields: list[str] = []

    def search(self, rows: QuerySet[Contact], _name: str, text: str) -> QuerySet[Contact]:
        people = Contact.objects.filter(person(text)).order_by()
        theirs = Contact.objects.filter(organization__in=_companies(text)).order_by()
        return rows.filter(pk__in=people.values("pk").union(theirs.values("pk")))

    def who_are_there(self, rows: QuerySet[Contact], _name: str, which: str) -> QuerySet[Contact]:
        return rows.filter(left_on__isnull=False) if which == "left" else rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("there") else rows.filter(left_on__isnull=True)


def _companies(text: str) -> QuerySet[Any, Any]:
    """The keys of the companies that a typed text names.

    For a union with those found otherwise: joined by "or", the indexes of one table help
    the other no more, and every row is read.
    """
    typed = normalise(text)
    found = Organization.objects.filter(named(typed, typed.replace("'", "")))
    return found.order_by().values("pk")


COLUMNS: tuple[Column, ...] = (
    Column("name", _("企业"), F("pinyin")),
    Column("chain", _("产业链"), F("chain__position")),
    Column("industry", _("行业"), F("industry__code")),
    Column("origin", _("所在地"), F("origin")),
    Column("registered", _("登记日"), F("created_at")),
)


def sort(rows: QuerySet[Organization], by: str) -> QuerySet[Organization]:
    """In the order of a column, ``-`` before its name for the other way; else newest first."""
    column = next((c for c in COLUMNS if c.name == by.removeprefix("-")), None)
    if column is None:
        return rows.order_by("-pk")
    if by.startswith("-"):
        return rows.order_by(column.by.desc(nulls_last=True), "-pk")
    return rows.order_by(column.by.asc(nulls_last=True), "-pk")


@dataclass(frozen=True, slots=True)
class Line:
    """A company's line: the row, whom to call, how many projects, the last contact's day."""

    organization: Organization
    primary: Contact | None
    projects: int
    last_contact: dt.date | None


def lines(rows: Sequence[Organization], *, user: User) -> list[Line]:
    """Three queries, however many rows. Only what ``user`` may see is counted."""
    keys = [row.pk for row in rows]
    projects = dict(
        Project.objects.current()
        .visible_to(user)
        .filter(investor__in=keys)
        .order_by()
        .values_list("investor")
        .annotate(Count("pk"))
    )
    met = dict(
        Interaction.objects.current()
        .visible_to(user)
        .filter(organization__in=keys)
        .order_by()
        .values_list("organization")
        .annotate(Max("occurred_on"))
    )
    primary = {
        contact.organization_id: contact
        for contact in Contact.objects.current().filter(organization__in=keys, is_primary=True)
    }
    return [
        Line(row, primary.get(row.pk), projects.get(row.pk, 0), met.get(row.pk)) for row in rows
    ]
