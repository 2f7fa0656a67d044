"""Group robots: told once, never twice without a person's word, and held to their own answer."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from crm import channels, deliveries, notices, undelivered
from crm.models import Delivery, DeliveryState, NoticeChannel, Role, User
from tests.factories import UserFactory, instant
from tests.robotserver import RobotServer

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")
MINUTE = dt.timedelta(minutes=1)
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
PASTED = {
    "wecom": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
    "dingtalk": f"https://oapi.dingtalk.com/robot/send?access_token={'a1' * 16} SEC{'b2' * 16}",
    "feishu": f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}",
}


@pytest.fixture
def admin(db: None) -> User:
    return UserFactory(username="admin", role=Role.ADMIN)


@pytest.fixture
def group(admin: User) -> NoticeChannel:
    """The county's group, which hears of everything that is public."""
    return channels.add(name="督查群", kind="wecom", address=PASTED["wecom"], by=admin, at=NOW)


def tell(number: int = 1, kind: str = "item.urged", people: tuple[User, ...] = ()) -> None:
    notices.tell(
        people,
        kind=kind,
        text=f"第{number}项任务逾期，请办理",
        url=f"/ledgers/items/{number}/",
        key=f"urged-{number}",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("wecom", f"/wecom?key={KEY}"),
        ("dingtalk", f"/dingtalk?access_token={'a1' * 16}&timestamp="),
        ("feishu", f"/feishu/{KEY}/"),
    ],
)
def test_each_kind_of_robot_says_it_in_its_group(
    kind: str, path: str, robot: RobotServer, admin: User
) -> None:
    channels.add(name="群", kind=kind, address=PASTED[kind], by=admin, at=NOW)
    tell()
    assert deliveries.deliver(at=NOW).sent == 1
    ((asked, words),) = robot.heard
    assert asked.startswith(path)
    assert words == "【破土】第1项任务逾期，请办理\nhttps://zhaoshang.example/ledgers/items/1/"


def test_a_channel_hears_of_an_occasion_once_however_many_people_do(
    robot: RobotServer, group: NoticeChannel
) -> None:
    people = tuple(UserFactory(username=f"u{n}") for n in range(5))
    tell(people=people)
    tell(people=people)
    assert deliveries.deliver(at=NOW).sent == 1
    assert deliveries.deliver(at=NOW + MINUTE).sent == 0
    assert len(robot.heard) == 1


def test_several_go_together_and_no_message_is_longer_than_a_robot_bears(
    robot: RobotServer, group: NoticeChannel
) -> None:
    for number in range(1, 61):
        tell(number)
    assert deliveries.deliver(at=NOW).sent == 60
    assert 1 < len(robot.heard) < 10
    assert max(len(words.encode()) for words in robot.words) < 2048
    said = "\n".join(robot.words)
    assert [said.count(f"第{number}项") for number in range(1, 61)] == [1] * 60


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, {"errcode": 93000, "errmsg": "invalid webhook url"}),
        (200, {"code": 9499, "msg": "Bad Request"}),
        (503, None),
        (404, None),
    ],
)
def test_what_a_robot_refuses_is_tried_again_though_it_answers_politely(
    status: int, answer: object, robot: RobotServer, group: NoticeChannel
) -> None:
    robot.status, robot.answer = status, answer
    tell()
    assert deliveries.deliver(at=NOW).put_off == 1
    robot.status, robot.answer = 200, {"errcode": 0}
    assert deliveries.deliver(at=NOW + 2 * MINUTE).sent == 1
    assert len(set(robot.words)) == 1


def test_a_robot_whose_host_is_away_loses_nothing(
    robot: RobotServer, group: NoticeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(
            "apprise.plugins.wecombot.NotifyWeComBot.notify_url", "http://127.0.0.1:1/{key}"
        )
        tell()
        assert deliveries.deliver(at=NOW).put_off == 1
        assert Delivery.objects.get().error == "连不上机器人的服务器"
    assert deliveries.deliver(at=NOW + 2 * MINUTE).sent == 1
    assert len(robot.heard) == 1


@pytest.mark.parametrize("what", ["no answer", "504", "nonsense"])
def test_what_may_have_been_said_is_doubtful_and_never_said_again_by_itself(
    what: str, robot: RobotServer, group: NoticeChannel, admin: User
) -> None:
    if what == "no answer":
        robot.slow = 1.5
    elif what == "504":
        robot.status = 504
    else:
        robot.answer = None
    tell()
    assert deliveries.deliver(at=NOW).doubtful == 1
    robot.slow, robot.status = 0, 200
    assert deliveries.deliver(at=NOW + dt.timedelta(days=1)).sent == 0
    assert len(robot.heard) == 1
    assert admin.notices.get(kind="channel.failed").url.endswith(f"={group.pk}&state=undecided")


def test_what_a_killed_sender_was_saying_is_doubtful(
    robot: RobotServer, group: NoticeChannel
) -> None:
    tell()
    Delivery.objects.update(
        state=DeliveryState.SENDING, tried_at=NOW, attempts=1, message_id="<1@x>"
    )
    assert deliveries.deliver(at=NOW + 9 * MINUTE).doubtful == 0
    assert deliveries.deliver(at=NOW + 11 * MINUTE).doubtful == 1
    assert not robot.heard


def test_a_person_says_of_a_doubtful_one_that_it_arrived(
    robot: RobotServer, group: NoticeChannel, admin: User
) -> None:
    tell()
    Delivery.objects.update(state=DeliveryState.DOUBTFUL, message_id="<1@x>", attempts=1)
    assert undelivered.say_arrived(Delivery.objects.get(), by=admin, at=NOW) == 1
    row = Delivery.objects.get()
    assert (row.state, row.sent_at) == ("sent", NOW)
    with pytest.raises(undelivered.NothingToDecide):
        undelivered.send_again(row, by=admin, at=NOW)


def test_a_person_has_a_doubtful_one_said_again(
    robot: RobotServer, group: NoticeChannel, admin: User
) -> None:
    tell()
    Delivery.objects.update(state=DeliveryState.DOUBTFUL, message_id="<1@x>", attempts=1)
    undelivered.send_again(Delivery.objects.get(), by=admin, at=NOW)
    assert deliveries.deliver(at=NOW).sent == 1
    assert len(robot.heard) == 1


def test_a_channel_that_is_down_is_asked_once_and_holds_up_no_other(
    robot: RobotServer, group: NoticeChannel, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels.add(name="飞书群", kind="feishu", address=PASTED["feishu"], by=admin, at=NOW)
    robot.refuses = "/wecom"
    monkeypatch.setattr(deliveries, "fitting", lambda rows, in_letter: rows[:1])
    for number in range(1, 6):
        tell(number)
    done = deliveries.deliver(at=NOW)
    assert (done.sent, done.put_off) == (5, 1)
    paths = [path.partition("?")[0] for path, _words in robot.heard]
    assert (paths.count("/wecom"), len(paths)) == (1, 6)
    deliveries.deliver(at=NOW + MINUTE / 2)
    assert len(robot.heard) == 6
    robot.refuses = ""
    assert deliveries.deliver(at=NOW + 2 * MINUTE).sent == 5


def test_a_channel_that_is_switched_off_is_told_nothing(
    robot: RobotServer, group: NoticeChannel, admin: User
) -> None:
    tell(1)
    channels.switch(group, is_active=False, by=admin)
    tell(2)
    assert deliveries.deliver(at=NOW).failed == 1
    assert not robot.heard
    assert Delivery.objects.get().error == "渠道已停用"


def test_no_log_and_no_error_tells_the_address(
    robot: RobotServer, group: NoticeChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    robot.answer = {"errcode": 93000, "errmsg": f"invalid webhook {KEY}"}
    tell()
    deliveries.deliver(at=NOW)
    assert KEY not in Delivery.objects.get().error
    assert KEY not in NoticeChannel.objects.get().address
    assert KEY not in "".join(record.getMessage() for record in caplog.records)
