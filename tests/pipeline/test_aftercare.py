"""Aftercare: issues raised and solved, who was visited, and what is to be built next."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import aftercare, due
from pipeline.models import AftercareIssue, Interaction, Project
from pipeline.past import InTheFuture
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOW = instant("2026-10-10 10:00")
TODAY = dt.date(2026, 10, 10)
DAY = dt.date


@pytest.fixture
def project() -> Project:
    return ProjectFactory(producing=True)


def issue(project: Project, by: User, **changes: Any) -> AftercareIssue:
    given = {"what": "用电增容", "raised_on": DAY(2026, 10, 1), "at": NOW, **changes}
    return aftercare.raise_issue(project, by=by, **given)


def visit(project: Project, on: DAY, by: User, kind: str = "aftercare") -> Interaction:
    return Interaction.objects.create(
        project=project,
        organization=project.investor,
        kind=kind,
        occurred_on=on,
        summary="走访",
        recorded_at=NOW,
        recorded_by=by,
    )


def test_an_issue_is_raised_solved_and_taken_up_again(project: Project, officer: User) -> None:
    raised = issue(project, officer, unit="供电公司", due_on=DAY(2026, 10, 31))
    solved = aftercare.solve(raised, on=TODAY, solution="已增容", by=officer, at=NOW)
    assert (solved.solved_on, solved.solved_by, solved.solution) == (TODAY, officer, "已增容")
    with refused(aftercare.AlreadySolved):
        aftercare.solve(raised, on=TODAY, solution="再次", by=officer, at=NOW)
    again = aftercare.reopen(raised, by=officer, at=NOW)
    assert (again.solved_on, again.solution) == (None, "已增容")
    with refused(aftercare.NotSolved):
        aftercare.reopen(raised, by=officer, at=NOW)
    assert "诉求重开：用电增容" in project.history.latest("history_id").history_change_reason


def test_what_an_issue_needs(project: Project, officer: User) -> None:
    with refused(ReasonNeeded):
        issue(project, officer, what=" ")
    with refused(InTheFuture):
        issue(project, officer, raised_on=DAY(2026, 10, 11))
    raised = issue(project, officer)
    with refused(ReasonNeeded):
        aftercare.solve(raised, on=TODAY, solution="", by=officer, at=NOW)
    with refused(aftercare.SolvedBeforeRaised):
        aftercare.solve(raised, on=DAY(2026, 9, 30), solution="x", by=officer, at=NOW)


def test_before_production_a_trouble_is_no_aftercare(officer: User) -> None:
    with refused(aftercare.NotProducing):
        issue(ProjectFactory(started=True), officer)


def test_an_issue_comes_from_a_visit_to_the_same_project(project: Project, officer: User) -> None:
    elsewhere = visit(ProjectFactory(producing=True), TODAY, officer)
    with refused(aftercare.AnotherProject):
        issue(project, officer, interaction=elsewhere)


@pytest.mark.parametrize("who", ["outsider", "verifier", "leader", "auditor"])
def test_only_the_project_s_people_handle_issues(
    who: str, project: Project, officer: User, request: pytest.FixtureRequest
) -> None:
    raised, by = issue(project, officer), request.getfixturevalue(who)
    with refused(NotAllowed):
        issue(project, by)
    with refused(NotAllowed):
        aftercare.solve(raised, on=TODAY, solution="x", by=by, at=NOW)


@pytest.mark.parametrize(
    ("due_on", "done_on", "light"),
    [
        (DAY(2026, 10, 9), None, "red"),
        (DAY(2026, 10, 10), None, "yellow"),
        (DAY(2026, 10, 13), None, "yellow"),
        (DAY(2026, 10, 14), None, "green"),
        (DAY(2026, 10, 1), DAY(2026, 10, 9), "green"),
        (None, None, "none"),
        (None, DAY(2026, 10, 9), "green"),
    ],
)
def test_the_light_of_what_is_due(due_on: DAY | None, done_on: DAY | None, light: str) -> None:
    assert due.due_light(due_on, done_on, today=TODAY) == light


def test_solving_is_activity_and_raising_is_not(project: Project, officer: User) -> None:
    before = project.active_on
    raised = issue(project, officer)
    project.refresh_from_db()
    assert project.active_on == before
    aftercare.solve(raised, on=TODAY, solution="已增容", by=officer, at=NOW)
    project.refresh_from_db()
    assert project.active_on == TODAY


def test_an_expansion_links_to_its_parent_and_takes_what_is_known_along(
    project: Project, officer: User
) -> None:
    lead = aftercare.expand(project, name="二期扩产", by=officer, at=NOW)
    assert (lead.parent, lead.is_expansion, lead.stage) == (project, True, "lead")
    assert (lead.investor, lead.park, lead.industry) == (
        project.investor,
        project.park,
        project.industry,
    )


def test_the_overview_tells_the_last_visit_and_what_is_open(
    project: Project, officer: User
) -> None:
    quiet, _other = ProjectFactory(producing=True), ProjectFactory(started=True)
    visit(project, DAY(2026, 9, 20), officer)
    visit(project, DAY(2026, 10, 2), officer)
    visit(project, DAY(2026, 10, 5), officer, kind="call")
    issue(project, officer, due_on=DAY(2026, 10, 5))
    issue(project, officer)
    done = issue(project, officer)
    aftercare.solve(done, on=TODAY, solution="x", by=officer, at=NOW)
    rows = {row.pk: row for row in aftercare.cared_for(officer, today=TODAY)}
    assert set(rows) == {project.pk, quiet.pk}
    row: Any = rows[project.pk]
    assert (row.visited_on, row.open_issues, row.overdue_issues) == (DAY(2026, 10, 2), 2, 1)
    nothing: Any = rows[quiet.pk]
    assert (nothing.visited_on, nothing.open_issues) == (None, None)


def test_the_overview_is_narrowed_to_what_waits(project: Project, officer: User) -> None:
    quiet = ProjectFactory(producing=True)
    visit(project, DAY(2026, 10, 2), officer)
    issue(project, officer, due_on=DAY(2026, 10, 12))
    rows = aftercare.cared_for(officer, today=TODAY)
    assert list(rows.filter(aftercare.with_issues(today=TODAY))) == [project]
    assert not rows.filter(aftercare.with_issues(today=TODAY, only_overdue=True))
    assert list(rows.filter(aftercare.unvisited(since=DAY(2026, 10, 1)))) == [quiet]


def test_an_outsider_sees_nobody_s_aftercare_but_their_own(
    project: Project, outsider: User
) -> None:
    assert not aftercare.cared_for(outsider, today=TODAY)
