"""The ledger of signed projects that have not started fills and empties itself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Unit, User
from pipeline import ledgers, milestones, not_started
from pipeline.models import EventKind, ItemState, Ledger, LedgerItem, LedgerKind, StatusChange
from pipeline.not_started import fill
from pipeline.rollups import Window, not_started_counts
from tests.factories import (
    ParkFactory,
    ProjectFactory,
    UserFactory,
    instant,
    prepare_start,
    reach,
)
from tests.ledger_factories import LedgerFactory, UnitFactory, person_of

pytestmark = pytest.mark.django_db
NOON = instant("2026-09-30 12:00")
LATER = instant("2026-10-20 12:00")


@pytest.fixture
def committee() -> Unit:
    return UnitFactory(name="园区管委会", park=ParkFactory(slug="rare-metals"))


@pytest.fixture
def ledger(committee: Unit) -> Ledger:
    return LedgerFactory(slug="not-started", kind=LedgerKind.NOT_STARTED, prefix="开")


@pytest.fixture
def verifier() -> User:
    return UserFactory(username="verifier", verifier=True)


def test_each_project_of_the_figure_gets_an_item_for_its_parks_committee(
    ledger: Ledger, committee: Unit
) -> None:
    project = ProjectFactory(signed=True, patron_leader="县长", task_force="专班甲")
    ProjectFactory(started=True)
    ProjectFactory(in_contact=True)
    assert fill(at=NOON).opened == 1
    item = LedgerItem.objects.get()
    assert (item.ledger, item.project, item.unit) == (ledger, project, committee)
    assert (item.state, item.issued_on) == (ItemState.ISSUED, dt.date(2026, 9, 30))
    assert item.goal == f"推动“{project.name}”开工"
    assert (item.is_major, item.leader_text, item.task_force) == (True, "县长", "专班甲")


def test_twice_does_nothing(ledger: Ledger) -> None:
    ProjectFactory(signed=True)
    fill(at=NOON)
    assert fill(at=NOON) == fill(at=LATER) == not_started.Filled()
    assert LedgerItem.objects.count() == 1


def test_the_unit_that_the_project_names_goes_before_the_committee(ledger: Ledger) -> None:
    energy = UnitFactory(name="县能源局", aliases=["能源局"])
    ProjectFactory(signed=True, lead_unit="能源局")
    ProjectFactory(signed=True, lead_unit="不认识的局")
    fill(at=NOON)
    assert [item.unit for item in LedgerItem.objects.order_by("pk")] == [
        energy,
        Unit.objects.get(name="园区管委会"),
    ]


def test_a_project_that_nobody_answers_for_is_named(ledger: Ledger) -> None:
    project = ProjectFactory(signed=True, without_park=True)
    assert fill(at=NOON).nobody == [project.pk]
    assert not LedgerItem.objects.exists()


def test_a_plan_to_come_is_the_deadline_and_one_that_was_missed_is_none(ledger: Ledger) -> None:
    ProjectFactory(signed=True, planned_start_on=dt.date(2026, 12, 1))
    ProjectFactory(signed=True, planned_start_on=dt.date(2026, 9, 29))
    fill(at=NOON)
    due = LedgerItem.objects.order_by("pk").values_list("due_on", flat=True)
    assert list(due) == [dt.date(2026, 12, 1), None]


def test_a_verified_groundbreaking_closes_the_item_with_day_and_verifier(
    ledger: Ledger,
) -> None:
    project = ProjectFactory(signed=True)
    fill(at=NOON)
    prepare_start(project)
    start = reach(project, "groundbreaking", on=dt.date(2026, 10, 12))
    assert fill(at=LATER).closed == 1
    item = LedgerItem.objects.get()
    assert (item.state, item.closed_at) == (ItemState.CLOSED, LATER)
    text = item.events.get(kind=EventKind.CLOSED).text
    assert "2026-10-12 开工" in text
    assert str(start.verified_by) in text
    assert fill(at=LATER) == not_started.Filled()


def test_a_termination_closes_the_item(ledger: Ledger) -> None:
    project = ProjectFactory(signed=True)
    fill(at=NOON)
    StatusChange.objects.create(
        project=project,
        status="terminated",
        occurred_on=dt.date(2026, 10, 1),
        reason="企业放弃",
        recorded_at=instant("2026-10-02 10:00"),
        recorded_by=project.officer,
        approved_by=UserFactory(username="leader", leader=True),
    )
    assert fill(at=LATER).closed == 1
    assert "2026-10-01 终止" in LedgerItem.objects.get().events.get(kind=EventKind.CLOSED).text


def test_a_revoked_groundbreaking_makes_an_item_that_reopens_the_closed_one(
    ledger: Ledger, verifier: User
) -> None:
    project = ProjectFactory(signed=True)
    fill(at=NOON)
    prepare_start(project)
    start = reach(project, "groundbreaking", on=dt.date(2026, 10, 12))
    fill(at=LATER)
    after = instant("2026-10-25 12:00")
    milestones.revoke(start, reason="只是平整场地", by=verifier, at=after)
    done = fill(at=after)
    assert (done.opened, done.reopened) == (1, 1)
    first, again = LedgerItem.objects.order_by("pk")
    assert (first.state, again.state, again.reopens) == (
        ItemState.CLOSED,
        ItemState.ISSUED,
        first,
    )
    assert first.events.latest("id").kind == EventKind.REOPENED
    assert fill(at=after) == not_started.Filled()


def test_an_item_with_open_tasks_under_it_waits_for_them(ledger: Ledger, committee: Unit) -> None:
    project = ProjectFactory(signed=True)
    fill(at=NOON)
    item = LedgerItem.objects.get()
    ledgers.hand_over(
        ledger,
        goal="平整场地",
        unit=committee,
        parent=item,
        act="schedule.run",
        by=not_started.clerk(),
        at=NOON,
    )
    prepare_start(project)
    reach(project, "groundbreaking", on=dt.date(2026, 10, 12))
    done = fill(at=LATER)
    assert (done.closed, done.held) == (0, 1)


def test_the_units_people_are_told(ledger: Ledger) -> None:
    liaison = person_of(UnitFactory(name="县能源局"))
    ProjectFactory(signed=True, lead_unit="县能源局")
    fill(at=NOON)
    assert liaison.notices.filter(kind="item.issued").count() == 1


def test_without_such_a_ledger_nothing_happens(db: None) -> None:
    ProjectFactory(signed=True)
    assert fill(at=NOON) == not_started.Filled()
    LedgerFactory(kind=LedgerKind.NOT_STARTED, closed_at=NOON)
    assert fill(at=NOON) == not_started.Filled()


def test_as_many_items_are_open_as_the_figure_counts(ledger: Ledger) -> None:
    for _n in range(3):
        ProjectFactory(signed=True)
    ProjectFactory(producing=True)
    fill(at=NOON)
    figure = not_started_counts(Window(2026, dt.date(2026, 9, 30), NOON))
    assert sum(figure.values()) == LedgerItem.objects.open().count() == 3


def test_a_run_that_finds_all_done_asks_as_often_for_many_as_for_few(ledger: Ledger) -> None:
    ProjectFactory(signed=True)
    fill(at=NOON)
    with CaptureQueriesContext(
        connection,
    ) as few:
        fill(at=NOON)
    for _n in range(5):
        ProjectFactory(signed=True)
    fill(at=NOON)
    with CaptureQueriesContext(connection) as many:
        fill(at=NOON)
    assert len(many) == len(few)
