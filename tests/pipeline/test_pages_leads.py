"""The pages of leads and first reports: what they refuse where, and what they do not tell."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client

from crm import disputes
from crm.models import FirstReport, Organization, ReportDispute, User
from pipeline import leads
from pipeline.models import Project
from tests.factories import UserFactory, instant

INVESTOR = "恒龙储能有限公司"
NOW = instant("2026-05-01 10:00")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first_of_may() -> Any:
    with time_machine.travel(instant("2026-05-01 12:00"), tick=False):
        yield


def lead(by: User, name: str = INVESTOR, **more: Any) -> FirstReport:
    given = {"project_name": f"{name}项目", "contact_name": "王经理", "park": by.park}
    project = leads.register_lead(
        name=name, duplicates_answer="无", officer=by, by=by, at=NOW, **{**given, **more}
    )
    return project.investor.first_reports.get()


def text_of(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def form(**more: str) -> dict[str, str]:
    return {
        "name": INVESTOR,
        "project_name": "储能电池项目",
        "contact_name": "王经理",
        "next_step": "约见面",
        "next_on": "2026-05-04",
        **more,
    }


# --- registering -----------------------------------------------------------------------------
def test_a_lead_is_registered_from_one_small_form(client: Client, officer: User) -> None:
    client.force_login(officer)
    assert "电话联系，约见面" in text_of(client, "/leads/new/")
    response = client.post("/leads/new/", form(investment="5000"))
    project = Project.objects.get()
    assert response["Location"] == f"/projects/{project.pk}/"
    assert (project.park, project.agreed_investment) == (officer.park, 50_000_000)
    assert project.follow_ups.get().due_on == dt.date(2026, 5, 4)


def test_what_is_taken_is_refused_with_the_unit_the_day_and_a_way_to_dispute(
    client: Client, officer: User, outsider: User
) -> None:
    report = lead(officer)
    client.force_login(outsider)
    response = client.post("/leads/new/", form())
    text = response.content.decode()
    assert response.status_code == 422
    assert "rare-metals产业园区首报，保护至 2026-11-01" in text
    assert f"/leads/reports/{report.pk}/dispute/" in text
    assert "储能电池项目" in text
    assert officer.full_name not in text
    assert Project.objects.count() == 1


def test_the_form_of_a_project_says_it_too(client: Client, officer: User, outsider: User) -> None:
    lead(officer)
    client.force_login(outsider)
    project = {"name": "丙", "investor_name": INVESTOR, "fund_source": "social"}
    response = client.post("/projects/new/", project | {"park": outsider.park_id})
    assert response.status_code == 422
    assert "首报，保护至 2026-11-01" in response.content.decode()


def test_what_is_much_like_it_is_shown_and_asks_for_an_answer(
    client: Client, officer: User
) -> None:
    lead(officer)
    client.force_login(officer)
    response = client.post("/leads/new/", form(name="恒龙储能（运城）集团"))
    text = response.content.decode()
    assert response.status_code == 422
    assert "请核对后写明查重结论" in text
    assert INVESTOR in text
    answered = form(name="恒龙储能（运城）集团", duplicates_answer="两家公司")
    assert client.post("/leads/new/", answered).status_code == 302


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"next_on": ""}, "请填写哪天办"),
        ({"next_step": ""}, "请写明下一步办什么"),
        ({"next_on": "2026-04-30"}, "不能早于今天"),
        ({"investment": "0"}, "大于或等于"),
        ({"code": "123"}, "信用代码有误"),
    ],
)
def test_a_slip_is_said_where_it_happened(
    client: Client, officer: User, more: dict[str, str], words: str
) -> None:
    client.force_login(officer)
    response = client.post("/leads/new/", form(**more))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Organization.objects.exists()


def test_the_county_s_officer_chooses_the_park_and_a_park_s_does_not(
    client: Client, officer: User, outsider: User
) -> None:
    client.force_login(UserFactory(username="county"))
    assert 'name="park"' in text_of(client, "/leads/new/")
    client.force_login(officer)
    client.post("/leads/new/", form(park=str(outsider.park_id)))
    assert Project.objects.get().park == officer.park


# --- asking ------------------------------------------------------------------------------------
def test_anyone_may_ask_whether_an_investor_is_taken_and_learns_no_more(
    client: Client, officer: User, outsider: User, auditor: User
) -> None:
    report = lead(officer)
    for person, may_dispute in ((outsider, True), (auditor, True), (officer, False)):
        client.force_login(person)
        text = text_of(client, "/leads/check/", q="恒龙储能")
        assert "已由rare-metals产业园区首报，保护至 2026-11-01" in text
        assert "王经理" not in text
        assert "恒龙储能有限公司项目" not in text
        link = f"/leads/reports/{report.pk}/dispute/"
        assert (link in text) == (may_dispute and person != auditor)


def test_while_typing_only_the_answer_comes(client: Client, officer: User, outsider: User) -> None:
    lead(officer)
    client.force_login(outsider)
    response = client.get(
        "/leads/check/", {"name": "恒龙储能", "code": ""}, headers={"HX-Request": "true"}
    )
    assert "<html" not in response.content.decode()
    assert INVESTOR in response.content.decode()
    assert "可以登记" in text_of(client, "/leads/check/", q="没听说过的公司")
    assert "至少两个字" in text_of(client, "/leads/check/", q="恒")


# --- the list ------------------------------------------------------------------------------------
def test_the_list_shows_own_ones_first_and_links_report_and_project(
    client: Client, officer: User, outsider: User
) -> None:
    report = lead(officer)
    lead(outsider, "别家公司")
    client.force_login(officer)
    text = text_of(client, "/leads/")
    assert f"/leads/reports/{report.pk}/" in text
    assert "还剩 90 天" in text
    assert "别家公司" not in text
    assert "别家公司" not in text_of(client, "/leads/", show="unit")
    assert "没有失效的首报" in text_of(client, "/leads/", show="lapsed")
    assert "没有符合条件" in text_of(client, "/leads/", q="查无此企")


def test_the_list_asks_as_many_questions_for_one_as_for_twenty(
    client: Client, officer: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(officer)
    lead(officer)
    client.get("/leads/")
    with django_assert_max_num_queries(20) as one:
        client.get("/leads/")
    for n in range(25):
        lead(officer, f"第{n}号矿业")
    with django_assert_max_num_queries(len(one)):
        text = text_of(client, "/leads/")
    assert "1 / 2" in text
    assert "show=mine&amp;page=2" in text
    for wild in ({"page": "x"}, {"show": "x"}, {"sort": "x"}, {"park": "x"}, {"page": "99"}):
        text_of(client, "/leads/", **wild)


# --- a report -----------------------------------------------------------------------------------
def test_a_manager_extends_once_and_gives_up_with_a_reason(
    client: Client, officer: User, manager: User
) -> None:
    report = lead(officer)
    page = f"/leads/reports/{report.pk}/"
    client.force_login(manager)
    assert "延期 3 个月" in text_of(client, page)
    assert client.post(f"{page}extend/", {"extend-reason": ""}).status_code == 422
    assert client.post(f"{page}extend/", {"extend-reason": "办环评"}).status_code == 302
    report.refresh_from_db()
    assert report.protected_until == dt.date(2027, 2, 1)
    again = client.post(f"{page}extend/", {"extend-reason": "再延"})
    assert again.status_code == 422
    assert "只能延期一次" in again.content.decode()
    assert "再延" in again.content.decode()
    assert client.post(f"{page}release/", {"release-reason": "不来了"}).status_code == 302
    assert "已解除" in text_of(client, page)


def test_an_officer_asks_to_extend_and_reports_anew_what_lapsed(
    client: Client, officer: User, manager: User
) -> None:
    report = lead(officer)
    page = f"/leads/reports/{report.pk}/"
    client.force_login(officer)
    assert "请负责人延期" in text_of(client, page)
    assert client.post(f"{page}ask/", {"ask-reason": "办环评"}).status_code == 302
    assert manager.notices.filter(url=page).exists()
    FirstReport.objects.update(active_on=dt.date(2026, 1, 1), reported_on=dt.date(2026, 1, 1))
    assert "已失效" in text_of(client, page)
    response = client.post(f"{page}again/")
    assert response["Location"] != page
    assert "还剩 90 天" in text_of(client, response["Location"])


def test_another_unit_does_not_open_a_report(client: Client, officer: User, outsider: User) -> None:
    report = lead(officer)
    client.force_login(outsider)
    assert client.get(f"/leads/reports/{report.pk}/").status_code == 404


# --- disputes ------------------------------------------------------------------------------------
def test_a_dispute_is_raised_and_decided_and_tells_no_details(
    client: Client, officer: User, outsider: User, manager: User, leader: User
) -> None:
    report = lead(officer)
    client.force_login(outsider)
    page = f"/leads/reports/{report.pk}/dispute/"
    assert "保护至 2026-11-01" in text_of(client, page)
    assert client.post(page, {"grounds": ""}).status_code == 422
    response = client.post(page, {"grounds": "去年已考察"})
    dispute = ReportDispute.objects.get()
    assert response["Location"] == f"/leads/disputes/{dispute.pk}/"
    mine = text_of(client, response["Location"])
    assert "去年已考察" in mine
    assert officer.full_name not in mine
    assert INVESTOR in text_of(client, "/leads/", show="disputes")

    client.force_login(manager)
    assert "驳回" not in text_of(client, response["Location"])
    refused = client.post(
        f"{response['Location']}decide/", {"is_upheld": "no", "decision": "我们先到"}
    )
    assert refused.status_code == 422
    client.force_login(leader)
    assert "驳回" in text_of(client, response["Location"])
    done = client.post(
        f"{response['Location']}decide/", {"is_upheld": "yes", "decision": "以考察记录为准"}
    )
    assert done.status_code == 302
    new = report.organization.first_reports.get(released_at__isnull=True)
    assert (new.park, new.officer) == (outsider.park, outsider)
    assert "以考察记录为准" in text_of(client, response["Location"])


def test_a_decided_dispute_is_not_decided_again(
    client: Client, officer: User, outsider: User, leader: User
) -> None:
    report = lead(officer)
    dispute = disputes.raise_dispute(report, grounds="先到", idle_days=90, by=outsider, at=NOW)
    given = {"is_upheld": False, "decision": "证据不足", "months": 6}
    disputes.decide(dispute, **given, by=leader, at=NOW)
    client.force_login(leader)
    response = client.post(
        f"/leads/disputes/{dispute.pk}/decide/", {"is_upheld": "yes", "decision": "改判"}
    )
    assert response.status_code == 422
    assert "已经裁定" in response.content.decode()
