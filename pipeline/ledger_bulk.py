"""One act on many items: each alone, and a report of what was done and what not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from pipeline import ledgers
from pipeline.ledger_rules import VERBS
from pipeline.models import LedgerItem

MOST = 200
"""More items than these are done in several goes."""


class BulkAct(TextChoices):
    """What can be done to many drafts at once, those of a meeting for instance."""

    APPROVE = "approve", _("审定")
    ISSUE = "issue", _("交账")


_DO: dict[str, Callable[..., LedgerItem]] = {
    BulkAct.APPROVE: ledgers.approve,
    BulkAct.ISSUE: ledgers.issue,
}


class NothingChosen(Refused):
    """No item was chosen, or too many."""

    code = "nothing_chosen"


@dataclass(slots=True)
class Report:
    """What became of the items: how many were done, and why the others were not."""

    act: BulkAct
    done: list[LedgerItem] = field(default_factory=list)
    refused: list[tuple[LedgerItem, Any]] = field(default_factory=list)


def do(act: str, items: Sequence[LedgerItem], *, by: User, at: dt.datetime) -> Report:
    """Do it to each item; who may not do it to one leaves the others as they are.

    Raises ``NotAllowed`` for a role that may not do it at all, ``NothingChosen``.
    """
    if act not in BulkAct.values:
        raise NothingChosen(_("请选择审定或交账"))
    verb = BulkAct(act)
    require(by, VERBS[verb].act)
    if not items:
        raise NothingChosen(_("还没有选中事项"))
    if len(items) > MOST:
        raise NothingChosen(_("一次最多 %(most)s 项") % {"most": MOST})
    report = Report(verb)
    for item in items:
        try:
            report.done.append(_DO[verb](item, by=by, at=at))
        except Refused as refusal:
            report.refused.append((item, refusal.message))
    return report
