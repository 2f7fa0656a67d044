import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pipeline.supervise import supervise


class Command(BaseCommand):
    help = (
        "Do everything that the clocks make due at an instant: press overdue items (催办, 通报), "
        "propose inspections and listings, remind of what is near its due day, tell of leads "
        "that wait, ask for the month's progress. Running it twice does nothing the second "
        "time; days that were skipped are made up for. Exit 0 done, 1 done with warnings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            type=dt.datetime.fromisoformat,
            metavar="ISO",
            required=True,
            help="the instant, e.g. 2026-10-01T08:00; without an offset it is in the county's "
            "time zone",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"]
        if timezone.is_naive(at):
            at = timezone.make_aware(at)
        done = supervise(at=at)
        said = done.as_json()
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        else:
            self.stdout.write(
                "催办 {urged}，通报 {named}，提出专项督查 {inspections_proposed}，"
                "提出挂牌督办 {listings_proposed}；临期提醒 {reminded}，线索提醒 {leads}，"
                "月度填报提醒 {monthly}；查看逾期事项 {looked_at}".format(**said)
            )
        for warning in done.warnings:
            self.stderr.write(self.style.WARNING(warning))
        if done.warnings:
            raise SystemExit(1)
