"""Below the cockpit's fold: months, funnel, channels, who waits; each with its table and list."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from crm.models import Park, User
from pipeline.figures import Window, signed_not_started
from pipeline.funnel import funnel
from pipeline.models import CountySettings, FactorNeed
from pipeline.waiting import by_age, by_obstacle, narrowed
from tests.factories import YUAN, ProjectFactory, TargetFactory, UserFactory, instant

YEAR = {"year": "2026", "as_of": "2026-06-30"}
WINDOW = Window(2026, dt.date(2026, 6, 30), instant("2027-01-31 10:00"))


def shown(client: Client, user: User, /, **more: str) -> str:
    client.force_login(user)
    response = client.get("/cockpit/charts/", {**YEAR, **more})
    assert response.status_code == 200
    return response.content.decode()


def words(page: str) -> str:
    return re.sub(r"\s+", " ", strip_tags(page))


def test_a_stage_has_its_own_cohort_with_conversion_and_median_days(park: Park) -> None:
    for day in (3, 10, 20):
        ProjectFactory(
            started=True,
            park=park,
            contacted_on=dt.date(2026, 1, 1),
            signed_on=dt.date(2026, 3, day),
            started_on=dt.date(2026, 3, 31),
        )
    ProjectFactory(signed=True, park=park, contacted_on=dt.date(2026, 1, 1))
    ProjectFactory(in_contact=True, park=park, contacted_on=dt.date(2026, 1, 1))
    contact, signed, started, producing = funnel(WINDOW)
    assert (contact.reached, contact.went_on, contact.conversion) == (5, 4, Decimal("0.8"))
    assert (signed.reached, signed.went_on, signed.days) == (4, 3, 21)
    assert (started.reached, started.went_on, started.days) == (3, 0, None)
    assert (producing.reached, producing.conversion) == (0, None)
    assert funnel(Window(2026, dt.date(2026, 3, 30), WINDOW.known_at))[1].went_on == 0


def test_a_contact_counts_whatever_the_least_investment(park: Park) -> None:
    ProjectFactory(in_contact=True, park=park, contacted_on=dt.date(2026, 1, 1))
    CountySettings.objects.create(
        recorded_at=instant("2026-04-01 08:00"), minimum_investment=5 * YUAN, reason="亿元以上"
    )
    assert funnel(WINDOW)[0].reached == 1


def test_the_ages_of_who_waits_add_up_and_each_is_the_list_behind_it(
    client: Client, park: Park, leader: User
) -> None:
    for day in ("2026-06-30", "2026-05-31", "2026-05-30", "2025-06-30", "2025-06-29"):
        ProjectFactory(signed=True, park=park, signed_on=dt.date.fromisoformat(day))
    groups = by_age(WINDOW)
    assert [(g.key, g.projects) for g in groups] == [
        ("0-30", 2),
        ("31-90", 1),
        ("91-180", 0),
        ("181-365", 1),
        ("366", 1),
    ]
    waiting = signed_not_started(WINDOW)
    assert [narrowed(waiting, WINDOW, band=g.key)[0].count() for g in groups] == [2, 1, 0, 1, 1]
    client.force_login(leader)
    page = client.get("/figures/signed_not_started/", {**YEAR, "band": "0-30"})
    assert "30 天以内" in page.content.decode()
    assert len(page.context["facts"]) == 2


def test_an_obstacle_is_a_need_recorded_and_not_met_by_then(
    client: Client, park: Park, leader: User
) -> None:
    stuck, freed, _free = ProjectFactory.create_batch(3, signed=True, park=park)
    for project, met_on in ((stuck, None), (freed, dt.date(2026, 6, 1))):
        FactorNeed.objects.create(
            project=project,
            kind="land",
            met_on=met_on,
            recorded_at=instant("2026-04-01 10:00"),
            recorded_by=leader,
        )
    found = {group.key: group.projects for group in by_obstacle(WINDOW) if group.projects}
    assert found == {"land": 1, "none": 2}
    in_may = Window(2026, dt.date(2026, 5, 31), WINDOW.known_at)
    assert {g.key: g.projects for g in by_obstacle(in_may) if g.projects} == {"land": 2, "none": 1}
    client.force_login(leader)
    page = client.get("/figures/signed_not_started/", {**YEAR, "need": "land"})
    assert [fact.row.project for fact in page.context["facts"]] == [stuck]


def test_the_page_s_tables_are_charts_with_numbers_and_links(
    client: Client, park: Park, leader: User
) -> None:
    TargetFactory(value=Decimal(12))
    ProjectFactory(signed=True, park=park, amount=3 * YUAN, signed_on=dt.date(2026, 3, 5))
    page = shown(client, leader, known_at="2026-05-01T08:00")
    assert "3月 1 3.0 0 3.00" in words(page)  # the plan of 12 is one a month
    assert 'data-style="dashed" data-value="3"' in page
    assert "as_of=2026-03-31&amp;known_at=2026-05-01T08%3A00" in page
    assert "按 2026-05-01 08:00 时掌握的情况" in page
    assert "style=" not in page.replace("data-style=", "")
    for link in ("by=channel&amp;known_at", "band=91-180", "need=none"):
        assert link in page, link


def test_what_is_red_or_yellow_is_named_in_words(client: Client, park: Park, leader: User) -> None:
    TargetFactory(value=Decimal(10))
    TargetFactory(value=Decimal(4), holder="park", park=park)
    ProjectFactory(signed=True, park=park)
    client.force_login(leader)
    response = client.get("/", YEAR)
    assert [(w.name, w.light.value) for w in response.context["watched"]] == [
        ("合计", "red"),
        (park.name, "yellow"),
    ]
    assert "要盯住的" in response.content.decode()
    client.force_login(UserFactory(username="head", manager=True, park=park))
    assert [w.name for w in client.get("/", YEAR).context["watched"]] == ["合计"]


def test_a_park_sees_its_own_only(
    client: Client, park: Park, other_park: Park, manager: User
) -> None:
    ProjectFactory(signed=True, park=other_park, amount=9 * YUAN)
    page = words(shown(client, manager))
    assert "9.00" not in page
    assert "这一期还没有签约" in page


@pytest.mark.parametrize("projects", [1, 5])
def test_the_parts_take_the_same_queries_for_1_and_5_projects(
    client: Client,
    park: Park,
    leader: User,
    projects: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ProjectFactory.create_batch(projects, signed=True, park=park)
    client.force_login(leader)
    # session, user; 5 of months; 8 of the funnel; 5 of each roll-up; 2 of each group
    with django_assert_num_queries(29):
        client.get("/cockpit/charts/", YEAR, headers={"HX-Request": "true"})
