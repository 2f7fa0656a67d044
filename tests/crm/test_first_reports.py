"""First-report protection: who holds an investor on a day, and until when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm import first_reports
from crm.first_reports import AlreadyExtended, NotHeld, Protected, months_after
from crm.models import FirstReport, Notice, Organization, Park, User
from crm.refusals import NotAllowed, ReasonNeeded
from tests.factories import OrganizationFactory, ParkFactory, UserFactory, instant

DAY = dt.date(2026, 1, 15)
MONTHS, IDLE, EXTENSION = 6, 90, 3


def noon(day: dt.date) -> dt.datetime:
    return instant(f"{day.isoformat()} 12:00")


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


@pytest.fixture
def here(db: None) -> Park:
    return ParkFactory(slug="rare-metals")


@pytest.fixture
def there(db: None) -> Park:
    return ParkFactory(slug="auto-materials")


@pytest.fixture
def officer(here: Park) -> User:
    return UserFactory(username="officer", park=here)


@pytest.fixture
def manager(here: Park) -> User:
    return UserFactory(username="manager", manager=True, park=here)


@pytest.fixture
def outsider(there: Park) -> User:
    return UserFactory(username="outsider", park=there)


@pytest.fixture
def investor(db: None) -> Organization:
    return OrganizationFactory(name="恒龙储能有限公司")


def report(investor: Organization, by: User, on: dt.date = DAY, **more: Any) -> FirstReport:
    given = {"park": by.park, "officer": by, "months": MONTHS, "idle_days": IDLE, **more}
    return first_reports.report(investor, on=on, by=by, at=noon(on), **given)


def extend(
    row: FirstReport, by: User, on: dt.date = DAY, reason: str = "对方在办手续"
) -> FirstReport:
    return first_reports.extend(
        row, months=EXTENSION, reason=reason, idle_days=IDLE, by=by, at=noon(on)
    )


def touch(investor: Organization, on: dt.date, *units: Park | None) -> None:
    first_reports.touch(
        investor.pk,
        on=on,
        idle_days=IDLE,
        units=[unit and unit.pk for unit in units] if units else None,
    )


def holder(investor: Organization, today: dt.date) -> FirstReport | None:
    """Who holds it, asked in both ways."""
    found = first_reports.protection(investor, today=today, idle_days=IDLE)
    by_row = [
        row
        for row in investor.first_reports.all()
        if first_reports.is_held(row, today=today, idle_days=IDLE)
    ]
    assert by_row == ([found] if found else [])
    return found


# --- the calendar ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        ("2026-01-15", 6, "2026-07-15"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-06-30", 6, "2026-12-30"),
        ("2026-12-01", 24, "2028-12-01"),
    ],
)
def test_months_end_on_the_same_day_or_the_month_s_last(day: str, months: int, until: str) -> None:
    assert months_after(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(until)


# --- how long --------------------------------------------------------------------------------
def test_the_very_last_day_is_still_protected(investor: Organization, officer: User) -> None:
    row = report(investor, officer)
    touch(investor, dt.date(2026, 4, 10))
    touch(investor, dt.date(2026, 6, 1))
    assert row.protected_until == dt.date(2026, 7, 15)
    assert holder(investor, dt.date(2026, 7, 15)) == row
    assert holder(investor, dt.date(2026, 7, 16)) is None


def test_it_lapses_after_ninety_idle_days_and_not_on_the_ninetieth(
    investor: Organization, officer: User
) -> None:
    row = report(investor, officer)
    assert holder(investor, DAY + days(90)) == row
    assert holder(investor, DAY + days(91)) is None


def test_it_holds_from_the_day_it_was_reported(investor: Organization, officer: User) -> None:
    report(investor, officer)
    assert holder(investor, DAY - days(1)) is None


def test_the_days_left_are_those_of_whichever_ends_first(
    investor: Organization, officer: User
) -> None:
    row = report(investor, officer)
    assert first_reports.days_left(row, today=DAY, idle_days=IDLE) == 90
    touch(investor, dt.date(2026, 4, 14))
    row.refresh_from_db()
    assert first_reports.days_left(row, today=dt.date(2026, 4, 14), idle_days=IDLE) == 90
    assert first_reports.days_left(row, today=dt.date(2026, 7, 13), idle_days=IDLE) == 0
    touch(investor, dt.date(2026, 5, 1))
    row.refresh_from_db()
    assert first_reports.last_day(row, idle_days=IDLE) == dt.date(2026, 7, 15)


def test_what_has_lapsed_does_not_come_alive_by_working_on(
    investor: Organization, officer: User
) -> None:
    report(investor, officer)
    touch(investor, DAY + days(91))
    assert holder(investor, DAY + days(91)) is None


def test_a_slip_in_the_year_keeps_nothing_alive(investor: Organization, officer: User) -> None:
    row = report(investor, officer)
    touch(investor, dt.date(1, 1, 1))
    row.refresh_from_db()
    assert row.active_on == DAY


def test_what_happened_earlier_changes_nothing(investor: Organization, officer: User) -> None:
    row = report(investor, officer)
    touch(investor, DAY - days(3))
    row.refresh_from_db()
    assert row.active_on == DAY


def test_what_other_units_do_keeps_nobody_s_protection(
    investor: Organization, officer: User, here: Park, there: Park
) -> None:
    row = report(investor, officer)
    touch(investor, DAY + days(10), there, None)
    row.refresh_from_db()
    assert row.active_on == DAY
    touch(investor, DAY + days(10), there, here)
    row.refresh_from_db()
    assert row.active_on == DAY + days(10)


def test_the_county_s_own_protection_is_kept_by_its_own_people(
    investor: Organization, there: Park
) -> None:
    row = report(investor, UserFactory(park=None))
    touch(investor, DAY + days(10), there)
    row.refresh_from_db()
    assert row.active_on == DAY
    touch(investor, DAY + days(10), None)
    row.refresh_from_db()
    assert row.active_on == DAY + days(10)


def test_a_list_of_what_lapses_soon_knows_expiry_and_idleness(officer: User) -> None:
    today = dt.date(2026, 7, 1)
    expiring = report(OrganizationFactory(), officer, on=dt.date(2026, 1, 10))
    idle = report(OrganizationFactory(), officer, on=dt.date(2026, 4, 10))
    safe = report(OrganizationFactory(), officer, on=dt.date(2026, 6, 1))
    gone = report(OrganizationFactory(), officer, on=dt.date(2026, 3, 1))
    for row in (expiring, safe):
        touch(row.organization, dt.date(2026, 4, 1))
        touch(row.organization, dt.date(2026, 6, 20))
    assert not first_reports.is_held(gone, today=today, idle_days=IDLE)
    assert set(first_reports.lapsing(today, 14, idle_days=IDLE)) == {expiring, idle}
    assert set(first_reports.lapsing(today, 9, idle_days=IDLE)) == {expiring, idle}
    assert set(first_reports.lapsing(today, 8, idle_days=IDLE)) == {idle}
    assert set(first_reports.lapsing(today, 7, idle_days=IDLE)) == set()


# --- who ---------------------------------------------------------------------------------------
def test_another_unit_is_told_who_holds_it_and_until_when_and_no_more(
    investor: Organization, officer: User, outsider: User
) -> None:
    row = report(investor, officer)
    with pytest.raises(Protected) as caught:
        report(investor, outsider, on=DAY + days(1))
    told = str(caught.value)
    assert (caught.value.until, caught.value.report) == (row.protected_until, row.pk)
    assert row.park is not None
    assert row.park.name in told
    assert "2026-07-15" in told
    assert officer.full_name not in told
    assert investor.first_reports.count() == 1


def test_a_colleague_joins_the_report_of_the_unit(
    investor: Organization, officer: User, here: Park
) -> None:
    row = report(investor, officer)
    joined = report(investor, UserFactory(park=here), on=DAY + days(30))
    assert (joined.pk, joined.officer, joined.active_on) == (row.pk, officer, DAY + days(30))
    assert joined.protected_until == row.protected_until


def test_what_has_lapsed_is_released_with_the_reason_and_another_may_report(
    investor: Organization, officer: User, outsider: User
) -> None:
    old = report(investor, officer)
    new = report(investor, outsider, on=DAY + days(91))
    old.refresh_from_db()
    assert old.release_reason == "长期没有实质推进，自动解除"
    assert (old.released_by, new.park) == (outsider, outsider.park)
    touch(investor, DAY + days(160))
    report(investor, officer, on=months_after(new.reported_on, MONTHS) + days(1))
    new.refresh_from_db()
    assert new.release_reason == "保护期满，自动解除"


def test_a_unit_may_report_anew_what_it_let_lapse(investor: Organization, officer: User) -> None:
    old = report(investor, officer)
    new = report(investor, officer, on=DAY + days(91))
    assert new.pk != old.pk
    assert holder(investor, DAY + days(91)) == new


def test_an_officer_reports_for_the_own_unit_only(
    investor: Organization, officer: User, there: Park
) -> None:
    with pytest.raises(NotAllowed):
        report(investor, officer, park=there, officer=UserFactory(park=there))
    with pytest.raises(NotAllowed):
        report(investor, UserFactory(verifier=True), park=None)


# --- extending -----------------------------------------------------------------------------------
def test_the_unit_s_manager_extends_once_and_the_officer_is_told(
    investor: Organization, officer: User, manager: User
) -> None:
    row = extend(report(investor, officer), manager)
    assert row.protected_until == dt.date(2026, 10, 15)
    assert (row.extended_by, row.extension_reason) == (manager, "对方在办手续")
    assert "2026-10-15" in Notice.objects.get(user=officer).text
    with pytest.raises(AlreadyExtended):
        extend(row, manager)


def test_a_county_s_report_is_extended_by_its_leader(investor: Organization) -> None:
    row = report(investor, UserFactory(park=None))
    extended = extend(row, UserFactory(leader=True))
    assert extended.protected_until == dt.date(2026, 10, 15)


def test_an_officer_does_not_extend_nor_another_park_s_manager(
    investor: Organization, officer: User, there: Park
) -> None:
    row = report(investor, officer)
    for by in (officer, UserFactory(manager=True, park=there)):
        with pytest.raises(NotAllowed):
            extend(row, by)


def test_an_extension_needs_a_reason_and_a_protection_that_holds(
    investor: Organization, officer: User, manager: User
) -> None:
    row = report(investor, officer)
    with pytest.raises(ReasonNeeded):
        extend(row, manager, reason=" ")
    with pytest.raises(NotHeld):
        extend(row, manager, on=DAY + days(91))


def test_an_officer_asks_the_manager_to_extend_once_a_day(
    investor: Organization, officer: User, manager: User
) -> None:
    row = report(investor, officer)
    for _again in range(2):
        first_reports.ask_extension(row, reason="等环评", by=officer, at=noon(DAY))
    notice = Notice.objects.get(user=manager)
    assert "等环评" in notice.text
    assert notice.url == f"/leads/reports/{row.pk}/"
    with pytest.raises(ReasonNeeded):
        first_reports.ask_extension(row, reason=" ", by=officer, at=noon(DAY))


# --- releasing ----------------------------------------------------------------------------------
def release(row: FirstReport, by: User, reason: str = "对方不来了") -> FirstReport:
    return first_reports.release(row, reason=reason, by=by, at=noon(DAY + days(2)))


def test_who_reported_and_the_manager_give_up_with_a_reason(
    officer: User, manager: User, outsider: User
) -> None:
    for by in (officer, manager):
        investor = OrganizationFactory()
        row = release(report(investor, officer), by)
        assert (row.released_by, row.release_reason) == (by, "对方不来了")
        assert holder(investor, DAY + days(2)) is None
        report(investor, outsider, on=DAY + days(2))


def test_neither_a_colleague_nor_another_unit_gives_it_up(
    investor: Organization, officer: User, outsider: User, here: Park
) -> None:
    row = report(investor, officer)
    for by in (UserFactory(park=here), outsider):
        with pytest.raises(NotAllowed):
            release(row, by)


def test_a_release_needs_a_reason_and_happens_once(investor: Organization, officer: User) -> None:
    row = report(investor, officer)
    with pytest.raises(ReasonNeeded):
        release(row, officer, reason="")
    release(row, officer)
    with pytest.raises(NotHeld):
        release(row, officer)


def test_a_protection_is_passed_on_with_the_days_that_are_left(
    investor: Organization, officer: User, manager: User, outsider: User, there: Park
) -> None:
    row = extend(report(investor, officer), manager)
    day = DAY + days(50)
    passed = first_reports.pass_on(
        row, park=there, officer=outsider, reason="随项目流转", by=manager, at=noon(day)
    )
    row.refresh_from_db()
    assert row.release_reason == "随项目流转"
    assert holder(investor, day) == passed
    assert passed.protected_until == row.protected_until
    assert (passed.reported_on, passed.active_on) == (DAY, day)
    assert passed.extended_at == row.extended_at


# --- at random ---------------------------------------------------------------------------------
@dataclass
class Naive:
    """The rule once more, walked day by day: who holds it, from events only."""

    unit: int | None = None
    until: dt.date = dt.date.min
    idle: int = 0
    is_extended: bool = False
    log: list[str] = field(default_factory=list)

    def a_day_passes(self, today: dt.date) -> None:
        self.idle += 1
        if self.unit is not None and (today > self.until or self.idle > IDLE):
            self.unit = None

    def report(self, unit: int, today: dt.date) -> bool:
        if self.unit not in (None, unit):
            return False
        if self.unit is None:
            self.unit, self.until, self.is_extended = unit, months_after(today, MONTHS), False
        self.idle = 0
        return True

    def touch(self, unit: int) -> None:
        if self.unit == unit:
            self.idle = 0

    def extend(self, unit: int) -> bool:
        if self.unit != unit or self.is_extended:
            return False
        self.until, self.is_extended = months_after(self.until, EXTENSION), True
        return True

    def release(self, unit: int) -> bool:
        if self.unit != unit:
            return False
        self.unit = None
        return True


acts = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 40), st.sampled_from([89, 90, 91, 181, 184])),  # days later
        st.sampled_from(["report", "touch", "extend", "release", "lapse"]),
        st.integers(0, 2),  # which unit
    ),
    max_size=12,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(start=st.dates(dt.date(2027, 6, 1), dt.date(2028, 9, 30)), story=acts)
def test_at_most_one_unit_holds_on_any_day_and_it_is_the_reference_s(
    db: None, start: dt.date, story: list[tuple[int, str, int]]
) -> None:
    with transaction.atomic():
        managers = [
            UserFactory(username=f"m-{n}", manager=True, park=ParkFactory(slug=f"unit-{n}"))
            for n in range(3)
        ]
        _walk(OrganizationFactory(), managers, start, story)
        transaction.set_rollback(True)


def _walk(
    investor: Organization, managers: list[User], start: dt.date, story: list[tuple[int, str, int]]
) -> None:
    naive, today = Naive(), start
    for later, act, unit in story:
        rows = list(investor.first_reports.all())
        for _day in range(later):
            today += days(1)
            naive.a_day_passes(today)
            holding = [r for r in rows if first_reports.is_held(r, today=today, idle_days=IDLE)]
            assert [managers.index(r.officer) for r in holding] == _said_by(naive)
        found = first_reports.protection(investor, today=today, idle_days=IDLE)
        assert ([managers.index(found.officer)] if found else []) == _said_by(naive)
        assert _did(investor, managers[unit], act, today) == _expected(naive, act, unit, today)


def _said_by(naive: Naive) -> list[int]:
    return [] if naive.unit is None else [naive.unit]


def _expected(naive: Naive, act: str, unit: int, today: dt.date) -> bool:
    if act == "report":
        return naive.report(unit, today)
    if act == "touch":
        naive.touch(unit)
    return {"extend": naive.extend, "release": naive.release}.get(act, lambda _unit: True)(unit)


def _did(investor: Organization, by: User, act: str, today: dt.date) -> bool:
    """Whether the act was not refused."""
    mine = investor.first_reports.filter(park=by.park, released_at__isnull=True).first()
    try:
        if act == "report":
            report(investor, by, on=today)
        elif act == "touch":
            touch(investor, today, by.park)
        elif act == "extend" and mine:
            extend(mine, by, on=today)
        elif act == "release" and mine:
            was_held = first_reports.is_held(mine, today=today, idle_days=IDLE)
            first_reports.release(mine, reason="不谈了", by=by, at=noon(today))
            return was_held  # what had lapsed may be released, and changes nobody's protection
        else:
            return act == "lapse"
    except (Protected, NotHeld, AlreadyExtended):
        return False
    return True
