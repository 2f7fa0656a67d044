"""What the responsible unit does with an item: sign for it, name a person, report, hand in."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from pipeline.ledger_events import Files, happened, held, move, tell
from pipeline.ledger_refusals import EvidenceNeeded, WrongPerson
from pipeline.ledger_rules import answers_for
from pipeline.models import EventKind, ItemState, LedgerItem


@transaction.atomic
def accept(item: LedgerItem, *, by: User, at: dt.datetime) -> LedgerItem:
    """Sign for what was handed over: the unit has it (签收).

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``.
    """
    row, _standing = held(item, "accept", by=by)
    move(row, ItemState.ACTIVE)
    happened(row, EventKind.ACCEPTED, by=by, at=at)
    return row


@transaction.atomic
def assign(
    item: LedgerItem, *, person: User | None = None, name: str = "", by: User, at: dt.datetime
) -> LedgerItem:
    """Name who does it, somebody with a log-in or by name alone: answers the first node.

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``, ``EvidenceNeeded`` where nobody is
    named, ``WrongPerson`` for somebody of another unit.
    """
    row, _standing = held(item, "assign", by=by)
    name = name.strip()
    if person is None and not name:
        raise EvidenceNeeded(_("请写明责任人"))
    if person is not None and not (person.is_active and answers_for(person, row.unit)):
        raise WrongPerson(_("责任人要是责任单位的人；没有账号的直接写姓名"))
    row.person, row.person_text = person, "" if person is not None else name
    row.save(update_fields=["person", "person_text"])
    named = str(person) if person is not None else name
    event = happened(row, EventKind.ASSIGNED, text=named, by=by, at=at)
    if person is not None:
        words = _("%(by)s让您负责 %(number)s“%(goal)s”")
        tell([person], row, words, kind="item.assigned", event=event, by=by, at=at)
    return row


@transaction.atomic
def feed_back(
    item: LedgerItem, *, text: str, files: Files = (), by: User, at: dt.datetime
) -> LedgerItem:
    """Say how it is handled: answers the third day's node.

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``, ``EvidenceNeeded``, and what an
    upload is refused for.
    """
    row, _standing = held(item, "feed_back", by=by)
    if not text.strip():
        raise EvidenceNeeded(_("请写明怎样办理"))
    happened(row, EventKind.FEEDBACK, text=text.strip(), files=files, by=by, at=at)
    return row


@transaction.atomic
def progress(
    item: LedgerItem, *, text: str, files: Files = (), by: User, at: dt.datetime
) -> LedgerItem:
    """Add how far it is; supporting units may too. Answers no node.

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``, ``EvidenceNeeded``, and what an
    upload is refused for.
    """
    row, _standing = held(item, "progress", by=by)
    if not text.strip():
        raise EvidenceNeeded(_("请写明进展"))
    happened(row, EventKind.PROGRESS, text=text.strip(), files=files, by=by, at=at)
    return row


@transaction.atomic
def submit(
    item: LedgerItem, *, text: str = "", files: Files = (), by: User, at: dt.datetime
) -> LedgerItem:
    """Hand in as done, with evidence: the clock stops until it is passed or returned.

    Raises ``NotAllowed``, ``NotOfUnit``, ``WrongState``, ``EvidenceNeeded``, and what an
    upload is refused for.
    """
    row, _standing = held(item, "submit", by=by)
    files = list(files)
    if not text.strip() and not files:
        raise EvidenceNeeded(_("报办结要写明结果或附佐证材料"))
    move(row, ItemState.SUBMITTED)
    happened(row, EventKind.SUBMITTED, text=text.strip(), files=files, by=by, at=at)
    return row
