"""What the commands that load a workbook share: their options, and how they say what came of it."""

import datetime as dt
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from crm.refusals import Refused
from pipeline.spreadsheets.events import LedgerError
from pipeline.spreadsheets.loading import Outcome


class LoadingCommand(BaseCommand):
    """A command that loads a workbook: exit 0 all loaded, 1 some rejected, 2 nothing done."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the workbook")
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

    def tell(self, load: Callable[[], Outcome], options: dict[str, Any]) -> None:
        """Load, say what came of it, and exit as the command promises."""
        try:
            outcome = load()
        except LedgerError as error:
            self._refuse(options["json"], error.code, error.message)
        except Refused as error:
            self._refuse(options["json"], error.code, str(error))
        if options["json"]:
            self.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False))
        else:
            report(outcome, self.stdout, dry_run=options["dry_run"])
        if outcome.rejects:
            sys.exit(1)

    def _refuse(self, as_json: bool, code: str, message: str) -> NoReturn:
        if as_json:
            nothing = {**Outcome().as_json(), "error": {"code": code, "message": message}}
            self.stdout.write(json.dumps(nothing, ensure_ascii=False))
            sys.exit(2)
        raise CommandError(message, returncode=2)


def report(outcome: Outcome, to: Any, *, dry_run: bool) -> None:
    """Write to ``to``, for a person, what came of a load."""
    found = outcome.as_json()
    if dry_run:
        to.write("试导入，未改动任何数据")
    to.write(
        "共 {rows} 行：导入 {loaded}（新增 {created}、更新 {updated}、未变 {unchanged}），"
        "跳过 {skipped}，退回 {rejected}".format(**found)
    )
    for reject in found["rejects"]:
        to.write(f"  {reject['message']}")
    for note in found["notes"]:
        to.write(f"  说明：{note}")
    if found["rejects_file"]:
        to.write(f"退回的行已写入 {found['rejects_file']}，更正后可再次导入")


def header_map_of(pairs: list[str]) -> dict[str, str]:
    """What ``--map HEADER=FIELD`` says, by header. Raises ``CommandError``."""
    split = [pair.partition("=") for pair in pairs]
    if wrong := [header for header, equals, _field in split if not equals]:
        raise CommandError(f"--map 要写成 表头=字段，“{wrong[0]}”缺少等号", returncode=2)
    return {header: name for header, _equals, name in split}
