"""Where the year will end: the chance of meeting each target, and what it takes.

**Method.** What is signed and started by the as-of day is certain; what is to come is drawn
many times over from the county's own history, with a fixed seed, so that the same question
has the same answer.

- *New signings.* Projects in contact on the as-of day sign with the chance that their park's
  hazard from contact to signing gives (``pipeline.hazards``). Those that nobody sees yet come
  at the rate of past signings, by month of the year, as a Gamma–Poisson process; of the
  signings so many months ahead, only the part whose contact lies less far back is unseen
  today. Months that scatter more than Poisson widen it.
- *Amounts.* A project in contact brings its own amount where it has one; all else draws from
  the amounts signed in the last three years.
- *Starts.* What was signed this year and has not started, and what will be signed, starts
  with the chance that the hazard from signing to groundbreaking gives for the months left.
- A park's rates and hazards are drawn towards the county's where it has little history; the
  county's outcome is the sum of the parks' (and of what has no park), draw by draw.

Where a closed form serves it is used: :func:`chance_of_at_least`, the chance that of given
projects so many start, is exact. With too little history :func:`forecast` says so in
``Forecast.too_little`` instead of guessing. The intervals are tested on generated histories
(tests/pipeline/test_forecast.py): the 80 % interval holds 75 to 85 of 100 outcomes.

Forecasts are estimates in floating point; no figure is ever made from them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from pipeline.hazards import Hazard, LifeTable, Spell, chance_within

DRAWS = 2000
INSIDE = 0.8
"""The part of the outcomes that an interval is to hold."""
LEAST_SIGNINGS = 12
LEAST_MONTHS = 12
LOOK_BACK = 36
"""Months of history from which rates and amounts are taken."""
BORROWED_MONTHS = 6.0
"""Months of the county's (equally shared) rate that count in a park's."""
SEASONLESS = 10.0
"""Signings a month for which an even year counts against the seasons of history."""
MANY = 400
"""From so many on, sums are drawn as normal: one draw instead of hundreds."""
MOST = 400
"""Amounts of the past that a draw looks at: what is uncertain of more hardly differs."""
NORMAL = 25.0
"""The variance from which a count is drawn as normal."""
FEW = 16
"""So few events are drawn one by one."""


@dataclass(frozen=True, slots=True)
class Signing:
    """A signing of the past: its months, its amount (yuan) and how much of it counts here.

    ``contacted`` is None where no contact was recorded; ``started`` where it has not.
    """

    month: int
    amount: float
    contacted: int | None = None
    started: int | None = None
    ended: int | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Open:
    """A project in contact: since which month, and its amount in yuan where it has one."""

    since: int
    amount: float | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Park:
    """All that is known of a park at the as-of day: signings of any year, projects in contact.

    ``contacts`` are the spells in contact of any outcome.
    """

    signings: Sequence[Signing] = ()
    open: Sequence[Open] = ()
    contacts: Sequence[Spell] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """The as-of day as the forecast sees it: its month, and the part of that month left."""

    month: int
    left: float

    @property
    def first(self) -> int:
        """The first month of the year."""
        return self.month - self.month % 12

    @property
    def ahead(self) -> int:
        """Months of the year still to come, the one under way included."""
        return 12 - self.month % 12

    @property
    def span(self) -> float:
        """The same with the part of the month under way that is left."""
        return self.ahead - 1 + self.left


@dataclass(frozen=True, slots=True)
class Outcome:
    """Draws of one quantity: its mean, the interval that holds 80 % of them, and chances."""

    draws: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The expected outcome."""
        return math.fsum(self.draws) / len(self.draws)

    @property
    def interval(self) -> tuple[float, float]:
        """From about the tenth to the ninetieth percentile, its mass as near 80 % as it goes.

        Of counts, each bound may fall on many draws: whether they are inside is decided by
        what brings the part inside nearer to 80 %.
        """
        return _interval(self.draws)

    def chance_of(self, target: float) -> float:
        """The part of the draws that reach a target."""
        return sum(value >= target - 1e-9 for value in self.draws) / len(self.draws)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the year may end for a park or the county: counts, yuan, and a fraction of 1."""

    projects: Outcome
    amount: Outcome
    started: Outcome
    rate: Outcome | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The endings by park and of the county, and the history that they rest on."""

    parks: Mapping[int | None, Ending] = field(default_factory=dict)
    county: Ending | None = None
    signings: int = 0
    starts: int = 0
    months: int = 0

    @property
    def too_little(self) -> bool:
        """Whether there is too little history to say anything."""
        return self.county is None


def forecast(
    parks: Mapping[int | None, Park], moment: Moment, *, seed: int = 0, draws: int = DRAWS
) -> Forecast:
    """The year's end as seen at ``moment``; nothing is drawn where history is too short."""
    past = [s for park in parks.values() for s in park.signings if s.month < moment.month]
    recent = [s for s in past if s.month >= moment.month - LOOK_BACK]
    months = min(moment.month - min((s.month for s in past), default=moment.month), LOOK_BACK)
    count = round(sum(s.weight for s in recent))
    starts = round(sum(s.weight for s in past if s.started is not None))
    if count < LEAST_SIGNINGS or months < LEAST_MONTHS:
        return Forecast(signings=count, starts=starts, months=months)
    county = _County.of(parks, recent, moment, months)
    chance = Random(seed)  # noqa: S311 -- a simulation, no secret
    seasons = [_drawn_season(county, chance) for _draw in range(draws)]
    starting = starting_hazards(parks, moment)
    rows = {
        key: _draw_park(park, county, starting[key], moment, chance, seasons)
        for key, park in parks.items()
    }
    total = [
        tuple(map(math.fsum, zip(*draw, strict=True))) for draw in zip(*rows.values(), strict=True)
    ]
    return Forecast(
        parks={key: _ending(drawn) for key, drawn in rows.items()},
        county=_ending(total),
        signings=count,
        starts=starts,
        months=months,
    )


def starting_hazards(parks: Mapping[int | None, Park], moment: Moment) -> dict[int | None, Hazard]:
    """From signing to groundbreaking: each park's hazard, drawn towards the county's."""
    until = moment.month - 1
    signed = [s for park in parks.values() for s in park.signings]
    county = Hazard.of_county(LifeTable.of(_spells(signed), until=until))
    return {
        key: Hazard.of_park(LifeTable.of(_spells(park.signings), until=until), county)
        for key, park in parks.items()
    }


def chance_of_at_least(needed: int, chances: Sequence[float]) -> float:
    """The exact chance that at least ``needed`` of independent events come about.

    ``chances`` are theirs (Poisson's binomial distribution, by convolution).
    """
    if needed <= 0:
        return 1.0
    if needed > len(chances):
        return 0.0
    # Up to `needed` events; whatever lies beyond is gathered in the last place.
    mass = [1.0] + [0.0] * needed
    for chance in chances:
        reached = mass[needed] + mass[needed - 1] * chance
        for count in range(needed - 1, 0, -1):
            mass[count] = mass[count] * (1 - chance) + mass[count - 1] * chance
        mass[0] *= 1 - chance
        mass[needed] = reached
    return mass[needed]


# --- what the history says -----------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _County:
    """The county's rates and hazards, towards which its parks are drawn."""

    parks: int
    months: int
    count: float
    unseen: tuple[float, ...]
    scatter: float
    season: tuple[float, ...]
    amounts: tuple[float, ...]
    signing: Hazard

    @classmethod
    def of(
        cls,
        parks: Mapping[int | None, Park],
        recent: Sequence[Signing],
        moment: Moment,
        months: int,
    ) -> _County:
        contacts = [spell for park in parks.values() for spell in park.contacts]
        season = _season(recent)
        return cls(
            parks=max(sum(1 for park in parks.values() if park.signings), 1),
            months=months,
            count=math.fsum(s.weight for s in recent),
            unseen=_unseen(recent),
            scatter=_scatter(recent, season, moment, months),
            season=season,
            amounts=tuple(s.amount for s in recent),
            signing=Hazard.of_county(LifeTable.of(_alike(contacts), until=moment.month - 1)),
        )


def _spells(signings: Iterable[Signing]) -> list[Spell]:
    """From signing to groundbreaking, those of the same months as one."""
    return _alike(Spell(s.month, s.started, s.ended, s.weight) for s in signings)


def _alike(spells: Iterable[Spell]) -> list[Spell]:
    """Spells of the same months put together: as many as there are months, not projects."""
    weights: defaultdict[tuple[int, int | None, int | None], float] = defaultdict(float)
    for spell in spells:
        weights[spell.began, spell.ended, spell.left] += spell.weight
    return [Spell(*months, weight) for months, weight in weights.items()]


def _unseen(signings: Sequence[Signing]) -> tuple[float, ...]:
    """Of the signings 0, 1, … 11 months ahead, the part that is not in contact today.

    A signing is unseen where less time lies between its contact and it; where no contact was
    recorded it counts as unseen.
    """
    lags = [0 if s.contacted is None else s.month - s.contacted for s in signings]
    return tuple(sum(lag <= ahead for lag in lags) / len(lags) for ahead in range(12))


def _season(signings: Sequence[Signing]) -> tuple[float, ...]:
    """Each calendar month's weight, 1 on average, drawn towards an even year."""
    counts = [math.fsum(s.weight for s in signings if s.month % 12 == m) for m in range(12)]
    whole = math.fsum(counts) + 12 * SEASONLESS
    return tuple(12 * (count + SEASONLESS) / whole for count in counts)


def _scatter(
    signings: Sequence[Signing], season: Sequence[float], moment: Moment, months: int
) -> float:
    """Variance over mean of the monthly counts: 1 for Poisson; never less."""
    by_month: dict[int, float] = dict.fromkeys(range(moment.month - months, moment.month), 0.0)
    for s in signings:
        if s.month in by_month:
            by_month[s.month] += s.weight
    rate = math.fsum(by_month.values()) / max(months, 1)
    if months < 2 or rate <= 0:
        return 1.0
    squares = math.fsum(
        (count - rate * season[m % 12]) ** 2 / (rate * season[m % 12])
        for m, count in by_month.items()
    )
    return max(1.0, squares / (months - 1))


# --- drawing --------------------------------------------------------------------------------
Draw = tuple[float, float, float]


def _drawn_season(county: _County, chance: Random) -> tuple[float, ...]:
    """One year's course of those that the history leaves possible, the same for every park."""
    shapes = [weight * (county.count / 12 + SEASONLESS) for weight in county.season]
    drawn = [chance.gammavariate(shape, 1.0) for shape in shapes]
    whole = math.fsum(drawn)
    return tuple(12 * value / whole for value in drawn)


def _draw_park(
    park: Park,
    county: _County,
    starting: Hazard,
    moment: Moment,
    chance: Random,
    seasons: Sequence[Sequence[float]],
) -> list[Draw]:
    """Projects signed, yuan, and projects signed and started, at the year's end."""
    this_year = [s for s in park.signings if moment.first <= s.month <= moment.month]
    signed = math.fsum(s.weight for s in this_year)
    amount = math.fsum(s.amount * s.weight for s in this_year)
    started = math.fsum(s.weight for s in this_year if s.started is not None)
    waiting = Counter(
        (moment.month - s.month, s.weight)
        for s in this_year
        if s.started is None and s.ended is None
    )
    recent = [s for s in park.signings if moment.month - county.months <= s.month < moment.month]
    until = moment.month - 1
    signing = Hazard.of_park(LifeTable.of(_alike(park.contacts), until=until), county.signing)
    in_contact: defaultdict[int, list[float | None]] = defaultdict(list)
    for project in park.open:
        in_contact[project.since].append(project.amount)
    shape = BORROWED_MONTHS * county.count / county.months / county.parks
    shape = max(shape + math.fsum(s.weight for s in recent) if park.signings else 0.0, 1e-9)
    amounts = tuple(s.amount for s in recent) * 2 + county.amounts
    rows: list[Draw] = []
    for season in seasons:
        # Whatever is signed this year is less than twelve months old by the year's end.
        start = starting.draw(chance, 12)
        sign = signing.draw(chance) if park.open else ()
        rate = chance.gammavariate(shape, 1 / (BORROWED_MONTHS + county.months))
        # What is uncertain about the amounts: as many as this park's history has.
        bag = chance.choices(amounts, k=min(max(len(recent), LEAST_SIGNINGS), MOST))
        new = [0] * moment.ahead
        more = 0.0
        for since, known in in_contact.items():
            months = _sign_in(sign, moment.month - since, len(known), moment, chance)
            for month in months:
                new[month] += 1
            more += math.fsum(
                value or chance.choice(bag) for value in chance.sample(known, len(months))
            )
        for ahead in range(moment.ahead):
            part = moment.left if ahead == 0 else 1.0
            mean = rate * part * county.unseen[ahead] * season[(moment.month + ahead) % 12]
            count = _poisson(mean, county.scatter, chance)
            new[ahead] += count
            more += _sum_of(bag, count, chance)
        begun = math.fsum(
            weight
            * _binomial(
                count,
                chance_within(start, age=age, months=moment.ahead, first=moment.left),
                chance,
            )
            for (age, weight), count in waiting.items()
        )
        begun += sum(
            _binomial(count, chance_within(start, age=0, months=moment.ahead - ahead), chance)
            for ahead, count in enumerate(new)
            if count
        )
        rows.append((signed + sum(new), amount + more, started + begun))
    return rows


def _sign_in(
    hazard: Sequence[float], age: int, count: int, moment: Moment, chance: Random
) -> list[int]:
    """In which of the months ahead those of ``count`` projects of an age sign that do."""
    once, lasts = [], 1.0
    for ahead in range(moment.ahead):
        first = moment.left if ahead == 0 else 1.0
        signs = chance_within(hazard, age=age + ahead, months=1, first=first)
        once.append(lasts * signs)
        lasts *= 1 - signs
    signed = _binomial(count, 1 - lasts, chance)
    return chance.choices(range(moment.ahead), once, k=signed) if signed else []


def _poisson(mean: float, scatter: float, chance: Random) -> int:
    """A count of a mean, its variance ``scatter`` times as large."""
    if mean <= 0:
        return 0
    if scatter > 1.0:
        mean = chance.gammavariate(mean / (scatter - 1), scatter - 1)
    if mean > MANY:
        return max(round(chance.gauss(mean, math.sqrt(mean))), 0)
    count, left = -1, mean
    while left >= 0:
        left -= chance.expovariate(1.0)
        count += 1
    return count


def _binomial(count: int, part: float, chance: Random) -> int:
    """How many of ``count`` events of a chance come about; normal where it is as good."""
    spread = count * part * (1 - part)
    if spread > NORMAL:
        return min(max(round(chance.gauss(count * part, math.sqrt(spread))), 0), count)
    if count < FEW or not 0 < part < 0.5:
        return sum(chance.random() < part for _one in range(count))
    # From one that comes about to the next: as many steps as come about, not as there are.
    happened, at, fails = 0, -1, math.log1p(-part)
    while (at := at + 1 + int(math.log(1 - chance.random()) / fails)) < count:
        happened += 1
    return happened


def _sum_of(amounts: Sequence[float], count: int, chance: Random) -> float:
    if count <= MANY:
        return math.fsum(chance.choices(amounts, k=count))
    mean = math.fsum(amounts) / len(amounts)
    variance = math.fsum((value - mean) ** 2 for value in amounts) / len(amounts)
    return max(chance.gauss(mean * count, math.sqrt(variance * count)), 0.0)


def _ending(drawn: Sequence[Sequence[float]]) -> Ending:
    rates = [started / signed for signed, _amount, started in drawn if signed > 0]
    return Ending(
        projects=Outcome(tuple(row[0] for row in drawn)),
        amount=Outcome(tuple(row[1] for row in drawn)),
        started=Outcome(tuple(row[2] for row in drawn)),
        rate=Outcome(tuple(rates)) if rates else None,
    )


def _interval(draws: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(draws)
    whole = len(ordered)
    tail = (1 - INSIDE) / 2
    low, high = ordered[int(tail * whole)], ordered[min(int((1 - tail) * whole), whole - 1)]
    values = sorted(set(ordered))
    at_low, at_high = values.index(low), values.index(high)
    best = (low, high)
    miss = abs(_inside(ordered, *best) - INSIDE)
    for lower in values[at_low : at_low + 2]:
        for upper in values[max(at_high - 1, 0) : at_high + 1]:
            off = abs(_inside(ordered, lower, upper) - INSIDE)
            if lower <= upper and off < miss:
                best, miss = (lower, upper), off
    return best


def _inside(ordered: Sequence[float], low: float, high: float) -> float:
    return sum(low <= value <= high for value in ordered) / len(ordered)
