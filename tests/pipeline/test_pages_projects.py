"""The list of projects, and a project's page."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertHTMLEqual

from crm.models import Park, User
from crm.names import initials, pinyin
from pipeline import columns, filters, milestones
from pipeline.forms.widgets import QuickSelect
from pipeline.models import Project
from pipeline.stages import MilestoneKind
from tests.factories import (
    DocumentFactory,
    LoadRowFactory,
    OrganizationFactory,
    ProjectFactory,
    UserFactory,
    claim,
    instant,
    reach,
)

YI = Decimal(100_000_000)


@pytest.fixture
def leader(db: None, client: Client) -> User:
    leader = UserFactory(username="leader", leader=True)
    client.force_login(leader)
    return leader


def named(name: str, **kwargs: Any) -> Project:
    return ProjectFactory(name=name, pinyin=pinyin(name), initials=initials(name), **kwargs)


def listed(client: Client, **query: str) -> list[str]:
    response = client.get("/projects/", query)
    assert response.status_code == 200
    return [line.project.name for line in response.context["lines"]]


@pytest.mark.parametrize(
    "typed", ["铝轮毂", "lvlungu", "llg", "恒龙", "hlcn", "91140829ekwm7phuq2", " 铝轮毂 "]
)
def test_a_search_finds_by_name_sound_initials_investor_and_code(
    client: Client, leader: User, typed: str
) -> None:
    investor = OrganizationFactory(
        name="恒龙储能有限公司",
        pinyin=pinyin("恒龙储能有限公司"),
        initials=initials("恒龙储能有限公司"),
        uscc="91140829EKWM7PHUQ2",
    )
    named("铝轮毂项目", investor=investor)
    named("环保布袋项目")
    assert listed(client, q=typed) == ["铝轮毂项目"]


def test_each_filter_narrows_the_list(client: Client, leader: User, other_park: Park) -> None:
    a = named("甲", signed=True, amount=5 * YI)
    b = named("乙", park=other_park)
    named("丙", without_park=True)
    assert listed(client, park="auto-materials") == ["乙"]
    assert listed(client, park="none") == ["丙"]
    assert listed(client, stage="signed") == ["甲"]
    assert listed(client, channel=a.channel.code) == ["甲"]
    assert listed(client, industry="C") == listed(client, industry="32") == ["甲"]
    assert listed(client, officer=b.officer.username) == ["乙"]
    assert listed(client, year="2026") == ["甲"]
    assert listed(client, year="2025") == []
    assert listed(client, least="5", most="5") == ["甲"]
    assert listed(client, least="5.01") == []
    assert listed(client, status="active") == ["丙", "乙", "甲"]


def test_a_filter_that_cannot_be_read_is_named_and_left_out(client: Client, leader: User) -> None:
    named("甲")
    response = client.get("/projects/", {"stage": "nonsense", "page": "x", "size": "7"})
    assert response.status_code == 200
    assert "nonsense" in response.content.decode()


@pytest.mark.parametrize("column", columns.USUAL)
def test_each_column_sorts_both_ways_and_what_has_no_value_comes_last(
    client: Client, leader: User, park: Park, other_park: Park, column: str
) -> None:
    early = dt.date(2025, 3, 5)
    named("甲", started=True, amount=1 * YI, signed_on=early, started_on=dt.date(2025, 6, 1))
    named("乙", started=True, amount=2 * YI, park=other_park)
    for project in Project.objects.all():  # 甲 comes before 乙
        project.investor.pinyin = project.pinyin
        project.investor.save()
    up, down = listed(client, sort=column), listed(client, sort=f"-{column}")
    assert sorted(up) == sorted(down) == ["乙", "甲"]
    if column not in {"stage"}:  # both have started
        assert up == down[::-1]
    if column in {"name", "investor", "amount", "signed", "started", "park"}:
        assert up == ["甲", "乙"]
    named("丙", without_park=True)
    if column in {"amount", "signed", "started", "park"}:
        assert listed(client, sort=column)[-1] == listed(client, sort=f"-{column}")[-1] == "丙"


def test_an_expansion_or_framework_does_not_double_a_row_that_is_sorted_by_day(
    client: Client, leader: User
) -> None:
    project = named("甲", signed=True)
    from tests.factories import prepare_signing, sign

    prepare_signing(project)
    sign(project, on=dt.date(2026, 4, 1), contract_kind="expansion")
    assert listed(client, sort="signed") == ["甲"]


def test_pages_are_25_rows_and_the_count_stops_at_its_cap(
    client: Client, leader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "COUNTED_TO", 28)
    ProjectFactory.create_batch(30)
    first = client.get("/projects/")
    assert len(first.context["lines"]) == 25
    assert "超过 28 个" in first.content.decode()
    beyond = client.get("/projects/", {"page": "99"})
    assert (beyond.context["page"].number, len(beyond.context["lines"])) == (2, 5)


def test_an_empty_list_says_what_to_do_first(client: Client, leader: User) -> None:
    assert "先导入县里的项目台账" in client.get("/projects/").content.decode()
    assert "放宽或清除筛选条件" in client.get("/projects/", {"q": "无"}).content.decode()


def test_a_fragment_is_only_the_results_and_its_address_has_no_empty_parameters(
    client: Client, leader: User
) -> None:
    named("甲")
    response = client.get("/projects/", {"q": "甲", "park": ""}, headers={"HX-Request": "true"})
    shown = response.content.decode()
    assert shown.lstrip().startswith('<section id="results"')
    assert response["HX-Push-Url"] == "/projects/?q=%E7%94%B2"


def test_an_undone_project_is_not_listed_and_its_page_says_so(client: Client, leader: User) -> None:
    project = named("甲")
    Project.objects.filter(pk=project.pk).update(withdrawn_at=instant("2026-01-01 08:00"))
    assert listed(client) == []
    assert "已经撤销" in client.get(f"/projects/{project.pk}/").content.decode()


@pytest.mark.parametrize("projects", [1, 20])
def test_the_list_takes_the_same_queries_for_1_and_20_projects(
    client: Client,
    leader: User,
    projects: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ProjectFactory.create_batch(projects, signed=True)
    # session, user, unread notices; count, keys, rows, days; choices and saved views
    with django_assert_num_queries(14):
        client.get("/projects/")


# --- A project's page ----------------------------------------------------------------------
def shown(client: Client, project: Project) -> str:
    response = client.get(f"/projects/{project.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_lists_what_the_next_stage_still_asks_for(client: Client, leader: User) -> None:
    page = shown(client, ProjectFactory(signed=True))
    assert "进入“开工”还缺" in page
    for need in ("备案证项目代码", "施工合同或设备采购合同", "两张现场照片", "用地落实"):
        assert need in page
    assert "发生日（不能晚于今天）" not in page  # said in the claim


def test_a_claim_that_waits_misses_nothing(client: Client, leader: User) -> None:
    project = ProjectFactory(ready_to_start=True)
    documents = project.documents.filter(milestone=None)
    claim(
        project,
        MilestoneKind.GROUNDBREAKING,
        on=dt.date(2026, 6, 1),
        documents=list(documents),
    )
    assert "已申报，等核验" in shown(client, project)


def test_a_milestone_shows_who_claimed_and_verified_it_and_its_share(
    client: Client, leader: User
) -> None:
    project = ProjectFactory(signed=True)
    page = shown(client, project)
    signing = project.milestones.get(kind="signing")
    assert f'id="milestone-{signing.pk}"' in page
    assert str(signing.claimed_by) in page
    assert str(signing.verified_by) in page
    assert "正式合同 2026-03-05" in " ".join(page.split())


def test_a_loaded_milestone_shows_the_original_cells(client: Client, leader: User) -> None:
    project = ProjectFactory()
    row = LoadRowFactory(project=project, row=9, cells={"项目名称": "原文", "投资": "1.2亿"})
    from tests.factories import FundsReceiptFactory

    FundsReceiptFactory(project=project, document=None, load_row=row)
    page = shown(client, project)
    assert "第 9 行" in page
    assert "1.2亿" in page
    assert f"/loads/{row.load_id}/workbook" in page


def test_a_returned_and_a_revoked_milestone_keep_their_reasons(
    client: Client, leader: User, verifier: User
) -> None:
    project = ProjectFactory(ready_to_sign=True)
    at = instant("2026-03-08 10:00")
    returned = claim(project, "signing", on=dt.date(2026, 3, 5), amount=YI, contract_kind="formal")
    milestones.return_(returned, reason="金额与合同不符", by=verifier, at=at)
    again = reach(project, "signing", on=dt.date(2026, 3, 6), amount=YI, contract_kind="formal")
    corrected = milestones.correct(
        again, reason="日期记错", by=verifier, at=at, occurred_on=dt.date(2026, 3, 1)
    )
    page = shown(client, project)
    assert "金额与合同不符" in page
    assert "日期记错" in page
    assert f'href="#milestone-{corrected.pk}"' in page
    assert f'href="#milestone-{again.pk}"' in page


def test_field_history_names_who_changed_what_in_the_words_of_the_form(
    client: Client, leader: User, officer: User, park: Park
) -> None:
    from pipeline import projects

    project = projects.register(
        investor=OrganizationFactory(),
        fields={"name": "甲", "park": park},
        by=officer,
        at=instant("2026-04-01 09:30"),
    )
    projects.edit(
        project,
        fields={"lead_unit": "县工信局", "agreed_investment": 3 * YI},
        by=officer,
        at=instant("2026-05-01 09:30"),
    )
    page = " ".join(shown(client, project).split())
    assert "2026-05-01 09:30" in page
    assert "责任单位</span> — → 县工信局" in page
    assert "协议总投资（元）</span> — → 300,000,000" in page


def test_the_track_dates_a_stage_by_what_reached_it_first(client: Client, leader: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    contact = project.milestones.get(kind="contact")
    DocumentFactory(project=project, kind="framework")
    reach(project, "signing", on=dt.date(2026, 3, 4), amount=YI, contract_kind="framework")
    client.force_login(leader)
    track = client.get(f"/projects/{project.pk}/").context["track"]
    reached = {step.stage: step.milestone for step in track}
    assert contact.occurred_on < dt.date(2026, 3, 4)
    assert reached["contact"] == contact


def test_field_history_tells_times_by_the_county_s_clock(
    client: Client, leader: User, officer: User, park: Park
) -> None:
    from pipeline import projects

    project = projects.register(
        investor=OrganizationFactory(),
        fields={"name": "甲", "park": park},
        by=officer,
        at=instant("2026-04-01 09:30"),
    )
    at = instant("2026-05-01 02:09")
    projects.edit(project, fields={"duplicates_answer": "无同一项目"}, by=officer, at=at)
    page = " ".join(shown(client, project).split())
    assert "查重时间</span> — → 2026-05-01 02:09" in page


def test_an_auditor_is_offered_no_act(client: Client, db: None) -> None:
    client.force_login(UserFactory(username="auditor", auditor=True))
    project = ProjectFactory(ready_to_start=True)
    page = shown(client, project)
    for form in ("claim/", "verify/", "revoke/", "documents/", "edit/"):
        assert f'/{form}"' not in page


@pytest.mark.parametrize("number", [1, 5])
def test_the_page_takes_the_same_queries_for_1_and_5_of_everything(
    client: Client,
    number: int,
    verifier: User,
    django_assert_max_num_queries: Any,
) -> None:
    from tests.factories import FundsReceiptFactory, ReviewFactory

    client.force_login(verifier)
    project = ProjectFactory(started=True)
    for _ in range(number):
        DocumentFactory(project=project)
        FundsReceiptFactory(project=project)
        ReviewFactory(project=project)
    with django_assert_max_num_queries(62):
        shown(client, project)


@pytest.mark.parametrize("chosen", ["", "32", "C", "<b>"])
def test_a_select_is_written_as_django_writes_it(chosen: str) -> None:
    choices = [("", "全部"), ("C 制造业", [("C", "C & 全部"), ("32", "32 <有色>")])]
    ours, theirs = (
        widget(choices=choices, attrs={"class": "form-select"})
        for widget in (QuickSelect, forms.Select)
    )
    attrs = {"id": "id_industry", "required": True}
    assertHTMLEqual(
        ours.render("industry", chosen, attrs), theirs.render("industry", chosen, attrs)
    )
