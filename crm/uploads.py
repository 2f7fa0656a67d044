"""What an uploaded file is, read from its content, and keeping it once.

What the client calls a file, and what type it says it has, decide nothing: the name is
kept to be shown, the type is found here, and the file is stored under its SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zipfile
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, TypeVar

from django.conf import settings
from django.core.files import File
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused

Row = TypeVar("Row", bound=Model)

MEGABYTE = 1024 * 1024
LONGEST_NAME = 160

PDF = "application/pdf"
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = OFFICE + "wordprocessingml.document"
XLSX = OFFICE + "spreadsheetml.sheet"
OLE = "application/x-ole-storage"  # .doc, .xls, and what WPS saves as .wps, .et


class UnknownFormat(Refused):
    """The content is none of the formats that are kept."""

    code = "unknown_format"


class TooLarge(Refused):
    """The file is empty, or larger than the county allows."""

    code = "bad_size"


@dataclass(frozen=True, slots=True)
class Checked:
    """What may be kept: the name to show, the type found, the size, the SHA-256."""

    name: str
    media_type: str
    size: int
    sha256: str


UNKNOWN = _("“%(name)s”不是 PDF、图片（JPG、PNG、WebP）或 Word、Excel 文件，请另选")


def check(file: File[bytes], *, unknown: Any = UNKNOWN) -> Checked:
    """Look at an upload: seekable, with ``name`` and ``size`` in bytes.

    ``unknown`` says of ``%(name)s`` that its format is none of those.

    Raises ``TooLarge``, ``UnknownFormat``.
    """
    media_type = type_of(file) if file.size else ""
    found = check_as(file, media_type or "")
    if media_type is None:
        raise UnknownFormat(unknown % {"name": found.name})
    return found


def check_as(file: File[bytes], media_type: str) -> Checked:
    """As :func:`check` of a file whose type was found already. Raises ``TooLarge``."""
    name = PurePath((file.name or "").replace("\\", "/")).name.strip() or "-"
    if not file.size:
        raise TooLarge(_("“%(name)s”是空文件，请重新选择") % {"name": name})
    if file.size > settings.UPLOAD_MAX_BYTES:
        most = settings.UPLOAD_MAX_BYTES // MEGABYTE
        raise TooLarge(
            _("“%(name)s”超过 %(most)s MB，请压缩或拆分后再传") % {"name": name, "most": most}
        )
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Checked(shortened(name), media_type, file.size, digest)


def keep(field: FieldFile, path: str, file: File[bytes]) -> None:
    """Store the content once, however many rows have it, and name it in the row's field."""
    if not field.storage.exists(path):
        file.seek(0)
        field.storage.save(path, file)
    field.name = path


def keep_as(
    row_type: type[Row],
    file: File[bytes],
    found: Checked,
    *,
    by: User,
    at: dt.datetime,
    **of: Any,
) -> Row:
    """Keep an upload that was checked as a row of ``row_type``; ``of`` says what it is about.

    The type has the columns of :class:`Checked`, ``file``, ``uploaded_at`` and ``uploaded_by``.
    """
    row: Any = row_type(**of, **asdict(found), uploaded_at=at, uploaded_by=by)
    keep(row.file, row.file.field.upload_to(row, ""), file)
    row.save(force_insert=True)
    kept: Row = row
    return kept


def shortened(name: str) -> str:
    """A file's name at most as long as its column, with its ending."""
    if len(name) <= LONGEST_NAME:
        return name
    ending = PurePath(name).suffix[-10:]
    return name[: LONGEST_NAME - len(ending)] + ending


def type_of(file: Any) -> str | None:
    """The media type of a seekable binary file by its first bytes; None for any other."""
    file.seek(0)
    start = file.read(1024)
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if b"%PDF-" in start:
        return PDF
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return OLE
    return _office_type(file) if start.startswith(b"PK\x03\x04") else None


def _office_type(file: Any) -> str | None:
    """Whether a zip archive is a Word or Excel file; its members are not unpacked."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return None
    if "[Content_Types].xml" not in names:
        return None
    if any(name.startswith("word/") for name in names):
        return DOCX
    return XLSX if any(name.startswith("xl/") for name in names) else None
