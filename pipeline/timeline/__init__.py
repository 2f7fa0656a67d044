"""Everything that happened to a project, in one line of time, the newest first.

The order: by day, then by the instant at which it was written down, then by the source and
its row, all of them downwards; so no two entries share a place. An interaction stands on the
day when people met, everything else on the day when it was written down. A page is what
comes after a place: each source answers with at most so many entries, and they are merged.
A source that had to stop before it had so many says how far it is complete, and the page
ends there. Each source asks a fixed number of queries, however many entries there are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.models import Project
from pipeline.timeline.entries import Entry, Found, Kind, Place
from pipeline.timeline.sources import SOURCES

__all__ = ["Entry", "Found", "Kind", "Page", "Place", "page"]

PAGE = 15


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries; ``before`` is where the next page goes on, None at the end."""

    entries: list[Entry]
    before: Place | None


def page(
    project: Project, *, kind: str = "", before: Place | None = None, size: int = PAGE
) -> Page:
    """The ``size`` entries after ``before``, of one kind or of all."""
    found = [
        source.read(project, number, before, size + 1)
        for number, source in enumerate(SOURCES)
        if kind in ("", source.kind)
    ]
    end = max((f.complete_to for f in found if f.complete_to), default=None)
    merged: Iterator[Entry] = heapq.merge(
        *(f.entries for f in found), key=lambda entry: entry.place, reverse=True
    )
    sure: Iterable[Entry] = merged if end is None else (e for e in merged if e.place >= end)
    entries = list(islice(sure, size + 1))
    if len(entries) > size:
        return Page(entries[:size], entries[size - 1].place)
    return Page(entries, end)
