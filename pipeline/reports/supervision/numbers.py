"""What the monthly bulletin counts: the promises of the month, as known at its instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Unit
from pipeline.lights import Light
from pipeline.models import CountySettings, Ledger, Level
from pipeline.months import Month
from pipeline.promises import Promise, Standing, standings
from pipeline.reports.periods import Period
from pipeline.targets import ratio


@dataclass(frozen=True, slots=True)
class Count:
    """The figures of some promises in a month; each is the length of a list behind it."""

    owed: int = 0
    issued: int = 0
    closed: int = 0
    due: int = 0
    on_time: int = 0
    red: int = 0
    yellow: int = 0
    urged: int = 0
    named: int = 0
    to_file: int = 0
    filed: int = 0
    filed_late: int = 0
    not_filed: int = 0

    @property
    def on_time_rate(self) -> Decimal | None:
        """On time of what was to be finished; None where nothing was."""
        return ratio(self.on_time, self.due)


Test = Callable[[Promise, Month], bool]
TESTS: dict[str, Test] = {
    "owed": lambda p, m: True,
    "issued": lambda p, m: p.issued_on >= m.first,
    "closed": lambda p, m: p.is_closed,
    "due": lambda p, m: p.is_closed or p.is_red or _urged(p, m),
    "on_time": lambda p, m: p.is_closed and not p.was_red,
    "red": lambda p, m: p.is_red,
    "yellow": lambda p, m: p.light is Light.YELLOW,
    "urged": lambda p, m: _urged(p, m),
    "named": lambda p, m: is_named(p, m),
    "to_file": lambda p, m: p.is_owed,
    "filed": lambda p, m: p.is_owed and p.filing is not None,
    "filed_late": lambda p, m: p.is_owed and p.filing is not None and p.filing.is_late,
    "not_filed": lambda p, m: p.is_owed and p.filing is None,
}
LABELS = {
    "owed": _("在办事项"),
    "issued": _("新交办"),
    "closed": _("销账"),
    "due": _("应办结"),
    "on_time": _("按期办结"),
    "red": _("红灯"),
    "yellow": _("黄灯"),
    "urged": _("催办"),
    "named": _("通报"),
    "to_file": _("应报进展"),
    "filed": _("已报进展"),
    "filed_late": _("补报进展"),
    "not_filed": _("未报进展"),
}
"""What each figure is called; its facts are filed under the same name."""


def _urged(promise: Promise, month: Month) -> bool:
    return any(step.level == Level.URGED for step in promise.steps_in(month))


def is_named(promise: Promise, month: Month) -> bool:
    """Whether the bulletin names it: open and red at the month's end, or pressed so in it."""
    hard = any(s.level >= Level.NAMED and s.is_taken for s in promise.steps_in(month))
    return promise.is_red or (hard and not promise.is_closed)


def counted(promises: Iterable[Promise], month: Month) -> Count:
    """The figures of some promises."""
    found = list(promises)
    return Count(**{n: sum(test(p, month) for p in found) for n, test in TESTS.items()})


@dataclass(frozen=True, slots=True)
class Group:
    """The promises of a ledger or a unit with their figures."""

    key: str
    name: str
    promises: tuple[Promise, ...]
    count: Count


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything that the bulletin says, asked for once."""

    period: Period
    month: Month
    now: Standing
    before: Standing
    rules: CountySettings
    total: Count
    total_before: Count
    ledgers: tuple[Group, ...]
    units: tuple[Group, ...]

    @property
    def promises(self) -> tuple[Promise, ...]:
        """The month's promises, ledger by ledger."""
        return self.now.promises

    def those(self, name: str) -> list[Promise]:
        """The promises behind a figure."""
        return [p for p in self.promises if TESTS[name](p, self.month)]


def gather(period: Period, *, known_at: dt.datetime) -> Numbers:
    """Ask for all of it; a fixed number of queries, whatever the data."""
    month = Month(period.year, period.number)
    before, now = standings([month.earlier(), month], known_at=known_at)
    units = {unit.pk: unit.name for unit in Unit.objects.all()}
    ledgers = {ledger.pk: ledger.name for ledger in Ledger.objects.all()}
    return Numbers(
        period=period,
        month=month,
        now=now,
        before=before,
        rules=CountySettings.objects.known_at(known_at),
        total=counted(now.promises, month),
        total_before=counted(before.promises, month.earlier()),
        ledgers=grouped(now, ledgers, lambda p: p.item.ledger_id),
        units=grouped(now, units, lambda p: p.unit_id or 0),
    )


def gather_of(before: Standing, now: Standing, units: Mapping[int, str]) -> Numbers:
    """The figures of some units' promises, from how they stood; one query for the settings."""
    month = now.month
    return Numbers(
        period=Period("month", month.year, month.number),
        month=month,
        now=now,
        before=before,
        rules=CountySettings.objects.known_at(now.known_at),
        total=counted(now.promises, month),
        total_before=counted(before.promises, before.month),
        ledgers=(),
        units=grouped(now, units, lambda p: p.unit_id or 0),
    )


def grouped(
    standing: Standing, names: Mapping[int, str], key: Callable[[Promise], int]
) -> tuple[Group, ...]:
    """Those that have promises, in the order of the names."""
    found: dict[int, list[Promise]] = {}
    for promise in standing.promises:
        found.setdefault(key(promise), []).append(promise)
    order = [pk for pk in names if pk in found] + [pk for pk in found if pk not in names]
    return tuple(
        Group(
            str(pk),
            names.get(pk, found[pk][0].unit),
            tuple(found[pk]),
            counted(found[pk], standing.month),
        )
        for pk in order
    )


def sources(period: Period, *, known_at: dt.datetime) -> dict[str, list[list[Any]]]:
    """The items behind each figure, in the structure of the other bulletins' facts.

    ``{figure: [[item, unit, null, null, number and goal, day]]}``; the day is that of
    closing where it is closed, else of handing over.
    """
    numbers = gather(period, known_at=known_at)
    return {
        name: [
            [p.item.pk, p.unit_id, None, None, f"{p.item.number} {p.goal}", _day(p)]
            for p in sorted(numbers.those(name), key=lambda p: p.item.pk)
        ]
        for name in TESTS
    }


def _day(promise: Promise) -> str:
    if promise.closed_at is not None:
        return timezone.localdate(promise.closed_at).isoformat()
    return promise.issued_on.isoformat()
