"""The records behind the points of score cards that are no figures of projects.

Each function here gives rows with ``holder`` (id of the park, unit or officer), ``part``
and ``whole``: a rate is the sum of the parts over the sum of the wholes, a number the sum
of the parts. ``pipeline.assessment_measures`` sums them, a card's evidence lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add, or_
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from crm.models import Unit
from pipeline.models import (
    Escalation,
    EscalationState,
    EventKind,
    Falsehood,
    Interaction,
    ItemEvent,
    LedgerItem,
    Level,
    Milestone,
    MonthlyProgress,
    ScoreLevel,
)
from pipeline.months import midnight
from pipeline.score_window import Question
from pipeline.stages import ContractKind

Rows = QuerySet[Any]
Recorded = Callable[[Question], Rows]
ONE = Value(1, output_field=IntegerField())


# --- items of the ledgers, by responsible unit ---------------------------------------------
def closed(asked: Question) -> Rows:
    """Items that were closed in the window."""
    return _items(asked, _of(_events(asked, EventKind.CLOSED)))


def closed_on_time(asked: Question) -> Rows:
    """Items closed in the window, and those that were red in it and are not closed by its end.

    ``part`` is 1 where it is closed and never was red.
    """
    shut = _of(_events(asked, EventKind.CLOSED))
    ended = ItemEvent.objects.filter(asked.known("recorded_at"), kind=EventKind.CLOSED)
    late = _red(asked) & ~Q(pk__in=ended.values("item"))
    return _items(asked, shut | late, kept=shut & ~Exists(_red_ever(asked)))


def node_on_time(kind: str, node: str) -> Recorded:
    """Items of which a node was first done, or was missed, in the window.

    Done is what the unit recorded, missed the node's first red day (催办). ``part`` is 1
    where it was done by the window's end and never missed.
    """

    def rows(asked: Question) -> Rows:
        done = ItemEvent.objects.filter(asked.known("recorded_at"), kind=kind)
        before = done.filter(recorded_at__lt=asked.since).values("item")
        first = _of(_events(asked, kind)) & ~Q(pk__in=before)
        missed = _of(_steps(asked, Level.URGED).filter(node=node))
        kept = _of(done) & ~Exists(_red_ever(asked).filter(node=node))
        return _items(asked, first | missed, kept=kept)

    return rows


def monthly_on_time(asked: Question) -> Rows:
    """Items of which progress was to be filed for a month of the window that has ended.

    By the rule of ``pipeline.monthly_progress``: an item owes it for each month by whose
    last day it was handed over and before which it was not closed. ``whole`` months, of
    which ``part`` were filed before they ended.
    """
    ended = Subquery(
        ItemEvent.objects.filter(item=OuterRef("pk"), kind=EventKind.CLOSED)
        .order_by("id")
        .values("recorded_at")[:1]
    )
    handed_over = Subquery(
        ItemEvent.objects.filter(item=OuterRef("pk"), kind=EventKind.ISSUED)
        .order_by("id")
        .values("recorded_at")[:1]
    )
    items = LedgerItem.objects.annotate(issued_at=handed_over, ended_at=ended)
    due, kept = [], []
    for month in asked.months():
        open_then = Q(ended_at__isnull=True) | Q(ended_at__gte=midnight(month.last))
        filed = MonthlyProgress.objects.filter(
            item=OuterRef("pk"), month=month.first, filed_at__lt=month.ends
        )
        due.append(open_then & Q(issued_at__lt=month.ends))
        kept.append(due[-1] & Q(Exists(filed)))
    if not due:
        return _items(asked, Q(pk__in=[]))
    return _credited(
        items.filter(reduce(or_, due)), asked, item="pk", whole=_count(due), part=_count(kept)
    )


def red(asked: Question) -> Rows:
    """Items that were red within the window (催办, the first red day)."""
    return _items(asked, _red(asked))


def named(asked: Question) -> Rows:
    """Items named in the county's bulletin within the window (通报)."""
    return _items(asked, _of(_steps(asked, Level.NAMED)))


def pressed(level: Level) -> Recorded:
    """Items for which an inspection or listing was approved within the window."""

    def rows(asked: Question) -> Rows:
        steps = Escalation.objects.filter(
            asked.recorded("decided_at"), level=level, state=EscalationState.APPROVED
        )
        return _items(asked, _of(steps))

    return rows


def returned(asked: Question) -> Rows:
    """Times that what a unit handed in was sent back in the window (核账退回)."""
    return _credited(_events(asked, EventKind.RETURNED), asked, item="item")


# --- findings, claims and talks ------------------------------------------------------------
def falsehoods(asked: Question) -> Rows:
    """Findings of a falsehood on a day of the window, known by then."""
    found = Falsehood.objects.filter(
        asked.happened("found_on"), recorded_at__lte=asked.window.known_at
    )
    return _held(found, F(f"{asked.level}_id"))


def revoked(asked: Question) -> Rows:
    """Milestones revoked in the window: not those corrected, upgraded, or of a history load."""
    found = Milestone.objects.filter(
        asked.recorded("revoked_at"), is_historical=False, corrections__isnull=True
    ).exclude(contract_kind=ContractKind.FRAMEWORK)
    return _held(found, F(f"{asked.level}_id"))


def returned_claims(asked: Question) -> Rows:
    """Claims returned to who made them in the window."""
    found = Milestone.objects.filter(asked.recorded("returned_at"), is_historical=False)
    return _held(found, F("claimed_by_id"))


def interactions(asked: Question) -> Rows:
    """Talks of a day of the window, recorded by the officer and known by then."""
    known_at = asked.window.known_at
    found = Interaction.objects.filter(
        asked.happened("occurred_on"),
        Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=known_at),
        recorded_at__lte=known_at,
    )
    return _held(found, F("recorded_by_id"))


# --- what these are made of ----------------------------------------------------------------
def _events(asked: Question, kind: str) -> Rows:
    return ItemEvent.objects.filter(asked.recorded("recorded_at"), kind=kind)


def _steps(asked: Question, level: Level) -> Rows:
    return Escalation.objects.filter(
        asked.happened("triggered_on"), level=level, recorded_at__lte=asked.window.known_at
    )


def _of(rows: Rows) -> Q:
    return Q(pk__in=rows.values("item"))


def _red(asked: Question) -> Q:
    return _of(_steps(asked, Level.URGED))


def _red_ever(asked: Question) -> Rows:
    """The red days of an item up to the window's end, of other years too."""
    return Escalation.objects.filter(
        item=OuterRef("pk"),
        level=Level.URGED,
        triggered_on__lte=asked.window.until,
        recorded_at__lte=asked.window.known_at,
    )


def _count(conditions: Iterable[Q]) -> Any:
    counted: list[Any] = [
        Case(When(condition, then=ONE), default=Value(0), output_field=IntegerField())
        for condition in conditions
    ]
    return reduce(add, counted)


def _items(asked: Question, which: Q, *, kept: Any = None) -> Rows:
    part = ONE if kept is None else _count([kept])
    return _credited(LedgerItem.objects.filter(which), asked, item="pk", part=part)


def _credited(rows: Rows, asked: Question, *, item: str, whole: Any = ONE, part: Any = ONE) -> Rows:
    """Rows of items or their events, each with the unit that answered for it at the time."""
    unit = "unit_id" if item == "pk" else "item__unit_id"
    rows = rows.annotate(unit_then=_unit_then(asked, item, unit))
    holder: Any = F("unit_then")
    if asked.level == ScoreLevel.PARK:
        of_park = Unit.objects.filter(pk=OuterRef("unit_then")).values("park_id")[:1]
        holder = Subquery(of_park, output_field=BigIntegerField())
    return _held(rows, holder, whole=whole, part=part)


def _unit_then(asked: Question, item: str, unit: str) -> Any:
    """The responsible unit at the instant of knowledge.

    An item may be given to another unit until it is signed for; the change's event keeps
    the name of the unit before.
    """
    changed = (
        ItemEvent.objects.filter(
            item=OuterRef(item),
            kind=EventKind.EDITED,
            recorded_at__gt=asked.window.known_at,
            before__has_key="unit",
        )
        .order_by("id")
        .annotate(was=KeyTextTransform("unit", "before"))
        .annotate(unit_before=Subquery(Unit.objects.filter(name=OuterRef("was")).values("pk")[:1]))
    )
    return Coalesce(Subquery(changed.values("unit_before")[:1]), F(unit))


def _held(rows: Rows, holder: Any, *, whole: Any = ONE, part: Any = ONE) -> Rows:
    held: Rows = rows.annotate(holder=holder, whole=whole, part=part)
    return held.filter(holder__isnull=False)
