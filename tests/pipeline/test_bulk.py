"""One act on many projects: each row alone, with a report, and taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from crm import jobs
from crm.models import Job, JobState, Park, Tag, User
from crm.refusals import NotAllowed
from pipeline import bulk
from pipeline.listing import Wanted
from pipeline.models import Project, ProjectTag
from tests.factories import ProjectFactory, UserFactory, instant

NOW = instant("2026-11-24 10:00")


@pytest.fixture
def colleague(park: Park) -> User:
    return UserFactory(username="colleague", park=park)


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told of a job: what is not done in the request waits."""
    monkeypatch.setattr(jobs, "_send", lambda job_id: None)


def officers(*projects: Project) -> list[str | None]:
    found = Project.objects.in_bulk([project.pk for project in projects])
    return [getattr(found[project.pk].officer, "username", None) for project in projects]


def test_each_row_is_assigned_or_refused_with_a_reason(
    manager: User, colleague: User, other_park: Park
) -> None:
    a, b = ProjectFactory(name="甲"), ProjectFactory(name="乙", officer=colleague)
    other = ProjectFactory(name="丙", park=other_park)
    moved = ProjectFactory(name="丁", signed=True)  # its credit stays, its park does not
    Project.objects.filter(pk=moved.pk).update(park=other_park, officer=None)
    moved.attributions.create(
        park=manager.park, reason="首谈", recorded_at=NOW, recorded_by=manager
    )
    keys = [a.pk, b.pk, other.pk, moved.pk, 0]
    report = bulk.assign(keys, colleague, by=manager, at=NOW)
    assert report.done == [(a.pk, a.officer_id)]
    assert report.unchanged == 1
    assert [(key, name) for key, name, _why in report.refused] == [
        (other.pk, str(other.pk)),  # out of sight: not even its name
        (moved.pk, "丁"),
        (0, "0"),
    ]
    assert officers(a, other, moved) == ["colleague", "officer-auto-materials", None]


def test_an_assignment_is_taken_back_and_again(manager: User, colleague: User) -> None:
    a, b = ProjectFactory(), ProjectFactory(officer=None)
    report = bulk.assign([a.pk, b.pk], colleague, by=manager, at=NOW)
    back = bulk.assign_back(report.done, by=manager, at=NOW)
    assert officers(a, b) == ["officer-rare-metals", None]
    bulk.assign_back(back.done, by=manager, at=NOW)
    assert officers(a, b) == ["colleague", "colleague"]


def test_a_tag_is_put_on_and_taken_off_each_row(officer: User) -> None:
    tag = Tag.objects.create(name="重点")
    a, b = ProjectFactory(), ProjectFactory()
    bulk.tag([a.pk], tag, by=officer, at=NOW)
    report = bulk.tag([a.pk, b.pk], tag, by=officer, at=NOW)
    assert (report.done, report.unchanged) == ([(b.pk, None)], 1)
    bulk.tag([a.pk], tag, is_off=True, by=officer, at=NOW)
    assert [link.project for link in ProjectTag.objects.all()] == [b]


def test_nobody_else_acts_and_nothing_chosen_is_said(leader: User, officer: User) -> None:
    with pytest.raises(NotAllowed):
        bulk.assign([1], None, by=leader, at=NOW)
    with pytest.raises(bulk.NothingChosen):
        bulk.assign([], officer, by=officer, at=NOW)


def test_all_that_match_are_those_of_the_list_up_to_a_limit(
    officer: User, other_park: Park, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProjectFactory(park=other_park)
    own = ProjectFactory.create_batch(2)
    ProjectFactory(signed=True)
    wanted = Wanted.of("stage=lead&sort=registered")
    assert set(bulk.matching(wanted, by=officer, at=NOW)) == {project.pk for project in own}
    monkeypatch.setattr(bulk, "MOST", 1)
    with pytest.raises(bulk.TooMany):
        bulk.matching(wanted, by=officer, at=NOW)


def act(client: Client, **data: Any) -> Any:
    return client.post("/projects/bulk/", {"act": "assign", "which": "picked", **data})


def test_a_few_are_done_at_once_and_their_job_reports_and_undoes(
    client: Client, manager: User, colleague: User
) -> None:
    a, b = ProjectFactory(), ProjectFactory()
    client.force_login(manager)
    response = act(client, officer=colleague.pk, pk=[a.pk])
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert job.state == JobState.DONE
    assert officers(a, b) == ["colleague", "officer-rare-metals"]
    shown = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "改了 1 个" in shown
    assert f"/projects/bulk/{job.pk}/undo/" in shown
    client.post(f"/projects/bulk/{job.pk}/undo/")
    assert officers(a, b) == ["officer-rare-metals", "officer-rare-metals"]


def test_many_wait_for_a_worker_who_acts_in_the_person_s_name(
    client: Client, manager: User, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    projects = ProjectFactory.create_batch(2)
    tag = Tag.objects.create(name="重点")
    client.force_login(manager)
    act(client, which="all", query="stage=lead", act="tag", tag=tag.pk)
    job = Job.objects.get()
    assert job.state == JobState.QUEUED
    assert not ProjectTag.objects.exists()
    jobs.run(job.pk, clock=lambda: NOW)
    assert {link.added_by for link in ProjectTag.objects.all()} == {manager}
    client.post(f"/projects/bulk/{job.pk}/undo/")
    jobs.run(Job.objects.latest("pk").pk, clock=lambda: NOW)
    assert not ProjectTag.objects.exists()
    assert len(projects) == 2


def test_a_refused_act_shows_the_list_again_with_what_was_ticked(
    client: Client, manager: User
) -> None:
    project = ProjectFactory(name="甲")
    client.force_login(manager)
    response = act(client, pk=[project.pk], query="stage=lead")
    shown = response.content.decode()
    assert response.status_code == 422
    assert "请选择招商专员" in shown
    assert response.context["picked"] == {project.pk}
    assert response.context["lines"]
    nothing = act(client, officer=project.officer_id)
    assert nothing.status_code == 422
    assert "还没有选中项目" in nothing.content.decode()
    assert not Job.objects.exists()


def test_another_s_act_is_not_taken_back(client: Client, manager: User, officer: User) -> None:
    job = Job.objects.create(
        kind="projects.bulk",
        asked_by=manager,
        state=JobState.DONE,
        attempt=1,
        created_at=NOW,
        started_at=NOW,
        finished_at=NOW + dt.timedelta(seconds=1),
    )
    client.force_login(officer)
    assert client.post(f"/projects/bulk/{job.pk}/undo/").status_code == 404
