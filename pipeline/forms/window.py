"""For which year, day and instant figures are asked; all of it stands in the URL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from pipeline.figures import DIMENSIONS, Window
from pipeline.targets import quarter_end

FIRST_YEAR, LAST_YEAR = 2000, 2100
DIMENSION_LABELS = {
    "park": _("园区"),
    "channel": _("招商方式"),
    "industry": _("行业"),
    "officer": _("招商专员"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What figures were asked for. ``is_past_knowledge``: as known at a given instant."""

    window: Window
    by: str = "park"
    is_past_knowledge: bool = False

    def query(self, **more: Any) -> str:
        """The query string that asks for the same again, with ``more`` parameters."""
        return urlencode(dict(self.pairs()) | more)

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters, by name."""
        window = self.window
        wanted = [("year", str(window.year)), ("as_of", window.as_of.isoformat()), ("by", self.by)]
        if self.is_past_knowledge:
            wanted.append(("known_at", window.known_at.isoformat()))
        return wanted

    def now_query(self) -> str:
        """The same as it is known now."""
        return replace(self, is_past_knowledge=False).query()

    def year_before(self) -> str:
        """The same window of last year."""
        _since, until = self.window.a_year_earlier()
        return self.at(self.window.year - 1, until).query()

    def at(self, year: int, as_of: dt.date) -> Asked:
        """The same, for another year and day."""
        return replace(self, window=replace(self.window, year=year, as_of=as_of))


class WindowForm(forms.Form):
    """Year, as-of day, dimension and instant of knowledge. Each may be left out."""

    year = forms.IntegerField(
        label=_("年度"), min_value=FIRST_YEAR, max_value=LAST_YEAR, required=False
    )
    as_of = forms.DateField(
        label=_("截止日"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("截止日要写成 2026-09-30 这样的日期")},
    )
    by = forms.ChoiceField(
        label=_("分组"),
        choices=[(name, DIMENSION_LABELS[name]) for name in DIMENSIONS],
        required=False,
        widget=forms.HiddenInput,
    )
    known_at = forms.DateTimeField(
        label=_("按何时掌握的情况"),
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "form-control"}, format="%Y-%m-%dT%H:%M"
        ),
        error_messages={"invalid": _("时间要写成 2026-09-30T18:00 这样")},
    )

    def clean_as_of(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["as_of"]
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(_("截止日超出范围"))
        return day

    def clean_known_at(self) -> dt.datetime | None:
        return in_reach(self.cleaned_data["known_at"])


def in_reach(known_at: dt.datetime | None) -> dt.datetime | None:
    """An instant of knowledge; beyond the years of the figures it is a slip of the pen."""
    if known_at and not FIRST_YEAR <= known_at.year <= LAST_YEAR:
        raise forms.ValidationError(_("时间要写成 2026-09-30T18:00 这样"))
    return known_at


def asked(params: QueryDict, *, now: dt.datetime) -> tuple[WindowForm, Asked]:
    """What the URL asks for, and its form filled in.

    Without a year, this one; without a day, today, or 31 December of a past year; without
    an instant, now. What cannot be read is left out and the form says so.
    """
    form = WindowForm(params)
    form.is_valid()
    given = form.cleaned_data
    today = timezone.localdate(now)
    day = given.get("as_of")
    year = given.get("year") or (day or today).year
    as_of = day or (dt.date(year, 12, 31) if year < today.year else today)
    known_at = given.get("known_at")
    found = Asked(
        window=Window(year, as_of, known_at or now),
        by=given.get("by") or "park",
        is_past_knowledge=known_at is not None,
    )
    years = sorted({*range(today.year - 5, today.year + 2), year}, reverse=True)
    form.fields["year"].widget = forms.Select(
        choices=[(y, y) for y in years],
        attrs={"class": "form-select", "data-year-moves": "id_as_of"},
    )
    shown = {"year": year, "as_of": as_of, "by": found.by, "known_at": known_at}
    shown_form = WindowForm(initial=shown)
    shown_form.fields["year"].widget = form.fields["year"].widget
    shown_form.problems = [e for errors in form.errors.values() for e in errors]  # type: ignore[attr-defined]
    return shown_form, found


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A link to a usual window."""

    label: Any
    query: str
    is_current: bool


def quarters(found: Asked) -> list[Shortcut]:
    """The year to the end of each quarter: 1—3月, 1—6月, 1—9月, 1—12月."""
    year = found.window.year
    return [
        Shortcut(
            _("1—%(month)s月") % {"month": 3 * quarter},
            found.at(year, quarter_end(year, quarter)).query(),
            found.window.as_of == quarter_end(year, quarter),
        )
        for quarter in (1, 2, 3, 4)
    ]


def neighbours(found: Asked) -> tuple[str, str]:
    """The query strings of the quarter's end before the as-of day, and of the one after."""
    day = found.window.as_of
    quarter = (day.month - 1) // 3 + 1
    before = (day.year - 1, 4) if quarter == 1 else (day.year, quarter - 1)
    if day == quarter_end(day.year, quarter):
        after = (day.year + 1, 1) if quarter == 4 else (day.year, quarter + 1)
    else:
        after = (day.year, quarter)
    earlier, later = (found.at(year, quarter_end(year, q)).query() for year, q in (before, after))
    return earlier, later
