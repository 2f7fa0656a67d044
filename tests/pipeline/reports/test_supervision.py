"""The monthly bulletin on promises: its figures, its lists, its life, and that it stays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.models import Unit
from pipeline import ledgers
from pipeline import monthly_progress as progress
from pipeline.models import LedgerItem, Report, Subject
from pipeline.months import Month
from pipeline.reports import difference, freezing
from pipeline.reports.content import build, digest
from pipeline.reports.periods import Period
from pipeline.reports.supervision.numbers import TESTS, gather, sources
from tests.factories import ParkFactory, UserFactory, instant, the_verifier
from tests.ledger_factories import LedgerFactory, UnitFactory, person_of, the_supervisor
from tests.pipeline.kept import begun, finished, on, promised, urged

pytestmark = pytest.mark.django_db

SEPTEMBER = Period("month", 2026, 9)
LATER = on("10-08")


def content(at: dt.datetime = LATER) -> dict[str, Any]:
    return build(SEPTEMBER, known_at=at, subject=Subject.SUPERVISION)


def column(made: dict[str, Any], table: str, name: str) -> list[Any]:
    found = made["tables"][table]
    at = [c["name"] for c in found["columns"]].index(name)
    return [row[at] for row in found["rows"]]


@pytest.fixture
def county() -> dict[str, Any]:
    """住建局: one closed on time, one closed late, one red. 水利局: one closed on time."""
    building, water = UnitFactory(name="住建局"), UnitFactory(name="水利局")
    punctual = finished(begun(promised(building, goal="按期的")), "09-05")
    slow = begun(promised(building, goal="拖延的"))
    urged(slow, "09-08")
    finished(slow, "09-12")
    red = begun(promised(building, goal="没办的"))
    urged(red, "09-08")
    other = finished(
        begun(
            promised(water, "09-24", ledger=LedgerFactory(slug="other", name="常务会议")), "09-24"
        ),
        "09-30",
    )
    progress.file(
        other,
        month=Month(2026, 9),
        state="done",
        text="已完成",
        by=person_of(water),
        at=on("09-30", 23),
    )
    return {"punctual": punctual, "slow": slow, "red": red, "other": other, "water": water}


def test_the_whole_counts_and_the_rate_shows_its_fraction(county: dict[str, Any]) -> None:
    made = content()
    expected = {"owed": 4, "issued": 4, "closed": 3, "due": 4, "on_time": 2, "red": 1}
    for name, value in expected.items():
        assert column(made, "S1", name)[0] == value, name
    assert column(made, "S1", "on_time_rate")[0] == "0.5"
    assert "按期办结率50.0%（2/4）" in made["sections"][0]["paragraphs"][0]
    assert made["title"] == "关于平陆县2026年9月重点工作落实情况的通报"


def test_units_are_ranked_with_ties_and_who_has_nothing_due_is_not() -> None:
    for name, day in (("甲", "09-05"), ("乙", "09-05"), ("丙", "")):
        item = begun(promised(UnitFactory(name=name)))
        if day:
            finished(item, day)
        else:
            urged(item, "09-08")
    promised(UnitFactory(name="丁"), "09-30")
    made = content()
    assert column(made, "S3", "rank") == [1, 1, 3, None]
    assert column(made, "S3", "on_time_rate") == ["1", "1", "0", None]


def test_each_ledger_has_its_line_and_the_total_is_theirs(county: dict[str, Any]) -> None:
    made = content()
    table = made["tables"]["S2"]
    assert dict(zip(column(made, "S2", "name"), column(made, "S2", "owed"), strict=True)) == {
        "专题会议": 3,
        "常务会议": 1,
    }
    assert table["total"][1] == 4


def test_what_is_red_at_the_end_is_named_with_its_unit_and_days(county: dict[str, Any]) -> None:
    made = content()
    assert column(made, "S5", "goal") == ["没办的"]
    assert column(made, "S5", "days") == [22]
    assert column(made, "S5", "level") == ["催办"]
    assert "住建局“没办的”（逾期22天）" in made["sections"][3]["paragraphs"][0]


def test_what_was_urged_in_the_month_is_listed_and_what_before_is_not(
    county: dict[str, Any],
) -> None:
    earlier = begun(promised(county["water"], "08-01", goal="八月的"), "08-01")
    urged(earlier, "08-08")
    made = content()
    assert column(made, "S6", "goal") == ["拖延的", "没办的"]
    assert column(made, "S6", "now") == ["已销账", "仍为红灯"]
    assert "八月的" in column(made, "S5", "goal")


def test_inspections_and_listings_say_whether_they_are_approved(county: dict[str, Any]) -> None:
    urged(
        county["red"],
        "09-08",
        level=3,
        triggered_on=dt.date(2026, 9, 20),
        recorded_at=on("09-20"),
        state="proposed",
    )
    assert column(content(), "S7", "state") == ["待批准"]


def test_missing_filings_name_the_unit_and_the_items(county: dict[str, Any]) -> None:
    made = content()
    assert column(made, "S8", "unit") == ["住建局"]
    assert column(made, "S8", "items") == [county["red"].number]
    assert made["tables"]["S8"]["total"][1:5] == [2, 1, 0, 1]


def test_the_red_list_praises_who_finished_all_in_time_and_filed(county: dict[str, Any]) -> None:
    assert column(content(), "S9", "unit") == ["水利局"]


def test_an_empty_month_says_so_and_has_no_rate() -> None:
    made = content()
    assert column(made, "S1", "on_time_rate") == [None, None]
    assert "—（没有应办结事项）" in made["sections"][0]["paragraphs"][0]


def test_each_figure_has_its_facts(county: dict[str, Any]) -> None:
    rows, total = sources(SEPTEMBER, known_at=LATER), gather(SEPTEMBER, known_at=LATER).total
    assert {name: len(found) for name, found in rows.items()} == {
        name: getattr(total, name) for name in TESTS
    }


def test_the_calendar_in_force_stands_in_the_footnotes() -> None:
    assert any("按自然日计" in note for note in content()["footnotes"])


LATER_ACTS = st.lists(
    st.sampled_from(["close", "edit", "issue", "file", "press", "approve", "return"]), max_size=6
)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(acts=LATER_ACTS)
def test_the_same_month_and_instant_stay_whatever_happens_later(
    county: dict[str, Any], acts: list[str]
) -> None:
    before = digest(content(), sources(SEPTEMBER, known_at=LATER))
    with transaction.atomic():
        for number, act in enumerate(acts):
            happen(act, county, LATER + dt.timedelta(days=1 + number, hours=number))
        after = digest(content(), sources(SEPTEMBER, known_at=LATER))
        transaction.set_rollback(True)
    assert after == before


def happen(act: str, county: dict[str, Any], at: dt.datetime) -> None:
    """One thing after the bulletin's instant, where it can happen."""
    item: LedgerItem = county["red"]
    item.refresh_from_db()
    office, unit = the_supervisor(), person_of(item.unit)
    if act == "close" and item.state == "active":
        ledgers.submit(item, text="已完成", by=unit, at=at)
        ledgers.pass_(item, by=office, at=at)
        ledgers.close(item, by=UserFactory(username="leader", leader=True), at=at)
    elif act == "return" and item.state == "active":
        ledgers.submit(item, text="已完成", by=unit, at=at)
        ledgers.return_(item, reason="材料不全", by=office, at=at)
    elif act == "edit" and item.state == "active":
        ledgers.edit(item, goal=f"{item.goal}改", by=office, at=at)
    elif act == "issue":
        ledgers.hand_over(
            item.ledger, goal="新的", unit=item.unit, act="item.issue", by=office, at=at
        )
    elif act == "file" and item.state == "active":
        progress.file(
            item, month=Month(2026, 9), state="on_track", text=f"补报 {at}", by=unit, at=at
        )
    elif act == "press" and not item.escalations.filter(level=2).exists():
        urged(item, "09-08", level=2, triggered_on=dt.date(2026, 9, 30), recorded_at=at)
    elif act == "approve" and not item.escalations.filter(level=3).exists():
        urged(
            item,
            "09-08",
            level=3,
            triggered_on=dt.date(2026, 9, 30),
            recorded_at=at,
            state="approved",
            decided_at=at,
            decided_by=office,
            deadline=at.date(),
        )


def frozen() -> Report:
    row = freezing.draft(SEPTEMBER, subject=Subject.SUPERVISION, by=the_supervisor(), at=LATER)
    freezing.submit(row, by=the_supervisor(), at=LATER)
    freezing.approve(row, by=UserFactory(username="leader", leader=True), at=LATER)
    return freezing.freeze(row, by=the_verifier(), at=LATER)


def test_it_is_drafted_beside_the_months_other_bulletin(county: dict[str, Any]) -> None:
    freezing.draft(SEPTEMBER, by=the_verifier(), at=LATER)
    row = frozen()
    assert row.content["subject"] == "supervision"
    assert freezing.content_of(row, at=on("12-01")) == row.content
    with pytest.raises(freezing.AlreadyDrafted):
        freezing.draft(SEPTEMBER, subject=Subject.SUPERVISION, by=the_supervisor(), at=LATER)


@pytest.mark.parametrize("period", [Period("quarter", 2026, 3), Period("year", 2026)])
def test_it_goes_out_by_the_month(period: Period) -> None:
    with pytest.raises(freezing.NoSuchReport):
        freezing.draft(period, subject=Subject.SUPERVISION, by=the_supervisor(), at=LATER)


def test_it_is_the_whole_countys() -> None:
    with pytest.raises(freezing.NoSuchReport):
        freezing.draft(
            SEPTEMBER,
            park=ParkFactory(),
            subject=Subject.SUPERVISION,
            by=the_supervisor(),
            at=LATER,
        )


def test_a_correction_says_what_changed_because_of_which_items(county: dict[str, Any]) -> None:
    old = frozen()
    progress.file(
        county["red"],
        month=Month(2026, 9),
        state="difficult",
        text="征地受阻",
        obstacle="资金未到位",
        by=person_of(county["red"].unit),
        at=on("10-09"),
    )
    new = freezing.correct(old, reason="补报", by=the_supervisor(), at=on("10-10"))
    assert new.subject == Subject.SUPERVISION
    at = on("10-10")
    found = difference.changes(old.content, freezing.content_of(new, at=at))
    assert ("S8", "total", 1, 2) in [(c.table, "total", c.before, c.after) for c in found]
    causes = difference.causes(old.rows, freezing.rows_of(new, at=at))
    assert {(c.figure, c.how) for c in causes} == {
        ("filed", "added"),
        ("filed_late", "added"),
        ("not_filed", "taken"),
    }
    assert set(difference.named(causes).values()) == {county["red"]}


def test_people_choose_the_subject_and_the_list_shows_it(
    client: Client, county: dict[str, Any]
) -> None:
    client.force_login(the_supervisor(), backend="django.contrib.auth.backends.ModelBackend")
    sent = {"subject": "supervision", "kind": "month", "year": 2026, "number": 9, "park": ""}
    answer = client.post("/reports/", sent)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "重点工作落实情况的通报" in page
    assert "补充：月度进展报送" in page
    assert "重点工作落实" in client.get("/reports/?subject=supervision").content.decode()
    assert client.post("/reports/", {**sent, "kind": "quarter", "number": 3}).status_code == 422


@pytest.mark.parametrize("count", [1, 15])
def test_the_queries_do_not_grow(count: int, django_assert_num_queries: Any) -> None:
    for number in range(count):
        begun(promised(UnitFactory(name=f"单位{number}"), ledger=LedgerFactory()))
    with django_assert_num_queries(10):
        gather(SEPTEMBER, known_at=instant("2026-10-08 10:00"))


def test_a_unit_is_the_one_that_answered_then(county: dict[str, Any]) -> None:
    unit: Unit = county["water"]
    assert [g.count.owed for g in gather(SEPTEMBER, known_at=LATER).units if g.name == unit.name]
    assert Decimal(column(content(), "S3", "on_time_rate")[-1]) == 1
