"""Behind each figure: the list adds up to it, and every line leads to its evidence."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.models import Park, User
from pipeline import funds
from pipeline.figures import FIGURES
from tests.factories import (
    FundsReceiptFactory,
    LoadRowFactory,
    ProjectFactory,
    UserFactory,
    instant,
)

YEAR = {"year": "2026", "as_of": "2026-12-31"}


@pytest.fixture
def leader(db: None, client: Client) -> User:
    leader = UserFactory(username="leader", leader=True)
    client.force_login(leader)
    return leader


def ask(client: Client, figure: str, **query: str) -> Any:
    response = client.get(f"/figures/{figure}/", {**YEAR, **query})
    assert response.status_code == 200
    return response


@pytest.fixture
def county(leader: User, park: Park, other_park: Park, verifier: User) -> None:
    """Projects in all stages in two parks, and money of one."""
    for holder in (park, other_park):
        ProjectFactory(signed=True, park=holder, amount=3)
        producing = ProjectFactory(producing=True, park=holder, amount=5)
    funds.verify(
        FundsReceiptFactory(project=producing), by=verifier, at=instant("2026-05-03 10:00")
    )


@pytest.mark.parametrize("figure", [*FIGURES, "funds_received_yuan"])
@pytest.mark.parametrize("key", ["total", "rare-metals", "none"])
def test_the_list_adds_up_to_the_figure_of_the_cockpit(
    client: Client, county: None, figure: str, key: str
) -> None:
    cockpit = client.get("/", YEAR).context
    row = next(line.row for line in [*cockpit["lines"], cockpit["total"]] if line.row.key == key)
    listed = ask(client, figure, key=key).context
    sums, facts = listed["sums"], listed["facts"]
    shown = sums.money if figure.endswith("_yuan") else sums.parts
    assert shown == getattr(row, figure)
    assert sums.money == sum((fact.row.money or 0 for fact in facts), Decimal(0))


def test_signed_and_not_started_is_listed_by_age_the_oldest_first(
    client: Client, leader: User, park: Park
) -> None:
    for day in (dt.date(2026, 3, 5), dt.date(2024, 12, 31)):
        ProjectFactory(signed=True, park=park, signed_on=day)
    listed = ask(client, "signed_not_started", as_of="2026-03-15").context
    assert [fact.age for fact in listed["facts"]] == [439, 10]
    assert client.get("/", {"year": "2026", "as_of": "2026-03-15"}).context["total"].waiting == 2


def test_a_line_names_the_verifier_and_leads_to_the_evidence(
    client: Client, leader: User, park: Park
) -> None:
    project = ProjectFactory(signed=True, park=park)
    signing = project.milestones.get(kind="signing")
    shown = ask(client, "signed_projects").content.decode()
    assert f"/projects/{project.pk}/#milestone-{signing.pk}" in shown
    assert str(signing.verified_by) in shown
    assert "2026-03-05" in shown


def test_a_figure_of_another_year_is_empty_and_says_so(client: Client, county: None) -> None:
    shown = ask(client, "signed_projects", year="2020", as_of="2020-12-31").content.decode()
    assert "这个数是 0" in shown


@pytest.mark.parametrize(
    "address", ["/figures/unknown/", "/figures/signed_projects/?key=no-such-park"]
)
def test_there_is_no_page_for_what_there_is_not(client: Client, leader: User, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_park_officer_gets_only_the_own_part(
    client: Client, county: None, officer: User, other_park: Park
) -> None:
    client.force_login(officer)
    assert ask(client, "signed_projects").context["sums"].parts == 2
    assert ask(client, "signed_projects", key=other_park.slug).context["sums"].parts == 0


@pytest.mark.parametrize("projects", [1, 20])
@pytest.mark.parametrize("figure", ["signed_projects", "signed_not_started"])
def test_a_list_takes_the_same_queries_for_1_and_20_projects(
    client: Client,
    leader: User,
    park: Park,
    projects: int,
    figure: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ProjectFactory.create_batch(projects, signed=True, park=park)
    # session, user, bell; settings, sums, count, rows, names of parks
    with django_assert_num_queries(8):
        ask(client, figure)


def test_a_loaded_receipt_names_its_row(
    client: Client, leader: User, park: Park, verifier: User
) -> None:
    project = ProjectFactory(park=park)
    receipt = FundsReceiptFactory(
        project=project, document=None, load_row=LoadRowFactory(project=project, row=7)
    )
    funds.verify(receipt, by=verifier, at=instant("2026-05-03 10:00"))
    assert "台账第 7 行" in ask(client, "funds_received_yuan").content.decode()
