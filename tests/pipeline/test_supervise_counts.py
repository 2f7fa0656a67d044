"""What a run says that it told is what somebody hears: so a second run tells of nothing.

Whoever has switched a kind off, or reads it by mail alone, leaves no notice in the pages to
know it by.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Delivery, Notice, NoticeChoice, User
from pipeline import ledgers, not_started
from pipeline.models import LedgerKind
from pipeline.supervise import Done, supervise
from tests.factories import ParkFactory, ProjectFactory, instant
from tests.ledger_factories import LedgerFactory, UnitFactory
from tests.pipeline.item_lives import Office

pytestmark = pytest.mark.django_db
NEAR = instant("2026-09-29 22:00")
"""Two hours before midnight a day from the month's end: the day's item is yellow."""


def told(done: Done) -> tuple[int, int]:
    return done.reminded, done.monthly


@pytest.fixture
def office(settings: Any, tmp_path: Any) -> Office:
    settings.MEDIA_ROOT = tmp_path
    settings.SENDS_MAIL = True
    return Office()


def near_item(office: Office) -> None:
    draft = ledgers.approve(office.draft(), by=office.leader, at=NEAR)
    ledgers.issue(draft, by=office.supervisor, at=NEAR)


def choose(*, by_mail: bool) -> None:
    for user in User.objects.exclude(username="scheduler"):
        for group in ("ledgers", "monthly"):
            NoticeChoice.objects.create(user=user, group=group, in_app=False, by_mail=by_mail)
    User.objects.update(email="somebody@example.com")


def test_nobody_hears_of_what_everybody_switched_off(office: Office) -> None:
    near_item(office)
    choose(by_mail=False)
    assert told(supervise(at=NEAR)) == (0, 0)
    assert not Notice.objects.filter(kind__in=["item.due", "progress.due"]).exists()


def test_a_unit_without_people_is_not_counted(office: Office) -> None:
    near_item(office)
    User.objects.filter(unit__isnull=False).update(is_active=False)
    assert told(supervise(at=NEAR)) == (0, 0)


def test_what_was_told_by_mail_alone_is_told_once(office: Office) -> None:
    near_item(office)
    choose(by_mail=True)
    assert told(supervise(at=NEAR)) == (1, 2)
    assert Delivery.objects.filter(kind="item.due").count() == 2
    assert told(supervise(at=NEAR)) == (0, 0)


def test_filling_asks_as_often_where_hundreds_are_listed(monkeypatch: Any) -> None:
    UnitFactory(name="园区管委会", park=ParkFactory(slug="rare-metals"))
    LedgerFactory(slug="not-started", kind=LedgerKind.NOT_STARTED, prefix="开")
    monkeypatch.setattr(not_started, "CHUNK", 1)
    ProjectFactory(signed=True)
    not_started.fill(at=NEAR)
    with CaptureQueriesContext(connection) as few:
        not_started.fill(at=NEAR)
    for _n in range(4):
        ProjectFactory(signed=True)
    not_started.fill(at=NEAR)
    with CaptureQueriesContext(connection) as many:
        not_started.fill(at=NEAR)
    assert len(many) == len(few)
