"""A frozen report says the same for ever; a correction names what changed and because of what."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from crm.models import User
from crm.refusals import NotAllowed
from pipeline import milestones
from pipeline.models import Report, ReportState
from pipeline.reports import difference, freezing
from pipeline.reports.content import build, digest
from pipeline.reports.formats import write
from pipeline.reports.periods import Period
from pipeline.rollup_document import document
from pipeline.rollups import rollup
from tests.factories import (
    ParkFactory,
    ProjectFactory,
    TargetFactory,
    UserFactory,
    claim,
    instant,
    the_verifier,
)

pytestmark = pytest.mark.django_db

THIRD = Period("quarter", 2026, 3)
OCTOBER, NOVEMBER = instant("2026-10-08 09:00"), instant("2026-11-20 09:00")
YI = Decimal(100_000_000)


@pytest.fixture
def county() -> dict[str, Any]:
    rare = ParkFactory(slug="rare-metals", name="稀有金属园")
    auto = ParkFactory(slug="auto-materials", name="汽车园")
    TargetFactory(metric="signed_projects", value=Decimal(4))
    TargetFactory(metric="signed_amount_yuan", value=20 * YI)
    TargetFactory(metric="start_rate", value=Decimal("0.6"))
    return {
        "started": ProjectFactory(started=True, park=rare, amount=8 * YI),
        "signed": ProjectFactory(
            signed=True, park=auto, amount=5 * YI, signed_on=dt.date(2026, 8, 5)
        ),
        "last_year": ProjectFactory(signed=True, park=auto, signed_on=dt.date(2025, 5, 5)),
        "late": ProjectFactory(ready_to_sign=True, park=auto),
    }


@pytest.fixture
def leader() -> User:
    return UserFactory(username="leader", leader=True)


def frozen(leader: User, at: dt.datetime = OCTOBER) -> Report:
    clerk = the_verifier()
    report = freezing.draft(THIRD, by=clerk, at=at)
    report = freezing.submit(report, by=clerk, at=at)
    report = freezing.approve(report, by=leader, at=at)
    return freezing.freeze(report, by=clerk, at=at)


def test_every_figure_is_the_roll_up_s(county: dict[str, Any]) -> None:
    content = build(THIRD, known_at=OCTOBER)
    figures = document(rollup(THIRD.to_date(OCTOBER)))
    columns = [column["name"] for column in content["tables"]["T2"]["columns"]]
    for row, line in zip(figures["rows"], content["tables"]["T2"]["rows"], strict=False):
        assert Decimal(line[columns.index("signed_projects")]) == row["signed_projects"]
        assert Decimal(line[columns.index("signed_amount_yuan")]) == Decimal(
            row["signed_amount_yuan"]
        )
    total = content["tables"]["T3"]["total"]
    assert total[1:3] == ["2", "1"]
    assert "（1/2）" in content["sections"][0]["paragraphs"][1]
    assert "完成年度目标4个的50.0%，欠序时25.0个百分点" in content["sections"][0]["paragraphs"][0]


def test_the_quarter_alone_is_what_it_added(county: dict[str, Any]) -> None:
    table = build(THIRD, known_at=OCTOBER)["tables"]["T1"]
    assert table["rows"][0][2:4] == ["1", "2"]
    assert table["rows"][1][2:4] == ["500000000", "1300000000"]


def test_a_frozen_report_says_the_same_whatever_is_corrected_later(
    county: dict[str, Any], leader: User
) -> None:
    report = frozen(leader)
    before = freezing.content_of(report, at=OCTOBER)
    signing = county["signed"].milestones.get(kind="signing")
    milestones.revoke(signing, reason="合同作废", by=the_verifier(), at=NOVEMBER)
    report.refresh_from_db()
    assert freezing.content_of(report, at=NOVEMBER) == before
    assert report.digest == digest(report.content, report.rows)
    assert build(THIRD, known_at=OCTOBER) == before  # and is found again from the facts


def test_the_database_refuses_to_change_or_delete_what_is_frozen(
    county: dict[str, Any], leader: User
) -> None:
    report = frozen(leader)
    for act in (
        lambda: Report.objects.filter(pk=report.pk).update(reason="x"),
        lambda: Report.objects.filter(pk=report.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_correction_names_each_figure_and_the_milestones_behind_it(
    county: dict[str, Any], leader: User
) -> None:
    old = frozen(leader)
    signing = county["signed"].milestones.get(kind="signing")
    milestones.revoke(signing, reason="合同作废", by=the_verifier(), at=NOVEMBER)
    late = claim(
        county["late"], "signing", contract_kind="formal", on=dt.date(2026, 9, 28), amount=3 * YI
    )
    milestones.verify(late, by=the_verifier(), at=NOVEMBER)
    new = freezing.correct(old, reason="补报一个、核减一个", by=the_verifier(), at=NOVEMBER)
    new = freezing.submit(new, by=the_verifier(), at=NOVEMBER)
    new = freezing.approve(new, by=leader, at=NOVEMBER)
    new = freezing.freeze(new, by=leader, at=NOVEMBER)
    changed = {
        (c.table, c.row, c.column): (c.before, c.after)
        for c in difference.changes(old.content, new.content)
    }
    assert changed["T1", "协议总投资（亿元）", "前三季度"] == ("1300000000", "1100000000")
    assert ("T1", "签约项目（个）", "前三季度") not in changed
    found = difference.causes(old.rows, new.rows)
    how = {(c.figure, c.key): c.how for c in found}
    assert how["signed_projects", signing.pk] == difference.TAKEN
    assert how["signed_projects", late.pk] == difference.ADDED
    facts = difference.named(found)
    assert facts["signed_projects", late.pk].project == county["late"]
    assert new.version == 2
    with pytest.raises(freezing.NotItsTurn):
        freezing.correct(old, reason="再来一次", by=the_verifier(), at=NOVEMBER)


def test_nobody_approves_their_own_report(county: dict[str, Any], leader: User) -> None:
    report = freezing.draft(THIRD, by=leader, at=OCTOBER)
    report = freezing.submit(report, by=leader, at=OCTOBER)
    with pytest.raises(NotAllowed):
        freezing.approve(report, by=leader, at=OCTOBER)


def test_a_period_that_is_not_over_is_not_handed_in(county: dict[str, Any]) -> None:
    report = freezing.draft(THIRD, by=the_verifier(), at=instant("2026-09-30 20:00"))
    with pytest.raises(freezing.NotOver):
        freezing.submit(report, by=the_verifier(), at=instant("2026-09-30 20:00"))


def test_people_s_own_words_are_added_and_survive(county: dict[str, Any], leader: User) -> None:
    clerk = the_verifier()
    report = freezing.draft(THIRD, by=clerk, at=OCTOBER)
    report = freezing.write(
        report, texts={"next": "一是抓开工。\n\n二是抓入统。"}, by=clerk, at=OCTOBER
    )
    said = freezing.content_of(report, at=OCTOBER)["sections"][4]["paragraphs"]
    assert said[-2:] == ["一是抓开工。", "二是抓入统。"]


def test_a_park_s_own_report_has_its_figures_only(county: dict[str, Any]) -> None:
    park = county["signed"].park
    content = build(THIRD, known_at=OCTOBER, park=park)
    assert [row[0] for row in content["tables"]["T3"]["rows"]] == ["汽车园"]
    assert content["tables"]["T3"]["total"][1:3] == ["1", "0"]
    assert content["title"].startswith("关于汽车园2026年前三季度")


def test_a_manager_writes_their_own_park_s_report_and_no_other(county: dict[str, Any]) -> None:
    park = county["signed"].park
    manager = UserFactory(username="boss", manager=True, park=park)
    freezing.draft(THIRD, park=park, by=manager, at=OCTOBER)
    for other in (None, county["started"].park):
        with pytest.raises(NotAllowed):
            freezing.draft(THIRD, park=other, by=manager, at=OCTOBER)


def test_what_is_stored_is_checked_when_it_is_read(county: dict[str, Any], leader: User) -> None:
    report = frozen(leader)
    report.content["title"] = "改过的"
    with pytest.raises(freezing.Damaged):
        freezing.content_of(report, at=NOVEMBER)


def test_states_come_one_after_the_other(county: dict[str, Any], leader: User) -> None:
    report = freezing.draft(THIRD, by=the_verifier(), at=OCTOBER)
    with pytest.raises(freezing.NotItsTurn):
        freezing.approve(report, by=leader, at=OCTOBER)
    with pytest.raises(freezing.AlreadyDrafted):
        freezing.draft(THIRD, by=the_verifier(), at=OCTOBER)
    report = freezing.submit(report, by=the_verifier(), at=OCTOBER)
    report = freezing.send_back(report, by=leader, at=OCTOBER)
    assert report.state == ReportState.DRAFT


def test_a_report_is_written_in_the_county_s_language_whoever_freezes_it(
    county: dict[str, Any], leader: User
) -> None:
    """A leader whose pages are English freezes the same report, and the same files."""
    chinese = build(THIRD, known_at=OCTOBER)
    files = {kind: write(kind, chinese) for kind in ("html", "xlsx")}
    with translation.override("en"):
        report = frozen(leader)
        assert report.content == chinese
        assert {kind: write(kind, chinese) for kind in files} == files
