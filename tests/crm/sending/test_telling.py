"""Who hears of what: as each has chosen, once, and by no more questions for more people."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import channels, deliveries, notice_settings, notices, outbox
from crm.digests import Hours, NeverHeard
from crm.models import CalendarDay, Delivery, NoticeChannel, Role, User
from tests.factories import ParkFactory, UserFactory, instant
from tests.ledger_factories import NoticeChannelFactory, UnitFactory

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.robotserver import RobotServer

pytestmark = pytest.mark.django_db
NOW = instant("2026-03-05 09:00")


def tell(*people: User, kind: str = "item.due", key: str = "one", **said: object) -> None:
    notices.tell(people, kind=kind, text="请办理", url="/ledgers/", key=key, at=NOW, **said)


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("item.urged", "escalation"),
        ("item.due", "ledgers"),
        ("item", "ledgers"),
        ("first_report", "first_reports"),
        ("funds.questioned", "verification"),
        ("score.appealed", "scores"),
        ("channel.failed", "system"),
        ("items", "other"),
        ("test", "other"),
    ],
)
def test_a_kind_belongs_to_the_group_whose_name_begins_it(
    kind: str, group: str, reader: User
) -> None:
    assert notices.group_of(kind).name == group
    tell(reader, kind=kind)
    shown = [g.name for g in notices.GROUPS if notices.of_group(reader.notices.all(), g).exists()]
    assert shown == [group]


def test_what_is_switched_off_is_neither_shown_nor_mailed(reader: User) -> None:
    notice_settings.choose(reader, {"ledgers": (False, False)})
    tell(reader)
    assert not reader.notices.exists()
    assert not Delivery.objects.exists()


def test_mail_and_pages_are_chosen_each_for_itself(reader: User) -> None:
    notice_settings.choose(reader, {"ledgers": (False, True), "scores": (True, False)})
    tell(reader, kind="item.due", key="one")
    tell(reader, kind="score.answered", key="two")
    assert [notice.key for notice in reader.notices.all()] == ["two"]
    assert [row.key for row in Delivery.objects.all()] == ["one"]


@pytest.mark.parametrize("kind", ["item.urged", "job.failed", "check.failed"])
def test_what_is_owed_to_a_person_stays_on_in_the_pages(kind: str, reader: User) -> None:
    group = notices.group_of(kind).name
    notice_settings.choose(reader, {group: (False, False)})
    tell(reader, kind=kind)
    assert reader.notices.count() == 1
    assert not Delivery.objects.exists()


def test_who_has_no_address_or_no_account_any_more_gets_no_mail(reader: User) -> None:
    closed = UserFactory(username="gone", email="gone@county.example", is_active=False)
    tell(UserFactory(username="second", email=""), closed, reader)
    assert [row.user for row in Delivery.objects.all()] == [reader]


def test_five_hundred_people_are_told_by_as_many_questions_as_ten(db: None) -> None:
    people = [
        User(username=f"u{n}", full_name=f"第{n}位", email=f"u{n}@county.example")
        for n in range(500)
    ]
    people = User.objects.bulk_create(people)

    def queries(number: int, key: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            tell(*people[:number], key=key)
        return len(caught)

    assert queries(500, "many") <= queries(10, "few") + 14  # SQLite takes 999 values at a time
    assert Delivery.objects.filter(key="many").count() == 500


def test_mail_waits_for_the_reader_s_hours_and_days(reader: User) -> None:
    CalendarDay.objects.create(day=dt.date(2026, 3, 6), is_working=False, name="休")
    hours = Hours((dt.time(8, 30),), dt.time(21), dt.time(7), rests=True)
    notice_settings.set_hours(reader, hours)
    tell(reader)
    assert Delivery.objects.get().due_at == instant("2026-03-09 08:30")


def test_hours_that_changed_meanwhile_hold_when_it_is_sent(reader: User) -> None:
    tell(reader)
    notice_settings.set_hours(reader, Hours((), dt.time(8), dt.time(12)))
    deliveries.deliver(at=NOW)
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.due_at) == ("waiting", 0, instant("2026-03-05 12:00"))


@pytest.mark.parametrize(
    ("digest_at", "start", "end"),
    [([dt.time(22)], dt.time(21), dt.time(7)), ([], dt.time(21), None)],
)
def test_hours_at_which_nothing_would_go_are_refused(
    digest_at: list[dt.time], start: dt.time, end: dt.time | None, reader: User
) -> None:
    with pytest.raises(NeverHeard):
        notice_settings.set_hours(reader, Hours(tuple(digest_at), start, end))


# --- channels -----------------------------------------------------------------------------------
def heard(kind: str = "item.due", **said: object) -> set[str]:
    """The channels that hear of something."""
    tell(kind=kind, **said)
    return set(Delivery.objects.values_list("channel__name", flat=True))


@pytest.fixture
def committee(db: None) -> object:
    """A park's committee, a department, and a channel for each and for the county."""
    park = ParkFactory(slug="rare-metals")
    unit = UnitFactory(name="管委会", park=park)
    other = UnitFactory(name="自然资源局")
    NoticeChannelFactory(name="全县")
    NoticeChannelFactory(name="园区", park=park)
    NoticeChannelFactory(name="管委会", unit=unit)
    NoticeChannelFactory(name="资源局", unit=other)
    NoticeChannelFactory(name="停用", is_active=False)
    NoticeChannelFactory(name="只听考核", groups=["scores"])
    return unit


def test_a_unit_s_channels_hear_of_its_matters_and_the_county_s_of_all(committee: object) -> None:
    assert heard(unit=committee) == {"全县", "园区", "管委会"}


def test_a_park_and_its_committee_hear_of_the_same(committee: object) -> None:
    assert heard(park=committee.park) == {"全县", "园区", "管委会"}  # type: ignore[attr-defined]


def test_a_person_s_own_matters_are_nobody_else_s(committee: object) -> None:
    assert heard(kind="job.done") == set()


def test_escalations_are_the_county_s_wherever_they_happen(committee: object) -> None:
    assert heard(kind="item.urged") == {"全县"}


def test_a_group_is_not_woken_at_night(committee: object) -> None:
    night = instant("2026-03-04 23:30")
    notices.tell([], kind="item.urged", text="催办", url="", key="night", at=night)
    assert Delivery.objects.get().due_at == instant("2026-03-05 08:00")


def test_addresses_of_the_environment_are_channels_of_the_county(
    settings: SettingsWrapper, robot: RobotServer
) -> None:
    settings.NOTIFY_URLS = [f"wecombot://{'k' * 20}", "json://127.0.0.1/", "gopher://x"]
    tell(kind="item.urged")
    channel = NoticeChannel.objects.get()
    assert (channel.kind, "k" * 20 in channel.address) == ("wecom", False)
    assert deliveries.deliver(at=NOW).sent == 1
    assert robot.heard[0][0].endswith("k" * 20)
    settings.NOTIFY_URLS = []
    tell(kind="item.urged", key="two")
    assert deliveries.deliver(at=NOW).failed == 1


@pytest.mark.parametrize(
    ("kind", "pasted"),
    [
        ("wecom", "https://evil.example/cgi-bin/webhook/send?key=abcdefgh"),
        ("wecom", "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=abcdefgh"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdefgh&to=http://x"),
        ("dingtalk", "http://127.0.0.1/robot/send?access_token=abcdefgh"),
        ("feishu", "https://open.feishu.cn@169.254.169.254/open-apis/bot/v2/hook/abcdefgh"),
        ("feishu", "file:///etc/passwd"),
        ("mail", "nobody"),
    ],
)
def test_only_the_services_own_addresses_are_taken_and_none_is_repeated(
    kind: str, pasted: str, db: None
) -> None:
    admin = UserFactory(username="admin", role=Role.ADMIN)
    with pytest.raises(channels.BadAddress) as refusal:
        channels.add(name="群", kind=kind, address=pasted, by=admin, at=NOW)
    assert pasted not in str(refusal.value)
    assert not NoticeChannel.objects.exists()


def test_with_another_secret_key_an_address_has_to_be_given_again(
    settings: SettingsWrapper, db: None
) -> None:
    admin = UserFactory(username="admin", role=Role.ADMIN)
    row = channels.add(name="群", kind="wecom", address="k" * 20, by=admin, at=NOW)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 9
    with pytest.raises(channels.BadAddress):
        channels.address_of(row)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert channels.address_of(row) == channels.Robot("wecom", "k" * 20)


def test_hours_are_read_for_all_at_once(reader: User) -> None:
    with CaptureQueriesContext(connection) as caught:
        outbox.hours_of([reader, UserFactory.build(pk=7), UserFactory.build(pk=8)])
    assert len(caught) == 1
