"""The board's pages: columns, totals, going on, the gate's dialog; and the list's columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Park, Tag, User
from pipeline import board, columns, filters, tagging
from pipeline.models import Milestone, Project
from tests.factories import (
    ChannelFactory,
    IndustryFactory,
    ProjectFactory,
    ReviewFactory,
    claim,
    instant,
    prepare_start,
)

HX = {"HX-Request": "true"}
NOW = instant("2026-11-24 10:00")


def shown(client: Client, **query: str) -> dict[str, list[str]]:
    response = client.get("/board/", query)
    assert response.status_code == 200
    return {
        each.column.stage: [card.project.name for card in each.column.cards]
        for each in response.context["shown"]
    }


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def test_a_project_stands_in_its_stage_s_column_within_filter_and_scope(
    as_officer: Client, park: Park, other_park: Park
) -> None:
    ProjectFactory(name="甲")
    ProjectFactory(name="乙", signed=True)
    ProjectFactory(name="丙", status="lost")
    ProjectFactory(name="丁", park=other_park)
    found = shown(as_officer)
    assert (found["lead"], found["signed"], found["started"]) == (["甲"], ["乙"], [])
    assert shown(as_officer, ended="1")["lead"] == ["甲", "丙"]
    assert shown(as_officer, status="lost")["lead"] == ["丙"]
    assert shown(as_officer, channel="business-by-business")["lead"] == []


def test_the_totals_follow_the_filter_and_the_year_links_to_its_figure(
    as_officer: Client, park: Park
) -> None:
    ProjectFactory(signed=True, amount=300_000_000)
    text = as_officer.get("/board/").content.decode()
    assert "3.00 亿元" in text
    assert "本年签约" in text
    assert "/figures/signed_projects/?year=" in text
    assert "key=total" in text
    assert "key=rare-metals" in as_officer.get("/board/?park=rare-metals").content.decode()
    assert "3.00 亿元" not in as_officer.get("/board/?least=4").content.decode()


def test_as_many_questions_for_one_card_as_for_twenty(as_officer: Client) -> None:
    def questions() -> int:
        as_officer.get("/board/")
        with CaptureQueriesContext(connection) as asked:
            as_officer.get("/board/")
        return len(asked)

    ProjectFactory()
    one = questions()
    ProjectFactory.create_batch(20)
    assert questions() == one


def test_a_column_goes_on_by_a_fragment_and_by_a_plain_link(
    as_officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "CARDS", 2)
    for name in "甲乙丙":
        ProjectFactory(name=name)
    first = as_officer.get("/board/").context["shown"][0].column
    assert first.more
    address = {"after": first.more, "by": "since"}
    fragment = as_officer.get("/board/lead/", address, headers=HX).content.decode()
    assert "丙" in fragment
    assert "甲" not in fragment
    assert "<html" not in fragment
    page = as_officer.get("/board/lead/", address).content.decode()
    assert "丙" in page
    assert "<html" in page
    assert as_officer.get("/board/nothing/").status_code == 404


def test_who_may_not_claim_is_offered_no_move(client: Client, leader: User) -> None:
    ProjectFactory(ready_to_sign=True)
    client.force_login(leader)
    text = client.get("/board/").content.decode()
    assert "gate-dialog" not in text
    assert "board-move" not in text


def gate(client: Client, project: Project, *, to: str, hx: bool = True, **data: Any) -> Any:
    headers = HX if hx else {}
    if not data:
        return client.get(f"/board/{project.pk}/gate/", {"to": to}, headers=headers)
    sent = {f"gate-{name}": value for name, value in data.items()}
    return client.post(f"/board/{project.pk}/gate/", {"to": to, **sent}, headers=headers)


def test_the_dialog_lists_the_gate_with_a_field_for_what_is_missing(as_officer: Client) -> None:
    project = ProjectFactory(in_contact=True, industry=IndustryFactory())
    ReviewFactory(project=project, kind="legality")
    text = gate(as_officer, project, to="signed").content.decode()
    for asked in ("channel", "file_contract", "occurred_on", "amount"):
        assert f'name="gate-{asked}"' in text
    for met in ("industry", "review_legality", "override_reason"):
        assert f'name="gate-{met}"' not in text
    assert "合法性审查" in text
    assert "<html" not in text
    assert "<html" in gate(as_officer, project, to="signed", hx=False).content.decode()


@pytest.mark.parametrize(
    ("to", "words"),
    [("lead", "请核验员撤销里程碑"), ("producing", "不能跳过阶段"), ("signed", "已经在“签约”")],
)
def test_a_move_that_cannot_be_is_refused_with_words(
    as_officer: Client, to: str, words: str
) -> None:
    response = gate(as_officer, ProjectFactory(signed=True), to=to)
    assert response.status_code == 422
    assert words in response.content.decode()


def test_no_stage_at_all_is_no_page(as_officer: Client) -> None:
    assert gate(as_officer, ProjectFactory(), to="nonsense").status_code == 404


def test_a_refused_claim_keeps_what_was_typed_and_says_what_is_missing_at_its_field(
    as_officer: Client,
) -> None:
    project = ProjectFactory(in_contact=True)
    response = gate(
        as_officer,
        project,
        to="signed",
        hx=False,
        occurred_on="2026-03-05",
        amount="5000",
        note="已签",
        review_legality="yes",
    )
    form, text = response.context["form"], response.content.decode()
    assert response.status_code == 422
    assert 'value="已签"' in text
    assert 'value="5000"' in text
    assert form.errors["review_legality_on"] == ["请填写日期"]
    day = "2026-03-05"
    response = gate(as_officer, project, to="signed", hx=False, occurred_on=day, amount="5000")
    assert response.context["form"].errors["file_contract"] == ["还缺：正式合同文本"]
    assert not Milestone.objects.filter(project=project, kind="signing").exists()


def test_a_file_that_is_no_evidence_is_refused_at_its_field(as_officer: Client) -> None:
    project = ProjectFactory(in_contact=True)
    given = {"occurred_on": "2026-03-05", "amount": "1"}
    bad = SimpleUploadedFile("a.pdf", b"MZ")
    response = gate(as_officer, project, to="signed", hx=False, file_contract=bad, **given)
    (error,) = response.context["form"].errors["file_contract"]
    assert "不能作为证据" in error


def test_a_claim_comes_back_as_the_card_with_its_mark_in_its_column(as_officer: Client) -> None:
    project = ProjectFactory(in_contact=True)
    reviews = {
        f"review_{kind}{part}": value
        for kind in ("admission", "fair_competition", "legality")
        for part, value in (("", "yes"), ("_on", "2026-03-01"))
    }
    response = gate(
        as_officer,
        project,
        to="signed",
        occurred_on="2026-03-05",
        amount="50000",
        industry=IndustryFactory().pk,
        channel=ChannelFactory().pk,
        file_contract=SimpleUploadedFile("合同.pdf", b"%PDF-1.7"),
        **reviews,
    )
    text = response.content.decode()
    assert response.status_code == 200
    assert "待核验：签约" in text
    assert f'id="card-{project.pk}"' in text
    assert response["HX-Retarget"] == f"#card-{project.pk}"
    assert "gate:claimed" in response["HX-Trigger"]
    assert project.name in shown(as_officer)["contact"]
    again = gate(as_officer, project, to="signed")
    assert again.status_code == 422
    assert "等核验员核验" in again.content.decode()


def test_without_scripts_a_claim_leads_back_to_the_board(as_officer: Client) -> None:
    project = ProjectFactory(ready_to_contact=True)
    response = gate(as_officer, project, to="contact", hx=False, occurred_on="2026-03-05")
    assert response["Location"] == "/board/"
    assert "等核验员核验" in as_officer.get("/board/").content.decode()


def test_a_project_seen_for_its_credit_only_is_not_moved(
    as_officer: Client, officer: User, other_park: Park
) -> None:
    project = ProjectFactory(signed=True)
    Project.objects.filter(pk=project.pk).update(park=other_park, officer=None)
    project.attributions.create(
        park=officer.park, reason="首谈", recorded_at=NOW, recorded_by=officer
    )
    assert gate(as_officer, project, to="started").status_code == 403


# --- the list --------------------------------------------------------------------------
def listed(client: Client, query: str) -> list[str]:
    return [line.project.name for line in client.get(f"/projects/?{query}").context["lines"]]


def test_the_filters_shared_with_the_board_narrow_the_list(
    as_officer: Client, officer: User, manager: User
) -> None:
    quiet = ProjectFactory(name="甲", signed=True, planned_start_on=dt.date(2026, 1, 1))
    fresh = ProjectFactory(name="乙", officer=manager, fund_source="policy")
    today = dt.datetime.now(tz=NOW.tzinfo).date()
    Project.objects.filter(pk=fresh.pk).update(active_on=today)
    Project.objects.filter(pk=quiet.pk).update(active_on=today - dt.timedelta(days=40))
    prepare_start(quiet)
    claim(quiet, "groundbreaking", on=dt.date(2026, 5, 1), at=NOW)
    Project.objects.filter(pk=quiet.pk).update(active_on=today - dt.timedelta(days=40))
    tag = Tag.objects.create(name="重点")
    tagging.add(fresh, tag, by=officer, at=NOW)
    assert listed(as_officer, "light=red") == ["甲"]
    assert listed(as_officer, "light=none") == ["乙"]
    assert listed(as_officer, "quiet=1") == ["甲"]
    assert listed(as_officer, "waiting=1") == ["甲"]
    assert listed(as_officer, "mine=1") == ["甲"]
    assert listed(as_officer, f"tag={tag.pk}") == ["乙"]
    assert listed(as_officer, "fund=policy") == ["乙"]
    assert listed(as_officer, "planned_until=2026-06-30") == ["甲"]


def test_the_columns_stand_in_the_url_in_their_order(as_officer: Client) -> None:
    ProjectFactory(name="甲")
    response = as_officer.get("/projects/?cols=light&cols=park,nonsense,name")
    names = [header["column"].name for header in response.context["headers"]]
    assert names == ["name", "light", "park"]
    assert 'name="cols" value="light" checked' in response.content.decode()
    usual = as_officer.get("/projects/?cols=")
    assert [header["column"].name for header in usual.context["headers"]] == list(columns.USUAL)


def test_every_column_sorts_without_losing_a_row_and_asks_as_much_for_one_row_as_for_many(
    as_officer: Client,
) -> None:
    query = "cols=" + ",".join(column.name for column in columns.COLUMNS)

    def questions() -> int:
        as_officer.get(f"/projects/?{query}")
        with CaptureQueriesContext(connection) as asked:
            as_officer.get(f"/projects/?{query}")
        return len(asked)

    ProjectFactory(producing=True)
    one = questions()
    ProjectFactory.create_batch(5, started=True)
    assert questions() == one
    for column in columns.COLUMNS:
        for way in ("", "-"):
            rows = columns.sort(Project.objects.current(), way + column.name)
            assert len(set(rows)) == 6 == len(list(rows)), column.name


def test_what_is_beyond_the_count_cannot_be_chosen_as_a_whole(
    as_officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "COUNTED_TO", 1)
    ProjectFactory.create_batch(2)
    assert "请先缩小范围" in as_officer.get("/projects/").content.decode()
