"""A new lead is answered in 1 day, judged in 3, fed back in 7, then reported every 14."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Notice, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import interactions, lead_clocks
from pipeline.lead_clocks import Done, NotALead, NotAwaited, Owed, Terms, owed
from pipeline.lights import Light
from pipeline.models import LeadClock, Project
from pipeline.models import LeadStepKind as K
from pipeline.supervise import supervise
from pipeline.supervision import Rules
from tests.factories import ParkFactory, ProjectFactory, UserFactory, instant

pytestmark = pytest.mark.django_db
DAY_0 = dt.date(2026, 3, 2)


def on(days: int) -> dt.date:
    return DAY_0 + dt.timedelta(days=days)


def at(days: int, hour: int = 9) -> dt.datetime:
    return instant(f"{on(days)} {hour:02}:00")


@pytest.fixture
def lead() -> Project:
    return ProjectFactory(created_at=at(0))


def officer(lead: Project) -> User:
    assert lead.officer is not None
    return lead.officer


def test_the_steps_follow_each_other() -> None:
    done: list[Done] = []
    expected = [
        (Owed(K.ANSWERED, on(1)), Done(K.ANSWERED, on(1))),
        (Owed(K.JUDGED, on(3)), Done(K.JUDGED, on(2), True)),
        (Owed(K.FED_BACK, on(7)), Done(K.FED_BACK, on(6))),
        (Owed(K.REPORTED, on(20)), Done(K.REPORTED, on(19))),
        (Owed(K.REPORTED, on(33)), Done("", on(30))),
        (Owed(K.REPORTED, on(44)), Done(K.REPORTED, on(44))),
    ]
    for now, step in expected:
        assert owed(DAY_0, done, Terms()) == now
        done.append(step)


def test_a_lead_not_worth_following_owes_its_feedback_and_nothing_more() -> None:
    done = [Done(K.ANSWERED, on(1)), Done(K.JUDGED, on(2), False)]
    assert owed(DAY_0, done, Terms()) == Owed(K.FED_BACK, on(7))
    assert owed(DAY_0, [*done, Done(K.FED_BACK, on(5))], Terms()).due_on is None


def test_a_meeting_answers(lead: Project) -> None:
    interactions.record(
        organization=lead.investor,
        project=lead,
        kind="call",
        occurred_on=on(0),
        summary="通话",
        by=officer(lead),
        at=at(0, 15),
    )
    assert LeadClock.objects.get(project=lead).kind == K.JUDGED


def test_handling_takes_the_step_that_is_owed(lead: Project) -> None:
    who = officer(lead)
    with pytest.raises(NotAwaited):
        lead_clocks.handle(lead, kind="judged", text="好", is_worth=True, by=who, at=at(0))
    assert lead_clocks.handle(lead, text="已联系", by=who, at=at(0)).kind == K.ANSWERED
    with pytest.raises(ReasonNeeded):
        lead_clocks.handle(lead, text="好", by=who, at=at(1))
    assert lead_clocks.handle(lead, text="好", is_worth=True, by=who, at=at(1)).is_worth
    stranger = UserFactory(username="stranger", park=ParkFactory(slug="elsewhere"))
    with pytest.raises(NotAllowed):
        lead_clocks.handle(lead, text="x", by=stranger, at=at(1))


def test_what_is_no_lead_has_no_clock() -> None:
    signed = ProjectFactory(signed=True)
    with pytest.raises(NotALead):
        lead_clocks.handle(signed, text="x", by=officer(signed), at=at(1))


def test_the_officer_is_told_the_day_before_and_on_the_first_red_day(lead: Project) -> None:
    def told() -> int:
        return Notice.objects.filter(kind="lead.due", user=officer(lead)).count()

    for days, count in ((0, 1), (0, 1), (1, 1), (2, 2), (3, 2), (9, 2)):
        supervise(at=at(days, 10))
        assert told() == count, days


def test_the_list_filters_by_light(lead: Project) -> None:
    lead_clocks.settle(lead, at=at(0))
    for moment, light in ((at(0), Light.GREEN), (at(1, 21), Light.YELLOW), (at(2), Light.RED)):
        for wanted in (Light.GREEN, Light.YELLOW, Light.RED):
            found = lead_clocks.running().filter(lead_clocks.lead_light_is(wanted, moment, Rules()))
            assert found.exists() is (wanted == light), (moment, wanted)


def test_the_pages(lead: Project, django_assert_max_num_queries: Any) -> None:
    lead_clocks.settle(lead, at=at(0))
    for _number in range(20):
        other = ProjectFactory(created_at=at(0), park=lead.park)
        lead_clocks.settle(other, at=at(0))
    client = Client()
    client.force_login(officer(lead), backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_max_num_queries(15):
        said = client.get(reverse("lead_clock_list") + "?light=red").content.decode()
    assert lead.name in said
    assert "线索办理" in client.get(reverse("project", args=[lead.pk])).content.decode()
    address = reverse("lead_handle", args=[lead.pk])
    assert client.post(address, {"leadstepform-kind": "answered"}).status_code == 422
    answer = client.post(address, {"leadstepform-kind": "answered", "leadstepform-text": "已联系"})
    assert answer.status_code == 302
    assert lead.lead_steps.get().kind == K.ANSWERED
