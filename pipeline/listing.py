"""What a list of projects was asked for: one reading of its query string.

The page, its export, an act on all that match and a saved view name the same rows in the
same order, since each of them reads the query here, in the scope of the person who asks.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import QuerySet

from crm.models import User
from pipeline import columns
from pipeline.filters import ProjectFilter
from pipeline.models import Project

# Of the query string, what does not choose rows.
LOOKS = frozenset({"sort", "size", "cols", "page", "by", "ended", "after"})
_MOST_PARAMETERS = 100


@dataclass(frozen=True)
class Wanted:
    """A list as its query string describes it; what stands there empty is left out."""

    given: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: str) -> Wanted:
        """Of a query string; ``cols`` may stand there several times or with commas."""
        given: dict[str, str] = {}
        names: list[str] = []
        first = query.lstrip("?").split("&")[:_MOST_PARAMETERS]  # what comes after is nobody's list
        for name, value in parse_qsl("&".join(first)):
            if name == "cols":
                names.extend(value.split(","))
            elif name not in ("page", "after"):
                given[name] = value
        if names:
            cols = columns.chosen(names)
            if cols != columns.chosen([]):
                given["cols"] = ",".join(column.name for column in cols)
        return cls(given)

    @property
    def by(self) -> str:
        return self.given.get("sort", "")

    @cached_property
    def columns(self) -> tuple[columns.ProjectColumn, ...]:
        return columns.chosen(self.given.get("cols", "").split(","))

    @property
    def looks(self) -> list[tuple[str, str]]:
        """What the filter's form carries along besides the conditions."""
        return [(name, v) for name, v in self.given.items() if name in LOOKS]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.given.keys() - LOOKS)

    def query(self, **more: Any) -> str:
        """The query string that asks for the same again, with ``more``; None leaves out."""
        asked = {name: v for name, v in (self.given | more).items() if v not in (None, "")}
        return urlencode(asked, safe=",")

    def narrowed(self, *, person: User, at: dt.datetime) -> ProjectFilter:
        """The filter over all projects that ``person`` may see."""
        rows = Project.objects.current().visible_to(person)
        return ProjectFilter(self.given, rows, person=person, at=at)

    def rows(self, *, person: User, at: dt.datetime) -> QuerySet[Project]:
        """The projects that match, in the list's order."""
        return columns.sort(self.narrowed(person=person, at=at).qs, self.by)
