"""The calendar: a month of one's own days, and the same under a private link."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import calendar_feeds
from crm.models import CalendarDay, CalendarFeed, User
from pipeline import follow_ups
from pipeline.agenda import agenda
from pipeline.interactions import record
from pipeline.models import Project
from tests.factories import OrganizationFactory, ProjectFactory, UserFactory, instant
from tests.pipeline.test_icalendar import events

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")
MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))


@pytest.fixture
def project(officer: User) -> Project:
    return ProjectFactory(
        name="高纯镓项目",
        park=officer.park,
        officer=officer,
        planned_start_on=dt.date(2026, 3, 20),
        planned_finish_on=dt.date(2027, 3, 1),
    )


@pytest.fixture
def full(project: Project, officer: User) -> Project:
    """A meeting on the 5th, what followed on the 9th, and a start planned for the 20th."""
    record(
        organization=project.investor,
        project=project,
        kind="visit_out",
        occurred_on=dt.date(2026, 3, 5),
        summary="看厂区",
        next_step="送合同",
        next_on=dt.date(2026, 3, 9),
        by=officer,
        at=NOW,
    )
    return project


def test_own_steps_meetings_and_planned_days_stand_in_order(full: Project, officer: User) -> None:
    found = agenda(officer, since=MARCH[0], until=MARCH[1])
    assert [(entry.kind, entry.day.day) for entry in found] == [
        ("interaction", 5),
        ("follow_up", 9),
        ("start", 20),
    ]


def test_others_days_are_not_on_one_s_calendar(full: Project, manager: User) -> None:
    assert agenda(manager, since=MARCH[0], until=MARCH[1]) == []


def test_what_was_given_up_is_gone_and_what_is_done_stays_done(
    full: Project, officer: User
) -> None:
    step = officer.follow_ups.get()
    follow_ups.close(step, is_done=True, by=officer, at=NOW)
    (entry,) = [e for e in agenda(officer, since=MARCH[0], until=MARCH[1]) if e.kind == "follow_up"]
    assert entry.is_done
    follow_ups.reopen(step, by=officer, at=NOW)
    follow_ups.close(step, is_done=False, outcome="不谈了", by=officer, at=NOW)
    kinds = {entry.kind for entry in agenda(officer, since=MARCH[0], until=MARCH[1])}
    assert kinds == {"interaction", "start"}


def test_a_start_that_happened_is_planned_no_more(officer: User) -> None:
    ProjectFactory(
        started=True, park=officer.park, officer=officer, planned_start_on=dt.date(2026, 3, 20)
    )
    assert agenda(officer, since=MARCH[0], until=MARCH[1]) == []


def month(client: Client, officer: User, **query: str) -> Any:
    client.force_login(officer)
    response = client.get("/calendar/", query)
    assert response.status_code == 200
    return response


def test_a_month_goes_from_monday_to_sunday_and_marks_free_and_working_days(
    client: Client, officer: User
) -> None:
    CalendarDay.objects.create(day=dt.date(2026, 10, 1), is_working=False, name="国庆节")
    CalendarDay.objects.create(day=dt.date(2026, 10, 10), is_working=True, name="调休上班")
    rows = month(client, officer, month="2026-10").context["rows"]
    days = {day.day: day for week in rows for day in week}
    assert (rows[0][0].day, rows[-1][-1].day) == (dt.date(2026, 9, 28), dt.date(2026, 11, 1))
    assert all(week[0].day.weekday() == 0 and len(week) == 7 for week in rows)
    assert days[dt.date(2026, 10, 1)].is_rest
    assert not days[dt.date(2026, 10, 10)].is_rest
    assert days[dt.date(2026, 10, 11)].is_rest


@pytest.mark.parametrize("nonsense", ["", "2026-13", "1999-01", "2100-01", "march", "-1"])
@time_machine.travel(NOW, tick=False)
def test_nonsense_is_the_current_month(nonsense: str, client: Client, officer: User) -> None:
    assert month(client, officer, month=nonsense).context["first"] == dt.date(2026, 3, 1)


def test_a_full_month_asks_as_many_questions_as_an_empty_one(
    client: Client, full: Project, officer: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/calendar/?month=2026-03").status_code == 200
        return len(caught)

    client.force_login(officer)
    few = queries()
    for number in range(20):
        follow_ups.add(
            what=f"事{number}",
            due_on=dt.date(2026, 3, 9),
            assignee=officer,
            organization=OrganizationFactory(),
            by=officer,
            at=NOW,
        )
    assert queries() == few
    assert "还有 17 项" in month(client, officer, month="2026-03").content.decode()


@time_machine.travel(NOW, tick=False)
def test_the_link_opens_the_calendar_without_a_log_in(
    client: Client, full: Project, officer: User
) -> None:
    feed = calendar_feeds.renew(by=officer, at=NOW)
    response = client.get(f"/calendar/{feed.token}.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    read = events(response.content)
    assert [event["SUMMARY"] for event in read] == [
        f"走出去 {full.investor.name}",
        "送合同",
        "计划开工：高纯镓项目",
        "计划投产：高纯镓项目",
    ]
    step = officer.follow_ups.get()
    assert read[1]["UID"] == f"follow_up-{step.pk}@groundbreak"
    assert read[1]["URL"] == f"http://testserver/follow-ups/{step.pk}/"
    # The same words whatever language the reader of the site has chosen.
    assert client.get(f"/calendar/{feed.token}.ics", headers={"Accept-Language": "en"}).content == (
        response.content
    )


def test_a_link_made_anew_kills_the_old_and_a_removed_one_is_dead(
    client: Client, officer: User
) -> None:
    client.force_login(officer)
    client.post("/calendar/link/renew/")
    old = CalendarFeed.objects.get().token
    assert old in client.get("/calendar/link/").content.decode()
    client.post("/calendar/link/renew/")
    new = CalendarFeed.objects.get().token
    client.logout()
    assert client.get(f"/calendar/{old}.ics").status_code == 404
    assert client.get(f"/calendar/{new}.ics").status_code == 200
    client.force_login(officer)
    client.post("/calendar/link/remove/")
    assert client.get(f"/calendar/{new}.ics").status_code == 404


def test_nobody_s_secret_and_the_link_of_who_has_left_open_nothing(
    client: Client, officer: User
) -> None:
    feed = calendar_feeds.renew(by=officer, at=NOW)
    assert client.get("/calendar/none.ics").status_code == 404
    assert client.get("/calendar/镓.ics").status_code == 404
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert client.get(f"/calendar/{feed.token}.ics").status_code == 404


def test_a_link_is_a_secret_of_256_bits() -> None:
    first, second = (
        calendar_feeds.renew(by=UserFactory(username=name), at=NOW).token for name in "ab"
    )
    assert len(first) == len(second) == 43
    assert first != second
