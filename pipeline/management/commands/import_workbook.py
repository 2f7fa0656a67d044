import datetime as dt
import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.models import User
from crm.refusals import Refused
from pipeline.management.commands.import_ledger import header_map_of, report
from pipeline.models import LoadKind
from pipeline.spreadsheets.events import LedgerError
from pipeline.spreadsheets.loading import Outcome, load

KINDS = [kind.value for kind in LoadKind if kind != LoadKind.LEDGER]


class Command(BaseCommand):
    help = (
        "Load a workbook (.xlsx, .xls or .csv) of companies and contacts, of receipts or of "
        "meetings, in the name of --as and within what that person may see. Loading a file "
        "again changes only what the file changes. Exit status: 0 all rows loaded or "
        "skipped, 1 some rejected, 2 nothing done. For a county's ledger: import_ledger."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=KINDS, metavar="KIND", help="|".join(KINDS))
        parser.add_argument("file", type=Path, metavar="FILE", help="the workbook")
        parser.add_argument(
            "--as",
            dest="username",
            metavar="USERNAME",
            required=True,
            help="who loads; receipts are verified by this person",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would come of it; change nothing"
        )
        parser.add_argument(
            "--today",
            type=dt.date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the day that future days are judged by; default: today in the county",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="HEADER=FIELD",
            help="read a column as a field, where the header is not understood; repeatable",
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            metavar="FILE.xlsx",
            help="write rejected rows here, with their reasons, to correct and load again",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        by = User.objects.filter(username=options["username"], is_active=True).first()
        if by is None:
            raise CommandError(
                f"没有用户“{options['username']}”，请核对 --as 后的用户名", returncode=2
            )
        try:
            outcome = load(
                options["file"],
                kind=options["kind"],
                today=options["today"] or timezone.localdate(now),
                at=now,
                verified_by=by,
                header_map=header_map_of(options["map"]),
                rejects_to=options["rejects"],
                dry_run=options["dry_run"],
            )
        except (LedgerError, Refused) as error:
            self._refuse(options["json"], error.code, str(error.message))
        if options["json"]:
            self.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False))
        else:
            report(outcome, self.stdout, dry_run=options["dry_run"])
        if outcome.rejects:
            sys.exit(1)

    def _refuse(self, as_json: bool, code: str, message: str) -> None:
        if as_json:
            nothing = {**Outcome().as_json(), "error": {"code": code, "message": message}}
            self.stdout.write(json.dumps(nothing, ensure_ascii=False))
            sys.exit(2)
        raise CommandError(message, returncode=2)
