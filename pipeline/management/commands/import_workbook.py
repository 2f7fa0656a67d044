from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from crm.models import User
from pipeline.management.loading import LoadingCommand, header_map_of
from pipeline.models import LoadKind
from pipeline.spreadsheets.loading import load

KINDS = [kind.value for kind in LoadKind if kind != LoadKind.LEDGER]


class Command(LoadingCommand):
    help = (
        "Load a workbook (.xlsx, .xls or .csv) of companies and contacts, of receipts or of "
        "meetings, in the name of --as and within what that person may see. Loading a file "
        "again changes only what the file changes. Exit status: 0 all rows loaded or "
        "skipped, 1 some rejected, 2 nothing done. For a county's ledger: import_ledger."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=KINDS, metavar="KIND", help="|".join(KINDS))
        super().add_arguments(parser)
        parser.add_argument(
            "--as",
            dest="username",
            metavar="USERNAME",
            required=True,
            help="who loads; receipts are verified by this person",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        by = User.objects.filter(username=options["username"], is_active=True).first()
        if by is None:
            raise CommandError(
                f"没有用户“{options['username']}”，请核对 --as 后的用户名", returncode=2
            )
        header_map = header_map_of(options["map"])
        self.tell(
            lambda: load(
                options["file"],
                kind=options["kind"],
                today=options["today"] or timezone.localdate(now),
                at=now,
                verified_by=by,
                header_map=header_map,
                rejects_to=options["rejects"],
                dry_run=options["dry_run"],
            ),
            options,
        )
