"""Taking back the companies, people and meetings of a load.

What a load registered is withdrawn, what it wrote over gets its old values back. What was
used since by something else, or edited by somebody, stays as it is: each is named with why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from simple_history.utils import bulk_update_with_history

from crm.models import Contact, Organization, User
from pipeline.models import Interaction, Load, LoadRow, Milestone, RowOutcome
from pipeline.spreadsheets.batches import plain
from pipeline.stages import MilestoneKind

BATCH = 1000


def withdraw_organizations(load: Load, *, by: User, at: dt.datetime) -> list[str]:
    """Withdraw the companies and people of a load; returns what stays, and why."""
    stays: list[str] = []
    for rows in _batches(load):
        people = {r.contact for r in rows if r.contact and "contact" in r.before.get("made", ())}
        stays += _withdraw(Contact, people, load, by=by, at=at)
    for rows in _batches(load):
        companies = {
            r.organization
            for r in rows
            if r.organization and "organization" in r.before.get("made", ())
        }
        stays += _withdraw(Organization, companies, load, by=by, at=at)
        _restore(rows, "contact", Contact, load, by=by, at=at)
        _restore(rows, "organization", Organization, load, by=by, at=at)
        _untag(rows)
    return stays


def withdraw_interactions(load: Load, *, by: User, at: dt.datetime) -> list[str]:
    """Withdraw the meetings of a load; returns what stays, and why."""
    stays: list[str] = []
    for rows in _batches(load):
        meetings = {
            row.interaction.pk: row.interaction
            for row in rows
            if row.interaction is not None and row.outcome == RowOutcome.CREATED
        }
        used = _used(Interaction, set(meetings), load)
        photos = Interaction.photos.through.objects.filter(interaction__in=meetings)
        used |= set(photos.values_list("interaction", flat=True))
        grounds = Milestone.objects.effective().filter(
            kind=MilestoneKind.CONTACT,
            claimed_at__gt=load.loaded_at,
            project__in={m.project_id for m in meetings.values() if m.project_id},
        )
        grounded = set(grounds.values_list("project", flat=True))
        free = []
        for pk, meeting in meetings.items():
            if pk in used or meeting.project_id in grounded:
                stays.append(_("%(what)s：之后已被使用") % {"what": meeting})
            else:
                free.append(pk)
        Interaction.objects.filter(pk__in=free).update(withdrawn_at=at)
    return stays


def _batches(load: Load) -> Iterator[list[LoadRow]]:
    rows = load.rows.filter(organization__isnull=False).select_related(
        "organization", "contact", "interaction"
    )
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _withdraw(model: Any, made: set[Any], load: Load, *, by: User, at: dt.datetime) -> list[str]:
    """Withdraw what nothing else has come to use."""
    ids = {row.pk for row in made}
    used = _used(model, ids, load)
    edits = model.history.filter(id__in=ids, history_date__gt=load.loaded_at)
    edited = set(edits.values_list("id", flat=True))
    free, stays = [], []
    for row in sorted(made, key=lambda row: row.pk):
        if row.pk in used:
            stays.append(_("%(what)s：之后已被使用") % {"what": row})
        elif row.pk in edited:
            stays.append(_("%(what)s：之后有人修改过") % {"what": row})
        else:
            row.withdrawn_at = at
            if model is Contact:
                row.is_primary = False
            free.append(row)
    fields = ["withdrawn_at", *(["is_primary"] if model is Contact else [])]
    _store(model, free, fields, load, by=by, at=at)
    return stays


def _used(model: type[models.Model], ids: set[int], load: Load) -> set[int]:
    """Which rows anything else points at, apart from this load and what is withdrawn itself."""
    own = {field.remote_field.through for field in model._meta.many_to_many}
    used: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        pointing: Any = relation.related_model
        if pointing in own or hasattr(pointing, "history_id"):
            continue
        rows = pointing._base_manager.filter(**{f"{relation.field.name}__in": ids})
        names = {field.name for field in pointing._meta.get_fields()}
        if "withdrawn_at" in names:
            rows = rows.filter(withdrawn_at__isnull=True)
        if pointing is LoadRow:
            rows = rows.filter(load__undone_at__isnull=True).exclude(load=load)
        elif "interaction" in names and pointing._meta.auto_created:
            rows = rows.filter(interaction__withdrawn_at__isnull=True)
        used |= set(rows.values_list(relation.field.attname, flat=True))
    return used


def _restore(
    rows: list[LoadRow], what: str, model: Any, load: Load, *, by: User, at: dt.datetime
) -> None:
    """Give fields their old values back, unless somebody changed them since."""
    stored = model._default_manager.in_bulk(
        [getattr(row, f"{what}_id") for row in rows if row.before.get(what)]
    )
    changed: dict[int, Any] = {}
    fields: set[str] = set()
    for row in reversed(rows):
        for name, (old, new) in row.before.get(what, {}).items():
            target = stored[getattr(row, f"{what}_id")]
            column = model._meta.get_field(name)
            if plain(getattr(target, column.attname)) == new:
                setattr(target, column.attname, old)
                changed[target.pk] = target
                fields.add(name)
    _store(model, list(changed.values()), sorted(fields), load, by=by, at=at)


def _untag(rows: list[LoadRow]) -> None:
    through = Organization.tags.through
    for row in rows:
        if row.before.get("tags"):
            through.objects.filter(
                organization=row.organization_id, tag__in=row.before["tags"]
            ).delete()


def _store(
    model: Any, rows: list[Any], fields: list[str], load: Load, *, by: User, at: dt.datetime
) -> None:
    if rows and fields:
        bulk_update_with_history(
            rows,
            model,
            fields,
            batch_size=500,
            default_user=by,
            default_date=at,
            default_change_reason=(_("撤销导入 %(name)s") % {"name": load.name})[:100],
        )
