"""The forecast's page and its part of the cockpit: numbers, words instead of numbers, scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from crm.models import Park, User
from pipeline.models import FactorNeed
from tests.factories import ProjectFactory, TargetFactory, instant

YEAR = {"year": "2026", "as_of": "2026-09-30"}
PART = {"HX-Request": "true"}
MONTHS = (*((2025, m) for m in (1, 2, 4, 5, 7, 8, 10, 11)), *((2026, m) for m in (1, 3, 6, 8)))


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def years(park: Park, other_park: Park) -> None:
    """Twelve signings of two years, the last ones of each year not started; and the targets."""
    for number, (year, month) in enumerate(MONTHS):
        day = dt.date(year, month, 10)
        started = {"started": True, "started_on": day + dt.timedelta(days=20)}
        ProjectFactory(
            name=f"{year}年{month}月项目",
            park=other_park if number % 4 == 0 else park,
            contacted_on=day - dt.timedelta(days=20),
            signed_on=day,
            **(started if month < 6 else {"signed": True}),
        )
    TargetFactory(metric="signed_projects", value=Decimal(6))
    TargetFactory(metric="signed_amount_yuan", value=Decimal(900_000_000))
    TargetFactory(metric="start_rate", value=Decimal("0.6"))


def shown(client: Client, user: User, /, headers: dict[str, str] | None = None, **more: str) -> str:
    client.force_login(user)
    response = client.get("/forecast/", {**YEAR, **more}, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def body(page: str) -> str:
    return page[page.index("<tbody>") : page.rindex("</table>")]


def test_the_county_s_end_stands_with_its_interval_chance_and_what_it_takes(
    client: Client, years: None, leader: User
) -> None:
    page = shown(client, leader)
    assert "4 →" in page
    assert "目标 6" in page
    assert "签约目标还差 2 个" in page
    assert "今年已签 4 个，其中开工 2 个；" in page
    assert "要达到 60.0 %，未开工的 2 个里至少 1 个要在 12 月 31 日前开工" in page
    assert "依据近 20 个月的 12 个签约" in page
    # The question asked again, and as the cockpit's part, has the same answer.
    cache.clear()
    assert body(shown(client, leader)) == body(page)
    part = shown(client, leader, headers=PART)
    assert "<html" not in part
    assert page[page.index("<tfoot>") : page.index("</tfoot>")] in part


def test_who_has_to_start_is_listed_with_obstacle_and_unit(
    client: Client, years: None, leader: User
) -> None:
    from pipeline.models import Project

    project = Project.objects.get(name="2026年8月项目")
    Project.objects.filter(pk=project.pk).update(lead_unit="园区管委会")
    FactorNeed.objects.create(
        project=project,
        kind="land",
        unit="自然资源局",
        recorded_at=instant("2026-08-20 10:00"),
        recorded_by=leader,
    )
    page = shown(client, leader)
    table = page[page.index("必须开工") :]
    assert "用地（自然资源局）" in table
    assert "园区管委会" in table
    assert "2026年6月项目" in page
    assert "2025年7月项目" not in page  # of another year: no part of this year's rate


def test_the_bars_go_on_faintly_to_the_expected_end(
    client: Client, years: None, leader: User
) -> None:
    client.force_login(leader)
    bare = client.get("/", YEAR).content.decode()
    assert 'id="expected-signed_projects"' in bare
    assert '<rect width="0.00%"' in bare
    assert "hx-swap-oob" not in bare
    part = shown(client, leader, headers=PART)
    assert part.count('hx-swap-oob="true"') == 3
    drawn = client.get("/", YEAR).context["goals"]
    assert drawn[0].expected > drawn[0].completion


def test_a_park_sees_its_own_line_as_the_county_sees_it_and_no_other(
    client: Client, years: None, leader: User, manager: User, park: Park, other_park: Park
) -> None:
    county = client_page(client, leader, park)
    own = shown(client, manager)
    row = county[county.index("<tbody>") :]
    assert row[row.index(park.short_name) : row.index("</tr>")] in own
    assert other_park.short_name not in own
    assert "全县" not in own[own.index("<tbody>") : own.index("</tbody>")]
    assert client.get("/forecast/", {**YEAR, "key": other_park.slug}).status_code == 404


def client_page(client: Client, user: User, park: Park) -> str:
    return shown(client, user, key=park.slug)


def test_too_little_history_is_said_in_words(client: Client, park: Park, leader: User) -> None:
    ProjectFactory(signed=True, park=park)
    page = shown(client, leader)
    assert "历史还太少，不给数字" in page
    assert "现有 1 个" in page
    assert "<tbody>" not in page


@pytest.mark.parametrize(
    ("year", "as_of", "says"),
    [
        ("2025", "2025-12-31", "2025 年到截止日已经结束"),
        ("2025", "2026-09-30", "2025 年到截止日已经结束"),
        ("2027", "2026-09-30", "截止日在 2027 年之前"),
    ],
)
def test_a_year_that_is_over_or_has_not_begun_is_not_forecast(
    client: Client, leader: User, year: str, as_of: str, says: str
) -> None:
    assert says in shown(client, leader, year=year, as_of=as_of)
    assert (
        "expected-signed_projects"
        not in client.get("/", {"year": year, "as_of": as_of}).content.decode()
    )


def test_as_it_was_known_at_an_instant_says_so_and_forecasts_from_that(
    client: Client, years: None, leader: User
) -> None:
    page = shown(client, leader, known_at="2026-08-01T08:00")
    assert "按 2026-08-01 08:00 时掌握的情况" in page
    assert "现有 11 个" in page  # the signing of August is not known: too little for numbers
