"""The pipeline's kinds of job: each a few lines around a business function."""

import datetime as dt
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.jobs import kind
from crm.models import Job, Tag, User
from crm.progress import Progress
from crm.refusals import Refused
from crm.rhythms import Daily, Every, Monthly
from crm.schedule import scheduled
from pipeline import bulk, rollup_checks
from pipeline.listing import Wanted
from pipeline.models import LoadKind, PeriodKind, Report, Subject
from pipeline.reports import freezing, printed
from pipeline.reports.periods import Period
from pipeline.spreadsheets import exports
from pipeline.spreadsheets.events import LedgerError
from pipeline.spreadsheets.kinds import KINDS
from pipeline.spreadsheets.loading import load
from pipeline.spreadsheets.showing import look_at
from pipeline.supervise import supervise

SHOWN_REJECTS = 200
LABELS = {
    LoadKind.LEDGER: _("导入台账"),
    LoadKind.ORGANIZATIONS: _("导入企业与联系人"),
    LoadKind.FUNDS: _("导入到位资金"),
    LoadKind.INTERACTIONS: _("导入接洽记录"),
}
LOOKING = {
    LoadKind.LEDGER: _("读取台账"),
    LoadKind.ORGANIZATIONS: _("读取企业与联系人"),
    LoadKind.FUNDS: _("读取到位资金"),
    LoadKind.INTERACTIONS: _("读取接洽记录"),
}


def import_workbook(job: Job, progress: Progress, at: dt.datetime, *, of: str) -> dict[str, Any]:
    """Load the job's workbook in the name of who asked for it; rejects become its download.

    Arguments: ``today`` (ISO), and if wanted ``dry_run`` and ``header_map``. The loaded
    facts are known from ``at``, the start of the attempt. The result is the document of
    ``import_ledger --json`` with the first rejects and their cells, after a dry run the
    first rows as they would be loaded, and else the id of the load.
    """
    with tempfile.TemporaryDirectory() as folder:
        rejects = Path(folder) / "rejects.xlsx"
        outcome = load(
            Path(job.upload.path),
            kind=of,
            today=dt.date.fromisoformat(job.arguments["today"]),
            at=at,
            verified_by=job.asked_by,
            header_map=job.arguments.get("header_map"),
            rejects_to=rejects,
            dry_run=job.arguments.get("dry_run", False),
            name=job.upload_name,
            progress=progress,
        )
        if outcome.rejects:
            with rejects.open("rb") as file:
                job.download.save("rejects.xlsx", File(file), save=False)
    found = outcome.as_json()
    found["rejects"] = [
        {**said, "cells": reject.cells, "sheet": reject.sheet}
        for said, reject in zip(found["rejects"][:SHOWN_REJECTS], outcome.rejects, strict=False)
    ]
    del found["rejects_file"]
    return {
        **found,
        "kind": of,
        "sheets": outcome.sheets,
        "shown": [asdict(row) for row in outcome.shown],
        "dry_run": outcome.load is None,
        "load": outcome.load.pk if outcome.load else None,
        "download_name": gettext("退回的行.xlsx") if job.download else "",
    }


def look_at_workbook(job: Job, progress: Progress, at: dt.datetime, *, of: str) -> dict[str, Any]:
    """Find the headers of the job's workbook, and what they are taken for."""
    seen = look_at(Path(job.upload.path), KINDS[of].table)
    return {"kind": of, "rows": seen.rows, **asdict(seen)}


for _of in LoadKind.values:
    kind(
        f"{_of}.import",
        label=LABELS[LoadKind(_of)],
        act=KINDS[_of].act,
        refusals=(LedgerError,),
        template="pipeline/import_result.html",
    )(partial(import_workbook, of=_of))
    kind(
        f"{_of}.look",
        label=LOOKING[LoadKind(_of)],
        act=KINDS[_of].act,
        refusals=(LedgerError,),
        template="pipeline/import_looked.html",
    )(partial(look_at_workbook, of=_of))


@kind("projects.export", label=_("导出项目清单"), act="project.view")
def export_projects(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """The list of the job's ``query`` as a file of its ``ending``, as who asked sees it."""
    wanted, ending = Wanted.of(job.arguments["query"]), job.arguments["ending"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"projects.{ending}"
        rows = wanted.rows(person=job.asked_by, at=at)
        count = exports.write(path, rows, wanted.columns, ending=ending, at=at, progress=progress)
        with path.open("rb") as file:
            job.download.save(path.name, File(file), save=False)
    name = f"{gettext('项目清单')}-{timezone.localdate(at)}.{ending}"
    return {"rows": count, "download_name": name}


@kind(
    "projects.bulk",
    label=_("批量操作"),
    act="project.edit",
    template="pipeline/bulk_result.html",
)
def change_projects(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """Assign or tag the projects of the job's ``keys`` in the name of who asked for it.

    Arguments besides: ``act`` with ``officer`` or ``tag``; for ``assign_back`` the keys are
    pairs of a project and whom it belonged to. The result is the report.
    """
    said = job.arguments
    how: dict[str, Any] = {"by": job.asked_by, "at": at, "progress": progress}
    if said["act"] == "assign_back":
        return bulk.assign_back([tuple(pair) for pair in said["keys"]], **how).as_json()
    if said["act"] == bulk.Act.ASSIGN:
        officer = User.objects.get(pk=said["officer"])
        return bulk.assign(said["keys"], officer, **how).as_json()
    is_off = said["act"] == bulk.Act.UNTAG
    tag = Tag.objects.get(pk=said["tag"])
    return bulk.tag(said["keys"], tag, is_off=is_off, **how).as_json()


@kind(
    printed.KIND,
    label=_("生成通报 PDF"),
    act="report.view",
    atomic=False,  # seconds of type-setting, for which SQLite should not lock everybody out
    template="pipeline/reports/printed.html",
)
def print_report(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """The PDF of the job's ``report``, as who asked may read it; done twice, it is the same."""
    rows = Report.objects.visible_to(job.asked_by).select_related("park")
    report = rows.filter(pk=job.arguments["report"]).first()
    if report is None:
        raise Refused(gettext("这份通报您现在看不到"))
    made = printed.pdf(report, at=at, step=progress)
    title = freezing.content_of(report, at=at)["title"]
    job.download.save("report.pdf", ContentFile(made), save=False)
    name = f"{title}-v{report.version}.pdf"
    return {"report": report.pk, "title": title, "download_name": name}


@scheduled(
    Every(60),
    words=_("登记签约未开工项目，催办、通报、提出督查建议，提醒临期事项、线索和月度填报"),
)
@kind(
    "supervise",
    label=_("督办到期事项"),
    act="schedule.run",
    atomic=False,  # item by item, each in a transaction; running it again adds nothing
    template="crm/jobs/said.html",
)
def press(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """Everything that the clocks make due; what missed hours left is made up for."""
    done = supervise(at=at, by=job.asked_by, progress=progress)
    counts = done.as_json()
    said = gettext(
        "催办 %(urged)s，通报 %(named)s，建议督查 %(inspections_proposed)s、"
        "挂牌 %(listings_proposed)s，提醒临期 %(reminded)s、填报 %(monthly)s"
    )
    return {**counts, "said": "；".join([said % counts, *done.warnings])}


@scheduled(
    Monthly(dt.time(6, 0)),
    words=_("起草上月的重点工作落实通报（一月一通报），只起草，由督查室补充后送审"),
    catch_up=12,
)
@kind(
    "bulletin.draft",
    label=_("起草上月落实通报"),
    act="schedule.run",
    template="pipeline/reports/drafted.html",
)
def draft_bulletin(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """A draft of the month before the occasion, unless somebody has begun it already."""
    first = timezone.localdate(dt.datetime.fromisoformat(job.arguments["occasion"])).replace(day=1)
    month = first - dt.timedelta(days=1)
    period = Period(PeriodKind.MONTH, month.year, month.month)
    try:
        report = freezing.draft(period, subject=Subject.SUPERVISION, by=job.asked_by, at=at)
    except freezing.AlreadyDrafted as refusal:
        return {"report": None, "said": str(refusal)}
    said = gettext("已起草 %(year)s 年 %(month)s 月的落实通报")
    told = {"year": month.year, "month": month.month}
    return {"report": report.pk, "said": said % told}


@scheduled(
    Daily(dt.time(2, 30)),
    words=_("抽取若干年度、截止日和时点，逐条重算全部汇总数，对不上就通知管理员和核验员"),
)
@kind(
    "rollup.check",
    label=_("汇总核对"),
    act="schedule.run",
    atomic=False,  # minutes of reading, for which SQLite should not lock everybody out
    template="pipeline/checks/said.html",
)
def check_figures(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """Hold a night's sample of roll-ups against the slow count. A second check does no harm."""
    checks = rollup_checks.check(at=at, progress=progress)
    count = {
        "compared": sum(check.compared for check in checks),
        "differences": sum(len(check.differences) for check in checks),
    }
    said = gettext("核对 %(compared)s 个数，%(differences)s 处差异") % count
    return {"checks": [check.pk for check in checks], "said": said, **count}
