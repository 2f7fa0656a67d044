"""Attaching files to a project, where they become evidence when a claim names them.

What a file is, is read from its content (:mod:`crm.uploads`).
"""

from __future__ import annotations

import datetime as dt

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import uploads
from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from crm.uploads import TooLarge, UnknownFormat, type_of
from pipeline import activity
from pipeline.models import Document, Project

__all__ = ["AlreadyAttached", "TooLarge", "UnknownFormat", "attach", "type_of"]


UNKNOWN = _("“%(name)s”不是 PDF、图片（JPG、PNG、WebP）或 Word、Excel 文件，不能作为证据")


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
    found = uploads.check(file, unknown=UNKNOWN)
    if project.documents.filter(sha256=found.sha256).exists():
        raise AlreadyAttached(_("“%(name)s”已经传过了，请另选文件") % {"name": found.name})
    document = uploads.keep_as(Document, file, found, project=project, kind=kind, by=by, at=at)
    activity.touch(project, on=timezone.localdate(at))
    return document
