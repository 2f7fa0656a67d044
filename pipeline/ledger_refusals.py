"""Why a verb of the ledgers was declined."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.refusals import NotAllowed, Refused

__all__ = [
    "AlreadyPlanned",
    "AlreadyReopened",
    "BadPlan",
    "ChildrenOpen",
    "ClockFact",
    "EvidenceNeeded",
    "ItemClosed",
    "LedgerClosed",
    "NoRequest",
    "NotOfUnit",
    "OwnDraft",
    "OwnSubmission",
    "OwnUnit",
    "ParentClosed",
    "RequestOpen",
    "UnitNeeded",
    "WrongPerson",
    "WrongState",
]


class WrongState(Refused):
    """The item's state does not take this act: it is not there yet, or already past it."""

    code = "wrong_state"


class ItemClosed(WrongState):
    """The item is closed or withdrawn, which is final."""

    code = "item_closed"


class NotOfUnit(NotAllowed):
    """Only the people of the responsible (or, for progress, a supporting) unit may."""

    code = "not_of_unit"


class OwnUnit(NotAllowed):
    """Nobody checks or closes what their own unit answers for."""

    code = "own_unit"


class OwnDraft(NotAllowed):
    """Who wrote the item may not approve it."""

    code = "own_draft"


class OwnSubmission(NotAllowed):
    """Who handed an item in may not close it."""

    code = "own_submission"


class UnitNeeded(Refused):
    """An item is handed over to a unit, and this one has none."""

    code = "unit_needed"


class LedgerClosed(Refused):
    """The ledger takes no new items."""

    code = "ledger_closed"


class ParentClosed(Refused):
    """A task cannot be put under one that is closed or withdrawn."""

    code = "parent_closed"


class ChildrenOpen(Refused):
    """Some tasks under the item are not closed yet; ``details`` are those."""

    code = "children_open"


class AlreadyReopened(Refused):
    """The closed item was reopened before."""

    code = "already_reopened"


class AlreadyPlanned(Refused):
    """There is a plan in force: another day has to be asked for."""

    code = "already_planned"


class OrdinaryMatter(Refused):
    """An ordinary matter is solved by its seventh day: a later one has to be asked for."""

    code = "ordinary_matter"


class BadPlan(Refused):
    """The planned day is not one that can be planned."""

    code = "bad_plan"


class RequestOpen(Refused):
    """A request for another day waits for its answer."""

    code = "request_open"


class NoRequest(Refused):
    """There is no request to decide on, or it was decided in the meantime."""

    code = "no_request"


class EvidenceNeeded(Refused):
    """What was done has to be shown: words or files."""

    code = "evidence_needed"


class ClockFact(Refused):
    """After it was handed over, an item's unit, kind and deadline are the clock's facts."""

    code = "clock_fact"

    def __init__(self, names: str) -> None:
        words: Any = _("交账以后不能改%(names)s：期限由责任单位申请延期，其他请另建事项")
        super().__init__(words % {"names": names})


class WrongPerson(Refused):
    """The person named does not work for the responsible unit."""

    code = "wrong_person"
