"""Who may do what with an item of a ledger now: one table of verbs.

Each verb has the role's act (``crm.rights``), the states that it starts from, and further
requirements. :func:`refusal` asks them in that order: a verb raises the answer, a page
shows a form where there is none and the reason where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.models import Unit, User
from crm.refusals import NotAllowed, Refused
from crm.rights import may
from pipeline.ledger_refusals import (
    AlreadyPlanned,
    AlreadyReopened,
    ChildrenOpen,
    ItemClosed,
    NoRequest,
    NotOfUnit,
    OrdinaryMatter,
    OwnDraft,
    OwnSubmission,
    OwnUnit,
    RequestOpen,
    UnitNeeded,
    WrongState,
)
from pipeline.models import EventKind, ItemEvent, ItemState, LedgerItem
from pipeline.models.ledgers import OPEN_STATES

S = ItemState
FINAL = (S.CLOSED, S.WITHDRAWN)
SHOWN_CHILDREN = 5


def answers_for(user: User, unit: Unit | None) -> bool:
    """Whether a person speaks for a unit: it is theirs, or the committee of their park."""
    if unit is None:
        return False
    if user.unit_id == unit.pk:
        return True
    return user.park_id is not None and unit.park_id == user.park_id


class Standing:
    """An item and a person, with what the requirements ask about the two, read once each."""

    def __init__(self, item: LedgerItem, user: User) -> None:
        self.item, self.user = item, user

    @cached_property
    def is_of_unit(self) -> bool:
        return answers_for(self.user, self.item.unit)

    @cached_property
    def is_supporting(self) -> bool:
        return any(answers_for(self.user, unit) for unit in self.item.supporting.all())

    @cached_property
    def events(self) -> list[ItemEvent]:
        """What the requirements look at, latest last."""
        kinds = [
            EventKind.CREATED,
            EventKind.EDITED,
            EventKind.PLANNED,
            EventKind.PLAN_ASKED,
            EventKind.PLAN_GRANTED,
            EventKind.PLAN_REFUSED,
            EventKind.SUBMITTED,
        ]
        return list(self.item.events.filter(kind__in=kinds).order_by("id"))

    def last(self, kind: str) -> ItemEvent | None:
        return next((e for e in reversed(self.events) if e.kind == kind), None)

    @cached_property
    def request(self) -> ItemEvent | None:
        """The request for another day that waits for its answer."""
        answered = {event.answers_id for event in self.events}
        asked = self.last(EventKind.PLAN_ASKED)
        return asked if asked is not None and asked.pk not in answered else None

    @cached_property
    def plan(self) -> ItemEvent | None:
        """The plan in force: the first, or the last that was granted."""
        kinds = (EventKind.PLANNED, EventKind.PLAN_GRANTED)
        return next((e for e in reversed(self.events) if e.kind in kinds), None)

    @cached_property
    def wrote(self) -> bool:
        kinds = (EventKind.CREATED, EventKind.EDITED)
        return any(e.kind in kinds and e.recorded_by_id == self.user.pk for e in self.events)

    @cached_property
    def open_children(self) -> list[LedgerItem]:
        return list(self.item.children.exclude(state__in=FINAL).order_by("id")[:SHOWN_CHILDREN])


Requirement = Callable[[Standing], Refused | None]


def _of_unit(at: Standing) -> Refused | None:
    return None if at.is_of_unit else NotOfUnit(_("由责任单位的人办理"))


def _of_any_unit(at: Standing) -> Refused | None:
    if at.is_of_unit or at.is_supporting:
        return None
    return NotOfUnit(_("由责任单位或配合单位的人办理"))


def _outside(at: Standing) -> Refused | None:
    return OwnUnit(_("不能核销本单位负责的事项，请由别的单位的人办理")) if at.is_of_unit else None


def _has_unit(at: Standing) -> Refused | None:
    return UnitNeeded(_("先填责任单位，才能交账")) if at.item.unit_id is None else None


def _not_written(at: Standing) -> Refused | None:
    return OwnDraft(_("建账、修改的人不能自己审定，请另一位审定")) if at.wrote else None


def _not_submitter(at: Standing) -> Refused | None:
    submitted = at.last(EventKind.SUBMITTED)
    if submitted is not None and submitted.recorded_by_id == at.user.pk:
        return OwnSubmission(_("报办结的人不能自己销账"))
    return None


def _children_closed(at: Standing) -> Refused | None:
    if not at.open_children:
        return None
    named = "、".join(child.number for child in at.open_children)
    words = _("下级事项还没有销账：%(named)s")
    return ChildrenOpen(words % {"named": named}, details=at.open_children)


def _may_be_planned(at: Standing) -> Refused | None:
    """A dated plan is for major matters, or within a deadline that was agreed."""
    if at.item.is_major or at.item.due_on is not None:
        return None
    return OrdinaryMatter(_("一般事项 7 天内办结，确需更长时间请申请延期"))


def _not_planned(at: Standing) -> Refused | None:
    if at.plan is None:
        return None
    return AlreadyPlanned(_("已有计划办结日，要改请申请延期"))


def _nothing_asked(at: Standing) -> Refused | None:
    if at.request is None:
        return None
    return RequestOpen(_("已有一份延期申请在等答复"))


def _something_asked(at: Standing) -> Refused | None:
    return NoRequest(_("没有等答复的延期申请")) if at.request is None else None


def _not_reopened(at: Standing) -> Refused | None:
    again = LedgerItem.objects.filter(reopens=at.item.pk).first()
    if again is None:
        return None
    return AlreadyReopened(_("已经重启为 %(number)s") % {"number": again.number})


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be done with an item: its word, its right, whence, and what else it asks."""

    name: str
    label: Any
    act: str
    states: tuple[ItemState, ...]
    needs: tuple[Requirement, ...] = ()


VERBS = {
    verb.name: verb
    for verb in (
        Verb("edit", _("修改"), "item.draft", (S.DRAFT, S.APPROVED, *OPEN_STATES)),
        Verb("approve", _("审定"), "item.approve", (S.DRAFT,), (_has_unit, _not_written)),
        Verb("issue", _("交账"), "item.issue", (S.APPROVED,), (_has_unit,)),
        Verb("withdraw", _("撤回"), "item.draft", (S.DRAFT, S.APPROVED)),
        Verb("accept", _("签收"), "item.work", (S.ISSUED,), (_of_unit,)),
        Verb("assign", _("明确责任人"), "item.work", (S.ACTIVE,), (_of_unit,)),
        Verb("feed_back", _("反馈办理情况"), "item.work", (S.ACTIVE,), (_of_unit,)),
        Verb("progress", _("记进展"), "item.work", (S.ACTIVE,), (_of_any_unit,)),
        Verb(
            "plan",
            _("报计划办结日"),
            "item.work",
            (S.ACTIVE,),
            (_of_unit, _may_be_planned, _not_planned),
        ),
        Verb("ask_plan", _("申请延期"), "item.work", (S.ACTIVE,), (_of_unit, _nothing_asked)),
        Verb("grant_plan", _("同意延期"), "item.grant", (S.ACTIVE,), (_something_asked, _outside)),
        Verb(
            "refuse_plan", _("不同意延期"), "item.grant", (S.ACTIVE,), (_something_asked, _outside)
        ),
        Verb("submit", _("报办结"), "item.work", (S.ACTIVE,), (_of_unit,)),
        Verb("return_", _("核账退回"), "item.check", (S.SUBMITTED, S.PASSED), (_outside,)),
        Verb("pass_", _("核账通过"), "item.check", (S.SUBMITTED,), (_outside,)),
        Verb(
            "close",
            _("销账"),
            "item.close",
            (S.PASSED,),
            (_outside, _not_submitter, _children_closed),
        ),
        Verb("reopen", _("重启"), "item.reopen", (S.CLOSED,), (_not_reopened,)),
        Verb("note", _("批注"), "item.note", (S.DRAFT, S.APPROVED, *OPEN_STATES)),
    )
}
"""The one table. Before it is handed over an item is withdrawn; after that it is closed."""


def refusal(verb: Verb, standing: Standing) -> Refused | None:
    """Why the person may not do this with the item now; None where they may."""
    if not may(standing.user, verb.act):
        return NotAllowed(_("您的角色不能进行这项操作"))
    if standing.item.state not in verb.states:
        return _wrong_state(verb, standing.item)
    return next((why for need in verb.needs if (why := need(standing)) is not None), None)


def _wrong_state(verb: Verb, item: LedgerItem) -> Refused:
    state = ItemState(item.state).label
    if item.state in FINAL:
        return ItemClosed(_("事项%(state)s，不能再%(verb)s") % {"state": state, "verb": verb.label})
    words = _("事项现在是“%(state)s”，不能%(verb)s")
    return WrongState(words % {"state": state, "verb": verb.label})


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a verb is open to a person now; ``why`` says why not."""

    verb: Verb
    why: Refused | None

    @property
    def is_open(self) -> bool:
        return self.why is None


def waiting_for(item: LedgerItem, user: User) -> list[Answer]:
    """Every verb that the person's role knows, with the reason why it is not open now."""
    standing = Standing(item, user)
    return [Answer(verb, refusal(verb, standing)) for verb in VERBS.values() if may(user, verb.act)]


def open_verbs(answers: Iterable[Answer]) -> frozenset[str]:
    """The names of the verbs that are open."""
    return frozenset(answer.verb.name for answer in answers if answer.is_open)
