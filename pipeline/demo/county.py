"""The demonstration county, from an empty database to projects under way."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from crm.models import TagGroup, User
from pipeline import county, countyfile
from pipeline.countyfile import CountyFile, TargetEntry
from pipeline.countyfile_units import AreaEntry
from pipeline.demo import ledger, people, scores
from pipeline.demo.day import Day
from pipeline.demo.live import DAYS_BEFORE, Live
from pipeline.demo.office import Office
from pipeline.models import HolderKind, Load, Metric
from pipeline.spreadsheets import loading
from pipeline.spreadsheets.loading import Outcome

# How the county's 50 projects and 20 billion yuan might be divided: ours, not the county's.
SPLIT = {
    "rare-metals": (20, 8_000_000_000),
    "auto-materials": (16, 7_000_000_000),
    "modern-agriculture": (14, 5_000_000_000),
}
LEDGER = "演示台账"
# Which vice-county head answers for what is not published either.
AREAS = (("工业和园区（示例）", "leader"), ("农业农村和生态（示例）", "leader-agri"))
OF_AGRICULTURE = (
    "现代农业产业园管委会",
    "市生态环境局平陆分局",
    "县水利局",
    "县农业农村局",
    "县林业局",
)
# The article names six lists without saying which: each of ours says that it is an example.
TAGS = (
    *((TagGroup.GENERAL, name) for name in ("上市公司", "专精特新", "国有企业", "外资企业")),
    *(
        (TagGroup.SIX_LISTS, f"{name}（示例）")
        for name in ("重点产业", "重点企业", "重点项目", "招商政策", "要素资源", "问题诉求")
    ),
)


def is_loaded() -> bool:
    """Whether the demonstration county is there already."""
    return Load.objects.filter(name__startswith=LEDGER).exists()


@transaction.atomic
def load(*, today: dt.date, at: dt.datetime) -> list[Outcome]:
    """Set Pinglu up, load its ledger of each year's end and of late, and go on from there.

    All of it or nothing. ``at`` is now; what went before happens at instants before it, so
    that figures as known then can be looked at. Returns what came of each load.
    """
    operator = county.operator()
    first = ledger.first_year(today)
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=_instant(first, 1, 4))
    county.apply(CountyFile(tags=TAGS), by=operator, at=_instant(first, 1, 4))
    for year in range(first, today.year + 1):
        since = min(_instant(year, 1, 10), at - dt.timedelta(days=DAYS_BEFORE))
        county.apply(CountyFile(targets=_example(year)), by=operator, at=since)
    logins = people.create_logins()
    county.apply(_areas(), by=operator, at=_instant(first, 1, 4))
    outcomes = _load_ledgers(today=today, at=at)
    Live(logins, at=at).play()
    Day(logins, at=at).play()
    Office(logins, at=at).play()
    scores.play(logins, at=at)
    return outcomes


def _areas() -> CountyFile:
    """Two areas as an example, each unit in one of them."""
    shipped = countyfile.read(countyfile.PINGLU)
    industry, agriculture = (name for name, _leader in AREAS)
    return CountyFile(
        areas=tuple(AreaEntry(name, name, leader) for name, leader in AREAS),
        units=tuple(
            replace(unit, area=agriculture if unit.name in OF_AGRICULTURE else industry)
            for unit in shipped.units
        ),
    )


def _example(year: int) -> tuple[TargetEntry, ...]:
    """An example of a split of the county's targets over its parks."""
    return tuple(
        TargetEntry(
            where=f"{slug}.{metric}",
            metric=metric,
            year=year,
            holder=HolderKind.PARK,
            of=slug,
            value=Decimal(value),
            plan=None,
            is_example=True,
            reason="演示用的分解，不是县里下达的目标",
        )
        for slug, values in SPLIT.items()
        for metric, value in zip(
            (Metric.SIGNED_PROJECTS, Metric.SIGNED_AMOUNT), values, strict=True
        )
    )


def _load_ledgers(*, today: dt.date, at: dt.datetime) -> list[Outcome]:
    last = today - dt.timedelta(days=DAYS_BEFORE)
    year_ends = [dt.date(year, 12, 31) for year in range(ledger.first_year(today), today.year)]
    days = [day for day in year_ends if day < last] + [last]
    entries = ledger.entries(today)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for day in days:
            path = Path(folder) / f"{LEDGER}{day:%Y%m%d}.xlsx"
            ledger.write(path, entries, day=day, with_slips=day == last)
            evening = at - dt.timedelta(days=DAYS_BEFORE)
            if day != last:
                evening = _instant(day.year, 12, 31)
            outcomes.append(loading.load(path, today=day, at=evening))
    return outcomes


def _instant(year: int, month: int, day: int) -> dt.datetime:
    """Five in the afternoon of a day, in the county's time zone."""
    return timezone.make_aware(dt.datetime(year, month, day, 17))  # noqa: DTZ001


def users() -> list[User]:
    """The people to log in as, in the order of :data:`people.LOGINS`."""
    found = User.objects.in_bulk([login.username for login in people.LOGINS], field_name="username")
    return [found[login.username] for login in people.LOGINS if login.username in found]
