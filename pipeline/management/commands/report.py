import datetime as dt
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.refusals import Refused
from pipeline.models import Report, ReportState, Subject
from pipeline.reports import freezing
from pipeline.reports.content import build
from pipeline.reports.formats import FORMATS, write
from pipeline.reports.periods import Period


class Command(BaseCommand):
    help = (
        "Write a quarter's bulletin (通报) into a folder, as it would be frozen now or as it was "
        "known at an instant. --freeze keeps it for ever, in the name of a system user; a "
        "quarter that is frozen already is written as it was frozen, its latest version."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, required=True, help="the year, e.g. 2026")
        parser.add_argument("--quarter", type=int, choices=(1, 2, 3, 4))
        parser.add_argument(
            "--subject",
            choices=Subject.values,
            default=Subject.ATTRACTION.value,
            help="supervision: a month's bulletin on promises (一月一通报), with --month",
        )
        parser.add_argument("--month", type=int, choices=range(1, 13), metavar="1-12")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="made if absent")
        parser.add_argument(
            "--formats",
            default=",".join(FORMATS),
            help=f"some of {','.join(FORMATS)}, with commas between; default: all",
        )
        parser.add_argument("--freeze", action="store_true", help="freeze the report")
        parser.add_argument(
            "--known-at",
            type=dt.datetime.fromisoformat,
            metavar="ISO",
            help="as it was known at this instant; without an offset it is in the county's time "
            "zone; default: now",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [kind.strip() for kind in options["formats"].split(",") if kind.strip()]
        if unknown := set(wanted) - set(FORMATS):
            raise CommandError(f"没有这种格式：{'、'.join(sorted(unknown))}", returncode=2)
        now = timezone.now()
        known_at = options["known_at"] or now
        if timezone.is_naive(known_at):
            known_at = timezone.make_aware(known_at)
        period, subject = _asked(options), options["subject"]
        report = _frozen(period, subject)
        try:
            if report is None and options["freeze"]:
                report = freezing.freeze_at_once(period, subject=subject, at=now, known_at=known_at)
            content = (
                freezing.content_of(report, at=now)
                if report and (options["freeze"] or not options["known_at"])
                else build(period, known_at=known_at, subject=subject)
            )
            files = self._write(content, report, wanted, options["out"], period)
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        said = {
            "title": content["title"],
            "as_of": content["as_of"],
            "known_at": content["known_at"],
            "version": report.version if report else None,
            "digest": report.digest if report else None,
            "files": [str(file) for file in files],
        }
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write(content["title"])
        for file in files:
            self.stdout.write(str(file))

    def _write(
        self,
        content: dict[str, Any],
        report: Report | None,
        wanted: list[str],
        folder: Path,
        period: Period,
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for kind in wanted:
            file = folder / f"report-{period.year}-{period.kind[0]}{period.number}.{kind}"
            file.write_bytes(
                write(
                    kind,
                    content,
                    rows=report.rows if report else None,
                    digest=report.digest if report else "",
                    version=report.version if report else 0,
                )
            )
            files.append(file)
        return files


def _asked(options: dict[str, Any]) -> Period:
    """The quarter, or the month of a bulletin on promises."""
    kind = "month" if options["subject"] == Subject.SUPERVISION else "quarter"
    if options[kind] is None:
        raise CommandError(f"the following arguments are required: --{kind}", returncode=2)
    return Period(kind, options["year"], options[kind])


def _frozen(period: Period, subject: str) -> Report | None:
    """The latest frozen version of a period's county report."""
    return (
        Report.objects.filter(
            subject=subject,
            kind=period.kind,
            year=period.year,
            number=period.number,
            park=None,
            state=ReportState.FROZEN,
        )
        .order_by("-version")
        .first()
    )
