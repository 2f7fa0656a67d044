"""A report as HTML: the page on the screen, and what the PDF is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from pipeline.reports.formats.charts import svg
from pipeline.reports.formats.layout import grid


def context(
    content: Mapping[str, Any],
    *,
    digest: str = "",
    version: int = 0,
    link: Callable[[str, str, str], str] | None = None,
) -> dict[str, Any]:
    """What the templates show: the content with its tables laid out and charts drawn.

    ``link`` gives the address of what makes up a value, from its table, row and column.
    """
    tables = content["tables"]
    return {
        "content": content,
        "county_language": settings.LANGUAGE_CODE,
        "digest": digest,
        "version": version,
        "sections": [
            {
                **section,
                "tables": [
                    {
                        **tables[name],
                        "name": name,
                        "grid": grid(tables[name], link and partial(link, name)),
                    }
                    for name in section["tables"]
                ],
                # Drawn by charts.svg, which escapes every word that it writes.
                "charts": [
                    mark_safe(svg(chart, tables))  # noqa: S308
                    for chart in content["charts"]
                    if chart["table"] in section["tables"]
                ],
            }
            for section in content["sections"]
        ],
    }


def _shown(
    name: str, table: Mapping[str, Any], link: Callable[[str, str, str], str] | None
) -> dict[str, Any]:
    return {**table, "name": name, "grid": grid(table, partial(link, name) if link else None)}


def whole(content: Mapping[str, Any], *, digest: str = "", version: int = 0) -> str:
    """A whole document that needs no other file: for the PDF, and to be saved and opened."""
    return render_to_string(
        "pipeline/reports/whole.html", context(content, digest=digest, version=version)
    )
