"""The way of a workbook from a person's desk into the county: looked at, tried, loaded.

Each step is a job of the person who asks (``crm.jobs``): the file is handed in once and
kept with the first one, the next ones work on the same. What is small is done at once, the
rest in the background.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import jobs
from crm.models import Job, JobState, User
from crm.refusals import Refused
from crm.rights import may, require
from pipeline.models import LoadKind
from pipeline.spreadsheets.events import LedgerError
from pipeline.spreadsheets.fields import Table
from pipeline.spreadsheets.kinds import KINDS
from pipeline.spreadsheets.showing import look_at

Clock = Callable[[], dt.datetime]

BYTES_AT_ONCE = 2 * 2**20
ROWS_AT_ONCE = 500
REMEMBERED_JOBS = 20
IGNORE = "ignore"


class NoWorkbook(Refused):
    """The file is none that can be loaded; ``code`` says why (``read_sheets``)."""

    code = "no_workbook"


class NothingToLoad(Refused):
    """Not one row of the workbook could be loaded, or it was not tried."""

    code = "nothing_to_load"


class BadMapping(Refused):
    """The columns cannot be read as they were said to; ``details`` name each point."""

    code = "bad_mapping"


def kinds_for(user: User) -> list[str]:
    """The kinds of workbook that a person may load."""
    return [kind for kind in LoadKind.values if may(user, KINDS[kind].act)]


# --- The steps ----------------------------------------------------------------------------
def begin(upload: File[bytes], *, kind: str, by: User, clock: Clock) -> Job:
    """Take a workbook in and look at its headers.

    Raises ``NotAllowed``, ``NoWorkbook`` for a file that is empty, too large, or not a
    workbook with a header of that kind; of a large one the job itself says so.
    """
    require(by, KINDS[kind].act)
    most = settings.UPLOAD_MAX_BYTES
    if not upload.size:
        raise NoWorkbook(_("文件是空的，请重新选择"))
    if upload.size > most:
        raise NoWorkbook(
            _("文件超过 %(most)s MB，请删除图片和无关工作表后再传") % {"most": most // 2**20}
        )
    is_small = upload.size <= BYTES_AT_ONCE
    if is_small:
        with _on_disk(upload) as path:
            try:
                look_at(path, KINDS[kind].table)
            except LedgerError as error:
                raise NoWorkbook(error.message) from error
    job = jobs.enqueue(f"{kind}.look", by=by, at=clock(), upload=upload, send=not is_small)
    if is_small:
        jobs.run(job.pk, clock=clock)
    job.refresh_from_db()
    return job


def try_out(looked: Job, *, header_map: Mapping[str, str], by: User, clock: Clock) -> Job:
    """Have the workbook that was looked at loaded, shown, and taken back.

    Raises ``NotAllowed``, ``crm.jobs.CannotBeRetried`` where the file is gone.
    """
    is_small = looked.result.get("rows", 0) <= ROWS_AT_ONCE
    at = clock()
    job = jobs.enqueue(
        f"{kind_of(looked)}.import",
        by=by,
        at=at,
        upload=looked,
        send=not is_small,
        today=timezone.localdate(at).isoformat(),
        header_map=dict(header_map),
        dry_run=True,
        looked=looked.pk,
    )
    if is_small:
        jobs.run(job.pk, clock=clock)
    job.refresh_from_db()
    return job


def carry_out(tried: Job, *, by: User, at: dt.datetime) -> Job:
    """Load the workbook as it was tried, in the background.

    Raises ``NotAllowed``, ``NothingToLoad``, ``crm.jobs.CannotBeRetried``.
    """
    if tried.state != JobState.DONE or not tried.result.get("loaded"):
        raise NothingToLoad(_("没有可以导入的行，请更正后重新上传"))
    return jobs.enqueue(
        f"{kind_of(tried)}.import",
        by=by,
        at=at,
        upload=tried,
        today=timezone.localdate(at).isoformat(),
        header_map=tried.arguments.get("header_map") or {},
    )


def kind_of(job: Job) -> str:
    """The kind of workbook that a job is about."""
    return job.kind.partition(".")[0]


def looked_at(user: User) -> Any:
    """The jobs that looked at a person's workbooks."""
    return Job.objects.filter(asked_by=user, kind__in=[f"{kind}.look" for kind in KINDS])


def tried(user: User) -> Any:
    """The jobs that tried a person's workbooks."""
    kinds = [f"{kind}.import" for kind in KINDS]
    return Job.objects.filter(
        asked_by=user, kind__in=kinds, arguments__dry_run=True, arguments__has_key="looked"
    )


@contextmanager
def _on_disk(upload: File[bytes]) -> Iterator[Path]:
    """The upload as a file with its own ending, for as long as it is looked at."""
    with tempfile.NamedTemporaryFile(suffix=Path(str(upload.name)).suffix[:8]) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)
    upload.seek(0)


# --- The columns --------------------------------------------------------------------------
def remembered(looked: Job) -> dict[str, str]:
    """What the person said of headers like these when they last loaded this kind."""
    headers = {c["header"] for sheet in looked.result["sheets"] for c in sheet["columns"]}
    earlier = Job.objects.filter(
        asked_by=looked.asked_by, kind=f"{kind_of(looked)}.import", state=JobState.DONE
    ).order_by("-pk")
    known: dict[str, str] = {}
    for arguments in earlier.values_list("arguments", flat=True)[:REMEMBERED_JOBS]:
        for header, field in (arguments.get("header_map") or {}).items():
            if header in headers:
                known.setdefault(header, field)
    return known


def mapping(
    sheets: Sequence[Mapping[str, Any]], chosen: Sequence[Sequence[str]], table: Table
) -> dict[str, str]:
    """What has to be said of headers so that each column is what was ``chosen`` for it.

    Raises ``BadMapping`` where a field was chosen for two columns of a sheet, two columns
    of one header for two fields, or no sheet has all that is needed.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    incomplete: list[str] = []
    is_whole = False
    for sheet, fields in zip(sheets, chosen, strict=True):
        if not sheet["columns"]:
            continue
        by_field: dict[str, list[str]] = {}
        for column, field in zip(sheet["columns"], fields, strict=True):
            if field:
                by_field.setdefault(field, []).append(column["header"])
            if field != column["field"]:
                said = field or IGNORE
                if found.setdefault(column["header"], said) != said:
                    wrong.append(_("表头“%(header)s”出现几次，要选同一项") % column)
        wrong += [
            _("工作表“%(sheet)s”有几列都选了“%(field)s”：%(headers)s，请只留一列")
            % {
                "sheet": sheet["name"],
                "field": table.label(field),
                "headers": "、".join(headers),
            }
            for field, headers in by_field.items()
            if len(headers) > 1
        ]
        missing = missing_of(by_field, table)
        is_whole = is_whole or not missing
        if missing:
            incomplete.append(
                _("工作表“%(sheet)s”还缺：%(missing)s")
                % {"sheet": sheet["name"], "missing": "、".join(missing)}
            )
    if not is_whole:
        wrong += incomplete
    if wrong:
        raise BadMapping(_("列的对应还不完整，请更正"), details=wrong)
    return found


def missing_of(fields: Any, table: Table) -> list[str]:
    """What the needed columns are called that are not among ``fields``."""
    return [
        _("或").join(map(table.label, names))
        for names in table.needed
        if not any(name in fields for name in names)
    ]
