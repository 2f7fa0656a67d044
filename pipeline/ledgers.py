"""The ledgers: what becomes of an item, from 建账 over 交账 and 核账 to 销账.

Each verb is one transaction with one event. Which verb is open to whom and when stands in
one table, :mod:`pipeline.ledger_rules`; what the responsible unit does, and how another day
is planned, in :mod:`pipeline.ledger_work` and :mod:`pipeline.ledger_plans`. Closed is
final: reopening makes a new item that is linked to the old one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from crm.rights import require
from pipeline.ledger_drafts import edit_columns, new_item
from pipeline.ledger_events import Files, happened, held, move, people_of, tell
from pipeline.ledger_plans import ask_plan, grant_plan, plan, refuse_plan
from pipeline.ledger_refusals import ChildrenOpen, ItemClosed, UnitNeeded
from pipeline.ledger_rules import FINAL, Standing, waiting_for
from pipeline.ledger_work import accept, assign, feed_back, progress, submit
from pipeline.models import EventKind, ItemEvent, ItemState, Ledger, LedgerItem

__all__ = [
    "accept",
    "approve",
    "ask_plan",
    "assign",
    "close",
    "close_by_itself",
    "draft",
    "edit",
    "feed_back",
    "grant_plan",
    "hand_over",
    "issue",
    "note",
    "pass_",
    "plan",
    "progress",
    "refuse_plan",
    "reopen",
    "return_",
    "submit",
    "waiting_for",
    "withdraw",
]


@transaction.atomic
def draft(ledger: Ledger, *, goal: str, by: User, at: dt.datetime, **fields: Any) -> LedgerItem:
    """Open an account: a new item, for somebody else to approve (建账).

    ``fields``: ``source``, ``detail``, ``parent``, ``project``, ``meeting``, ``leader``,
    ``leader_text``, ``unit``, ``supporting`` (units), ``task_force``, ``is_major``,
    ``due_on``.

    Raises ``NotAllowed``, ``LedgerClosed``, ``ParentClosed``, ``EvidenceNeeded`` without a
    goal.
    """
    require(by, "item.draft")
    item = new_item(ledger, goal=goal, by=by, at=at, **fields)
    happened(item, EventKind.CREATED, by=by, at=at)
    return item


@transaction.atomic
def hand_over(
    ledger: Ledger,
    *,
    goal: str,
    unit: Any,
    act: str,
    by: User,
    at: dt.datetime,
    **fields: Any,
) -> LedgerItem:
    """Open, approve and hand over in one, for who has the right to ``act``.

    For what needs no second person: a leader's instruction, an item of a ledger that fills
    itself, a task under one that was handed over. ``fields`` as for :func:`draft`.

    Raises ``NotAllowed``, ``LedgerClosed``, ``ParentClosed``, ``EvidenceNeeded``,
    ``UnitNeeded``.
    """
    require(by, act)
    if unit is None:
        raise UnitNeeded(_("先填责任单位，才能交账"))
    item = new_item(ledger, goal=goal, unit=unit, by=by, at=at, **fields)
    for kind in (EventKind.CREATED, EventKind.APPROVED):
        happened(item, kind, by=by, at=at, settles=False)
    _issue(item, by=by, at=at)
    return item


@transaction.atomic
def edit(item: LedgerItem, *, by: User, at: dt.datetime, **fields: Any) -> LedgerItem:
    """Correct an item; the event keeps what stood there and what stands there now.

    An approved draft has to be approved anew. After it was handed over the clock's facts
    stay: the deadline, whether it is major, and, once it was signed for, the unit.
    ``fields`` as for :func:`draft`, and ``goal``; those left out stay as they are.

    Raises ``NotAllowed``, ``WrongState``, ``ClockFact``, ``ParentClosed``.
    """
    row, _standing = held(item, "edit", by=by)
    before, after = edit_columns(row, **fields)
    if not after:
        return row
    if row.state == ItemState.APPROVED:
        move(row, ItemState.DRAFT)
    event = happened(row, EventKind.EDITED, before=before, after=after, by=by, at=at)
    if "unit" in after and row.state == ItemState.ISSUED:
        _tell_issued(row, event, by=by, at=at)
    return row


@transaction.atomic
def approve(item: LedgerItem, *, text: str = "", by: User, at: dt.datetime) -> LedgerItem:
    """Find the item right; not by who wrote or changed it.

    Raises ``NotAllowed``, ``OwnDraft``, ``WrongState``, ``UnitNeeded``.
    """
    row, _standing = held(item, "approve", by=by)
    move(row, ItemState.APPROVED)
    happened(row, EventKind.APPROVED, text=text.strip(), by=by, at=at)
    return row


@transaction.atomic
def issue(item: LedgerItem, *, by: User, at: dt.datetime) -> LedgerItem:
    """Hand it over to its unit: the day is day 0 of its clock (交账). The unit is told.

    Raises ``NotAllowed``, ``WrongState``, ``UnitNeeded``.
    """
    row, _standing = held(item, "issue", by=by)
    _issue(row, by=by, at=at)
    return row


@transaction.atomic
def withdraw(item: LedgerItem, *, reason: str, by: User, at: dt.datetime) -> LedgerItem:
    """Drop what was not handed over yet. Final.

    Raises ``NotAllowed``, ``WrongState``, ``ReasonNeeded``.
    """
    row, _standing = held(item, "withdraw", by=by)
    reason = _reason(reason, _("请写明为什么撤回"))
    move(row, ItemState.WITHDRAWN)
    happened(row, EventKind.WITHDRAWN, text=reason, by=by, at=at, settles=False)
    return row


@transaction.atomic
def return_(
    item: LedgerItem, *, reason: str, files: Files = (), by: User, at: dt.datetime
) -> LedgerItem:
    """Send it back to the unit, which is told why; its clock runs on (核账退回).

    Raises ``NotAllowed``, ``OwnUnit``, ``WrongState``, ``ReasonNeeded``.
    """
    row, standing = held(item, "return_", by=by)
    reason = _reason(reason, _("请写明为什么退回"))
    submitted = standing.last(EventKind.SUBMITTED)
    move(row, ItemState.ACTIVE)
    event = happened(
        row, EventKind.RETURNED, text=reason, answers=submitted, files=files, by=by, at=at
    )
    told = [*people_of(row), *([submitted.recorded_by] if submitted else [])]
    words = _("%(by)s退回了 %(number)s“%(goal)s”：%(reason)s")
    tell(told, row, words, kind="item.returned", event=event, by=by, at=at, reason=reason)
    return row


@transaction.atomic
def pass_(item: LedgerItem, *, text: str = "", by: User, at: dt.datetime) -> LedgerItem:
    """Find it done as promised (核账通过).

    Raises ``NotAllowed``, ``OwnUnit``, ``WrongState``.
    """
    row, standing = held(item, "pass_", by=by)
    move(row, ItemState.PASSED)
    submitted = standing.last(EventKind.SUBMITTED)
    happened(row, EventKind.PASSED, text=text.strip(), answers=submitted, by=by, at=at)
    return row


@transaction.atomic
def close(item: LedgerItem, *, text: str = "", by: User, at: dt.datetime) -> LedgerItem:
    """Strike it off, by somebody outside of its unit who did not hand it in. Final (销账).

    Raises ``NotAllowed``, ``OwnUnit``, ``OwnSubmission``, ``WrongState``, ``ChildrenOpen``.
    """
    row, _standing = held(item, "close", by=by)
    happened(row, EventKind.CLOSED, text=text.strip(), by=by, at=at, settles=False)
    move(row, ItemState.CLOSED, closed_at=at, closed_by=by)
    return row


@transaction.atomic
def close_by_itself(item: LedgerItem, *, text: str, by: User, at: dt.datetime) -> LedgerItem:
    """Strike off an item whose promise came true elsewhere: a verified groundbreaking.

    Only for the system, on a ledger that fills itself; whatever open state it is in.

    Raises ``NotAllowed``, ``ItemClosed``, ``ChildrenOpen``.
    """
    require(by, "schedule.run")
    row = LedgerItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if row.state in FINAL:
        raise ItemClosed(_("事项已经销账或撤回"))
    if row.issued_on is None:
        raise NotAllowed(_("还没有交账的事项不会自动销账"))
    children = Standing(row, by).open_children
    if children:
        raise ChildrenOpen(_("还有下级事项没有销账"), details=children)
    happened(row, EventKind.PASSED, text=text, by=by, at=at)
    happened(row, EventKind.CLOSED, text=text, by=by, at=at, settles=False)
    move(row, ItemState.CLOSED, closed_at=at, closed_by=by)
    return row


@transaction.atomic
def reopen(item: LedgerItem, *, reason: str, by: User, at: dt.datetime) -> LedgerItem:
    """Take a closed matter up again: a new draft that is linked to it.

    Raises ``NotAllowed``, ``WrongState``, ``AlreadyReopened``, ``ReasonNeeded``.
    """
    row, _standing = held(item, "reopen", by=by)
    reason = _reason(reason, _("请写明为什么重启"))
    copied = (
        "meeting",
        "source",
        "detail",
        "project",
        "leader",
        "leader_text",
        "unit",
        "task_force",
        "is_major",
    )
    again = new_item(
        row.ledger,
        goal=row.goal,
        by=by,
        at=at,
        reopens=row,
        parent=row.parent if row.parent is not None and row.parent.state not in FINAL else None,
        supporting=list(row.supporting.all()),
        **{name: getattr(row, name) for name in copied},
    )
    happened(again, EventKind.CREATED, text=reason, by=by, at=at)
    happened(
        row,
        EventKind.REOPENED,
        text=reason,
        after={"number": again.number},
        by=by,
        at=at,
        settles=False,
    )
    return again


@transaction.atomic
def note(
    item: LedgerItem, *, text: str, files: Files = (), by: User, at: dt.datetime
) -> LedgerItem:
    """Write a word to it; the unit is told. Answers no node.

    Raises ``NotAllowed``, ``WrongState``, ``ReasonNeeded`` without words.
    """
    row, _standing = held(item, "note", by=by)
    text = _reason(text, _("请写批注"))
    event = happened(row, EventKind.NOTED, text=text, files=files, by=by, at=at)
    if row.issued_on is not None:
        words = _("%(by)s批注了 %(number)s“%(goal)s”：%(text)s")
        tell(people_of(row), row, words, kind="item.noted", event=event, by=by, at=at, text=text)
    return row


def _issue(item: LedgerItem, *, by: User, at: dt.datetime) -> None:
    move(item, ItemState.ISSUED, issued_on=timezone.localdate(at))
    event = happened(item, EventKind.ISSUED, by=by, at=at)
    _tell_issued(item, event, by=by, at=at)


def _tell_issued(item: LedgerItem, event: ItemEvent, *, by: User, at: dt.datetime) -> None:
    words = _("新交办事项 %(number)s“%(goal)s”，请签收并于当日明确责任人")
    tell(people_of(item), item, words, kind="item.issued", event=event, by=by, at=at)


def _reason(text: str, otherwise: Any) -> str:
    if not text.strip():
        raise ReasonNeeded(otherwise)
    return text.strip()
