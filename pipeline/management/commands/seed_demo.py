import datetime as dt
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.refusals import Refused
from pipeline import county, countyfile
from pipeline.demo import county as demo_county
from pipeline.demo import lives, people, scale
from pipeline.rollup_document import table
from pipeline.rollups import Window, rollup
from pipeline.spreadsheets.loading import Outcome


class Command(BaseCommand):
    help = (
        "Fill an empty database with a demonstration: Pinglu with people to log in as, a "
        "ledger of about 150 projects loaded through the importer, and projects under way. "
        "With --projects: that many invented projects with ten years of history instead, the "
        "same for the same number and seed. Does nothing where it has been done; refuses "
        "(exit 2) a database that holds anybody else's log-ins or projects."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--projects", type=int, metavar="N", help="invent N projects")
        parser.add_argument(
            "--seed", type=int, default=1, metavar="S", help="what they are drawn from; default: 1"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now, count = timezone.now(), options["projects"]
        if count is not None and count < 1:
            raise CommandError(_("--projects 应为正整数"), returncode=2)
        try:
            people.claim_database()
            if count is None:
                self._load_county(now)
            else:
                self._invent(count, options["seed"], now)
        except (Refused, scale.OtherNumbers) as error:
            raise CommandError(str(error), returncode=2) from error
        self._show(lives.LAST_DAY if count else timezone.localdate(now), now)

    def _load_county(self, now: dt.datetime) -> None:
        if not demo_county.is_loaded():
            for outcome in demo_county.load(today=timezone.localdate(now), at=now):
                self._tell(outcome)

    def _invent(self, count: int, seed: int, now: dt.datetime) -> None:
        county.apply(countyfile.read(countyfile.PINGLU), by=county.operator(), at=now)
        people.create_logins()
        scale.seed(count, seed=seed, progress=self._progress)

    def _tell(self, outcome: Outcome) -> None:
        found = outcome.as_json()
        self.stdout.write(
            _("已导入 %(name)s：%(rows)d 行，导入 %(loaded)d，跳过 %(skipped)d，退回 %(rejected)d")
            % {"name": outcome.load.name if outcome.load else "", **found}
        )
        for reject in found["rejects"]:
            self.stdout.write(f"  {reject['message']}")

    def _progress(self, done: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done}", ending="")

    def _show(self, as_of: dt.date, known_at: dt.datetime) -> None:
        """The current quarter's roll-up, and whom to log in as."""
        quarter = (as_of.month + 2) // 3
        self.stdout.write(
            _("%(year)d 年 1—%(month)d 月（第 %(quarter)d 季度），截至 %(day)s：")
            % {"year": as_of.year, "month": as_of.month, "quarter": quarter, "day": as_of}
        )
        self.stdout.write(table(rollup(Window(as_of.year, as_of, known_at))))
        self.stdout.write("")
        self.stdout.write(_("演示账号（口令均为 %s，切勿用于正式库）：") % people.PASSWORD)
        for user in demo_county.users():
            place = user.unit or user.park
            scope = place.name if place else _("全县")
            role = user.get_role_display()
            self.stdout.write(f"  {user.username:<14}{user.full_name}，{role}，{scope}")
