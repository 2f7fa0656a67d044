"""A meeting's decisions become items."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.models import Role, Unit, User
from crm.refusals import NotAllowed
from pipeline import meetings
from pipeline.ledger_refusals import LedgerClosed
from pipeline.meetings import AlreadySplit, Entry, NoMinutes, NumberTaken, WrongParent
from pipeline.models import ItemState, LedgerItem, Meeting
from tests.factories import UserFactory, instant
from tests.ledger_factories import (
    LedgerFactory,
    LedgerItemFactory,
    MeetingFactory,
    UnitFactory,
    person_of,
    the_supervisor,
)

pytestmark = pytest.mark.django_db
NOON = instant("2026-03-17 12:00")
HELD = dt.date(2026, 3, 16)
TEXT = """一、园区建设
（一）完成供地（责任单位：自然资源局；配合单位：财政局和住建局；牵头领导：赵志强；完成时限：6月底前）
1. 组卷报批
（二）修通园区道路（责任单位：交通委；完成时限：春节前）
"""


@pytest.fixture
def supervisor() -> User:
    return the_supervisor()


@pytest.fixture
def land(db: None) -> Unit:
    UnitFactory(name="县财政局", aliases=["财政局"])
    UnitFactory(name="县住建局", aliases=["住建局"])
    return UnitFactory(name="县自然资源局", aliases=["自然资源局"])


def record(by: User, **more: Any) -> Meeting:
    given = {"title": "专题会议", "held_on": HELD, "text": TEXT, "by": by, "at": NOON, **more}
    return meetings.record(given.pop("ledger", None) or LedgerFactory(), **given)


def test_units_leader_and_deadline_are_looked_up(supervisor: User, land: Unit) -> None:
    leader = UserFactory(username="zhao", full_name="赵志强", leader=True)
    entry = meetings.propose(record(supervisor, number="专纪12号"))[1]
    assert (entry.goal, entry.unit, entry.leader) == ("完成供地", land, leader)
    assert [str(unit) for unit in entry.supporting] == ["县财政局", "县住建局"]
    assert (entry.due_on, entry.source) == (dt.date(2026, 6, 30), "专纪12号 第一（一）项")
    assert not entry.doubts


def test_what_is_not_known_is_said_and_never_guessed(supervisor: User, land: Unit) -> None:
    entry = meetings.propose(record(supervisor))[3]
    assert (entry.unit, entry.due_on) == (None, None)
    assert "不认识“交通委”" in entry.doubts["unit"][0]
    assert "春节前" in entry.doubts["due_on"][0]


def test_a_task_without_a_unit_of_its_own_has_the_one_above(supervisor: User, land: Unit) -> None:
    entry = meetings.propose(record(supervisor))[2]
    assert (entry.unit, entry.parent, entry.due_on) == (land, 1, dt.date(2026, 6, 30))
    assert "沿用" in entry.doubts["unit"][0]


def test_a_mere_heading_is_left_out_and_told_to_what_stands_below(
    supervisor: User, land: Unit
) -> None:
    heading, first, *_ = meetings.propose(record(supervisor))
    assert not heading.is_wanted
    assert (first.parent, first.detail) == (None, "所属议题：园区建设")


def test_a_unit_of_the_running_text_counts_only_where_it_is_known(
    supervisor: User, land: Unit
) -> None:
    text = "1. 供地由县自然资源局牵头，6月底前完成\n2. 由专人负责督促"
    first, second = meetings.propose(record(supervisor, text=text))
    assert (first.unit, first.due_on) == (land, dt.date(2026, 6, 30))
    assert second.unit is None


def test_items_are_drafts_of_the_meeting_under_each_other(supervisor: User, land: Unit) -> None:
    meeting = record(supervisor)
    made = meetings.draft_items(meeting, meetings.propose(meeting), by=supervisor, at=NOON)
    assert [item.state for item in made] == [ItemState.DRAFT] * 3
    assert made[1].parent == made[0]
    assert {item.meeting for item in made} == {meeting}
    assert meeting.items.count() == 3


def test_a_meeting_is_split_once(supervisor: User, land: Unit) -> None:
    meeting = record(supervisor)
    entries = meetings.propose(meeting)
    meetings.draft_items(meeting, entries, by=supervisor, at=NOON)
    with pytest.raises(AlreadySplit):
        meetings.draft_items(meeting, entries, by=supervisor, at=NOON)
    with pytest.raises(AlreadySplit):
        meetings.correct(
            meeting,
            ledger=meeting.ledger,
            number="",
            title="改",
            held_on=HELD,
            text=TEXT,
            by=supervisor,
        )


def test_one_bad_entry_leaves_no_item_at_all(supervisor: User, land: Unit) -> None:
    meeting = record(supervisor)
    good = Entry(goal="供地", unit=land)
    with pytest.raises(WrongParent):
        meetings.draft_items(meeting, [good, replace(good, parent=5)], by=supervisor, at=NOON)
    assert not LedgerItem.objects.exists()


def test_a_files_text_is_read_and_the_file_kept(supervisor: User) -> None:
    file = SimpleUploadedFile("纪要.txt", TEXT.encode())
    meeting = record(supervisor, text="", file=file)
    kept = meeting.files.get()
    assert (meeting.text, kept.name, kept.media_type) == (TEXT, "纪要.txt", "text/plain")
    with kept.file.open("rb") as content:
        assert content.read().decode() == TEXT


def test_pasted_text_goes_before_the_files(supervisor: User) -> None:
    file = SimpleUploadedFile("纪要.txt", b"other")
    assert record(supervisor, file=file).text == TEXT


def test_a_meeting_needs_words(supervisor: User) -> None:
    picture = SimpleUploadedFile("纪要.png", b"\x89PNG\r\n\x1a\n..")
    with pytest.raises(NoMinutes):
        record(supervisor, text=" ", file=picture)
    assert not Meeting.objects.exists()


def test_a_number_stands_once_in_a_ledger(supervisor: User) -> None:
    ledger = LedgerFactory()
    record(supervisor, ledger=ledger, number="1号")
    record(supervisor, ledger=ledger)
    record(supervisor, ledger=ledger)
    with pytest.raises(NumberTaken):
        record(supervisor, ledger=ledger, number="1号")


def test_a_ledger_that_was_laid_aside_takes_no_meeting(supervisor: User) -> None:
    with pytest.raises(LedgerClosed):
        record(supervisor, ledger=LedgerFactory(closed_at=NOON))


@pytest.mark.parametrize("role", [Role.LEADER, Role.UNIT, Role.AUDITOR, Role.OFFICER])
def test_only_the_supervision_office_writes_meetings(role: Role) -> None:
    by = person_of(UnitFactory()) if role == Role.UNIT else UserFactory(role=role, park=None)
    with pytest.raises(NotAllowed):
        record(by)
    meeting = MeetingFactory()
    with pytest.raises(NotAllowed):
        meetings.draft_items(meeting, [], by=by, at=NOON)


def test_somebody_of_a_unit_sees_the_meetings_that_an_item_of_theirs_came_of(land: Unit) -> None:
    theirs, other = MeetingFactory(), MeetingFactory()
    LedgerItemFactory(active=True, unit=land, meeting=theirs)
    LedgerItemFactory(active=True, meeting=other)
    liaison = person_of(land)
    assert list(Meeting.objects.visible_to(liaison)) == [theirs]
    assert Meeting.objects.visible_to(the_supervisor()).count() == 2
