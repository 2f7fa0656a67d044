"""A county that has been set up, and ledgers to load into it.

The suite reads its settings after it has loaded this file: what needs them is imported
where it is used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

if TYPE_CHECKING:
    from pipeline.rollups import Row
    from tests.pipeline.loading.ledgers import Book


@pytest.fixture
def county(db: None) -> None:
    call_command("setup_county", verbosity=0)


@pytest.fixture
def book(county: None, tmp_path: Path, settings: Any) -> Book:
    from tests.pipeline.loading.ledgers import Book

    settings.MEDIA_ROOT = tmp_path / "media"
    return Book(tmp_path)


@pytest.fixture
def total() -> Callable[..., Row]:
    """The county's row of a year, as known at an instant; by default long after all loads."""
    from pipeline.rollups import Window, rollup
    from tests.pipeline.loading.ledgers import LOADED_AT, TODAY

    def of(known_at: dt.datetime = LOADED_AT + dt.timedelta(days=90), year: int = 2026) -> Row:
        return rollup(Window(year, TODAY, known_at)).total

    return of
