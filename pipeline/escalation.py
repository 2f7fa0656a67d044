"""Pressing what is overdue (督办升级): 催办, 通报, 专项督查, 挂牌督办.

When a step falls due stands in :mod:`pipeline.supervision`. The first two are done at once;
the last two are proposed, and somebody of the supervision office or a leader decides. Each
comes once for a clock; what was declined is not proposed again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm import notices
from crm.models import Role, User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from crm.units import people_of
from pipeline import clockwork
from pipeline.clock_rules import rules_at
from pipeline.models import Escalation, EscalationState, LedgerItem, Level
from pipeline.models.ledgers import UNDER_CLOCK, Node
from pipeline.supervision import DAY, Step, Trigger


class AlreadyDecided(Refused):
    """Somebody has decided on the proposal, or it needs no decision."""

    code = "already_decided"


class ClockAnswered(Refused):
    """The item was answered, or has another due day: there is nothing to press any more."""

    code = "clock_answered"


class BadDeadline(Refused):
    """The deadline is not after today."""

    code = "bad_deadline"


@dataclass(frozen=True, slots=True)
class Words:
    """How a step is told: as it is taken or proposed, and once it is approved."""

    kind: str
    first: Any
    approved: Any = ""


WORDS: Mapping[int, Words] = {
    Level.URGED: Words(
        "item.urged",
        _("催办：%(number)s“%(goal)s”的“%(node)s”应于 %(due)s 前完成，现已逾期"),
    ),
    Level.NAMED: Words(
        "item.named",
        _("通报：%(number)s“%(goal)s”的“%(node)s”应于 %(due)s 前完成，月末仍未办结，列入当月通报"),
    ),
    Level.INSPECTED: Words(
        "item.inspected",
        _("拟专项督查，请审批：%(number)s“%(goal)s”%(due)s 到期，通报后仍未办结"),
        _("专项督查：%(number)s“%(goal)s”须于 %(deadline)s 前整改到位。%(decision)s"),
    ),
    Level.LISTED: Words(
        "item.listed",
        _("拟挂牌督办，请审批：%(number)s“%(goal)s”%(due)s 到期，专项督查期满仍未办结"),
        _("挂牌督办：%(number)s“%(goal)s”须于 %(deadline)s 前办结。%(decision)s"),
    ),
}


# --- deciding -----------------------------------------------------------------------------
@transaction.atomic
def decide(
    escalation: Escalation,
    *,
    approve: bool,
    reason: str = "",
    deadline: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> Escalation:
    """Approve or decline an inspection or a listing; once approved, the unit is told.

    ``deadline`` is by when it has to be solved; the county's usual number of days where none
    is given. Raises ``NotAllowed``, ``AlreadyDecided``, ``ClockAnswered``, ``ReasonNeeded``
    for a proposal that is declined without a word, ``BadDeadline``.
    """
    require(by, "escalation.decide")
    item = (
        LedgerItem.objects.select_for_update(of=("self",))
        .select_related("ledger", "unit__park", "person", "leader")
        .get(pk=escalation.item_id)
    )
    row = Escalation.objects.select_for_update().get(pk=escalation.pk)
    if row.state != EscalationState.PROPOSED:
        raise AlreadyDecided(_("这项提议已经审批"))
    rules = rules_at(at)
    (standing,) = clockwork.standings([item], at=at, rules=rules)
    clock = standing.clock
    if clock is None or not step_of(row).is_about(clock):
        raise ClockAnswered(_("事项已经办理或另定了期限，不用再审批"))
    today = timezone.localdate(at)
    if not approve and not reason.strip():
        raise ReasonNeeded(_("请写明为什么不批准"))
    if approve:
        row.deadline = deadline or today + rules.inspection_deadline_days * DAY
        if row.deadline <= today:
            raise BadDeadline(_("整改期限要晚于今天"))
    row.state = EscalationState.APPROVED if approve else EscalationState.DECLINED
    row.decided_at, row.decided_by, row.decision = at, by, reason.strip()
    row.save(update_fields=["state", "deadline", "decided_at", "decided_by", "decision"])
    clockwork.settle(item, at=at)
    if approve:
        _tell_approved(row, item, at=at)
    return row


def step_of(row: Escalation) -> Step:
    """A recorded step as the clocks read it."""
    return Step(row.level, row.node, row.clock_due_on, row.triggered_on, row.state, row.deadline)


# --- telling ------------------------------------------------------------------------------
def tell(steps: Iterable[tuple[LedgerItem, Trigger]], *, at: dt.datetime) -> None:
    """Tell of steps that were just taken or proposed; a fixed number of queries.

    Who answers for the item and the supervision office; from 通报 on the leader in charge
    too. A proposal goes to who decides on it: the office and the leaders.
    """
    steps = list(steps)
    if not steps:
        return
    people = People([item for item, _trigger in steps])
    with translation.override(settings.LANGUAGE_CODE):
        occasions = [
            notices.Occasion(
                people.deciding
                if trigger.level in clockwork.PROPOSED
                else people.of(item, is_led=trigger.level >= Level.NAMED),
                WORDS[trigger.level].kind,
                _said(
                    WORDS[trigger.level].first,
                    item,
                    node=Node(trigger.clock.node).label,
                    due=trigger.clock.due_on,
                ),
                f"/ledgers/items/{item.pk}/"
                if trigger.level not in clockwork.PROPOSED
                else "/ledgers/escalations/",
                f"escalation:{item.pk}:{trigger.level}:{trigger.clock.node}:{trigger.clock.due_on}",
                None if trigger.level in clockwork.PROPOSED else item.unit,
            )
            for item, trigger in steps
        ]
    notices.tell_each(occasions, at=at)


def _tell_approved(row: Escalation, item: LedgerItem, *, at: dt.datetime) -> None:
    words = WORDS[row.level]
    with translation.override(settings.LANGUAGE_CODE):
        text = _said(words.approved, item, deadline=row.deadline, decision=row.decision)
    notices.tell(
        People([item]).of(item, is_led=True),
        kind=words.kind,
        text=text,
        url=f"/ledgers/items/{item.pk}/",
        key=f"escalation_approved:{row.pk}",
        at=at,
        unit=item.unit,
    )


def _said(words: Any, item: LedgerItem, **values: Any) -> str:
    return str(words) % {"number": item.number, "goal": item.goal, **values}


class People:
    """Whom the steps of some items are told, read in two queries for all of them.

    ``unit``, ``person`` and ``leader`` of the items must be loaded.
    """

    def __init__(self, items: Sequence[LedgerItem]) -> None:
        self._of_unit = people_of({item.unit for item in items if item.unit is not None})
        active = User.objects.filter(is_active=True)
        self.deciding = tuple(active.filter(role__in=[Role.SUPERVISOR, Role.LEADER], park=None))

    def of_unit(self, item: LedgerItem) -> list[User]:
        """Who answers for the item: its unit's people or its park's managers, the person."""
        found = list(self._of_unit[item.unit.pk]) if item.unit is not None else []
        if item.person is not None and item.person.is_active:
            found.append(item.person)
        return found

    def of(self, item: LedgerItem, *, is_led: bool) -> tuple[User, ...]:
        """Who answers for the item, the supervision office, and who leads it."""
        found = self.of_unit(item)
        found += [user for user in self.deciding if user.role == Role.SUPERVISOR]
        if is_led and item.leader is not None and item.leader.is_active:
            found.append(item.leader)
        return tuple({user.pk: user for user in found}.values())


# --- lists --------------------------------------------------------------------------------
SHOWS = {
    "waiting": _("待审批"),
    "taken": _("已执行"),
    "declined": _("未批准"),
}
_STATES = {
    "taken": (EscalationState.DONE, EscalationState.APPROVED),
    "declined": (EscalationState.DECLINED,),
}
_ABOUT_ITS_CLOCK = Q(item__node=F("node")) & (
    ~Q(node=Node.PLANNED) | Q(item__clock_due_on=F("clock_due_on"))
)


def waiting(user: User) -> QuerySet[Escalation]:
    """The proposals that wait for a decision and whose clock still runs."""
    return steps(user).filter(
        _ABOUT_ITS_CLOCK, state=EscalationState.PROPOSED, item__state__in=UNDER_CLOCK
    )


def steps(user: User) -> QuerySet[Escalation]:
    """The steps of the items that the person sees."""
    return Escalation.objects.filter(item__in=LedgerItem.objects.visible_to(user).values("pk"))


def step_list(
    user: User,
    *,
    show: str,
    level: int | None = None,
    first: dt.date | None = None,
    unit: int | None = None,
) -> QuerySet[Escalation]:
    """The steps of one of ``SHOWS``, narrowed, latest first.

    ``first`` is the first day of a month in which they fell due.
    """
    rows = waiting(user) if show == "waiting" else steps(user).filter(state__in=_STATES[show])
    if level is not None:
        rows = rows.filter(level=level)
    if first is not None:
        after = (first + 32 * DAY).replace(day=1)
        rows = rows.filter(triggered_on__gte=first, triggered_on__lt=after)
    if unit is not None:
        rows = rows.filter(item__unit=unit)
    return rows.order_by("-triggered_on", "-id")
