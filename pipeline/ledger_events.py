"""What every verb of the ledgers does: hold the item, move it, write the event, keep files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypeAlias

from django.conf import settings
from django.core.files import File
from django.utils import translation

from crm import notices, units, uploads
from crm.models import Role, User
from crm.rights import require
from pipeline import clockwork
from pipeline.ledger_rules import VERBS, Standing, refusal
from pipeline.models import ItemEvent, LedgerFile, LedgerItem
from pipeline.models.ledgers import UNDER_CLOCK

Files: TypeAlias = "Iterable[File[bytes]]"


def held(item: LedgerItem, verb: str, *, by: User) -> tuple[LedgerItem, Standing]:
    """The item, locked, once the table of verbs lets the person do this with it now.

    Raises ``NotAllowed`` and what the table (:mod:`pipeline.ledger_rules`) answers.
    """
    rule = VERBS[verb]
    require(by, rule.act)
    row = (
        LedgerItem.objects.select_for_update(of=("self",))
        .select_related("ledger", "unit__park")
        .get(pk=item.pk)
    )
    standing = Standing(row, by)
    why = refusal(rule, standing)
    if why is not None:
        raise why
    return row, standing


def happened(
    item: LedgerItem,
    kind: str,
    *,
    by: User,
    at: dt.datetime,
    files: Files = (),
    settles: bool = True,
    **facts: Any,
) -> ItemEvent:
    """Write an event, keep its files, and bring the clock's copies up to date."""
    event = ItemEvent.objects.create(item=item, kind=kind, recorded_by=by, recorded_at=at, **facts)
    for file in files:
        keep(file, item=item, event=event, by=by, at=at)
    if settles:
        clockwork.settle(item, at=at)
    return event


def move(item: LedgerItem, state: str, **columns: Any) -> None:
    """Put the item into a state, in one update; out of the clock's states nothing is due."""
    item.state = state
    if state not in UNDER_CLOCK:
        columns["clock_due_on"] = None
    for name, value in columns.items():
        setattr(item, name, value)
    item.save(update_fields=["state", *columns])


def keep(
    file: File[bytes], *, item: LedgerItem, event: ItemEvent | None, by: User, at: dt.datetime
) -> LedgerFile:
    """Keep an upload as evidence. Raises ``TooLarge``, ``UnknownFormat``."""
    found = uploads.check(file)
    return uploads.keep_as(LedgerFile, file, found, item=item, event=event, by=by, at=at)


def people_of(item: LedgerItem) -> list[User]:
    """Whom the responsible unit's news are told: its people, or its park's managers."""
    return units.people_of([item.unit])[item.unit.pk] if item.unit is not None else []


def office() -> list[User]:
    """The supervision office; who is kept to a park is not of it."""
    return list(User.objects.filter(is_active=True, role=Role.SUPERVISOR, park=None))


def tell(
    people: Iterable[User],
    item: LedgerItem,
    words: Any,
    *,
    kind: str,
    event: ItemEvent,
    by: User,
    at: dt.datetime,
    **values: Any,
) -> None:
    """Tell ``people``, but not who did it, about an event of an item; in the county's words."""
    with translation.override(settings.LANGUAGE_CODE):
        text = str(words) % {"number": item.number, "goal": item.goal, "by": by, **values}
    notices.tell(
        {person.pk: person for person in people if person.pk != by.pk}.values(),
        kind=kind,
        text=text,
        url=f"/ledgers/items/{item.pk}/",
        key=f"ledger_event:{event.pk}",
        at=at,
    )
