"""Notices: unread first, read by opening them, never leading off the site."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import notices
from crm.models import Notice, User
from crm.templatetags.notices import unread_count
from tests.factories import instant

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")


def told(user: User, number: int, url: str = "/projects/") -> Notice:
    notices.tell([user], kind="test", text=f"第{number}条", url=url, key=f"key-{number}", at=NOW)
    return user.notices.get(key=f"key-{number}")


@pytest.fixture
def reader(client: Client, officer: User) -> User:
    client.force_login(officer)
    return officer


def test_unread_ones_come_first_then_the_latest(client: Client, reader: User) -> None:
    first, second, third = (told(reader, number) for number in (1, 2, 3))
    notices.read([third.pk], by=reader, at=NOW)
    shown = client.get("/notices/").context["page"].object_list
    assert list(shown) == [second, first, third]


def test_opening_one_marks_it_read_and_goes_where_it_leads(client: Client, reader: User) -> None:
    notice = told(reader, 1, url="/projects/?q=1")
    response = client.get(f"/notices/{notice.pk}/")
    assert (response.status_code, response["Location"]) == (302, "/projects/?q=1")
    notice.refresh_from_db()
    assert notice.read_at is not None


@pytest.mark.parametrize(
    "url", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", ""]
)
def test_a_notice_leads_nowhere_but_to_this_site(url: str, client: Client, reader: User) -> None:
    notice = told(reader, 1, url=url)
    assert client.get(f"/notices/{notice.pk}/")["Location"] == "/notices/"


def test_another_s_notice_is_neither_opened_nor_marked(
    client: Client, reader: User, manager: User
) -> None:
    notice = told(manager, 1)
    assert client.get(f"/notices/{notice.pk}/").status_code == 404
    client.post("/notices/read/", {"notice": str(notice.pk)})
    client.post("/notices/read/", {"all": "yes"})
    notice.refresh_from_db()
    assert notice.read_at is None


def test_one_or_all_are_marked_read_and_it_says_how_many(client: Client, reader: User) -> None:
    first, *_others = [told(reader, number) for number in range(3)]
    page = client.post("/notices/read/", {"notice": str(first.pk)}, follow=True)
    assert "1 条通知已读" in page.content.decode()
    assert notices.unread(reader, most=10) == 2
    page = client.post("/notices/read/", {"all": "yes"}, follow=True)
    assert "2 条通知已读" in page.content.decode()
    assert notices.unread(reader, most=10) == 0


def test_the_bell_shows_a_number_up_to_99(reader: User) -> None:
    assert unread_count(reader) == ""
    for number in range(99):
        told(reader, number)
    assert unread_count(reader) == "99"
    told(reader, 99)
    with CaptureQueriesContext(connection) as caught:
        assert unread_count(reader) == "99+"
    assert len(caught) == 1


def test_a_long_list_asks_as_many_questions_as_a_short_one(client: Client, reader: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get("/notices/")
        return len(caught)

    told(reader, 0)
    few = queries()
    for number in range(1, 20):
        told(reader, number)
    assert queries() == few
