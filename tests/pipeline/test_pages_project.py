"""A project's page: its sections, what is done there, and whom it offers what."""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Tag, User
from pipeline import aftercare, factors, follow_ups, funds_plans, status_requests, tagging
from pipeline.models import Interaction, Project
from tests.factories import DocumentFactory, FundsReceiptFactory, ProjectFactory, UserFactory
from tests.ledger_factories import LedgerItemFactory

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


def days(number: int) -> dt.date:
    return TODAY + dt.timedelta(days=number)


class Reader:
    """A person with the project's page open."""

    def __init__(self, user: User, project: Project) -> None:
        self.client, self.project = Client(), project
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def page(self, query: str = "") -> str:
        response = self.client.get(f"/projects/{self.project.pk}/{query}")
        assert response.status_code == 200
        return text(response)

    def post(self, address: str, **data: Any) -> Any:
        return self.client.post(address.format(self.project.pk), data)


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


@pytest.fixture
def project(officer: User) -> Project:
    return ProjectFactory(signed=True)


@pytest.fixture
def reader(project: Project, officer: User) -> Reader:
    return Reader(officer, project)


def talk(project: Project, number: int = 1, kind: str = "call") -> None:
    Interaction.objects.bulk_create(
        Interaction(
            project=project,
            organization=project.investor,
            kind=kind,
            occurred_on=days(-n),
            summary=f"第{n}次谈",
            recorded_at=timezone.now(),
            recorded_by=project.officer,
        )
        for n in range(1, number + 1)
    )


# --- the line of time -----------------------------------------------------------------------
def test_the_line_is_narrowed_by_the_url_and_goes_on_further_back(
    reader: Reader, project: Project
) -> None:
    talk(project, 20)
    page = reader.page("?kind=talks")
    assert "第15次谈" in page
    assert "第16次谈" not in page
    assert "上传正式合同" not in page.split('id="line"')[1].split("</ol>")[0]
    address = page.split('class="line-more')[1].split('hx-get="')[1].split('"')[0]
    older = reader.client.get(address, HTTP_HX_REQUEST="true")
    assert "第16次谈" in text(older)
    assert "第15次谈" not in text(older)
    assert "<html" not in text(older)
    whole = reader.client.get(address)
    assert "<html" in text(whole)
    assert "第16次谈" in text(whole)


def test_a_place_that_nobody_wrote_shows_the_newest(reader: Reader, project: Project) -> None:
    talk(project)
    response = reader.client.get(f"/projects/{project.pk}/timeline/?before=x&kind=y")
    assert "第1次谈" in text(response)


# --- tasks, tags, plans ---------------------------------------------------------------------
def test_a_next_step_is_added_and_shows_its_light(reader: Reader, project: Project) -> None:
    answer = reader.post(
        "/projects/{}/tasks/",
        **{"taskform-what": "送备案材料", "taskform-due_on": days(-2).isoformat()},
    )
    assert answer.url == f"/projects/{project.pk}/#tasks"
    step = project.follow_ups.get()
    assert step.assignee == project.officer
    page = reader.page()
    assert "送备案材料" in page
    assert "逾期 2 天" in page


def test_a_form_that_is_refused_comes_back_open_with_what_was_typed(reader: Reader) -> None:
    answer = reader.post("/projects/{}/tasks/", **{"taskform-what": "送备案材料"})
    assert answer.status_code == 422
    page = text(answer)
    assert 'value="送备案材料"' in page
    assert '<details class="fold act" id="add-task" open>' in page


def test_tags_are_chosen_by_group_and_shown_beside_the_name(
    reader: Reader, project: Project
) -> None:
    tag = Tag.objects.create(group="six_lists", name="问题清单")
    Tag.objects.create(group="advantages", name="区位优势")
    reader.post("/projects/{}/tags/", **{"tagsform-tags": tag.pk})
    assert list(project.tags.all()) == [tag]
    page = reader.page()
    assert '<span class="muted">六张清单</span> <span class="tag">问题清单</span>' in page
    reader.post("/projects/{}/tags/")
    assert not project.tags.exists()


def test_money_is_planned_in_wan_and_taken_back(reader: Reader, project: Project) -> None:
    given = {"fundsplanform-due_on": days(-40).isoformat(), "fundsplanform-amount": "1200.5"}
    reader.post("/projects/{}/funds-plans/", **given)
    plan = project.funds_plans.get()
    assert plan.amount == Decimal(12_005_000)
    assert "至今到位 0 / 计划 1,201 万元 <strong>0.0 %</strong>" in reader.page()
    reader.post(f"/funds-plans/{plan.pk}/withdraw/")
    assert "撤回到位资金计划" in reader.page("?kind=edits")


def test_slippage_is_shown_with_its_days_and_reason(
    reader: Reader, project: Project, officer: User
) -> None:
    from pipeline import projects

    for day, reason in ((days(-10), ""), (days(20), "用地未批")):
        projects.edit(
            project,
            fields={"planned_start_on": day},
            plan_reason=reason,
            by=officer,
            at=timezone.now(),
        )
    page = reader.page()
    assert "+30" in page
    assert "用地未批" in page
    assert f"自 {days(-10)} 起错过" in page


@pytest.mark.parametrize(
    ("missed", "words"), [(10, "按计划推进"), (-40, "错过计划的月份"), (-140, "连续三个月错过计划")]
)
def test_the_project_s_light_says_how_its_plan_stands(
    missed: int, words: str, reader: Reader, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(planned_start_on=days(missed))
    assert words in reader.page()


# --- needs ----------------------------------------------------------------------------------
def test_a_need_shows_its_light_and_is_changed_met_and_taken_back(
    reader: Reader, project: Project, officer: User
) -> None:
    need = factors.add(project, kind="energy", due_on=days(-5), by=officer, at=timezone.now())
    assert "逾期 5 天" in reader.page()
    given = {f"factor-{need.pk}-unit": "能源局", f"factor-{need.pk}-due_on": days(2).isoformat()}
    reader.post(f"/factors/{need.pk}/edit/", **given)
    page = reader.page()
    assert "还有 2 天" in page
    assert "能源局" in page
    reader.post(f"/factors/{need.pk}/met/", on=TODAY.isoformat())
    assert "撤回落实" in reader.page()
    reader.post(f"/factors/{need.pk}/unmeet/")
    need.refresh_from_db()
    assert need.met_on is None


# --- the status -----------------------------------------------------------------------------
def asked(reader: Reader, to: str = "suspended") -> Any:
    given = {"to": to, "on": TODAY.isoformat(), "reason": "缓建"}
    return reader.post("/projects/{}/status/", **{f"statusform-{k}": v for k, v in given.items()})


def test_an_officer_asks_and_a_manager_approves_on_the_page(
    reader: Reader, project: Project, manager: User
) -> None:
    asked(reader)
    waiting = project.status_requests.get()
    page = reader.page()
    assert "等园区负责人或县领导审批" in page
    assert "撤回申请" in page
    assert ">批准</button>" not in page
    boss = Reader(manager, project)
    assert ">批准</button>" in boss.page()
    answer = boss.post(f"/status-requests/{waiting.pk}/approve/")
    assert answer.url == f"/projects/{project.pk}/#status"
    project.refresh_from_db()
    assert project.status == "suspended"
    assert "搁置" in reader.page()


def test_a_refusal_without_a_reason_comes_back(
    reader: Reader, project: Project, leader: User
) -> None:
    asked(reader)
    waiting = project.status_requests.get()
    answer = Reader(leader, project).post(f"/status-requests/{waiting.pk}/refuse/")
    assert answer.status_code == 422
    assert "确认不批准" in text(answer)


def test_a_manager_changes_the_status_at_once(project: Project, manager: User) -> None:
    asked(Reader(manager, project))
    change = project.status_changes.get()
    assert (change.recorded_by, change.approved_by) == (manager, manager)
    assert not project.status_requests.exists()


# --- aftercare ------------------------------------------------------------------------------
@pytest.fixture
def landed(officer: User) -> Reader:
    return Reader(officer, ProjectFactory(producing=True))


def test_issues_are_raised_solved_and_reopened_on_the_page(landed: Reader) -> None:
    given = {"what": "用电增容", "raised_on": days(-9).isoformat(), "due_on": days(-1).isoformat()}
    landed.post("/projects/{}/issues/", **{f"issueform-{k}": v for k, v in given.items()})
    issue = landed.project.aftercare_issues.get()
    assert "逾期 1 天" in landed.page()
    refused = landed.post(f"/issues/{issue.pk}/solve/", **{f"solve-{issue.pk}-solution": "已增容"})
    assert refused.status_code == 422
    assert 'value="已增容"' in text(refused)
    done = {f"solve-{issue.pk}-solution": "已增容", f"solve-{issue.pk}-on": TODAY.isoformat()}
    landed.post(f"/issues/{issue.pk}/solve/", **done)
    assert "已办结" in landed.page()
    landed.post(f"/issues/{issue.pk}/reopen/")
    assert "上次处理： 已增容" in landed.page().replace("上次处理：已", "上次处理： 已")


def test_a_reinvestment_lead_is_a_project_that_names_its_parent(landed: Reader) -> None:
    given = {"expansionform-name": "二期扩产", "expansionform-investment": "26000"}
    landed.post("/projects/{}/expansions/", **given)
    lead = landed.project.expansions.get()
    assert (lead.agreed_investment, lead.is_expansion) == (Decimal(260_000_000), True)
    assert f'href="/projects/{lead.pk}/">二期扩产</a>' in landed.page()


def test_what_is_recorded_of_a_producing_company_begins_as_a_visit(
    landed: Reader, project: Project
) -> None:
    for of, kind in ((landed.project, "aftercare"), (project, "visit_out")):
        form = landed.client.get(f"/interactions/new/?project={of.pk}").context["form"]
        assert form["kind"].value() == kind


def test_before_production_there_is_no_aftercare(reader: Reader) -> None:
    assert 'id="aftercare"' not in reader.page()


def test_the_overview_is_narrowed_by_the_url(landed: Reader, officer: User) -> None:
    now = timezone.now()
    quiet = ProjectFactory(producing=True, name="静静的项目")
    aftercare.raise_issue(
        landed.project, what="用电", raised_on=days(-3), due_on=days(-1), by=officer, at=now
    )

    def listed(query: str) -> str:
        return text(landed.client.get(f"/aftercare/{query}"))

    assert "静静的项目" in listed("")
    assert "1 件逾期" in listed("?show=overdue")
    assert "静静的项目" not in listed("?show=overdue")
    assert "静静的项目" in listed("?show=unvisited")
    assert "没有符合条件的企业" in listed("?q=没有这个")
    assert quiet.name in listed("?q=静静")


@pytest.mark.parametrize("number", [1, 6])
def test_the_overview_takes_the_same_queries_for_1_and_6_projects(
    number: int, client: Client, leader: User, django_assert_num_queries: Any
) -> None:
    for _n in range(number):
        talk(ProjectFactory(producing=True), kind="aftercare")
    client.force_login(leader)
    with django_assert_num_queries(7):
        client.get("/aftercare/")


# --- whom it offers what, and what it costs -------------------------------------------------
@pytest.mark.parametrize("who", ["auditor", "verifier"])
def test_who_may_not_act_is_offered_none_of_it(
    who: str, request: pytest.FixtureRequest, officer: User
) -> None:
    project = ProjectFactory(producing=True)
    now = timezone.now()
    aftercare.raise_issue(project, what="用电", raised_on=TODAY, by=officer, at=now)
    factors.add(project, kind="energy", by=officer, at=now)
    page = Reader(request.getfixturevalue(who), project).page()
    for act in (
        *("tasks/", "tags/", "status/", "funds-plans/", "issues/", "expansions/", "solve/"),
        *("met/", "unmeet/", "factors/"),
    ):
        assert f'/{act}"' not in page, act


@pytest.mark.parametrize("number", [1, 12])
def test_the_page_takes_the_same_queries_however_much_there_is(
    number: int, officer: User, verifier: User, django_assert_num_queries: Any
) -> None:
    project, now = ProjectFactory(producing=True), timezone.now()
    talk(project, number, kind="aftercare")
    for n in range(number):
        DocumentFactory(project=project)
        FundsReceiptFactory(project=project)
        funds_plans.plan(project, due_on=days(n), amount=Decimal(1), by=officer, at=now)
        factors.add(project, kind="energy", by=officer, at=now)
        aftercare.raise_issue(project, what="用电", raised_on=TODAY, by=officer, at=now)
        tagging.add(project, Tag.objects.create(name=f"标签{n}"), by=officer, at=now)
        step = {"what": "送", "due_on": TODAY, "assignee": officer, "project": project}
        follow_ups.add(**step, by=officer, at=now)
        done = follow_ups.add(**step, by=officer, at=now)
        follow_ups.close(done, is_done=True, by=officer, at=now)
    status_requests.request(project, to="suspended", on=TODAY, reason="缓", by=officer, at=now)
    for _ in range(number):
        LedgerItemFactory(issued=True, project=project)
    reader = Reader(UserFactory(username="manager", manager=True, park=project.park), project)
    with django_assert_num_queries(69):
        reader.page()
