"""The nightly check: a sample of roll-ups held against the slow count, and the alarm.

What disagrees is written down with both values and told to administrators and verifiers; no
figure is changed. A sample each night reaches every year, dimension and instant in time:
this year and last year always, and another draw each night.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Role, User
from crm.notices import tell
from pipeline import recheck
from pipeline.models import Milestone, RollupCheck
from pipeline.recheck import COUNTED, FIGURES, Asked, Sums
from pipeline.rollups import Window, not_started_counts, rollup

OTHERS = ("channel", "industry", "officer")
DIFFERENCES_KEPT = 200
"""Of one check; where more disagree, the first of them say enough."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One window as both ways see it: how many figures, and those that disagree."""

    asked: Asked
    count: int
    differences: list[dict[str, str]]


def sample(*, at: dt.datetime) -> list[Asked]:
    """What is counted on a night: the same for the same night.

    This year to date by park and by one other dimension in turn, the whole of last year, and
    a day and an instant of knowledge that are drawn from all years that have facts.
    """
    today = timezone.localdate(at)
    draw = Random(today.toordinal())  # noqa: S311 - the same sample for the same night
    earliest = Milestone.objects.aggregate(day=Min("occurred_on"))["day"] or today
    year = draw.randint(min(earliest.year, today.year), today.year)
    last = min(today, dt.date(year, 12, 31))
    day = dt.date(year, 1, 1) + dt.timedelta(draw.randint(0, (last - dt.date(year, 1, 1)).days))
    evening = timezone.make_aware(dt.datetime.combine(day, dt.time.max))
    known = at - (at - min(evening, at)) * draw.random()
    return [
        Asked(today.year, today, at),
        Asked(today.year, today, at, OTHERS[today.toordinal() % len(OTHERS)]),
        Asked(today.year - 1, dt.date(today.year - 1, 12, 31), at),
        Asked(year, day, known),
    ]


def check(
    *, at: dt.datetime, progress: Callable[[int], None] = lambda done: None
) -> list[RollupCheck]:
    """Count a night's sample both ways, write down what came of it, and tell of differences.

    What disagrees is counted once more before it is believed: a load may have been committed
    between the two ways. A row of ``RollupCheck`` for each year, day and instant.
    """
    started = time.monotonic()
    found = _compare_all(sample(at=at), progress)
    if doubtful := [one.asked for one in found if one.differences]:
        again = {one.asked: one for one in _compare_all(doubtful, progress)}
        found = [again.get(one.asked, one) for one in found]
    return _write(found, at=at, seconds=time.monotonic() - started)


def _compare_all(asked: Sequence[Asked], progress: Callable[[int], None]) -> list[Compared]:
    counted = recheck.count(asked, step=progress)
    return [compare(one, sums) for one, sums in zip(asked, counted, strict=True)]


def compare(asked: Asked, counted: Sums) -> Compared:
    """The roll-up of a window against what was counted: every row, and the total."""
    window = Window(asked.year, asked.as_of, asked.known_at)
    found = rollup(window, by=asked.by)
    waiting = not_started_counts(window, by=asked.by)
    rows: dict[Any, Any] = {row.id: row for row in found.rows}
    differences = []
    keys = [*rows, *sorted(pk for pk in {*counted, *waiting} - set(rows) if pk is not None)]
    for pk in [*keys, "total"]:
        row = found.total if pk == "total" else rows.get(pk)
        of_row = list(counted.values()) if pk == "total" else [counted.get(pk, {})]
        for figure in FIGURES:
            by_hand = _figure(figure, sum(sums.get(figure, 0) for sums in of_row))
            if figure == "signed_not_started":
                whole = sum(waiting.values(), Decimal(0))
                by_sql = whole if pk == "total" else waiting.get(pk, Decimal(0))
            else:
                by_sql = getattr(row, figure) if row is not None else Decimal(0)
            if by_hand != by_sql:
                differences.append(
                    {
                        "figure": figure,
                        "by": asked.by,
                        "key": row.key if row is not None else "",
                        "name": row.name if row is not None else str(pk),
                        "rollup": f"{by_sql:.2f}",
                        "recount": f"{by_hand:.2f}",
                    }
                )
    return Compared(asked, (len(keys) + 1) * len(FIGURES), differences)


def _figure(name: str, units: int) -> Decimal:
    """Hundredths of a percent as projects, fen as yuan."""
    return Decimal(units) / (recheck.HUNDRED if name in COUNTED else 100)


@transaction.atomic
def _write(found: Sequence[Compared], *, at: dt.datetime, seconds: float) -> list[RollupCheck]:
    windows: dict[tuple[int, dt.date, dt.datetime], list[Compared]] = {}
    for one in found:
        key = one.asked.year, one.asked.as_of, one.asked.known_at
        windows.setdefault(key, []).append(one)
    checks = [
        RollupCheck.objects.create(
            checked_at=at,
            year=year,
            as_of=as_of,
            known_at=known_at,
            compared=sum(one.count for one in same),
            differences=[said for one in same for said in one.differences][:DIFFERENCES_KEPT],
            seconds=round(seconds, 3),
        )
        for (year, as_of, known_at), same in windows.items()
    ]
    _tell([check for check in checks if check.differences], at=at)
    return checks


def _tell(failed: Sequence[RollupCheck], *, at: dt.datetime) -> None:
    if not failed:
        return
    count = sum(len(check.differences) for check in failed)
    tell(
        User.objects.filter(role__in=[Role.ADMIN, Role.VERIFIER], is_active=True),
        kind="check.failed",
        text=_("汇总核对发现 %(count)s 处差异：逐条重算与汇总数不一致，请尽快查明")
        % {"count": count},
        url="/jobs/checks/",
        key=f"check-failed-{failed[0].pk}",
        at=at,
    )
