"""A sender that is killed after the message went out and before that was written down."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm import channels, deliveries, notices
from crm.models import Delivery, Role, User
from crm.postbox import Postbox
from tests.factories import UserFactory, instant
from tests.mailserver import MailServer
from tests.robotserver import RobotServer

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")
SOON = NOW + deliveries.LOST_AFTER + dt.timedelta(minutes=1)


class Killed(BaseException):
    """What ends a process, and is not caught."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """One pass that ends in the middle: the message is out, nothing is written down."""

    def run() -> None:
        send = Postbox.send

        def send_and_die(self: Postbox, *args: Any) -> None:
            send(self, *args)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(Postbox, "send", send_and_die)
            with pytest.raises(Killed):
                deliveries.deliver(at=NOW)

    return run


def tell(*people: User) -> None:
    notices.tell(people, kind="item.urged", text="请办理", url="/ledgers/", key="one", at=NOW)


def test_mail_comes_again_as_the_same_letter(reader: User, mail: MailServer, killed: Any) -> None:
    tell(reader)
    killed()
    assert deliveries.deliver(at=NOW + dt.timedelta(minutes=1)).sent == 0
    assert deliveries.deliver(at=SOON).sent == 1
    first, again = mail.taken
    assert first["Message-ID"] == again["Message-ID"]
    assert first.get_content() == again.get_content()


def test_a_robot_says_nothing_twice_and_a_person_is_asked(robot: RobotServer, killed: Any) -> None:
    admin = UserFactory(username="admin", role=Role.ADMIN)
    channels.add(name="群", kind="wecom", address="k" * 20, by=admin, at=NOW)
    tell()
    killed()
    assert deliveries.deliver(at=SOON).doubtful == 1
    assert deliveries.deliver(at=SOON + dt.timedelta(days=3)).sent == 0
    assert len(robot.heard) == 1
    assert admin.notices.filter(kind="channel.failed").count() == 1


def test_a_letter_that_kills_each_sender_is_given_up(
    reader: User, mail: MailServer, killed: Any
) -> None:
    tell(reader)
    killed()
    Delivery.objects.update(attempts=len(deliveries.RETRIES) + 1)
    assert deliveries.deliver(at=SOON).failed == 1


def test_two_passes_at_once_send_a_message_once(
    reader: User, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(reader)
    claim = deliveries._claim

    def other_first(rows: Any, number: str, *, at: dt.datetime) -> bool:
        monkeypatch.setattr(deliveries, "_claim", claim)
        assert deliveries.deliver(at=NOW).sent == 1
        return claim(rows, number, at=at)

    monkeypatch.setattr(deliveries, "_claim", other_first)
    assert deliveries.deliver(at=NOW).sent == 0
    assert len(mail.taken) == 1


def test_what_nobody_foresaw_holds_up_nobody_else(
    reader: User, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = UserFactory(username="second", email="other@county.example")
    tell(reader, other)
    send = Postbox.send

    def stumble(self: Postbox, rows: Any, *args: Any) -> None:
        if rows[0].user == reader:
            raise KeyError("nobody foresaw this")
        send(self, rows, *args)

    monkeypatch.setattr(Postbox, "send", stumble)
    done = deliveries.deliver(at=NOW)
    assert (done.sent, done.put_off) == (1, 1)
