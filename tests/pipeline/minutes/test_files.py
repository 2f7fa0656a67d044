"""Text of uploaded minutes: Word, plain text, workbooks."""

import io
import zipfile

import docx
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.uploads import UnknownFormat
from pipeline.minutes import files, split
from pipeline.minutes.files import UnreadableMinutes


def text(name: str, content: bytes) -> str:
    file = SimpleUploadedFile(name, content)
    return files.text_of(file, files.check(file))


def saved(document: object) -> bytes:
    made = io.BytesIO()
    document.save(made)  # type: ignore[attr-defined]
    return made.getvalue()


def workbook(
    *rows: tuple[object, ...], merge: tuple[int, int, int, int, str] | None = None
) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
        if merge:
            sheet.merge_range(*merge)
    return made.getvalue()


def test_the_paragraphs_of_a_word_file_are_its_text() -> None:
    document = docx.Document()
    document.add_paragraph("专题会议纪要")
    document.add_paragraph("一、完成供地（责任单位：自然资源局）")
    (task,) = split(text("纪要.docx", saved(document)))
    assert (task.goal, task.units) == ("完成供地", ("自然资源局",))


def test_the_numbers_that_word_counts_itself_are_read() -> None:
    document = docx.Document()
    document.add_paragraph("会议议定：")
    numbering = document.part.numbering_part.element
    style = document.styles["List Number"].element.pPr.numPr.numId.val
    for words in ("完成供地", "办理环评"):
        paragraph = document.add_paragraph(words)
        listed = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        listed.get_or_add_numId().val = style
        listed.get_or_add_ilvl().val = 0
    assert numbering is not None
    assert [(t.place, t.goal) for t in split(text("纪要.docx", saved(document)))] == [
        ("1", "完成供地"),
        ("2", "办理环评"),
    ]


def test_a_table_of_decisions_inside_of_minutes_is_read_by_its_header() -> None:
    document = docx.Document()
    table = document.add_table(rows=0, cols=4)
    for row in (
        ("序号", "议定事项", "责任单位", "完成时限"),
        ("1", "完成供地", "自然资源局", "3月底前"),
        ("2", "办理环评", "生态环境分局", "长期坚持"),
    ):
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    tasks = split(text("纪要.docx", saved(document)))
    assert [(t.goal, t.units, t.deadline) for t in tasks] == [
        ("完成供地", ("自然资源局",), "3月底前"),
        ("办理环评", ("生态环境分局",), "长期坚持"),
    ]


def test_a_workbooks_rows_are_tasks_under_their_header() -> None:
    content = workbook(
        ("县政府专题会议议定事项清单",),
        ("序号", "事项", "责任单位", "配合单位", "牵头领导", "完成时限"),
        (1, "完成供地", "", "财政局、住建局", "赵志强", "2026年6月底前"),
        (2, "1、办理环评\n分两步走", "", "", "", "—"),
        ("合计", "", "", "", "", ""),
        merge=(2, 2, 3, 2, "自然资源局"),
    )
    first, second = split(text("清单.xlsx", content))
    assert (first.goal, first.units, first.leader) == ("完成供地", ("自然资源局",), "赵志强")
    assert (first.supporting, first.deadline) == (("财政局", "住建局"), "2026年6月底前")
    assert (second.goal, second.detail) == ("办理环评", "分两步走")
    assert (second.units, second.deadline) == (("自然资源局",), "")


def test_a_text_file_is_read_in_either_encoding() -> None:
    for encoding in ("utf-8-sig", "gb18030"):
        assert text("纪要.txt", "一、修路".encode(encoding)) == "一、修路"


def test_of_a_picture_nothing_is_read_and_it_is_kept() -> None:
    assert text("纪要.png", b"\x89PNG\r\n\x1a\n....") == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("清单.xlsx", workbook(("姓名", "电话"), ("张三", "1"))),
        ("旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ("空.txt", b"  \n"),
        ("空.docx", saved(docx.Document())),
    ],
)
def test_what_has_no_decisions_is_refused_with_what_to_do(name: str, content: bytes) -> None:
    with pytest.raises(UnreadableMinutes) as refused:
        text(name, content)
    assert name in str(refused.value)


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(UnknownFormat):
        text("程序.exe", b"MZ\0\0")


def test_a_word_file_that_grows_without_end_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"<w>" + b" " * (80 << 20) + b"</w>")
    with pytest.raises(UnreadableMinutes, match="过大"):
        text("炸弹.docx", made.getvalue())


def test_a_word_file_with_entities_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(UnreadableMinutes):
        text("实体.docx", made.getvalue())
