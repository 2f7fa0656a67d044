"""Bringing areas, units and ledgers to what a county's file says.

Areas and units as the other dictionaries: names and places as the file has them, spellings
that the county added itself are kept. Ledgers are opened where they are missing; after
that the supervision office keeps them on their page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from crm.models import Area, Park, Role, User
from pipeline.countyfile import CountyFileError
from pipeline.countyfile_units import AreaEntry, LedgerEntry, UnitEntry
from pipeline.models import Ledger, LedgerKind

if TYPE_CHECKING:
    from pipeline.county import Applied

ONE_OF = (LedgerKind.NOT_STARTED, LedgerKind.INSTRUCTIONS)
"""The kinds of ledgers that there is one of."""


def apply_areas(entries: Sequence[AreaEntry], done: Applied) -> None:
    """Areas in the file's order, with their leaders where the file names one.

    Raises ``CountyFileError`` for a leader whom the county does not have.
    """
    what = str(Area._meta.verbose_name)
    rows = {row.name: row for row in Area.objects.all()}
    for position, entry in enumerate(entries, 1):
        wanted: dict[str, object] = {"position": position}
        if entry.leader:
            leader = User.objects.filter(username=entry.leader, role=Role.LEADER).first()
            if leader is None:
                raise CountyFileError(
                    f"{entry.where}.leader", _("没有用户名为“%s”的县领导") % entry.leader
                )
            wanted["leader_id"] = leader.pk
        row = rows.get(entry.name)
        if row is None:
            done.created(what, Area.objects.create(name=entry.name, **wanted))
            continue
        changed = [name for name, value in wanted.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, wanted[name])
        if changed:
            row.save(update_fields=changed)
            labels = (str(Area._meta.get_field(n).verbose_name) for n in changed)  # type: ignore[union-attr]
            done.updated(what, row.name, "、".join(labels))
        else:
            done.unchanged()


def places_of(entries: Sequence[UnitEntry]) -> dict[str, dict[str, int]]:
    """The area and the park of each unit that the file gives one, as columns by unit name.

    Raises ``CountyFileError`` for an area or a park that there is not.
    """
    by_name = dict(Area.objects.values_list("name", "pk"))
    by_slug = dict(Park.objects.values_list("slug", "pk"))
    found: dict[str, dict[str, int]] = {}
    for entry in entries:
        columns = found[entry.name] = {}
        for column, key, known in (
            ("area_id", entry.area, by_name),
            ("park_id", entry.park, by_slug),
        ):
            if key and key not in known:
                where = f"{entry.where}.{column.removesuffix('_id')}"
                raise CountyFileError(where, _("没有“%s”") % key)
            if key:
                columns[column] = known[key]
    return found


def apply_ledgers(entries: Sequence[LedgerEntry], done: Applied) -> None:
    """Open the ledgers that the county does not have; one that it changed stays.

    Raises ``CountyFileError`` where a name is taken, or a second of a kind that there is
    one of.
    """
    what = str(Ledger._meta.verbose_name)
    rows = list(Ledger.objects.all())
    for position, entry in enumerate(entries, 1):
        row = next((row for row in rows if row.slug == entry.slug), None)
        if row is not None:
            done.unchanged()
            if (row.name, row.prefix) != (entry.name, entry.prefix):
                done.notes.append(_("台账“%s”已由县里改过，保留") % row.name)
            continue
        new = Ledger(
            slug=entry.slug,
            name=entry.name,
            kind=entry.kind,
            prefix=entry.prefix,
            working_days=entry.working_days,
            position=position,
        )
        if any(row.name == new.name for row in rows):
            raise CountyFileError(entry.where, _("已有另一本台账叫“%s”") % new.name)
        if entry.kind in ONE_OF and any(row.kind == entry.kind for row in rows):
            raise CountyFileError(entry.where, _("这种台账只有一本"))
        new.save(force_insert=True)
        rows.append(new)
        done.created(what, new)
