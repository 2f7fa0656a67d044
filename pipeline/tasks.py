"""The pipeline's kinds of job: each a few lines around a business function."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django.core.files import File
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.jobs import kind
from crm.models import Job
from crm.progress import Progress
from pipeline.spreadsheets.ledger import LedgerError
from pipeline.spreadsheets.loading import load

SHOWN_REJECTS = 200


@kind(
    "ledger.import",
    label=_("导入台账"),
    act="ledger.load",
    refusals=(LedgerError,),
    template="pipeline/import_result.html",
)
def import_ledger(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """Load the job's workbook in the name of who asked for it; rejects become its download.

    Arguments: ``today`` (ISO), and if wanted ``dry_run`` and ``header_map``. The loaded
    facts are known from ``at``, the start of the attempt. The result is the document of
    ``import_ledger --json`` with the first rejects, and the id of the load.
    """
    with tempfile.TemporaryDirectory() as folder:
        rejects = Path(folder) / "rejects.xlsx"
        outcome = load(
            Path(job.upload.path),
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
    found["rejects"] = found["rejects"][:SHOWN_REJECTS]
    del found["rejects_file"]
    return {
        **found,
        "dry_run": outcome.load is None,
        "load": outcome.load.pk if outcome.load else None,
        "download_name": gettext("退回的行.xlsx") if job.download else "",
    }
