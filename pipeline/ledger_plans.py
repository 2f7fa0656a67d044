"""Another day for an item: its first plan, and asking for a later one.

The month node asks for an end or for a dated plan. A plan of a major matter that is filed by
then is in force at once, up to the deadline that was agreed; every other change is asked for
and decided by the supervision office or a leader.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded
from pipeline.clock_rules import rules_at
from pipeline.ledger_events import happened, held, office, people_of, tell
from pipeline.ledger_refusals import BadPlan, NoRequest
from pipeline.models import EventKind, ItemEvent, LedgerItem, Node
from pipeline.supervision import due_day


@transaction.atomic
def plan(
    item: LedgerItem, *, planned_on: dt.date, text: str = "", by: User, at: dt.datetime
) -> LedgerItem:
    """File the first plan: the day becomes the due day at once.

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``, ``OrdinaryMatter``,
    ``AlreadyPlanned``, ``BadPlan``.
    """
    row, _standing = held(item, "plan", by=by)
    _refuse_past(planned_on, at)
    if timezone.localdate(at) > last_day_for_plan(row, at=at):
        raise BadPlan(_("一个月节点已过，计划办结日要申请延期"))
    if row.due_on is not None and planned_on > row.due_on:
        words = _("计划不能晚于议定的期限 %(due)s，确需更晚请申请延期")
        raise BadPlan(words % {"due": row.due_on})
    happened(row, EventKind.PLANNED, text=text.strip(), planned_on=planned_on, by=by, at=at)
    return row


@transaction.atomic
def ask_plan(
    item: LedgerItem, *, planned_on: dt.date, reason: str, by: User, at: dt.datetime
) -> ItemEvent:
    """Ask for another due day; the supervision office is told.

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``, ``RequestOpen``, ``ReasonNeeded``,
    ``BadPlan``.
    """
    row, _standing = held(item, "ask_plan", by=by)
    if not reason.strip():
        raise ReasonNeeded(_("请写明为什么延期"))
    _refuse_past(planned_on, at)
    event = happened(
        row, EventKind.PLAN_ASKED, text=reason.strip(), planned_on=planned_on, by=by, at=at
    )
    words = _("%(by)s申请把 %(number)s“%(goal)s”延期到 %(day)s")
    tell(office(), row, words, kind="plan.asked", event=event, by=by, at=at, day=planned_on)
    return event


@transaction.atomic
def grant_plan(item: LedgerItem, *, text: str = "", by: User, at: dt.datetime) -> LedgerItem:
    """Grant the day that was asked for: it is the due day from now on; the unit is told.

    Raises ``NotAllowed``, ``OwnUnit``, ``WrongState``, ``NoRequest``, ``BadPlan``.
    """
    row, standing = held(item, "grant_plan", by=by)
    asked = _asked(standing.request)
    if asked.planned_on is None or asked.planned_on < timezone.localdate(at):
        raise BadPlan(_("申请的日期已过，请不同意并让责任单位重报"))
    event = happened(
        row,
        EventKind.PLAN_GRANTED,
        text=text.strip(),
        planned_on=asked.planned_on,
        answers=asked,
        by=by,
        at=at,
    )
    _tell_decided(row, asked, event, _("%(by)s同意 %(number)s“%(goal)s”延期到 %(day)s"))
    return row


@transaction.atomic
def refuse_plan(item: LedgerItem, *, reason: str, by: User, at: dt.datetime) -> LedgerItem:
    """Leave the due day as it is, and say why; the unit is told.

    Raises ``NotAllowed``, ``OwnUnit``, ``WrongState``, ``NoRequest``, ``ReasonNeeded``.
    """
    row, standing = held(item, "refuse_plan", by=by)
    asked = _asked(standing.request)
    if not reason.strip():
        raise ReasonNeeded(_("请写明为什么不同意"))
    event = happened(row, EventKind.PLAN_REFUSED, text=reason.strip(), answers=asked, by=by, at=at)
    _tell_decided(row, asked, event, _("%(by)s不同意 %(number)s“%(goal)s”延期到 %(day)s"))
    return row


def last_day_for_plan(item: LedgerItem, *, at: dt.datetime) -> dt.date:
    """The month node: until then a first plan needs nobody's consent."""
    assert item.issued_on is not None  # noqa: S101 - the table of verbs lets only issued items here
    rules, chosen = rules_at(at), item.ledger.working_days
    is_rolled = rules.working_days if chosen is None else chosen
    return due_day(Node.MAJOR, item.issued_on, rules.calendar if is_rolled else None)


def _refuse_past(planned_on: dt.date, at: dt.datetime) -> None:
    if planned_on <= timezone.localdate(at):
        raise BadPlan(_("计划办结日要晚于今天"))


def _asked(request: ItemEvent | None) -> ItemEvent:
    if request is None:
        raise NoRequest(_("没有等答复的延期申请"))
    return request


def _tell_decided(item: LedgerItem, asked: ItemEvent, event: ItemEvent, words: object) -> None:
    tell(
        [asked.recorded_by, *people_of(item)],
        item,
        words,
        kind="plan.decided",
        event=event,
        by=event.recorded_by,
        at=event.recorded_at,
        day=asked.planned_on,
    )
