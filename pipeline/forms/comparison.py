"""Which two views are compared; all of it stands in the URL."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pipeline.figures import Window
from pipeline.forms.window import FIRST_YEAR, LAST_YEAR, in_reach
from pipeline.targets import quarter_end


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )


def _instant(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "form-control"}, format="%Y-%m-%dT%H:%M"
        ),
    )


class ComparisonForm(forms.Form):
    """Two days, and for each the instant of knowledge where it is not now."""

    before = _day(_("从（截止日）"))
    before_known = _instant(_("按何时掌握的情况"))
    after = _day(_("到（截止日）"))
    after_known = _instant(_("按何时掌握的情况"))

    def clean_before(self) -> dt.date | None:
        return _in_range(self.cleaned_data["before"])

    def clean_after(self) -> dt.date | None:
        return _in_range(self.cleaned_data["after"])

    def clean_before_known(self) -> dt.datetime | None:
        return in_reach(self.cleaned_data["before_known"])

    def clean_after_known(self) -> dt.datetime | None:
        return in_reach(self.cleaned_data["after_known"])


def _in_range(day: dt.date | None) -> dt.date | None:
    if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise forms.ValidationError(_("截止日超出范围"))
    return day


def compared(params: QueryDict, *, now: dt.datetime) -> tuple[ComparisonForm, Window, Window]:
    """The form filled in, and the two windows; without days, the last quarter's end and today.

    What cannot be read is left out and the form says so.
    """
    form = ComparisonForm(params)
    form.is_valid()
    given = form.cleaned_data
    today = timezone.localdate(now)
    after = given.get("after") or today
    before = given.get("before") or last_quarter_end(after)
    shown = {**given, "before": before, "after": after}
    filled = ComparisonForm(initial=shown)
    filled.problems = [e for errors in form.errors.values() for e in errors]  # type: ignore[attr-defined]
    return (
        filled,
        Window(before.year, before, given.get("before_known") or now),
        Window(after.year, after, given.get("after_known") or now),
    )


def last_quarter_end(day: dt.date) -> dt.date:
    """The last day of the quarter before a day's own."""
    quarter = (day.month - 1) // 3
    return quarter_end(day.year, quarter) if quarter else quarter_end(day.year - 1, 4)
