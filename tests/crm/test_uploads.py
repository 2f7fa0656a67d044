"""What a file is, is read from its content; its name is only shown."""

import hashlib
import io
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile

from crm import uploads
from crm.uploads import DOCX, OLE, PDF, XLSX, TooLarge, UnknownFormat, check, shortened, type_of


def archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7", PDF),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
        (archive("[Content_Types].xml", "word/document.xml"), DOCX),
        (archive("[Content_Types].xml", "xl/workbook.xml"), XLSX),
        (archive("word/document.xml"), None),
        (archive("[Content_Types].xml", "ppt/presentation.xml"), None),
        (b"GIF89a", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"PK\x03\x04 broken", None),
        (b"", None),
    ],
)
def test_a_format_is_found_in_the_content(content: bytes, found: str | None) -> None:
    assert type_of(io.BytesIO(content)) == found


def test_what_is_found_of_an_upload() -> None:
    found = check(ContentFile(b"%PDF-1.7", "C:\\Users\\wang\\合同.pdf"))
    assert (found.name, found.media_type, found.size) == ("合同.pdf", PDF, 8)
    assert found.sha256 == hashlib.sha256(b"%PDF-1.7").hexdigest()


@pytest.mark.parametrize("size", [0, 11])
def test_an_empty_or_too_large_file_is_refused_by_its_name(settings: Any, size: int) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    with pytest.raises(TooLarge, match="合同"):
        check(ContentFile(b"%PDF-" + b"x" * (size - 5) if size else b"", "合同.pdf"))


def test_an_unknown_format_is_refused_in_the_words_of_who_asks() -> None:
    with pytest.raises(UnknownFormat, match=r"合同\.pdf没用"):
        check(ContentFile(b"hello", "合同.pdf"), unknown="%(name)s没用")


def test_a_long_name_keeps_its_ending() -> None:
    name = shortened("合" * 200 + ".pdf")
    assert (len(name), name[-4:]) == (uploads.LONGEST_NAME, ".pdf")
