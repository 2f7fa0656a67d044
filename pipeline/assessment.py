"""Score cards (问责问效): points from the same figures, each linked to what it is made of.

A measure scores ``min(weight, done / target × weight)``, never below zero, rounded half up
to two decimals; a deduction takes ``per_case`` for each case, at most its weight. A granted
appeal gives back up to what the line is short of. The total is the sum of the rounded
points, so that a card adds up as it is read, less the deductions, and never below zero.

What has no target, or no rate, is "—": it neither scores nor weighs. Holders are ranked by
total / weight that counts (得分率), ties 1, 1, 3, so that nobody falls back for a target
that the county never set; where everybody is held to all of it that is the order of the
totals. A holder of whom nothing is known, neither target nor record, is not ranked.

Everything is as of a day D and as known at an instant T: the table, the targets, the
records, and the appeals answered by T, so (level, Y, D, T) gives the same card for ever.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from django.db.models import Q

from crm.models import Park, Role, Unit, User
from pipeline.assessment_measures import HOLDER_KINDS, MEASURES, Measure, Value, Values
from pipeline.figures import Window
from pipeline.models import Indicator, ScoreAppeal, ScoreLevel
from pipeline.score_schemes import Scheme, in_force
from pipeline.score_window import Question
from pipeline.targets import Targets

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is assessed: a park (key its slug), a unit (its id), an officer (user name)."""

    level: str
    id: int
    key: str
    name: str
    park_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A measure on a card. Amounts in yuan, rates as fractions of 1.

    ``scored`` is what the figures give, None where the line does not count; ``granted``
    what appeals may give back.
    """

    indicator: Indicator
    measure: Measure
    value: Value | None
    target: Decimal | None
    scored: Decimal | None
    granted: Decimal = ZERO

    @property
    def label(self) -> Any:
        """The table's own word for it, or else the measure's."""
        return self.indicator.name or self.measure.label

    @property
    def done(self) -> Decimal | None:
        """What was reached; of a rate None where there is nothing to divide by."""
        if self.value is None:
            return None if self.measure.is_rate else ZERO
        if not self.measure.is_rate:
            return self.value.part
        return self.value.part / self.value.whole if self.value.whole else None

    @property
    def points(self) -> Decimal | None:
        """``scored`` with what appeals gave back, at most the weight."""
        if self.scored is None:
            return None
        return min(self.indicator.weight, self.scored + self.granted)

    @property
    def given_back(self) -> Decimal:
        """How much of what was granted took effect."""
        return ZERO if self.points is None or self.scored is None else self.points - self.scored

    @property
    def room(self) -> Decimal:
        """How many points an appeal could still gain."""
        return ZERO if self.points is None else self.indicator.weight - self.points


@dataclass(frozen=True, slots=True)
class Deduction:
    """A deduction on a card: its cases, and the points that they cost."""

    indicator: Indicator
    measure: Measure
    cases: int
    taken: Decimal
    granted: Decimal = ZERO

    @property
    def label(self) -> Any:
        """The table's own word for it, or else the measure's."""
        return self.indicator.name or self.measure.label

    @property
    def points(self) -> Decimal:
        """What is deducted after appeals, a positive number."""
        return max(ZERO, self.taken - self.granted)

    @property
    def given_back(self) -> Decimal:
        """How much of what was granted took effect."""
        return self.taken - self.points

    @property
    def room(self) -> Decimal:
        """How many points an appeal could still gain."""
        return self.points

    @property
    def is_capped(self) -> bool:
        """Whether the cases would cost more than the line may take."""
        return self.cases * (self.indicator.per_case or ZERO) > self.taken


@dataclass(frozen=True, slots=True)
class Card:
    """A holder's score card. ``rank`` is among ``of`` ranked holders, whoever asks."""

    holder: Holder
    lines: tuple[Line, ...]
    deductions: tuple[Deduction, ...]
    is_known: bool
    rank: int | None = None
    of: int = 0

    @property
    def entries(self) -> list[Line | Deduction]:
        """Measures and deductions, in the table's order."""
        return [*self.lines, *self.deductions]

    @property
    def weight(self) -> Decimal:
        """The weight of what counts."""
        return sum((line.indicator.weight for line in self.lines if line.points is not None), ZERO)

    @property
    def gained(self) -> Decimal:
        """The points of all measures."""
        return sum((line.points for line in self.lines if line.points is not None), ZERO)

    @property
    def deducted(self) -> Decimal:
        """The points of all deductions, a positive number."""
        return sum((d.points for d in self.deductions), ZERO)

    @property
    def given_back(self) -> Decimal:
        """What appeals gave back."""
        return sum((one.given_back for one in self.entries), ZERO)

    @property
    def total(self) -> Decimal | None:
        """What is gained less what is deducted, never below 0; None where nothing counts."""
        return max(ZERO, self.gained - self.deducted) if self.weight else None

    @property
    def share(self) -> Decimal | None:
        """Total / weight that counts (得分率)."""
        return None if self.total is None else self.total / self.weight

    def line(self, measure: str) -> Line | Deduction | None:
        """The line of a measure, if the table has it."""
        return next((one for one in self.entries if one.measure.code == measure), None)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The table in force and the cards that a person may see, best first."""

    level: str
    window: Window
    scheme: Scheme | None
    cards: tuple[Card, ...]
    of: int

    def card(self, key: str) -> Card | None:
        """The card of a holder, by its key."""
        return next((card for card in self.cards if card.holder.key == key), None)


def assess(level: str, window: Window, *, user: User | None = None) -> Assessment:
    """The cards of a level; the number of queries does not grow with the holders.

    Ranks are made over all holders; with ``user`` only the cards that the person may see
    are returned: the whole county's for who sees it, else the own park's, unit's and
    (officers of the park for who is not one) the own.
    """
    scheme = in_force(level, window.year, known_at=window.known_at)
    if scheme is None:
        return Assessment(level, window, None, (), 0)
    asked = Question(level, window)
    values = {i.measure: MEASURES[i.measure].values(asked) for i in scheme.indicators}
    targets = Targets(window.year, window.known_at)
    granted = _granted(level, window)
    known: set[int | str] = {pk for found in values.values() for pk in found}
    known |= targets.holders(HOLDER_KINDS[asked.level])
    made = [
        _card(holder, scheme, values, targets, granted, is_known=holder.id in known)
        for holder in holders(level, known, known_at=window.known_at)
    ]
    placed = _ranked(made)
    shown = [card for card in placed if user is None or sees(user, card.holder)]
    of = sum(card.rank is not None for card in placed)
    return Assessment(level, window, scheme, tuple(shown), of)


def cards(
    level: str, *, year: int, as_of: dt.date, known_at: dt.datetime, user: User | None = None
) -> list[Card]:
    """The cards of a level, best first, as :func:`assess` makes them."""
    return list(assess(level, Window(year, as_of, known_at), user=user).cards)


def sees(user: User, holder: Holder) -> bool:
    """Whether a person may see a holder's card; a role ``unit`` sees its unit's only."""
    if user.is_county_wide:
        return True
    if holder.level == ScoreLevel.OFFICER:
        of_park = user.park_id is not None and holder.park_id == user.park_id
        return holder.id == user.pk or (of_park and user.role != Role.OFFICER)
    if holder.level == ScoreLevel.UNIT and holder.id == user.unit_id:
        return True
    return user.park_id is not None and holder.park_id == user.park_id


def holders(level: str, known: Iterable[int | str], *, known_at: dt.datetime) -> list[Holder]:
    """Everybody of a level, in the dictionary's order; one query.

    Officers are who is credited with something or has a target, and who is one now.
    """
    if level == ScoreLevel.PARK:
        return [Holder(level, p.pk, p.slug, p.name, p.pk) for p in Park.objects.all()]
    if level == ScoreLevel.UNIT:
        return [Holder(level, u.pk, str(u.pk), u.name, u.park_id) for u in Unit.objects.all()]
    there = Q(role=Role.OFFICER, is_active=True, date_joined__lte=known_at)
    people = User.objects.filter(Q(pk__in=list(known)) | there).order_by("pk")
    return [Holder(level, u.pk, u.username, str(u), u.park_id) for u in people]


def score(
    value: Value | None, target: Decimal, weight: Decimal, *, is_rate: bool
) -> Decimal | None:
    """min(weight, done / target × weight), not below 0, half up to 2 decimals.

    A rate without a denominator scores nothing at all (None); a number that nobody has
    recorded is 0.
    """
    if is_rate and (value is None or not value.whole):
        return None
    done = Fraction(value.part if value else 0)
    if is_rate and value is not None and value.whole:
        done /= Fraction(value.whole)
    exact = done / Fraction(target) * Fraction(weight)
    return min(weight, max(ZERO, half_up(exact)))


def half_up(exact: Fraction) -> Decimal:
    """A fraction to two decimals, half up, without a detour through a rounded quotient."""
    return Decimal(floor(exact * 100 + Fraction(1, 2))).scaleb(-2)


def target_of(
    indicator: Indicator, measure: Measure, holder: Holder, targets: Targets
) -> Decimal | None:
    """The table's target value (of a rate: per cent), or else the holder's own target."""
    if indicator.target is not None:
        return indicator.target / HUNDRED if measure.is_rate else indicator.target
    if measure.metric is None:
        return None
    whose = (HOLDER_KINDS[ScoreLevel(holder.level)], holder.id)
    own = (targets.rate if measure.is_rate else targets.own)(measure.metric, whose)
    return own.value if own else None


def _card(
    holder: Holder,
    scheme: Scheme,
    values: Mapping[str, Values],
    targets: Targets,
    granted: Mapping[tuple[int, str], Decimal],
    *,
    is_known: bool,
) -> Card:
    lines: list[Line] = []
    deductions: list[Deduction] = []
    for indicator in scheme.indicators:
        measure = MEASURES[indicator.measure]
        value = values[indicator.measure].get(holder.id)
        back = granted.get((holder.id, indicator.measure), ZERO)
        if indicator.is_deduction:
            cases = int(value.part) if value else 0
            taken = min(indicator.weight, cases * (indicator.per_case or ZERO))
            deductions.append(Deduction(indicator, measure, cases, taken, back))
            continue
        target = target_of(indicator, measure, holder, targets)
        scored = (
            None
            if target is None
            else score(value, target, indicator.weight, is_rate=measure.is_rate)
        )
        lines.append(Line(indicator, measure, value, target, scored, back))
    return Card(holder, tuple(lines), tuple(deductions), is_known)


def _granted(level: str, window: Window) -> dict[tuple[int, str], Decimal]:
    """Points given back by appeals, by holder and measure: answered by T, of a card by D."""
    column = f"{level}_id"
    rows = ScoreAppeal.objects.filter(
        level=level,
        year=window.year,
        is_granted=True,
        as_of__lte=window.as_of,
        answered_at__lte=window.known_at,
    ).values_list(column, "measure", "points")
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for pk, measure, points in rows:
        found[pk, measure] += points
    return found


def _ranked(made: list[Card]) -> list[Card]:
    """Best first, with ranks: ties alike, 1, 1, 3; who has no total, or is unknown, last."""
    shares = {
        card.holder.id: Fraction(card.total) / Fraction(card.weight)
        for card in made
        if card.total is not None and card.is_known
    }
    ordered = sorted(shares.values(), reverse=True)
    places: dict[Fraction, int] = {}
    for place, share in enumerate(ordered, 1):
        places.setdefault(share, place)
    ranked = [
        replace(
            card,
            rank=places[shares[card.holder.id]] if card.holder.id in shares else None,
            of=len(shares),
        )
        for card in made
    ]
    return sorted(ranked, key=lambda card: (card.rank is None, card.rank or 0))
