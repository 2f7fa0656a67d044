"""A bulletin's PDF, which takes seconds to set: asked for as a job, and set once when frozen.

The other formats take a fraction of a second and are written while one waits. A frozen report
never changes, so its PDF is kept under the digest and found there by everybody who may read
the report; a draft's is made anew, from what is known then. A kept file is put in its place
whole: a worker that is killed leaves none, or a temporary one that nobody looks for.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from crm import jobs
from crm.models import Job, User
from crm.models.jobs import OPEN
from crm.rights import require
from pipeline.models import Report, ReportState
from pipeline.reports import freezing
from pipeline.reports.formats import write

KIND = "report.print"
Step = Callable[[int, int, str], None]


def is_kept(report: Report) -> bool:
    """Whether the report's PDF is there already."""
    return report.state == ReportState.FROZEN and _path(report).is_file()


def order(report: Report, *, by: User, at: dt.datetime) -> Job:
    """Ask for the PDF; the person's own job for it where one is under way already.

    Raises ``NotAllowed``.
    """
    require(by, "report.view")
    wanted = Job.objects.filter(asked_by=by, kind=KIND, state__in=OPEN)
    for job in wanted:
        if job.arguments.get("report") == report.pk:
            return job
    return jobs.enqueue(KIND, by=by, at=at, report=report.pk)


def pdf(report: Report, *, at: dt.datetime, step: Step = lambda done, total, words: None) -> bytes:
    """The report's PDF: the kept one, or set now and, where the report is frozen, kept.

    A kept file is only given out for content that still has the digest it was frozen with.
    Raises ``freezing.Damaged``, ``formats.pdf.CannotPrint``.
    """
    step(0, 2, _("汇总数字"))
    content = freezing.content_of(report, at=at)
    if is_kept(report):
        return _path(report).read_bytes()
    step(1, 2, _("排版"))
    made = write("pdf", content, digest=report.digest, version=report.version)
    if report.state == ReportState.FROZEN:
        _keep(report, made)
    step(2, 2, "")
    return made


def _path(report: Report) -> Path:
    return Path(default_storage.path(f"reports/{report.digest}-v{report.version}.pdf"))


def _keep(report: Report, made: bytes) -> None:
    path = _path(report)
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(made)
    os.chmod(file.name, 0o640)
    os.replace(file.name, path)
