import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline import county, countyfile


class Command(BaseCommand):
    help = (
        "Apply a county's file: parks, dictionaries, targets by year, working calendar, "
        "settings. Without a file: Pinglu's. Applying it again changes only what the file "
        "changes. Exit codes: 0 done, 2 nothing done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            metavar="FILE.toml",
            nargs="?",
            type=Path,
            default=countyfile.PINGLU,
            help="the county's file, in the form of pipeline/data/pinglu.toml (default: that one)",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="print one JSON document on standard output",
        )

    def handle(self, *, file: Path, as_json: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            done = county.apply(countyfile.read(file), by=county.operator(), at=now)
        except countyfile.CountyFileError as error:
            if as_json:
                self._print({"error": {"code": error.code, "message": str(error)}})
            raise CommandError(f"{file.name}: {error}", returncode=2) from error
        this_year = timezone.localdate(now).year
        for year in county.missing_calendar_years([this_year, this_year + 1]):
            done.notes.append(
                _("工作日历缺 %d 年：到期日暂按周一至周五推算，放假安排公布后请补入县情文件") % year
            )
        if as_json:
            self._print(
                {
                    "county": done.county,
                    **{key: done.counts[key] for key in ("created", "updated", "unchanged")},
                    "changes": done.changes,
                    "notes": done.notes,
                }
            )
        else:
            for line in done.changes:
                self.stdout.write(line)
            self.stdout.write(
                _("%(county)s：新增 %(created)d，更新 %(updated)d，未变 %(unchanged)d")
                % {
                    "county": done.county,
                    "created": done.counts["created"],
                    "updated": done.counts["updated"],
                    "unchanged": done.counts["unchanged"],
                }
            )
        for note in done.notes:
            self.stderr.write(note)

    def _print(self, answer: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
