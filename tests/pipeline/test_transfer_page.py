"""Handing a project over: shares that add up, what stays and what goes, who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from crm import first_reports
from crm.models import Notice, Park, User
from pipeline import follow_ups, protection, transfers
from pipeline.attribution import OfficerOfAnotherPark
from pipeline.models import FollowUp, Project
from pipeline.stages import MilestoneKind
from tests.factories import (
    FundsReceiptFactory,
    ParkFactory,
    ProjectFactory,
    UserFactory,
    claim,
    instant,
    prepare_start,
)
from tests.pipeline.refusing import refused

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 6, 1)


@pytest.fixture(autouse=True)
def end_of_september() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def project(park: Park, officer: User) -> Project:
    return ProjectFactory(signed=True, park=park, officer=officer)


@pytest.fixture
def page(project: Project) -> str:
    return f"/projects/{project.pk}/transfer/"


def sent(to: Park | None, **more: Any) -> dict[str, Any]:
    return {"to": to.pk if to else "", "on": "2026-06-01", "reason": "园区调整", **more}


# --- the verb ----------------------------------------------------------------------------------
def test_the_new_officer_takes_over_project_and_open_tasks_and_all_are_told(
    project: Project, officer: User, manager: User, outsider: User, other_park: Park
) -> None:
    theirs = UserFactory(username="their-manager", manager=True, park=other_park)
    for what in ("报送材料", "已办的事"):
        task = follow_ups.add(
            what=what, due_on=DAY, assignee=officer, project=project, by=officer, at=NOON
        )
    follow_ups.close(task, is_done=True, by=officer, at=NOON)
    transfers.hand_over(
        project, to=other_park, on=DAY, reason="换园", officer=outsider, by=manager, at=NOON
    )
    project.refresh_from_db()
    assert (project.park, project.officer) == (other_park, outsider)
    assert FollowUp.objects.get(what="报送材料").assignee == outsider
    assert FollowUp.objects.get(what="已办的事").assignee == officer
    told = Notice.objects.filter(kind="project.transferred")
    assert {notice.user for notice in told} == {officer, outsider, theirs}
    assert told[0].url == f"/projects/{project.pk}/"


def test_the_officer_belongs_to_the_park_that_it_goes_to(
    project: Project, manager: User, outsider: User
) -> None:
    third = ParkFactory(slug="third")
    with refused(OfficerOfAnotherPark):
        transfers.hand_over(
            project, to=third, on=DAY, reason="换园", officer=outsider, by=manager, at=NOON
        )


def test_shares_alone_move_nobody_and_tell_nobody(
    project: Project, officer: User, manager: User, park: Park
) -> None:
    transfers.hand_over(project, to=park, on=DAY, reason="分成", by=manager, at=NOON)
    project.refresh_from_db()
    assert (project.park, project.officer) == (park, officer)
    assert not Notice.objects.filter(kind="project.transferred").exists()


def test_what_is_verified_stays_and_a_claim_goes_by_its_day(project: Project) -> None:
    prepare_start(project)
    waiting = claim(project, MilestoneKind.GROUNDBREAKING, on=dt.date(2026, 6, 20))
    kinds = [m.kind for m in transfers.preview(project, on=DAY).stays]
    assert kinds == [MilestoneKind.CONTACT, MilestoneKind.SIGNING]
    assert transfers.preview(project, on=DAY).goes == [waiting]
    assert waiting in transfers.preview(project, on=dt.date(2026, 6, 21)).stays
    FundsReceiptFactory(project=project)
    assert transfers.preview(project, on=DAY).funds is None


# --- the page ----------------------------------------------------------------------------------
def test_a_manager_transfers_from_the_project_s_page(
    client: Client,
    project: Project,
    page: str,
    officer: User,
    manager: User,
    outsider: User,
    other_park: Park,
) -> None:
    protection.claim(project, by=officer, at=NOON)
    client.force_login(manager)
    assert page in client.get(f"/projects/{project.pk}/").content.decode()
    response = client.post(page, sent(other_park, officer=outsider.pk))
    assert response.status_code == 302
    project.refresh_from_db()
    assert (project.park, project.officer) == (other_park, outsider)
    report = first_reports.protection(project.investor_id, today=NOON.date(), idle_days=90)
    assert report is not None
    assert (report.park, report.officer) == (other_park, outsider)


def test_an_officer_is_not_offered_to_transfer(
    client: Client, project: Project, page: str, officer: User
) -> None:
    client.force_login(officer)
    assert page not in client.get(f"/projects/{project.pk}/").content.decode()
    assert client.get(page).status_code == 403


def test_shares_that_do_not_add_up_are_refused_and_nothing_typed_is_lost(
    client: Client, project: Project, page: str, manager: User, park: Park, other_park: Park
) -> None:
    client.force_login(manager)
    shares = {f"share-{park.slug}": "50", f"share-{other_park.slug}": "40"}
    response = client.post(page, sent(other_park, **shares))
    text = response.content.decode()
    assert response.status_code == 422
    assert "份额合计是 90%，要等于 100%" in text
    assert "园区调整" in text
    assert 'value="40"' in text
    shares[f"share-{park.slug}"] = "60"
    assert client.post(page, sent(other_park, **shares)).status_code == 302
    (row,) = project.attributions.filter(effective_on=DAY)
    assert {share.park: share.percent for share in row.shares.all()} == {park: 60, other_park: 40}


def test_to_the_park_that_it_is_in_only_shares_can_be_agreed(
    client: Client, project: Project, page: str, manager: User, park: Park
) -> None:
    client.force_login(manager)
    response = client.post(page, sent(park))
    assert response.status_code == 422
    assert "项目已在这里" in response.content.decode()


def test_a_preview_stores_nothing_and_complains_of_nothing(
    client: Client, project: Project, page: str, manager: User, other_park: Park
) -> None:
    client.force_login(manager)
    response = client.post(page, {"to": other_park.pk, "on": "2026-03-01", "preview": "1"})
    text = response.content.decode()
    assert response.status_code == 200
    assert "自 2026-03-01 起流转" in text
    assert "没有流转" not in text
    fragment = client.post(
        page, {"on": "2026-03-01", "preview": "1"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "自 2026-03-01 起流转" in fragment
    assert "<html" not in fragment
    assert not project.attributions.exists()


def test_who_lost_the_project_sees_it_and_transfers_it_no_more(
    client: Client, project: Project, page: str, manager: User, other_park: Park
) -> None:
    transfers.hand_over(project, to=other_park, on=DAY, reason="换园", by=manager, at=NOON)
    client.force_login(manager)
    assert client.get(f"/projects/{project.pk}/").status_code == 200
    assert client.get(page).status_code == 403
