"""Recording a meeting: one entry with its people, photos and next step, or nothing at all."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile, File

from crm.models import Attachment, Contact, FirstReport, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline.interactions import (
    MOST_PHOTOS,
    AnotherOrganization,
    InTheFuture,
    Newcomer,
    NextStepUnclear,
    NotAnOfficer,
    NotAPhoto,
    record,
)
from pipeline.models import FollowUp, Interaction, Project
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
