"""One thing that happened to a project, and its place in the line of time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Attachment, User
from pipeline.field_history import FieldChange


class Kind(models.TextChoices):
    """What an entry is about; the line is narrowed by it."""

    TALKS = "talks", _("接洽")
    MILESTONES = "milestones", _("里程碑")
    FUNDS = "funds", _("资金")
    FILES = "files", _("文件与评审")
    FACTORS = "factors", _("要素与计划")
    TASKS = "tasks", _("待办")
    EDITS = "edits", _("修改")
    AFTERCARE = "aftercare", _("企业服务")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands in the order; later ones are greater and come first."""

    day: dt.date
    at: dt.datetime
    source: int
    row: int

    def __str__(self) -> str:
        stamp = self.at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S.%f")
        return f"{self.day:%Y%m%d}_{stamp}_{self.source}_{self.row}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that ``str`` wrote; None for anything else."""
        try:
            day, at, source, row = text.split("_")
            found = cls(
                dt.date.fromisoformat(day),
                dt.datetime.strptime(f"{at}Z", "%Y%m%dT%H%M%S.%f%z"),
                int(source),
                int(row),
            )
        except (ValueError, OverflowError):
            return None
        # Neither the day before the first nor the one after the last can be reckoned with.
        return found if dt.MINYEAR < found.day.year < dt.MAXYEAR else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``title`` and ``text`` say it, ``by`` did it.

    ``anchor`` is the part of the page that has the whole of it; ``document`` and ``photos``
    (of the interaction ``talk``) are its files.
    """

    place: Place
    kind: Kind
    icon: str
    title: str
    by: User | None = None
    text: str = ""
    anchor: str = ""
    changes: tuple[FieldChange, ...] = ()
    people: str = ""
    talk: int | None = None
    photos: tuple[Attachment, ...] = ()
    document: int | None = None

    @property
    def at(self) -> dt.datetime:
        return self.place.at

    @property
    def is_late(self) -> bool:
        """Written down on another day than it stands on."""
        return timezone.localdate(self.place.at) != self.place.day


@dataclass(frozen=True, slots=True)
class Found:
    """A source's entries after a place; ``complete_to`` where it stopped short of its end."""

    entries: list[Entry]
    complete_to: Place | None = None


def place(at: dt.datetime, source: int, row: int) -> Place:
    """The place of what stands on the day when it was written down."""
    return Place(timezone.localdate(at), at, source, row)


def after(rows: QuerySet[Any], column: str, number: int, before: Place | None) -> QuerySet[Any]:
    """The rows that come after a place, by the instant in ``column``, in the order."""
    if before is not None:
        same_day = Q(**{f"{column}__lt": before.at})
        if number < before.source:
            same_day = Q(**{f"{column}__lte": before.at})
        elif number == before.source:
            same_day |= Q(**{column: before.at, "pk__lt": before.row})
        since = timezone.make_aware(dt.datetime.combine(before.day, dt.time()))
        until = since + dt.timedelta(days=1)
        rows = rows.filter(Q(**{f"{column}__lt": since}) | Q(same_day, **{f"{column}__lt": until}))
    return rows.filter(**{f"{column}__isnull": False}).order_by(f"-{column}", "-pk")
