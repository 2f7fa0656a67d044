"""My day: what is due, what came back, what grows cold, and one's own figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import FirstReport, ReportDispute, User
from pipeline import follow_ups, milestones, my_day
from pipeline.figures import Window
from pipeline.models import CountySettings, Project, StatusRequest
from pipeline.rollups import behind
from tests.factories import (
    YUAN,
    OrganizationFactory,
    ProjectFactory,
    TargetFactory,
    UserFactory,
    claim,
    instant,
)

pytestmark = pytest.mark.django_db
NOW, TODAY = instant("2026-09-30 09:00"), dt.date(2026, 9, 30)


@pytest.fixture(autouse=True)
def the_day() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def asked(user: User) -> my_day.Asked:
    return my_day.Asked(user, TODAY, CountySettings())


def step(user: User, days: int, what: str = "回访") -> Any:
    due = TODAY + dt.timedelta(days=days)
    return follow_ups.add(what=what, due_on=due, assignee=user, by=user, at=NOW)


def lead(officer: User, **more: Any) -> Project:
    return ProjectFactory(park=officer.park, officer=officer, **more)


def test_each_step_stands_under_its_day_and_no_other(officer: User, manager: User) -> None:
    late, now, soon, _later = (step(officer, days) for days in (-1, 0, 7, 8))
    step(manager, 0)
    follow_ups.close(step(officer, 0), is_done=True, by=officer, at=NOW)
    assert list(my_day.overdue(asked(officer))) == [late]
    assert list(my_day.today(asked(officer))) == [now]
    assert list(my_day.coming(asked(officer))) == [soon]


def test_a_returned_claim_stands_until_it_is_claimed_anew(officer: User, verifier: User) -> None:
    project = lead(officer, ready_to_contact=True)
    first = claim(project, "contact", on=dt.date(2026, 9, 1))
    assert list(my_day.waiting(asked(officer))) == [first]
    milestones.return_(first, reason="缺照片", by=verifier, at=NOW)
    assert list(my_day.returned(asked(officer))) == [first]
    assert not my_day.waiting(asked(officer))
    again = claim(project, "contact", on=dt.date(2026, 9, 1))
    assert not my_day.returned(asked(officer))
    assert list(my_day.waiting(asked(officer))) == [again]


def reported(officer: User, until: dt.date, active_on: dt.date) -> FirstReport:
    return FirstReport.objects.create(
        organization=OrganizationFactory(),
        park=officer.park,
        officer=officer,
        reported_on=dt.date(2026, 4, 1),
        protected_until=until,
        active_on=active_on,
        recorded_at=NOW,
    )


def test_protection_is_shown_a_fortnight_before_it_lapses_by_expiry_or_idleness(
    officer: User,
) -> None:
    expiring = reported(officer, TODAY + dt.timedelta(days=14), TODAY)
    idle = reported(officer, dt.date(2027, 1, 1), TODAY - dt.timedelta(days=80))
    reported(officer, TODAY + dt.timedelta(days=15), TODAY)
    reported(officer, TODAY - dt.timedelta(days=1), TODAY)
    assert set(my_day.lapsing(asked(officer))) == {expiring, idle}


def test_own_projects_without_activity_are_quiet_the_quietest_first(
    officer: User, manager: User
) -> None:
    old = lead(officer, active_on=dt.date(2026, 5, 1))
    older = lead(officer, active_on=dt.date(2026, 4, 1))
    lead(officer, active_on=TODAY - dt.timedelta(days=30))
    lead(manager, active_on=dt.date(2026, 4, 1))
    assert list(my_day.quiet(asked(officer))) == [older, old]


def test_wishes_and_disputes_wait_for_who_may_decide_them(
    officer: User, manager: User, outsider: User, leader: User
) -> None:
    request = StatusRequest.objects.create(
        project=lead(officer),
        status="suspended",
        occurred_on=TODAY,
        reason="对方资金未到",
        requested_at=NOW,
        requested_by=officer,
    )
    dispute = ReportDispute.objects.create(
        report=reported(officer, dt.date(2027, 1, 1), TODAY),
        park=outsider.park,
        grounds="先去过企业",
        raised_at=NOW,
        raised_by=outsider,
    )
    for person in (manager, leader):
        assert list(my_day.approvals(asked(person))) == [request]
        assert list(my_day.disputed(asked(person))) == [dispute]
    other = UserFactory(username="other-manager", manager=True, park=outsider.park)
    for person in (officer, outsider, other):
        assert not my_day.approvals(asked(person))
        assert not my_day.disputed(asked(person))


def test_own_figures_are_the_cockpit_s_narrowed_to_oneself(officer: User, manager: User) -> None:
    lead(officer, started=True, amount=5 * YUAN)
    lead(officer, signed=True, amount=3 * YUAN)
    lead(manager, signed=True, amount=9 * YUAN)
    TargetFactory(holder="officer", officer=officer, value=Decimal(4))
    window = Window(2026, TODAY, timezone.now())
    row = my_day.own_figures(officer, window)
    assert (row.signed_projects, row.signed_amount_yuan) == (2, 8 * YUAN)
    assert (row.started_same_year, row.start_rate) == (1, Decimal("0.5"))
    assert row.completion("signed_projects") == Decimal("0.5")
    made_up_of = behind("signed_projects", window, by="officer", key=officer.pk, user=officer)
    assert made_up_of.count() == row.signed_projects


def test_who_has_signed_nothing_has_zeros_and_no_rate(officer: User) -> None:
    row = my_day.own_figures(officer, Window(2026, TODAY, timezone.now()))
    assert (row.signed_projects, row.signed_amount_yuan, row.start_rate) == (0, 0, None)


# --- the pages ----------------------------------------------------------------------------
def test_officers_come_home_to_their_day_and_the_others_to_the_cockpit(
    client: Client, officer: User, leader: User
) -> None:
    client.force_login(officer)
    assert "我的一天" in client.get("/").content.decode()
    assert "招商引资进展" in client.get("/", {"year": "2026"}).content.decode()
    assert "招商引资进展" in client.get("/cockpit/").content.decode()
    client.force_login(leader)
    assert "招商引资进展" in client.get("/").content.decode()
    assert "我的一天" in client.get("/my-day/").content.decode()


def test_a_day_without_anything_says_what_to_do_first(client: Client, officer: User) -> None:
    client.force_login(officer)
    assert "点“记接洽”" in client.get("/").content.decode()


def fill(officer: User, number: int) -> None:
    for at in range(number):
        for days in (-1, 0, 1):
            step(officer, days, what=f"事{at}")
        lead(officer, active_on=dt.date(2026, 5, 1))
        reported(officer, TODAY + dt.timedelta(days=3), TODAY)


def test_a_full_day_asks_as_many_questions_as_a_quiet_one_and_shows_eight_of_each(
    client: Client, officer: User
) -> None:
    client.force_login(officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/").status_code == 200
        return len(caught)

    fill(officer, 1)
    few = queries()
    fill(officer, 20)
    assert queries() == few
    blocks = client.get("/").context["due"] + client.get("/").context["others"]
    assert {block.key for block in blocks} == {"overdue", "today", "coming", "lapsing", "quiet"}
    assert all(len(block.rows) == 8 and block.has_more for block in blocks)
    assert len(client.get("/my-day/quiet/").context["rows"]) == 21
    assert client.get("/my-day/overdue/")["Location"] == "/follow-ups/?state=overdue"
    assert client.get("/my-day/nothing/").status_code == 404
