"""Follow-ups: done, given up, taken back, put off, handed over; each change is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Notice, User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import follow_ups
from pipeline.models import FollowUp, Project
from tests.factories import ProjectFactory, UserFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db
NOW, LATER = instant("2026-03-05 09:00"), instant("2026-03-06 09:00")
DUE, NEXT_WEEK = dt.date(2026, 3, 5), dt.date(2026, 3, 12)


@pytest.fixture
def project(officer: User) -> Project:
    return ProjectFactory(park=officer.park, officer=officer)


@pytest.fixture
def step(project: Project, officer: User) -> FollowUp:
    return follow_ups.add(
        what="送合同文本", due_on=DUE, assignee=officer, project=project, by=officer, at=NOW
    )


@pytest.fixture
def own(officer: User) -> FollowUp:
    """About no project: just the officer's own."""
    return follow_ups.add(what="写总结", due_on=DUE, assignee=officer, by=officer, at=NOW)


def test_done_it_says_by_whom_and_when(step: FollowUp, officer: User) -> None:
    done = follow_ups.close(step, is_done=True, outcome=" 已送达 ", by=officer, at=LATER)
    assert (done.is_done, done.outcome, done.closed_by, done.closed_at) == (
        True,
        "已送达",
        officer,
        LATER,
    )
    with refused(follow_ups.AlreadyClosed):
        follow_ups.close(step, is_done=True, by=officer, at=LATER)


def test_giving_up_needs_a_word_why(step: FollowUp, officer: User) -> None:
    with refused(ReasonNeeded):
        follow_ups.close(step, is_done=False, outcome=" ", by=officer, at=LATER)
    given_up = follow_ups.close(step, is_done=False, outcome="对方换了人", by=officer, at=LATER)
    assert given_up.is_done is False


def test_a_closing_is_taken_back_whole(step: FollowUp, officer: User) -> None:
    follow_ups.close(step, is_done=True, outcome="已送达", by=officer, at=NOW)
    back = follow_ups.reopen(step, by=officer, at=LATER)
    assert (back.closed_at, back.closed_by, back.is_done, back.outcome) == (None, None, None, "")
    with refused(follow_ups.NotClosed):
        follow_ups.reopen(step, by=officer, at=LATER)


def test_what_is_closed_is_neither_moved_nor_handed_over(step: FollowUp, officer: User) -> None:
    follow_ups.close(step, is_done=True, by=officer, at=NOW)
    with refused(follow_ups.AlreadyClosed):
        follow_ups.move(step, due_on=NEXT_WEEK, by=officer, at=LATER)
    with refused(follow_ups.AlreadyClosed):
        follow_ups.hand_over(step, to=UserFactory(username="c"), by=officer, at=LATER)


def test_every_change_is_kept_with_who_and_from_what(step: FollowUp, officer: User) -> None:
    colleague = UserFactory(username="colleague", park=officer.park)
    follow_ups.move(step, due_on=NEXT_WEEK, by=officer, at=instant("2026-03-05 10:00"))
    follow_ups.hand_over(step, to=colleague, by=officer, at=instant("2026-03-05 11:00"))
    follow_ups.close(
        step, is_done=True, outcome="已送达", by=colleague, at=instant("2026-03-05 12:00")
    )
    follow_ups.reopen(step, by=colleague, at=instant("2026-03-05 13:00"))
    reopened, done, handed, moved = follow_ups.changes(step)
    assert (moved.by, moved.due) == (officer, (DUE, NEXT_WEEK))
    assert (handed.by, handed.assignee) == (officer, (officer, colleague))
    assert (done.by, done.closing, done.outcome) == (colleague, "done", "已送达")
    assert (reopened.by, reopened.closing) == (colleague, "reopened")
    assert moved.at == instant("2026-03-05 10:00")


def test_moved_to_the_day_it_has_nothing_changes(step: FollowUp, officer: User) -> None:
    follow_ups.move(step, due_on=DUE, by=officer, at=LATER)
    assert follow_ups.changes(step) == []


def test_a_colleague_is_told_of_what_is_handed_to_them(step: FollowUp, officer: User) -> None:
    colleague = UserFactory(username="colleague", park=officer.park)
    follow_ups.hand_over(step, to=colleague, url="/follow-ups/1/", by=officer, at=LATER)
    step.refresh_from_db()
    assert step.assignee == colleague
    (notice,) = Notice.objects.all()
    assert (notice.user, notice.url) == (colleague, "/follow-ups/1/")
    assert "送合同文本" in notice.text


def test_nobody_gets_what_they_may_not_see_or_do(
    step: FollowUp, officer: User, outsider: User, verifier: User
) -> None:
    with refused(follow_ups.OutOfTheirSight):
        follow_ups.hand_over(step, to=outsider, by=officer, at=LATER)
    gone = UserFactory(username="gone", park=officer.park, is_active=False)
    with refused(follow_ups.OutOfTheirSight):
        follow_ups.hand_over(step, to=gone, by=officer, at=LATER)
    with refused(NotAllowed):
        follow_ups.hand_over(step, to=verifier, by=officer, at=LATER)


def test_a_manager_acts_on_their_park_s_and_not_on_what_is_somebody_s_own(
    step: FollowUp, own: FollowUp, manager: User, outsider: User, auditor: User
) -> None:
    with refused(NotAllowed):
        follow_ups.close(own, is_done=True, by=manager, at=LATER)
    for person in (outsider, auditor):
        with refused(NotAllowed):
            follow_ups.move(step, due_on=NEXT_WEEK, by=person, at=LATER)
    assert follow_ups.close(step, is_done=True, by=manager, at=LATER).closed_by == manager


def test_a_follow_up_says_what_is_to_be_done(officer: User) -> None:
    with refused(ReasonNeeded):
        follow_ups.add(what="  ", due_on=DUE, assignee=officer, by=officer, at=NOW)


# --- the pages ----------------------------------------------------------------------------
@pytest.fixture
def at_work(client: Client, officer: User) -> Iterator[Client]:
    client.force_login(officer)
    with time_machine.travel(NOW, tick=False):
        yield client


def test_the_list_shows_one_s_own_by_state(at_work: Client, step: FollowUp, own: FollowUp) -> None:
    step.due_on = dt.date(2026, 3, 4)
    step.save()
    assert at_work.get("/follow-ups/").context["page"].rows == [step, own]
    assert at_work.get("/follow-ups/?state=overdue").context["page"].rows == [step]
    assert at_work.get("/follow-ups/?state=today").context["page"].rows == [own]
    assert at_work.get("/follow-ups/?q=合同").context["page"].rows == [step]
    assert at_work.get(f"/follow-ups/?project={step.project_id}").context["page"].rows == [step]
    assert "没有符合条件" in at_work.get("/follow-ups/?state=coming").content.decode()


def test_one_click_does_it_and_offers_to_take_it_back(at_work: Client, step: FollowUp) -> None:
    line = at_work.post(f"/follow-ups/{step.pk}/done/", headers={"HX-Request": "true"})
    shown = line.content.decode()
    assert "<html" not in shown
    assert "已办结" in shown
    assert f"/follow-ups/{step.pk}/reopen/" in shown
    line = at_work.post(f"/follow-ups/{step.pk}/reopen/", headers={"HX-Request": "true"})
    assert f"/follow-ups/{step.pk}/done/" in line.content.decode()
    step.refresh_from_db()
    assert step.closed_at is None


def test_without_javascript_one_comes_back_to_where_one_was(
    at_work: Client, step: FollowUp
) -> None:
    done = f"/follow-ups/{step.pk}/done/"
    response = at_work.post(done, {"next": "/follow-ups/?state=today"})
    assert response["Location"] == "/follow-ups/?state=today"
    # Done already: it says so in its place, and leads nowhere else.
    response = at_work.post(done, {"next": "//example.org/"}, follow=True)
    assert response.redirect_chain == [("/follow-ups/", 302)]
    assert "已经办结" in response.content.decode()


def test_a_refused_form_comes_back_with_what_was_typed(at_work: Client, step: FollowUp) -> None:
    response = at_work.post(f"/follow-ups/{step.pk}/give-up/", {"outcome": ""})
    assert response.status_code == 422
    response = at_work.post("/follow-ups/new/", {"what": "约见", "due_on": "明天"})
    assert response.status_code == 422
    assert 'value="约见"' in response.content.decode()


def test_a_new_one_is_one_s_own_unless_a_colleague_is_named(
    at_work: Client, project: Project, officer: User, manager: User
) -> None:
    given = {"what": "约见", "due_on": "2026-03-09"}
    at_work.post("/follow-ups/new/", given)
    at_work.post(f"/follow-ups/new/?project={project.pk}", {**given, "assignee": manager.pk})
    own, theirs = FollowUp.objects.order_by("pk")
    assert (own.assignee, own.project) == (officer, None)
    assert (theirs.assignee, theirs.project) == (manager, project)


def test_its_page_tells_what_happened_to_it(at_work: Client, step: FollowUp, officer: User) -> None:
    at_work.post(f"/follow-ups/{step.pk}/move/", {"due_on": "2026-03-12"})
    shown = at_work.get(f"/follow-ups/{step.pk}/").content.decode()
    assert "从 2026-03-05 改到 2026-03-12" in shown


def test_a_long_list_asks_as_many_questions_as_a_short_one(
    at_work: Client, step: FollowUp, project: Project, officer: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert at_work.get("/follow-ups/?who=all").status_code == 200
        return len(caught)

    few = queries()
    for _number in range(19):
        follow_ups.add(
            what="回访", due_on=DUE, assignee=officer, project=project, by=officer, at=NOW
        )
    assert queries() == few


def test_nobody_is_given_a_step_of_a_project_that_they_may_not_see(
    project: Project, officer: User, outsider: User
) -> None:
    with refused(follow_ups.OutOfTheirSight):
        follow_ups.add(
            what="送合同", due_on=DUE, assignee=outsider, project=project, by=officer, at=NOW
        )
    assert not FollowUp.objects.filter(assignee=outsider).exists()
