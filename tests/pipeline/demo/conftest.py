"""Demonstrations are costly to make: a file's tests share one and leave it as it was."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

AT = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 24)


def seed_demo(*args: Any) -> str:
    """Run the command; returns what it printed."""
    out = io.StringIO()
    call_command("seed_demo", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture(scope="module", autouse=True)
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(scope="module")
def make_once(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Calls what fills the database once for the file, and takes it back after the last test."""
    with django_db_blocker.unblock():
        filled = transaction.atomic()
        filled.__enter__()

    def make(fill: Callable[[], object]) -> None:
        with django_db_blocker.unblock():
            fill()

    yield make
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        filled.__exit__(None, None, None)
