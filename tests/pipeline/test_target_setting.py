"""Targets are proposed with a reason, approved by a leader, and kept in every version."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Park, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import target_setting
from pipeline.figures import Window
from pipeline.metrics import METRICS, TOTAL, YUAN, achieved
from pipeline.models import FundSource, HolderKind, Metric, Target, TargetProposal
from pipeline.spreadsheets import targets as workbook
from pipeline.target_setting import Wanted
from pipeline.targets import COUNTY, Targets
from tests.factories import ParkFactory, ProjectFactory, TargetFactory, UserFactory, instant

pytestmark = pytest.mark.django_db
MARCH, APRIL = instant("2026-03-01 09:00"), instant("2026-04-01 09:00")
YI = Decimal(100_000_000)


@pytest.fixture
def leader() -> User:
    return UserFactory(username="leader", leader=True)


@pytest.fixture
def clerk() -> User:
    return UserFactory(username="clerk-2", verifier=True)


@pytest.fixture
def parks() -> list[Park]:
    return [
        ParkFactory(slug="rare-metals", name="稀有金属园"),
        ParkFactory(slug="auto", name="汽车园"),
    ]


def projects(value: int, holder: Any = COUNTY, plan: Any = None) -> Wanted:
    return Wanted(Metric.SIGNED_PROJECTS, holder, Decimal(value), plan)


def test_a_proposal_counts_for_nothing_before_a_leader_approves(leader: User, clerk: User) -> None:
    proposal = target_setting.propose(2026, [projects(50)], reason="政发1号", by=clerk, at=MARCH)
    assert Targets(2026, APRIL).own(Metric.SIGNED_PROJECTS) is None
    target_setting.approve(proposal, by=leader, at=APRIL)
    own = Targets(2026, APRIL).own(Metric.SIGNED_PROJECTS)
    assert own is not None
    assert own.value == 50
    assert Targets(2026, MARCH).own(Metric.SIGNED_PROJECTS) is None
    with pytest.raises(target_setting.AlreadyDecided):
        target_setting.approve(proposal, by=leader, at=APRIL)


def test_who_may_not_set_does_not_approve(clerk: User) -> None:
    proposal = target_setting.propose(2026, [projects(50)], reason="1号", by=clerk, at=MARCH)
    with pytest.raises(NotAllowed):
        target_setting.approve(proposal, by=clerk, at=APRIL)


def test_one_that_is_refused_leaves_the_old_value(leader: User, clerk: User) -> None:
    TargetFactory(value=Decimal(40), recorded_at=instant("2026-01-01 09:00"))
    proposal = target_setting.propose(2026, [projects(50)], reason="1号", by=clerk, at=MARCH)
    with pytest.raises(target_setting.AlreadyProposed):
        target_setting.propose(2026, [projects(60)], reason="2号", by=clerk, at=MARCH)
    with pytest.raises(ReasonNeeded):
        target_setting.refuse(proposal, reason=" ", by=leader, at=APRIL)
    target_setting.refuse(proposal, reason="太高", by=leader, at=APRIL)
    own = Targets(2026, APRIL).own(Metric.SIGNED_PROJECTS)
    assert own is not None
    assert own.value == 40


def test_only_what_differs_is_proposed(clerk: User, parks: list[Park]) -> None:
    TargetFactory(value=Decimal(50), recorded_at=instant("2026-01-01 09:00"))
    park = (HolderKind.PARK.value, parks[0].pk)
    proposal = target_setting.propose(
        2026, [projects(50), projects(20, park)], reason="分解", by=clerk, at=MARCH
    )
    assert [value["holder"] for value in proposal.values] == ["park"]
    with pytest.raises(target_setting.NothingChanged):
        target_setting.propose(2026, [projects(50)], reason="分解", by=clerk, at=MARCH)


def test_a_target_that_only_goes_on_from_an_earlier_year_is_set_anew(clerk: User) -> None:
    TargetFactory(year=2023, value=Decimal(50), recorded_at=instant("2023-01-01 09:00"))
    assert target_setting.changed([projects(50)], 2026, at=MARCH) == [projects(50)]
    assert target_setting.changed([projects(50)], 2023, at=MARCH) == []


@pytest.mark.parametrize(
    "plan", [(20, 10, 30), (10, 20, 51), (-1, 10, 20)], ids=["falls", "passes", "negative"]
)
def test_a_plan_that_cannot_be_is_refused(plan: tuple[int, int, int], clerk: User) -> None:
    with pytest.raises(target_setting.BadPlan):
        target_setting.propose(
            2026, [projects(50, plan=tuple(map(Decimal, plan)))], reason="1号", by=clerk, at=MARCH
        )


def test_the_gap_is_the_county_s_less_its_parks(parks: list[Park]) -> None:
    first, second = ((HolderKind.PARK.value, park.pk) for park in parks)
    values: dict[Any, Decimal | None] = {COUNTY: Decimal(50), first: Decimal(30), second: None}
    assert target_setting.gap(values) == 20
    assert target_setting.gap({COUNTY: Decimal(50), first: None}) is None
    assert target_setting.gap({COUNTY: None, first: Decimal(30)}) is None


# --- metrics ---------------------------------------------------------------------------------
def test_every_metric_has_its_entry_and_a_value_for_the_county() -> None:
    assert METRICS.keys() == set(Metric.values)
    found = achieved(Window(2026, dt.date(2026, 9, 30), APRIL))
    assert all(TOTAL in values for values in found.values())


def test_metrics_count_what_their_definitions_say(parks: list[Park]) -> None:
    rare, auto = parks
    known = instant("2026-12-01 09:00")
    ProjectFactory(started=True, park=rare, amount=2 * YI)
    ProjectFactory(signed=True, park=auto, amount=YI - 1)
    old = {"signed_on": dt.date(2024, 3, 5), "started_on": dt.date(2024, 6, 20)}
    ProjectFactory(started=True, park=auto, amount=5 * YI, **old)
    ProjectFactory(producing=True, park=auto, amount=7 * YI, **old, produced_on=dt.date(2025, 9, 1))
    policy = ProjectFactory(park=rare, fund_source=FundSource.SPECIAL_BOND)
    found = achieved(Window(2026, dt.date(2026, 9, 30), known))
    assert found[Metric.LARGE_PROJECTS] == {rare.pk: 1, TOTAL: 1}
    assert found[Metric.UNDER_WAY_PROJECTS] == {rare.pk: 1, auto.pk: 1, TOTAL: 2}
    assert found[Metric.UNDER_WAY_INVESTMENT][TOTAL] == 7 * YI
    assert found[Metric.POLICY_FUNDED_PROJECTS] == {rare.pk: 1, TOTAL: 1}
    policy.fund_source = FundSource.SOCIAL
    policy.save()
    again = achieved(Window(2026, dt.date(2026, 9, 30), known))
    assert again[Metric.POLICY_FUNDED_PROJECTS] == {TOTAL: 0}


# --- the workbook ----------------------------------------------------------------------------
def test_a_workbook_comes_back_as_it_was_written(parks: list[Park]) -> None:
    values = [
        projects(50, plan=(Decimal(10), Decimal(20), Decimal(35))),
        Wanted(Metric.SIGNED_AMOUNT, COUNTY, 200 * YI),
        Wanted(Metric.START_RATE, COUNTY, Decimal("0.6")),
        projects(20, (HolderKind.PARK.value, parks[1].pk)),
    ]
    read = workbook.read(io.BytesIO(workbook.write(values, parks)), parks)
    assert {(w.metric, w.holder): w for w in read} == {(w.metric, w.holder): w for w in values}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["幸福感", "全县", "个", 5], "没有“幸福感”"),
        (["签约项目数", "月球", "个", 5], "没有“月球”"),
        (["签约项目数", "全县", "个", "很多"], "不是数"),
        (["签约项目数", "全县", "个", 5, 1], "季度计划要么三个都填"),
        (["签约项目数", "全县", "个", "", 1, 2, 3], "也要填全年目标"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: list[Any], words: str, parks: list[Park]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["指标", "承担方", "单位", "全年目标"])
    book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    with pytest.raises(workbook.BadWorkbook, match="第 2 行") as caught:
        workbook.read(file, parks)
    assert words in str(caught.value)


# --- the page --------------------------------------------------------------------------------
def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_leader_sets_targets_on_the_page_and_a_clerk_proposes_them(
    leader: User, clerk: User, parks: list[Park]
) -> None:
    address = reverse("targets") + "?year=2026"
    typed = {
        "signed_projects-county-value": "50",
        "signed_amount_yuan-county-value": "200",
        "start_rate-county-value": "60",
    }
    refused = logged_in(clerk).post(address, {**typed, "reason": ""})
    assert refused.status_code == 422
    assert 'value="200"' in refused.content.decode()
    logged_in(clerk).post(address, {**typed, "reason": "政发1号"})
    proposal = TargetProposal.objects.get()
    assert not Target.objects.exists()
    assert "政发1号" in logged_in(leader).get(address).content.decode()
    logged_in(leader).post(reverse("target_approve", args=[proposal.pk]))
    assert Target.objects.get(metric="signed_amount_yuan").value == 200 * YI
    assert Target.objects.get(metric="start_rate").value == Decimal("0.6")
    changed = {**typed, "signed_projects-county-value": "55", "reason": "调增"}
    logged_in(leader).post(address, changed)
    latest = Target.objects.filter(metric="signed_projects").latest("pk")
    assert (latest.value, latest.recorded_by, latest.reason) == (55, leader, "调增")


def test_a_workbook_fills_the_grid_and_sets_nothing(leader: User, parks: list[Park]) -> None:
    file = io.BytesIO(workbook.write([projects(50)], parks))
    file.name = "目标.xlsx"
    page = logged_in(leader).post(reverse("target_read") + "?year=2026", {"workbook": file})
    assert 'value="50"' in page.content.decode()
    assert not Target.objects.exists()


# --- what is behind ----------------------------------------------------------------------------
def test_each_figure_of_the_grid_opens_the_list_that_adds_up_to_it(
    leader: User, parks: list[Park]
) -> None:
    rare, auto = parks
    for park, amount in ((rare, 2 * YI), (rare, YI - 1), (auto, 5 * YI)):
        ProjectFactory(started=True, park=park, amount=amount)
    client, wrong = logged_in(leader), []
    for shown in client.get("/targets/", {"year": "2026"}).context["shown"]:
        metric = shown.block.metric
        for row in shown.rows:
            if metric.is_rate or not metric.figure:
                continue
            address = {"year": "2026", "key": row.key}
            sums = client.get(f"/figures/{metric.figure}/", address).context["sums"]
            listed = sums.money if metric.unit == YUAN else sums.parts
            if listed != row.done:
                wrong.append((metric.metric, row.key, row.done, listed))
    assert wrong == []


def test_a_park_is_held_against_the_county_s_rate(leader: User, parks: list[Park]) -> None:
    TargetFactory(metric=Metric.START_RATE, value=Decimal("0.6"))
    ProjectFactory(started=True, park=parks[0])
    page = logged_in(leader).get("/targets/", {"year": "2026"}).context
    (rate,) = (shown for shown in page["shown"] if shown.block.metric.metric == Metric.START_RATE)
    assert [row.lead for row in rate.rows] == [Decimal("0.4"), Decimal("0.4"), None]
