"""Tables of score cards and what is asked of them, for tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from crm.models import User
from pipeline.assessment import Assessment, Card, assess
from pipeline.figures import Window
from pipeline.models import ScoreScheme
from pipeline.score_schemes import Entry, set_scheme
from tests.factories import LONG_AGO, instant
from tests.ledger_factories import the_supervisor

DAY = dt.date(2026, 9, 30)
NOW = instant("2026-10-01 12:00")


def one(measure: str, weight: int | str = 100, target: int | str | None = None) -> Entry:
    """A measure that is all of a table."""
    return Entry(measure, Decimal(weight), None if target is None else Decimal(target))


def less(measure: str, per_case: int | str = 2, most: int | str = 10) -> Entry:
    """A deduction."""
    return Entry(measure, Decimal(most), per_case=Decimal(per_case))


def table(level: str, *entries: Entry, year: int = 2026, at: dt.datetime = LONG_AGO) -> ScoreScheme:
    """Put a table in force."""
    return set_scheme(level, year, entries, reason="办法", by=the_supervisor(), at=at)


def asked(
    level: str = "park",
    *,
    year: int = 2026,
    as_of: dt.date = DAY,
    known_at: dt.datetime = NOW,
    user: User | None = None,
) -> Assessment:
    """The cards of a level."""
    return assess(level, Window(year, as_of, known_at), user=user)


def card_of(key: str, level: str = "park", **window: Any) -> Card:
    """A holder's card."""
    found = asked(level, **window).card(key)
    assert found is not None
    return found
