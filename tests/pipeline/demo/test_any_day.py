import datetime as dt

import pytest
from django.utils import timezone

from pipeline.demo import county as demo_county
from pipeline.demo import people
from pipeline.rollups import Window, rollup


@pytest.mark.slow
@pytest.mark.parametrize(
    "today",
    [dt.date(2027, 1, 1), dt.date(2027, 2, 9), dt.date(2028, 2, 29), dt.date(2026, 6, 30),
     dt.date(2026, 7, 1), dt.date(2026, 12, 31)],
    ids=str,
)  # fmt: skip
def test_it_can_be_shown_on_any_day(db: None, today: dt.date) -> None:
    people.claim_database()
    at = timezone.make_aware(dt.datetime.combine(today, dt.time(15)))
    outcomes = demo_county.load(today=today, at=at)
    assert outcomes[-1].loaded >= 120
    assert rollup(Window(today.year - 1, today, at)).total.signed_projects >= 40
