"""A report as a Word document: real styles, headings and tables, editable in Word and WPS."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import docx
from django.utils.translation import gettext as _
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from pipeline.reports.formats.charts import svg
from pipeline.reports.formats.layout import Cell, Grid, grid

BODY, TITLE, HEADING = "仿宋", "方正小标宋简体", "黑体"
MADE = (2000, 1, 1, 0, 0, 0)  # the same content, the same bytes
WIDE = 9
"""A table of so many columns stands on a page of its own, across."""


def write(content: Mapping[str, Any], *, digest: str = "", version: int = 0) -> bytes:
    """The document, in the measures of GB/T 9704."""
    document = docx.Document()
    _page(document.sections[0])
    _styles(document)
    document.core_properties.title = content["title"]
    document.core_properties.author = content["holder"]
    title = document.add_paragraph(content["title"], style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for section in content["sections"]:
        document.add_heading(section["heading"], level=1)
        for paragraph in section["paragraphs"]:
            document.add_paragraph(paragraph, style="Body Text")
        for chart in content["charts"]:
            if chart["table"] in section["tables"]:
                _picture(document, chart, content["tables"])
        for name in section["tables"]:
            _table(document, content["tables"][name])
    document.add_heading(_("口径"), level=1)
    for note in content["footnotes"]:
        document.add_paragraph(note, style="List Bullet")
    cut = {"day": content["as_of"], "known": content["known_at"]}
    document.add_paragraph(_("截止日 %(day)s；掌握情况截至 %(known)s。") % cut, style="Caption")
    if digest:
        said = _("第 %(version)s 版，SHA-256 %(digest)s") % {"version": version, "digest": digest}
        document.add_paragraph(said, style="Caption")
    buffer = io.BytesIO()
    document.save(buffer)
    return _undated(buffer.getvalue())


def _page(section: Any) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    footer.add_run("— ")
    _field(footer.add_run(), "PAGE")
    footer.add_run(" —")


def _field(run: Any, name: str) -> None:
    for kind, text in (("begin", ""), ("", name), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _styles(document: Any) -> None:
    for name, font, size in (
        ("Normal", BODY, 16),
        ("Body Text", BODY, 16),
        ("List Bullet", BODY, 12),
        ("Caption", BODY, 10.5),
        ("Title", TITLE, 22),
        ("Heading 1", HEADING, 16),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    body = document.styles["Body Text"].paragraph_format
    body.first_line_indent, body.line_spacing = Pt(32), Pt(28.95)
    body.space_after = Pt(0)


def _picture(document: Any, chart: Any, tables: Any) -> None:
    import resvg_py  # a library that only this needs

    drawn = bytes(resvg_py.svg_to_bytes(svg_string=svg(chart, tables), zoom=2))
    document.add_picture(io.BytesIO(drawn), width=Mm(150))
    document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER


def _table(document: Any, table: Mapping[str, Any]) -> None:
    laid = grid(table)
    many = len(laid.lines[0]) if laid.lines else sum(head.columns for head in laid.above)
    is_wide = many >= WIDE
    if is_wide:
        _turned(document, across=True)
    caption = document.add_paragraph(table["title"], style="Caption")
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    heads = 2 if laid.below else 1
    lines = [*laid.lines, *([laid.total] if laid.total else [])]
    made = document.add_table(rows=heads + len(lines), cols=many, style="Table Grid")
    cells = made._cells  # asked for once: asking row by row reads the whole table each time
    for number, line in enumerate(lines):
        at = (heads + number) * many
        is_total = laid.total is not None and number == len(lines) - 1
        _line(cells[at : at + many], line, is_total=is_total)
    _heads(made, laid)
    for row in made._tbl.tr_lst[:heads]:
        row.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    if table["note"]:
        document.add_paragraph(table["note"], style="Caption")
    if is_wide:
        _turned(document, across=False)


def _turned(document: Any, *, across: bool) -> None:
    section = document.add_section()
    if (section.orientation == WD_ORIENT.LANDSCAPE) == across:
        return
    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = section.page_height, section.page_width


def _heads(made: Any, laid: Grid) -> None:
    place = 0
    below = iter(laid.below)
    for head in laid.above:
        first = made.cell(0, place)
        if head.rows == 2:
            first.merge(made.cell(1, place))
        elif head.columns > 1:
            first.merge(made.cell(0, place + head.columns - 1))
        _say(first, head.label, bold=True, centred=True)
        if laid.below and head.rows == 1:
            for column in range(place, place + head.columns):
                _say(made.cell(1, column), next(below).label, bold=True, centred=True)
        place += head.columns


def _line(cells: Sequence[Any], line: Sequence[Cell], *, is_total: bool) -> None:
    for cell, value in zip(cells, line, strict=True):
        _say(cell, value.text, bold=is_total, right=value.is_number)


def _say(
    cell: Any, words: str, *, bold: bool = False, centred: bool = False, right: bool = False
) -> None:
    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(words)
    run.bold, run.font.size = bold, Pt(9)
    if centred or right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.RIGHT


def _undated(made: bytes) -> bytes:
    """The package with every member's time taken away."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, MADE)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(name))
    return buffer.getvalue()
