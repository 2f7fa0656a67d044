"""What the constraints of ledgers, score cards and deliveries refuse: cases for
``test_constraints``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from crm.models import Job, Role
from pipeline.models import LeadClock, LedgerItem
from tests import factories as basic
from tests import ledger_factories as make
from tests.ledger_factories import DAY, NOON


def _person() -> Any:
    return basic.UserFactory(username="second")


def _twice(factory: Callable[..., Any], **same: Any) -> None:
    factory(**same)
    factory(**same)


def _own(column: str) -> None:
    item = make.LedgerItemFactory()
    LedgerItem.objects.filter(pk=item.pk).update(**{column: item.pk})


def _keyed_job() -> Job:
    return Job.objects.create(kind="noop", asked_by=_person(), created_at=NOON, key="noop:1")


def _closed(**changes: Any) -> Any:
    good = {"state": "closed", "unit": make.UnitFactory(), "issued_on": DAY, "closed_at": NOON}
    return make.LedgerItemFactory(**{**good, "closed_by": _person(), **changes})


def _review(**changes: Any) -> Any:
    good = {"state": "filed", "filed_at": NOON, "filed_by": _person(), "digest": "a" * 64}
    return make.AreaReviewFactory(**{**good, **changes})


def _answered(**changes: Any) -> Any:
    good = {"is_granted": False, "answer": "不成立", "answered_at": NOON}
    return make.ScoreAppealFactory(**{**good, "answered_by": _person(), **changes})


CASES: dict[str, list[Callable[[], Any]]] = {
    # people and units
    "user_of_unit_has_unit": [
        lambda: basic.UserFactory(role=Role.UNIT),
        lambda: basic.UserFactory(
            role=Role.UNIT, unit=make.UnitFactory(), park=basic.ParkFactory()
        ),
    ],
    "job_once_per_occasion": [lambda: [_keyed_job(), _keyed_job()]],
    # notices outside of the pages
    "notice_choice_once": [lambda: _twice(make.NoticeChoiceFactory)],
    "notice_hours_quiet_whole": [
        lambda: make.NoticeHoursFactory(quiet_from=dt.time(21)),
        lambda: make.NoticeHoursFactory(quiet_until=dt.time(8)),
    ],
    "notice_channel_kind_known": [lambda: make.NoticeChannelFactory(kind="pigeon")],
    "notice_channel_quiet_whole": [lambda: make.NoticeChannelFactory(quiet_until=None)],
    "notice_channel_one_scope": [
        lambda: make.NoticeChannelFactory(unit=make.UnitFactory(), park=basic.ParkFactory())
    ],
    "delivery_once_to_person": [lambda: _twice(make.DeliveryFactory, key="same")],
    "delivery_once_to_channel": [
        lambda: _twice(
            make.DeliveryFactory, user=None, channel=make.NoticeChannelFactory(), key="same"
        )
    ],
    "delivery_one_recipient": [
        lambda: make.DeliveryFactory(user=None),
        lambda: make.DeliveryFactory(channel=make.NoticeChannelFactory()),
    ],
    "delivery_state_known": [lambda: make.DeliveryFactory(state="lost")],
    "delivery_sent_when_sent": [
        lambda: make.DeliveryFactory(state="sent"),
        lambda: make.DeliveryFactory(sent_at=NOON),
    ],
    # ledgers
    "ledger_kind_known": [lambda: make.LedgerFactory(kind="novel")],
    "ledger_one_of_automatic_kind": [
        lambda: [make.LedgerFactory(kind="not_started") for _ in range(2)],
        lambda: [make.LedgerFactory(kind="instructions") for _ in range(2)],
    ],
    "meeting_number_once_per_ledger": [
        lambda: _twice(make.MeetingFactory, ledger=make.LedgerFactory(), number="1号")
    ],
    "item_number_once_per_ledger": [
        lambda: _twice(make.LedgerItemFactory, ledger=make.LedgerFactory(), number="1")
    ],
    "item_state_known": [
        lambda: make.LedgerItemFactory(state="lost", unit=make.UnitFactory(), issued_on=DAY)
    ],
    "item_node_known": [lambda: make.LedgerItemFactory(active=True, node="never")],
    "item_level_known": [lambda: make.LedgerItemFactory(active=True, level=9)],
    "item_goal_given": [lambda: make.LedgerItemFactory(goal="")],
    "item_issued_to_a_unit": [
        lambda: make.LedgerItemFactory(active=True, unit=None),
        lambda: make.LedgerItemFactory(active=True, issued_on=None),
    ],
    "item_clock_only_while_it_runs": [
        lambda: make.LedgerItemFactory(clock_due_on=DAY),
        lambda: _closed(clock_due_on=DAY),
    ],
    "item_closed_by_somebody": [
        lambda: _closed(closed_by=None),
        lambda: _closed(closed_at=None),
        lambda: make.LedgerItemFactory(closed_at=NOON, closed_by=_person()),
    ],
    "item_not_its_own_parent": [lambda: _own("parent")],
    "item_does_not_reopen_itself": [lambda: _own("reopens")],
    "item_event_kind_known": [lambda: make.ItemEventFactory(kind="forgotten")],
    "item_event_plan_has_day": [
        lambda: make.ItemEventFactory(kind="planned"),
        lambda: make.ItemEventFactory(kind="plan_asked"),
    ],
    "ledger_file_not_empty": [lambda: make.LedgerFileFactory(size=0)],
    "ledger_file_of_one_thing": [
        lambda: make.LedgerFileFactory(item=None),
        lambda: make.LedgerFileFactory(meeting=make.MeetingFactory()),
    ],
    # pressing
    "escalation_once_per_level_and_clock": [
        lambda: _twice(make.EscalationFactory, item=make.LedgerItemFactory(active=True))
    ],
    "escalation_level_known": [lambda: make.EscalationFactory(level=0)],
    "escalation_state_of_level": [
        lambda: make.EscalationFactory(state="proposed"),
        lambda: make.EscalationFactory(level=3),
    ],
    "escalation_decided_whole": [
        lambda: make.EscalationFactory(**make.named(decided_by=None)),
        lambda: make.EscalationFactory(**make.named(decided_at=None)),
        lambda: make.EscalationFactory(**make.named(state="proposed")),
    ],
    "escalation_approved_with_deadline": [
        lambda: make.EscalationFactory(**make.named(deadline=None))
    ],
    # leads
    "lead_clock_kind_known": [
        lambda: LeadClock.objects.create(project=basic.ProjectFactory(), kind="none", due_on=DAY)
    ],
    "lead_step_kind_known": [lambda: make.LeadStepFactory(kind="dreamt")],
    "lead_step_judged_with_verdict": [
        lambda: make.LeadStepFactory(kind="judged"),
        lambda: make.LeadStepFactory(is_worth=True),
    ],
    # the monthly loop
    "monthly_progress_state_known": [lambda: make.MonthlyProgressFactory(state="asleep")],
    "monthly_progress_first_of_month": [lambda: make.MonthlyProgressFactory(month=DAY)],
    "monthly_progress_says_something": [lambda: make.MonthlyProgressFactory(text="")],
    "monthly_progress_difficulty_named": [lambda: make.MonthlyProgressFactory(state="difficult")],
    "area_review_once_a_month": [lambda: _twice(make.AreaReviewFactory, area=make.AreaFactory())],
    "area_review_first_of_month": [lambda: make.AreaReviewFactory(month=DAY)],
    "area_review_filed_whole": [
        lambda: _review(filed_by=None),
        lambda: _review(filed_at=None),
        lambda: _review(digest=""),
        lambda: make.AreaReviewFactory(filed_at=NOON, filed_by=_person()),
    ],
    "instruction_says_something": [lambda: make.InstructionFactory(text="")],
    "report_subject_known": [
        lambda: basic.ReportFactory(subject="weather"),
        lambda: basic.ReportFactory(subject="supervision", kind="quarter", number=3),
        lambda: basic.ReportFactory(
            subject="supervision", kind="month", number=9, park=basic.ParkFactory()
        ),
    ],
    # score cards
    "score_scheme_level_known": [lambda: make.ScoreSchemeFactory(level="moon")],
    "score_scheme_reason_given": [lambda: make.ScoreSchemeFactory(reason="")],
    "indicator_once_per_scheme": [
        lambda: _twice(make.IndicatorFactory, scheme=make.ScoreSchemeFactory())
    ],
    "indicator_weight_positive": [lambda: make.IndicatorFactory(weight=Decimal(0))],
    "indicator_deduction_per_case": [
        lambda: make.IndicatorFactory(is_deduction=True),
        lambda: make.IndicatorFactory(is_deduction=True, per_case=Decimal(0)),
        lambda: make.IndicatorFactory(per_case=Decimal(1)),
        lambda: make.IndicatorFactory(is_deduction=True, per_case=Decimal(1), target=Decimal(5)),
    ],
    "indicator_target_positive": [lambda: make.IndicatorFactory(target=Decimal(0))],
    "falsehood_of_one_thing": [lambda: make.FalsehoodFactory(item=None)],
    "falsehood_with_reason": [lambda: make.FalsehoodFactory(reason="")],
    "falsehood_once_per_milestone": [
        lambda: _twice(
            make.FalsehoodFactory,
            item=None,
            milestone=basic.ProjectFactory(signed=True).milestones.get(kind="signing"),
        )
    ],
    "falsehood_once_per_item": [
        lambda: _twice(make.FalsehoodFactory, item=make.LedgerItemFactory(active=True))
    ],
    "score_appeal_of_its_level": [
        lambda: make.ScoreAppealFactory(unit=None),
        lambda: make.ScoreAppealFactory(park=basic.ParkFactory()),
        lambda: make.ScoreAppealFactory(level="officer"),
    ],
    "score_appeal_text_given": [lambda: make.ScoreAppealFactory(text="")],
    "score_appeal_answered_whole": [
        lambda: _answered(answer=""),
        lambda: _answered(answered_by=None),
        lambda: _answered(answered_at=None),
        lambda: make.ScoreAppealFactory(answer="不成立"),
    ],
    "score_appeal_granted_with_points": [
        lambda: _answered(is_granted=True),
        lambda: _answered(points=Decimal(1)),
    ],
    "rollup_check_compared_something": [lambda: make.RollupCheckFactory(compared=0)],
}
