"""The people at a company: one of them is whom to call first."""

import datetime as dt

import pytest

from crm.contacts import (
    BadDay,
    HasLeft,
    NameNeeded,
    add_contact,
    came_back,
    edit_contact,
    left,
    make_primary,
)
from crm.models import Contact, Organization, User
from crm.refusals import NotAllowed
from tests.factories import OrganizationFactory, UserFactory, instant

NOW = instant("2026-03-05 10:00")
TODAY = dt.date(2026, 3, 5)


@pytest.fixture
def officer(db: None) -> User:
    return UserFactory(username="officer")


@pytest.fixture
def company(officer: User) -> Organization:
    return OrganizationFactory()


def added(company: Organization, by: User, *names: str) -> list[Contact]:
    return [add_contact(company, name=name, by=by, at=NOW) for name in names]


def primary(company: Organization) -> list[str]:
    return [contact.name for contact in company.contacts.filter(is_primary=True)]


def test_a_person_is_found_by_their_sound_and_signed(company: Organization, officer: User) -> None:
    (contact,) = added(company, officer, " 王建国 ")
    assert (contact.name, contact.pinyin, contact.initials) == ("王建国", "wangjianguo", "wjg")
    contact = edit_contact(contact, fields={"name": "李红", "wechat": "lih"}, by=officer, at=NOW)
    assert (contact.initials, contact.wechat) == ("lh", "lih")
    assert [v.history_user for v in contact.history.all()] == [officer, officer]


def test_an_edit_that_changes_nothing_leaves_no_version(
    company: Organization, officer: User
) -> None:
    (contact,) = added(company, officer, "王总")
    edit_contact(contact, fields={"name": "王总"}, by=officer, at=NOW)
    assert contact.history.count() == 1


def test_nobody_is_without_a_name(company: Organization, officer: User) -> None:
    with pytest.raises(NameNeeded):
        added(company, officer, " ")


def test_another_primary_takes_the_place_of_the_first(company: Organization, officer: User) -> None:
    first, second = added(company, officer, "王总", "李总")
    make_primary(second, by=officer, at=NOW)
    assert primary(company) == ["李总"]
    make_primary(second, by=officer, at=NOW)
    assert second.history.count() == 2  # asked again, nothing changed
    first.refresh_from_db()
    assert first.history.first().history_user == officer


def test_who_leaves_is_primary_no_more_and_the_longest_there_is(
    company: Organization, officer: User
) -> None:
    first, *_others = added(company, officer, "王总", "李总", "赵总")
    left(first, on=TODAY, by=officer, at=NOW)
    assert primary(company) == ["李总"]
    with pytest.raises(HasLeft, match="王总"):
        make_primary(first, by=officer, at=NOW)
    came_back(first, by=officer, at=NOW)
    assert primary(company) == ["李总"]


def test_the_only_one_leaves_and_comes_back(company: Organization, officer: User) -> None:
    (only,) = added(company, officer, "王总")
    left(only, on=TODAY, by=officer, at=NOW)
    assert primary(company) == []
    came_back(only, by=officer, at=NOW)
    assert primary(company) == ["王总"]


def test_nobody_has_left_tomorrow(company: Organization, officer: User) -> None:
    (contact,) = added(company, officer, "王总")
    with pytest.raises(BadDay):
        left(contact, on=TODAY + dt.timedelta(days=1), by=officer, at=NOW)


def test_a_primary_who_was_withdrawn_leaves_room_for_another(
    company: Organization, officer: User
) -> None:
    (gone,) = added(company, officer, "王总")
    Contact.objects.filter(pk=gone.pk).update(withdrawn_at=NOW)
    added(company, officer, "李总")
    assert primary(company) == ["李总"]


@pytest.mark.parametrize("role", ["auditor", "verifier", "leader"])
def test_who_does_not_keep_companies_changes_nobody(
    company: Organization, officer: User, role: str
) -> None:
    (contact,) = added(company, officer, "王总")
    by = UserFactory(username=role, **{role: True})
    for act in (
        lambda: added(company, by, "李总"),
        lambda: edit_contact(contact, fields={"name": "李总"}, by=by, at=NOW),
        lambda: make_primary(contact, by=by, at=NOW),
        lambda: left(contact, on=TODAY, by=by, at=NOW),
        lambda: came_back(contact, by=by, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()
