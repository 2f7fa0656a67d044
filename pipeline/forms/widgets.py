"""Widgets of our own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class QuickSelect(forms.Select):
    """A select whose options are written in one go.

    Django renders a template for each option: with a hundred industries that was more
    than half of the time of the list of projects.
    """

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        groups = self.optgroups(name, self.format_value(value))
        written = format_html_join("", "{}", ((_group(g, options),) for g, options, _i in groups))
        return format_html("<select{}>{}</select>", flatatt(attributes), written)


def _group(label: str | None, options: list[dict[str, Any]]) -> SafeString:
    written = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (
                "" if option["value"] is None else option["value"],
                SafeString(" selected") if option["selected"] else "",
                option["label"],
            )
            for option in options
        ),
    )
    return format_html('<optgroup label="{}">{}</optgroup>', label, written) if label else written
