"""Who is kept to a park hears and sees nothing of the others; a draft is nobody else's."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Role
from pipeline import appeals, escalation, ledger_events
from pipeline.models import AreaReview
from pipeline.months import month_at
from tests.factories import ParkFactory, UserFactory, instant
from tests.ledger_factories import (
    AreaFactory,
    LedgerItemFactory,
    ScoreAppealFactory,
    UnitFactory,
    person_of,
    the_supervisor,
)

NOW = instant("2026-10-10 10:00")
pytestmark = pytest.mark.django_db


def test_a_units_draft_is_not_shown_by_sending_its_key(client: Client) -> None:
    unit = UnitFactory()
    draft = LedgerItemFactory(unit=unit, goal="还没有交账的秘密事项")
    client.force_login(person_of(unit))
    url = reverse("monthly_file", args=[month_at(NOW)])
    answer = client.post(url, {"item": [draft.pk], f"item-{draft.pk}-text": "写"})
    assert "秘密" not in answer.content.decode()


@pytest.mark.parametrize("key", ["9" * 30, "9" * 5000])
def test_a_key_that_is_no_key_is_no_fault_of_the_server(client: Client, key: str) -> None:
    unit = UnitFactory()
    client.force_login(person_of(unit))
    month = month_at(NOW)
    assert client.post(reverse("monthly_file", args=[month]), {"item": [key]}).status_code < 500
    for name in ("unit", "area", "ledger"):
        url = reverse("promise_list", args=[month])
        assert client.get(url, {name: key}).status_code < 500


def test_who_is_kept_to_a_park_sees_no_analysis_of_others(client: Client) -> None:
    area, other = AreaFactory(), AreaFactory(name="别的领域")
    user = UserFactory(username="kept", role=Role.SUPERVISOR, park=ParkFactory())
    month = month_at(NOW)
    AreaReview.objects.create(
        area=other,
        month=month.first,
        analysis="没有报送",
        created_at=NOW,
        created_by=the_supervisor(),
    )
    assert not AreaReview.objects.visible_to(user).exists()
    client.force_login(user)
    for row in (area, other):
        assert client.get(reverse("area_review", args=[row.pk, month])).status_code == 404
    assert "别的领域" not in client.get(reverse("area_list")).content.decode()


def test_who_is_kept_to_a_park_is_not_told_of_the_county() -> None:
    kept = UserFactory(username="kept", role=Role.SUPERVISOR, park=ParkFactory())
    item = LedgerItemFactory(active=True)
    assert kept not in ledger_events.office()
    people = escalation.People([item])
    assert kept not in people.deciding
    assert kept not in people.of(item, is_led=False)


def test_who_is_kept_to_a_park_answers_no_appeal() -> None:
    kept = UserFactory(username="kept", role=Role.LEADER, park=ParkFactory())
    row = ScoreAppealFactory()
    assert not appeals.may_answer(kept, row)
