"""The pages of notices: settings, channels whose address is never shown, the log."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import channels, notices
from crm.models import Delivery, DeliveryState, NoticeChannel, NoticeHours, Role, User
from tests.factories import UserFactory, instant
from tests.ledger_factories import DeliveryFactory, NoticeChannelFactory, UnitFactory, person_of

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


@pytest.fixture
def admin(client: Client) -> User:
    user: User = UserFactory(username="admin", role=Role.ADMIN, email="admin@county.example")
    client.force_login(user)
    return user


def test_somebody_of_a_unit_sets_what_they_hear_and_when(client: Client) -> None:
    person = person_of(UnitFactory())
    client.force_login(person)
    page = client.get("/notices/settings/")
    assert "督办升级" in page.content.decode()
    given = {"app-ledgers": "on", "mail-scores": "on", "digest_at": "17：30 8:30", "rests": "on"}
    given |= {"quiet_from": "21:00", "quiet_until": "07:00"}
    assert client.post("/notices/settings/", given).status_code == 302
    chosen = {row.group: (row.in_app, row.by_mail) for row in person.notice_choices.all()}
    assert chosen["ledgers"] == (True, False)
    assert chosen["scores"] == (False, True)
    assert chosen["escalation"] == (True, False)  # owed to them in the pages
    assert NoticeHours.objects.get(user=person).digest_at == ["08:30", "17:30"]
    assert "08:30、17:30" in client.get("/notices/settings/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"digest_at": "half past"}, {"quiet_from": "21:00"}, {"digest_at": "25:00"}],
)
def test_hours_that_make_no_sense_are_shown_again_and_nothing_is_kept(
    wrong: dict[str, str], client: Client, admin: User
) -> None:
    assert client.post("/notices/settings/", wrong).status_code == 422
    assert not NoticeHours.objects.exists()
    assert not admin.notice_choices.exists()


def test_a_test_letter_goes_at_once_and_once_a_minute(client: Client, admin: User) -> None:
    page = client.post("/notices/settings/test/", follow=True)
    assert "测试消息已发出" in page.content.decode()
    assert [letter.to for letter in mail.outbox] == [["admin@county.example"]]
    client.post("/notices/settings/test/")
    assert len(mail.outbox) <= 2  # the second only where the minute has turned


def test_a_channel_is_added_changed_and_switched_off_without_showing_its_address(
    client: Client, admin: User
) -> None:
    address = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
    given = {"name": "督查群", "kind": "wecom", "address": address, "groups": ["escalation"]}
    given |= {"quiet_from": "19:00", "quiet_until": "08:30", "rests": "on"}
    page = client.post("/notices/channels/", given, follow=True)
    assert "渠道已添加" in page.content.decode()
    row = NoticeChannel.objects.get()
    assert channels.address_of(row) == channels.Robot("wecom", KEY)
    assert (row.quiet_from, row.quiet_until, row.rests) == (dt.time(19), dt.time(8, 30), True)
    seen = [page, client.get("/notices/channels/"), client.get(f"/notices/channels/{row.pk}/")]
    page = client.post(f"/notices/channels/{row.pk}/", {"name": "督查室群"}, follow=True)
    row.refresh_from_db()
    assert (row.name, row.groups) == ("督查室群", [])
    assert channels.address_of(row) == channels.Robot("wecom", KEY)
    client.post(f"/notices/channels/{row.pk}/switch/", {"to": "off"})
    row.refresh_from_db()
    assert not row.is_active
    seen += [page, client.get(f"/notices/channels/{row.pk}/")]
    assert not [page for page in seen if KEY in page.content.decode()]


def test_a_refused_address_is_not_sent_back_to_the_page(client: Client, admin: User) -> None:
    given = {"name": "群", "kind": "wecom", "address": f"https://evil.example/?key={KEY}"}
    page = client.post("/notices/channels/", given)
    assert page.status_code == 422
    assert KEY not in page.content.decode()
    assert "这不是企业微信群机器人的地址" in page.content.decode()


def test_a_name_that_is_taken_is_refused_at_its_field(client: Client, admin: User) -> None:
    NoticeChannelFactory(name="群")
    given = {"name": "群", "kind": "mail", "address": "group@county.example"}
    page = client.post("/notices/channels/", given)
    assert "已有叫这个名称的渠道" in page.content.decode()


def test_the_log_is_a_person_s_own_and_an_administrator_s_all(client: Client, admin: User) -> None:
    DeliveryFactory(text="别人的信")
    channel = NoticeChannelFactory(name="督查群")
    DeliveryFactory(user=None, channel=channel, text="群里的话", state="doubtful")
    words = client.get("/notices/deliveries/").content.decode()
    assert "别人的信" in words
    assert "群里看到了" in words
    only = client.get(f"/notices/deliveries/?channel={channel.pk}&state=undecided")
    assert [row.text for row in only.context["rows"]] == ["群里的话"]
    officer = UserFactory(username="officer")
    DeliveryFactory(user=officer, text="我的信", state="failed")
    client.force_login(officer)
    words = client.get("/notices/deliveries/").content.decode()
    assert "我的信" in words
    assert not [other for other in ("别人的信", "群里的话", "重发") if other in words]


def test_the_log_goes_on_where_it_ended_and_asks_no_more_for_more_rows(
    client: Client, admin: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get("/notices/deliveries/")
        return len(caught)

    first = DeliveryFactory()
    few = queries()
    Delivery.objects.bulk_create(
        [
            Delivery(user=admin, kind="x", text="t", key=f"k{n}", created_at=NOW, due_at=NOW)
            for n in range(60)
        ]
    )
    assert queries() == few
    page = client.get("/notices/deliveries/")
    older = client.get(f"/notices/deliveries/?before={page.context['next']}").context["rows"]
    assert (len(page.context["rows"]), len(older)) == (50, 11)
    assert first in older


def test_what_failed_is_sent_again_one_by_one_or_all_of_a_channel(
    client: Client, admin: User
) -> None:
    channel = NoticeChannelFactory()
    rows = [
        DeliveryFactory(user=None, channel=channel, state="failed", attempts=8) for _ in range(3)
    ]
    client.post(f"/notices/deliveries/{rows[0].pk}/again/")
    states = Delivery.objects.order_by("pk").values_list("state", "attempts")
    assert list(states) == [("waiting", 0), ("failed", 8), ("failed", 8)]
    client.post("/notices/deliveries/again/", {"channel": str(channel.pk)})
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.WAITING}
    page = client.post(f"/notices/deliveries/{rows[0].pk}/again/", follow=True)
    assert "已经发出或正在发送" in page.content.decode()


def test_the_list_of_notices_is_narrowed_by_group(client: Client, admin: User) -> None:
    for kind in ("item.urged", "item.due"):
        notices.tell([admin], kind=kind, text=f"关于{kind}", url="", key=kind, at=NOW)
    page = client.get("/notices/?group=ledgers")
    assert [row.kind for row in page.context["page"]] == ["item.due"]
    given = {"notice": str(admin.notices.get(kind="item.due").pk), "group": "ledgers"}
    assert client.post("/notices/read/", given)["Location"] == "/notices/?group=ledgers"
