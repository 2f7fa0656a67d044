"""Planned days: every slippage is kept, and since when they are missed one after the other."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.models import Park, User
from crm.refusals import ReasonNeeded
from pipeline import plans, projects
from pipeline.models import Project
from tests.factories import OrganizationFactory, ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

DAY = dt.date


def moved(project: Project, to: DAY | None, *, by: User, on: str, reason: str = "") -> Project:
    return projects.edit(
        project,
        fields={"planned_start_on": to},
        plan_reason=reason,
        by=by,
        at=instant(f"{on} 10:00"),
    )


@pytest.fixture
def planned(officer: User) -> Project:
    """Signed, and to start on 10 April."""
    return moved(ProjectFactory(signed=True), DAY(2026, 4, 10), by=officer, on="2026-03-06")


def test_a_plan_that_is_set_or_moved_is_kept_with_who_when_and_why(
    planned: Project, officer: User
) -> None:
    moved(planned, DAY(2026, 5, 10), by=officer, on="2026-04-01", reason="设计未完成")
    first, second = planned.plan_changes.order_by("id")
    assert (first.before, first.after, first.what) == (None, DAY(2026, 4, 10), "start")
    assert (second.before, second.after) == (DAY(2026, 4, 10), DAY(2026, 5, 10))
    assert (second.reason, second.recorded_by) == ("设计未完成", officer)
    assert second.recorded_at == instant("2026-04-01 10:00")


def test_a_plan_set_with_the_registration_is_kept(officer: User, park: Park) -> None:
    project = projects.register(
        investor=OrganizationFactory(),
        fields={"name": "甲", "park": park, "planned_finish_on": DAY(2027, 1, 1)},
        by=officer,
        at=instant("2026-05-01 10:00"),
    )
    assert [(c.what, c.after) for c in project.plan_changes.all()] == [("finish", DAY(2027, 1, 1))]


def test_an_edit_of_something_else_keeps_no_plan_change(planned: Project, officer: User) -> None:
    projects.edit(
        planned,
        fields={"lead_unit": "x", "planned_start_on": DAY(2026, 4, 10)},
        by=officer,
        at=instant("2026-06-01 10:00"),
    )
    assert planned.plan_changes.count() == 1


def test_a_missed_plan_is_moved_with_a_reason_only(planned: Project, officer: User) -> None:
    with refused(ReasonNeeded):
        moved(planned, DAY(2026, 6, 1), by=officer, on="2026-04-11")
    moved(planned, DAY(2026, 6, 1), by=officer, on="2026-04-11", reason="用地未落实")
    planned.refresh_from_db()
    assert planned.missed_start_since == DAY(2026, 4, 10)


def test_on_its_own_day_a_plan_is_not_missed_yet(planned: Project, officer: User) -> None:
    moved(planned, DAY(2026, 6, 1), by=officer, on="2026-04-10")
    planned.refresh_from_db()
    assert planned.missed_start_since is None


def test_plans_missed_one_after_the_other_count_from_the_first(
    planned: Project, officer: User
) -> None:
    moved(planned, DAY(2026, 6, 1), by=officer, on="2026-05-01", reason="用地未落实")
    moved(planned, DAY(2026, 8, 1), by=officer, on="2026-07-01", reason="资金未到")
    planned.refresh_from_db()
    assert planned.missed_start_since == DAY(2026, 4, 10)


def test_a_plan_moved_in_time_ends_the_row(planned: Project, officer: User) -> None:
    moved(planned, DAY(2026, 6, 1), by=officer, on="2026-05-01", reason="用地未落实")
    moved(planned, DAY(2026, 8, 1), by=officer, on="2026-05-20")
    planned.refresh_from_db()
    assert planned.missed_start_since is None


def test_taking_a_missed_plan_away_does_not_forget_that_it_was_missed(
    planned: Project, officer: User
) -> None:
    moved(planned, None, by=officer, on="2026-05-01", reason="重新排期")
    moved(planned, DAY(2026, 9, 1), by=officer, on="2026-05-02")
    planned.refresh_from_db()
    assert planned.missed_start_since == DAY(2026, 4, 10)


def test_what_has_started_misses_no_start(officer: User) -> None:
    project = ProjectFactory(started=True)
    moved(project, DAY(2026, 4, 10), by=officer, on="2026-03-06")
    moved(project, DAY(2026, 6, 20), by=officer, on="2026-07-01")
    project.refresh_from_db()
    assert project.missed_start_since is None
    assert project.plan_changes.count() == 2


# --- against a naive reference ---------------------------------------------------------------
days = st.dates(DAY(2026, 1, 1), DAY(2026, 3, 1))
moves = st.lists(st.tuples(days, st.none() | days), max_size=8)


def naive(history: list[tuple[DAY, DAY | None]]) -> DAY | None:
    """Looking back from the last move: the first plan of the unbroken run of missed ones."""
    stood: list[tuple[DAY, DAY]] = []  # each plan that was moved, and when
    for (_set_on, plan), (moved_on, new) in pairwise(history):
        if plan is not None and plan != new:
            stood.append((plan, moved_on))
    since = None
    for plan, moved_on in reversed(stood):
        if plan >= moved_on:
            break
        since = plan
    return since


@given(moves)
def test_missed_since_is_the_first_of_the_last_run_of_missed_plans(
    history: list[tuple[DAY, DAY | None]],
) -> None:
    history = sorted(history, key=lambda move: move[0])
    since, plan = None, None
    for today, new in history:
        if new != plan:
            since = plans.missed_since(since, plan, was_missed=plan is not None and plan < today)
        plan = new
    assert since == naive(history)
