"""Search finds by any part, by sound, by code and number, and only what a person may see."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Organization, User
from crm.names import initials, matching_key, normalise, pinyin
from pipeline.models import Interaction, Project
from pipeline.search import excerpt, find
from tests.factories import (
    LONG_AGO,
    ContactFactory,
    OrganizationFactory,
    ParkFactory,
    ProjectFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
CODE = "91140829MA0GUNAX7B"


def keys(name: str) -> dict[str, str]:
    return {
        "name": name,
        "name_key": normalise(name),
        "pinyin": pinyin(name),
        "initials": initials(name),
    }


def organization(name: str, **more: object) -> Organization:
    return OrganizationFactory(**keys(name), matching_key=matching_key(name), **more)


def project(name: str, **more: object) -> Project:
    return ProjectFactory(**keys(name), **more)


def met(of: Project, summary: str) -> Interaction:
    return Interaction.objects.create(
        project=of,
        organization=of.investor,
        kind="call",
        occurred_on=dt.date(2026, 9, 1),
        summary=summary,
        recorded_at=LONG_AGO,
        recorded_by=of.officer,
    )


@pytest.fixture
def leader() -> User:
    return UserFactory(username="leader", leader=True)


@pytest.mark.parametrize(
    "typed", ["高纯镓", "纯镓", "年产3000吨", "ncpsd", "gcj", "nianchan", "ＧＣＪ"]
)
def test_a_project_is_found_by_any_part_of_its_name_and_by_its_sound(
    typed: str, leader: User
) -> None:
    name = "年产3000吨高纯镓项目"
    row = project(name if typed != "ncpsd" else "农产品深度加工项目")
    project("苹果浓缩汁生产线")
    assert list(find(typed, user=leader).projects) == [row]


def test_an_organization_is_found_by_its_code_however_it_is_written(leader: User) -> None:
    row = organization("山西恒龙储能有限公司", uscc=CODE)
    assert list(find(" 91140829 ma0gunax7b", user=leader).organizations) == [row]
    assert list(find("恒龙", user=leader).organizations) == [row]


@pytest.mark.parametrize("typed", ["王建国", "建国", "wjg", "wangjian", "13800001234", "0000-1234"])
def test_a_contact_is_found_by_name_sound_and_number(typed: str, leader: User) -> None:
    name = "王建国"
    row = ContactFactory(
        name=name, pinyin=pinyin(name), initials=initials(name), phone="13800001234"
    )
    ContactFactory(name="李梅", pinyin="limei", initials="lm", phone="13900005678")
    assert list(find(typed, user=leader).contacts) == [row]


def test_a_meeting_is_found_by_a_word_of_its_summary_whatever_its_case(leader: User) -> None:
    row = met(project("储能项目"), "考察了对方的GaN产线，谈到用地 120 亩")
    met(project("别的项目"), "电话回访")
    assert list(find("gan产线", user=leader).interactions) == [row]


def test_signs_are_taken_as_they_are(leader: User) -> None:
    row = project("100%自动化_产线")
    project("1000自动化产线")
    assert list(find("100%", user=leader).projects) == [row]
    assert not find("化_产X", user=leader)


def test_the_name_itself_comes_first_then_what_begins_so_then_the_shorter(leader: User) -> None:
    for name in ("平陆铝业扩建项目", "铝业", "新铝业", "铝业二期"):
        project(name)
    assert [row.name for row in find("铝业", user=leader).projects] == [
        "铝业",
        "铝业二期",
        "新铝业",
        "平陆铝业扩建项目",
    ]


def test_one_sign_finds_nothing(leader: User) -> None:
    project("铝业")
    assert not find("铝", user=leader)
    assert not find("  ", user=leader)


def test_what_is_merged_withdrawn_or_of_another_park_is_not_found() -> None:
    own, other = ParkFactory(slug="rare-metals"), ParkFactory(slug="auto-materials")
    officer = UserFactory(username="own", park=own)
    mine = project("铝轮毂一期", park=own)
    theirs = project("铝轮毂二期", park=other, investor=organization("铝轮毂股份公司"))
    ContactFactory(organization=theirs.investor, name="铝轮毂联系人")
    met(theirs, "铝轮毂项目洽谈")
    project("铝轮毂三期", park=own, withdrawn_at=LONG_AGO)
    organization("铝轮毂旧名", merged_into=mine.investor)
    found = find("铝轮毂", user=officer)
    assert list(found.projects) == [mine]
    assert not found.organizations
    assert not found.contacts
    assert not found.interactions


def test_where_there_is_more_it_says_so(leader: User) -> None:
    for number in range(4):
        project(f"光伏{number}期")
    found = find("光伏", user=leader, most=3)
    assert len(found.projects) == 3
    assert found.more == {"projects"}
    assert not find("光伏", user=leader, most=4).more


def test_the_number_of_queries_does_not_grow_with_what_is_found(
    leader: User, client: Client
) -> None:
    client.force_login(leader, backend="django.contrib.auth.backends.ModelBackend")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get("/search/", {"q": "光伏"}).status_code == 200
        return len(caught)

    met(project("光伏0期"), "谈光伏")
    few = queries()
    for number in range(1, 20):
        met(project(f"光伏{number}期"), "谈光伏")
    assert queries() == few


def test_the_dialog_gets_a_fragment_and_says_what_to_do(leader: User, client: Client) -> None:
    client.force_login(leader, backend="django.contrib.auth.backends.ModelBackend")
    row = project("铝业<b>")
    page = client.get("/search/", {"q": "铝业"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert f'href="/projects/{row.pk}/"' in page
    assert "铝业&lt;b&gt;" in page
    assert "没有找到" in client.get("/search/", {"q": "没有的东西"}).content.decode()
    assert "至少两个字" in client.get("/search/", {"q": "铝"}).content.decode()


def test_an_excerpt_shows_what_was_found_in_its_words() -> None:
    long = "前" * 50 + "用地指标" + "后" * 50
    assert excerpt(long, "用地指标") == "…" + "前" * 30 + "用地指标" + "后" * 30 + "…"
    assert excerpt("谈到\n用地", "用地") == "谈到 用地"


@pytest.mark.postgres
def test_postgresql_reads_an_index_for_two_characters() -> None:
    rows = Project.objects.filter(name_key__has="纯镓").order_by().values("pk")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, params = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "project_name_pairs" in plan
