"""Two companies that are one: what moves, what stands, what is refused, and all of it back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import models

from crm.merge_preview import Preview, preview
from crm.merge_rules import FIELDS, OWN, RELATIONS, pointing_at
from crm.merging import CannotMerge, CannotUndo, TwoCodes, merge, merge_contacts, undo
from crm.models import (
    Attachment,
    Contact,
    ContactMerge,
    FirstReport,
    Organization,
    OrganizationMerge,
    Park,
    ReportDispute,
    Tag,
    User,
)
from crm.organizations import AnotherName, register
from crm.refusals import NotAllowed
from tests.factories import (
    LONG_AGO,
    ContactFactory,
    ParkFactory,
    UserFactory,
    instant,
    named_organization,
)

pytestmark = pytest.mark.django_db
NOW, LATER = instant("2026-03-05 10:00"), instant("2026-03-06 10:00")
CODE, OTHER = "91140829EKWM7PHUQ2", "91140829T938Q6BD80"


@pytest.fixture
def verifier() -> User:
    return UserFactory(username="verifier", verifier=True)


@pytest.fixture
def kept() -> Organization:
    return named_organization("山西恒龙储能有限公司")


@pytest.fixture
def merged() -> Organization:
    return named_organization("恒龙储能", uscc=CODE, address="平陆县工业大道 1 号")


def report(of: Organization, park: Park, *, on: dt.date) -> FirstReport:
    return FirstReport.objects.create(
        organization=of,
        park=park,
        officer=of.created_by,
        reported_on=on,
        protected_until=on + dt.timedelta(days=180),
        active_on=on,
        recorded_at=LONG_AGO,
    )


def columns(*rows: models.Model) -> list[dict[str, Any]]:
    return [type(row)._base_manager.filter(pk=row.pk).values().get() for row in rows]


def said(plan: Preview[Any], name: str) -> tuple[str, str, str, bool]:
    choice = next(choice for choice in plan.choices if choice.name == name)
    return choice.kept, choice.merged, choice.wins, choice.is_open


# --- the tables ----------------------------------------------------------------------------
@pytest.mark.parametrize("model", [Organization, Contact])
def test_every_relation_has_its_rule(model: type[models.Model]) -> None:
    assert {name for name, _rel in pointing_at(model)} <= set(RELATIONS)


def test_every_rule_is_about_a_relation() -> None:
    there = {name for model in (Organization, Contact) for name, _rel in pointing_at(model)}
    assert set(RELATIONS) == there


@pytest.mark.parametrize("model", [Organization, Contact])
def test_every_field_is_chosen_or_the_row_s_own(model: Any) -> None:
    fields = {field.name for field in model._meta.concrete_fields}
    assert fields == set(FIELDS[model]) | OWN[model]
    assert not set(FIELDS[model]) & OWN[model]


# --- the preview ----------------------------------------------------------------------------
def test_a_preview_says_of_each_field_what_would_stand(
    kept: Organization, merged: Organization
) -> None:
    plan = preview(kept, merged)
    assert said(plan, "name") == ("山西恒龙储能有限公司", "恒龙储能", "kept", True)
    assert said(plan, "uscc") == ("", CODE, "merged", False)
    assert said(plan, "is_local") == ("否", "否", "kept", False)
    assert said(preview(kept, merged, choose={"name": "merged"}), "name")[2] == "merged"
    with pytest.raises(KeyError):
        preview(kept, merged, choose={"created_at": "merged"})


def test_a_preview_counts_every_relation_and_changes_nothing(
    kept: Organization, merged: Organization
) -> None:
    tag = Tag.objects.create(name="链主企业")
    kept.tags.add(tag)
    merged.tags.add(tag, Tag.objects.create(name="上市公司"))
    ContactFactory.create_batch(2, organization=merged)
    before = columns(kept, merged)
    moving = {row.relation: row for row in preview(kept, merged).moving}
    assert set(moving) == {name for name, _rel in pointing_at(Organization)}
    tags = moving["crm.Organization_tags.organization"]
    assert (tags.count, tags.doubled, tags.moves) == (2, 1, True)
    assert moving["crm.Contact.organization"].count == 2
    assert columns(kept, merged) == before


# --- what a merge does ----------------------------------------------------------------------
def test_the_merged_company_stands_behind_the_kept_one(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    contact = ContactFactory(organization=merged, is_primary=True)
    child = named_organization("恒龙电池有限公司", parent=merged)
    tag = Tag.objects.create(name="链主企业")
    merged.tags.add(tag)
    Attachment.objects.create(
        organization=merged,
        name="执照.pdf",
        file="x",
        size=1,
        sha256="0" * 64,
        uploaded_at=LONG_AGO,
        uploaded_by=verifier,
    )
    done = merge(kept, merged, by=verifier, at=NOW)
    kept.refresh_from_db()
    merged.refresh_from_db()
    assert (kept.name, kept.uscc, kept.address) == (
        "山西恒龙储能有限公司",
        CODE,
        "平陆县工业大道 1 号",
    )
    assert merged.merged_into == kept
    assert list(Organization.objects.current()) == [child, kept]
    assert (kept.contacts.get(), kept.tags.get()) == (contact, tag)
    assert (kept.attachments.count(), kept.subsidiaries.get()) == (1, child)
    assert done.moved["crm.Contact.organization"] == [contact.pk]
    for row, reason in ((kept, "合并“恒龙储能”"), (merged, "并入“山西恒龙储能有限公司”")):
        version = row.history.order_by("-history_id")[0]
        assert (version.history_user, version.history_date) == (verifier, NOW)
        assert version.history_change_reason == reason
    assert contact.history.order_by("-history_id")[0].organization == kept


def test_chosen_fields_win_and_the_kept_name_is_still_an_address(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    merge(kept, merged, choose={"name": "merged"}, by=verifier, at=NOW)
    kept.refresh_from_db()
    assert (kept.name, kept.name_key, kept.initials) == ("恒龙储能", "恒龙储能", "hlcn")
    officer = UserFactory(username="officer")
    for name in ("恒龙储能", "山西恒龙储能有限公司"):
        assert register(name=name, by=officer, at=LATER) == kept
        assert register(name=name, code=CODE, by=officer, at=LATER) == kept
    with pytest.raises(AnotherName):
        register(name="金鼎铝业", code=CODE, by=officer, at=LATER)


def test_two_codes_are_two_companies_unless_a_person_says_otherwise(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    Organization.objects.filter(pk=kept.pk).update(uscc=OTHER)
    with pytest.raises(TwoCodes, match=f"{OTHER}、{CODE}"):
        merge(kept, merged, by=verifier, at=NOW)
    done = merge(kept, merged, choose={"uscc": "merged"}, two_codes=True, by=verifier, at=NOW)
    kept.refresh_from_db()
    assert kept.uscc == CODE
    officer = UserFactory(username="officer")
    assert register(name=kept.name, code=OTHER, by=officer, at=LATER) == kept
    undo(done, by=verifier, at=LATER)
    kept.refresh_from_db()
    merged.refresh_from_db()
    assert (kept.uscc, merged.uscc) == (OTHER, CODE)


def test_one_primary_contact_stays(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    first = ContactFactory(organization=kept, name="王总", is_primary=True)
    ContactFactory(organization=merged, name="李总", is_primary=True)
    done = merge(kept, merged, by=verifier, at=NOW)
    assert kept.contacts.get(is_primary=True) == first
    undo(done, by=verifier, at=LATER)
    assert merged.contacts.get().is_primary


def test_the_same_person_at_both_is_one_afterwards(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    here = ContactFactory(organization=kept, name="王总", phone="138 0000 0001")
    there = ContactFactory(
        organization=merged, name="王总", phone="13800000001", wechat="wang", is_primary=True
    )
    ContactFactory(organization=merged, name="王总", phone="")
    before = columns(here, there)
    done = merge(kept, merged, by=verifier, at=NOW)
    assert Contact.objects.current().filter(organization=kept).count() == 2
    here.refresh_from_db()
    assert (here.wechat, here.is_primary, here.phone) == ("wang", True, "138 0000 0001")
    assert ContactMerge.objects.get().merged == there
    undo(done, by=verifier, at=LATER)
    assert columns(here, there) == before
    assert ContactMerge.objects.get().undone_at == LATER


def test_the_earlier_first_report_stays_and_the_later_is_released(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    late = report(kept, ParkFactory(), on=dt.date(2026, 2, 1))
    early = report(merged, ParkFactory(), on=dt.date(2026, 1, 1))
    done = merge(kept, merged, by=verifier, at=NOW)
    assert kept.first_reports.get(released_at__isnull=True) == early
    late.refresh_from_db()
    assert (late.released_by, late.released_at) == (verifier, NOW)
    assert "以另一方的首报为准" in late.release_reason
    undo(done, by=verifier, at=LATER)
    for row, organization in ((late, kept), (early, merged)):
        row.refresh_from_db()
        assert (row.organization, row.released_at, row.release_reason) == (organization, None, "")


def test_a_report_that_lapsed_yields_to_one_that_holds(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    idle = report(kept, ParkFactory(), on=dt.date(2025, 11, 1))
    holding = report(merged, ParkFactory(), on=dt.date(2026, 2, 1))
    merge(kept, merged, idle_days=90, by=verifier, at=NOW)
    assert kept.first_reports.get(released_at__isnull=True) == holding
    idle.refresh_from_db()
    assert idle.released_at == NOW


def test_a_dispute_is_decided_before_its_report_yields(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    report(kept, ParkFactory(), on=dt.date(2026, 1, 1))
    late = report(merged, ParkFactory(), on=dt.date(2026, 2, 1))
    ReportDispute.objects.create(
        report=late, grounds="先谈的", raised_at=LONG_AGO, raised_by=verifier
    )
    with pytest.raises(CannotMerge, match="先裁定"):
        merge(kept, merged, by=verifier, at=NOW)


def test_a_parent_that_is_part_of_the_pair_is_none(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    between = named_organization("恒龙控股", parent=merged)
    Organization.objects.filter(pk=kept.pk).update(parent=between)
    group = named_organization("华新集团")
    Organization.objects.filter(pk=merged.pk).update(parent=group)
    done = merge(kept, merged, by=verifier, at=NOW)
    kept.refresh_from_db()
    between.refresh_from_db()
    assert (kept.parent, between.parent) == (group, kept)
    undo(done, by=verifier, at=LATER)
    kept.refresh_from_db()
    between.refresh_from_db()
    assert (kept.parent, between.parent) == (between, merged)


# --- what is refused --------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["officer", "leader", "supervisor", "auditor"])
def test_who_may_not_merge(kept: Organization, merged: Organization, role: str) -> None:
    with pytest.raises(NotAllowed):
        merge(kept, merged, by=UserFactory(role=role), at=NOW)


def test_a_company_is_not_merged_with_itself_nor_twice(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    with pytest.raises(CannotMerge, match="同一条记录"):
        merge(kept, kept, by=verifier, at=NOW)
    merge(kept, merged, by=verifier, at=NOW)
    with pytest.raises(CannotMerge, match="已经合并到别处"):
        merge(kept, merged, by=verifier, at=NOW)
    assert OrganizationMerge.objects.count() == 1


def test_a_withdrawn_company_is_not_merged(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    Organization.objects.filter(pk=merged.pk).update(withdrawn_at=LONG_AGO)
    with pytest.raises(CannotMerge, match="撤回"):
        merge(kept, merged, by=verifier, at=NOW)


def test_people_of_two_companies_are_not_one(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    one, other = ContactFactory(organization=kept), ContactFactory(organization=merged)
    with pytest.raises(CannotMerge, match="不在同一家企业"):
        merge_contacts(one, other, by=verifier, at=NOW)


# --- undoing -----------------------------------------------------------------------------------
def test_an_undo_leaves_what_was_changed_since_and_says_so(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    moved = ContactFactory(organization=merged, name="王总")
    stays = ContactFactory(organization=merged, name="李总")
    done = merge(kept, merged, by=verifier, at=NOW)
    elsewhere = named_organization("金鼎铝业有限公司")
    Contact.objects.filter(pk=stays.pk).update(organization=elsewhere)
    Organization.objects.filter(pk=kept.pk).update(address="新地址")
    left = undo(done, by=verifier, at=LATER).before["left"]
    assert left == [
        "“地址”在合并后又有改动，没有恢复",
        "联系人：1 条在合并后改到了别处，没有移回",
    ]
    kept.refresh_from_db()
    assert (kept.address, kept.uscc) == ("新地址", None)
    assert list(merged.contacts.all()) == [moved]


def test_an_undo_waits_for_the_undo_of_what_came_after(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    first = merge(kept, merged, by=verifier, at=NOW)
    kept.refresh_from_db()
    second = merge(named_organization("金鼎铝业有限公司"), kept, by=verifier, at=NOW)
    with pytest.raises(CannotUndo, match="又并入了“金鼎铝业有限公司”：请先撤销"):
        undo(first, by=verifier, at=LATER)
    undo(second, by=verifier, at=LATER)
    undo(first, by=verifier, at=LATER)
    with pytest.raises(CannotUndo, match="已经撤销过"):
        undo(first, by=verifier, at=LATER)


def test_an_undo_is_refused_where_the_name_was_taken_in_between(
    kept: Organization, verifier: User
) -> None:
    merged = named_organization("恒龙储能")
    done = merge(kept, merged, by=verifier, at=NOW)
    taken = named_organization("恒龙储能")
    with pytest.raises(CannotUndo, match=f"名称“恒龙储能”现在登记在“恒龙储能”（编号 {taken.pk}）"):
        undo(done, by=verifier, at=LATER)
    merged.refresh_from_db()
    assert merged.merged_into == kept


def test_a_report_that_was_followed_by_another_stays_released(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    late = report(kept, ParkFactory(), on=dt.date(2026, 2, 1))
    early = report(merged, ParkFactory(), on=dt.date(2026, 1, 1))
    done = merge(kept, merged, by=verifier, at=NOW)
    FirstReport.objects.filter(pk=early.pk).update(released_at=NOW, release_reason="满期")
    report(kept, ParkFactory(), on=dt.date(2026, 3, 5))
    (left,) = undo(done, by=verifier, at=LATER).before["left"]
    assert "已被后来的记录取代" in left
    late.refresh_from_db()
    assert late.released_at == NOW


def test_an_officer_undoes_nothing(
    kept: Organization, merged: Organization, verifier: User
) -> None:
    done = merge(kept, merged, by=verifier, at=NOW)
    with pytest.raises(NotAllowed):
        undo(done, by=UserFactory(username="officer"), at=LATER)


def test_a_withdrawn_company_stands_again_once_it_is_registered(kept: Organization) -> None:
    Organization.objects.filter(pk=kept.pk).update(withdrawn_at=LONG_AGO)
    assert register(name=kept.name, by=UserFactory(), at=NOW).withdrawn_at is None
    assert Organization.objects.current().get() == kept
