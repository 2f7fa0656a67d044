"""Duplicates and merges as pages: proposed while typing, previewed, done and undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Contact, ContactMerge, Organization, OrganizationMerge, Park, User
from pipeline.models import Project
from tests.factories import (
    ContactFactory,
    ParkFactory,
    ProjectFactory,
    UserFactory,
    named_organization,
)

CODE, OTHER = "91140829EKWM7PHUQ2", "91140829T938Q6BD80"


@pytest.fixture
def park(db: None) -> Park:
    return ParkFactory(slug="rare-metals", name="稀有金属产业园")


@pytest.fixture
def manager(client: Client, park: Park) -> User:
    person = UserFactory(username="manager", role="manager", park=park)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


@pytest.fixture
def pair(park: Park) -> tuple[Organization, Organization]:
    kept = named_organization("山西恒龙储能有限公司", address="老地址", uscc=CODE)
    merged = named_organization("恒龙储能", address="新地址")
    ProjectFactory(investor=kept, park=park, name="一期", name_key="一期")
    ProjectFactory(investor=merged, park=park, name="二期", name_key="二期")
    return kept, merged


def sent(kept: Organization, merged: Organization, **more: str) -> dict[str, Any]:
    return {"kept": kept.pk, "merged": merged.pk, **more}


def test_a_typed_name_shows_who_is_registered(
    client: Client, manager: User, pair: tuple[Organization, Organization]
) -> None:
    answer = client.get(
        "/organizations/duplicates/", {"name": "恒龙储能公司"}, headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert "<html" not in page
    for row in pair:
        assert f'href="/organizations/{row.pk}/"' in page
    assert "已由稀有金属产业园跟进" in page


def test_another_park_s_company_is_named_with_its_unit_and_no_more(
    client: Client, manager: User
) -> None:
    other = ParkFactory(slug="other", name="现代农业园")
    row = named_organization("恒龙储能有限公司", uscc=CODE, origin="浙江宁波")
    ProjectFactory(investor=row, park=other)
    page = client.get("/organizations/duplicates/", {"name": "恒龙储能"}).content.decode()
    assert "恒龙储能有限公司" in page
    assert "已由现代农业园跟进" in page
    for secret in (f"/organizations/{row.pk}/", CODE, "浙江宁波", "把它并入"):
        assert secret not in page
    mine = named_organization("恒龙储能")
    for side in ({"kept": mine.pk, "merged": row.pk}, {"kept": row.pk}):
        assert client.get("/organizations/merge/", side).status_code == 404


def test_a_company_s_duplicates_are_proposed_before_one_is_chosen(
    client: Client, manager: User, pair: tuple[Organization, Organization]
) -> None:
    kept, merged = pair
    page = client.get("/organizations/merge/", {"kept": kept.pk}).content.decode()
    assert f"?kept={kept.pk}&amp;merged={merged.pk}" in page


def test_a_merge_is_previewed_done_and_undone(
    client: Client, manager: User, pair: tuple[Organization, Organization]
) -> None:
    kept, merged = pair
    page = client.get("/organizations/merge/", sent(kept, merged)).content.decode()
    assert 'name="choose-address" value="kept" checked' in page
    assert OrganizationMerge.objects.count() == 0
    answer = client.post(
        "/organizations/merge/", sent(kept, merged, **{"choose-address": "merged"})
    )
    done = OrganizationMerge.objects.get()
    assert answer.headers["Location"] == f"/merges/{done.pk}/"
    kept.refresh_from_db()
    assert (kept.address, kept.projects.count()) == ("新地址", 2)
    assert "撤销合并" in client.get(f"/merges/{done.pk}/").content.decode()
    assert client.get(f"/organizations/{merged.pk}/").headers["Location"] == (
        f"/organizations/{kept.pk}/"
    )
    client.post(f"/merges/{done.pk}/undo/")
    kept.refresh_from_db()
    assert (kept.address, kept.projects.count(), merged.projects.count()) == ("老地址", 1, 1)
    page = client.get("/merges/").content.decode()
    assert "已撤销" in page


def test_two_codes_ask_for_the_person_s_word_and_nothing_chosen_is_lost(
    client: Client, manager: User, pair: tuple[Organization, Organization]
) -> None:
    kept, merged = pair
    Organization.objects.filter(pk=merged.pk).update(uscc=OTHER)
    chosen = {"choose-address": "merged"}
    answer = client.post("/organizations/merge/", sent(kept, merged, **chosen))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "确是一家请勾选确认" in page
    assert 'name="choose-address" value="merged" checked' in page
    answer = client.post("/organizations/merge/", sent(kept, merged, two_codes="on", **chosen))
    assert answer.status_code == 302


def test_projects_of_one_name_stand_in_the_way_and_are_linked(
    client: Client, manager: User, pair: tuple[Organization, Organization]
) -> None:
    kept, merged = pair
    Project.objects.update(name="储能项目", name_key="储能项目")
    page = client.get("/organizations/merge/", sent(kept, merged)).content.decode()
    for project in Project.objects.all():
        assert f'href="/projects/{project.pk}/"' in page
    assert "确认合并" not in page
    assert client.post("/organizations/merge/", sent(kept, merged)).status_code == 422


def test_two_contacts_are_merged_and_taken_apart(
    client: Client, manager: User, pair: tuple[Organization, Organization]
) -> None:
    kept, merged = (ContactFactory(organization=pair[0], name=name) for name in ("王总", "王建国"))
    page = client.get("/contacts/merge/", {"kept": kept.pk}).content.decode()
    assert f"?kept={kept.pk}&amp;merged={merged.pk}" in page
    assert client.get("/contacts/merge/", {"kept": kept.pk, "merged": merged.pk}).status_code == 200
    client.post("/contacts/merge/", {"kept": kept.pk, "merged": merged.pk})
    done = ContactMerge.objects.get()
    assert Contact.objects.current().count() == 1
    assert f'href="/contacts/merges/{done.pk}/"' in client.get("/merges/").content.decode()
    client.post(f"/contacts/merges/{done.pk}/undo/")
    assert Contact.objects.current().count() == 2


def test_companies_of_one_name_are_listed_and_the_cost_is_the_same_for_many(
    client: Client, manager: User
) -> None:
    counts = []
    for number in (1, 15):
        for n in range(number):
            named_organization(f"山西恒龙{number}{n}储能有限公司")
            named_organization(f"恒龙{number}{n}储能")
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/organizations/duplicates/all/")
        counts.append(len(queries))
        assert len(answer.context["groups"]) == len(range(number)) + (number == 15)
    assert counts[0] == counts[1]


def test_a_manager_sees_merges_of_their_own_companies_only(client: Client, manager: User) -> None:
    from crm.merging import merge
    from tests.factories import instant, the_verifier

    other = ParkFactory(slug="other")
    kept, merged = named_organization("金鼎铝业有限公司"), named_organization("金鼎铝业")
    ProjectFactory(investor=kept, park=other)
    done = merge(kept, merged, by=the_verifier(), at=instant("2026-03-05 10:00"))
    assert list(client.get("/merges/").context["page"]) == []
    assert client.get(f"/merges/{done.pk}/").status_code == 404
    assert client.post(f"/merges/{done.pk}/undo/").status_code == 404
