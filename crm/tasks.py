"""The kinds of job that concern whom we deal with and the site itself."""

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import deliveries, job_cleaning
from crm.jobs import kind
from crm.models import Job
from crm.progress import Progress
from crm.rhythms import Daily, Every
from crm.schedule import scheduled


@scheduled(
    Every(1),
    words=_("把到时间的邮件和群消息发出去，没发成的过一阵再发"),
    has_work=deliveries.has_work,
)
@kind(
    "notices.deliver",
    label=_("发送通知"),
    act="schedule.run",
    atomic=False,  # each message is written down by itself; the verb bears being done twice
    template="crm/jobs/said.html",
)
def deliver(job: Job, progress: Progress, at: dt.datetime) -> dict[str, Any]:
    """One pass over what is to be said outside of the pages."""
    done = deliveries.deliver(at=at)
    said = gettext("发出 %(sent)s，稍后再发 %(put_off)s，放弃 %(failed)s，不确定 %(doubtful)s")
    return {**asdict(done), "said": said % asdict(done)}


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
