"""A report's content as HTML, PDF, DOCX and XLSX: four readings of the same values.

Each takes the content (``pipeline.reports.content``) and gives bytes; the same content always
gives the same bytes. None of them knows a figure that the content does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation

FORMATS = ("html", "pdf", "docx", "xlsx")


def write(
    kind: str,
    content: Mapping[str, Any],
    *,
    rows: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    digest: str = "",
    version: int = 0,
) -> bytes:
    """A report in one of ``FORMATS``; ``rows`` are the facts that the workbook lists.

    In the county's language, as its content is. Raises ``KeyError`` for another format,
    ``pdf.CannotPrint`` where no PDF can be made.
    """
    with translation.override(settings.LANGUAGE_CODE):
        return _write(kind, content, rows=rows, digest=digest, version=version)


def _write(kind: str, content: Mapping[str, Any], *, rows: Any, digest: str, version: int) -> bytes:
    # Each writer brings a library of its own: only the one that is asked for is loaded.
    if kind == "html":
        from pipeline.reports.formats import html

        return html.whole(content, digest=digest, version=version).encode()
    if kind == "pdf":
        from pipeline.reports.formats import pdf

        return pdf.write(content, digest=digest, version=version)
    if kind == "docx":
        from pipeline.reports.formats import docx

        return docx.write(content, digest=digest, version=version)
    if kind == "xlsx":
        from pipeline.reports.formats import xlsx

        return xlsx.write(content, rows=rows, digest=digest, version=version)
    raise KeyError(kind)
