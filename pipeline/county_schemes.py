"""Bringing a county's tables of assessment to what its file says.

As with targets, a table that the file has changed since it was last applied becomes a new
version, and one that a person has changed in the meantime stays the person's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from crm.models import User
from pipeline.countyfile import CountyFileError
from pipeline.countyfile_schemes import SchemeEntry
from pipeline.models import ScoreLevel, ScoreScheme
from pipeline.score_schemes import Entry, faults, set_scheme

if TYPE_CHECKING:
    from pipeline.county import Applied


def apply_schemes(
    wanted: Sequence[SchemeEntry], done: Applied, *, by: User, at: dt.datetime
) -> None:
    """Put the file's tables in force; raises ``CountyFileError`` where one does not fit."""
    what = str(ScoreScheme._meta.verbose_name)
    for entry in wanted:
        if entry.level not in ScoreLevel.values:
            known = "、".join(ScoreLevel.values)
            raise CountyFileError(f"{entry.where}.level", _("应为其中之一：%s") % known)
        if problems := faults(entry.level, entry.entries):
            raise CountyFileError(entry.where, "；".join(str(problem) for problem in problems))
        title = f"{entry.year} {ScoreLevel(entry.level).label}"
        versions = list(
            ScoreScheme.objects.filter(level=entry.level, year=entry.year)
            .prefetch_related("indicators")
            .order_by("recorded_at", "pk")
        )
        ours = [row for row in versions if row.recorded_by_id == by.pk]
        if versions and _says(versions[-1]) == _wants(entry):
            done.unchanged()
        elif ours and _says(ours[-1]) == _wants(entry):
            done.unchanged()
            done.notes.append(_("考核办法 %s 已由县里改过，保留") % title)
        else:
            set_scheme(
                entry.level,
                entry.year,
                entry.entries,
                reason=entry.reason,
                is_example=entry.is_example,
                by=by,
                at=at,
            )
            if versions:
                done.updated(what, title, entry.reason)
            else:
                done.created(what, title)


def _wants(entry: SchemeEntry) -> tuple[object, ...]:
    return entry.is_example, *entry.entries


def _says(row: ScoreScheme) -> tuple[object, ...]:
    lines = (
        Entry(line.measure, line.weight, line.target, line.per_case, line.name)
        for line in row.indicators.all()
    )
    return row.is_example, *lines
