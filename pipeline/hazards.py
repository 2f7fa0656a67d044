"""How long projects take from one stage to the next, read from the county's own history.

Time is counted in months of the calendar: ``2026 * 12 + 8`` is September 2026. A *spell* is
a project's time in a stage: it began in a month and ended with the next stage, or without it
(terminated), or goes on. The *hazard* of an age is the chance that a spell which has lasted
so many months ends with the next stage in the month to come: of those that were at risk at
that age, the part that did. Spells that go on count for the months that they have lasted;
nothing is thrown away (a life table, as actuaries and epidemiologists make it).

Where a park has little history its hazard is drawn towards the county's: the county's counts
as so many project-months of its own experience (a Beta prior). What is uncertain about a
hazard comes with it: :meth:`Hazard.draw`. These are estimates: no figure is made from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

AGES = 37
"""Ages 0 to 35 months, and one for all beyond."""
SMOOTHING = 6.0
"""Project-months for which the neighbouring ages count in the county's own hazard."""
BORROWED = 24.0
"""Project-months for which the county's hazard counts in a park's."""


def month_of(day: dt.date) -> int:
    """The month of a day as one number; the next month's is one more."""
    return day.year * 12 + day.month - 1


@dataclass(frozen=True, slots=True)
class Spell:
    """Some time in a stage: months of its beginning and, where there is one, of its end.

    ``ended`` with the next stage, or ``left`` without it; ``weight`` is how many projects
    it stands for (less than one where credit is shared).
    """

    began: int
    ended: int | None = None
    left: int | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class LifeTable:
    """Of each age in months: how many spells were at risk, and how many ended there."""

    at_risk: tuple[float, ...]
    ended: tuple[float, ...]

    @classmethod
    def of(cls, spells: Iterable[Spell], *, until: int) -> LifeTable:
        """From what was known by the end of month ``until``; later months are not observed."""
        at_risk, ended = [0.0] * AGES, [0.0] * AGES
        for spell in spells:
            if spell.began > until:
                continue
            over = spell.ended if spell.ended is not None and spell.ended <= until else None
            left = spell.left if spell.left is not None and spell.left <= until else None
            last = over if over is not None else left if left is not None else until
            for age in range(min(last - spell.began, AGES - 1) + 1):
                at_risk[age] += spell.weight
            # Beyond the last age every further month is one more at that age.
            at_risk[AGES - 1] += spell.weight * max(last - spell.began - AGES + 1, 0)
            if over is not None:
                ended[min(over - spell.began, AGES - 1)] += spell.weight
        return cls(tuple(at_risk), tuple(ended))

    @property
    def events(self) -> float:
        """How many spells ended with the next stage."""
        return sum(self.ended)


@dataclass(frozen=True, slots=True)
class Hazard:
    """The chance of each age with its uncertainty: Beta(``alpha``, ``beta``) by age."""

    alpha: tuple[float, ...]
    beta: tuple[float, ...]

    @classmethod
    def of_county(cls, table: LifeTable) -> Hazard:
        """The county's own, each age smoothed by its neighbours and by all ages together."""
        whole = _share(sum(table.ended) + 0.5, sum(table.at_risk) + 12.0)
        near = [
            _share(
                sum(table.ended[max(age - 1, 0) : age + 2]) + whole,
                sum(table.at_risk[max(age - 1, 0) : age + 2]) + 1.0,
            )
            for age in range(AGES)
        ]
        return cls._towards(table, near, SMOOTHING)

    @classmethod
    def of_park(cls, table: LifeTable, county: Hazard) -> Hazard:
        """A park's, drawn towards the county's where it has little history."""
        return cls._towards(table, county.means, BORROWED)

    @classmethod
    def _towards(cls, table: LifeTable, means: Sequence[float], strength: float) -> Hazard:
        ages = list(zip(table.at_risk, table.ended, means, strict=True))
        return cls(
            tuple(done + strength * mean for _risk, done, mean in ages),
            tuple(risk - done + strength * (1 - mean) for risk, done, mean in ages),
        )

    @property
    def means(self) -> tuple[float, ...]:
        """The expected hazard of each age."""
        return tuple(a / (a + b) for a, b in zip(self.alpha, self.beta, strict=True))

    def draw(self, chance: Random, ages: int = AGES) -> tuple[float, ...]:
        """One hazard of those that the history leaves possible, of the first ``ages`` ages."""
        pairs = zip(self.alpha[:ages], self.beta[:ages], strict=True)
        return tuple(chance.betavariate(a, b) for a, b in pairs)


def chance_within(hazard: Sequence[float], *, age: int, months: int, first: float = 1.0) -> float:
    """The chance that a spell of an age in months ends within the next ``months`` months.

    ``months`` counts the month that is under way, of which the part ``first`` is left. Ages
    beyond the last of ``hazard`` have its chance.
    """
    lasts, oldest = 1.0, len(hazard) - 1
    for ahead in range(months):
        at = hazard[min(age + ahead, oldest)]
        lasts *= (1 - at) ** first if ahead == 0 and first < 1 else 1 - at
    return 1 - lasts


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 1e-4), 1 - 1e-4)
