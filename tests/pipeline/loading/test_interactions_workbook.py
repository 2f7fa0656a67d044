"""Meetings are loaded from a workbook: each once, with the people who are known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from crm.models import Organization, Role, User
from crm.refusals import NotAllowed
from pipeline.models import FollowUp, Interaction, Load, Project
from pipeline.spreadsheets.undoing import undo
from tests.factories import (
    ContactFactory,
    OrganizationFactory,
    ParkFactory,
    ProjectFactory,
    UserFactory,
)
from tests.pipeline.loading.workbooks import LOADED_AT, Workbooks

HEADERS = ["项目名称", "企业名称", "时间", "方式", "内容", "对方人员", "我方人员", "地点"]
DAY = dt.date(2026, 3, 5)
LATER = LOADED_AT + dt.timedelta(days=60)


@pytest.fixture
def company(db: None) -> Organization:
    return OrganizationFactory(name="晨虹公司", name_key="晨虹公司")


@pytest.fixture
def project(company: Organization) -> Project:
    return ProjectFactory(name="高纯镓项目", investor=company)


@pytest.fixture
def officer(project: Project) -> User:
    """An officer of the project's park."""
    return UserFactory(username="loader", full_name="张伟", park=project.park)


@pytest.fixture
def books(officer: User, tmp_path: Path, settings: Any) -> Workbooks:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Workbooks(tmp_path, "interactions", HEADERS, officer)


def line(**said: Any) -> list[Any]:
    cells = {
        "项目名称": "高纯镓项目",
        "时间": DAY,
        "方式": "外出拜访",
        "内容": "到企业总部洽谈投资事宜",
        **said,
    }
    return [cells.get(header) for header in HEADERS]


def undo_last(by: User) -> Load:
    return undo(Load.objects.latest("id"), by=by, at=LATER)


# --- clean rows --------------------------------------------------------------------------
def test_a_meeting_about_a_project_is_with_its_investor(
    books: Workbooks, project: Project, officer: User
) -> None:
    person = ContactFactory(organization=project.investor, name="王建国")
    outcome = books.load(line(对方人员="王建国", 我方人员="张伟", 地点="太原"))
    assert (outcome.counts, outcome.notes) == ({"created": 1}, [])
    meeting = Interaction.objects.get()
    assert (meeting.project, meeting.organization) == (project, project.investor)
    assert (meeting.kind, meeting.occurred_on, meeting.recorded_by) == ("visit_out", DAY, officer)
    assert meeting.summary == "到企业总部洽谈投资事宜\n地点：太原"
    assert (list(meeting.contacts.all()), list(meeting.officers.all())) == ([person], [officer])
    project.refresh_from_db()
    assert project.active_on == DAY


@pytest.mark.parametrize(
    ("word", "kind"),
    [("走出去", "visit_out"), ("来访", "visit_in"), ("微信", "call"), ("企业走访", "aftercare")],
)
def test_kinds_are_words_of_a_table(books: Workbooks, word: str, kind: str) -> None:
    books.load(line(方式=word))
    assert Interaction.objects.get().kind == kind


def test_a_meeting_may_be_with_a_company_alone(books: Workbooks) -> None:
    OrganizationFactory(name="别的公司", name_key="别的公司")
    books.load(line(项目名称=None, 企业名称="别的公司"))
    meeting = Interaction.objects.get()
    assert (meeting.project, meeting.organization.name) == (None, "别的公司")


def test_people_who_are_not_known_stay_in_the_text_and_are_said(books: Workbooks) -> None:
    outcome = books.load(line(对方人员="赵总、钱工", 我方人员="张伟；李局"))
    meeting = Interaction.objects.get()
    assert meeting.summary.endswith("\n对方：赵总、钱工\n我方：李局")
    assert outcome.notes == [
        "第 2 行：赵总、钱工、李局不是已登记的联系人或招商人员，姓名写在内容里"
    ]


# --- loading again -----------------------------------------------------------------------
def test_loading_again_changes_nothing(books: Workbooks) -> None:
    rows = [line(对方人员="赵总"), line(内容="再次洽谈")]
    books.load(*rows)
    assert books.load(*rows).counts == {"unchanged": 2}
    assert Interaction.objects.count() == 2


def test_a_meeting_that_was_recorded_by_hand_is_the_same(
    books: Workbooks, project: Project, officer: User
) -> None:
    Interaction.objects.create(
        project=project,
        organization=project.investor,
        kind="visit_out",
        occurred_on=DAY,
        summary="到企业总部洽谈投资事宜",
        recorded_at=LOADED_AT,
        recorded_by=officer,
    )
    assert books.load(line()).counts == {"unchanged": 1}


# --- what is refused ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("missing_subject", {"项目名称": None}),
        ("formula_without_value", {"内容": "=A1"}),
        ("ambiguous_date", {"时间": 2026.1}),
        ("bad_date", {"时间": "上周"}),
        ("bad_date", {"时间": None}),
        ("unknown_kind", {"方式": "托梦"}),
        ("unknown_kind", {"方式": None}),
        ("missing_summary", {"内容": None}),
        ("too_long", {"内容": "话" * 5001}),
        ("future_date", {"时间": dt.date(2026, 10, 1)}),
        ("unknown_project", {"项目名称": "没有的项目"}),
        ("unknown_organization", {"项目名称": None, "企业名称": "没有的公司"}),
        ("another_investor", {"企业名称": "别的公司"}),
    ],
)
def test_a_row_that_cannot_be_recorded_is_refused(
    books: Workbooks, code: str, said: dict[str, Any]
) -> None:
    OrganizationFactory(name="别的公司", name_key="别的公司")
    assert books.code(line(**said)) == code
    assert not Interaction.objects.exists()


CODES = ("91140829MA0K123454", "91140829MA0K543213")


@pytest.mark.parametrize(
    ("code", "name", "uscc"),
    [
        ("bad_uscc", "晨虹公司", "9114"),
        ("another_name", "晨虹公司", CODES[0]),
        ("several_of_that_name", "同名公司", None),
    ],
)
def test_a_company_that_is_not_certain_is_refused(
    books: Workbooks, code: str, name: str, uscc: str | None
) -> None:
    OrganizationFactory(name="同名公司", name_key="同名公司", uscc=CODES[0])
    OrganizationFactory(name="同名公司", name_key="同名公司", uscc=CODES[1])
    headers = [*HEADERS, "统一社会信用代码"]
    assert books.code([*line(项目名称=None, 企业名称=name), uscc], headers=headers) == code


def test_a_project_of_whose_name_there_are_two_needs_its_investor(books: Workbooks) -> None:
    ProjectFactory(name="高纯镓项目", park=ParkFactory(slug="rare-metals"))
    assert books.code(line()) == "ambiguous_project"
    assert books.load(line(企业名称="晨虹公司")).counts == {"created": 1}


def test_a_project_or_company_of_another_park_is_refused(books: Workbooks) -> None:
    books.by = UserFactory(username="outsider", park=ParkFactory(slug="auto-materials"))
    assert books.code(line()) == "outside_scope"
    assert books.code(line(项目名称=None, 企业名称="晨虹公司")) == "outside_scope"


def test_the_same_meeting_twice_is_refused(books: Workbooks) -> None:
    outcome = books.load(line(), line())
    assert [(r.code, r.row) for r in outcome.rejects] == [("duplicate_row", 3)]


def test_who_may_not_load_is_refused(books: Workbooks) -> None:
    books.by = UserFactory(role=Role.LEADER)
    with pytest.raises(NotAllowed):
        books.load(line())


# --- undoing -----------------------------------------------------------------------------
def test_an_undone_load_withdraws_its_meetings(books: Workbooks, officer: User) -> None:
    books.load(line(我方人员="张伟"), line(内容="再次洽谈"))
    undo_last(officer)
    assert not Interaction.objects.current().exists()
    assert books.load(line()).counts == {"created": 1}


def test_a_meeting_that_something_stands_on_stays_and_is_named(
    books: Workbooks, officer: User
) -> None:
    books.load(line(), line(内容="再次洽谈"))
    used = Interaction.objects.order_by("pk")[0]
    FollowUp.objects.create(
        what="寄资料",
        due_on=DAY,
        assignee=officer,
        interaction=used,
        created_at=LOADED_AT,
        created_by=officer,
    )
    undone = undo_last(officer)
    assert list(Interaction.objects.current()) == [used]
    assert undone.summary["stays"] == ["2026-03-05 走出去：之后已被使用"]
