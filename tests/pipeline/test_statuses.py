"""Lost, terminated, suspended and taken up again: with reason, day and approver."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import statuses
from pipeline.models import Project, StatusChange
from pipeline.statuses import NotYetHappened, WrongStatus
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")


@pytest.fixture
def change(officer: User, manager: User) -> Any:
    def act(project: Project, to: str, **changes: Any) -> StatusChange:
        good = {
            "on": dt.date(2026, 9, 1),
            "reason": "资金断裂",
            "by": officer,
            "approved_by": manager,
            "at": NOON,
        }
        return statuses.change(project, to=to, **{**good, **changes})

    return act


@pytest.mark.parametrize(
    ("state", "to"),
    [("in_contact", "lost"), ("signed", "terminated"), ("signed", "suspended")],
)
def test_a_status_and_its_reversal_keep_the_stage(change: Any, state: str, to: str) -> None:
    project = ProjectFactory(**{state: True})
    stage = project.stage
    change(project, to)
    project.refresh_from_db()
    assert (project.status, project.stage) == (to, stage)
    change(project, "active")
    project.refresh_from_db()
    assert (project.status, project.stage) == ("active", stage)
    assert project.status_changes.count() == 2


def test_a_change_recorded_late_does_not_undo_what_came_after_it(change: Any) -> None:
    project = ProjectFactory(signed=True)
    change(project, "active", on=dt.date(2026, 9, 10))
    change(project, "suspended", on=dt.date(2026, 9, 1))
    project.refresh_from_db()
    assert project.status == "active"


def test_after_a_formal_contract_a_project_is_not_lost(change: Any) -> None:
    project = ProjectFactory(signed=True)
    with refused(WrongStatus):
        change(project, "lost")


def test_before_a_formal_contract_a_project_is_not_terminated(change: Any) -> None:
    project = ProjectFactory(in_contact=True)
    with refused(WrongStatus):
        change(project, "terminated")


def test_a_change_needs_a_reason_and_a_day_that_has_come(change: Any) -> None:
    project = ProjectFactory(signed=True)
    with refused(ReasonNeeded):
        change(project, "suspended", reason="")
    with refused(NotYetHappened):
        change(project, "suspended", on=dt.date(2026, 10, 1))


@pytest.mark.parametrize("who", ["outsider", "verifier", "leader", "auditor", "admin"])
def test_only_the_park_s_own_people_change_it(
    change: Any, who: str, request: pytest.FixtureRequest
) -> None:
    project, by = ProjectFactory(signed=True), request.getfixturevalue(who)
    with refused(NotAllowed):
        change(project, "suspended", by=by)


@pytest.mark.parametrize("who", ["officer", "outsider", "verifier", "auditor", "admin"])
def test_only_a_manager_or_leader_approves_it(
    change: Any, who: str, request: pytest.FixtureRequest
) -> None:
    project, approver = ProjectFactory(signed=True), request.getfixturevalue(who)
    with refused(NotAllowed):
        change(project, "suspended", approved_by=approver)
