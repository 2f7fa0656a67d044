"""The cells of the list of projects, written in one go.

A template asked for each cell of each row took longer than all the rest of the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from pipeline.columns import Cell, Line, Month, ProjectColumn
from pipeline.lights import Light
from pipeline.stages import Status
from pipeline.templatetags.figures import ICONS
from pipeline.written import NONE, yi

register = template.Library()

# Columns of a word or two: kept on one line where there is room.
_SHORT = frozenset({"park", "stage", "status", "channel", "officer", "light", "patron", "fund"})


@register.filter
def light_mark(light: Light) -> SafeString:
    """A light with its icon and word; a dash where there is none."""
    if light == Light.NONE:
        return format_html('<span class="muted">{}</span>', NONE)
    return format_html(
        '<span class="light light-{}"><i class="bi {}" aria-hidden="true"></i> {}</span>',
        light.value,
        ICONS[light],
        light.label,
    )


@register.filter
def cells(line: Line, columns: Iterable[ProjectColumn]) -> SafeString:
    """A row's cells. On a phone each names itself."""
    written = (_cell(line, column) for column in columns)
    return mark_safe("".join(written))  # noqa: S308 (each cell escapes what it holds)


def _cell(line: Line, column: ProjectColumn) -> str:
    project = line.project
    if column.name == "name":
        address = reverse("project", args=[project.pk])
        name = escape(project.name)
        return f'<th scope="row" class="card-title"><a href="{address}">{name}</a></th>'
    if column.name == "investor":
        return f'<td class="card-wide">{escape(project.investor.name)}</td>'
    label = f"{column.label}（{column.unit}）" if column.unit else column.label
    value = column.value(line)
    kind = ' class="num"' if column.is_number else ""
    if isinstance(value, (dt.date, Month)) or column.name in _SHORT:
        kind = ' class="short"'
    if column.name == "since" and project.stage_since:
        kind += f' title="{_("自 %(day)s") % {"day": project.stage_since.isoformat()}}"'
    return f'<td data-label="{escape(label)}"{kind}>{_content(line, column, value)}</td>'


def _content(line: Line, column: ProjectColumn, value: Cell) -> Any:
    match value:
        case Light():
            return light_mark(value)
        case None | "":
            return NONE
        case Decimal():
            return yi(value)
        case dt.date():
            return value.isoformat()
        case _ if column.name == "stage":
            return _stage(line, value)
        case _:
            return escape(value)


def _stage(line: Line, label: Any) -> str:
    project = line.project
    written = f'<span class="tag tag-stage-{project.stage}">{escape(label)}</span>'
    if project.status != Status.ACTIVE:
        written += f' <span class="tag">{escape(project.get_status_display())}</span>'
    return f"<span>{written}</span>"
