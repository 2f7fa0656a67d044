"""The supervision office in the demonstration: meetings, their items in every state, months.

Decisions are written as minutes and split by the reader that people use; what becomes of an
item goes through the verbs, in the order of time, with supervision running in between as it
would have run. Invented, but for the names of published projects.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from django.utils import timezone

from crm.models import Role, Unit, User
from pipeline import escalation, ledger_keeping, ledgers, meetings, monthly_progress
from pipeline.demo.decisions import MEETINGS, Decision, Gathering
from pipeline.models import (
    Escalation,
    EscalationState,
    ItemState,
    Ledger,
    LedgerItem,
    LedgerKind,
    ProgressState,
)
from pipeline.months import Month
from pipeline.supervise import supervise

MONTHS_BACK = 6
Act = Callable[[], object]


@dataclass(slots=True)
class Case:
    """An item with whom its unit speaks through, and the day that it was handed over."""

    item: LedgerItem
    decision: Decision
    person: User
    began: dt.datetime


class Office:
    """Half a year of the supervision office before ``at``."""

    def __init__(self, people: Mapping[str, User], *, at: dt.datetime) -> None:
        self.people, self.now = people, at
        self.today = timezone.localdate(at)
        self.office, self.leader = people["supervisor"], people["leader"]
        self.ledgers = {ledger.slug: ledger for ledger in Ledger.objects.all()}
        committees: dict[Any, int] = dict(Unit.objects.exclude(park=None).values_list("park", "pk"))
        self.speakers = {
            user.unit_id or committees[user.park_id]: user
            for user in people.values()
            if user.unit_id or (user.role == Role.MANAGER and user.park_id in committees)
        }
        self._waiting: list[tuple[dt.datetime, int, Act]] = []
        self._number = count()

    def play(self) -> None:
        """All of it, each act at its time."""
        # The ledger that fills itself is taken up today: its items are fresh.
        automatic = Ledger.objects.get(kind=LedgerKind.NOT_STARTED)
        ledger_keeping.close(automatic, by=self.office, at=self._ago(MEETINGS[0].days))
        for gathering in MEETINGS:
            self._at(self._ago(gathering.days), partial(self._meet, gathering))
        first = self.today.replace(day=1)
        for _month in range(MONTHS_BACK):
            last = first - dt.timedelta(days=1)
            month = Month(last.year, last.month)
            evening = self._day(last - dt.timedelta(days=2), 16)
            self._at(evening, partial(self._file, month, evening))
            morning = self._day(first, 7)
            self._at(morning, partial(supervise, at=morning))
            first = last.replace(day=1)
        week = self._ago(9)
        self._at(week, partial(supervise, at=week))
        self._at(self._ago(8), self._decide)
        self._at(self.now, partial(self._take_up, automatic))
        self._at(self.now, partial(supervise, at=self.now))
        while self._waiting:
            _when, _number, act = heappop(self._waiting)
            act()

    def _take_up(self, ledger: Ledger) -> None:
        ledger_keeping.open_again(ledger, by=self.office)

    # -- time --------------------------------------------------------------------------
    def _at(self, when: dt.datetime, act: Act) -> None:
        """Have something happen at an instant; what lies ahead of now does not happen."""
        if when <= self.now:
            heappush(self._waiting, (when, next(self._number), act))

    def _ago(self, days: int) -> dt.datetime:
        return self.now - dt.timedelta(days=days)

    @staticmethod
    def _day(day: dt.date, hour: int) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))

    # -- a meeting ---------------------------------------------------------------------
    def _meet(self, gathering: Gathering) -> None:
        """Minutes are recorded and split; a leader approves, the office hands over."""
        at = self._ago(gathering.days) - dt.timedelta(minutes=10)
        held_on = timezone.localdate(at)
        meeting = meetings.record(
            self.ledgers[gathering.ledger],
            number=gathering.number.format(year=held_on.year),
            title=gathering.title,
            held_on=held_on,
            text=gathering.minutes(held_on, today=self.today),
            by=self.office,
            at=at,
        )
        items = meetings.draft_items(
            meeting, meetings.propose(meeting), by=self.office, at=at + dt.timedelta(minutes=1)
        )
        for item, decision in zip(items, gathering.decisions, strict=True):
            self._hand_over(item, decision, at + dt.timedelta(minutes=2))

    def _hand_over(self, item: LedgerItem, decision: Decision, at: dt.datetime) -> None:
        if decision.life == "draft":
            return
        if decision.life == "withdrawn":
            ledgers.withdraw(item, reason="与上次会议议定的重复", by=self.office, at=at)
            return
        item = ledgers.approve(item, by=self.leader, at=at)
        if decision.life == "approved":
            return
        at += dt.timedelta(minutes=1)
        item = ledgers.issue(item, by=self.office, at=at)
        person = self.people.get(decision.by)
        if person is not None:
            Life(self, Case(item, decision, person, at)).plan()

    # -- the office's months -----------------------------------------------------------
    def _file(self, month: Month, at: dt.datetime) -> None:
        """Most units file their month; some forget an item."""
        for item in monthly_progress.expected(month, at=at).order_by("pk"):
            person = self.speakers.get(item.unit_id or 0)
            if person is None or item.pk % 5 == 0:
                continue
            is_hard = item.was_late and item.state == ItemState.ACTIVE
            monthly_progress.file(
                item,
                month=month,
                state=ProgressState.DIFFICULT if is_hard else ProgressState.ON_TRACK,
                text="手续办理慢于计划，正在会商" if is_hard else "按计划推进，节点正常",
                obstacle="用地指标尚未下达" if is_hard else "",
                by=person,
                at=at,
            )

    def _decide(self) -> None:
        """A leader approves the first inspection that was proposed, and declines the second."""
        proposed = Escalation.objects.filter(state=EscalationState.PROPOSED).order_by("pk")
        for step, approve in zip(proposed[:2], (True, False), strict=False):
            reason = "" if approve else "已当面约谈，先看半个月"
            escalation.decide(step, approve=approve, reason=reason, by=self.leader, at=self._ago(8))


class Life:
    """What a unit does with an item, by the kind of its life."""

    def __init__(self, office: Office, case: Case) -> None:
        self.office, self.case = office, case

    def plan(self) -> None:
        """Lay out all that will happen."""
        getattr(self, f"_{self.case.decision.life}")()

    def _on(self, days: int, hours: int, act: Callable[[LedgerItem, dt.datetime], object]) -> None:
        when = self.case.began + dt.timedelta(days=days, hours=hours)

        def happen() -> None:
            self.case.item = LedgerItem.objects.get(pk=self.case.item.pk)
            act(self.case.item, when)

        self.office._at(when, happen)

    def _begin(self, *, assigned: int = 0, answered: int = 2) -> None:
        by = self.case.person
        self._on(0, 0, lambda item, at: ledgers.accept(item, by=by, at=at))
        self._on(assigned, 0, lambda item, at: ledgers.assign(item, person=by, by=by, at=at))
        words = "已研究制定方案，明确步骤和责任分工"
        self._on(answered, 0, lambda item, at: ledgers.feed_back(item, text=words, by=by, at=at))

    def _progress(self, days: int, text: str) -> None:
        by = self.case.person
        self._on(days, 1, lambda item, at: ledgers.progress(item, text=text, by=by, at=at))

    def _submit(self, days: int, text: str = "已办结，结果见办理记录") -> None:
        by = self.case.person
        self._on(days, 1, lambda item, at: ledgers.submit(item, text=text, by=by, at=at))

    def _pass(self, days: int) -> None:
        by = self.office.people["supervisor-2"]
        words = "现场核实，与报送一致"
        self._on(days, 2, lambda item, at: ledgers.pass_(item, text=words, by=by, at=at))

    def _close(self, days: int) -> None:
        by = self.office.leader
        self._on(days, 3, lambda item, at: ledgers.close(item, by=by, at=at))

    def _plan_day(self, days: int) -> None:
        """A dated plan, up to the deadline that the meeting set."""
        by = self.case.person

        def file(item: LedgerItem, at: dt.datetime) -> object:
            day = item.due_on or timezone.localdate(at) + dt.timedelta(days=40)
            return ledgers.plan(item, planned_on=day, text="按季度分步推进", by=by, at=at)

        self._on(days, 1, file)

    # -- the lives ---------------------------------------------------------------------
    def _silent(self) -> None:
        """Nothing was done with it yet."""

    def _quick(self) -> None:
        self._begin()
        self._submit(5)
        self._pass(6)
        self._close(6)

    def _late(self) -> None:
        self._begin(assigned=1, answered=5)
        self._submit(13)
        self._pass(15)
        self._close(15)

    def _major(self) -> None:
        self._begin()
        self._progress(12, "完成资料组卷，进入评审")
        self._submit(25)
        self._pass(26)
        self._close(27)

    def _planned(self) -> None:
        self._begin()
        self._plan_day(4)
        self._progress(20, "完成年度计划的一半")

    def _stuck(self) -> None:
        self._begin()
        self._progress(5, "与企业两次对接，条件尚未谈定")

    def _submitted(self) -> None:
        self._begin()
        self._submit(4)

    def _passed(self) -> None:
        self._begin()
        self._submit(3)
        self._pass(4)

    def _returned(self) -> None:
        self._begin()
        self._submit(4)
        by, reason = self.office.office, "只有会议记录，没有批复文件，请补齐后再报"
        self._on(5, 0, lambda item, at: ledgers.return_(item, reason=reason, by=by, at=at))

    def _asked(self) -> None:
        """A later day is asked for; nobody answered yet."""
        self._planned()
        by, day = self.case.person, self.office.today + dt.timedelta(days=60)
        self._on(
            24,
            0,
            lambda item, at: ledgers.ask_plan(
                item, planned_on=day, reason="上级批复晚于预期", by=by, at=at
            ),
        )

    def _granted(self) -> None:
        """A later day was asked for and granted."""
        self._asked()
        by = self.office.leader
        self._on(25, 0, lambda item, at: ledgers.grant_plan(item, text="同意", by=by, at=at))

    def _reopened(self) -> None:
        self._quick()
        by, reason = self.office.leader, "企业反映问题反复，需再次办理"
        self._on(20, 0, lambda item, at: ledgers.reopen(item, reason=reason, by=by, at=at))
