"""Whom of those that the county deals with a person sees in full."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.urls import reverse

from crm.models import Attachment, FirstReport, Organization, Park, User
from pipeline.models import Interaction
from pipeline.reach import (
    attachments_visible_to,
    contacts_visible_to,
    files_of,
    organizations_visible_to,
)
from tests.factories import (
    LONG_AGO,
    ContactFactory,
    OrganizationFactory,
    ProjectFactory,
    UserFactory,
)


def sees(user: User, organization: Organization) -> bool:
    """Whether a person sees the company, its people and its files: all of it or nothing."""
    contact = ContactFactory(organization=organization)
    attachment = attached(organization)
    seen = {
        organizations_visible_to(user).filter(pk=organization.pk).exists(),
        contacts_visible_to(user).filter(pk=contact.pk).exists(),
        attachments_visible_to(user).filter(pk=attachment.pk).exists(),
    }
    assert len(seen) == 1
    return seen.pop()


def attached(organization: Organization) -> Attachment:
    return Attachment.objects.create(
        organization=organization,
        name="执照.pdf",
        file="attachments/00/0",
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        uploaded_at=LONG_AGO,
        uploaded_by=organization.created_by,
    )


def reported(organization: Organization, park: Park, **more: object) -> FirstReport:
    return FirstReport.objects.create(
        organization=organization,
        park=park,
        officer=UserFactory(username=f"reporter-{park.slug}", park=park),
        reported_on=dt.date(2026, 1, 1),
        protected_until=dt.date(2026, 7, 1),
        active_on=dt.date(2026, 1, 1),
        recorded_at=LONG_AGO,
        **more,
    )


def met(organization: Organization, by: User) -> Interaction:
    return Interaction.objects.create(
        organization=organization,
        kind="call",
        occurred_on=dt.date(2026, 1, 1),
        summary="来电",
        recorded_at=LONG_AGO,
        recorded_by=by,
    )


def test_whom_nobody_works_with_everybody_sees(
    officer: User, outsider: User, verifier: User
) -> None:
    nobodys = OrganizationFactory()
    assert all(sees(user, nobodys) for user in (officer, outsider, verifier))


def test_a_parks_investor_is_seen_there_and_by_the_county(
    officer: User, manager: User, outsider: User, leader: User, auditor: User
) -> None:
    investor = ProjectFactory(officer=officer).investor
    assert all(sees(user, investor) for user in (officer, manager, leader, auditor))
    assert not sees(outsider, investor)


def test_a_first_report_hides_the_company_from_other_parks_until_it_is_released(
    park: Park, officer: User, outsider: User
) -> None:
    organization = OrganizationFactory()
    report = reported(organization, park)
    assert sees(officer, organization)
    assert not sees(outsider, organization)
    FirstReport.objects.filter(pk=report.pk).update(released_at=LONG_AGO, release_reason="到期")
    assert sees(outsider, organization)


def test_two_parks_that_work_with_one_investor_both_see_it(
    park: Park, other_park: Park, officer: User, outsider: User
) -> None:
    investor = ProjectFactory(officer=officer).investor
    ProjectFactory(investor=investor, park=other_park, officer=outsider)
    assert sees(officer, investor)
    assert sees(outsider, investor)


def test_who_met_or_registered_a_company_sees_it_whoever_has_it(
    park: Park, officer: User, outsider: User, other_park: Park
) -> None:
    investor = ProjectFactory(officer=officer).investor
    met(investor, by=outsider)
    assert sees(outsider, investor)
    theirs = OrganizationFactory(created_by=outsider)
    ProjectFactory(investor=theirs, officer=officer)
    assert sees(UserFactory(username="colleague", park=other_park), theirs)


def test_what_was_merged_or_withdrawn_nobody_sees(officer: User, leader: User) -> None:
    merged, withdrawn = OrganizationFactory(), OrganizationFactory()
    merged.merged_into, withdrawn.withdrawn_at = withdrawn, LONG_AGO
    merged.save()
    withdrawn.save()
    for user in (officer, leader):
        assert not organizations_visible_to(user).filter(pk__in=[merged.pk, withdrawn.pk]).exists()


def test_a_photo_of_a_visit_is_seen_by_who_sees_the_visit(officer: User, outsider: User) -> None:
    investor = ProjectFactory(officer=officer).investor
    photo = attached(investor)
    assert not attachments_visible_to(outsider).filter(pk=photo.pk).exists()
    visit = met(OrganizationFactory(), by=outsider)
    visit.photos.add(photo)
    assert attachments_visible_to(outsider).filter(pk=photo.pk).exists()


def test_a_withdrawn_file_is_seen_by_nobody(leader: User, officer: User) -> None:
    file = attached(OrganizationFactory())
    Attachment.objects.filter(pk=file.pk).update(withdrawn_at=LONG_AGO)
    assert not attachments_visible_to(leader).filter(pk=file.pk).exists()
    assert not attachments_visible_to(officer).filter(pk=file.pk).exists()


def test_photos_of_a_visit_are_seen_by_who_sees_the_visit(
    other_park: Park, officer: User, outsider: User, verifier: User
) -> None:
    """Two parks work with one company: neither sees what the other photographed there."""
    project = ProjectFactory(officer=officer)
    ProjectFactory(investor=project.investor, park=other_park, officer=outsider)
    visit = met(project.investor, by=officer)
    Interaction.objects.filter(pk=visit.pk).update(project=project)
    photo = attached(project.investor)
    visit.photos.add(photo)
    for user, is_seen in ((officer, True), (verifier, True), (outsider, False)):
        assert attachments_visible_to(user).filter(pk=photo.pk).exists() is is_seen
        assert files_of(project.investor, user).filter(pk=photo.pk).exists() is is_seen


def test_nobody_withdraws_or_restores_the_photos_of_another_parks_visit(
    client: Client, other_park: Park, officer: User, outsider: User
) -> None:
    project = ProjectFactory(officer=officer)
    ProjectFactory(investor=project.investor, park=other_park, officer=outsider)
    photo = attached(project.investor)
    met(project.investor, by=officer).photos.add(photo)
    client.force_login(outsider)
    page = reverse("organization", args=[project.investor_id])
    assert "执照.pdf" not in client.get(page).content.decode()
    assert client.post(reverse("attachment_withdraw", args=[photo.pk])).status_code == 404
    Attachment.objects.filter(pk=photo.pk).update(withdrawn_at=LONG_AGO)
    assert client.post(reverse("attachment_restore", args=[photo.pk])).status_code == 404
    client.force_login(officer)
    assert client.post(reverse("attachment_restore", args=[photo.pk])).status_code == 302
