"""What falls due by itself, as a table in code; nothing else keeps the time.

Beat is a tick each minute, and a tick asks :func:`due`: which occasions have come and are
not jobs yet. An occasion is a job whose ``key`` names kind and instant; the database takes a
key once. So a double beat, a restart, a flushed Redis or a clock that was off change nothing:
the next tick finds what is missing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.db.models import Max
from structlog import get_logger

from crm import jobs
from crm.job_kinds import KINDS, Function
from crm.models import Job, User
from crm.models.jobs import OPEN
from crm.rhythms import Rhythm
from crm.system_users import system_user

log = get_logger(__name__)

LATE_AFTER = dt.timedelta(minutes=10)
"""An occasion that is no job so long after it came: the clock does not run."""
SILENT_AFTER = dt.timedelta(minutes=3)
"""Without a tick for so long, the clock is taken for stopped."""

TICKED = "schedule-ticked"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of job that falls due by itself.

    ``words`` say what it is for. ``catch_up`` is how many missed occasions are made up for,
    one by one: 1 where the function itself looks at everything that has come since, so that
    the latest is enough. ``has_work`` is asked first where an occasion is often empty: no
    job is made for nothing. ``is_of_minutes`` occasions are no use in the table of what was
    done, and are kept for a day.
    """

    kind: str
    rhythm: Rhythm
    words: Any
    catch_up: int = 1
    has_work: Callable[[dt.datetime], bool] | None = None

    def key(self, occasion: dt.datetime) -> str:
        """What names an occasion in the job's row."""
        return f"{self.kind}@{occasion.astimezone(dt.UTC):%Y-%m-%dT%H:%M}Z"

    def occasions(self, at: dt.datetime) -> list[dt.datetime]:
        """The latest occasions that may have to be made up for, the oldest first."""
        found = [self.rhythm.last(at)]
        while len(found) < self.catch_up:
            found.append(self.rhythm.last(found[-1] - dt.timedelta(seconds=1)))
        return found[::-1]


_TABLE: dict[str, Schedule] = {}


def scheduled(rhythm: Rhythm, *, words: Any, **said: Any) -> Callable[[Function], Function]:
    """Let a kind fall due by itself; stands above ``kind``. ``said`` as in ``Schedule``."""

    def declare(function: Function) -> Function:
        (name,) = (kind.name for kind in KINDS.values() if kind.function is function)
        _TABLE[name] = Schedule(name, rhythm, words, **said)
        return function

    return declare


def table() -> list[Schedule]:
    """Every schedule, in the order of declaration."""
    jobs.declare_kinds()
    return list(_TABLE.values())


def scheduler() -> User:
    """The system user in whose name what falls due is done."""
    return system_user("scheduler", "定时任务")


def due(*, at: dt.datetime) -> list[Job]:
    """Ask for the job of every occasion that has come and has none; those asked for.

    Where no occasion of a schedule is known (a new county, or all of them long past), its
    latest is asked for, not its history. What still waits or runs of a kind is not asked for
    again before it is over: a stopped worker finds one job, not a weekend's.
    """
    wanted = {
        schedule: [(schedule.key(occasion), occasion) for occasion in schedule.occasions(at)]
        for schedule in table()
    }
    known = set(
        Job.objects.filter(key__in=[key for pairs in wanted.values() for key, _o in pairs])
        .values_list("key", flat=True)
        .order_by()
    )
    busy = set(Job.objects.filter(state__in=OPEN).exclude(key="").values_list("kind", flat=True))
    asked = []
    for schedule, pairs in wanted.items():
        if pairs[-1][0] in known or (schedule.catch_up == 1 and schedule.kind in busy):
            continue
        if schedule.has_work is not None and not schedule.has_work(at):
            continue
        for key, occasion in _missing(pairs, known):
            job = jobs.enqueue_once(
                schedule.kind, key=key, by=scheduler(), at=at, occasion=occasion.isoformat()
            )
            if job is not None:
                asked.append(job)
    _tell_ticked(at)
    return asked


def _missing(
    pairs: list[tuple[str, dt.datetime]], known: set[str]
) -> list[tuple[str, dt.datetime]]:
    """The occasions after the last one that is known; the latest alone where none is."""
    after = [n for n, (key, _occasion) in enumerate(pairs, 1) if key in known]
    return pairs[max(after) :] if after else pairs[-1:]


# --- How it goes --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule as a page shows it: its last job, and when it falls due next."""

    schedule: Schedule
    kind: jobs.Kind
    job: Job | None
    next_at: dt.datetime
    is_late: bool


def standings(*, at: dt.datetime) -> list[Standing]:
    """Every schedule with its last job and its next occasion; two queries."""
    schedules = table()
    last = (
        Job.objects.filter(kind__in=[schedule.kind for schedule in schedules])
        .exclude(key="")
        .order_by()
        .values("kind")
        .annotate(last=Max("pk"))
    )
    found = {job.kind: job for job in Job.objects.filter(pk__in=[row["last"] for row in last])}
    return [_standing(schedule, found.get(schedule.kind), at) for schedule in schedules]


def _standing(schedule: Schedule, job: Job | None, at: dt.datetime) -> Standing:
    occasion = schedule.rhythm.last(at)
    is_known = job is not None and (job.key >= schedule.key(occasion) or job.is_open)
    return Standing(
        schedule,
        jobs.kinds()[schedule.kind],
        job,
        schedule.rhythm.following(occasion),
        is_late=schedule.has_work is None and not is_known and at - occasion > LATE_AFTER,
    )


def _tell_ticked(at: dt.datetime) -> None:
    try:
        caches["jobs"].set(TICKED, at, None)
    except Exception:  # whatever ails the cache, what is due is asked for
        log.warning("tick not told", exc_info=True)


def ticked_at() -> dt.datetime | None:
    """When the clock last ticked; None where nobody knows (the cache forgets)."""
    try:
        found: dt.datetime | None = caches["jobs"].get(TICKED)
    except Exception:  # a page without it is better than no page
        log.warning("tick not read", exc_info=True)
        return None
    return found


def is_silent(ticked: dt.datetime | None, *, at: dt.datetime) -> bool:
    """Whether the clock seems to have stopped."""
    return ticked is None or at - ticked > SILENT_AFTER
