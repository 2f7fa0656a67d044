"""Two rows that are one company, or one person: merged, and taken apart again.

A merge hides the merged row behind the kept one and moves what points at it, by the tables
of ``crm.merge_rules``. All of it is written down in the merge: ``moved`` names the rows that
point elsewhere now, ``before`` holds

- ``kept``, ``merged``: every column of both rows as it was;
- ``changed``: of the kept row, ``{column: [before, after]}``; ``swapped``: of the merged
  one, which is found by the name and the code that the kept one gave up;
- ``cells``: the same of other rows (a second primary contact, a second first report);
- ``dropped``: rows of many-to-many tables that both had;
- ``contacts``: the merges of people that came with a merge of companies;
- ``left``: once undone, what was changed in between and so stayed.

Undoing is exact for whatever nobody touched since. History rows are only added to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from simple_history.utils import get_history_manager_for_model

from crm.duplicates import digits
from crm.history import sign
from crm.merge_preview import NEVER_IDLE, Preview, Row, Side, preview, upwards, yielding_report
from crm.merge_rules import RELATIONS, following, relations
from crm.models import Contact, ContactMerge, Organization, OrganizationMerge, User
from crm.names import normalise
from crm.refusals import Refused
from crm.rights import require

__all__ = ["CannotMerge", "CannotUndo", "TwoCodes", "merge", "merge_contacts", "preview", "undo"]


class CannotMerge(Refused):
    """Something has to be settled first: ``details`` lists what."""

    code = "cannot_merge"


class TwoCodes(Refused):
    """Both companies have a code, and the codes differ."""

    code = "two_codes"


class CannotUndo(Refused):
    """The merge cannot be taken back as things are now."""

    code = "cannot_undo"


@transaction.atomic
def merge(
    kept: Organization,
    merged: Organization,
    *,
    choose: Mapping[str, Side] | None = None,
    two_codes: bool = False,
    idle_days: int = NEVER_IDLE,
    by: User,
    at: dt.datetime,
) -> OrganizationMerge:
    """Make ``merged`` one with ``kept``: all that hangs on it moves, its contacts of the same
    name and number become one, and it is answered with ``kept`` wherever it is asked for.

    ``choose`` as in :func:`preview`. ``two_codes`` is the person's word that both are one
    although their codes differ; after ``idle_days`` a first report protects nobody and
    yields to one that does. Raises ``NotAllowed``, ``CannotMerge``, ``TwoCodes``.
    """
    require(by, "organization.merge")
    kept, merged = _locked(kept, merged)
    protection: dict[str, Any] = {"today": timezone.localdate(at), "idle_days": idle_days}
    plan = preview(kept, merged, choose=choose, **protection)
    _refuse(plan)
    if plan.two_codes and not two_codes:
        raise TwoCodes(
            _(
                "两家的统一社会信用代码不同（%(one)s、%(other)s），一般是两家企业；确是一家请勾选确认"
            )
            % {"one": kept.uscc, "other": merged.uscc}
        )
    record = _Record(by, at, _("合并“%(name)s”") % {"name": merged.name})
    record.hide(kept, merged, values=plan.values)
    record.write(kept, plan.values | following(Organization, plan.values["name"]))
    _settle_primary(record, kept, merged)
    if (report := yielding_report(kept, merged, **protection)) is not None:
        reason = _("与“%(name)s”合并，以另一方的首报为准") % {"name": merged.name}
        released = {"released_at": at, "released_by_id": by.pk, "release_reason": reason[:200]}
        record.change(report, released)
    record.move(kept, merged)
    record.before["contacts"] = [
        merge_contacts(one, other, by=by, at=at).pk for one, other in _same_people(kept, record)
    ]
    return OrganizationMerge.objects.create(
        kept=kept,
        merged=merged,
        before=record.before,
        moved=record.moved,
        merged_at=at,
        merged_by=by,
    )


@transaction.atomic
def merge_contacts(
    kept: Contact,
    merged: Contact,
    *,
    choose: Mapping[str, Side] | None = None,
    by: User,
    at: dt.datetime,
) -> ContactMerge:
    """Make two contacts of one company one. Raises ``NotAllowed``, ``CannotMerge``."""
    require(by, "organization.merge")
    kept, merged = _locked(kept, merged)
    plan = preview(kept, merged, choose=choose)
    _refuse(plan)
    record = _Record(by, at, _("合并“%(name)s”") % {"name": merged.name})
    primary = kept.is_primary or merged.is_primary
    record.hide(kept, merged, values=plan.values)
    record.change(merged, {"is_primary": False})
    record.write(
        kept,
        plan.values | following(Contact, plan.values["name"]) | {"is_primary": primary},
    )
    record.move(kept, merged)
    return ContactMerge.objects.create(
        kept=kept,
        merged=merged,
        before=record.before,
        moved=record.moved,
        merged_at=at,
        merged_by=by,
    )


@transaction.atomic
def undo(
    merge: OrganizationMerge | ContactMerge, *, by: User, at: dt.datetime
) -> OrganizationMerge | ContactMerge:
    """Take a merge back: the merged row stands again, and has again what was moved from it.

    What was changed since stays as it is and is listed in ``before["left"]``. Raises
    ``NotAllowed``, ``CannotUndo``.
    """
    require(by, "organization.merge")
    merge = type(merge)._default_manager.select_for_update(of=("self",)).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise CannotUndo(_("这次合并已经撤销过"))
    kept, merged = _locked(merge.kept, merge.merged)
    _refuse_undoing(merge, kept, merged)
    back = _Return(merge, kept, merged, by, at)
    for pk in reversed(merge.before.get("contacts", [])):
        inner = ContactMerge.objects.get(pk=pk)
        if inner.undone_at is None:
            back.left += undo(inner, by=by, at=at).before["left"]
    back.run()
    merge.before = {**merge.before, "left": back.left}
    merge.undone_at, merge.undone_by = at, by
    merge.save(update_fields=["before", "undone_at", "undone_by"])
    return merge


def told(merge: OrganizationMerge | ContactMerge) -> list[tuple[str, int]]:
    """How many rows of which relation a merge moved, in words, and the people it made one."""
    found = [(str(RELATIONS[name].label), len(ids)) for name, ids in merge.moved.items()]
    if people := merge.before.get("contacts"):
        found.append((_("合并为一人的联系人"), len(people)))
    return found


def _locked(kept: Any, merged: Any) -> tuple[Any, Any]:
    """Both rows as they are now, locked in the order of their keys."""
    rows = type(kept)._default_manager.select_for_update(of=("self",))
    found = {row.pk: row for row in rows.filter(pk__in=[kept.pk, merged.pk]).order_by("pk")}
    return found[kept.pk], found[merged.pk]


def _refuse(plan: Preview[Any]) -> None:
    if plan.obstacles:
        texts = [obstacle.text for obstacle in plan.obstacles]
        raise CannotMerge("；".join(texts), details=texts)


def _settle_primary(record: _Record, kept: Organization, merged: Organization) -> None:
    """One primary contact: the kept company's, where it has one."""
    if kept.contacts.filter(is_primary=True).exists():
        for contact in merged.contacts.filter(is_primary=True):
            record.change(contact, {"is_primary": False})


def _same_people(kept: Organization, record: _Record) -> list[tuple[Contact, Contact]]:
    """Contacts that came with the merge, each with the one of the same name and number."""
    came = set(record.moved.get("crm.Contact.organization", ()))
    known: dict[tuple[str, str], Contact] = {}
    pairs = []
    people = Contact.objects.current().filter(organization=kept).exclude(phone="")
    for contact in sorted(people, key=lambda row: (row.pk in came, row.pk)):
        who = normalise(contact.name), digits(contact.phone)
        if not who[1]:
            continue
        if contact.pk in came and who in known:
            pairs.append((known[who], contact))
        else:
            known.setdefault(who, contact)
    return pairs


class _Record:
    """Makes the changes of a merge, and writes down what undoes them."""

    def __init__(self, by: User, at: dt.datetime, reason: str) -> None:
        self._by, self._at, self._reason = by, at, reason[:100]
        self.moved: dict[str, list[int]] = {}
        self.before: dict[str, Any] = {"cells": [], "dropped": {}}

    def hide(self, kept: Row, merged: Row, *, values: Mapping[str, Any]) -> None:
        """The merged row stands behind the kept one, and is found by what that gives up.

        Both are written down as they are.
        """
        self.before |= {"kept": _columns(kept), "merged": _columns(merged)}
        given_up = {
            column: getattr(kept, column)
            for column in ("name", "uscc")
            if getattr(kept, column, None) and values[column] != getattr(kept, column)
        }
        if "name" in given_up:
            given_up |= following(type(kept), kept.name)
        self.before["swapped"] = _set(merged, given_up)
        merged.merged_into = kept
        _save(merged, self._by, self._at, _("并入“%(name)s”") % {"name": kept.name})

    def write(self, kept: Row, values: Mapping[str, Any]) -> None:
        self.before["changed"] = _set(kept, values)
        _save(kept, self._by, self._at, self._reason)

    def change(self, row: models.Model, values: Mapping[str, Any]) -> None:
        """Change another row's columns."""
        changed = _set(row, values)
        if not changed:
            return
        self.before["cells"].append({"row": row._meta.label, "id": row.pk, "changed": changed})
        _save(row, self._by, self._at, self._reason)

    def move(self, kept: models.Model, merged: models.Model) -> None:
        """One UPDATE for each relation that moves."""
        for name, rel, rule in relations(type(kept)):
            if not rule.moves:
                continue
            column, manager = rel.field.name, rel.related_model._base_manager
            rows = manager.filter(**{column: merged.pk})
            if rule.pair:
                has = manager.filter(**{column: kept.pk}).values_list(rule.pair, flat=True)
                doubled = rows.filter(**{f"{rule.pair}__in": list(has)})
                self.before["dropped"][name] = list(doubled.order_by("pk").values())
                doubled.delete()
            ids = list(rows.order_by("pk").values_list("pk", flat=True))
            if ids:
                self.moved[name] = ids
                _point(rel, ids, kept, by=self._by, at=self._at, reason=self._reason)


class _Return:
    """Takes back what a merge wrote down, and names what was changed in between."""

    def __init__(
        self,
        merge: OrganizationMerge | ContactMerge,
        kept: Any,
        merged: Any,
        by: User,
        at: dt.datetime,
    ) -> None:
        self._merge, self._kept, self._merged = merge, kept, merged
        self._by, self._at = by, at
        self._reason = (_("撤销合并“%(name)s”") % {"name": merged.name})[:100]
        self.left: list[str] = []

    def run(self) -> None:
        before = self._merge.before
        self.left += restore(self._kept, before["changed"])
        self.left += restore(self._merged, before["swapped"])
        self._merged.merged_into = None
        if isinstance(self._kept, Organization):
            _refuse_clash(self._kept, self._merged)
        # the kept row first: it may hold the code that the merged one stands by again
        _save(self._kept, self._by, self._at, self._reason)
        _save(self._merged, self._by, self._at, self._reason)
        for name, rel, rule in relations(type(self._kept)):
            self._move_back(name, rel, rule.label, self._merge.moved.get(name, []))
            self._put_back(rel, rule.pair, before["dropped"].get(name, []))
        for cell in before["cells"]:
            self._restore_cell(cell)
        parent = getattr(self._merged, "parent_id", None)
        if upwards(parent, self._merged.pk) != parent:
            text = _("撤销后“%(name)s”会成为自己的上级：请先改正下级企业的上级")
            raise CannotUndo(text % {"name": self._merged.name})

    def _move_back(self, name: str, rel: Any, label: Any, ids: list[int]) -> None:
        column, manager = rel.field.name, rel.related_model._base_manager
        there = manager.filter(**{"pk__in": ids, column: self._kept.pk}) if ids else ()
        back = [row.pk for row in there]
        if back:
            _point(rel, back, self._merged, by=self._by, at=self._at, reason=self._reason)
        if away := len(ids) - len(back):
            said = {"what": label, "count": away}
            self.left.append(_("%(what)s：%(count)s 条在合并后改到了别处，没有移回") % said)

    def _put_back(self, rel: Any, pair: str, rows: list[dict[str, Any]]) -> None:
        manager = rel.related_model._base_manager
        has = set(
            manager.filter(**{rel.field.name: self._merged.pk}).values_list(pair, flat=True)
            if rows
            else ()
        )
        manager.bulk_create(rel.related_model(**row) for row in rows if row[pair] not in has)

    def _restore_cell(self, cell: Mapping[str, Any]) -> None:
        model = apps.get_model(cell["row"])
        row = model._base_manager.filter(pk=cell["id"]).first()
        name = f"{model._meta.verbose_name}“{row}”"
        if row is None or restore(row, cell["changed"]):
            self.left.append(_("%(what)s在合并后又有改动，没有恢复") % {"what": name})
            return
        try:
            with transaction.atomic():
                _save(row, self._by, self._at, self._reason)
        except IntegrityError:  # another primary contact, another open first report
            self.left.append(_("%(what)s已被后来的记录取代，没有恢复") % {"what": name})


def restore(row: models.Model, changed: Mapping[str, list[Any]]) -> list[str]:
    """Set the columns that are still as a merge left them to what they were before it.

    Answers with the names of those that somebody changed since. Nothing is saved.
    """
    left = []
    for column, (was, became) in changed.items():
        field = _field(row, column)
        if _plain(getattr(row, column)) == became:
            setattr(row, column, field.to_python(was) if was is not None else None)
        elif column not in following(type(row), ""):
            left.append(_("“%(field)s”在合并后又有改动，没有恢复") % {"field": field.verbose_name})
    return left


def _field(row: models.Model, column: str) -> Any:
    return next(field for field in row._meta.concrete_fields if field.attname == column)


def _refuse_undoing(merge: OrganizationMerge | ContactMerge, kept: Any, merged: Any) -> None:
    if kept.merged_into_id is not None:
        further = type(kept)._default_manager.get(pk=kept.merged_into_id)
        raise CannotUndo(
            _("“%(kept)s”后来又并入了“%(further)s”：请先撤销那次合并")
            % {"kept": kept.name, "further": further.name}
        )
    if merged.merged_into_id != kept.pk:
        raise CannotUndo(_("“%(name)s”现在不在这次合并里") % {"name": merged.name})


def _refuse_clash(kept: Organization, merged: Organization) -> None:
    """Another company may have taken the name or the code in between."""
    others = Organization.objects.filter(merged_into__isnull=True).exclude(
        pk__in=[kept.pk, merged.pk]
    )
    for row, other in ((kept, merged), (merged, kept)):
        mine = Q(uscc=row.uscc) if row.uscc else Q(uscc=None, name_key=row.name_key)
        is_one = row.uscc == other.uscc and (bool(row.uscc) or row.name_key == other.name_key)
        taken = other if is_one else others.filter(mine).first()
        if taken is not None:
            what = _("信用代码 %s") % row.uscc if row.uscc else _("名称“%s”") % row.name
            raise CannotUndo(
                _("%(what)s现在登记在“%(name)s”（编号 %(pk)s）名下：请先改正，再撤销合并")
                % {"what": what, "name": taken.name, "pk": taken.pk}
            )


def _point(
    rel: Any, ids: Iterable[int], to: models.Model, *, by: User, at: dt.datetime, reason: str
) -> None:
    """Let rows point at another row: one UPDATE, and a version of each that keeps a history."""
    model = rel.related_model
    rows = model._base_manager.filter(pk__in=list(ids))
    rows.update(**{rel.field.name: to.pk})
    if hasattr(model._meta, "simple_history_manager_attribute"):
        get_history_manager_for_model(model).bulk_history_create(
            list(rows),
            update=True,
            batch_size=500,
            default_user=by,
            default_date=at,
            default_change_reason=reason,
        )


def _set(row: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set columns; those that change, as ``{column: [before, after]}``."""
    changed = {}
    for column, value in values.items():
        was = getattr(row, column)
        if was != value:
            changed[column] = [_plain(was), _plain(value)]
            setattr(row, column, value)
    return changed


def _save(row: Any, by: User, at: dt.datetime, reason: str) -> None:
    sign(row, by=by, at=at, why=reason)
    row.save()


def _columns(row: models.Model) -> dict[str, Any]:
    return {f.attname: _plain(getattr(row, f.attname)) for f in row._meta.concrete_fields}


def _plain(value: Any) -> Any:
    """A value as JSON keeps it; an instant in UTC, so that it compares."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value
