"""The supervision office of the demonstration: items in every state and light."""

from collections.abc import Callable

import pytest

from pipeline.clock_rules import rules_at
from pipeline.demo import county, people
from pipeline.lights import Light
from pipeline.models import (
    Escalation,
    ItemEvent,
    ItemState,
    Ledger,
    LedgerItem,
    LedgerKind,
    Level,
    Meeting,
    MonthlyProgress,
)
from pipeline.rollups import Window, not_started_counts
from pipeline.supervision import item_light
from tests.pipeline.demo.conftest import AT, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def demonstration(media: None, make_once: Callable[[Callable[[], object]], None]) -> None:
    def fill() -> None:
        people.claim_database()
        county.load(today=TODAY, at=AT)

    make_once(fill)


def test_items_stand_in_every_state_and_show_every_light() -> None:
    assert set(LedgerItem.objects.values_list("state", flat=True)) == set(ItemState.values)
    rules = rules_at(AT)
    lights = {item_light(item, AT, rules) for item in LedgerItem.objects.all()}
    assert lights == set(Light)


def test_some_items_are_pressed_hard_and_a_leader_decided() -> None:
    assert {Level.URGED, Level.NAMED, Level.INSPECTED} <= set(
        LedgerItem.objects.values_list("level", flat=True)
    )
    decided = Escalation.objects.filter(level=Level.INSPECTED)
    assert {"approved", "declined"} <= set(decided.values_list("state", flat=True))


def test_every_decision_of_the_minutes_is_an_item_with_a_known_unit() -> None:
    assert Meeting.objects.count() >= 6
    assert Ledger.objects.filter(meetings__isnull=False).distinct().count() == 3
    assert not LedgerItem.objects.filter(unit=None).exists()


def test_signed_projects_that_have_not_started_are_all_in_their_ledger() -> None:
    items = LedgerItem.objects.filter(ledger__kind=LedgerKind.NOT_STARTED)
    projects = set(items.open().values_list("project", flat=True))
    of_parks = sum(not_started_counts(Window(TODAY.year, TODAY, AT)).values())
    assert 0.9 * float(of_parks) <= len(projects) <= float(of_parks)


def test_nothing_happened_later_than_now() -> None:
    assert not ItemEvent.objects.filter(recorded_at__gt=AT).exists()
    assert MonthlyProgress.objects.exists()
    assert not MonthlyProgress.objects.filter(filed_at__gt=AT).exists()
