"""A unit files how each of its items went in a month: which are owed, what is late, who is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm.models import Notice, Role, Unit
from crm.refusals import NotAllowed
from pipeline import monthly_progress as progress
from pipeline.ledger_refusals import NotOfUnit
from pipeline.models import ItemState, LedgerItem, MonthlyProgress
from pipeline.months import Month, read_month
from tests.factories import ParkFactory, UserFactory, instant
from tests.ledger_factories import (
    LedgerItemFactory,
    UnitFactory,
    person_of,
    the_supervisor,
)

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2026, 9)
WITHIN = instant("2026-09-28 10:00")
AFTER = instant("2026-10-05 10:00")


def an_item(unit: Unit | None = None, **more: Any) -> LedgerItem:
    """An item that was handed over on the first of September."""
    unit = unit or UnitFactory(name="住建局")
    given = {"issued_on": dt.date(2026, 9, 1), **more}
    return LedgerItemFactory(active=True, unit=unit, **given)


def closed(item: LedgerItem, at: dt.datetime) -> LedgerItem:
    LedgerItem.objects.filter(pk=item.pk).update(
        state=ItemState.CLOSED, closed_at=at, closed_by=the_supervisor()
    )
    return item


def filed(item: LedgerItem, at: dt.datetime = WITHIN, **more: Any) -> MonthlyProgress:
    said = {"state": "on_track", "text": "主体封顶", **more}
    by = said.pop("by", None) or person_of(item.unit)
    return progress.file(item, month=SEPTEMBER, by=by, at=at, **said)


def owed(at: dt.datetime = AFTER) -> set[LedgerItem]:
    return set(progress.expected(SEPTEMBER, at=at))


def test_the_units_own_people_file() -> None:
    item = an_item()
    row = filed(item)
    assert (row.unit, row.month, row.text) == (item.unit, dt.date(2026, 9, 1), "主体封顶")


def test_a_parks_people_file_for_its_committee() -> None:
    park = ParkFactory()
    item = an_item(UnitFactory(name="管委会", park=park))
    assert filed(item, by=UserFactory(username="m", role=Role.MANAGER, park=park)).pk


def test_another_units_people_do_not() -> None:
    with pytest.raises(NotOfUnit):
        filed(an_item(), by=person_of(UnitFactory(name="水利局")))


def test_the_supervision_office_does_not() -> None:
    with pytest.raises(NotAllowed):
        filed(an_item(), by=the_supervisor())


def test_a_month_is_filed_from_its_first_day_on() -> None:
    item = an_item(issued_on=dt.date(2026, 8, 1))
    with pytest.raises(progress.NotBegun):
        filed(item, at=instant("2026-08-31 23:59"))
    assert filed(item, at=instant("2026-09-01 00:00")).pk


def test_what_comes_after_the_months_last_day_is_taken_and_late() -> None:
    early, late = an_item(), an_item()
    filed(early, at=instant("2026-09-30 23:59"))
    filed(late, at=instant("2026-10-01 00:00"))
    (row,) = progress.by_unit(SEPTEMBER, at=AFTER)
    assert (row.owed, row.filed, row.in_time, row.late, row.missing) == (2, 2, 1, 1, 0)


def test_the_first_filing_tells_whether_it_came_in_time_and_the_newest_is_read() -> None:
    item = an_item()
    filed(item)
    filed(item, at=AFTER, text="已经封顶")
    found = progress.filings([item], [SEPTEMBER], at=AFTER)[item.pk, SEPTEMBER.first]
    assert (found.newest.text, found.is_late) == ("已经封顶", False)


def test_what_was_filed_later_was_not_known_before() -> None:
    item = an_item()
    filed(item, at=AFTER)
    (row,) = progress.by_unit(SEPTEMBER, at=instant("2026-10-01 09:00"))
    assert row.missing == 1


def test_the_same_words_once_more_add_nothing() -> None:
    item = an_item()
    filed(item)
    filed(item)
    assert item.monthly_progress.count() == 1


@pytest.mark.parametrize("wrong", [{"text": "  "}, {"state": "difficult"}])
def test_a_difficulty_is_named_and_something_is_said(wrong: dict[str, str]) -> None:
    with pytest.raises(progress.WordsNeeded):
        filed(an_item(), **wrong)


def test_handed_over_on_the_last_day_is_owed_the_day_after_is_not() -> None:
    item = an_item(issued_on=dt.date(2026, 9, 30))
    an_item(issued_on=dt.date(2026, 10, 1))
    assert owed() == {item}


def test_closed_on_the_last_day_is_owed_the_day_before_is_not() -> None:
    item = closed(an_item(), instant("2026-09-30 00:00"))
    closed(an_item(), instant("2026-09-29 23:59"))
    assert owed() == {item}


def test_before_it_is_handed_over_nothing_is_owed() -> None:
    LedgerItemFactory()
    assert owed() == set()


def test_while_the_month_runs_what_is_open_now_is_owed() -> None:
    item = closed(an_item(), instant("2026-09-20 10:00"))
    assert owed(instant("2026-09-20 09:00")) == {item}
    assert owed(instant("2026-09-20 10:00")) == set()


def test_what_is_not_owed_is_not_filed() -> None:
    with pytest.raises(progress.NotOwed):
        filed(an_item(issued_on=dt.date(2026, 10, 2)), at=AFTER)


def told(kind: str) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(kind=kind).order_by("pk")
    return [(row.user.username, row.text) for row in rows.select_related("user")]


def test_a_unit_is_reminded_once_from_so_many_days_before_the_end_with_its_count() -> None:
    item = an_item()
    an_item()
    person = person_of(item.unit)
    filed(item, at=instant("2026-09-20 10:00"))
    progress.remind(at=instant("2026-09-24 23:59"))
    assert told("progress.due") == []
    for hour in (1, 9):
        progress.remind(at=instant(f"2026-09-25 0{hour}:00"))
    assert told("progress.due") == [
        (person.username, "2026年9月的月度进展还有 1 项没有填报，请在月底前填报")
    ]


def test_who_filed_everything_is_not_reminded() -> None:
    filed(an_item())
    progress.remind(at=WITHIN)
    progress.remind(at=AFTER)
    assert not Notice.objects.exists()


def test_what_is_missing_is_told_to_the_unit_and_the_office_once_after_the_end() -> None:
    person, office = person_of(an_item().unit), the_supervisor()
    progress.remind(at=instant("2026-10-01 00:05"))
    progress.remind(at=AFTER)
    assert told("progress.missing") == [
        (person.username, "2026年9月的月度进展还有 1 项没有填报，请尽快补报"),
        (office.username, "2026年9月有 1 个单位共 1 项没有填报月度进展"),
    ]


def test_a_run_that_was_missed_for_a_month_is_caught_up() -> None:
    an_item()
    the_supervisor()
    progress.remind(at=instant("2026-11-03 09:00"))
    months = [text[:8] for _name, text in told("progress.missing")]
    assert sorted(months) == ["2026年10月", "2026年9月有"]


def test_a_parks_managers_are_told_of_its_committees_items() -> None:
    park = ParkFactory()
    an_item(UnitFactory(name="管委会", park=park))
    manager = UserFactory(username="m", role=Role.MANAGER, park=park)
    UserFactory(username="o", park=park)
    progress.remind(at=WITHIN)
    assert [name for name, _text in told("progress.due")] == [manager.username]


@pytest.mark.parametrize("wrong", ["2026-13", "2026-9", "26-09", "1999-12", ""])
def test_what_is_no_month_is_none(wrong: str) -> None:
    assert read_month(wrong) is None


def test_months_are_counted_over_the_year() -> None:
    assert Month(2026, 1).earlier() == Month(2025, 12)
    assert Month(2026, 12).later() == Month(2027, 1)
    assert Month(2024, 2).last == dt.date(2024, 2, 29)
