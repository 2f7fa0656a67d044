"""Attaching files to a project; what a file is, is read from its content.

What the client calls a file, and what type it says it has, decide nothing: the name is
kept to be shown, the type is found here, and the file is stored under its SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zipfile
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from pipeline.models import Document, Project
from pipeline.models.documents import document_path

MEGABYTE = 1024 * 1024
LONGEST_NAME = 160


class UnknownFormat(Refused):
    """The content is none of the formats that evidence may have."""

    code = "unknown_format"


class TooLarge(Refused):
    """The file is empty, or larger than the county allows."""

    code = "bad_size"


class AlreadyAttached(Refused):
    """The project has this very file already."""

    code = "already_attached"


@transaction.atomic
def attach(
    project: Project, *, file: File[bytes], kind: str, by: User, at: dt.datetime
) -> Document:
    """Keep a file with a project; it becomes evidence when a claim names it.

    ``file`` is an upload: seekable, with ``name`` and ``size`` in bytes.

    Raises ``NotAllowed``, ``TooLarge``, ``UnknownFormat``, ``AlreadyAttached``.
    """
    require(by, "project.edit", project)
    name = PurePath((file.name or "").replace("\\", "/")).name.strip() or "-"
    if not file.size:
        raise TooLarge(_("“%(name)s”是空文件，请重新选择") % {"name": name})
    if file.size > settings.UPLOAD_MAX_BYTES:
        most = settings.UPLOAD_MAX_BYTES // MEGABYTE
        raise TooLarge(
            _("“%(name)s”超过 %(most)s MB，请压缩或拆分后再传") % {"name": name, "most": most}
        )
    media_type = type_of(file)
    if media_type is None:
        raise UnknownFormat(
            _("“%(name)s”不是 PDF、图片（JPG、PNG、WebP）或 Word、Excel 文件，不能作为证据")
            % {"name": name}
        )
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    if project.documents.filter(sha256=digest).exists():
        raise AlreadyAttached(_("“%(name)s”已经传过了，请另选文件") % {"name": name})
    document = Document(
        project=project,
        kind=kind,
        name=_short(name),
        media_type=media_type,
        size=file.size,
        sha256=digest,
        uploaded_at=at,
        uploaded_by=by,
    )
    _keep(document, file)
    document.save(force_insert=True)
    return document


def _keep(document: Document, file: File[bytes]) -> None:
    """Store the content once, however many projects have it."""
    path = document_path(document, "")
    storage = document.file.storage
    if not storage.exists(path):
        file.seek(0)
        storage.save(path, file)
    document.file.name = path


def _short(name: str) -> str:
    """At most as long as the column, with its ending."""
    if len(name) <= LONGEST_NAME:
        return name
    ending = PurePath(name).suffix[-10:]
    return name[: LONGEST_NAME - len(ending)] + ending


PDF = "application/pdf"
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = OFFICE + "wordprocessingml.document"
XLSX = OFFICE + "spreadsheetml.sheet"
OLE = "application/x-ole-storage"  # .doc, .xls, and what WPS saves as .wps, .et


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
