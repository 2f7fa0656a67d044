"""One line of time: in its order, page after page, nothing lost and nothing twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.models import Tag, User
from pipeline import (
    aftercare,
    dossier,
    factors,
    follow_ups,
    funds,
    funds_plans,
    projects,
    status_requests,
    tagging,
    timeline,
)
from pipeline.models import Interaction, Project
from pipeline.timeline import Kind, Place
from tests.factories import (
    LONG_AGO,
    DocumentFactory,
    FundsReceiptFactory,
    ProjectFactory,
    instant,
)

pytestmark = pytest.mark.django_db


def whole(project: Project, size: int, kind: str = "") -> list[timeline.Entry]:
    """All entries, page after page."""
    entries: list[timeline.Entry] = []
    before = None
    for _turn in range(200):
        page = timeline.page(project, kind=kind, before=before, size=size)
        assert len(page.entries) <= size
        entries += page.entries
        if page.before is None:
            return entries
        before = Place.read(str(page.before))  # as the address carries it
    raise AssertionError("no end")


def talk(project: Project, day: dt.date, at: str, summary: str = "谈") -> Interaction:
    return Interaction.objects.create(
        project=project,
        organization=project.investor,
        kind="call",
        occurred_on=day,
        summary=summary,
        recorded_at=instant(at),
        recorded_by=project.officer,
    )


def aged(project: Project) -> Project:
    """The versions that the factory made stand at their own time, not at the clock's."""
    for number, version in enumerate(project.history.order_by("history_id")):
        version.history_date = LONG_AGO + dt.timedelta(minutes=number)
        version.save()
    return project


@pytest.fixture
def busy(officer: User, manager: User, verifier: User) -> Project:
    """A project with a life: something of every source, much of it at the same instant."""
    project = aged(ProjectFactory(producing=True))
    at = instant("2026-10-10 10:00")
    projects.edit(
        project,
        fields={"lead_unit": "县工信局", "planned_start_on": dt.date(2026, 6, 1)},
        by=officer,
        at=at,
    )
    tagging.add(project, Tag.objects.create(name="重点"), by=officer, at=at)
    dossier.add_review(project, kind="legality", passed=False, held_on=at.date(), by=officer, at=at)
    need = factors.add(project, kind="energy", by=officer, at=at)
    factors.meet(need, on=at.date(), by=officer, at=at)
    funds_plans.plan(project, due_on=at.date(), amount=Decimal(50_000), by=officer, at=at)
    funds.verify(FundsReceiptFactory(project=project), by=verifier, at=at)
    step = follow_ups.add(
        what="送材料", due_on=at.date(), assignee=officer, project=project, by=officer, at=at
    )
    follow_ups.close(step, is_done=True, outcome="已送", by=officer, at=at)
    issue = aftercare.raise_issue(project, what="用电", raised_on=at.date(), by=officer, at=at)
    aftercare.solve(issue, on=at.date(), solution="已增容", by=officer, at=at)
    asked = status_requests.request(
        project, to="suspended", on=at.date(), reason="停产", by=officer, at=at
    )
    status_requests.approve(asked, by=manager, at=at)
    talk(project, dt.date(2026, 10, 3), "2026-10-10 10:00", "补记的一次")
    return project


def test_everything_that_happened_is_in_it(busy: Project) -> None:
    titles = "\n".join(entry.title for entry in whole(busy, 100))
    parts = """登记项目|修改|标签：+重点|申报签约（2026-03-05）|核验通过开工（2026-06-20）
        |阶段：开工 → 投产|上传正式合同：contract.pdf|合法性审查：未通过|登记要素需求：能耗
        |要素 能耗：2026-10-10 落实|计划开工：— → 2026-06-01|登记到位资金 100 万元
        |核验到位资金 100 万元|计划 2026-10-10 前到位 5 万元|办结待办：送材料|企业诉求：用电
        |诉求办结：用电|申请改为搁置|批准改为搁置的申请|状态：搁置|电话"""
    for part in parts.split("|"):
        assert part.strip() in titles


@pytest.mark.parametrize("size", [1, 2, 3, 7, 15])
def test_pages_neither_lose_nor_repeat_entries(busy: Project, size: int) -> None:
    at_once = [entry.place for entry in whole(busy, 500)]
    assert at_once == sorted(set(at_once), reverse=True)
    assert [entry.place for entry in whole(busy, size)] == at_once


def test_each_kind_alone_adds_up_to_the_whole(busy: Project) -> None:
    parts = [entry.place for kind in Kind.values for entry in whole(busy, 4, kind)]
    assert sorted(parts, reverse=True) == [entry.place for entry in whole(busy, 500)]


def test_a_talk_stands_on_its_day_and_says_that_it_was_written_later(busy: Project) -> None:
    late, _first = whole(busy, 50, Kind.TALKS)
    assert (late.text, late.place.day, late.is_late) == ("补记的一次", dt.date(2026, 10, 3), True)
    entries = whole(busy, 500)
    around = entries[entries.index(late) - 1], entries[entries.index(late) + 1]
    assert around[0].place.day > dt.date(2026, 10, 3) >= around[1].place.day


def test_edits_that_show_nothing_leave_no_hole(officer: User) -> None:
    project = aged(ProjectFactory())
    for number in range(6):
        at = instant(f"2026-05-0{number + 1} 10:00")
        fields: dict[str, Any] = {"remark": f"第{number}次"} if number in (0, 5) else {}
        projects.edit(project, fields=fields, by=officer, at=at)
    changes = [entry.changes[0].after for entry in whole(project, 2) if entry.changes]
    assert changes == ["第5次", "第0次"]


def test_a_withdrawn_talk_is_not_in_it(officer: User) -> None:
    project = ProjectFactory()
    talk(project, dt.date(2026, 5, 1), "2026-05-01 10:00")
    project.interactions.update(withdrawn_at=instant("2026-05-02 10:00"))
    assert whole(project, 5, Kind.TALKS) == []


@pytest.mark.parametrize("text", ["", "x", "1_2_3_4", "20260101_20260101T000000.0_a_1"])
def test_a_place_that_nobody_wrote_is_none(text: str) -> None:
    assert Place.read(text) is None


@given(
    st.builds(
        Place,
        st.dates(dt.date(1990, 1, 1)),
        st.datetimes(timezones=st.just(dt.UTC)).filter(lambda at: at.year > 1000),
        st.integers(0, 30),
        st.integers(1),
    )
)
def test_a_place_is_read_as_it_was_written(place: Place) -> None:
    assert Place.read(str(place)) == place


@pytest.mark.parametrize("entries", [1, 200])
def test_a_page_takes_the_same_queries_for_1_and_200_entries(
    officer: User, entries: int, django_assert_num_queries: Any
) -> None:
    project = ProjectFactory()
    for number in range(entries):
        talk(project, dt.date(2026, 5, 1), f"2026-05-01 10:{number % 60:02}")
        DocumentFactory(project=project)
    # one for each of the sources; the people and photos of talks
    with django_assert_num_queries(20 + 3):
        timeline.page(project)
