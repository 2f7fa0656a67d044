"""Each month's progress of each item, filed by the unit that answers for it (每月底前).

An item is owed for a month when it was handed over by the month's last day and not closed
before that day. A month is filed from its first day on; what comes after its last day is
taken and marked late. Filing again adds a row: the newest is read, the first tells whether
it came in time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import notices
from crm.models import Unit, User
from crm.refusals import Refused
from crm.rights import require
from crm.units import people_of
from pipeline.ledger_events import office
from pipeline.ledger_refusals import NotOfUnit
from pipeline.ledger_rules import answers_for
from pipeline.models import CountySettings, LedgerItem, MonthlyProgress, ProgressState
from pipeline.models.ledgers import BEFORE_ISSUE, LedgerItemQuerySet
from pipeline.months import Month, month_at

CAUGHT_UP = 3
"""Months after their end in which the list of the missing is still told, if no run told it."""


class NotBegun(Refused):
    """The month has not begun."""

    code = "not_begun"


class NotOwed(Refused):
    """The item is not one that the month asks for: not handed over yet, or closed before."""

    code = "not_owed"


class WordsNeeded(Refused):
    """How it is going has to be said; where it is difficult, what the difficulty is."""

    code = "words_needed"


@transaction.atomic
def file(
    item: LedgerItem,
    *,
    month: Month,
    state: str,
    text: str,
    obstacle: str = "",
    by: User,
    at: dt.datetime,
) -> MonthlyProgress:
    """File how an item of the person's own unit went in a month.

    The same words once more add nothing. Raises ``NotAllowed``, ``NotOfUnit``,
    ``NotBegun``, ``NotOwed``, ``WordsNeeded``.
    """
    require(by, "progress.file")
    row = LedgerItem.objects.select_for_update(of=("self",)).select_related("unit").get(pk=item.pk)
    if row.unit is None or not answers_for(by, row.unit):
        raise NotOfUnit(_("只能填报本单位负责的事项"))
    if timezone.localdate(at) < month.first:
        raise NotBegun(_("%(month)s还没有开始，不能填报") % {"month": month.label})
    if not expected(month, at=at).filter(pk=row.pk).exists():
        raise NotOwed(
            _("%(number)s 在%(month)s不用填报：那时还没有交账，或者已经销账")
            % {"number": row.number, "month": month.label}
        )
    said = {"state": state, "text": text.strip(), "obstacle": obstacle.strip()}
    if not said["text"]:
        raise WordsNeeded(_("请写明进展情况"))
    if state == ProgressState.DIFFICULT and not said["obstacle"]:
        raise WordsNeeded(_("遇到困难的，请写明存在问题"))
    last = row.monthly_progress.filter(month=month.first).order_by("-id").first()
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    return MonthlyProgress.objects.create(
        item=row, unit=row.unit, month=month.first, filed_at=at, filed_by=by, **said
    )


def expected(month: Month, *, at: dt.datetime) -> LedgerItemQuerySet:
    """The items that owe progress for a month, as things stood at an instant.

    Handed over by the month's last day, and not closed before that day; while the month
    runs, what is with a unit at the instant.
    """
    handed_over = min(month.last, timezone.localdate(at))
    kept_open = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    return LedgerItem.objects.exclude(state__in=BEFORE_ISSUE).filter(
        kept_open | Q(closed_at__gte=month.last_day), issued_on__lte=handed_over
    )


def with_filings(items: LedgerItemQuerySet, month: Month, *, at: dt.datetime) -> Any:
    """Items with ``is_filed`` and ``is_in_time``: what was filed for a month by an instant."""
    rows = MonthlyProgress.objects.filter(item=OuterRef("pk"), month=month.first, filed_at__lte=at)
    return items.annotate(
        is_filed=Exists(rows), is_in_time=Exists(rows.filter(filed_at__lt=month.ends))
    )


def missing(month: Month, *, at: dt.datetime) -> Any:
    """The items that nothing was filed about yet, unit by unit."""
    return (
        with_filings(expected(month, at=at), month, at=at)
        .filter(is_filed=False)
        .order_by("unit__position", "unit_id", "clock_due_on", "id")
    )


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """How a unit filed for a month. ``late`` came after the month's end, and is filed too."""

    unit: Unit | None
    owed: int = 0
    filed: int = 0
    late: int = 0

    @property
    def missing(self) -> int:
        """What nothing was filed about."""
        return self.owed - self.filed

    @property
    def in_time(self) -> int:
        """What was filed before the month's end."""
        return self.filed - self.late


def by_unit(
    month: Month, *, at: dt.datetime, items: LedgerItemQuerySet | None = None
) -> list[UnitMonth]:
    """How each unit that owes something filed, in the units' order; two queries.

    ``items`` narrows what is counted: those that a person sees, or an area's.
    """
    owed = expected(month, at=at)
    if items is not None:
        owed = owed.filter(pk__in=items.order_by().values("pk"))
    counts = (
        with_filings(owed, month, at=at)
        .order_by()
        .values("unit")
        .annotate(
            owed=Count("pk"),
            filed=Count("pk", filter=Q(is_filed=True)),
            in_time=Count("pk", filter=Q(is_in_time=True)),
        )
    )
    found = {row["unit"]: row for row in counts}
    units = Unit.objects.select_related("area").filter(pk__in=list(found))
    return [
        UnitMonth(
            unit,
            found[unit.pk]["owed"],
            found[unit.pk]["filed"],
            found[unit.pk]["filed"] - found[unit.pk]["in_time"],
        )
        for unit in units
    ]


def total(rows: Iterable[UnitMonth]) -> UnitMonth:
    """All units together."""
    rows = list(rows)
    return UnitMonth(
        None,
        sum(row.owed for row in rows),
        sum(row.filed for row in rows),
        sum(row.late for row in rows),
    )


@dataclass(frozen=True, slots=True)
class Filing:
    """What a unit says of an item for a month: the newest row, and when the first came."""

    newest: MonthlyProgress
    first_at: dt.datetime
    is_late: bool


def filings(
    items: Sequence[LedgerItem], months: Iterable[Month], *, at: dt.datetime
) -> dict[tuple[int, dt.date], Filing]:
    """What was filed about items for months by an instant, by (item, month's first day)."""
    ends = {month.first: month.ends for month in months}
    rows = (
        MonthlyProgress.objects.filter(item__in=items, month__in=list(ends), filed_at__lte=at)
        .select_related("filed_by", "unit")
        .order_by("id")
    )
    found: dict[tuple[int, dt.date], Filing] = {}
    for row in rows:
        key = (row.item_id, row.month)
        first = found[key].first_at if key in found else row.filed_at
        found[key] = Filing(row, first, first >= ends[row.month])
    return found


def units_of(user: User) -> list[Unit]:
    """The units that a person speaks for: their own, and the committee of their park."""
    theirs = Q(pk__in=[])
    if user.unit_id:
        theirs |= Q(pk=user.unit_id)
    if user.park_id:
        theirs |= Q(park=user.park_id)
    return list(Unit.objects.filter(theirs))


def remind(*, at: dt.datetime) -> int:
    """Tell units what they still owe, before the month's end and after it: how many were told.

    Before: from ``monthly_reminder_days`` before the last day, each unit with its count.
    After: the unit, and the supervision office with the whole. Each once per unit and month;
    what a missed run left out is caught up by the next one.
    """
    days = CountySettings.objects.known_at(at).monthly_reminder_days
    month = month_at(at)
    told = 0
    with translation.override(settings.LANGUAGE_CODE):
        if timezone.localdate(at) >= month.last - dt.timedelta(days=days):
            words = _("%(month)s的月度进展还有 %(count)s 项没有填报，请在月底前填报")
            told += _tell_units(month, words, kind="progress.due", at=at)
        for ago in range(CAUGHT_UP, 0, -1):
            over = month.earlier(ago)
            words = _("%(month)s的月度进展还有 %(count)s 项没有填报，请尽快补报")
            told += _tell_units(over, words, kind="progress.missing", at=at)
            told += _tell_office(over, at=at)
    return told


def _tell_units(month: Month, words: str, *, kind: str, at: dt.datetime) -> int:
    owing = {
        row["unit"]: row["count"]
        for row in missing(month, at=at).order_by().values("unit").annotate(count=Count("pk"))
    }
    keys = {unit: f"{kind}:{month}:{unit}" for unit in owing}
    done = notices.told_before(kind, keys.values())
    waiting = [unit for unit in owing if keys[unit] not in done]
    people, told = people_of(Unit.objects.filter(pk__in=waiting)), 0
    for unit in waiting:
        is_heard = notices.tell(
            people[unit],
            kind=kind,
            text=words % {"month": month.label, "count": owing[unit]},
            url=f"/ledgers/monthly/{month}/",
            key=keys[unit],
            at=at,
        )
        told += len(people[unit]) if is_heard else 0
    return told


def _tell_office(month: Month, *, at: dt.datetime) -> int:
    kind = "progress.missing"
    key = f"{kind}:{month}:office"
    if notices.told_before(kind, [key]):
        return 0
    owing = (
        missing(month, at=at)
        .order_by()
        .aggregate(units=Count("unit", distinct=True), count=Count("pk"))
    )
    if not owing["count"]:
        return 0
    people = office()
    is_heard = notices.tell(
        people,
        kind=kind,
        text=_("%(month)s有 %(units)s 个单位共 %(count)s 项没有填报月度进展")
        % {"month": month.label, **owing},
        url=f"/ledgers/monthly/{month}/items/?show=missing",
        key=key,
        at=at,
    )
    return len(people) if is_heard else 0
