"""An officer asks for another status, a manager or leader decides, both are told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import status_requests, statuses
from pipeline.models import Project, StatusRequest
from tests.factories import ProjectFactory, UserFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

ON = dt.date(2026, 9, 1)
ASKED, DECIDED = instant("2026-09-02 10:00"), instant("2026-09-03 10:00")


def ask(project: Project, by: User, to: str = "suspended", **changes: Any) -> StatusRequest:
    given = {"on": ON, "reason": "资金断裂", "at": ASKED, **changes}
    return status_requests.request(project, to=to, by=by, **given)


def notices(user: User) -> list[str]:
    return [n.kind for n in user.notices.all() if n.kind.startswith("status.")]


def test_nothing_changes_until_a_manager_approves(officer: User, manager: User) -> None:
    project = ProjectFactory(signed=True)
    asked = ask(project, officer)
    project.refresh_from_db()
    assert project.status == "active"
    change = status_requests.approve(asked, by=manager, at=DECIDED)
    project.refresh_from_db()
    asked.refresh_from_db()
    assert project.status == "suspended"
    assert (change.recorded_by, change.approved_by, change.occurred_on) == (officer, manager, ON)
    assert (asked.is_approved, asked.decided_by, asked.decided_at) == (True, manager, DECIDED)


def test_the_park_s_managers_are_told_and_then_whoever_asked(
    officer: User, manager: User, leader: User
) -> None:
    elsewhere = UserFactory(username="manager-elsewhere", manager=True)
    project = ProjectFactory(signed=True)
    asked = ask(project, officer)
    assert notices(manager) == ["status.asked"]
    assert manager.notices.get().url == f"/projects/{project.pk}/#status"
    assert notices(leader) == notices(elsewhere) == []
    status_requests.approve(asked, by=manager, at=DECIDED)
    assert notices(officer) == ["status.decided"]


def test_where_no_park_has_a_manager_the_leaders_are_told(leader: User) -> None:
    project = ProjectFactory(without_park=True, signed=True)
    ask(project, project.officer)
    assert notices(leader) == ["status.asked"]


def test_a_refusal_says_why_and_leaves_the_status(officer: User, leader: User) -> None:
    project = ProjectFactory(signed=True)
    asked = ask(project, officer)
    with refused(ReasonNeeded):
        status_requests.refuse(asked, decision=" ", by=leader, at=DECIDED)
    status_requests.refuse(asked, decision="再谈一次", by=leader, at=DECIDED)
    project.refresh_from_db()
    assert project.status == "active"
    assert "再谈一次" in officer.notices.get(kind="status.decided").text
    ask(project, officer)  # may be asked for again


@pytest.mark.parametrize("who", ["officer", "outsider", "verifier", "auditor", "admin"])
def test_only_who_may_approve_decides(
    who: str, officer: User, request: pytest.FixtureRequest
) -> None:
    asked = ask(ProjectFactory(signed=True), officer)
    by = request.getfixturevalue(who)
    with refused(NotAllowed):
        status_requests.approve(asked, by=by, at=DECIDED)
    with refused(NotAllowed):
        status_requests.refuse(asked, decision="不行", by=by, at=DECIDED)


def test_a_manager_of_another_park_does_not_decide(officer: User) -> None:
    asked = ask(ProjectFactory(signed=True), officer)
    with refused(NotAllowed):
        status_requests.approve(asked, by=UserFactory(manager=True), at=DECIDED)


def test_who_may_approve_decides_their_own_request(manager: User) -> None:
    project = ProjectFactory(signed=True, park=manager.park)
    status_requests.approve(ask(project, manager), by=manager, at=DECIDED)
    project.refresh_from_db()
    assert project.status == "suspended"
    assert notices(manager) == []  # nobody is told what they did themselves


def test_a_request_is_decided_once(officer: User, manager: User) -> None:
    asked = ask(ProjectFactory(signed=True), officer)
    status_requests.approve(asked, by=manager, at=DECIDED)
    for act in (
        lambda: status_requests.approve(asked, by=manager, at=DECIDED),
        lambda: status_requests.refuse(asked, decision="x", by=manager, at=DECIDED),
        lambda: status_requests.withdraw(asked, by=officer, at=DECIDED),
    ):
        with refused(status_requests.AlreadyDecided):
            act()


def test_one_request_waits_at_a_time_and_can_be_withdrawn(officer: User, manager: User) -> None:
    project = ProjectFactory(signed=True)
    asked = ask(project, officer)
    with refused(status_requests.AlreadyRequested):
        ask(project, officer, to="terminated")
    with refused(NotAllowed):
        status_requests.withdraw(asked, by=manager, at=DECIDED)
    status_requests.withdraw(asked, by=officer, at=DECIDED)
    ask(project, officer, to="terminated")


def test_what_a_change_refuses_a_request_refuses(officer: User) -> None:
    project = ProjectFactory(signed=True)
    for refusal, changes in (
        (statuses.WrongStatus, {"to": "lost"}),
        (statuses.NotYetHappened, {"on": dt.date(2026, 9, 3)}),
        (ReasonNeeded, {"reason": ""}),
        (status_requests.NothingToChange, {"to": "active"}),
    ):
        with refused(refusal):
            ask(project, officer, **changes)


def test_a_request_of_who_left_the_project_is_not_carried_out(
    officer: User, manager: User, other_park: Any
) -> None:
    project = ProjectFactory(signed=True)
    asked = ask(project, officer)
    Project.objects.filter(pk=project.pk).update(officer=None)
    User.objects.filter(pk=officer.pk).update(park=other_park)
    with refused(status_requests.AskerGone):
        status_requests.approve(asked, by=manager, at=DECIDED)
