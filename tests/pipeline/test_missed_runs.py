"""A year of days with random missed runs gives the same escalations as daily runs; an
independent reckoning in plain Python, day by day, gives them too."""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from pipeline import clockwork, escalation
from pipeline.models import Escalation, EventKind, ItemEvent, LedgerItem
from pipeline.supervise import supervise
from tests.factories import UserFactory, instant
from tests.ledger_factories import LedgerFactory, LedgerItemFactory, UnitFactory, the_supervisor

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DAY = dt.timedelta(days=1)
START = dt.date(2027, 12, 27)
DAYS = 366
ITEMS = 6
ANSWERS = ("assigned", "feedback", "progress", "planned", "submitted", "returned")
Told = set[tuple[str, int, str, dt.date, dt.date]]
Life = dict[dt.date, list[tuple[str, str, int, dt.date | None]]]


def moment(day: dt.date, hour: int) -> dt.datetime:
    return instant(f"{day} {hour:02}:30")


def lives(dice: random.Random) -> Life:
    """What happens on which day: (item, event, hour, planned day), now and then, at random."""
    found: Life = {}
    for number in range(ITEMS):
        pace = dice.choice([5, 20, 60])
        begins = dice.randrange(60)
        is_in = False
        for offset in range(begins + 1, DAYS):
            if dice.randrange(pace):
                continue
            kind = "returned" if is_in else dice.choice(ANSWERS[:-1])
            is_in = kind == "submitted" or (is_in and kind != "returned")
            day = START + offset * DAY
            planned = day + dice.randrange(1, 60) * DAY if kind == "planned" else None
            found.setdefault(day, []).append((f"i{number}", kind, dice.randrange(6, 23), planned))
        found.setdefault(START + begins * DAY, []).append((f"i{number}", "issued", 5, None))
    for said in found.values():
        said.sort(key=lambda one: (one[0], one[2]))
    return found


def is_decided_on(step: tuple[int, dt.date], day: dt.date) -> bool:
    return day == step[1] + 4 * DAY


class Year:
    """The same lives, with the runs of the program that ``runs`` lets happen."""

    def __init__(self, life: Life, dice: random.Random, runs: Callable[[dt.date], bool]) -> None:
        self.life, self.runs = life, runs
        self.is_major = {f"i{n}": dice.random() < 0.5 for n in range(ITEMS)}
        self.by = the_supervisor()
        self.leader = UserFactory(username="leader", leader=True)
        self.items: dict[str, LedgerItem] = {}
        self.events: dict[str, list[tuple[str, dt.datetime, dt.date | None]]] = {}
        self.decisions: dict[tuple[str, str, dt.date], tuple[dt.date, bool]] = {}

    def live(self) -> None:
        for offset in range(DAYS):
            day = START + offset * DAY
            if self.runs(day):
                supervise(at=moment(day, 4))
            self._decide(day)
            for name, kind, hour, planned in self.life.get(day, []):
                self._happen(name, kind, moment(day, hour), planned)
        supervise(at=moment(START + DAYS * DAY, 8))

    def _happen(self, name: str, kind: str, at: dt.datetime, planned: dt.date | None) -> None:
        if kind == "issued":
            self.items[name] = LedgerItemFactory(
                number=name,
                ledger=LedgerFactory(slug="year"),
                active=True,
                unit=UnitFactory(name="单位"),
                issued_on=at.date(),
                is_major=self.is_major[name],
            )
        item = self.items[name]
        item.refresh_from_db()
        item.state = {"submitted": "submitted", "returned": "active"}.get(kind, item.state)
        if item.state == "submitted":
            item.clock_due_on = None
        item.save()
        if item.state == "submitted" and kind != "submitted":
            return
        ItemEvent.objects.create(
            item=item, kind=kind, planned_on=planned, recorded_at=at, recorded_by=self.by
        )
        clockwork.settle(item, at=at)
        self.events.setdefault(name, []).append((kind, at, planned))

    def _decide(self, day: dt.date) -> None:
        """Proposals are decided on when they are found on a Monday: all runs do happen then."""
        if day.weekday():
            return
        for row in escalation.waiting(self.by).filter(level=3).select_related("item"):
            approve = (row.triggered_on.toordinal() + row.clock_due_on.toordinal()) % 3 > 0
            with transaction.atomic():
                escalation.decide(
                    row, approve=approve, reason="定", by=self.leader, at=moment(day, 5)
                )
            self.decisions[row.item.number, row.node, row.clock_due_on] = (
                day + 15 * DAY,
                approve,
            )

    def steps(self) -> Told:
        rows = Escalation.objects.values_list(
            "item__number", "level", "node", "clock_due_on", "triggered_on"
        )
        return set(rows)


def reckoned(year: Year) -> Told:
    """The naive way: look at each midnight of the year, item by item."""
    found: Told = set()
    for name, events in year.events.items():
        day0 = events[0][1].astimezone(instant("2028-01-01 00:00").tzinfo).date()
        reached: dict[tuple[str, dt.date], dict[int, dt.date]] = {}
        for offset in range(DAYS + 1):
            day = START + offset * DAY
            midnight = instant(f"{day} 00:00")
            clock = naive_clock([e for e in events if e[1] <= midnight], day0, year.is_major[name])
            if clock is None or day <= clock[1]:
                continue
            levels = reached.setdefault(clock, {})
            levels.setdefault(1, day)
            if day.day == calendar.monthrange(day.year, day.month)[1]:
                levels.setdefault(2, day)
            if 2 in levels and day >= levels[2] + 10 * DAY:
                levels.setdefault(3, day)
            decision = year.decisions.get((name, *clock))
            if 3 in levels and decision and decision[1] and day > decision[0]:
                levels.setdefault(4, day)
        found |= {
            (name, level, node, due, on)
            for (node, due), levels in reached.items()
            for level, on in levels.items()
        }
    return found


def naive_clock(
    events: list[tuple[str, dt.datetime, dt.date | None]], day0: dt.date, is_major: bool
) -> tuple[str, dt.date] | None:
    kinds = [kind for kind, _at, _planned in events]
    moves = [kind for kind in kinds if kind in ("issued", "submitted", "returned")]
    if not moves or moves[-1] == "submitted":
        return None
    if "assigned" not in kinds:
        return "assign", day0
    if "feedback" not in kinds:
        return "feedback", day0 + 3 * DAY
    planned = [on for _kind, _at, on in events if on is not None]
    if planned:
        return "planned", planned[-1]
    if not is_major:
        return "ordinary", day0 + 7 * DAY
    year, month = (day0.year, day0.month + 1) if day0.month < 12 else (day0.year + 1, 1)
    return "major", dt.date(year, month, min(day0.day, calendar.monthrange(year, month)[1]))


def lived(seed: int, runs: Callable[[dt.date], bool]) -> tuple[Told, Told]:
    """The steps as recorded and as reckoned; nothing of it is kept."""
    dice = random.Random(seed)
    with transaction.atomic():
        year = Year(lives(dice), dice, runs)
        year.live()
        found = year.steps(), reckoned(year)
        transaction.set_rollback(True)
    return found


def test_missed_runs_change_no_step(monkeypatch: Any) -> None:
    for quiet in ("monthly_progress.remind", "lead_clocks.remind", "escalation.tell"):
        monkeypatch.setattr(f"pipeline.{quiet}", lambda *_given, at: 0)  # told elsewhere
    seed = 1
    daily, expected = lived(seed, lambda day: True)
    assert daily == expected
    assert {level for _item, level, *_rest in daily} >= {1, 2, 3}
    dice = random.Random(seed + 100)
    held = {START + n * DAY for n in range(DAYS) if dice.random() < 0.2}
    seldom, _expected = lived(seed, lambda day: day in held or not day.weekday())
    assert seldom == daily


def test_events_are_the_ones_that_the_clock_hears() -> None:
    assert EventKind.PROGRESS not in clockwork.HEARD
    assert EventKind.NOTED not in clockwork.HEARD
