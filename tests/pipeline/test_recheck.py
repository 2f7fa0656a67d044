"""The nightly check: it agrees with the roll-up, and sounds the alarm where it does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import jobs, schedule
from crm.models import Job, JobState
from pipeline import recheck, rollup_checks
from pipeline.models import CountySettings, FundsReceipt, Milestone, RollupCheck, StatusChange
from pipeline.recheck import Asked
from pipeline.rollups import DIMENSIONS
from tests import factories as make
from tests.factories import ProjectFactory, UserFactory, instant

pytestmark = pytest.mark.django_db

AT = instant("2026-12-31 18:00")
DAY = dt.date(2026, 12, 31)


def differences(**said: Any) -> list[dict[str, str]]:
    asked = replace(Asked(2026, DAY, AT), **said)
    (counted,) = recheck.count([asked])
    return rollup_checks.compare(asked, counted).differences


@pytest.fixture
def county() -> None:
    """Something for every figure."""
    ProjectFactory(started=True)
    ProjectFactory(signed=True)
    ProjectFactory(signed=True, without_park=True)
    receipt = make.FundsReceiptFactory()
    FundsReceipt.objects.filter(pk=receipt.pk).update(
        verified_at=AT, verified_by=make.the_verifier()
    )


@pytest.mark.parametrize("by", DIMENSIONS)
def test_both_ways_agree_on_every_figure(county: None, by: str) -> None:
    (counted,) = recheck.count([Asked(2026, DAY, AT, by)])
    assert any(sums["signed_projects"] for sums in counted.values())
    assert differences(by=by) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"exclude_terminated": True},
        {"minimum_investment": Decimal("10000000000")},
        {"exclude_policy_funded": True},
        {"exclude_real_estate": True},
        {"exclude_local_investors": True},
    ],
)
def test_both_ways_agree_on_what_the_county_leaves_out(county: None, rule: dict[str, Any]) -> None:
    project = Milestone.objects.filter(kind="signing").first().project
    StatusChange.objects.create(
        project=project,
        status="terminated",
        occurred_on=DAY,
        reason="终止",
        recorded_at=AT,
        recorded_by=project.officer,
        approved_by=make.the_verifier(),
    )
    CountySettings.objects.create(recorded_at=AT, reason="口径", **rule)
    assert differences() == []


def test_projects_are_read_in_runs_with_the_same_outcome(
    county: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "PROJECTS_AT_ONCE", 1)
    steps: list[int] = []
    recheck.count([Asked(2026, DAY, AT)], step=steps.append)
    assert steps[-1] == sum(1 for _ in steps) > 1
    assert differences() == []


def test_the_number_of_queries_is_that_of_the_runs(county: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            recheck.count([Asked(2026, DAY, AT), Asked(2025, DAY, AT)])
        return len(asked)

    few = queries()
    for _ in range(5):
        ProjectFactory(signed=True)
    assert queries() == few


# --- the sample ---------------------------------------------------------------------------
def test_a_night_s_sample_is_the_same_for_the_same_night_and_within_what_is_known(
    county: None,
) -> None:
    for days in range(40):
        at = AT + dt.timedelta(days=days)
        sample = rollup_checks.sample(at=at)
        assert sample == rollup_checks.sample(at=at)
        for asked in sample:
            assert asked.known_at <= at
            assert dt.date(asked.year, 1, 1) <= asked.as_of <= dt.date(asked.year, 12, 31)


def test_every_dimension_has_its_turn(county: None) -> None:
    nights = [rollup_checks.sample(at=AT + dt.timedelta(days=days)) for days in range(3)]
    assert {asked.by for night in nights for asked in night} == set(DIMENSIONS)


# --- the alarm ----------------------------------------------------------------------------
@pytest.fixture
def tampered(county: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A roll-up that has one signing and 0.01 yuan too many in its total."""
    honest = rollup_checks.rollup

    def rollup(*args: Any, **said: Any) -> Any:
        found = honest(*args, **said)
        total = replace(
            found.total,
            signed_projects=found.total.signed_projects + 1,
            signed_amount_yuan=found.total.signed_amount_yuan + Decimal("0.01"),
        )
        return replace(found, total=total)

    monkeypatch.setattr(rollup_checks, "rollup", rollup)


def test_where_both_agree_nobody_is_told(county: None) -> None:
    admin = UserFactory(role="admin")
    checks = rollup_checks.check(at=AT)
    assert len(checks) == 3  # this year by two dimensions in one
    assert all(check.compared > 0 and check.differences == [] for check in checks)
    assert not admin.notices.exists()


def test_a_difference_is_written_down_and_told(tampered: None) -> None:
    admin, verifier, leader = (UserFactory(role=role) for role in ("admin", "verifier", "leader"))
    rollup_checks.check(at=AT)
    found = RollupCheck.objects.filter(year=2026, as_of=DAY, known_at=AT).get()
    said = next(one for one in found.differences if one["figure"] == "signed_amount_yuan")
    assert Decimal(said["rollup"]) - Decimal(said["recount"]) == Decimal("0.01")
    assert (said["key"], said["by"]) == ("total", "park")
    for person in (admin, verifier):
        assert person.notices.get(kind="check.failed").url == "/jobs/checks/"
    assert not leader.notices.exists()


def test_a_load_committed_between_the_two_ways_is_no_difference(
    county: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, calls = rollup_checks.rollup, []

    def rollup(*args: Any, **said: Any) -> Any:
        if not calls:
            Milestone.objects.filter(kind="signing", contract_kind="formal").exists()
            ProjectFactory(signed=True)
        calls.append(args)
        return honest(*args, **said)

    monkeypatch.setattr(rollup_checks, "rollup", rollup)
    assert not any(check.differences for check in rollup_checks.check(at=AT))
    assert len(calls) > 4


def test_the_check_falls_due_each_night_and_its_job_says_what_came_of_it(
    tampered: None, client: Client
) -> None:
    asked = schedule.due(at=instant("2026-12-31 02:31"))
    job = next(job for job in asked if job.kind == "rollup.check")
    jobs.run(job.pk, clock=lambda: AT)
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.error) == (JobState.DONE, "")
    assert done.result["differences"] > 0
    client.force_login(UserFactory(role="admin"))
    assert "处差异" in client.get(f"/jobs/{job.pk}/").content.decode()


# --- the pages ----------------------------------------------------------------------------
def test_the_page_leads_from_a_difference_to_what_is_behind_the_figure(
    tampered: None, client: Client
) -> None:
    rollup_checks.check(at=AT)
    client.force_login(UserFactory(role="auditor"))
    listed = client.get("/jobs/checks/").content.decode()
    found = RollupCheck.objects.filter(known_at=AT, year=2026).get()
    assert f"/jobs/checks/{found.pk}/" in listed
    shown = client.get(f"/jobs/checks/{found.pk}/").content.decode()
    assert "协议总投资" in shown
    assert "0.01" in shown
    url = next(part for part in shown.split('"') if part.startswith("/figures/signed_amount"))
    assert client.get(url.replace("&amp;", "&")).status_code == 200


def test_the_list_asks_the_database_the_same_for_1_and_20_checks(
    county: None, client: Client
) -> None:
    client.force_login(UserFactory(role="admin"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/jobs/checks/").status_code == 200
        return len(asked)

    assert "还没有核对过" in client.get("/jobs/checks/").content.decode()
    rollup_checks.check(at=AT)
    few = queries()
    for days in range(12):
        rollup_checks.check(at=AT + dt.timedelta(days=days))
    assert queries() == few
    assert "更早的" in client.get("/jobs/checks/").content.decode()
