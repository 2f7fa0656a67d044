"""How promises stood in a month as known at an instant: read from what happened alone."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.models import CalendarDay, Unit
from pipeline import ledgers
from pipeline.lights import Light
from pipeline.models import ItemState
from pipeline.months import Month
from pipeline.promises import Promise, standing, standings
from tests.factories import instant
from tests.ledger_factories import LedgerItemFactory, UnitFactory, person_of, the_supervisor
from tests.pipeline.kept import begun, finished, on, promised, urged

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2026, 9)
LATER = on("11-01")


@pytest.fixture
def unit() -> Unit:
    return UnitFactory(name="住建局")


def known(at: dt.datetime = LATER, month: Month = SEPTEMBER) -> list[Promise]:
    return list(standing(month, known_at=at).promises)


def test_a_draft_is_no_promise() -> None:
    LedgerItemFactory()
    assert known() == []


def test_handed_over_on_the_last_day_counts_and_a_day_later_does_not(unit: Unit) -> None:
    item = promised(unit, "09-30")
    promised(unit, "10-01")
    assert [p.item for p in known()] == [item]


def test_closed_on_the_last_day_is_closed_in_the_month(unit: Unit) -> None:
    item = finished(begun(promised(unit, "09-29"), "09-29"), "09-30", 23)
    (promise,) = known()
    assert (promise.item, promise.is_closed, promise.is_owed) == (item, True, True)
    assert known(month=Month(2026, 10)) == []


def test_closed_the_day_before_the_last_owes_no_progress(unit: Unit) -> None:
    finished(begun(promised(unit)), "09-29", 23)
    (promise,) = known()
    assert (promise.is_closed, promise.is_owed) == (True, False)


def test_what_was_closed_before_the_month_is_not_in_it(unit: Unit) -> None:
    finished(begun(promised(unit, "08-30"), "08-30"), "08-31", 23)
    assert known() == []


def test_closed_after_the_month_it_was_still_open_at_its_end(unit: Unit) -> None:
    finished(begun(promised(unit)), "10-02")
    (promise,) = known()
    assert (promise.state, promise.light) == (ItemState.ACTIVE, Light.RED)
    assert (promise.due_on, promise.days_overdue) == (dt.date(2026, 9, 8), 22)


def test_due_on_the_last_day_it_is_not_red_yet_at_midnight(unit: Unit) -> None:
    begun(promised(unit, "09-23"), "09-23")
    (promise,) = known()
    assert (promise.due_on, promise.light) == (dt.date(2026, 9, 30), Light.YELLOW)


def test_what_waits_for_the_supervision_office_is_not_timed(unit: Unit) -> None:
    item = begun(promised(unit))
    ledgers.submit(item, text="已完成", by=person_of(unit), at=on("09-05"))
    (promise,) = known()
    assert (promise.state, promise.light, promise.due_on) == ("submitted", Light.NONE, None)


def test_a_plan_in_force_is_the_due_day(unit: Unit) -> None:
    item = begun(promised(unit, is_major=True))
    ledgers.plan(item, planned_on=dt.date(2026, 12, 1), by=person_of(unit), at=on("09-10"))
    (promise,) = known()
    assert (promise.due_on, promise.light) == (dt.date(2026, 12, 1), Light.GREEN)


def test_a_step_is_known_from_when_it_was_written_and_decided_when_it_was(unit: Unit) -> None:
    item = promised(unit)
    urged(item, "09-01", node="assign", recorded_at=on("09-05"))
    urged(
        item,
        "09-01",
        level=3,
        node="assign",
        triggered_on=dt.date(2026, 9, 20),
        recorded_at=on("09-20"),
        state="approved",
        decided_at=on("10-03"),
        decided_by=the_supervisor(),
        deadline=dt.date(2026, 10, 20),
    )
    (early,), (then,), (late,) = known(on("09-04")), known(on("10-01")), known()
    assert early.steps == ()
    assert [step.state for step in then.steps] == ["done", "proposed"]
    assert [step.state for step in late.steps] == ["done", "approved"]
    assert (then.level, late.level) == (1, 3)


def test_words_and_unit_are_those_of_then(unit: Unit) -> None:
    item, office = promised(unit, goal="完成征地"), the_supervisor()
    other = UnitFactory(name="自然资源局")
    ledgers.edit(item, goal="完成征地拆迁", unit=other, by=office, at=on("10-05"))
    (then,), (now,) = known(on("10-04")), known(month=Month(2026, 10))
    assert (then.goal, then.unit, then.unit_id) == ("完成征地", "住建局", unit.pk)
    assert (now.goal, now.unit, now.unit_id) == ("完成征地拆迁", "自然资源局", other.pk)


def test_due_days_roll_to_working_days_where_the_ledger_says_so(unit: Unit) -> None:
    item = begun(promised(unit, "09-05"), "09-05")  # a Saturday a week later
    CalendarDay.objects.create(day=dt.date(2026, 10, 1), is_working=False, name="国庆节")
    item.ledger.working_days = True
    item.ledger.save()
    (promise,) = known(on("09-11"))
    assert promise.due_on == dt.date(2026, 9, 14)


@pytest.mark.parametrize("count", [1, 12])
def test_the_queries_do_not_grow_with_items_or_months(
    unit: Unit, count: int, django_assert_num_queries: object
) -> None:
    for _ in range(count):
        begun(promised(unit))
    months = [Month(2026, 9).later(n - count) for n in range(1, count + 1)]
    with django_assert_num_queries(7):  # type: ignore[operator]
        standings(months, known_at=instant("2026-10-02 10:00"))
