"""Text of an uploaded file: minutes in .docx or .txt, a table of decisions in a workbook.

What a file is, its content says. Nothing that it says about its own sizes is believed:
every part that is read is inflated in pieces and counted (``spreadsheets.package``).
"""

from __future__ import annotations

import re
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from django.core.files import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import uploads
from crm.refusals import Refused
from crm.uploads import Checked
from pipeline.minutes.numbering import Numbering
from pipeline.minutes.splitting import written
from pipeline.minutes.tables import tasks_of
from pipeline.spreadsheets.delimited import find_encoding
from pipeline.spreadsheets.layout import Row
from pipeline.spreadsheets.package import Parts
from pipeline.spreadsheets.unreadable import Limits, UnreadableWorkbook
from pipeline.spreadsheets.workbook import open_workbook

PLAIN = "text/plain"
LARGEST_TEXT = 1 << 20
"""Of a .txt in bytes, and of any minutes in characters: a thick book."""
LIMITS = Limits(file_bytes=20 << 20, unpacked_bytes=64 << 20, text_bytes=16 << 20, cells=200_000)
UNKNOWN = gettext_lazy("“%(name)s”不是 Word（.docx）、Excel、文本文件，也不是 PDF 或图片，请另选")


class UnreadableMinutes(Refused):
    """No text can be made of the file; the message says why and what to do."""

    code = "unreadable_minutes"


def check(file: File[bytes]) -> Checked:
    """As ``crm.uploads.check``, and plain text besides.

    Raises ``TooLarge``, ``UnknownFormat``.
    """
    if not _is_text(file):
        return uploads.check(file, unknown=UNKNOWN)
    return uploads.check_as(file, PLAIN)


def text_of(file: File[bytes], found: Checked) -> str:
    """What stands in a checked file; of a table, its tasks as numbered text.

    Empty for a PDF and a picture: what they say is pasted by hand. Raises
    :class:`UnreadableMinutes`.
    """
    if found.media_type not in (PLAIN, uploads.DOCX, uploads.XLSX, uploads.OLE):
        return ""
    try:
        if found.media_type == uploads.DOCX:
            file.seek(0)
            text = _Document(Parts(file.file or file, LIMITS.unpacked_bytes)).text()
        else:
            text = _of_path(file, found)
    except UnreadableWorkbook as error:
        words = _("“%(name)s”：%(why)s")
        raise UnreadableMinutes(words % {"name": found.name, "why": error.message}) from error
    if len(text) > LARGEST_TEXT:
        raise UnreadableMinutes(_("“%(name)s”的文字过多，请只上传会议纪要") % {"name": found.name})
    if not text.strip():
        raise UnreadableMinutes(
            _("“%(name)s”里没有读到文字，请把议定事项粘贴到原文里") % {"name": found.name}
        )
    return text


def _is_text(file: File[bytes]) -> bool:
    """Whether it is named as text and begins as such."""
    if not (file.name or "").lower().endswith((".txt", ".text", ".md")):
        return False
    file.seek(0)
    start = file.read(1024)
    return b"\0" not in start or start.startswith((b"\xff\xfe", b"\xfe\xff"))


def _of_path(file: File[bytes], found: Checked) -> str:
    """Of what is read from a path: a copy of the upload, gone afterwards."""
    ending = ".txt" if found.media_type == PLAIN else ".xlsx"
    with tempfile.NamedTemporaryFile(suffix=ending) as copy:
        file.seek(0)
        for piece in file.chunks():
            copy.write(piece)
        copy.flush()
        path = Path(copy.name)
        if found.media_type == PLAIN:
            if found.size > LARGEST_TEXT:
                raise UnreadableMinutes(
                    _("“%(name)s”的文字过多，请只上传会议纪要") % {"name": found.name}
                )
            return path.read_text(encoding=find_encoding(path))
        return _of_workbook(path)


def _of_workbook(path: Path) -> str:
    tasks = []
    for sheet in open_workbook(path, LIMITS).sheets:
        found = tasks_of(sheet.rows(), sheet.merges)
        sheet.close()
        tasks += found or []
    if not tasks:
        raise UnreadableWorkbook("no_table", _("没有一行表头含有“事项”和“责任单位”等列"))
    return written(tasks)


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class _Document:
    """The paragraphs of a .docx with the numbers that Word shows before them."""

    def __init__(self, parts: Parts) -> None:
        if "word/document.xml" not in parts:
            raise UnreadableWorkbook("damaged", _("不是 Word 文档（.docx），请另存为 .docx"))
        try:
            self._body = parts.xml("word/document.xml")
            numbering = "word/numbering.xml"
            self._numbering = Numbering(parts.xml(numbering) if numbering in parts else None)
        except UnreadableWorkbook:
            raise
        except Exception as error:  # a broken file can break anything that looks at it
            raise UnreadableWorkbook(
                "damaged", _("文件已损坏，请用 Word 重新保存后再上传")
            ) from error

    def text(self) -> str:
        """All paragraphs; a table of decisions as its tasks, another row by row."""
        body = self._body.find(f"{_W}body")
        return "\n".join(self._lines(body if body is not None else self._body))

    def _lines(self, parent: ET.Element) -> Iterator[str]:
        for child in parent:
            if child.tag == f"{_W}p":
                yield self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                yield from self._table(child)
            elif child.tag in (f"{_W}sdt", f"{_W}sdtContent"):
                yield from self._lines(child)

    def _table(self, table: ET.Element) -> Iterator[str]:
        rows: list[Row] = []
        above: dict[int, str] = {}
        for number, row in enumerate(table.iter(f"{_W}tr"), 1):
            cells: list[str] = []
            for cell in row.findall(f"{_W}tc"):
                text = "\n".join(self._lines(cell)).strip()
                column = len(cells)
                if self._goes_on(cell):
                    text = above.get(column, "")
                above[column] = text
                cells += [text, *[""] * (self._width(cell) - 1)]
            rows.append((number, list(cells)))
        tasks = tasks_of(rows)
        if tasks is not None:
            yield written(tasks)
            return
        for _number, found in rows:
            yield " ".join(re.sub(r"\s+", " ", str(text)) for text in found if text)

    @staticmethod
    def _goes_on(cell: ET.Element) -> bool:
        """Whether a cell is the lower part of one that is merged downwards."""
        merge = cell.find(f"{_W}tcPr/{_W}vMerge")
        return merge is not None and merge.get(f"{_W}val", "continue") == "continue"

    @staticmethod
    def _width(cell: ET.Element) -> int:
        span = cell.find(f"{_W}tcPr/{_W}gridSpan")
        value = "" if span is None else span.get(f"{_W}val", "")
        return min(int(value), 63) if value.isdecimal() and value != "0" else 1

    def _paragraph(self, paragraph: ET.Element) -> str:
        texts: list[str] = []
        for node in paragraph.iter():
            if node.tag == f"{_W}t":
                texts.append(node.text or "")
            elif node.tag in (f"{_W}br", f"{_W}cr"):
                texts.append("\n")
            elif node.tag == f"{_W}tab":
                texts.append(" ")
        text = "".join(texts)
        return self._numbering.before(paragraph) + text if text.strip() else ""
