"""A vice-county head's analysis of a month: compiled, told to units, filed, never changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from crm.models import Area, Notice, Unit, User
from crm.refusals import NotAllowed
from pipeline import area_reviews, ledgers
from pipeline import monthly_progress as progress
from pipeline.area_compiled import content
from pipeline.models import AreaReview, FactorNeed, Instruction, LedgerKind
from pipeline.months import Month
from tests.factories import ProjectFactory, UserFactory, instant
from tests.ledger_factories import (
    AreaFactory,
    AreaReviewFactory,
    LedgerFactory,
    UnitFactory,
    person_of,
    the_supervisor,
)
from tests.pipeline.kept import begun, finished, on, promised, urged

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2026, 9)
LATER = on("09-30", 20)
BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGE = "/ledgers/areas/{}/2026-09/"


@pytest.fixture
def leader() -> User:
    return UserFactory(username="leader", leader=True)


@pytest.fixture
def area(leader: User) -> Area:
    return AreaFactory(name="城建", leader=leader)


@pytest.fixture
def unit(area: Area) -> Unit:
    return UnitFactory(name="住建局", area=area, aliases=["县住建局"])


@pytest.fixture
def instructions() -> Any:
    return LedgerFactory(
        slug="instructions", name="指导意见", kind=LedgerKind.INSTRUCTIONS, prefix="指"
    )


def rows(made: dict[str, Any], table: str) -> list[list[Any]]:
    found: list[list[Any]] = made["tables"][table]["rows"]
    return found


def test_the_figures_are_those_of_the_areas_units_beside_the_months_before(
    area: Area, unit: Unit
) -> None:
    finished(begun(promised(unit, "08-01"), "08-01"), "08-05")
    finished(begun(promised(unit)), "09-05")
    promised(UnitFactory(name="别的领域的"))
    made = content(area, SEPTEMBER, known_at=LATER)
    trend = rows(made, "A1")
    assert trend[0][0] == "2026年4月"
    assert [row[3] for row in trend] == [0, 0, 0, 0, 1, 1]
    assert [row[0] for row in rows(made, "S3")] == ["住建局"]


def test_obstacles_are_what_units_filed_and_what_projects_need_the_longest_overdue_first(
    area: Area, unit: Unit
) -> None:
    item = begun(promised(unit, goal="完成征地"))
    progress.file(
        item,
        month=SEPTEMBER,
        state="difficult",
        text="谈判中",
        obstacle="资金未到位",
        by=person_of(unit),
        at=on("09-20"),
    )
    project = ProjectFactory()
    known = {"recorded_at": on("09-01"), "recorded_by": project.officer, "project": project}
    FactorNeed.objects.create(kind="land", unit="县住建局", due_on=dt.date(2026, 9, 20), **known)
    FactorNeed.objects.create(kind="energy", unit="住建 局", due_on=dt.date(2026, 9, 10), **known)
    FactorNeed.objects.create(kind="finance", unit="住建局", met_on=dt.date(2026, 9, 2), **known)
    FactorNeed.objects.create(kind="labour", unit="人社局", **known)
    made = content(area, SEPTEMBER, known_at=LATER)
    assert [row[1:4] for row in rows(made, "A2")] == [["完成征地", "住建局", "资金未到位"]]
    assert [(row[1], row[4]) for row in rows(made, "A3")] == [("能耗", 20), ("用地", 10)]


def test_late_items_and_missing_filings_are_listed(area: Area, unit: Unit) -> None:
    item = begun(promised(unit, goal="没办的"))
    urged(item, "09-08")
    made = content(area, SEPTEMBER, known_at=LATER)
    assert [(row[1], row[4]) for row in rows(made, "S5")] == [("没办的", 22)]
    assert rows(made, "S8")[0][-1] == item.number


def test_only_the_areas_own_leader_writes(area: Area, leader: User) -> None:
    area_reviews.write(area, SEPTEMBER, analysis="总体平稳", by=leader, at=LATER)
    for other in (UserFactory(username="other", leader=True), the_supervisor()):
        with pytest.raises(NotAllowed):
            area_reviews.write(area, SEPTEMBER, analysis="改", by=other, at=LATER)
    assert AreaReview.objects.get().analysis == "总体平稳"


def test_an_instruction_becomes_an_item_of_the_ledger_and_the_unit_is_told(
    area: Area, unit: Unit, leader: User, instructions: Any
) -> None:
    about, person = promised(unit, "09-01", goal="完成征地"), person_of(unit)
    due = dt.date(2026, 10, 20)
    row = area_reviews.instruct(
        area,
        SEPTEMBER,
        unit=unit,
        text="抓紧征地",
        due_on=due,
        about=about,
        by=leader,
        at=LATER,
    )
    item = row.item
    assert item is not None
    assert (item.ledger, item.unit, item.goal, item.due_on) == (instructions, unit, "抓紧征地", due)
    assert (item.state, item.leader, item.parent) == ("issued", leader, about)
    assert item.source == "城建2026年9月汇总分析"
    assert Notice.objects.filter(user=person, text__contains="抓紧征地").exists()


def test_what_is_about_a_closed_item_stands_by_itself(
    area: Area, unit: Unit, leader: User, instructions: Any
) -> None:
    about = finished(begun(promised(unit)), "09-05")
    row = area_reviews.instruct(
        area, SEPTEMBER, unit=unit, text="总结经验", about=about, by=leader, at=LATER
    )
    assert row.item is not None
    assert row.item.parent is None


@pytest.mark.parametrize("wrong", ["unit", "text", "due_on", "about"])
def test_an_instruction_is_for_a_unit_of_the_area_by_a_day_to_come(
    wrong: str, area: Area, unit: Unit, leader: User, instructions: Any
) -> None:
    outside = UnitFactory(name="水利局")
    bad: dict[str, Any] = {
        "unit": outside,
        "text": " ",
        "due_on": dt.date(2026, 9, 29),
        "about": promised(outside),
    }
    given = {"unit": unit, "text": "抓紧征地", wrong: bad[wrong]}
    with pytest.raises(area_reviews.BadInstruction):
        area_reviews.instruct(area, SEPTEMBER, by=leader, at=LATER, **given)
    assert not Instruction.objects.exists()


def test_without_a_ledger_of_instructions_it_says_what_to_do(
    area: Area, unit: Unit, leader: User
) -> None:
    with pytest.raises(area_reviews.NoLedger):
        area_reviews.instruct(area, SEPTEMBER, unit=unit, text="抓紧", by=leader, at=LATER)


def test_filed_it_stays_whatever_happens_later(
    area: Area, unit: Unit, leader: User, instructions: Any
) -> None:
    item = begun(promised(unit))
    area_reviews.write(area, SEPTEMBER, analysis="总体平稳\n要抓两头", by=leader, at=LATER)
    area_reviews.instruct(area, SEPTEMBER, unit=unit, text="抓紧征地", by=leader, at=LATER)
    review = area_reviews.file(area, SEPTEMBER, by=leader, at=LATER)
    ledgers.edit(item, goal="改了", by=the_supervisor(), at=on("10-02"))
    kept = area_reviews.content_of(area, SEPTEMBER, review, at=on("10-03"))
    assert kept == review.content
    assert kept["sections"][4]["paragraphs"] == ["总体平稳", "要抓两头"]
    assert kept["tables"]["A4"]["rows"][0][1] == "抓紧征地"
    for verb, more in (
        (area_reviews.write, {"analysis": "改"}),
        (area_reviews.instruct, {"unit": unit, "text": "又"}),
        (area_reviews.file, {}),
    ):
        with pytest.raises(area_reviews.AlreadyFiled):
            verb(area, SEPTEMBER, by=leader, at=on("10-03"), **more)  # type: ignore[operator]
    with pytest.raises(IntegrityError), transaction.atomic():
        AreaReview.objects.filter(pk=review.pk).update(analysis="改")


def test_a_filed_one_that_was_tampered_with_is_not_shown(area: Area, leader: User) -> None:
    area_reviews.write(area, SEPTEMBER, analysis="总体平稳", by=leader, at=LATER)
    review = area_reviews.file(area, SEPTEMBER, by=leader, at=LATER)
    review.content["title"] = "别的"
    with pytest.raises(area_reviews.Damaged):
        area_reviews.content_of(area, SEPTEMBER, review, at=LATER)


def test_without_words_it_is_not_filed(area: Area, leader: User) -> None:
    with pytest.raises(area_reviews.AnalysisNeeded):
        area_reviews.file(area, SEPTEMBER, by=leader, at=LATER)


def test_a_month_that_has_not_begun_is_not_written(area: Area, leader: User) -> None:
    with pytest.raises(area_reviews.NotBegun):
        area_reviews.write(area, Month(2026, 10), analysis="早", by=leader, at=LATER)


def test_the_leader_is_reminded_once_before_the_months_end(
    area: Area, unit: Unit, leader: User
) -> None:
    promised(unit)
    area_reviews.remind(at=on("09-24"))
    assert not Notice.objects.filter(kind="review.due").exists()
    for day in ("09-26", "09-30", "10-02"):
        area_reviews.remind(at=on(day))
    (notice,) = Notice.objects.filter(kind="review.due")
    assert (notice.user, notice.url) == (leader, PAGE.format(area.pk))


def test_who_filed_or_has_nothing_to_tell_is_not_reminded(
    area: Area, unit: Unit, leader: User
) -> None:
    AreaFactory(name="空的", leader=leader)
    promised(unit)
    area_reviews.write(area, SEPTEMBER, analysis="总体平稳", by=leader, at=LATER)
    area_reviews.file(area, SEPTEMBER, by=leader, at=LATER)
    area_reviews.remind(at=on("10-01"))
    assert not Notice.objects.filter(kind="review.due").exists()


def test_the_leader_writes_instructs_and_files_on_the_page(
    client: Client, area: Area, unit: Unit, leader: User, instructions: Any
) -> None:
    item = promised(unit)
    page = PAGE.format(area.pk)
    client.force_login(leader, backend=BACKEND)
    assert client.post(f"{page}words/", {"analysis": "总体平稳"}).status_code == 302
    sent = {"unit": unit.pk, "text": "抓紧征地", "about": item.number}
    assert client.post(f"{page}instruct/", {**sent, "about": "没有"}).status_code == 422
    assert client.post(f"{page}instruct/", sent).status_code == 302
    assert Instruction.objects.get().about == item
    shown = client.get(page).content.decode()
    assert "总体平稳" in shown
    assert "抓紧征地" in shown
    assert client.post(f"{page}file/").status_code == 302
    shown = client.get(page).content.decode()
    assert "已报送" in shown
    assert "SHA-256" in shown
    assert "保存分析" not in shown


def test_figures_lead_to_the_items_that_make_them_up(
    client: Client, area: Area, unit: Unit
) -> None:
    promised(unit, goal="完成征地")
    client.force_login(the_supervisor(), backend=BACKEND)
    shown = client.get(PAGE.format(area.pk)).content.decode()
    link = f"/ledgers/monthly/2026-09/promises/?figure=owed&amp;area={area.pk}&amp;unit={unit.pk}"
    assert link in shown
    # Handed over in September of the year that the tests run in or before: owed there.
    listed = client.get(link.replace("&amp;", "&") + "&known=2026-09-30T20:00:00%2B08:00")
    assert "完成征地" in listed.content.decode()
    assert client.get("/ledgers/monthly/2026-09/promises/?figure=none").status_code == 404
    assert client.get("/ledgers/monthly/2026-09/promises/?known=x").status_code == 404


def test_another_leader_sees_filed_ones_only(client: Client, area: Area) -> None:
    other = UserFactory(username="other", leader=True)
    client.force_login(other, backend=BACKEND)
    page = PAGE.format(area.pk)
    review = AreaReviewFactory(area=area)
    assert client.get(page).status_code == 404
    area_reviews.write(area, SEPTEMBER, analysis="总体平稳", by=area.leader, at=LATER)
    area_reviews.file(area, SEPTEMBER, by=area.leader, at=LATER)
    assert client.get(page).status_code == 200
    assert review.area == area


@pytest.mark.parametrize("count", [1, 12])
def test_the_queries_do_not_grow(
    count: int, area: Area, unit: Unit, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        begun(promised(UnitFactory(name=f"单位{number}", area=area)))
    with django_assert_num_queries(11):
        content(area, SEPTEMBER, known_at=instant("2026-10-08 10:00"))
