"""Histories drawn at random: cards are a naive reference's, and stay what they were.

The reference knows no database: it walks through plain records with the instants since when
each is known, by the rules of docs/domain.md and the table of measures.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm.models import Park, Unit
from pipeline.assessment import assess
from pipeline.figures import Window
from pipeline.models import Escalation, Falsehood, ItemState, LedgerItem
from pipeline.score_schemes import Entry, SchemeUnchanged, set_scheme
from tests import factories as make
from tests import ledger_factories as ledgers

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BEGINNING = make.instant("2025-11-20 09:30")
YEAR = 2026
KINDS = ("feedback", "returned", "closed")
UNIT_TABLES = (
    (
        Entry("closed_on_time", Decimal(40), Decimal(90)),
        Entry("feedback_on_time", Decimal(20), Decimal(100)),
        Entry("monthly_on_time", Decimal(25), Decimal(100)),
        Entry("closed_items", Decimal(15), Decimal(3)),
        Entry("overdue", Decimal(3), per_case=Decimal("1.5")),
        Entry("falsehoods", Decimal(20), per_case=Decimal(10)),
    ),
    (
        Entry("closed_items", Decimal("33.33"), Decimal(7)),
        Entry("monthly_on_time", Decimal("66.67"), Decimal(80)),
        Entry("returned", Decimal(5), per_case=Decimal(1)),
    ),
)
PARK_TABLES = (
    (
        Entry("funds_received_yuan", Decimal(70)),
        Entry("closed_on_time", Decimal(30), Decimal(100)),
        Entry("overdue", Decimal(5), per_case=Decimal(2)),
    ),
    (
        Entry("funds_received_yuan", Decimal(60), Decimal(700)),
        Entry("closed_items", Decimal(40), Decimal(2)),
        Entry("falsehoods", Decimal(9), per_case=Decimal("4.5")),
    ),
)
TABLES = {"unit": UNIT_TABLES, "park": PARK_TABLES}
steps = st.tuples(
    st.sampled_from(
        [
            *["issue"] * 4,
            *["event"] * 5,
            *["red"] * 3,
            *["file"] * 3,
            *["funds", "funds", "target", "scheme", "false", "appeal", "move"],
        ]
    ),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from([0, 1, 5, 26, 200, 800]),  # hours on
)


@dataclass
class Item:
    row: Any
    units: list[tuple[dt.datetime, int]]
    events: list[tuple[str, dt.datetime]] = field(default_factory=list)
    reds: list[tuple[str, dt.date, dt.datetime]] = field(default_factory=list)
    filed: list[tuple[dt.date, dt.datetime]] = field(default_factory=list)

    def unit(self, known_at: dt.datetime) -> int:
        return [unit for at, unit in self.units if at <= known_at or at == self.units[0][0]][-1]

    def times(self, kind: str) -> list[dt.datetime]:
        return [at for name, at in self.events if name == kind]


@dataclass
class World:
    parks: list[Any] = field(default_factory=list)
    units: list[Any] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    funds: list[tuple[int, dt.date, Decimal, dt.datetime]] = field(default_factory=list)
    targets: list[tuple[int, Decimal, dt.datetime]] = field(default_factory=list)
    tables: dict[str, list[tuple[dt.datetime, Any]]] = field(default_factory=dict)
    false: list[tuple[int, int | None, dt.date, dt.datetime]] = field(default_factory=list)
    appeals: list[tuple[str, int, str, dt.date, Decimal, dt.datetime]] = field(default_factory=list)


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), make.SHANGHAI)


class Story:
    """Carries the steps out on the tables, and writes them down for the reference."""

    def __init__(self) -> None:
        self.at = BEGINNING
        self.world = World()
        self.instants = [self.at]
        world = self.world
        world.parks = [make.ParkFactory(slug=slug) for slug in ("east", "west")]
        world.units = [ledgers.UnitFactory(name="管委会", park=world.parks[0])]
        world.units += [ledgers.UnitFactory(name=name) for name in ("甲局", "乙局")]
        self.projects = [make.ProjectFactory(park=park) for park in world.parks]
        self.by, self.other = ledgers.the_supervisor(), make.the_verifier()
        for level in TABLES:
            self.scheme(0 if level == "unit" else 1, 0)

    def tell(self, step: tuple[str, int, int, int]) -> None:
        name, a, b, hours = step
        self.at += dt.timedelta(hours=hours, microseconds=1)
        getattr(self, name)(a, b)
        self.instants.append(self.at)

    @property
    def today(self) -> dt.date:
        return timezone.localdate(self.at)

    def item(self, a: int) -> Item | None:
        open_items = [i for i in self.world.items if not i.times("closed")]
        return open_items[a % len(open_items)] if open_items else None

    def scheme(self, a: int, b: int) -> None:
        level = ("unit", "park")[a % 2]
        entries = TABLES[level][b % 2]
        try:
            set_scheme(level, YEAR, entries, reason="办法", by=self.by, at=self.at)
        except SchemeUnchanged:
            return
        self.world.tables.setdefault(level, []).append((self.at, entries))

    def issue(self, a: int, b: int) -> None:
        unit = self.world.units[a % len(self.world.units)]
        row = ledgers.LedgerItemFactory(issued=True, unit=unit, issued_on=self.today)
        ledgers.ItemEventFactory(item=row, kind="issued", recorded_at=self.at)
        self.world.items.append(Item(row, [(self.at, unit.pk)], [("issued", self.at)]))

    def event(self, a: int, b: int) -> None:
        item = self.item(a)
        if item is None:
            return
        kind = KINDS[b % 3]
        ledgers.ItemEventFactory(item=item.row, kind=kind, recorded_at=self.at)
        item.events.append((kind, self.at))
        if kind == "closed":
            LedgerItem.objects.filter(pk=item.row.pk).update(
                state=ItemState.CLOSED, closed_at=self.at, closed_by=self.by
            )

    def move(self, a: int, b: int) -> None:
        item = self.item(a)
        if item is None:
            return
        unit = self.world.units[b % len(self.world.units)]
        before = Unit.objects.get(pk=item.units[-1][1])
        ledgers.ItemEventFactory(
            item=item.row,
            kind="edited",
            recorded_at=self.at,
            before={"unit": before.name},
            after={"unit": unit.name},
        )
        LedgerItem.objects.filter(pk=item.row.pk).update(unit=unit)
        item.units.append((self.at, unit.pk))

    def red(self, a: int, b: int) -> None:
        item = self.item(a)
        if item is None:
            return
        day = self.today - dt.timedelta(days=b % 5)  # missed runs are caught up
        node = ("feedback", "ordinary")[b % 2]
        due = day - dt.timedelta(days=1)
        _row, new = Escalation.objects.get_or_create(
            item=item.row,
            level=1,
            node=node,
            clock_due_on=due,
            defaults={"triggered_on": day, "state": "done", "recorded_at": self.at},
        )
        if new:
            item.reds.append((node, day, self.at))

    def file(self, a: int, b: int) -> None:
        item = self.item(a)
        if item is None:
            return
        month = self.today.replace(day=1)
        if b % 3 == 0:
            month = (month - dt.timedelta(days=1)).replace(day=1)
        unit = Unit.objects.get(pk=item.units[-1][1])
        ledgers.MonthlyProgressFactory(item=item.row, unit=unit, month=month, filed_at=self.at)
        item.filed.append((month, self.at))

    def funds(self, a: int, b: int) -> None:
        on = self.today - dt.timedelta(days=b % 40)
        amount = Decimal((137, 250, -60)[b % 3])
        make.FundsReceiptFactory(
            project=self.projects[a % 2],
            received_on=on,
            amount=amount,
            recorded_at=self.at,
            verified_at=self.at,
            verified_by=self.other,
        )
        self.world.funds.append((self.world.parks[a % 2].pk, on, amount, self.at))

    def target(self, a: int, b: int) -> None:
        park, value = self.world.parks[a % 2], Decimal(100 * (1 + b % 9))
        make.TargetFactory(
            metric="funds_received_yuan",
            holder="park",
            park=park,
            value=value,
            recorded_at=self.at,
        )
        self.world.targets.append((park.pk, value, self.at))

    def false(self, a: int, b: int) -> None:
        item = self.item(a)
        if item is None or Falsehood.objects.filter(item=item.row).exists():
            return
        unit = Unit.objects.get(pk=item.units[-1][1])
        on = self.today - dt.timedelta(days=b % 9)
        ledgers.FalsehoodFactory(
            item=item.row, unit=unit, park_id=unit.park_id, found_on=on, recorded_at=self.at
        )
        self.world.false.append((unit.pk, unit.park_id, on, self.at))

    def appeal(self, a: int, b: int) -> None:
        level = ("unit", "park")[a % 2]
        rows = self.world.units if level == "unit" else self.world.parks
        row, points = rows[b % len(rows)], Decimal(b % 7 + 1) / 4
        measure = TABLES[level][a // 2 % 2][b % 3].measure
        ledgers.ScoreAppealFactory(
            **{"unit": None, level: row},
            level=level,
            year=YEAR,
            as_of=self.today,
            measure=measure,
            appealed_at=self.at,
            is_granted=True,
            points=points,
            answer="成立",
            answered_at=self.at,
            answered_by=self.by,
        )
        self.world.appeals.append((level, row.pk, measure, self.today, points, self.at))


# --- the reference -------------------------------------------------------------------------
Told = dict[int, tuple[Any, ...]]


class Reference:
    """The cards of a level once more, record by record."""

    def __init__(self, world: World, level: str, as_of: dt.date, known_at: dt.datetime) -> None:
        self.world, self.level, self.as_of, self.known_at = world, level, as_of, known_at
        self.first, self.last = dt.date(YEAR, 1, 1), min(as_of, dt.date(YEAR, 12, 31))
        self.begin, self.end = midnight(self.first), midnight(self.last + dt.timedelta(days=1))
        self.park_of = {world.units[0].pk: world.parks[0].pk}

    def known(self, at: dt.datetime) -> bool:
        return at < self.end and at <= self.known_at

    def inside(self, at: dt.datetime) -> bool:
        return self.known(at) and at >= self.begin

    def day(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    def items(self, holder: int) -> list[Item]:
        return [
            item
            for item in self.world.items
            if self.holder(item.unit(self.known_at)) == holder and self.known_at >= item.units[0][0]
        ]

    def holder(self, unit: int) -> int | None:
        return unit if self.level == "unit" else self.park_of.get(unit)

    def reds(self, item: Item) -> list[tuple[str, dt.date]]:
        return [(n, d) for n, d, at in item.reds if d <= self.last and at <= self.known_at]

    def value(self, measure: str, holder: int) -> tuple[Fraction, Fraction] | None:
        """(part, whole) of a measure; None where there is no record."""
        part = whole = Fraction(0)
        if measure == "funds_received_yuan":
            for park, on, amount, at in self.world.funds:
                if park == holder and self.day(on) and at <= self.known_at:
                    part += Fraction(amount)
            return (part, Fraction(1)) if part else None
        if measure == "falsehoods":
            for unit, park, on, at in self.world.false:
                mine = (unit if self.level == "unit" else park) == holder
                part += mine and self.day(on) and at <= self.known_at
            return (part, Fraction(1)) if part else None
        for item in self.items(holder):
            one, of = getattr(self, measure)(item)
            part, whole = part + one, whole + of
        return (part, whole) if whole else None

    def closed_items(self, item: Item) -> tuple[int, int]:
        shut = any(map(self.inside, item.times("closed")))
        return shut, shut

    def returned(self, item: Item) -> tuple[int, int]:
        count = sum(map(self.inside, item.times("returned")))
        return count, count

    def overdue(self, item: Item) -> tuple[int, int]:
        red = any(self.day(on) for _node, on in self.reds(item))
        return red, red

    def closed_on_time(self, item: Item) -> tuple[int, int]:
        shut = any(map(self.inside, item.times("closed")))
        ended = any(map(self.known, item.times("closed")))
        late = any(self.day(on) for _node, on in self.reds(item)) and not ended
        return shut and not self.reds(item), shut or late

    def feedback_on_time(self, item: Item) -> tuple[int, int]:
        done = [at for at in item.times("feedback") if self.known(at)]
        first = bool(done) and self.begin <= min(done)
        missed = [on for node, on in self.reds(item) if node == "feedback"]
        counts = first or any(map(self.day, missed))
        return counts and bool(done) and not missed, counts

    def monthly_on_time(self, item: Item) -> tuple[int, int]:
        kept = due = 0
        for number in range(1, 13):
            month = dt.date(YEAR, number, 1)
            following = (month + dt.timedelta(days=32)).replace(day=1)
            ends, last = midnight(following), midnight(following - dt.timedelta(days=1))
            if ends > self.end or ends > self.known_at:
                continue
            closed = item.times("closed")
            if item.units[0][0] < ends and (not closed or closed[0] >= last):
                due += 1
                kept += any(m == month and at < ends for m, at in item.filed)
        return kept, due

    def cards(self) -> Told:
        tables = [entries for at, entries in self.world.tables[self.level] if at <= self.known_at]
        rows = self.world.units if self.level == "unit" else self.world.parks
        found = {row.pk: self.card(row.pk, tables[-1]) for row in rows}
        shares = {
            pk: Fraction(total) / Fraction(weight)
            for pk, (total, weight, _points, is_known) in found.items()
            if total is not None and is_known
        }
        return {
            pk: (
                total,
                weight,
                points,
                1 + sum(other > shares[pk] for other in shares.values()) if pk in shares else None,
            )
            for pk, (total, weight, points, _is_known) in found.items()
        }

    def card(self, holder: int, entries: Any) -> tuple[Any, ...]:
        points: list[Decimal | None] = []
        total = weight = taken_off = Decimal(0)
        is_known = False
        for entry in sorted(entries, key=lambda e: e.per_case is not None):
            value = self.value(entry.measure, holder)
            is_known = is_known or value is not None
            granted = sum(
                p
                for level, pk, measure, day, p, at in self.world.appeals
                if (level, pk, measure) == (self.level, holder, entry.measure)
                and day <= self.as_of
                and at <= self.known_at
            )
            if entry.per_case is not None:
                taken = min(entry.weight, entry.per_case * int(value[0] if value else 0))
                points.append(max(Decimal(0), taken - granted))
                taken_off += points[-1] or 0
                continue
            target = entry.target or self.own_target(holder)
            is_known = is_known or (self.own_target(holder) is not None)
            is_rate = entry.measure.endswith("on_time")
            if target is None or (is_rate and value is None):
                points.append(None)
                continue
            done = Fraction(0)
            if value is not None:
                done = value[0] / value[1] * 100 if is_rate else value[0]
            exact = done / Fraction(target) * Fraction(entry.weight)
            cents = Decimal(exact.numerator * 1000 // exact.denominator).scaleb(-3)
            scored = cents.quantize(Decimal("0.01"), ROUND_HALF_UP) if exact > 0 else Decimal(0)
            points.append(min(entry.weight, min(entry.weight, scored) + granted))
            total, weight = total + (points[-1] or 0), weight + entry.weight
        final = max(Decimal(0), total - taken_off) if weight else None
        return final, weight, tuple(points), is_known

    def own_target(self, holder: int) -> Decimal | None:
        own = [v for pk, v, at in self.world.targets if pk == holder and at <= self.known_at]
        return own[-1] if own and self.level == "park" else None


def told(level: str, as_of: dt.date, known_at: dt.datetime) -> Told:
    found = assess(level, Window(YEAR, as_of, known_at))
    return {
        card.holder.id: (
            card.total,
            card.weight,
            tuple(entry.points for entry in card.entries),
            card.rank,
        )
        for card in found.cards
    }


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    history=st.lists(steps, min_size=20, max_size=60),
    questions=st.lists(
        st.tuples(
            st.sampled_from(["unit", "park"]),
            st.dates(dt.date(2025, 12, 1), dt.date(2027, 2, 1)),
            st.integers(0, 999),
        ),
        min_size=6,
        max_size=6,
    ),
)
def test_cards_are_the_reference_s_and_stay_what_they_were(
    history: list[tuple[str, int, int, int]], questions: list[tuple[str, dt.date, int]]
) -> None:
    with transaction.atomic():
        story = Story()
        remembered: list[tuple[str, dt.date, dt.datetime, Told]] = []
        for number, step in enumerate(history):
            story.tell(step)
            if number % 6 == 5:
                level, as_of, which = questions[number // 6 % 6]
                known_at = story.instants[which % len(story.instants)]
                remembered.append((level, as_of, known_at, told(level, as_of, known_at)))
        for level, as_of, which in questions:
            known_at = story.instants[which % len(story.instants)]
            expected = Reference(story.world, level, as_of, known_at).cards()
            assert told(level, as_of, known_at) == expected, (level, as_of, known_at)
        for level, as_of, known_at, answer in remembered:
            assert told(level, as_of, known_at) == answer
        assert Park.objects.count() == 2
        transaction.set_rollback(True)
