"""Setting up a county, and changing its set-up, from its file.

What the file says comes to hold; what it does not mention stays. Parks, dictionaries and
the calendar are brought to the file's values, spellings that the county added itself are
kept. Targets and settings are versioned: a value that the file has changed since it was
last applied becomes a new version, and one that a person has changed in the meantime
stays the person's. Applying a file again changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from crm.models import (
    CalendarDay,
    Chain,
    Channel,
    Industry,
    Park,
    Role,
    Tag,
    TagGroup,
    Team,
    Unit,
    User,
)
from crm.names import normalise
from crm.rights import require
from pipeline.county_schemes import apply_schemes
from pipeline.county_units import apply_areas, apply_ledgers, places_of
from pipeline.countyfile import CountyFile, CountyFileError, Named, TargetEntry, divisions
from pipeline.countyfile_units import UnitEntry
from pipeline.models import (
    ContractTerm,
    CountySettings,
    HolderKind,
    Metric,
    ReturnReason,
    Target,
)
from pipeline.models.targets import RATES


@dataclass(slots=True)
class Applied:
    """What applying a file did: a line for each change, and how many rows were as they are."""

    county: str = ""
    changes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def created(self, what: str, row: object) -> None:
        self.counts["created"] += 1
        self.changes.append(_("新增%(what)s：%(row)s") % {"what": what, "row": row})

    def updated(self, what: str, row: object, how: str) -> None:
        self.counts["updated"] += 1
        self.changes.append(
            _("更新%(what)s：%(row)s（%(how)s）") % {"what": what, "row": row, "how": how}
        )

    def unchanged(self, count: int = 1) -> None:
        self.counts["unchanged"] += count


def operator() -> User:
    """The system user under whom whoever runs the server sets a county up."""
    user, new = User.objects.get_or_create(
        username="county-setup",
        defaults={"full_name": "县情设置", "role": Role.SYSTEM, "is_active": False},
    )
    if new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


@transaction.atomic
def apply(file: CountyFile, *, by: User, at: dt.datetime) -> Applied:
    """Bring the county to what ``file`` says; all of it or nothing.

    ``by`` is written on new versions of targets and settings; ``at`` is the instant from
    which they are known. Raises ``NotAllowed``, or :class:`CountyFileError` where the file
    does not fit what the county already has.
    """
    require(by, "county.configure")
    done = Applied()
    _apply_settings(file, done, by=by, at=at)
    _apply_named(Park, "slug", ("name", "short_name"), file.parks, done)
    _apply_named(Channel, "code", ("name",), file.channels, done)
    apply_areas(file.areas, done)
    places = places_of(file.units)
    _apply_named(Unit, "name", (), file.units, done, more=places)
    apply_ledgers(file.ledgers, done)
    _apply_contracts(file, done)
    _apply_words(Team, "name", file.teams, done)
    _apply_words(Chain, "name", file.chains, done)
    _apply_tags(file, done)
    _apply_words(ReturnReason, "text", file.return_reasons, done)
    _apply_industries(done)
    _apply_calendar(file, done)
    _apply_targets(file.targets, done, by=by, at=at)
    apply_schemes(file.score_schemes, done, by=by, at=at)
    done.county = CountySettings.objects.known_at(at).county
    return done


def missing_calendar_years(years: Iterable[int]) -> list[int]:
    """Those of ``years`` for which no holiday is entered: due days follow the plain week there."""
    known = {day.year for day in CalendarDay.objects.dates("day", "year")}
    return [year for year in years if year not in known]


def _apply_settings(file: CountyFile, done: Applied, *, by: User, at: dt.datetime) -> None:
    versions = list(CountySettings.objects.order_by("recorded_at", "id"))
    now = versions[-1] if versions else CountySettings()
    ours = _last_set_by(versions, by, file.settings)
    changed = {
        name: value
        for name, value in file.settings.items()
        if getattr(now, name) != value and ours.get(name) != value
    }
    if versions and not changed:
        done.unchanged()
        return
    new = CountySettings(
        **{
            f.name: getattr(now, f.name)
            for f in CountySettings._meta.concrete_fields
            if not f.primary_key
        }
    )
    for name, value in changed.items() if versions else file.settings.items():
        setattr(new, name, value)
    new.recorded_at, new.recorded_by, new.reason = at, by, _("按县情文件设置")
    new.save(force_insert=True)
    what = CountySettings._meta.verbose_name
    if not versions:
        done.created(str(what), new.county)
    else:
        labels = (_verbose(CountySettings, name) for name in changed)
        done.updated(str(what), new.county, "、".join(labels))


def _last_set_by(
    versions: Sequence[CountySettings], by: User, names: Iterable[str]
) -> dict[str, Any]:
    """The value to which ``by`` last set each setting; not what was carried along."""
    found: dict[str, Any] = {}
    for n, version in enumerate(versions):
        if version.recorded_by_id == by.pk:
            for name in names:
                value = getattr(version, name)
                if n == 0 or getattr(versions[n - 1], name) != value:
                    found[name] = value
    return found


def _apply_named(
    model: type[Park] | type[Channel] | type[Unit],
    key: str,
    fields: tuple[str, ...],
    entries: Sequence[Named | UnitEntry],
    done: Applied,
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Parks, channels or units: names and places as the file has them, its spellings added.

    ``more`` has further columns of each entry, by its key.
    """
    what = str(model._meta.verbose_name)
    rows: dict[str, Any] = {getattr(row, key): row for row in model._default_manager.all()}
    owner = {normalise(s): entry.key for entry in entries for s in (entry.name, *entry.aliases)}
    for position, entry in enumerate(entries, 1):
        row = rows.get(entry.key)
        is_new = row is None
        if row is None:
            row = rows[entry.key] = model(**{key: entry.key})
        wanted: dict[str, Any] = {name: getattr(entry, name) for name in fields}
        wanted |= (more or {}).get(entry.key, {})
        wanted["position"] = position
        wanted["aliases"] = _merged(row.aliases, entry)
        changed = _set(row, wanted)
        if is_new or changed:
            _save(row, what, entry.name, among=rows.values())
        if is_new:
            done.created(what, entry.name)
        elif changed:
            done.updated(what, entry.name, "、".join(_verbose(model, name) for name in changed))
        else:
            done.unchanged()
    for row in rows.values():
        # A spelling that the file gives to one park leaves every other.
        rest = [
            a
            for a in row.aliases
            if owner.get(normalise(a), getattr(row, key)) == getattr(row, key)
        ]
        if rest != row.aliases:
            row.aliases = rest
            row.save(update_fields=["aliases"])
            done.updated(what, row.name, _verbose(model, "aliases"))


def _merged(aliases: Sequence[str], entry: Named | UnitEntry) -> list[str]:
    """The file's spellings, then those that the county added itself."""
    known = {normalise(alias) for alias in entry.aliases}
    return [*entry.aliases, *(alias for alias in aliases if normalise(alias) not in known)]


def _save(row: Any, what: str, name: str, *, among: Iterable[Any]) -> None:
    if any(other is not row and other.pk and other.name == row.name for other in among):
        raise CountyFileError(
            name, _("已有另一个%s叫这个名称；请先改那一个，或沿用它的标识") % what
        )
    row.save()


def _apply_contracts(file: CountyFile, done: Applied) -> None:
    what = str(ContractTerm._meta.verbose_name)
    rows = {normalise(row.term): row for row in ContractTerm.objects.all()}
    for term, kind in file.contracts.items():
        row = rows.get(normalise(term))
        if row is None:
            done.created(what, ContractTerm.objects.create(term=term, kind=kind))
        elif row.kind != kind:
            row.kind = kind
            row.save(update_fields=["kind"])
            done.updated(what, row.term, str(kind.label))
        else:
            done.unchanged()


def _apply_words(
    model: type[Team] | type[Chain] | type[ReturnReason] | type[Tag],
    key: str,
    words: Sequence[str],
    done: Applied,
    **group: Any,
) -> None:
    """A list of words in the file's order; those that the county added itself come after."""
    what = str(model._meta.verbose_name)
    rows: dict[str, Any] = {
        getattr(row, key): row for row in model._default_manager.filter(**group)
    }
    for position, word in enumerate(words, 1):
        if word not in rows:
            done.created(
                what, model._default_manager.create(**{key: word}, position=position, **group)
            )
        elif _set(rows[word], {"position": position}):
            rows[word].save(update_fields=["position"])
            done.updated(what, word, _verbose(model, "position"))
        else:
            done.unchanged()


def _apply_tags(file: CountyFile, done: Applied) -> None:
    for group in TagGroup:
        names = [name for of, name in file.tags if of == group]
        _apply_words(Tag, "name", names, done, group=group)


def _apply_industries(done: Applied) -> None:
    """The national classification; every county has the same."""
    what = str(Industry._meta.verbose_name)
    rows = {row.code: row for row in Industry.objects.all()}
    new: list[Industry] = []
    for division in divisions():
        wanted = {
            name: getattr(division, name) for name in ("name", "section", "section_name", "sector")
        }
        row = rows.get(division.code)
        if row is None:
            new.append(Industry(code=division.code, **wanted))
        elif changed := _set(row, wanted):
            row.save(update_fields=changed)
            done.updated(what, row, "、".join(_verbose(Industry, name) for name in changed))
        else:
            done.unchanged()
    if new:
        Industry.objects.bulk_create(new)
        done.counts["created"] += len(new)
        done.changes.append(_("新增%(what)s：%(row)s") % {"what": what, "row": len(new)})


def _apply_calendar(file: CountyFile, done: Applied) -> None:
    """The years of the file are as the file has them; other years stay."""
    what = str(CalendarDay._meta.verbose_name)
    for year in sorted(file.calendar_years):
        wanted = {day: entry for day, entry in file.calendar.items() if day.year == year}
        rows = CalendarDay.objects.filter(day__year=year)
        before = {row.day: (row.is_working, row.name) for row in rows}
        if before == wanted:
            done.unchanged(len(wanted))
            continue
        rows.delete()
        CalendarDay.objects.bulk_create(
            CalendarDay(day=day, is_working=is_working, name=name)
            for day, (is_working, name) in sorted(wanted.items())
        )
        if before:
            done.updated(what, year, _("%d 天") % len(wanted))
        else:
            done.created(what, year)


def _apply_targets(
    entries: Sequence[TargetEntry], done: Applied, *, by: User, at: dt.datetime
) -> None:
    what = str(Target._meta.verbose_name)
    versions: dict[tuple[object, ...], list[Target]] = {}
    for row in Target.objects.order_by("recorded_at", "id"):
        versions.setdefault(_key(row), []).append(row)
    for entry in entries:
        new = _target(entry, by=by, at=at)
        before = versions.get(_key(new), [])
        ours = [row for row in before if row.recorded_by_id == by.pk]
        if before and _says(before[-1]) == _says(new):
            done.unchanged()
        elif ours and _says(ours[-1]) == _says(new):
            done.unchanged()
            done.notes.append(
                _("目标 %(target)s 已由县里改为 %(value)s，保留")
                % {"target": _title(new), "value": _shown(before[-1])}
            )
        else:
            new.save(force_insert=True)
            if before:
                done.updated(what, _title(new), f"{_shown(before[-1])} → {_shown(new)}")
            else:
                done.created(what, f"{_title(new)} {_shown(new)}")


def _target(entry: TargetEntry, *, by: User, at: dt.datetime) -> Target:
    new = Target(
        metric=entry.metric,
        year=entry.year,
        holder=entry.holder,
        value=entry.value,
        is_example=entry.is_example,
        recorded_at=at,
        recorded_by=by,
        reason=entry.reason,
    )
    if entry.holder == HolderKind.PARK:
        new.park = Park.objects.filter(slug=entry.of).first()
    elif entry.holder == HolderKind.OFFICER:
        new.officer = User.objects.filter(username=entry.of).first()
    elif entry.holder == HolderKind.UNIT:
        new.unit = entry.of
    if entry.plan is not None:
        new.plan_q1, new.plan_q2, new.plan_q3 = entry.plan
    try:
        new.validate_constraints()
    except ValidationError as error:
        missing = entry.of and not (new.park or new.officer or new.unit)
        reason = _("没有“%s”") % entry.of if missing else "；".join(error.messages)
        raise CountyFileError(entry.where, reason) from error
    return new


def _key(row: Target) -> tuple[object, ...]:
    return row.metric, row.year, row.holder, row.park_id, row.unit, row.officer_id


def _says(row: Target) -> tuple[object, ...]:
    return row.value, row.plan_q1, row.plan_q2, row.plan_q3, row.is_example


def _title(row: Target) -> str:
    holder = row.park or row.unit or row.officer or HolderKind.COUNTY.label
    return f"{row.year} {holder} {Metric(row.metric).label}"


def _shown(row: Target) -> str:
    if row.metric in RATES:
        return f"{(row.value * 100).normalize():f}%"
    shown = f"{row.value:,.2f}" if row.metric.endswith("_yuan") else f"{row.value:,.0f}"
    plan = (row.plan_q1, row.plan_q2, row.plan_q3)
    return shown if row.plan_q1 is None else f"{shown}（{'/'.join(f'{p:,.0f}' for p in plan)}）"


def _set(row: models.Model, wanted: dict[str, Any]) -> list[str]:
    """Give a row new values; returns the names of those that differed."""
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


def _verbose(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
