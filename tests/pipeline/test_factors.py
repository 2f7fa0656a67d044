"""What a project needs: said anew, met, and met after all not; each with a line of history."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.models import User
from crm.refusals import NotAllowed
from pipeline import dossier, factors
from pipeline.models import FactorNeed, Project
from pipeline.past import InTheFuture
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOW = instant("2026-05-01 10:00")
DAY = dt.date(2026, 4, 28)


@pytest.fixture
def need(officer: User) -> FactorNeed:
    return factors.add(ProjectFactory(signed=True), kind="energy", by=officer, at=NOW)


def told(need: FactorNeed) -> list[str]:
    versions = need.project.history.exclude(history_change_reason=None).order_by("history_id")
    return [version.history_change_reason for version in versions]


def test_a_need_gets_its_unit_and_day(need: FactorNeed, officer: User) -> None:
    day = dt.date(2026, 6, 1)
    factors.edit(need, detail="", unit="能源局", due_on=day, by=officer, at=NOW)
    need.refresh_from_db()
    assert (need.unit, need.due_on) == ("能源局", day)
    assert told(need) == ["要素 能耗：责任单位 — → 能源局", "要素 能耗：应完成日 — → 2026-06-01"]


def test_a_need_is_met_once_and_that_can_be_taken_back(need: FactorNeed, officer: User) -> None:
    factors.meet(need, on=DAY, by=officer, at=NOW)
    with refused(factors.AlreadyMet):
        factors.meet(need, on=DAY, by=officer, at=NOW)
    factors.unmeet(need, by=officer, at=NOW)
    with refused(factors.NotMet):
        factors.unmeet(need, by=officer, at=NOW)
    assert told(need) == ["要素 能耗：2026-04-28 落实", "要素 能耗：撤回 2026-04-28 的落实"]


def test_a_need_is_not_met_in_the_future(need: FactorNeed, officer: User) -> None:
    with refused(InTheFuture):
        factors.meet(need, on=dt.date(2026, 5, 2), by=officer, at=NOW)


def test_another_park_s_people_leave_it_alone(need: FactorNeed, outsider: User) -> None:
    with refused(NotAllowed):
        factors.meet(need, on=DAY, by=outsider, at=NOW)
    with refused(NotAllowed):
        factors.edit(need, detail="x", unit="", due_on=None, by=outsider, at=NOW)


def test_needs_met_and_reviews_held_are_activity(need: FactorNeed, officer: User) -> None:
    def active() -> dt.date | None:
        return Project.objects.get(pk=need.project_id).active_on

    factors.meet(need, on=DAY, by=officer, at=NOW)
    assert active() == DAY
    dossier.add_review(
        need.project, kind="legality", passed=True, held_on=NOW.date(), by=officer, at=NOW
    )
    assert active() == NOW.date()
