import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from crm import jobs


class Command(BaseCommand):
    help = (
        "Put back the jobs whose worker died, and tell the workers again of those that a "
        "broker has lost. The worker does this every minute by itself; running it twice does "
        "nothing the second time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        swept = asdict(jobs.sweep(at=timezone.now()))
        if options["json"]:
            self.stdout.write(json.dumps(swept))
        else:
            self.stdout.write(
                "重新排队 {requeued} 个，停止重试 {given_up} 个，再次派发 {told_again} 个".format(
                    **swept
                )
            )
