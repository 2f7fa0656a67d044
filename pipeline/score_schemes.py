"""How parks, units and officers are scored: versions of a table that the county edits (考核办法).

A change is a new version; the one in force at an instant is the one recorded last before
it. A year without a table of its own follows the latest earlier year's, and pages say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline.assessment_measures import MEASURES, Measure
from pipeline.models import Indicator, ScoreLevel, ScoreScheme

WHOLE = Decimal(100)
"""What the weights of a table's measures add up to (百分制)."""


class BadScheme(Refused):
    """The table does not hold together; ``details`` say where."""

    code = "bad_scheme"


class SchemeUnchanged(Refused):
    """The table says what the one in force says."""

    code = "nothing_changed"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it is to be. ``weight`` is the most that a deduction takes.

    ``target`` in yuan, counts, or per cent of a rate; None takes the holder's own.
    """

    measure: str
    weight: Decimal
    target: Decimal | None = None
    per_case: Decimal | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A table in force for a year: ``set_for`` is the year that it was made for."""

    row: ScoreScheme
    indicators: tuple[Indicator, ...]
    year: int

    @property
    def set_for(self) -> int:
        return self.row.year

    @property
    def is_repeated(self) -> bool:
        """Whether an earlier year's table goes on."""
        return self.row.year < self.year

    @property
    def whole(self) -> Decimal:
        """The weights of all its measures."""
        return sum((i.weight for i in self.indicators if not i.is_deduction), Decimal(0))


def in_force(level: str, year: int, *, known_at: dt.datetime) -> Scheme | None:
    """The table of a year as known at an instant; two queries. None before there is any."""
    row = (
        ScoreScheme.objects.filter(level=level, year__lte=year, recorded_at__lte=known_at)
        .select_related("recorded_by")
        .order_by("-year", "-recorded_at", "-id")
        .first()
    )
    if row is None:
        return None
    lines = [i for i in row.indicators.all() if i.measure in MEASURES]
    return Scheme(row, tuple(lines), year)


def entries(scheme: Scheme | None) -> list[Entry]:
    """What a table says."""
    return [
        Entry(line.measure, line.weight, line.target, line.per_case, line.name)
        for line in (scheme.indicators if scheme else ())
    ]


@transaction.atomic
def set_scheme(
    level: str,
    year: int,
    wanted: Sequence[Entry],
    *,
    reason: str,
    by: User,
    at: dt.datetime,
    is_example: bool = False,
) -> ScoreScheme:
    """Put a table in force from ``at`` on; what went before stays as it was.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``BadScheme``, ``SchemeUnchanged``.
    """
    require(by, "score.set")
    if not reason.strip():
        raise ReasonNeeded(_("请写明考核办法的依据，例如文件号"))
    problems = faults(level, wanted)
    if problems:
        raise BadScheme("；".join(str(problem) for problem in problems), details=problems)
    now = in_force(level, year, known_at=at)
    if now and not now.is_repeated and entries(now) == list(wanted):
        raise SchemeUnchanged(_("没有改动：和现行办法完全一样"))
    scheme = ScoreScheme.objects.create(
        level=level,
        year=year,
        recorded_at=at,
        recorded_by=by,
        reason=reason.strip(),
        is_example=is_example,
    )
    Indicator.objects.bulk_create(
        Indicator(
            scheme=scheme,
            measure=entry.measure,
            name=entry.name,
            is_deduction=MEASURES[entry.measure].is_deduction,
            weight=entry.weight,
            target=entry.target,
            per_case=entry.per_case,
            position=place,
        )
        for place, entry in enumerate(wanted, 1)
    )
    return scheme


def faults(level: str, wanted: Sequence[Entry]) -> list[object]:
    """What is wrong with a table, in words."""
    found: list[object] = []
    seen: set[str] = set()
    for entry in wanted:
        measure = MEASURES.get(entry.measure)
        if measure is None or level not in measure.levels:
            label = ScoreLevel(level).label
            found.append(
                _("%(level)s没有指标“%(measure)s”") % {"level": label, "measure": entry.measure}
            )
            continue
        if entry.measure in seen:
            found.append(_("“%s”列了两次") % measure.label)
        seen.add(entry.measure)
        found += _faults(entry, measure)
    whole = sum((e.weight for e in wanted if not _is_deduction(e)), Decimal(0))
    if whole != WHOLE:
        found.append(
            _("计分指标的分值合计应为 %(whole)s 分，现在是 %(sum)s 分")
            % {"whole": WHOLE, "sum": whole}
        )
    return found


def _faults(entry: Entry, measure: Measure) -> list[object]:
    words = {"measure": measure.label}
    if entry.weight <= 0:
        return [_("“%(measure)s”的分值必须大于 0") % words]
    if measure.is_deduction:
        if entry.per_case is None or entry.per_case <= 0:
            return [_("“%(measure)s”要写每件扣几分") % words]
        if entry.target is not None:
            return [_("“%(measure)s”是扣分项，不设目标值") % words]
        return []
    if entry.per_case is not None:
        return [_("“%(measure)s”不是扣分项，不写每件扣分") % words]
    if entry.target is None and measure.metric is None:
        return [_("“%(measure)s”没有下达的目标，要在办法里写目标值") % words]
    if entry.target is not None and entry.target <= 0:
        return [_("“%(measure)s”的目标值必须大于 0") % words]
    return []


def _is_deduction(entry: Entry) -> bool:
    return entry.measure in MEASURES and MEASURES[entry.measure].is_deduction
