"""The pages of meetings."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Role, Unit, User
from pipeline.models import Ledger, LedgerItem, LedgerKind, Meeting
from tests.factories import ParkFactory, UserFactory
from tests.ledger_factories import (
    LedgerFactory,
    LedgerItemFactory,
    MeetingFactory,
    UnitFactory,
    person_of,
    the_supervisor,
)

pytestmark = pytest.mark.django_db
MISSING, REFUSED, FAULTY, ON = 404, 403, 422, 302
TEXT = """一、完成供地（责任单位：自然资源局；完成时限：2026年6月底前）
1. 组卷报批
二、修路（责任单位：交通委）"""


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(the_supervisor())
    return client


@pytest.fixture
def land() -> Unit:
    return UnitFactory(name="县自然资源局", aliases=["自然资源局"])


@pytest.fixture
def ledger() -> Ledger:
    return LedgerFactory(slug="decisions", name="议定事项")


def sent(ledger: Ledger, /, **more: Any) -> dict[str, Any]:
    return {"ledger": ledger.pk, "title": "专题会议", "held_on": "2026-03-16", "text": TEXT, **more}


def as_shown(page: Any) -> dict[str, Any]:
    """What a browser would send back of the rows that the page shows."""
    data: dict[str, Any] = {"rows": len(page.context["rows"])}
    for form in page.context["rows"]:
        for field in form:
            value = field.value()
            if value not in (None, "", False):
                data[field.html_name] = "on" if value is True else value
    return data


def test_pasted_minutes_lead_to_their_items_one_by_one(
    office: Client, ledger: Ledger, land: Unit
) -> None:
    recorded = office.post("/ledgers/meetings/new/", sent(ledger))
    meeting = Meeting.objects.get()
    assert recorded["Location"] == f"/ledgers/meetings/{meeting.pk}/split/"
    page = office.get(recorded["Location"])
    text = page.content.decode()
    assert "不认识“交通委”" in text
    assert "沿用上级事项" in text
    made = office.post(recorded["Location"], as_shown(page))
    assert made.status_code == ON
    first, below, road = LedgerItem.objects.order_by("pk")
    assert (first.goal, first.unit, first.due_on) == ("完成供地", land, dt.date(2026, 6, 30))
    assert (below.parent, below.meeting) == (first, meeting)
    assert road.unit is None
    shown = office.get(made["Location"]).content.decode()
    assert "组卷报批" in shown
    assert TEXT.splitlines()[0] in shown


def test_an_uploaded_file_is_read_and_kept(office: Client, ledger: Ledger) -> None:
    file = SimpleUploadedFile("纪要.txt", TEXT.encode())
    office.post("/ledgers/meetings/new/", sent(ledger, text="", file=file))
    meeting = Meeting.objects.get()
    assert meeting.text == TEXT
    assert meeting.files.get().name == "纪要.txt"


def test_of_a_faulty_form_the_text_of_the_file_is_not_lost(office: Client, ledger: Ledger) -> None:
    file = SimpleUploadedFile("纪要.txt", TEXT.encode())
    page = office.post("/ledgers/meetings/new/", sent(ledger, title="", text="", file=file))
    assert page.status_code == FAULTY
    assert TEXT.splitlines()[0] in page.content.decode()
    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"text": ""}, "text"),
        ({"held_on": "2099-01-01"}, "held_on"),
        ({"number": "1号"}, "number"),
        ({"text": "", "file": SimpleUploadedFile("a.exe", b"MZ")}, "file"),
        ({"ledger": ""}, "ledger"),
    ],
)
def test_a_fault_stands_at_its_field(
    office: Client, ledger: Ledger, more: dict[str, Any], field: str
) -> None:
    MeetingFactory(ledger=ledger, number="1号")
    page = office.post("/ledgers/meetings/new/", sent(ledger, **more))
    assert page.status_code == FAULTY
    assert list(page.context["form"].errors) == [field]


def test_a_ledger_that_fills_itself_takes_no_meeting(office: Client) -> None:
    LedgerFactory(kind=LedgerKind.NOT_STARTED, name="签约未开工项目")
    assert "签约未开工项目" not in office.get("/ledgers/meetings/new/").content.decode()


def split_page(office: Client, text: str = TEXT) -> tuple[str, dict[str, Any]]:
    meeting = MeetingFactory(text=text)
    url = f"/ledgers/meetings/{meeting.pk}/split/"
    return url, as_shown(office.get(url))


def test_of_faulty_rows_nothing_is_lost_and_no_account_is_opened(
    office: Client, land: Unit
) -> None:
    url, data = split_page(office)
    data |= {"e0-goal": "", "e1-supporting": "没有的局", "e2-parent": "3", "e2-goal": "修乡村路"}
    page = office.post(url, data)
    assert page.status_code == FAULTY
    errors = [list(form.errors) for form in page.context["rows"]]
    assert errors == [["goal"], ["supporting"], ["parent"]]
    assert "修乡村路" in page.content.decode()
    assert "没有的局" in page.content.decode()
    assert not LedgerItem.objects.exists()


def test_what_is_left_out_is_not_checked_and_opens_no_account(office: Client, land: Unit) -> None:
    url, data = split_page(office)
    del data["e1-wanted"]
    data["e1-goal"] = ""
    assert office.post(url, data).status_code == ON
    assert list(LedgerItem.objects.order_by("pk").values_list("goal", flat=True)) == [
        "完成供地",
        "修路",
    ]


def test_an_item_cannot_stand_under_one_that_is_left_out(office: Client, land: Unit) -> None:
    url, data = split_page(office)
    del data["e0-wanted"]
    page = office.post(url, data)
    assert page.status_code == FAULTY
    assert "parent" in page.context["rows"][1].errors


def test_one_more_row_keeps_what_was_typed(office: Client, land: Unit) -> None:
    url, data = split_page(office)
    page = office.post(url, {**data, "e0-goal": "改过的", "more": "1"})
    assert len(page.context["rows"]) == 4
    assert "改过的" in page.content.decode()
    assert not LedgerItem.objects.exists()


def test_sent_twice_the_accounts_are_opened_once(office: Client, land: Unit) -> None:
    url, data = split_page(office)
    office.post(url, data)
    assert office.post(url, data).status_code == ON
    assert LedgerItem.objects.count() == 3


def test_the_rows_cost_no_query_each(office: Client, land: Unit) -> None:
    counts = []
    for text in ("一、供地", "\n".join(f"{n}. 任务{n}" for n in range(1, 30))):
        url, data = split_page(office, text)
        with CaptureQueriesContext(connection) as found:
            office.get(url)
            office.post(url, {**data, "e0-goal": ""})
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_meeting_is_corrected_until_it_is_split(office: Client, ledger: Ledger) -> None:
    meeting = MeetingFactory(ledger=ledger)
    url = f"/ledgers/meetings/{meeting.pk}/edit/"
    assert office.post(url, sent(ledger, title="改名")).status_code == ON
    meeting.refresh_from_db()
    assert (meeting.title, meeting.text) == ("改名", TEXT)
    LedgerItemFactory(meeting=meeting, ledger=ledger)
    office.post(url, sent(ledger, title="再改"))
    meeting.refresh_from_db()
    assert meeting.title == "改名"


def test_the_list_asks_as_often_for_many_as_for_one(office: Client) -> None:
    for _n in range(2):
        LedgerItemFactory(active=True, meeting=MeetingFactory())
    office.get("/ledgers/meetings/")
    with CaptureQueriesContext(connection) as few:
        office.get("/ledgers/meetings/")
    for _n in range(18):
        LedgerItemFactory(active=True, meeting=MeetingFactory())
    with CaptureQueriesContext(connection) as many:
        office.get("/ledgers/meetings/")
    assert len(many) == len(few)


def test_a_meetings_page_asks_as_often_for_many_items_as_for_one(office: Client) -> None:
    meeting = MeetingFactory()
    top = LedgerItemFactory(active=True, meeting=meeting)
    LedgerItemFactory(active=True, meeting=meeting, parent=top)
    url = f"/ledgers/meetings/{meeting.pk}/"
    office.get(url)
    with CaptureQueriesContext(connection) as few:
        office.get(url)
    for _n in range(18):
        LedgerItemFactory(active=True, meeting=meeting, parent=top)
    with CaptureQueriesContext(connection) as many:
        office.get(url)
    assert len(many) == len(few)


def test_the_list_is_narrowed_by_ledger_and_words(office: Client, ledger: Ledger) -> None:
    MeetingFactory(ledger=ledger, title="园区建设专题会")
    MeetingFactory(title="常务会议")
    for query in ("?ledger=decisions", "?q=园区"):
        page = office.get(f"/ledgers/meetings/{query}").content.decode()
        assert "园区建设专题会" in page
        assert "常务会议" not in page


def test_somebody_of_a_unit_sees_their_items_and_not_the_minutes(
    client: Client, land: Unit
) -> None:
    meeting = MeetingFactory(text="只给全县看的原文")
    LedgerItemFactory(active=True, unit=land, meeting=meeting, goal="完成供地")
    LedgerItemFactory(active=True, meeting=meeting, goal="别人的事")
    client.force_login(person_of(land))
    page = client.get(f"/ledgers/meetings/{meeting.pk}/").content.decode()
    assert "完成供地" in page
    assert "别人的事" not in page
    assert "只给全县看的原文" not in page
    other = MeetingFactory()
    assert client.get(f"/ledgers/meetings/{other.pk}/").status_code == MISSING
    assert other.title not in client.get("/ledgers/meetings/?q=没有").content.decode()


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.OFFICER])
def test_only_the_supervision_office_records(client: Client, role: Role) -> None:
    park = ParkFactory() if role == Role.OFFICER else None
    person: User = UserFactory(role=role, park=park)
    client.force_login(person)
    assert client.get("/ledgers/meetings/new/").status_code == REFUSED
