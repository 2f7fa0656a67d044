import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pipeline.rollup_document import document, table
from pipeline.rollups import DIMENSIONS, Window, rollup


class Command(BaseCommand):
    help = (
        "Print the figures of a year by park, channel, industry or officer: signed projects, "
        "agreed investment, started in the year they were signed, and the county's total, "
        "against their targets. Amounts in yuan in --json, in 亿元 in the table."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, required=True, help="the year, e.g. 2026")
        parser.add_argument(
            "--as-of",
            type=dt.date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="figures up to this day; default: today in the county's time zone, "
            "or 31 December of a past year",
        )
        parser.add_argument(
            "--known-at",
            type=dt.datetime.fromisoformat,
            metavar="ISO",
            help="figures as they were known at this instant; without an offset it is in the "
            "county's time zone; default: now",
        )
        parser.add_argument(
            "--by", choices=DIMENSIONS, default="park", help="what to group by; default: park"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        year = options["year"]
        if not 1900 <= year <= 9998:
            raise CommandError(f"年度 {year} 超出范围，请用四位年份，如 2026", returncode=2)
        now = timezone.now()
        known_at = options["known_at"] or now
        if timezone.is_naive(known_at):
            known_at = timezone.make_aware(known_at)
        as_of = options["as_of"] or default_as_of(year, timezone.localdate(now))
        found = rollup(Window(year, as_of, known_at), by=options["by"])
        if options["json"]:
            self.stdout.write(json.dumps(document(found), ensure_ascii=False))
            return
        self.stdout.write(f"{year} 年，截至 {as_of}，按 {timezone.localtime(known_at):%F %T} 所知")
        if found.targets.repeated_from:
            self.stdout.write(f"（全县目标沿用 {found.targets.repeated_from} 年）")
        self.stdout.write(table(found))


def default_as_of(year: int, today: dt.date) -> dt.date:
    """Today, or the last day of a year that has passed."""
    return min(today, dt.date(year, 12, 31)) if year < today.year else today
