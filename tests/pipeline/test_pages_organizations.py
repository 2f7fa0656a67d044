"""Companies and people as pages: found, shown, changed, and nobody's edit lost."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from crm import contacts, organizations
from crm.models import Chain, Contact, FirstReport, Organization, Park, Tag, User
from pipeline.models import FollowUp, Interaction
from tests.factories import IndustryFactory, OrganizationFactory, ProjectFactory, instant

NOW = instant("2026-03-05 10:00")
CODE = "91140829EKWM7PHUQ2"


@pytest.fixture
def signed_in(client: Client, officer: User) -> User:
    client.force_login(officer)
    return officer


def company(by: User, name: str = "恒龙储能有限公司", **fields: Any) -> Organization:
    return organizations.create(fields={"name": name, **fields}, by=by, at=NOW)


def met(row: Organization, by: User, on: dt.date = dt.date(2026, 3, 1)) -> Interaction:
    return Interaction.objects.create(
        organization=row,
        kind="call",
        occurred_on=on,
        summary="谈电价",
        recorded_at=NOW,
        recorded_by=by,
    )


def listed(client: Client, **query: str) -> list[str]:
    response = client.get("/organizations/", query)
    assert response.status_code == 200
    return [line.organization.name for line in response.context["lines"]]


# --- the lists ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed",
    ["储能", "henglongchu", "hlcn", "lcn", CODE.lower(), CODE[:8], "王建国", "wjg", "138 0000"],
)
def test_a_company_is_found_by_any_part_of_its_name_sound_code_and_people(
    client: Client, signed_in: User, typed: str
) -> None:
    row = company(signed_in, uscc=CODE)
    contacts.add_contact(row, name="王建国", phone="13800001234", by=signed_in, at=NOW)
    company(signed_in, "金鼎食品公司")
    assert listed(client, q=typed) == ["恒龙储能有限公司"]


def test_each_filter_narrows_and_each_column_sorts(client: Client, signed_in: User) -> None:
    tag, chain = Tag.objects.create(name="上市公司"), Chain.objects.create(name="镓")
    a = company(signed_in, "甲公司", chain=chain, industry=IndustryFactory(), is_local=True)
    organizations.set_tags(a, [tag], by=signed_in, at=NOW)
    b = company(signed_in, "乙公司", origin="宁波")
    ProjectFactory(investor=b, officer=signed_in)
    assert listed(client) == ["乙公司", "甲公司"]
    for query in (
        {"tag": str(tag.pk)},
        {"chain": str(chain.pk)},
        {"industry": "C"},
        {"industry": "32"},
        {"local": "True"},
        {"projects": "no"},
    ):
        assert listed(client, **query) == ["甲公司"], query
    assert listed(client, projects="yes") == listed(client, local="False") == ["乙公司"]
    assert listed(client, sort="name") == ["甲公司", "乙公司"]
    assert listed(client, sort="-name") == ["乙公司", "甲公司"]
    for column in ("chain", "industry", "origin", "registered"):
        assert sorted(listed(client, sort=column)) == ["乙公司", "甲公司"]


def test_a_filter_that_cannot_be_read_is_named(client: Client, signed_in: User) -> None:
    response = client.get("/organizations/", {"tag": "99", "page": "x", "size": "7"})
    assert "99" in response.content.decode()


def test_a_row_counts_the_projects_that_the_person_may_see(
    client: Client, signed_in: User, other_park: Park
) -> None:
    row = company(signed_in)
    ProjectFactory(investor=row, officer=signed_in)
    ProjectFactory(investor=row, park=other_park)
    met(row, signed_in)
    contacts.add_contact(row, name="王总", by=signed_in, at=NOW)
    (line,) = client.get("/organizations/").context["lines"]
    assert (line.projects, line.last_contact) == (1, dt.date(2026, 3, 1))
    assert str(line.primary) == "王总"


def test_a_list_asks_as_many_questions_for_twenty_rows_as_for_one(
    client: Client, signed_in: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def one(number: int) -> None:
        row = company(signed_in, f"公司{number}")
        organizations.set_tags(row, [tag], by=signed_in, at=NOW)
        contacts.add_contact(row, name=f"王{number}", by=signed_in, at=NOW)
        ProjectFactory(investor=row, officer=signed_in)
        met(row, signed_in)

    tag = Tag.objects.create(name="上市公司")
    one(0)
    asked = {}
    for address in ("/organizations/", "/contacts/"):
        client.get(address)
        with CaptureQueriesContext(connection) as context:
            client.get(address)
        asked[address] = len(context)
    for number in range(1, 20):
        one(number)
    for address, count in asked.items():
        with django_assert_num_queries(count):
            client.get(address)


def test_htmx_gets_the_results_alone(client: Client, signed_in: User) -> None:
    company(signed_in)
    for address in ("/organizations/", "/contacts/"):
        response = client.get(address, {"q": "恒龙"}, headers={"HX-Request": "true"})
        assert "<html" not in response.content.decode()
        assert response["HX-Push-Url"].startswith(f"{address}?q=")


def test_a_person_is_found_by_name_sound_number_and_company(
    client: Client, signed_in: User
) -> None:
    row = company(signed_in)
    contacts.add_contact(row, name="王建国", phone="138-0000-1234", by=signed_in, at=NOW)
    gone = contacts.add_contact(row, name="李红", by=signed_in, at=NOW)
    contacts.left(gone, on=dt.date(2026, 3, 1), by=signed_in, at=NOW)

    def found(**query: str) -> list[str]:
        return [c.name for c in client.get("/contacts/", query).context["page"].rows]

    for typed in ("王建", "wangjian", "wjg", "恒龙", "hlcn"):
        assert found(q=typed) == ["王建国"], typed
    assert found(there="left") == ["李红"]
    assert found(there="all") == ["李红", "王建国"]


def test_another_parks_people_are_not_listed(
    client: Client, signed_in: User, outsider: User
) -> None:
    row = company(outsider)
    ProjectFactory(investor=row, park=outsider.park, officer=outsider)
    contacts.add_contact(row, name="王建国", by=outsider, at=NOW)
    assert listed(client) == []
    assert not client.get("/contacts/").context["page"].rows


# --- one company ----------------------------------------------------------------------------
def test_a_company_s_page_shows_what_the_person_may_see(
    client: Client, signed_in: User, park: Park
) -> None:
    top, row = company(signed_in, "恒远集团"), company(signed_in)
    organizations.edit(row, fields={"parent": top}, by=signed_in, at=NOW)
    sister = company(signed_in, "恒远贸易公司", parent=top)
    contacts.add_contact(row, name="王总", phone="13800001234", wechat="wz", by=signed_in, at=NOW)
    project = ProjectFactory(investor=row, officer=signed_in, name="储能项目")
    met(row, signed_in)
    FollowUp.objects.create(
        what="回访",
        due_on=dt.date(2026, 3, 9),
        assignee=signed_in,
        organization=row,
        created_at=NOW,
        created_by=signed_in,
    )
    FirstReport.objects.create(
        organization=row,
        park=park,
        officer=signed_in,
        reported_on=dt.date(2026, 3, 1),
        protected_until=dt.date(2199, 9, 1),
        active_on=dt.date(2199, 3, 1),
        recorded_at=NOW,
    )
    text = client.get(f"/organizations/{row.pk}/").content.decode()
    for shown in (
        f'href="/organizations/{top.pk}/"',
        f'href="/organizations/{sister.pk}/"',
        f'href="/projects/{project.pk}/"',
        'href="tel:13800001234"',
        'data-copy="wz"',
        "谈电价",
        "回访",
        "保护至 2199-05-30",  # idle for 90 days before the protection is over
    ):
        assert shown in text, shown
    assert f'href="/organizations/{row.pk}/"' in client.get(f"/organizations/{top.pk}/").text


def test_a_relative_of_another_park_is_a_name_only(
    client: Client, signed_in: User, outsider: User
) -> None:
    theirs = company(outsider, "恒远集团")
    ProjectFactory(investor=theirs, park=outsider.park, officer=outsider)
    row = company(signed_in)
    Organization.objects.filter(pk=row.pk).update(parent=theirs)
    text = client.get(f"/organizations/{row.pk}/").content.decode()
    assert "恒远集团" in text
    assert f"/organizations/{theirs.pk}/" not in text


def test_a_page_asks_as_many_questions_for_ten_people_as_for_one(
    client: Client, signed_in: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row = company(signed_in)

    def more() -> None:
        contacts.add_contact(row, name="王总", by=signed_in, at=NOW)
        ProjectFactory(investor=row, officer=signed_in)
        met(row, signed_in).officers.add(signed_in)

    more()
    client.get(f"/organizations/{row.pk}/")
    with CaptureQueriesContext(connection) as context:
        client.get(f"/organizations/{row.pk}/")
    for _number in range(9):
        more()
    with django_assert_num_queries(len(context)):
        client.get(f"/organizations/{row.pk}/")


def test_a_merged_company_leads_to_its_keeper_and_a_withdrawn_one_nowhere(
    client: Client, signed_in: User
) -> None:
    kept, merged = company(signed_in), company(signed_in, "恒龙公司")
    Organization.objects.filter(pk=merged.pk).update(merged_into=kept)
    response = client.get(f"/organizations/{merged.pk}/", follow=True)
    assert response.redirect_chain == [(f"/organizations/{kept.pk}/", 302)]
    assert "“恒龙公司”已合并到“恒龙储能有限公司”" in response.content.decode()
    Organization.objects.filter(pk=kept.pk).update(withdrawn_at=NOW)
    assert client.get(f"/organizations/{kept.pk}/").status_code == 404


def test_the_history_tells_who_changed_what(client: Client, signed_in: User) -> None:
    row = company(signed_in)
    organizations.edit(row, fields={"origin": "宁波"}, by=signed_in, at=NOW)
    tag = Tag.objects.create(name="上市公司")
    organizations.set_tags(row, [tag], by=signed_in, at=NOW)
    contacts.add_contact(row, name="王总", by=signed_in, at=NOW)
    told = [
        (edit.what, edit.note, [(c.label, c.before, c.after) for c in edit.changes])
        for edit in client.get(f"/organizations/{row.pk}/").context["edits"]
    ]
    assert ("", "", [("所在地", "", "宁波")]) in told
    assert ("", "标签：+上市公司", []) in told
    assert ("王总", "添加联系人", []) in told


# --- registering and changing ---------------------------------------------------------------
def test_a_new_company_comes_with_the_person_to_call(client: Client, signed_in: User) -> None:
    tag = Tag.objects.create(name="上市公司")
    parent = company(signed_in, "恒远集团")
    response = client.post(
        "/organizations/new/",
        {
            "name": "恒龙储能有限公司",
            "uscc": f" {CODE.lower()} ",
            "origin": "宁波",
            "parent_name": "恒远集团",
            "website": "example.com",
            "tags": [tag.pk],
            "person-name": "王总",
            "person-phone": "13800001234",
        },
    )
    row = Organization.objects.get(uscc=CODE)
    assert response["Location"] == f"/organizations/{row.pk}/"
    assert (row.parent, row.website, list(row.tags.all())) == (
        parent,
        "https://example.com",
        [tag],
    )
    assert row.contacts.get().is_primary


def test_a_company_that_is_there_is_refused_and_nothing_typed_is_lost(
    client: Client, signed_in: User
) -> None:
    row = company(signed_in)
    response = client.post(
        "/organizations/new/", {"name": row.name, "address": "甬江路", "person-phone": "138"}
    )
    text = response.content.decode()
    assert response.status_code == 422
    assert "请填写联系人姓名" in text
    assert 'value="甬江路"' in text
    response = client.post("/organizations/new/", {"name": row.name, "address": "甬江路"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "已经登记过" in text
    assert f'href="/organizations/{row.pk}/"' in text
    assert 'value="甬江路"' in text


def test_a_company_that_another_unit_has_is_said_to_be_taken_and_not_opened(
    client: Client, signed_in: User, outsider: User
) -> None:
    theirs = company(outsider, address="甬江路")
    ProjectFactory(investor=theirs, park=outsider.park, officer=outsider)
    text = client.post("/organizations/new/", {"name": theirs.name}).content.decode()
    assert "由别的单位在跟进" in text
    assert f"/organizations/{theirs.pk}/" not in text
    assert "甬江路" not in text


def test_a_parent_has_to_be_registered(client: Client, signed_in: User) -> None:
    response = client.post("/organizations/new/", {"name": "甲公司", "parent_name": "没有的公司"})
    assert response.status_code == 422
    assert "没有找到这家企业" in response.content.decode()


def test_names_are_offered_while_a_parent_is_typed(
    client: Client, signed_in: User, outsider: User
) -> None:
    company(signed_in)
    theirs = company(outsider, "恒龙控股公司")
    ProjectFactory(investor=theirs, park=outsider.park, officer=outsider)
    text = client.get("/organizations/options/", {"parent_name": "hlcn"}).content.decode()
    assert "恒龙储能有限公司" in text
    assert "option" not in client.get("/organizations/options/?parent_name=恒").text
    assert "恒龙控股公司" not in client.get("/organizations/options/?parent_name=恒龙").text


def opened(client: Client, address: str) -> dict[str, Any]:
    """What a browser sends back of a form that was just opened."""
    page = client.get(address)
    sent: dict[str, Any] = {}
    for field in page.context["form"]:
        value = field.value()
        if isinstance(value, list):
            value = [str(one) for one in value]
        if value is not False:
            sent[field.html_name] = "" if value is None else value
    for name, value in re.findall(
        r'<input type="hidden" name="(initial-[^"]+)" value="([^"]*)">', page.content.decode()
    ):
        sent[name] = [*sent.get(name, []), value]
    assert "initial-name" in sent
    return sent


def test_two_editors_of_one_company_keep_each_others_changes(
    client: Client, signed_in: User, manager: User
) -> None:
    row = company(signed_in, origin="宁波")
    address = f"/organizations/{row.pk}/edit/"
    mine = opened(client, address)
    organizations.edit(row, fields={"address": "甬江路"}, by=manager, at=NOW)
    assert client.post(address, {**mine, "note": "大户"}).status_code == 302
    row.refresh_from_db()
    assert (row.address, row.note, row.origin) == ("甬江路", "大户", "宁波")


def test_a_field_that_both_changed_is_refused_once_with_both_values(
    client: Client, signed_in: User, manager: User
) -> None:
    row = company(signed_in, origin="宁波")
    address = f"/organizations/{row.pk}/edit/"
    mine = {**opened(client, address), "origin": "杭州"}
    organizations.edit(row, fields={"origin": "上海"}, by=manager, at=NOW)
    response = client.post(address, mine)
    assert response.status_code == 422
    text = response.content.decode()
    assert f"{manager}在 " in text
    assert "改成了“上海”，您填的是“杭州”" in text
    assert '<input type="hidden" name="initial-origin" value="上海"' in text
    row.refresh_from_db()
    assert row.origin == "上海"
    client.post(address, {**mine, "initial-origin": "上海"})
    row.refresh_from_db()
    assert row.origin == "杭州"


def test_both_may_have_changed_a_field_to_the_same(
    client: Client, signed_in: User, manager: User
) -> None:
    row = company(signed_in)
    address = f"/organizations/{row.pk}/edit/"
    mine = {**opened(client, address), "is_local": "on", "note": "甲\r\n乙"}
    organizations.edit(row, fields={"is_local": True, "note": "甲\n乙"}, by=manager, at=NOW)
    versions = row.history.count()
    assert client.post(address, mine).status_code == 302
    assert row.history.count() == versions


def test_choices_that_both_changed_are_told_by_their_names(
    client: Client, signed_in: User, manager: User
) -> None:
    a, b, c = (Tag.objects.create(name=name) for name in ("上市公司", "国企", "外资"))
    one, two = Chain.objects.create(name="镓"), Chain.objects.create(name="铝")
    row = organizations.set_tags(company(signed_in), [a], by=signed_in, at=NOW)
    address = f"/organizations/{row.pk}/edit/"
    mine = {**opened(client, address), "tags": [str(a.pk), str(b.pk)], "chain": str(one.pk)}
    mine["chain_position"] = "leader"
    organizations.set_tags(row, [c], by=manager, at=NOW)
    organizations.edit(row, fields={"chain": two, "chain_position": "upstream"}, by=manager, at=NOW)
    text = client.post(address, mine).content.decode()
    assert "改成了“外资”，您填的是“上市公司、国企”" in text
    assert "改成了“铝”，您填的是“镓”" in text
    assert "改成了“上游”，您填的是“链主”" in text
    assert f'name="initial-tags" value="{c.pk}"' in text


def test_a_code_of_another_company_is_refused_with_its_name(
    client: Client, signed_in: User
) -> None:
    other, row = company(signed_in, uscc=CODE), company(signed_in, "甲公司")
    mine = opened(client, f"/organizations/{row.pk}/edit/")
    response = client.post(f"/organizations/{row.pk}/edit/", {**mine, "uscc": CODE})
    assert response.status_code == 422
    assert f"已登记为“{other.name}”" in response.content.decode()


# --- people and files -----------------------------------------------------------------------
def test_people_are_added_changed_made_primary_leave_and_come_back(
    client: Client, signed_in: User
) -> None:
    row = company(signed_in)
    for name in ("王总", "李总"):
        client.post(f"/organizations/{row.pk}/contacts/", {"name": name})
    wang, li = row.contacts.order_by("pk")
    client.post(f"/contacts/{li.pk}/primary/")
    assert row.contacts.get(is_primary=True) == li
    mine = opened(client, f"/contacts/{wang.pk}/edit/")
    contacts.edit_contact(wang, fields={"phone": "138"}, by=signed_in, at=NOW)
    client.post(f"/contacts/{wang.pk}/edit/", {**mine, "title": "总经理"})
    wang.refresh_from_db()
    assert (wang.phone, wang.title) == ("138", "总经理")
    client.post(f"/contacts/{li.pk}/left/", {"on": "2026-03-01"})
    assert row.contacts.get(is_primary=True) == wang
    client.post(f"/contacts/{li.pk}/back/")
    assert row.contacts.get(name="李总").left_on is None


def test_a_refused_person_stands_on_the_page_as_typed(client: Client, signed_in: User) -> None:
    row = company(signed_in)
    response = client.post(f"/organizations/{row.pk}/contacts/", {"title": "总经理"})
    assert response.status_code == 422
    assert 'value="总经理"' in response.content.decode()
    contact = contacts.add_contact(row, name="王总", by=signed_in, at=NOW)
    response = client.post(f"/contacts/{contact.pk}/left/", {"on": "2199-01-01"})
    assert response.status_code == 422
    assert "离职日不能晚于今天" in response.content.decode()
    assert not Contact.objects.filter(left_on__isnull=False).exists()


def test_a_file_is_uploaded_saved_never_run_and_taken_back(client: Client, signed_in: User) -> None:
    row = company(signed_in)
    address = f"/organizations/{row.pk}/attachments/"
    client.post(address, {"file": SimpleUploadedFile("执照.pdf", b"%PDF-1.7 licence")})
    kept = row.attachments.get()
    response = client.get(f"/attachments/{kept.pk}/")
    assert b"".join(response.streaming_content) == b"%PDF-1.7 licence"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    client.post(f"/attachments/{kept.pk}/withdraw/")
    assert client.get(f"/attachments/{kept.pk}/").status_code == 404
    client.post(f"/attachments/{kept.pk}/restore/")
    assert client.get(f"/attachments/{kept.pk}/").status_code == 200


def test_a_file_that_is_none_is_refused_on_the_page(client: Client, signed_in: User) -> None:
    row = company(signed_in)
    file = SimpleUploadedFile("执照.pdf", b"<html><script>")
    response = client.post(f"/organizations/{row.pk}/attachments/", {"file": file})
    assert response.status_code == 422
    assert "不是 PDF" in response.content.decode()


def test_who_only_reads_is_shown_no_act(client: Client, auditor: User, officer: User) -> None:
    row = company(officer)
    contacts.add_contact(row, name="王总", by=officer, at=NOW)
    client.force_login(auditor)
    text = client.get(f"/organizations/{row.pk}/").content.decode()
    assert "王总" in text
    assert 'method="post" action="/contacts/' not in text
    assert f"/organizations/{row.pk}/edit/" not in text
    assert "/organizations/new/" not in client.get("/organizations/").content.decode()


def test_the_first_company_is_asked_for_where_there_is_none(
    client: Client, signed_in: User
) -> None:
    assert "登记第一家企业" in client.get("/organizations/").content.decode()
    OrganizationFactory()
    assert "没有符合条件" in client.get("/organizations/?q=没有这个").content.decode()
