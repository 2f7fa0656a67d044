"""The kinds of job that concern whom we deal with and the site itself."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import job_cleaning
from crm.jobs import kind
from crm.models import Job
from crm.progress import Progress
from crm.rhythms import Daily
from crm.schedule import scheduled


@scheduled(
    Daily(dt.time(3, 30)),
    words=_("删除结束已久的任务的文件，以及定时任务的旧记录"),
)
@kind("jobs.clean", label=_("清理后台任务"), act="schedule.run", template="crm/jobs/said.html")
def clean(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """Remove the files of jobs long over, and the rows of occasions long past."""
    files, rows = job_cleaning.clean(at=at), job_cleaning.prune(at=at)
    said = gettext("清理了 %(files)s 个任务的文件，删除了 %(rows)s 条定时任务记录")
    return {"files": files, "rows": rows, "said": said % {"files": files, "rows": rows}}
