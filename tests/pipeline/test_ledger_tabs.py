"""The tabs of the ledgers lead where the person may go, and nowhere else."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from crm.models import Role
from pipeline.templatetags.ledger_tabs import ledger_tabs
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def tabs(role: str, path: str) -> list[tuple[str, bool]]:
    request = RequestFactory().get(path)
    request.user = UserFactory(role=role)
    return [(entry.url, entry.is_current) for entry in ledger_tabs(request)]


def test_the_bulletins_are_a_tab_for_who_may_read_them() -> None:
    assert ("/reports/", True) in tabs(Role.SUPERVISOR, "/reports/5/")


def test_who_is_of_a_unit_only_is_not_offered_the_bulletins() -> None:
    assert "/reports/" not in dict(tabs(Role.UNIT, "/ledgers/"))


def test_at_most_one_tab_is_current() -> None:
    assert sum(current for _url, current in tabs(Role.SUPERVISOR, "/ledgers/")) <= 1
