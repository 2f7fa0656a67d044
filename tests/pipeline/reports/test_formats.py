"""The four formats carry the same figures: each is read back out of its file and compared."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import docx as word
import openpyxl
import pytest
from pypdf import PdfReader

from pipeline.reports.content import build
from pipeline.reports.formats import docx, html, pdf, xlsx
from pipeline.reports.formats.layout import grid, shown
from pipeline.reports.numbers import sources
from pipeline.reports.periods import Period
from tests.factories import (
    FundsReceiptFactory,
    ParkFactory,
    ProjectFactory,
    TargetFactory,
    instant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

THIRD, OCTOBER = Period("quarter", 2026, 3), instant("2026-10-08 09:00")
YI = Decimal(100_000_000)


@pytest.fixture
def content() -> dict[str, Any]:
    rare = ParkFactory(slug="rare-metals", name="稀有金属园")
    auto = ParkFactory(slug="auto-materials", name="汽车园 & <新材料>")
    TargetFactory(metric="signed_projects", value=Decimal(40))
    TargetFactory(metric="signed_amount_yuan", value=200 * YI)
    TargetFactory(metric="start_rate", value=Decimal("0.6"))
    for park in (rare, auto):
        TargetFactory(holder="park", park=park, value=Decimal(3))
    project = ProjectFactory(name="=1+1 项目", started=True, park=rare, amount=8 * YI)
    FundsReceiptFactory(project=project)
    ProjectFactory(signed=True, park=auto, amount=Decimal("123456789.01"))
    ProjectFactory(signed=True, park=auto, signed_on=dt.date(2025, 5, 5))
    return build(THIRD, known_at=OCTOBER, texts={"next": "一要抓<开工>。"})


def cells(content: dict[str, Any], name: str) -> list[list[str]]:
    """What a table is to say, line by line."""
    laid = grid(content["tables"][name])
    lines = [*laid.lines, *([laid.total] if laid.total else [])]
    return [[cell.text for cell in line] for line in lines]


class _Tables(HTMLParser):
    """The cells of each table's body and foot, by the table's figure."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._name, self._in_head, self._in_cell = "", False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "figure" and given.get("id"):
            self._name = str(given["id"])
            self.tables[self._name] = []
        elif tag == "thead":
            self._in_head = True
        elif tag == "tr" and not self._in_head:
            self.tables[self._name].append([])
        elif tag in ("td", "th") and not self._in_head:
            self._in_cell = True
            self.tables[self._name][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "thead":
            self._in_head = False
        elif tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.tables[self._name][-1][-1] += data


def test_html_has_every_figure_and_takes_names_as_they_are(content: dict[str, Any]) -> None:
    written = html.whole(content, digest="d" * 64, version=1)
    read = _Tables()
    read.feed(written)
    for name in content["tables"]:
        assert read.tables[name] == cells(content, name)
    assert "一要抓&lt;开工&gt;。" in written
    assert "<新材料>" not in written
    assert "http" not in written.replace("http://www.w3.org/2000/svg", "")


def test_word_has_every_figure_in_real_tables_and_headings(content: dict[str, Any]) -> None:
    made = docx.write(content, digest="d" * 64, version=1)
    read = word.Document(io.BytesIO(made))
    expected = [
        cells(content, name) for section in content["sections"] for name in section["tables"]
    ]
    heads = [
        2 if grid(content["tables"][n]).below else 1
        for s in content["sections"]
        for n in s["tables"]
    ]
    found = [
        [[cell.text for cell in row.cells] for row in table.rows[head:]]
        for table, head in zip(read.tables, heads, strict=True)
    ]
    assert found == expected
    headings = [p.text for p in read.paragraphs if p.style and p.style.name == "Heading 1"]
    assert headings[:5] == [section["heading"] for section in content["sections"]]
    assert all(
        zip_info.date_time[0] == 2000 for zip_info in zipfile.ZipFile(io.BytesIO(made)).infolist()
    )


def test_the_workbook_has_real_numbers_that_are_the_same_figures(content: dict[str, Any]) -> None:
    rows = sources(THIRD, known_at=OCTOBER)
    book = openpyxl.load_workbook(io.BytesIO(xlsx.write(content, rows=rows)))
    for name, table in content["tables"].items():
        sheet = book[name]
        first = 4 if grid(table).below else 3
        lines = [*table["rows"], *([table["total"]] if table["total"] else [])]
        for number, row in enumerate(lines):
            for place, (at, column) in enumerate(shown(table)):
                found = sheet.cell(first + number, place + 1)
                kind = column["kind"]
                kind = row[-1] if kind == "by_row" else kind
                if kind == "growth_by_row":
                    kind = "points" if row[-1] == "percent" else "growth"
                if kind in xlsx.FORMATS and row[at] is not None:
                    exact = Decimal(row[at]) / xlsx.UNITS.get(kind, 1)
                    assert found.data_type == "n"
                    assert Decimal(str(found.value)) == pytest.approx(exact, abs=Decimal("1e-9"))
                else:
                    assert found.data_type == "s" or found.value is None
    facts = list(book["src_signed_projects"].iter_rows(min_row=2, values_only=True))
    assert [(row[4], row[0], row[1]) for row in facts] == [
        (fact[0], fact[4], fact[5]) for fact in rows["signed_projects"]
    ]
    assert book["T7"].cell(3, 1).data_type == "s"
    assert book["T2"].freeze_panes == "B4"


def test_the_pdf_has_every_figure_a_chinese_font_bookmarks_and_page_numbers(
    content: dict[str, Any],
) -> None:
    try:
        made = pdf.write(content, digest="d" * 64, version=1)
    except pdf.CannotPrint as refusal:  # a machine without the system's libraries or fonts
        pytest.fail(str(refusal))
    read = PdfReader(io.BytesIO(made))
    said = "".join("".join(page.extract_text().split()) for page in read.pages)
    for name in content["tables"]:
        for line in cells(content, name):
            for text in line:
                assert "".join(text.split()) in said
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in read.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any(pdf.CHINESE.search(font) for font in fonts)
    assert read.outline
    assert "—1—" in said
    width, height = (float(side) for side in read.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)


@pytest.mark.parametrize("write", [docx.write, xlsx.write, pdf.write], ids=["docx", "xlsx", "pdf"])
def test_the_same_content_gives_the_same_bytes(content: dict[str, Any], write: Any) -> None:
    assert write(content) == write(content)
