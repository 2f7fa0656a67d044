"""Appealing against points of a card, and answering."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Unit, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline.appeals import (
    AlreadyAnswered,
    AlreadyAppealed,
    BadDay,
    BadPoints,
    NothingToGain,
    answer,
    appeal,
)
from pipeline.assessment import Card
from pipeline.figures import Window
from pipeline.models import ScoreAppeal
from tests import ledger_factories as ledgers
from tests.factories import ParkFactory, UserFactory, instant
from tests.pipeline.scorecards import DAY, NOW, card_of, less, one, table

pytestmark = pytest.mark.django_db
ANSWERED = instant("2026-10-05 10:00")


@pytest.fixture
def unit() -> Unit:
    """A unit with two items that were red: 2 × 2 points are gone, and 50 of 100 for closing."""
    unit: Unit = ledgers.UnitFactory()
    for number in range(2):
        item = ledgers.LedgerItemFactory(active=True, unit=unit)
        ledgers.EscalationFactory(item=item)
        if number:
            ledgers.ItemEventFactory(
                item=item, kind="closed", recorded_at=instant("2026-09-28 10:00")
            )
    table("unit", one("closed_items", 100, 2), less("overdue", 2, 10))
    return unit


def the_card(unit: Unit, **window: Any) -> Card:
    return card_of(str(unit.pk), "unit", **window)


def appealed(unit: Unit, measure: str = "overdue", **changed: Any) -> ScoreAppeal:
    given: dict[str, Any] = {
        "window": Window(2026, DAY, NOW),
        "measure": measure,
        "text": "上级批复晚",
        "by": ledgers.person_of(unit),
        "at": NOW,
    } | changed
    return appeal(the_card(unit).holder, **given)


def answered(row: ScoreAppeal, points: str | None = "1.5", **changed: Any) -> ScoreAppeal:
    given: dict[str, Any] = {
        "is_granted": points is not None,
        "points": None if points is None else Decimal(points),
        "text": "情况属实",
        "by": ledgers.the_supervisor(),
        "at": ANSWERED,
    } | changed
    return answer(row, **given)


def test_granted_points_count_from_the_answer_on_for_that_day_and_later(unit: Unit) -> None:
    answered(appealed(unit))
    later = instant("2026-10-06 10:00")
    after = the_card(unit, known_at=later)
    assert (after.deductions[0].points, after.given_back, after.total) == (
        Decimal("2.5"),
        Decimal("1.5"),
        Decimal("47.5"),
    )
    assert the_card(unit, known_at=instant("2026-10-05 09:59")).total == 46
    earlier_day = DAY - dt.timedelta(days=1)
    assert the_card(unit, as_of=earlier_day, known_at=later).total == 46


def test_points_of_a_measure_never_pass_its_weight(unit: Unit) -> None:
    answered(appealed(unit, "closed_items"), "50")
    later = instant("2026-10-06 10:00")
    item = ledgers.LedgerItemFactory(active=True, unit=unit)
    ledgers.ItemEventFactory(item=item, kind="closed", recorded_at=instant("2026-09-29 10:00"))
    line = the_card(unit, known_at=later).lines[0]
    assert (line.scored, line.points, line.given_back) == (100, 100, 0)


def test_an_appeal_that_is_declined_changes_no_points(unit: Unit) -> None:
    row = answered(appealed(unit), None)
    assert (row.is_granted, row.points, row.answer) == (False, None, "情况属实")
    assert the_card(unit, known_at=instant("2026-10-06 10:00")).total == 46


@pytest.mark.parametrize("points", [None, "0", "-1", "4.01", "0.001"])
def test_what_is_granted_lies_between_nothing_and_what_is_lost(
    unit: Unit, points: str | None
) -> None:
    row = appealed(unit)
    with pytest.raises(BadPoints):
        answered(row, points, is_granted=True)


def test_a_line_that_lost_nothing_or_is_not_in_the_table_has_nothing_to_gain(unit: Unit) -> None:
    for item in range(3):
        closed = ledgers.LedgerItemFactory(active=True, unit=unit)
        ledgers.ItemEventFactory(
            item=closed, kind="closed", recorded_at=instant(f"2026-09-2{item} 10:00")
        )
    for measure in ("closed_items", "falsehoods"):
        with pytest.raises(NothingToGain):
            appealed(unit, measure)


def test_one_appeal_at_a_time_and_one_answer(unit: Unit) -> None:
    row = appealed(unit)
    with pytest.raises(AlreadyAppealed):
        appealed(unit)
    answered(row)
    with pytest.raises(AlreadyAnswered):
        answered(row)
    assert appealed(unit, at=instant("2026-10-07 09:00")).pk != row.pk


def test_an_appeal_is_about_a_day_that_has_come_and_says_why(unit: Unit) -> None:
    for as_of in (NOW.date() + dt.timedelta(days=1), dt.date(2025, 12, 31)):
        with pytest.raises(BadDay):
            appealed(unit, window=Window(2026, as_of, NOW))
    with pytest.raises(ReasonNeeded):
        appealed(unit, text=" ")
    row = appealed(unit)
    with pytest.raises(ReasonNeeded):
        answered(row, text=" ")


def test_only_the_holder_s_people_appeal() -> None:
    park, other = ParkFactory(slug="east"), ParkFactory(slug="west")
    committee = ledgers.UnitFactory(park=park)
    item = ledgers.LedgerItemFactory(active=True, unit=committee)
    ledgers.EscalationFactory(item=item)
    officer = UserFactory(username="one", park=park)
    for level in ("park", "unit"):
        table(level, one("closed_items", 100, 2), less("overdue"))
    manager, stranger = (UserFactory(username=p.slug, manager=True, park=p) for p in (park, other))
    refused: list[User] = [officer, stranger, ledgers.person_of(ledgers.UnitFactory())]
    for level, key in (("park", "east"), ("unit", str(committee.pk))):
        holder = card_of(key, level).holder
        given: dict[str, Any] = {
            "window": Window(2026, DAY, NOW),
            "measure": "overdue",
            "text": "理由",
            "at": NOW,
        }
        for person in refused:
            with pytest.raises(NotAllowed):
                appeal(holder, by=person, **given)
        assert appeal(holder, by=manager, **given).level == level


def test_nobody_of_the_holder_answers(unit: Unit) -> None:
    row = appealed(unit)
    own = UserFactory(username="own", role="supervisor", unit=unit)
    for person in (own, ledgers.person_of(unit)):
        with pytest.raises(NotAllowed):
            answered(row, by=person)
    leader: User = UserFactory(leader=True)
    assert answered(row, by=leader).answered_by == leader


def test_who_may_answer_is_told_of_an_appeal_and_the_appellant_of_the_answer(unit: Unit) -> None:
    supervisor, leader = ledgers.the_supervisor(), UserFactory(username="boss", leader=True)
    own = UserFactory(username="own", role="supervisor", unit=unit)
    row = appealed(unit)
    told = {n.user.username for p in (supervisor, leader, own) for n in p.notices.all()}
    assert told == {"supervisor", "boss"}
    notice = supervisor.notices.get(kind="score.appealed")
    assert "逾期事项" in notice.text
    assert notice.url.endswith(f"#appeal-{row.pk}")
    answered(row)
    assert "1.5" in row.appealed_by.notices.get(kind="score.answered").text
