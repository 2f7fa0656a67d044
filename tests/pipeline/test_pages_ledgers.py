"""The ledgers' pages: overview, list, file, item, acts, keeping."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import CalendarDay, User
from pipeline import ledgers
from pipeline.models import Ledger, LedgerItem
from tests.factories import ProjectFactory, UserFactory
from tests.ledger_factories import (
    AreaFactory,
    EscalationFactory,
    LedgerFactory,
    LedgerFileFactory,
    LedgerItemFactory,
    MeetingFactory,
    UnitFactory,
)
from tests.pipeline.item_lives import Office, kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, tmp_path: Any) -> Office:
    settings.MEDIA_ROOT = tmp_path
    return Office()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, url: str) -> str:
    answer = as_(user).get(url)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def act(user: User, item: LedgerItem, verb: str, **data: Any) -> Any:
    return as_(user).post(reverse("item_act", args=[item.pk, verb]), data)


# --- The way in -------------------------------------------------------------------------


def test_a_unit_and_the_supervision_office_begin_with_the_ledgers(office: Office) -> None:
    for person in (office.worker, office.supervisor):
        assert "各本台账" in page(person, "/")
    assert "各本台账" not in page(office.leader, "/")


def test_the_overview_counts_each_ledger_and_leads_to_its_items(office: Office) -> None:
    office.issued()
    office.draft()
    html = page(office.supervisor, "/ledgers/")
    assert "/ledgers/decisions/?light=red" in html
    assert "/ledgers/decisions/?state=issued" in html
    assert "/ledgers/decisions/?state=draft" in html
    assert "/ledgers/items/?state=open" in html
    assert "state=draft" not in page(office.worker, "/ledgers/")


def test_the_month_s_figures_lead_to_what_makes_them_up(office: Office) -> None:
    today = timezone.localdate()
    item = LedgerItemFactory(issued=True, ledger=office.ledger, unit=office.unit)
    LedgerItem.objects.filter(pk=item.pk).update(issued_on=today)
    EscalationFactory(item=item, triggered_on=today)
    html, month = page(office.supervisor, "/ledgers/"), f"{today:%Y-%m}"
    for query in (f"issued_in={month}", f"pressed_in={month}&amp;pressed=1"):
        assert f"/ledgers/items/?{query}" in html
        assert item.number in page(
            office.supervisor, f"/ledgers/items/?{query}".replace("&amp;", "&")
        )
    assert item.number not in page(office.supervisor, f"/ledgers/items/?closed_in={month}")


def test_the_overview_asks_the_same_of_the_database_for_any_number(office: Office) -> None:
    def asked() -> int:
        client = as_(office.supervisor)
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get("/ledgers/")
        return len(found)

    LedgerItemFactory(issued=True, ledger=office.ledger)
    before = asked()
    for _ in range(12):
        LedgerItemFactory(issued=True, ledger=LedgerFactory())
    assert asked() == before


def test_a_calendar_without_the_year_is_warned_of_where_days_are_moved(office: Office) -> None:
    year = timezone.localdate().year
    assert f"{year} 年的节假日" not in page(office.supervisor, "/ledgers/")
    Ledger.objects.update(working_days=True)
    assert f"{year} 年的节假日" in page(office.supervisor, "/ledgers/")
    CalendarDay.objects.create(day=dt.date(year, 1, 1), is_working=False, name="元旦")
    assert f"{year} 年的节假日" not in page(office.supervisor, "/ledgers/")


# --- The list ---------------------------------------------------------------------------


def test_the_list_narrows_by_its_address(office: Office) -> None:
    area = AreaFactory(name="农业")
    office.other.area = area
    office.other.save()
    mine = office.issued(goal="供地到位", leader=office.leader)
    other = office.issued(goal="拨付资金", unit=office.other)
    draft = office.draft(goal="草稿一件")
    for query, there, gone in (
        ("q=供地", mine, other),
        ("state=issued", mine, draft),
        ("state=open", other, draft),
        (f"unit={office.unit.pk}", mine, other),
        (f"area={area.pk}", other, mine),
        ("leader=leader", mine, other),
        ("due_until=2000-01-01", None, mine),
        ("light=red", mine, draft),
    ):
        html = page(office.supervisor, f"/ledgers/items/?{query}")
        assert there is None or there.goal in html, query
        assert gone.goal not in html, query


def test_a_unit_s_waiting_is_what_its_people_have_to_do(office: Office) -> None:
    item, handed_in = office.issued(goal="待签收的"), office.submitted(goal="已报办结的")
    html = page(office.worker, "/ledgers/items/?waiting=1")
    assert item.goal in html
    assert handed_in.goal not in html
    html = page(office.supervisor, "/ledgers/items/?waiting=1")
    assert handed_in.goal in html
    assert item.goal not in html


def test_nonsense_in_the_address_is_left_out(office: Office) -> None:
    item = office.issued()
    for query in ("light=blue", "unit=x", "level=9", "issued_in=2026-13", "page=x", "sort=pk"):
        assert item.goal in page(office.supervisor, f"/ledgers/items/?{query}")


def test_the_list_sorts(office: Office) -> None:
    first, second = office.issued(goal="甲"), office.issued(goal="乙")
    html = page(office.supervisor, "/ledgers/decisions/?sort=number")
    assert html.index(first.number) < html.index(second.number)
    html = page(office.supervisor, "/ledgers/decisions/?sort=-number")
    assert html.index(second.number) < html.index(first.number)


def test_the_list_asks_the_same_of_the_database_for_1_and_20_rows(office: Office) -> None:
    def asked() -> int:
        client = as_(office.supervisor)
        client.get("/ledgers/items/")
        with CaptureQueriesContext(connection) as found:
            client.get("/ledgers/items/")
        return len(found)

    LedgerItemFactory(issued=True, ledger=office.ledger)
    before = asked()
    for n in range(19):
        LedgerItemFactory(
            issued=True,
            ledger=office.ledger,
            unit=UnitFactory(),
            leader=UserFactory(username=f"l{n}", leader=True),
            project=ProjectFactory(),
        )
    assert asked() == before


def test_the_file_has_the_same_items_and_no_formula(office: Office) -> None:
    office.issued(goal="=1+1")
    office.draft(goal="不在其中")
    answer = as_(office.supervisor).post(
        reverse("item_export"), {"state": "issued", "ending": "xlsx", "ledger": "decisions"}
    )
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == ("编号", "目标任务")
    assert [row[1] for row in rows[1:]] == ["=1+1"]
    assert sheet["B2"].data_type == "s"
    answer = as_(office.supervisor).post(reverse("item_export"), {"ending": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "不在其中" in text


def test_a_unit_s_file_has_its_items_only(office: Office) -> None:
    office.issued(goal="本单位的")
    office.issued(goal="别单位的", unit=office.other)
    answer = as_(office.worker).post(reverse("item_export"), {"ending": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "本单位的" in text
    assert "别单位的" not in text


def test_many_drafts_are_approved_and_handed_over_at_once(office: Office) -> None:
    good, bad = office.draft(), office.draft(unit=None)
    keys = {"pk": [good.pk, bad.pk], "ledger": "decisions"}
    answer = as_(office.leader).post(
        reverse("item_bulk") + "?q=供地", {**keys, "act": "approve"}, follow=True
    )
    html = answer.content.decode()
    assert answer.redirect_chain[0][0].startswith("/ledgers/decisions/?q=")
    assert "审定 1 项" in html
    assert f"{bad.number}：先填责任单位" in html
    as_(office.supervisor).post(reverse("item_bulk"), {**keys, "act": "issue"})
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == ("issued", "draft")


def test_nothing_chosen_is_said(office: Office) -> None:
    for data in ({"act": "approve"}, {"act": "close"}, {"pk": ["x"]}):
        answer = as_(office.leader).post(reverse("item_bulk"), data, follow=True)
        assert "选" in answer.content.decode()


# --- An item ----------------------------------------------------------------------------


def test_the_whole_life_goes_through_the_page(office: Office) -> None:
    client = as_(office.supervisor)
    answer = client.post(
        "/ledgers/new/?ledger=decisions",
        {"goal": "完成供地", "unit": office.unit.pk, "supporting": [office.other.pk]},
    )
    item = LedgerItem.objects.get()
    assert answer.url == f"/ledgers/items/{item.pk}/"
    assert act(office.leader, item, "approve").status_code == 302
    act(office.supervisor, item, "issue")
    act(office.worker, item, "accept")
    act(office.worker, item, "assign", person=office.colleague.pk)
    act(office.worker, item, "feed_back", text="正在办")
    act(office.stranger, item, "progress", text="资金到了")
    pdf = ContentFile(b"%PDF-1.4", "批复.pdf")
    act(office.worker, item, "submit", text="完成", files=[pdf])
    act(office.supervisor, item, "return_", reason="缺照片")
    act(office.worker, item, "submit", text="补上")
    act(office.supervisor, item, "pass_")
    act(office.leader, item, "close")
    item.refresh_from_db()
    assert (item.state, item.person) == ("closed", office.colleague)
    html = page(office.worker, f"/ledgers/items/{item.pk}/")
    for words in ("批复.pdf", "缺照片", "资金到了", "已销账"):
        assert words in html


def test_a_refusal_stands_beside_its_form(office: Office) -> None:
    item = office.active(is_major=True)
    answer = act(office.worker, item, "submit")
    assert answer.status_code == 422
    assert "报办结要写明结果" in answer.content.decode()
    answer = act(office.worker, item, "plan", planned_on="2020-01-01")
    assert "计划办结日要晚于今天" in answer.content.decode()
    answer = act(office.stranger, item, "accept")
    assert answer.status_code == 404
    answer = act(office.supervisor, item, "close")
    assert "不能销账" in answer.content.decode()


def test_what_is_not_open_says_why(office: Office) -> None:
    html = page(office.supervisor, f"/ledgers/items/{office.draft().pk}/")
    assert "建账、修改的人不能自己审定" in html
    assert "act-withdraw" in html


def test_each_sees_only_the_acts_that_are_theirs(office: Office) -> None:
    item = office.active()
    assert "act-submit" in page(office.worker, f"/ledgers/items/{item.pk}/")
    html = page(office.supervisor, f"/ledgers/items/{item.pk}/")
    assert "act-submit" not in html
    assert "act-note" in html


def test_reopening_leads_to_the_new_item(office: Office) -> None:
    item = office.closed()
    answer = act(office.leader, item, "reopen", reason="反弹")
    again = LedgerItem.objects.get(reopens=item)
    assert answer.url == f"/ledgers/items/{again.pk}/"
    assert again.number in page(office.leader, f"/ledgers/items/{item.pk}/")


def test_an_item_is_corrected_and_the_correction_shown(office: Office) -> None:
    item = office.draft()
    url = reverse("item_edit", args=[item.pk])
    assert "完成供地" in page(office.supervisor, url)
    data = {"goal": "完成供地和拆迁", "unit": office.unit.pk}
    assert as_(office.supervisor).post(url, data).status_code == 302
    html = page(office.supervisor, f"/ledgers/items/{item.pk}/")
    assert "<del>完成供地</del>" in html
    closed = reverse("item_edit", args=[office.closed().pk])
    assert as_(office.supervisor).get(closed).status_code == 302


def test_the_clock_s_facts_are_refused_on_the_form(office: Office) -> None:
    item = office.active()
    data = {"goal": item.goal, "unit": office.unit.pk, "is_major": "on"}
    answer = as_(office.supervisor).post(reverse("item_edit", args=[item.pk]), data)
    assert answer.status_code == 422
    assert "交账以后不能改" in answer.content.decode()


def test_a_task_is_handed_over_below_an_item(office: Office) -> None:
    parent = office.active()
    data = {"goal": "先评估", "unit": office.other.pk}
    url = reverse("item_child", args=[parent.pk])
    assert as_(office.supervisor).post(url, {}).status_code == 422
    assert as_(office.supervisor).post(url, data).status_code == 302
    child = parent.children.get()
    assert (child.state, kinds(child)) == ("issued", ["created", "approved", "issued"])
    assert child.goal in page(office.supervisor, f"/ledgers/items/{parent.pk}/")


def test_a_parent_and_a_project_are_found_by_number(office: Office) -> None:
    parent, project = office.draft(), ProjectFactory()
    client = as_(office.supervisor)
    data = {"goal": "子任务", "parent": parent.number, "project": project.pk}
    client.post("/ledgers/new/", data)
    row = LedgerItem.objects.get(goal="子任务")
    assert (row.parent, row.project) == (parent, project)
    answer = client.post("/ledgers/new/", {**data, "parent": "无", "project": 0})
    assert answer.status_code == 422
    assert "没有编号为 无 的事项" in answer.content.decode()


def test_a_file_is_for_who_sees_the_item_and_only_to_be_saved(office: Office) -> None:
    item = office.active()
    ledgers.submit(
        item,
        files=[ContentFile(b"%PDF-1.4", "a.pdf")],
        by=office.worker,
        at=timezone.now(),
    )
    url = reverse("ledger_file", args=[item.files.get().pk])
    answer = as_(office.worker).get(url)
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert as_(office.stranger).get(url).status_code == 404


def test_a_meeting_s_minutes_are_for_who_sees_all_that_came_of_it(office: Office) -> None:
    meeting = MeetingFactory(ledger=office.ledger)
    office.issued(meeting=meeting)
    file = LedgerFileFactory(item=None, meeting=meeting)
    file.file.storage.save(file.file.name, ContentFile(b"%PDF-1.4"))
    url = reverse("ledger_file", args=[file.pk])
    assert as_(office.supervisor).get(url).status_code == 200
    assert as_(office.worker).get(url).status_code == 404


def test_the_project_s_page_shows_its_items(office: Office) -> None:
    project = ProjectFactory()
    item = office.issued(project=project)
    assert item.number in page(office.leader, f"/projects/{project.pk}/")


# --- Keeping ----------------------------------------------------------------------------


def test_a_ledger_is_added_renamed_laid_aside_and_taken_up(office: Office) -> None:
    client = as_(office.supervisor)
    data = {"name": "信访台账", "slug": "letters", "prefix": "访", "kind": "custom", "position": 9}
    assert client.post(reverse("ledger_keep"), data).status_code == 302
    row = Ledger.objects.get(slug="letters")
    assert row.working_days is None
    url = reverse("ledger_change", args=["letters"])
    more = {"name": "信访件", "prefix": "信", "position": 9, "working_days": "1"}
    assert client.post(url, more).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.prefix, row.working_days) == ("信访件", "信", True)
    client.post(reverse("ledger_close", args=["letters"]))
    row.refresh_from_db()
    assert row.closed_at is not None
    client.post(reverse("ledger_close", args=["letters"]))
    row.refresh_from_db()
    assert row.closed_at is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slug": "items"}, "留给系统的页面"),
        ({"slug": "new"}, "留给系统的页面"),
        ({"prefix": "a-b"}, "连字符"),
        ({"slug": "decisions"}, "已"),
    ],
)
def test_a_ledger_that_would_not_do_is_refused(
    office: Office, changes: dict[str, Any], said: str
) -> None:
    data = {"name": "信访", "slug": "letters", "prefix": "访", "kind": "custom", "position": 9}
    answer = as_(office.supervisor).post(reverse("ledger_keep"), {**data, **changes})
    assert answer.status_code == 422
    assert said in answer.content.decode()
