"""Mail goes out over a real socket: once, together, in order, and again when it was refused."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from crm import deliveries, notices
from crm.models import Delivery, DeliveryState, User
from tests.factories import UserFactory, instant
from tests.mailserver import MailServer

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")
MINUTE = dt.timedelta(minutes=1)


def tell(user: User, number: int = 1, at: dt.datetime = NOW) -> None:
    notices.tell(
        [user],
        kind="item.due",
        text=f"第{number}项任务临期",
        url=f"/ledgers/items/{number}/",
        key=f"due-{number}",
        at=at,
    )


def test_what_is_told_is_mailed_once_however_often_it_is_sent(
    reader: User, mail: MailServer
) -> None:
    tell(reader)
    tell(reader)
    assert deliveries.deliver(at=NOW).sent == 1
    assert deliveries.deliver(at=NOW + MINUTE).sent == 0
    (letter,) = mail.taken
    assert letter["To"] == "officer@county.example"
    assert letter["Subject"] == "【破土】第1项任务临期"
    assert "https://zhaoshang.example/ledgers/items/1/" in letter.get_content()
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.message_id) == ("sent", 1, letter["Message-ID"])


def test_several_that_are_due_go_in_one_letter(reader: User, mail: MailServer) -> None:
    for number in (1, 2, 3):
        tell(reader, number)
    assert deliveries.deliver(at=NOW).sent == 3
    (letter,) = mail.taken
    assert letter["Subject"] == "【破土】3 条通知"
    words = letter.get_content()
    assert words.index("1. 第1项") < words.index("2. 第2项") < words.index("3. 第3项")
    assert len(set(Delivery.objects.values_list("message_id", flat=True))) == 1


def test_a_server_that_is_down_loses_nothing_and_is_called_at_growing_intervals(
    reader: User, mail: MailServer, settings: SettingsWrapper
) -> None:
    tell(reader)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert deliveries.deliver(at=NOW).put_off == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.due_at - NOW >= MINUTE
    assert row.error == "连不上邮件服务器"
    settings.EMAIL_PORT = port
    assert deliveries.deliver(at=NOW + MINUTE / 2).sent == 0
    assert deliveries.deliver(at=NOW + 2 * MINUTE).sent == 1
    assert len(mail.taken) == 1
    assert Delivery.objects.get().error == ""


def test_after_the_last_attempt_it_is_given_up_and_kept(reader: User, mail: MailServer) -> None:
    monday = instant("2026-03-02 09:00")
    tell(reader, at=monday)
    mail.busy, at = True, monday
    for _attempt in range(len(deliveries.RETRIES)):
        assert deliveries.deliver(at=at).put_off == 1
        at = Delivery.objects.get().due_at + MINUTE / 60
    assert deliveries.deliver(at=at).failed == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("failed", len(deliveries.RETRIES) + 1)
    assert "451" in row.error


def test_an_address_that_does_not_exist_is_given_up_at_once_and_holds_up_nobody(
    reader: User, mail: MailServer
) -> None:
    other = UserFactory(username="second", email="other@county.example")
    mail.refuses = {"officer@county.example"}
    tell(reader)
    tell(other)
    done = deliveries.deliver(at=NOW)
    assert (done.sent, done.failed) == (1, 1)
    assert [letter["To"] for letter in mail.taken] == ["other@county.example"]


def test_a_letter_that_was_taken_without_a_word_comes_again_under_the_same_number(
    reader: User, mail: MailServer
) -> None:
    tell(reader, 1)
    mail.silent = True
    assert deliveries.deliver(at=NOW).put_off == 1
    mail.silent = False
    tell(reader, 2)
    assert deliveries.deliver(at=NOW + 2 * MINUTE).sent == 2
    first, again, second = mail.taken
    assert first["Message-ID"] == again["Message-ID"] != second["Message-ID"]
    assert first.get_content() == again.get_content()


def test_nothing_newer_is_sent_before_what_waits_to_be_tried_again(
    reader: User, mail: MailServer
) -> None:
    tell(reader, 1)
    mail.busy = True
    deliveries.deliver(at=NOW)
    mail.busy = False
    tell(reader, 2)
    assert deliveries.deliver(at=NOW + MINUTE / 2).sent == 0
    assert deliveries.deliver(at=NOW + 2 * MINUTE).sent == 2
    assert [letter["Subject"][-6:] for letter in mail.taken] == ["1项任务临期", "2项任务临期"]


def test_who_sends_no_mail_keeps_no_backlog(reader: User, settings: SettingsWrapper) -> None:
    settings.SENDS_MAIL = False
    tell(reader)
    assert not Delivery.objects.exists()
    assert reader.notices.exists()


def test_mail_of_a_sender_that_died_waits_again_under_its_number(
    reader: User, mail: MailServer
) -> None:
    tell(reader)
    row = Delivery.objects.get()
    number = deliveries.message_id([row])
    Delivery.objects.update(
        state=DeliveryState.SENDING, tried_at=NOW, attempts=1, message_id=number
    )
    assert deliveries.deliver(at=NOW + 9 * MINUTE).sent == 0
    assert deliveries.deliver(at=NOW + 11 * MINUTE).sent == 1
    (letter,) = mail.taken
    assert letter["Message-ID"] == number
