"""Two views side by side, and the milestones behind each difference."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pipeline import milestones
from pipeline.comparison import compare, facts
from pipeline.figures import Window
from tests.factories import ParkFactory, ProjectFactory, UserFactory, instant, the_verifier

pytestmark = pytest.mark.django_db
BEFORE, AFTER = instant("2026-10-08 09:00"), instant("2026-11-20 09:00")
DAY = dt.date(2026, 9, 30)


def values(found: Any, key: str) -> dict[str, tuple[Any, Any, Any]]:
    line = next(line for line in found.lines if line.key == key)
    return {pair.name: (pair.before, pair.after, pair.change) for pair in line.pairs}


def test_two_days_differ_by_what_was_signed_between_them() -> None:
    park = ParkFactory(slug="rare-metals")
    ProjectFactory(signed=True, park=park, signed_on=dt.date(2026, 3, 5))
    later = ProjectFactory(signed=True, park=park, signed_on=dt.date(2026, 8, 5))
    first, second = Window(2026, dt.date(2026, 6, 30), AFTER), Window(2026, DAY, AFTER)
    assert values(compare(first, second), "rare-metals")["signed_projects"] == (1, 2, 1)
    assert values(compare(first, second), "total")["signed_projects"] == (1, 2, 1)
    found = facts("signed_projects", first, second)
    assert [row.project for row in found.added] == [later]
    assert found.taken == []


def test_the_same_day_as_it_was_known_at_two_instants() -> None:
    gone = ProjectFactory(signed=True, signed_on=dt.date(2026, 3, 5))
    signing = gone.milestones.get(kind="signing")
    milestones.revoke(signing, reason="作废", by=the_verifier(), at=instant("2026-11-01 09:00"))
    before, after = Window(2026, DAY, BEFORE), Window(2026, DAY, AFTER)
    found = values(compare(before, after), "total")
    assert found["signed_projects"] == (1, 0, -1)
    assert found["start_rate"] == (0, None, None)
    behind = facts("signed_projects", before, after)
    assert [row.pk for row in behind.taken] == [signing.pk]
    assert (behind.added_count, behind.taken_count) == (0, 1)


def test_a_park_s_person_compares_their_own_park_only() -> None:
    own, other = ParkFactory(slug="rare-metals"), ParkFactory(slug="auto-materials")
    ProjectFactory(signed=True, park=own)
    ProjectFactory(signed=True, park=other)
    officer = UserFactory(park=own)
    before, after = Window(2026, dt.date(2026, 1, 31), AFTER), Window(2026, DAY, AFTER)
    found = compare(before, after, user=officer)
    assert [line.key for line in found.lines] == ["rare-metals", "total"]
    assert facts("signed_projects", before, after, user=officer).added_count == 1


def test_the_page_says_what_changed_in_a_fixed_number_of_queries(client: Client) -> None:
    client.force_login(
        UserFactory(leader=True), backend="django.contrib.auth.backends.ModelBackend"
    )
    address = "/compare/?before=2026-06-30&after=2026-09-30"

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            page = client.get(address)
        assert page.status_code == 200
        return len(caught)

    ProjectFactory(name="铝轮毂项目", signed=True, signed_on=dt.date(2026, 8, 5))
    few = queries()
    assert "铝轮毂项目" in client.get(address).content.decode()
    for _n in range(5):
        ProjectFactory(signed=True, signed_on=dt.date(2026, 8, 6))
    assert queries() == few
    assert client.get("/compare/?before=昨天").status_code == 200
    assert client.get("/compare/?figure=nothing").status_code == 404
