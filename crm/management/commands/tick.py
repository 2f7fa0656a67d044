import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from crm import jobs, schedule


class Command(BaseCommand):
    help = (
        "What the clock (celery beat) does every minute: put back the jobs whose worker died, "
        "and ask for what has fallen due. A machine's cron may call it in place of beat; "
        "running it twice does nothing the second time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        swept = asdict(jobs.sweep(at=now))
        asked = [job.key for job in schedule.due(at=now)]
        if options["json"]:
            self.stdout.write(json.dumps({**swept, "asked": asked}))
        else:
            self.stdout.write("到期的定时任务：" + ("、".join(asked) if asked else "没有"))
