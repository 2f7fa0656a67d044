"""Money planned and money that came: to the day, and by month."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crm.models import User
from crm.refusals import NotAllowed
from pipeline import funds, funds_plans
from pipeline.models import Project
from tests.factories import FundsReceiptFactory, ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOW = instant("2026-05-01 10:00")
TODAY = dt.date(2026, 6, 15)
DAY = dt.date


@pytest.fixture
def project() -> Project:
    return ProjectFactory(signed=True, amount=1000)


def planned(project: Project, on: DAY, amount: int, by: User) -> None:
    funds_plans.plan(project, due_on=on, amount=Decimal(amount), by=by, at=NOW)


def received(project: Project, on: DAY, amount: int, verifier: User) -> None:
    receipt = FundsReceiptFactory(project=project, received_on=on, amount=Decimal(amount))
    funds.verify(receipt, by=verifier, at=instant("2026-07-01 10:00"))


def test_progress_counts_what_is_due_and_what_is_verified_to_the_day(
    project: Project, officer: User, verifier: User
) -> None:
    planned(project, DAY(2026, 4, 30), 200, officer)
    planned(project, TODAY, 100, officer)
    planned(project, DAY(2026, 9, 30), 500, officer)
    received(project, DAY(2026, 5, 2), 180, verifier)
    received(project, DAY(2026, 5, 3), -30, verifier)
    FundsReceiptFactory(project=project, received_on=DAY(2026, 6, 1), amount=Decimal(40))
    found = funds_plans.progress(project, today=TODAY)
    assert (found.planned, found.received, found.waiting, found.plan) == (300, 150, 40, 800)
    assert found.rate == Decimal("0.5")
    assert found.funds_rate == Decimal("0.15")


def test_each_month_has_its_own_and_the_running_sums(
    project: Project, officer: User, verifier: User
) -> None:
    planned(project, DAY(2026, 4, 30), 200, officer)
    planned(project, DAY(2026, 4, 1), 100, officer)
    planned(project, DAY(2026, 9, 30), 100, officer)
    received(project, DAY(2026, 5, 2), 150, verifier)
    april, may, september = funds_plans.progress(project, today=TODAY).months
    assert (april.month, april.planned, april.received) == (DAY(2026, 4, 1), 300, 0)
    assert (may.planned_so_far, may.received_so_far, may.rate) == (300, 150, Decimal("0.5"))
    assert (september.planned_so_far, september.received_so_far) == (400, 150)


def test_without_a_plan_there_is_no_rate(project: Project) -> None:
    found = funds_plans.progress(project, today=TODAY)
    assert (found.rate, found.planned, found.months) == (None, 0, ())


def test_a_withdrawn_plan_counts_nowhere_and_stays_on_record(
    project: Project, officer: User
) -> None:
    planned(project, DAY(2026, 4, 30), 20000, officer)
    plan = project.funds_plans.get()
    funds_plans.withdraw(plan, by=officer, at=NOW)
    assert funds_plans.progress(project, today=TODAY).plan == 0
    assert "2026-04-30 2 万元" in project.history.latest("history_id").history_change_reason
    with refused(funds_plans.AlreadyWithdrawn):
        funds_plans.withdraw(plan, by=officer, at=NOW)


def test_a_plan_of_nothing_is_refused(project: Project, officer: User) -> None:
    with refused(funds_plans.NothingPlanned):
        funds_plans.plan(project, due_on=TODAY, amount=Decimal(0), by=officer, at=NOW)


def test_only_the_project_s_people_plan(project: Project, outsider: User, verifier: User) -> None:
    for by in (outsider, verifier):
        with refused(NotAllowed):
            funds_plans.plan(project, due_on=TODAY, amount=Decimal(1), by=by, at=NOW)
