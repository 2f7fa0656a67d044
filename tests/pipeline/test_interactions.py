"""Recording a meeting: one entry with its people, photos and next step, or nothing at all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile, File
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Attachment, Contact, FirstReport, Park, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline.interactions import (
    MOST_PHOTOS,
    AnotherOrganization,
    Newcomer,
    NextStepUnclear,
    NotAnOfficer,
    NotAPhoto,
    TooLongAgo,
    record,
)
from pipeline.models import FollowUp, Interaction, Project
from pipeline.past import InTheFuture
from tests.factories import (
    ContactFactory,
    OrganizationFactory,
    ProjectFactory,
    UserFactory,
    instant,
)
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db
NOW, TODAY = instant("2026-03-05 16:00"), dt.date(2026, 3, 5)


def photo(name: str = "现场.jpg", content: bytes = b"\xff\xd8\xff\xe0 picture") -> File[bytes]:
    return ContentFile(content, name)


@pytest.fixture
def project(officer: User) -> Project:
    return ProjectFactory(park=officer.park, officer=officer)


def met(of: Project, by: User, **more: Any) -> Interaction:
    given = {
        "organization": of.investor,
        "project": of,
        "kind": "visit_out",
        "occurred_on": TODAY,
        "summary": "看了厂区，谈到用地 120 亩",
        "by": by,
        "at": NOW,
    }
    return record(**{**given, **more})


def test_an_entry_keeps_whom_when_what_and_who_was_there(project: Project, officer: User) -> None:
    contact = ContactFactory(organization=project.investor)
    colleague = UserFactory(username="colleague")
    row = met(project, officer, contacts=[contact], officers=[colleague])
    assert (row.organization, row.project, row.occurred_on) == (project.investor, project, TODAY)
    assert list(row.contacts.all()) == [contact]
    assert set(row.officers.all()) == {officer, colleague}
    assert (row.recorded_by, row.recorded_at) == (officer, NOW)


def test_whoever_records_it_was_there(project: Project, officer: User) -> None:
    assert list(met(project, officer).officers.all()) == [officer]


def test_a_next_step_becomes_a_follow_up_of_who_wrote_it(project: Project, officer: User) -> None:
    row = met(project, officer, next_step=" 送合同文本 ", next_on=dt.date(2026, 3, 9))
    (step,) = FollowUp.objects.all()
    assert (step.what, step.due_on, step.assignee) == ("送合同文本", dt.date(2026, 3, 9), officer)
    assert (step.project, step.organization, step.interaction) == (project, project.investor, row)


def test_photos_are_kept_with_the_company_under_their_content(
    project: Project, officer: User
) -> None:
    row = met(project, officer, photos=[photo("一.jpg"), photo("二.png", b"\x89PNG\r\n\x1a\n...")])
    kept = list(row.photos.order_by("pk"))
    assert [(p.name, p.media_type) for p in kept] == [
        ("一.jpg", "image/jpeg"),
        ("二.png", "image/png"),
    ]
    assert {p.organization for p in kept} == {project.investor}
    again = met(project, officer, photos=[photo("同一张.jpg")])
    assert list(again.photos.all()) == [kept[0]]


def test_a_meeting_keeps_its_project_and_the_protection_alive(
    project: Project, officer: User
) -> None:
    report = FirstReport.objects.create(
        organization=project.investor,
        park=officer.park,
        officer=officer,
        reported_on=dt.date(2026, 1, 5),
        protected_until=dt.date(2026, 7, 5),
        active_on=dt.date(2026, 1, 5),
        recorded_at=NOW,
    )
    met(project, officer, occurred_on=dt.date(2026, 3, 3))
    project.refresh_from_db()
    report.refresh_from_db()
    assert project.active_on == report.active_on == dt.date(2026, 3, 3)


def test_a_company_without_a_project_is_met_as_well(officer: User) -> None:
    company = OrganizationFactory()
    row = record(
        organization=company,
        kind="call",
        occurred_on=TODAY,
        summary="初次通话",
        by=officer,
        at=NOW,
    )
    assert (row.organization, row.project) == (company, None)


def test_whom_one_met_first_becomes_a_contact_once(project: Project, officer: User) -> None:
    newcomer = Newcomer("李梅", "总经理", "13800001234")
    first = met(project, officer, newcomer=newcomer)
    second = met(project, officer, newcomer=Newcomer("李梅"))
    (contact,) = Contact.objects.filter(organization=project.investor)
    assert (contact.name, contact.title, contact.is_primary) == ("李梅", "总经理", True)
    assert list(first.contacts.all()) == list(second.contacts.all()) == [contact]
    met(project, officer, newcomer=Newcomer("李梅", phone="13900005678"))
    assert Contact.objects.count() == 2  # another number, another person


def test_an_entry_sent_twice_is_one(project: Project, officer: User) -> None:
    key = uuid.uuid4()
    given = {"client_key": key, "next_step": "回访", "next_on": TODAY, "photos": [photo()]}
    first = met(project, officer, **given)
    again = met(project, officer, **given, newcomer=Newcomer("新人"))
    assert again == first
    assert Interaction.objects.count() == FollowUp.objects.count() == 1
    assert not Contact.objects.exists()


def test_nobody_gets_another_s_entry_by_its_key(project: Project, officer: User) -> None:
    key = uuid.uuid4()
    met(project, officer, client_key=key)
    colleague = UserFactory(username="colleague", park=officer.park)
    with refused(NotAllowed):
        met(project, colleague, client_key=key)


def test_tomorrow_s_meeting_is_not_recorded_today(project: Project, officer: User) -> None:
    with refused(InTheFuture):
        met(project, officer, occurred_on=dt.date(2026, 3, 6))


def test_a_slip_in_the_year_is_not_recorded(project: Project, officer: User) -> None:
    """Year 206 for 2026: no deadline can be reckoned from there."""
    for year in (1, 206):
        with refused(TooLongAgo):
            met(project, officer, occurred_on=dt.date(year, 3, 1))


def test_an_entry_says_what_was_talked_about(project: Project, officer: User) -> None:
    with refused(ReasonNeeded):
        met(project, officer, summary="  ")


@pytest.mark.parametrize(
    "unclear",
    [
        {"next_step": "送合同"},
        {"next_on": TODAY},
        {"next_step": "送合同", "next_on": dt.date(2026, 3, 4)},
    ],
)
def test_a_next_step_has_its_day_and_says_what(
    unclear: dict[str, Any], project: Project, officer: User
) -> None:
    with refused(NextStepUnclear):
        met(project, officer, **unclear)


def test_a_contact_of_another_company_was_not_met(project: Project, officer: User) -> None:
    with refused(AnotherOrganization):
        met(project, officer, contacts=[ContactFactory()])
    with refused(AnotherOrganization):
        met(project, officer, organization=OrganizationFactory())


def test_who_has_left_was_not_there(project: Project, officer: User) -> None:
    with refused(NotAnOfficer):
        met(project, officer, officers=[UserFactory(username="gone", is_active=False)])


def test_what_is_no_photo_by_its_content_is_refused_whatever_its_name(
    project: Project, officer: User
) -> None:
    with refused(NotAPhoto):
        met(project, officer, photos=[photo("照片.jpg", b"%PDF-1.7")])
    with refused(NotAPhoto):
        met(project, officer, photos=[photo() for _ in range(MOST_PHOTOS + 1)])
    assert not Attachment.objects.exists()


def test_another_park_s_project_and_company_are_not_one_s_to_record(
    project: Project, outsider: User, verifier: User
) -> None:
    for person in (outsider, verifier):
        with refused(NotAllowed):
            met(project, person)
        with refused(NotAllowed):
            met(project, person, project=None)


# --- the pages ----------------------------------------------------------------------------
@pytest.fixture
def at_work(client: Client, officer: User) -> Iterator[Client]:
    client.force_login(officer)
    with time_machine.travel(NOW, tick=False):
        yield client


def typed(project: Project, **more: Any) -> dict[str, Any]:
    return {
        "client_key": str(uuid.uuid4()),
        "project": project.pk,
        "kind": "visit_out",
        "occurred_on": "2026-03-05",
        "summary": "看了厂区",
        **more,
    }


def test_one_screen_records_everything(
    at_work: Client, project: Project, officer: User, manager: User
) -> None:
    contact = ContactFactory(organization=project.investor)
    given = typed(
        project,
        contacts=[contact.pk],
        new_name="李梅",
        officers=[manager.pk],
        photos=[photo()],
        next_step="送合同",
        next_on="2026-03-09",
    )
    response = at_work.post("/interactions/new/", given)
    row = Interaction.objects.get()
    assert response["Location"] == f"/interactions/{row.pk}/"
    assert {person.name for person in row.contacts.all()} == {contact.name, "李梅"}
    assert set(row.officers.all()) == {officer, manager}
    assert (row.photos.count(), row.follow_ups.get().what) == (1, "送合同")
    shown = at_work.get(response["Location"]).content.decode()
    assert "送合同" in shown
    assert f"/interactions/{row.pk}/photos/{row.photos.get().pk}/" in shown


def test_sent_again_by_the_script_it_is_the_same_entry(at_work: Client, project: Project) -> None:
    given = typed(project)
    first = at_work.post("/interactions/new/", given, headers={"X-Draft": "1"})
    again = at_work.post("/interactions/new/", given, headers={"X-Draft": "1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "之前已经送达" in at_work.get(again.json()["url"]).content.decode()


def test_a_refused_entry_loses_nothing_of_what_was_typed(at_work: Client, project: Project) -> None:
    given = typed(project, next_step="送合同", other_officers="没有这人")
    response = at_work.post("/interactions/new/", given)
    shown = response.content.decode()
    assert response.status_code == 422
    for kept in (given["client_key"], "看了厂区", "送合同", "没有这人", project.name):
        assert kept in shown
    assert "没有叫“没有这人”的同事" in shown
    response = at_work.post("/interactions/new/", typed(project, next_step="送合同"))
    assert "请选好哪天办" in response.content.decode()
    response = at_work.post("/interactions/new/", {**typed(project), "project": ""})
    assert "请先选择项目或企业" in response.content.decode()


def test_colleagues_are_named_by_hand_as_well(at_work: Client, project: Project) -> None:
    for name in ("张三", "李四"):
        UserFactory(username=name, full_name=name)
    at_work.post("/interactions/new/", typed(project, other_officers="张三、李四 张三"))
    assert Interaction.objects.get().officers.count() == 3
    UserFactory(username="another", full_name="张三")
    response = at_work.post("/interactions/new/", typed(project, other_officers="张三"))
    assert "有几位同事叫“张三”" in response.content.decode()


def test_whom_one_met_lately_is_one_tap_away_then_one_s_own_projects(
    at_work: Client, project: Project, officer: User
) -> None:
    company = OrganizationFactory()
    record(organization=company, kind="call", occurred_on=TODAY, summary="来电", by=officer, at=NOW)
    shown = at_work.get("/interactions/new/").context["recent"]
    assert [pick.query for pick in shown] == [
        f"organization={company.pk}",
        f"project={project.pk}",
    ]


def test_whom_is_found_by_sound_within_one_s_reach(
    at_work: Client, officer: User, other_park: Park
) -> None:
    own = ProjectFactory(
        name="高纯镓", name_key="高纯镓", initials="gcj", park=officer.park, officer=officer
    )
    ProjectFactory(name="高纯锗", name_key="高纯锗", initials="gcz", park=other_park)
    part = at_work.get("/interactions/new/", {"q": "gc"}, headers={"HX-Request": "true"})
    shown = part.content.decode()
    assert "<html" not in shown
    assert f"?project={own.pk}" in shown
    assert "高纯锗" not in shown
    # Without JavaScript the same stands on the page.
    assert f"?project={own.pk}" in at_work.get("/interactions/new/?q=gc").content.decode()


def test_another_park_s_project_is_nobody_to_have_met(at_work: Client, other_park: Park) -> None:
    theirs = ProjectFactory(park=other_park)
    assert at_work.get(f"/interactions/new/?project={theirs.pk}").status_code == 404
    response = at_work.post("/interactions/new/", typed(theirs))
    assert response.status_code == 422
    assert not Interaction.objects.exists()


def test_a_photo_is_served_as_an_image_that_runs_nothing_to_who_may_see_the_meeting(
    at_work: Client, project: Project, officer: User, outsider: User
) -> None:
    row = met(project, officer, photos=[photo()])
    address = f"/interactions/{row.pk}/photos/{row.photos.get().pk}/"
    response = at_work.get(address)
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8")  # type: ignore[attr-defined]
    other = met(project, officer)
    assert at_work.get(address.replace(f"/{row.pk}/", f"/{other.pk}/")).status_code == 404
    at_work.force_login(outsider)
    assert at_work.get(address).status_code == 404


def test_the_list_is_narrowed_by_words_kind_officer_period_and_project(
    at_work: Client, project: Project, officer: User
) -> None:
    visit = met(project, officer)
    call = met(project, officer, kind="call", summary="催环评", occurred_on=dt.date(2026, 2, 1))
    for query, found in (
        ("", [visit, call]),
        ("q=环评", [call]),
        (f"q={project.name}", [visit, call]),
        ("kind=call", [call]),
        (f"officer={officer.pk}", [visit, call]),
        ("since=2026-03-01", [visit]),
        ("until=2026-02-28", [call]),
        (f"project={project.pk}", [visit, call]),
        ("project=999999", []),
    ):
        assert at_work.get(f"/interactions/?{query}").context["page"].rows == found, query


def test_a_long_list_asks_as_many_questions_as_a_short_one(
    at_work: Client, project: Project, officer: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert at_work.get("/interactions/").status_code == 200
        return len(caught)

    met(project, officer, newcomer=Newcomer("李梅"))
    few = queries()
    for _number in range(19):
        met(project, officer)
    assert queries() == few
