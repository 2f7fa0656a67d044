"""The tabs of the ledgers lead where the person may go, and nowhere else."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from crm.models import User
from pipeline.templatetags.ledger_tabs import ledger_tabs
from tests.ledger_factories import UnitFactory, person_of, the_supervisor

pytestmark = pytest.mark.django_db


def tabs(user: User, path: str) -> list[tuple[str, bool]]:
    request = RequestFactory().get(path)
    request.user = user
    return [(entry.url, entry.is_current) for entry in ledger_tabs(request)]


def test_the_bulletins_are_a_tab_for_who_may_read_them() -> None:
    assert ("/reports/", True) in tabs(the_supervisor(), "/reports/5/")


def test_who_is_of_a_unit_only_is_not_offered_the_bulletins() -> None:
    assert "/reports/" not in dict(tabs(person_of(UnitFactory()), "/ledgers/"))


def test_at_most_one_tab_is_current() -> None:
    assert sum(current for _url, current in tabs(the_supervisor(), "/ledgers/")) <= 1
