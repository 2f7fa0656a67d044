"""The monthly bulletin's four formats carry every figure, read back out of each file."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import docx as word
import openpyxl
import pytest
from pypdf import PdfReader

from pipeline.models import Subject
from pipeline.reports.content import build
from pipeline.reports.formats import docx, html, pdf, xlsx
from pipeline.reports.formats.layout import grid, shown
from pipeline.reports.supervision.numbers import sources
from tests.ledger_factories import UnitFactory
from tests.pipeline.kept import begun, finished, promised, urged
from tests.pipeline.reports.test_formats import _Tables, cells
from tests.pipeline.reports.test_supervision import LATER, SEPTEMBER

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def content() -> dict[str, Any]:
    unit = UnitFactory(name="住建局 & <新区>")
    finished(begun(promised(unit, goal="=1+1")), "09-05")
    red = begun(promised(unit, goal="没办的"))
    urged(red, "09-08")
    finished(begun(promised(UnitFactory(name="水利局"))), "09-04")
    return build(
        SEPTEMBER, known_at=LATER, texts={"next": "一要<抓紧>。"}, subject=Subject.SUPERVISION
    )


def test_html_has_every_figure_and_takes_words_as_they_are(content: dict[str, Any]) -> None:
    written = html.whole(content, digest="d" * 64, version=1)
    read = _Tables()
    read.feed(written)
    for name, table in content["tables"].items():
        assert read.tables[name] == (cells(content, name) if table["rows"] else [])
    assert "一要&lt;抓紧&gt;。" in written
    assert "<新区>" not in written


def test_word_has_every_figure(content: dict[str, Any]) -> None:
    read = word.Document(io.BytesIO(docx.write(content, digest="d" * 64, version=1)))
    said = {cell.text for table in read.tables for row in table.rows for cell in row.cells}
    for name in content["tables"]:
        for line in cells(content, name):
            assert set(line) <= said, name


def test_the_workbook_has_real_numbers_and_the_items_behind_them(content: dict[str, Any]) -> None:
    rows = sources(SEPTEMBER, known_at=LATER)
    book = openpyxl.load_workbook(io.BytesIO(xlsx.write(content, rows=rows)))
    for name, table in content["tables"].items():
        first = 4 if grid(table).below else 3
        for number, row in enumerate(table["rows"]):
            for place, (at, column) in enumerate(shown(table)):
                found = book[name].cell(first + number, place + 1)
                if column["kind"] in xlsx.FORMATS and row[at] is not None:
                    assert Decimal(str(found.value)) == pytest.approx(Decimal(row[at]))
                elif column["kind"] not in xlsx.FORMATS and row[at]:
                    assert (found.data_type, found.value) == ("s", row[at])
    facts = list(book["src_red"].iter_rows(values_only=True))
    assert facts[0][0] == "事项"
    assert facts[1][0].endswith("没办的")


def test_the_pdf_has_every_figure(content: dict[str, Any]) -> None:
    read = PdfReader(io.BytesIO(pdf.write(content, digest="d" * 64, version=1)))
    said = "".join("".join(page.extract_text().split()) for page in read.pages)
    for name, table in content["tables"].items():
        for line in cells(content, name) if table["rows"] else []:
            for text in line:
                assert "".join(text.split()) in said


@pytest.mark.parametrize("write", [docx.write, xlsx.write, pdf.write], ids=["docx", "xlsx", "pdf"])
def test_the_same_content_gives_the_same_bytes(content: dict[str, Any], write: Any) -> None:
    assert write(content) == write(content)
