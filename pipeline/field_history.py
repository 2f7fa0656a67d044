"""Who changed which field of a row, from what to what, in the reader's words."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.fields import FixedPointField
from crm.history import sign as signed
from crm.models import User
from pipeline.models import Project

MOST = 100
# Derived from others, or told by their own histories.
LEFT_OUT = frozenset({"stage", "stage_since", "status", "load", "withdrawn_at", "id"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field's label, and its value before and after as text ("" for none)."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What one person changed at one instant. ``by`` is None where nobody is recorded.

    ``what`` names the row where several are told together, ``note`` says what its fields
    do not show.
    """

    at: dt.datetime
    by: User | None
    changes: tuple[FieldChange, ...]
    what: str = ""
    note: str = ""


def edits(project: Project) -> list[Edit]:
    """The latest edits of a project, the newest first; a query for each kind of row named.

    The first version of a project is no edit, and an edit that changed nothing shown here
    is left out.
    """
    versions = list(project.history.select_related("history_user").all()[: MOST + 1])
    return [edit for edit in between(versions) if edit.changes]


def between(
    versions: Sequence[Any], *, left_out: Collection[str] = LEFT_OUT, what: str = ""
) -> list[Edit]:
    """What lies between the versions of one row, the newest first, changes or none."""
    fields = [f for f in versions[0].tracked_fields if f.name not in left_out] if versions else []
    differing = [(new, list(_changed(fields, old, new))) for new, old in pairwise(versions)]
    names = _names(change for _new, changes in differing for change in changes)
    return [
        Edit(
            new.history_date,
            new.history_user,
            tuple(
                FieldChange(str(f.verbose_name), _text(f, a, names), _text(f, b, names))
                for f, a, b in changes
            ),
            what,
            new.history_change_reason or "",
        )
        for new, changes in differing
    ]


def sign(project: Project, *, by: User, at: dt.datetime) -> None:
    """Name who and when on the version that the project's next save writes.

    django-simple-history reads these names; without them a verb that a command or a task
    calls would leave nobody's name and the clock's own time.
    """
    project._history_user, project._history_date = by, at  # type: ignore[attr-defined]


def note(project: Project, words: Any, *, by: User, at: dt.datetime, **values: Any) -> None:
    """Keep a line about a project that no field of its own tells: a tag, a need, a plan.

    It is a version of the project that changes nothing and says why, in the county's
    language, cut where it is long. ``words`` is a lazy text with places for ``values``.
    """
    with translation.override(settings.LANGUAGE_CODE):
        text = str(words) % {name: str(value) for name, value in values.items()}
    row = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    signed(row, by=by, at=at, why=text)
    row.save(update_fields=["active_on"])


Change = tuple[Any, Any, Any]


def _changed(fields: Iterable[Any], old: Any, new: Any) -> Iterator[Change]:
    for field in fields:
        before, after = getattr(old, field.attname), getattr(new, field.attname)
        if before != after:
            yield field, before, after


def _names(changes: Iterable[Change]) -> dict[tuple[type[models.Model], Any], str]:
    """The names of the rows that foreign keys point at; one query for each model."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for field, before, after in changes:
        if field.is_relation:
            wanted[field.related_model] |= {before, after} - {None}
    return {
        (model, row.pk): str(row)
        for model, keys in wanted.items()
        for row in model._default_manager.filter(pk__in=keys)
    }


def _text(field: Any, value: Any, names: dict[tuple[type[models.Model], Any], str]) -> str:
    if value is None or value == "":
        return ""
    if field.is_relation:
        return names.get((field.related_model, value), str(value))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(field, FixedPointField):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    return str(value)
