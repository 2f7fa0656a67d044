"""Where the year may end, for the county and each park, and what it takes to meet the targets.

Made from ``pipeline.forecast`` (the method) and ``pipeline.forecast_history`` (the facts).
The forecast is the county's: a park's person sees the own park's lines of it, and so the
same numbers as the county sees for that park. These are estimates; no figure is made from
them, and nothing of them is stored but for some minutes in the cache.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import NormalDist

from django.core.cache import caches

from crm.models import Park as ParkRow
from crm.models import User
from pipeline.figures import Window
from pipeline.forecast import (
    Ending,
    Outcome,
    chance_of_at_least,
    forecast,
    starting_hazards,
)
from pipeline.forecast_history import History, Waiting, history
from pipeline.hazards import Hazard, chance_within
from pipeline.models import HolderKind, Metric
from pipeline.targets import COUNTY, Holder, Targets

DRAWS = 1000
LARGE, FEWER_DRAWS = 5000, 300
"""With so many signings each draw takes longer, and tells more."""
KEPT = 600
"""Seconds for which a forecast is kept: it takes longer than a page."""
LISTED = 50
"""Projects listed of those that have to start; the others are counted."""
EXACT = 2_000_000
"""Steps up to which the chance that so many start is exact; beyond, it is a normal's."""
TOTAL = "total"
Key = int | str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """A quantity at the year's end: its mean, the 80 % interval, and the target's chance.

    Counts, yuan or a fraction of 1; ``target`` and ``chance`` are None without a target.
    """

    done: Decimal | None
    mean: Decimal
    low: Decimal
    high: Decimal
    target: Decimal | None = None
    chance: Decimal | None = None

    @property
    def completion(self) -> Decimal | None:
        """The mean as a part of the target."""
        return self.mean / self.target if self.target else None


@dataclass(frozen=True, slots=True)
class Start:
    """A project that was signed this year and has not started, with its chance to start."""

    project: int
    months: int
    chance: Decimal


@dataclass(frozen=True, slots=True)
class Takes:
    """What it takes: more signings of what size, and which projects have to start.

    ``more_projects`` and ``more_amount`` (yuan) are missing from the targets, None without
    one. ``starts`` of the ``waiting`` projects have to start for the rate that the signings
    up to now ask for, ``starts_then`` for the rate of the expected year's end; ``chance`` is
    that of the former. ``first`` are the most likely to start.
    """

    more_projects: Decimal | None = None
    more_amount: Decimal | None = None
    expected_more: Decimal = Decimal(0)
    signed: Decimal = Decimal(0)
    started: Decimal = Decimal(0)
    rate: Decimal | None = None
    starts: int | None = None
    starts_then: int | None = None
    waiting: int = 0
    chance: Decimal | None = None
    first: Sequence[Start] = ()

    @property
    def size(self) -> Decimal | None:
        """The average yuan of the signings still missing; None where none are."""
        if not self.more_projects or not self.more_amount:
            return None
        return self.more_amount / self.more_projects


@dataclass(frozen=True, slots=True)
class Line:
    """A park's or the county's year's end. ``signings`` is how many its history has."""

    key: Key
    projects: Expected
    amount: Expected
    rate: Expected | None
    takes: Takes
    signings: int


@dataclass(frozen=True, slots=True)
class YearEnd:
    """The lines by park id, None for no park, and "total"; none where history is too short."""

    lines: Mapping[Key, Line] = field(default_factory=dict)
    signings: int = 0
    starts: int = 0
    months: int = 0
    draws: int = 0

    @property
    def too_little(self) -> bool:
        """Whether there is too little history for numbers."""
        return not self.lines

    def of(self, user: User) -> Line | None:
        """The line that stands for all that a person sees: the county's, or the own park's."""
        return self.lines.get(TOTAL if user.is_county_wide else user.park_id)


def is_open(window: Window) -> bool:
    """Whether the year can be forecast: the as-of day is in it, and before its last day."""
    return window.since <= window.as_of < dt.date(window.year, 12, 31)


def year_end(window: Window, *, is_past_knowledge: bool = False) -> YearEnd:
    """The forecast of a window that :func:`is_open`, kept for ten minutes.

    As it is known now, it may be that much older than the figures beside it.
    """
    key = _cache_key(window, is_past_knowledge)
    found: YearEnd | None = caches["default"].get(key)
    if found is None:
        found = computed(window)
        caches["default"].set(key, found, KEPT)
    return found


def kept_year_end(window: Window, *, is_past_knowledge: bool = False) -> YearEnd | None:
    """The forecast if it was made in the last minutes, else None: a page does not wait for it."""
    found: YearEnd | None = caches["default"].get(_cache_key(window, is_past_knowledge))
    return found


def _cache_key(window: Window, is_past_knowledge: bool) -> str:
    known_at = f"{window.known_at:%Y%m%dT%H%M%z}" if is_past_knowledge else "now"
    return f"year-end:{window.year}:{window.as_of.isoformat()}:{known_at}"


def computed(window: Window) -> YearEnd:
    """The forecast made anew: the history's queries and one for the targets.

    The draws' seed is made of the year and the as-of day: the same question, the same answer.
    """
    past = history(window)
    seed = window.year * 1000 + window.as_of.timetuple().tm_yday
    many = sum(len(park.signings) for park in past.parks.values()) > LARGE
    draws = FEWER_DRAWS if many else DRAWS
    drawn = forecast(past.parks, past.moment, seed=seed, draws=draws)
    if drawn.county is None:
        return YearEnd(signings=drawn.signings, starts=drawn.starts, months=drawn.months)
    targets = Targets(window.year, window.known_at)
    hazards = starting_hazards(past.parks, past.moment)
    starts = _starts(past, hazards)
    lines: dict[Key, Line] = {
        park: _line(park, ending, past, targets, starts) for park, ending in drawn.parks.items()
    }
    lines[TOTAL] = _line(TOTAL, drawn.county, past, targets, starts)
    return YearEnd(lines, drawn.signings, drawn.starts, drawn.months, draws)


def named(found: YearEnd, user: User) -> list[tuple[str, str, Line]]:
    """(key, name, line) of each park that a person sees, in the order of the parks."""
    parks = ParkRow.objects.all()
    if not user.is_county_wide:
        parks = parks.filter(pk__in=[user.park_id])
    return [
        (park.slug, park.short_name or park.name, found.lines[park.pk])
        for park in parks
        if park.pk in found.lines
    ]


# --- lines ----------------------------------------------------------------------------------
def _line(
    key: Key,
    ending: Ending,
    past: History,
    targets: Targets,
    starts: Mapping[Key, Sequence[tuple[Waiting, float]]],
) -> Line:
    holder: Holder | None = COUNTY if key == TOTAL else (HolderKind.PARK, key)
    if key is None:
        holder = None
    parks = past.parks.values() if key == TOTAL else [past.parks[key]]  # type: ignore[index]
    signings = [s for park in parks for s in park.signings]
    this_year = [s for s in signings if s.month >= past.moment.first]
    signed = _decimal(math.fsum(s.weight for s in this_year))
    started = _decimal(math.fsum(s.weight for s in this_year if s.started is not None))
    expanded = past.expanded if key == TOTAL else {key: past.expanded.get(key, Decimal(0))}  # type: ignore[arg-type]
    more = sum(expanded.values(), Decimal(0))
    amount = _decimal(math.fsum(s.amount * s.weight for s in this_year), 0) + more

    def target(metric: str) -> Decimal | None:
        if holder is None:
            return None
        found = (targets.rate if metric == Metric.START_RATE else targets.own)(metric, holder)
        return found.value if found else None

    projects = _expected(ending.projects, signed, target(Metric.SIGNED_PROJECTS), places=1)
    return Line(
        key=key,
        projects=projects,
        amount=_expected(ending.amount, amount, target(Metric.SIGNED_AMOUNT), plus=more, places=0),
        rate=None
        if ending.rate is None
        else _expected(
            ending.rate, started / signed if signed else None, target(Metric.START_RATE), places=4
        ),
        takes=_takes(
            (signed, amount, started),
            projects.mean,
            [target(m) for m in (Metric.SIGNED_PROJECTS, Metric.SIGNED_AMOUNT, Metric.START_RATE)],
            starts.get(key, ()),
            past,
        ),
        signings=len(signings),
    )


def _expected(
    outcome: Outcome,
    done: Decimal | None,
    target: Decimal | None,
    *,
    plus: Decimal = Decimal(0),
    places: int = 2,
) -> Expected:
    low, high = outcome.interval
    return Expected(
        done=done,
        mean=_decimal(outcome.mean, places) + plus,
        low=_decimal(low, places) + plus,
        high=_decimal(high, places) + plus,
        target=target,
        chance=None if target is None else _decimal(outcome.chance_of(float(target - plus)), 3),
    )


def _takes(
    reached: tuple[Decimal, Decimal, Decimal],
    expected: Decimal,
    targets: Sequence[Decimal | None],
    starts: Sequence[tuple[Waiting, float]],
    past: History,
) -> Takes:
    signed, amount, started = reached
    goal_projects, goal_amount, rate = targets
    needed = None if rate is None else max(math.ceil(rate * signed - started), 0)
    then = None if rate is None else max(math.ceil(rate * max(expected, signed) - started), 0)
    chances = [chance for _waiting, chance in starts]
    first = [
        Start(w.project, past.moment.month - w.month, _decimal(chance, 3))
        for w, chance in starts[:LISTED]
    ]
    return Takes(
        more_projects=None if goal_projects is None else max(goal_projects - signed, Decimal(0)),
        more_amount=None if goal_amount is None else max(goal_amount - amount, Decimal(0)),
        expected_more=max(expected - signed, Decimal(0)),
        signed=signed,
        started=started,
        rate=rate,
        starts=needed,
        starts_then=then,
        waiting=len(starts),
        chance=None if needed is None else _decimal(_at_least(needed, chances), 3),
        first=first,
    )


def _starts(
    past: History, hazards: Mapping[int | None, Hazard]
) -> dict[Key, list[tuple[Waiting, float]]]:
    """Who waits to start with the chance to, by park and in all, the most likely first.

    A project whose credit parks share stands with each of them, and once in all.
    """
    moment = past.moment
    found: dict[Key, list[tuple[Waiting, float]]] = {TOTAL: []}
    known: dict[tuple[int | None, int], float] = {}
    seen: set[int] = set()
    for waiting in past.waiting:
        at = (waiting.park, moment.month - waiting.month)
        if at not in known:
            known[at] = chance_within(
                hazards[waiting.park].means, age=at[1], months=moment.ahead, first=moment.left
            )
        found.setdefault(waiting.park, []).append((waiting, known[at]))
        if waiting.project not in seen:
            seen.add(waiting.project)
            found[TOTAL].append((waiting, known[at]))
    for starts in found.values():
        starts.sort(key=lambda start: (-start[1], start[0].month, start[0].project))
    return found


def _at_least(needed: int, chances: Sequence[float]) -> float:
    """Exact, but for so many projects that a normal distribution is as good."""
    if needed * len(chances) <= EXACT:
        return chance_of_at_least(needed, chances)
    mean = math.fsum(chances)
    spread = math.sqrt(math.fsum(chance * (1 - chance) for chance in chances))
    return 1 - NormalDist(mean, max(spread, 1e-9)).cdf(needed - 0.5)


def _decimal(value: float, places: int = 2) -> Decimal:
    return Decimal(f"{value:.{places}f}")
