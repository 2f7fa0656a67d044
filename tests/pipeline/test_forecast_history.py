"""What the forecast rests on: signings, starts, contacts and endings as they were known."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from crm.models import Park, User
from pipeline import attribution, milestones, statuses
from pipeline.figures import Window
from pipeline.forecast import Open, Signing
from pipeline.forecast_history import history, moment_of
from pipeline.hazards import Spell
from pipeline.models import CountySettings, DocumentKind, Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind
from tests.factories import YUAN, DocumentFactory, ProjectFactory, instant, sign

NOW = instant("2027-01-31 10:00")
JANUARY = 2026 * 12
CONTACT = 2022 * 12  # where the factories' projects were in contact first


def window(day: str = "2026-09-30", known_at: dt.datetime = NOW) -> Window:
    return Window(2026, dt.date.fromisoformat(day), known_at)


def end(project: Project, status: str, on: dt.date, leader: User) -> None:
    statuses.change(
        project,
        to=status,
        on=on,
        reason="投资方放弃",
        by=project.officer,
        approved_by=leader,
        at=instant(f"{on} 18:00"),
    )


def test_a_day_is_a_month_and_the_part_of_it_that_is_left() -> None:
    assert moment_of(dt.date(2026, 9, 15)).month == JANUARY + 8
    assert moment_of(dt.date(2026, 9, 15)).left == 0.5
    assert moment_of(dt.date(2026, 9, 30)).left == 0
    assert moment_of(dt.date(2028, 2, 29)).left == 0


def test_a_signing_has_its_months_and_its_amount(park: Park) -> None:
    ProjectFactory(started=True, park=park, amount=5 * YUAN, started_on=dt.date(2026, 6, 20))
    found = history(window()).parks[park.pk]
    assert found.signings == [
        Signing(JANUARY + 2, 5e8, contacted=CONTACT, started=JANUARY + 5, ended=None)
    ]
    assert found.contacts == [Spell(CONTACT, JANUARY + 2)]
    assert found.open == []
    assert history(window()).waiting == []


def test_what_happens_after_the_day_has_not_happened(park: Park) -> None:
    project = ProjectFactory(started=True, park=park, started_on=dt.date(2026, 6, 20))
    found = history(window("2026-05-31"))
    assert found.parks[park.pk].signings[0].started is None
    assert [(w.project, w.month, w.weight) for w in found.waiting] == [
        (project.pk, JANUARY + 2, 1.0)
    ]
    before = history(window("2026-02-28"))
    assert before.parks[park.pk].signings == []
    assert before.parks[park.pk].open == [Open(CONTACT, 1e8)]


def test_what_was_not_verified_by_the_instant_is_not_known(park: Park, verifier: User) -> None:
    project = ProjectFactory(started=True, park=park, started_on=dt.date(2026, 6, 20))
    known = window(known_at=instant("2026-06-21 12:00"))  # claimed, not verified
    assert history(known).parks[park.pk].signings[0].started is None
    start = project.milestones.get(kind=MilestoneKind.GROUNDBREAKING)
    milestones.revoke(start, reason="查实有误", by=verifier, at=instant("2026-08-01 10:00"))
    assert history(window()).parks[park.pk].signings[0].started is None
    standing = window(known_at=instant("2026-07-01 10:00"))
    assert history(standing).parks[park.pk].signings[0].started == JANUARY + 5


def test_a_project_in_contact_brings_its_amount_while_it_is_active(
    park: Park, leader: User
) -> None:
    project = ProjectFactory(in_contact=True, park=park, agreed_investment=3 * YUAN)
    assert history(window()).parks[park.pk].open == [Open(CONTACT, 3e8)]
    end(project, "lost", dt.date(2026, 4, 2), leader)
    found = history(window()).parks[park.pk]
    assert found.open == []
    assert found.contacts == [Spell(CONTACT, left=JANUARY + 3)]
    assert history(window("2026-03-31")).parks[park.pk].open == [Open(CONTACT, 3e8)]


def test_a_terminated_project_no_longer_waits_to_start(park: Park, leader: User) -> None:
    project = ProjectFactory(signed=True, park=park)
    end(project, "terminated", dt.date(2026, 7, 2), leader)
    found = history(window())
    assert found.parks[park.pk].signings[0].ended == JANUARY + 6
    assert found.waiting == []


def test_credit_that_parks_share_counts_for_each_in_part(
    park: Park, other_park: Park, leader: User
) -> None:
    project = ProjectFactory(ready_to_sign=True, park=park)
    attribution.transfer(
        project,
        to=other_park,
        on=dt.date(2026, 2, 1),
        reason="首谈地与落地地",
        by=leader,
        at=instant("2026-02-01 10:00"),
        shares={park: Decimal(40), other_park: Decimal(60)},
    )
    sign(project, on=dt.date(2026, 3, 5), amount=YUAN)
    found = history(window()).parks
    parts = {key: [(s.weight, s.amount) for s in found[key].signings] for key in found}
    assert parts == {park.pk: [(0.4, 1e8)], other_park.pk: [(0.6, 1e8)]}


def test_an_expansion_is_money_and_no_project(park: Park) -> None:
    project = ProjectFactory(started=True, park=park, signed_on=dt.date(2025, 3, 5))
    DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    sign(project, on=dt.date(2026, 5, 5), amount=7, contract_kind=ContractKind.EXPANSION)
    found = history(window())
    assert found.expanded == {park.pk: 7}
    assert [s.month for s in found.parks[park.pk].signings] == [JANUARY - 12 + 2]


def test_what_the_settings_leave_out_of_the_figures_is_left_out(park: Park) -> None:
    ProjectFactory(signed=True, park=park, amount=YUAN)
    ProjectFactory(signed=True, park=park, amount=9 * YUAN)
    ProjectFactory(in_contact=True, park=park, agreed_investment=YUAN)
    CountySettings.objects.create(
        recorded_at=instant("2026-04-01 08:00"), minimum_investment=5 * YUAN, reason="亿元以上"
    )
    found = history(window()).parks[park.pk]
    assert [s.amount for s in found.signings] == [9e8]
    assert found.open == []
    # The contract that does not count ended its contact all the same, without a signing.
    assert Spell(CONTACT, left=JANUARY + 2) in found.contacts
    before = history(window(known_at=instant("2026-03-31 08:00"))).parks[park.pk]
    assert len(before.signings) == 2


@pytest.mark.parametrize("projects", [1, 5])
def test_the_history_takes_the_same_queries_for_1_and_5_projects(
    park: Park, projects: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ProjectFactory.create_batch(projects, started=True, park=park)
    assert Milestone.objects.count() == projects * 3
    with django_assert_num_queries(5):
        history(window())
