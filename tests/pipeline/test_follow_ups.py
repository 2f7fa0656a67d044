"""Follow-ups: done, given up, taken back, put off, handed over; each change is kept."""

from __future__ import annotations

import datetime as dt

import pytest

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
