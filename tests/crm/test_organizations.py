"""Companies: found again by code or name, never guessed; changed by verbs and signed."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from crm.models import Organization, Tag, User
from crm.organizations import (
    AlreadyAttached,
    AlreadyRegistered,
    AnotherName,
    BadUscc,
    MergedAway,
    NameNeeded,
    OwnAncestor,
    SeveralOfThatName,
    add_contact,
    attach,
    create,
    edit,
    keep,
    register,
    set_tags,
    tag,
    withdraw_attachment,
)
from crm.refusals import NotAllowed
from crm.uploads import UnknownFormat
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


# --- merged and withdrawn -------------------------------------------------------------------
def test_what_was_merged_stands_for_where_it_went(officer: User) -> None:
    keeper, middle, merged = (registered(officer, name) for name in ("甲公司", "乙公司", "丙公司"))
    Organization.objects.filter(pk=middle.pk).update(merged_into=keeper)
    Organization.objects.filter(pk=merged.pk).update(merged_into=middle, uscc=CODE)
    assert registered(officer, "丙公司") == keeper
    assert registered(officer, "丙公司", CODE) == keeper
    assert registered(officer, "甲公司", CODE) == keeper
    with pytest.raises(AnotherName, match="甲公司"):
        registered(officer, "丁公司", CODE)


def test_a_name_merged_into_its_namesake_is_one(officer: User) -> None:
    kept, merged = registered(officer, "晨虹公司", CODE), registered(officer, "晨虹公司", OTHER)
    Organization.objects.filter(pk=merged.pk).update(merged_into=kept)
    assert registered(officer, "晨虹公司") == kept


def test_what_was_withdrawn_with_its_load_is_there_again(officer: User) -> None:
    row = registered(officer, "甲公司")
    Organization.objects.filter(pk=row.pk).update(withdrawn_at=NOW)
    assert registered(officer, "甲公司") == row
    row.refresh_from_db()
    assert row.withdrawn_at is None
    assert row.history.first().history_user == officer


def test_creating_refuses_what_is_known_and_says_which(officer: User) -> None:
    row = registered(officer, "甲公司")
    with pytest.raises(AlreadyRegistered, match="甲公司") as refused:
        create(fields={"name": " 甲 公司", "uscc": ""}, by=officer, at=NOW)
    assert refused.value.other == row


def test_creating_what_was_withdrawn_takes_it_back_with_what_is_known_now(officer: User) -> None:
    row = registered(officer, "甲公司")
    Organization.objects.filter(pk=row.pk).update(withdrawn_at=NOW)
    again = create(fields={"name": "甲公司", "origin": "运城"}, by=officer, at=NOW)
    assert (again.pk, again.withdrawn_at, again.origin) == (row.pk, None, "运城")


# --- changing -------------------------------------------------------------------------------
def changed(by: User, row: Organization, **fields: Any) -> Organization:
    return edit(row, fields=fields, by=by, at=NOW)


def test_a_new_name_is_found_by_its_sound_and_told_by_the_history(officer: User) -> None:
    row = changed(officer, registered(officer, "甲公司"), name="恒龙储能有限公司", origin="运城")
    assert (row.name_key, row.initials, row.matching_key) == (
        "恒龙储能有限公司",
        "hlcnyxgs",
        "恒龙储能",
    )
    version = row.history.first()
    assert (version.history_user, version.history_date, version.origin) == (officer, NOW, "运城")


def test_an_edit_that_changes_nothing_leaves_no_version(officer: User) -> None:
    row = registered(officer, "甲公司")
    changed(officer, row, name="甲公司", origin="")
    assert row.history.count() == 1


def test_an_edit_writes_only_what_it_was_given(officer: User) -> None:
    row = registered(officer, "甲公司")
    changed(officer, row, origin="运城")
    assert changed(officer, row, note="大户").origin == "运城"


def test_another_companys_name_or_code_is_refused_with_its_name(officer: User) -> None:
    coded, uncoded = registered(officer, "甲公司", CODE), registered(officer, "乙公司")
    row = registered(officer, "丙公司")
    with pytest.raises(AlreadyRegistered, match="甲公司") as refused:
        changed(officer, row, uscc=CODE)
    assert refused.value.other == coded
    with pytest.raises(AlreadyRegistered, match="乙公司") as refused:
        changed(officer, row, name="乙公司")
    assert refused.value.other == uncoded
    with pytest.raises(BadUscc):
        changed(officer, row, uscc="91")
    with pytest.raises(NameNeeded):
        changed(officer, row, name=" ")


def test_a_namesake_with_a_code_of_its_own_is_another_company(officer: User) -> None:
    registered(officer, "甲公司", CODE)
    row = changed(officer, registered(officer, "丙公司", OTHER), name="甲公司")
    assert (row.name, row.uscc) == ("甲公司", OTHER)


def test_no_company_stands_above_itself(officer: User) -> None:
    top, middle, below = (registered(officer, name) for name in ("甲公司", "乙公司", "丙公司"))
    changed(officer, middle, parent=top)
    changed(officer, below, parent=middle)
    for parent in (top, middle, below):
        with pytest.raises(OwnAncestor):
            changed(officer, top, parent=parent)
    assert changed(officer, middle, parent=None).parent is None


def test_what_was_merged_or_withdrawn_is_changed_no_more(officer: User) -> None:
    row, other = registered(officer, "甲公司"), registered(officer, "乙公司")
    Organization.objects.filter(pk=row.pk).update(merged_into=other)
    with pytest.raises(MergedAway):
        changed(officer, row, origin="运城")
    with pytest.raises(MergedAway):
        set_tags(row, [], by=officer, at=NOW)


def test_tags_are_set_and_the_history_tells_which(officer: User) -> None:
    a, b = Tag.objects.create(name="链主"), Tag.objects.create(name="上市公司")
    row = registered(officer, "甲公司")
    set_tags(row, [a], by=officer, at=NOW)
    tag(row, b, by=officer, at=NOW)
    set_tags(row, [b], by=officer, at=NOW)
    assert list(row.tags.all()) == [b]
    reasons = [version.history_change_reason for version in row.history.all()]
    assert reasons == ["标签：−链主", "标签：+上市公司", "标签：+链主", None]


@pytest.mark.parametrize("role", ["auditor", "verifier", "leader"])
def test_who_does_not_keep_companies_changes_none(officer: User, role: str) -> None:
    row, by = registered(officer, "甲公司"), UserFactory(username=role, **{role: True})
    for act in (
        lambda: changed(by, row, origin="运城"),
        lambda: set_tags(row, [], by=by, at=NOW),
        lambda: create(fields={"name": "乙公司"}, by=by, at=NOW),
        lambda: attach(row, file=ContentFile(b"%PDF-1.7", "a.pdf"), by=by, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- files ----------------------------------------------------------------------------------
def test_a_file_is_kept_once_under_its_content_and_taken_back(officer: User) -> None:
    row, other = registered(officer, "甲公司"), registered(officer, "乙公司")
    one = attach(row, file=ContentFile(b"%PDF-1.7 licence", "执照.pdf"), by=officer, at=NOW)
    two = attach(other, file=ContentFile(b"%PDF-1.7 licence", "副本.pdf"), by=officer, at=NOW)
    assert one.file.name == two.file.name == f"attachments/{one.sha256[:2]}/{one.sha256}"
    assert (one.media_type, one.size, one.uploaded_by) == ("application/pdf", 16, officer)
    with pytest.raises(AlreadyAttached, match="执照"):
        attach(row, file=ContentFile(b"%PDF-1.7 licence", "执照.pdf"), by=officer, at=NOW)
    assert withdraw_attachment(one, by=officer, at=NOW).withdrawn_at == NOW
    attach(row, file=ContentFile(b"%PDF-1.7 licence", "执照.pdf"), by=officer, at=NOW)


def test_keeping_a_file_that_is_there_is_that_file(officer: User) -> None:
    row = registered(officer, "甲公司")
    files = [ContentFile(b"\xff\xd8\xff photo", "现场.jpg") for _ in range(2)]
    assert len({keep(row, file=file, by=officer, at=NOW).pk for file in files}) == 1


def test_a_page_that_calls_itself_a_photo_is_no_photo(officer: User) -> None:
    row = registered(officer, "甲公司")
    with pytest.raises(UnknownFormat, match="现场"):
        attach(row, file=ContentFile(b"<html><script>", "现场.jpg"), by=officer, at=NOW)
    assert not row.attachments.exists()
