from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from crm.models import User
from pipeline.management.loading import LoadingCommand, header_map_of
from pipeline.spreadsheets.loading import load


class Command(LoadingCommand):
    help = (
        "Load a county's project ledger (.xlsx, .xls or .csv) as history: its milestones are "
        "claimed by a system user and verified by --as. Loading a file again changes only "
        "what the file changes. Exit status: 0 all rows loaded or skipped, 1 some rejected, "
        "2 nothing done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--as",
            dest="username",
            metavar="USERNAME",
            help="who verifies the loaded milestones; default: the system verifier 历史导入",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        verifier, header_map = _verifier(options["username"]), header_map_of(options["map"])
        self.tell(
            lambda: load(
                options["file"],
                today=options["today"] or timezone.localdate(now),
                at=now,
                verified_by=verifier,
                header_map=header_map,
                rejects_to=options["rejects"],
                dry_run=options["dry_run"],
            ),
            options,
        )


def _verifier(username: str | None) -> User | None:
    if username is None:
        return None
    try:
        return User.objects.get(username=username, is_active=True)
    except User.DoesNotExist as error:
        raise CommandError(f"没有用户“{username}”，请核对 --as 后的用户名", returncode=2) from error
