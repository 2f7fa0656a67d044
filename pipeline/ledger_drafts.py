"""Writing an item down: its number, its columns, and correcting them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Unit, User
from pipeline.ledger_refusals import ClockFact, EvidenceNeeded, LedgerClosed, ParentClosed
from pipeline.models import BEFORE_ISSUE, ItemState, Ledger, LedgerItem

WRITTEN = (
    "goal",
    "detail",
    "source",
    "meeting",
    "parent",
    "project",
    "leader",
    "leader_text",
    "unit",
    "task_force",
    "is_major",
    "due_on",
)
"""The columns that are written by hand; ``supporting`` besides."""
CLOCKED = {"unit": _("责任单位"), "is_major": _("是否重大"), "due_on": _("完成时限")}
"""What the clock is read from, in words: fixed once the item was handed over."""
TEXTS = ("goal", "detail", "source", "leader_text", "task_force")
DIGITS = 3


def new_item(
    ledger: Ledger,
    *,
    goal: str,
    by: User,
    at: dt.datetime,
    supporting: Iterable[Unit] = (),
    reopens: LedgerItem | None = None,
    **fields: Any,
) -> LedgerItem:
    """A draft with the ledger's next number; inside of a transaction.

    Raises ``LedgerClosed``, ``ParentClosed``, ``EvidenceNeeded`` without a goal.
    """
    _known(fields)
    ledger = Ledger.objects.select_for_update().get(pk=ledger.pk)
    if ledger.closed_at is not None:
        raise LedgerClosed(_("“%(name)s”已停用，不能再建账") % {"name": ledger.name})
    if not goal.strip():
        raise EvidenceNeeded(_("请写明目标任务"))
    _refuse_closed_parent(fields.get("parent"))
    item = LedgerItem(
        ledger=ledger,
        number=_next_number(ledger, year=timezone.localdate(at).year),
        reopens=reopens,
        created_at=at,
        created_by=by,
        **_tidied({"goal": goal, **fields}),
    )
    item.save(force_insert=True)
    item.supporting.set(_others(supporting, item))
    return item


def edit_columns(item: LedgerItem, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the columns of a locked item: what stood there and what stands there now.

    Raises ``ClockFact``, ``ParentClosed``, ``EvidenceNeeded`` without a goal.
    """
    supporting = fields.pop("supporting", None)
    _known(fields)
    fields = _tidied(fields)
    changes = {name: v for name, v in fields.items() if getattr(item, name) != v}
    if "goal" in changes and not changes["goal"]:
        raise EvidenceNeeded(_("请写明目标任务"))
    _refuse_clock_facts(item, changes)
    if changes.get("parent") is not None:
        _refuse_closed_parent(changes["parent"])
        _refuse_circle(item, changes["parent"])
    before = {name: _kept(getattr(item, name)) for name in changes}
    after = {name: _kept(value) for name, value in changes.items()}
    for name, value in changes.items():
        setattr(item, name, value)
    if changes:
        item.save(update_fields=list(changes))
    if supporting is not None:
        old = list(item.supporting.all())
        new = _others(supporting, item)
        if {unit.pk for unit in old} != {unit.pk for unit in new}:
            before["supporting"] = "、".join(map(str, old))
            after["supporting"] = "、".join(map(str, new))
            item.supporting.set(new)
    return before, after


def _next_number(ledger: Ledger, *, year: int) -> str:
    """The number after the last of the year; the ledger's row is locked."""
    start = f"{ledger.prefix}-{year}-"
    numbered = ledger.items.filter(number__regex=rf"^{re.escape(start)}\d+$")
    last = numbered.order_by("-id").first()
    count = int(last.number.removeprefix(start)) if last is not None else 0
    return f"{start}{count + 1:0{DIGITS}}"


def _known(fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(WRITTEN)
    if unknown:
        raise TypeError(f"no columns of an item: {', '.join(sorted(unknown))}")


def _tidied(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (value or "").strip() if name in TEXTS else value for name, value in fields.items()
    }


def _others(supporting: Iterable[Unit], item: LedgerItem) -> list[Unit]:
    """Each supporting unit once, and not the responsible one."""
    return [unit for unit in {u.pk: u for u in supporting}.values() if unit.pk != item.unit_id]


def _kept(value: Any) -> Any:
    """A value as the event keeps it, to be read by people for ever: a row by its name."""
    if isinstance(value, models.Model):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _refuse_clock_facts(item: LedgerItem, changes: dict[str, Any]) -> None:
    if item.state in BEFORE_ISSUE:
        return
    fixed = [name for name in CLOCKED if name in changes]
    if item.state == ItemState.ISSUED and changes.get("unit") is not None and "unit" in fixed:
        fixed.remove("unit")  # sent to the wrong unit, and not signed for yet
    if fixed:
        raise ClockFact("、".join(str(CLOCKED[name]) for name in fixed))


def _refuse_closed_parent(parent: LedgerItem | None) -> None:
    if parent is None:
        return
    # Locked, so that it is not closed over a task that is just being put under it.
    state = LedgerItem.objects.select_for_update().values_list("state", flat=True)
    if state.get(pk=parent.pk) in (ItemState.CLOSED, ItemState.WITHDRAWN):
        raise ParentClosed(_("上级事项已经销账或撤回，不能再加下级事项"))


def _refuse_circle(item: LedgerItem, parent: LedgerItem) -> None:
    above: LedgerItem | None = parent
    while above is not None:
        if above.pk == item.pk:
            raise ParentClosed(_("上级事项不能是自己或自己的下级"))
        above = above.parent
