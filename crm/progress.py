"""How far a running job is, and that its worker lives.

Both are told through the cache ``jobs`` and not in the job's row: the row's work is one
transaction, whose writes nobody sees before its end, and on SQLite that transaction holds
the one write lock. The cache is Redis or, without it, a folder of files; either is seen by
the pages at once and waits for no lock. Losing it loses nothing but a bar on a page: the
next beat writes it anew.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType

from django.core.cache import caches
from structlog import get_logger

from crm.models import Job

log = get_logger(__name__)

BEAT = 10.0  # seconds between two signs of life
TOLD = 0.5  # seconds at least between two tellings of progress
KEPT = 3600  # seconds until the cache forgets a sign


class Cancelled(Exception):
    """Whoever asked for the job has taken it back: nothing of this attempt may stay."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a running job last said: when, how many of how many, in which words."""

    at: dt.datetime
    done: int = 0
    total: int | None = None
    words: str = ""

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100; None where nobody knows of how many."""
        return min(100, self.done * 100 // self.total) if self.total else None


class Progress:
    """What a job's function calls as it goes; a context that beats while it is open.

    ``progress(done)``, ``progress(done, total)``, ``progress(done, total, words)``: numbers
    are in whatever the job counts. Calls cost nothing to speak of: at most two a second
    are told, and at once those that name another step. A cache that does not answer costs
    the telling, never the job.

    A call raises ``Cancelled`` where :func:`ask_to_stop` was called for this attempt.
    """

    def __init__(self, job: Job, clock: Callable[[], dt.datetime]) -> None:
        self.done = 0
        self.total: int | None = None
        self.words = ""
        self._key = _key(job)
        self._stop = _stop_key(job)
        self._clock = clock
        self._told = 0.0
        self._lock = Lock()
        self._over = Event()
        self._beating = Thread(target=self._beat, name=f"beat-{self._key}", daemon=True)

    def __call__(self, done: int, total: int | None = None, words: str = "") -> None:
        is_another_step = words[:200] != self.words
        self.done, self.total, self.words = done, total, words[:200]
        if is_another_step or time.monotonic() - self._told >= TOLD:
            self._tell()
            if _is_marked(self._stop):
                raise Cancelled

    def __enter__(self) -> Progress:
        self._tell()
        self._told = 0.0  # the first step is told at once
        self._beating.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._beating.join()
        try:
            caches["jobs"].delete_many([self._key, self._stop])
        except Exception:
            log.warning("progress not cleared", key=self._key, exc_info=True)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self._tell()
        caches["jobs"].close()

    def _tell(self) -> None:
        with self._lock:
            self._told = time.monotonic()
            sign = Sign(self._clock(), self.done, self.total, self.words)
            try:
                caches["jobs"].set(self._key, sign, KEPT)
            except Exception:  # whatever ails the cache, the work goes on
                log.warning("progress not told", key=self._key, exc_info=True)


def signs_of(jobs: Iterable[Job]) -> dict[int, Sign]:
    """The last sign of each of the jobs that gave one, by the job's id."""
    ids = {_key(job): job.pk for job in jobs}
    try:
        found = caches["jobs"].get_many(ids)
    except Exception:  # a page without a bar is better than no page
        log.warning("progress not read", exc_info=True)
        return {}
    return {ids[key]: sign for key, sign in found.items()}


def sign_of(job: Job) -> Sign | None:
    """The last sign of this attempt at the job."""
    return signs_of([job]).get(job.pk)


def ask_to_stop(job: Job) -> None:
    """Let this attempt's next call of its progress raise ``Cancelled``.

    Raises what a cache that does not answer raises: the person should know.
    """
    caches["jobs"].set(_stop_key(job), True, KEPT)


def is_stopping(job: Job) -> bool:
    """Whether this attempt was asked to stop and has not yet."""
    return _is_marked(_stop_key(job))


def _is_marked(key: str) -> bool:
    try:
        return bool(caches["jobs"].get(key))
    except Exception:  # whatever ails the cache, the work goes on
        log.warning("mark not read", key=key, exc_info=True)
        return False


def _stop_key(job: Job) -> str:
    return f"{_key(job)}-stop"


def _key(job: Job) -> str:
    # An attempt that was given up beats for itself, not for the one that took over.
    return f"job-{job.pk}-{job.attempt}"
