"""Registering an investor: found again by code or name, never guessed."""

import pytest

from crm.models import Organization, User
from crm.organizations import AnotherName, BadUscc, SeveralOfThatName, add_contact, register
from crm.refusals import NotAllowed
from tests.factories import UserFactory, instant

NOW = instant("2026-03-05 10:00")
CODE, OTHER = "91140829EKWM7PHUQ2", "91140829T938Q6BD80"


@pytest.fixture
def officer(db: None) -> User:
    return UserFactory(username="officer")


def registered(by: User, name: str, code: str = "") -> Organization:
    return register(name=name, code=code, by=by, at=NOW)


def test_a_new_name_is_registered_with_its_sound(officer: User) -> None:
    found = registered(officer, "恒龙储能有限公司", f" {CODE.lower()} ")
    assert (found.uscc, found.initials, found.matching_key) == (CODE, "hlcnyxgs", "恒龙储能")


def test_the_same_name_however_written_is_the_same_organization(officer: User) -> None:
    first = registered(officer, "恒龙（山西）有限公司")
    assert registered(officer, "恒龙(山西) 有限公司") == first


def test_a_code_of_another_name_is_refused(officer: User) -> None:
    registered(officer, "恒龙有限公司", CODE)
    with pytest.raises(AnotherName, match="恒龙有限公司"):
        registered(officer, "金鼎有限公司", CODE)


def test_two_codes_under_one_name_are_two_and_the_name_alone_is_not_enough(officer: User) -> None:
    assert registered(officer, "晨虹公司", CODE) != registered(officer, "晨虹公司", OTHER)
    with pytest.raises(SeveralOfThatName):
        registered(officer, "晨虹公司")


def test_a_code_that_is_none_is_refused(officer: User) -> None:
    with pytest.raises(BadUscc):
        registered(officer, "晨虹公司", "911408290000000000")


def test_an_auditor_registers_nobody(db: None) -> None:
    with pytest.raises(NotAllowed):
        registered(UserFactory(username="auditor", auditor=True), "晨虹公司")


def test_the_first_contact_is_the_primary_one(officer: User) -> None:
    organization = registered(officer, "晨虹公司")
    first, second = (
        add_contact(organization, name=name, by=officer, at=NOW) for name in ("王总", "李总")
    )
    assert (first.is_primary, second.is_primary) == (True, False)
