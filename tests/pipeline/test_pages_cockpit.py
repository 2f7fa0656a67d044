"""The cockpit: targets, the table by park, and all of it in the URL."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.models import Park, User
from pipeline.models import Target
from tests.factories import ProjectFactory, TargetFactory, UserFactory

YEAR = {"year": "2026", "as_of": "2026-06-30"}
YI = Decimal(100_000_000)


@pytest.fixture
def leader(db: None, client: Client) -> User:
    leader = UserFactory(username="leader", leader=True)
    client.force_login(leader)
    return leader


@pytest.fixture
def targets(leader: User) -> None:
    TargetFactory(metric="signed_projects", value=Decimal(50))
    TargetFactory(metric="signed_amount_yuan", value=200 * YI)
    TargetFactory(metric="start_rate", value=Decimal("0.6"))


def page(client: Client, **query: str) -> str:
    response = client.get("/", {**YEAR, **query})
    assert response.status_code == 200
    return response.content.decode()


def test_the_three_targets_show_figure_target_and_lead_over_the_schedule(
    client: Client, targets: None, park: Park
) -> None:
    ProjectFactory(started=True, park=park, amount=120 * YI, started_on=dt.date(2026, 6, 20))
    shown = page(client)
    assert "目标 50 个" in shown
    assert "目标 200.00 亿元" in shown
    assert "目标 60.0 %" in shown
    assert "欠序时 48.0 个百分点" in shown  # 1 of 50 at half of the year
    assert "超序时 10.0 个百分点" in shown  # 120 of 200
    assert "高于目标 40.0 个百分点" in shown


def test_a_light_is_a_word_and_an_icon_beside_its_colour(
    client: Client, targets: None, park: Park
) -> None:
    ProjectFactory(signed=True, park=park)
    shown = page(client)
    light = shown[shown.index('class="light light-red"') :][:200]
    assert "bi-exclamation-octagon-fill" in light
    assert "欠序时" in light


def test_a_rate_shows_its_fraction_and_no_rate_is_a_dash(
    client: Client, targets: None, park: Park
) -> None:
    ProjectFactory(started=True, park=park, started_on=dt.date(2026, 6, 20))
    ProjectFactory(signed=True, park=park)
    shown = page(client)
    assert "50.0 %" in shown
    assert "1/2" in shown
    assert "还没有签约，没有比率" in page(client, year="2024", as_of="2024-06-30")


def test_every_figure_of_a_park_links_to_what_it_consists_of(
    client: Client, targets: None, park: Park
) -> None:
    shown = page(client)
    for figure in (
        *("signed_projects", "signed_amount_yuan", "groundbreakings", "productions"),
        *("funds_received_yuan", "signed_not_started"),
    ):
        link = f"/figures/{figure}/?year=2026&amp;as_of=2026-06-30&amp;by=park&amp;key={park.slug}"
        assert link in shown, figure


def test_what_has_no_park_counts_in_the_total_and_is_not_ranked(
    client: Client, targets: None, park: Park
) -> None:
    ProjectFactory(signed=True, without_park=True)
    response = client.get("/", YEAR)
    none = response.context["lines"][-1]
    assert (none.row.key, none.row.signed_projects, none.rank_rate) == ("none", 1, None)
    assert response.context["total"].row.signed_projects == 1


def test_ranks_tie_and_go_on_after_the_tie(client: Client, leader: User, park: Park) -> None:
    from tests.factories import ParkFactory

    for slug, count in (("rare-metals", 2), ("auto-materials", 2), ("modern-agriculture", 1)):
        holder = ParkFactory(slug=slug)
        TargetFactory(holder="park", park=holder, value=Decimal(4))
        for _ in range(count):
            ProjectFactory(signed=True, park=holder)
    lines = client.get("/", YEAR).context["lines"]
    assert [line.rank_projects for line in lines] == [1, 1, 3, None]


def test_framework_agreements_are_listed_apart(client: Client, targets: None, park: Park) -> None:
    project = ProjectFactory(in_contact=True, park=park)
    from tests.factories import prepare_signing, sign

    prepare_signing(project, "framework")
    sign(project, on=dt.date(2026, 3, 1), contract_kind="framework")
    assert "另有框架协议 1 个，不计入签约" in page(client)


def test_targets_of_an_earlier_year_are_named_as_such(client: Client, leader: User) -> None:
    TargetFactory(year=2023)
    assert "暂按 2023 年的目标对照" in page(client)


def test_example_targets_are_named_as_such(client: Client, leader: User, park: Park) -> None:
    TargetFactory(holder="park", park=park, is_example=True)
    assert "示例，不是县里下达的目标" in page(client)
    assert Target.objects.count() == 1


def test_the_year_as_it_was_known_at_an_instant_says_so(
    client: Client, targets: None, park: Park
) -> None:
    ProjectFactory(signed=True, park=park, signed_on=dt.date(2026, 3, 5))
    before = client.get("/", {**YEAR, "known_at": "2026-03-05T08:00"})
    assert "按 2026-03-05 08:00 时掌握的情况" in before.content.decode()
    assert before.context["total"].row.signed_projects == 0
    assert client.get("/", YEAR).context["total"].row.signed_projects == 1


def test_an_unreadable_day_is_named_and_today_taken_instead(client: Client, leader: User) -> None:
    shown = page(client, as_of="30.6.2026")
    assert "截止日要写成 2026-09-30 这样的日期" in shown


def test_a_day_before_the_year_is_explained(client: Client, leader: User) -> None:
    assert "在 2026 年之前，所以没有数" in page(client, as_of="2025-06-30")


@pytest.mark.parametrize("by", ["park", "channel", "industry", "officer"])
def test_each_dimension_has_its_page(client: Client, targets: None, park: Park, by: str) -> None:
    ProjectFactory(signed=True, park=park)
    response = client.get("/", {**YEAR, "by": by})
    assert response.context["total"].row.signed_projects == 1
    assert f"by={by}&amp;key=total" in response.content.decode()


def test_a_park_officer_sees_the_own_park_only(
    client: Client, park: Park, other_park: Park, officer: User
) -> None:
    ProjectFactory(signed=True, park=other_park)
    client.force_login(officer)
    response = client.get("/", YEAR)
    assert [line.row.key for line in response.context["lines"]] == [park.slug]
    assert response.context["total"].row.signed_projects == 0
    assert other_park.name not in response.content.decode()


@pytest.mark.parametrize("projects", [1, 20])
def test_the_cockpit_takes_the_same_queries_for_1_and_20_projects(
    client: Client,
    targets: None,
    park: Park,
    projects: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ProjectFactory.create_batch(projects, signed=True, park=park)
    # session, user, bell; settings, milestones, funds, names, targets; settings, not started
    with django_assert_num_queries(10):
        page(client)
