"""Recording and verifying money that arrived."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crm.models import User
from crm.refusals import NotAllowed
from pipeline import funds
from pipeline.funds import AlreadyVerified, NothingReceived, NotYetReceived, OwnReceipt, ProofNeeded
from pipeline.models import FundsReceipt
from pipeline.stages import Precision
from tests import factories as make
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")


def _record(by: User, **changes: Any) -> FundsReceipt:
    project = changes.pop("project", None) or ProjectFactory()
    if "document" not in changes:
        changes["document"] = make.DocumentFactory(project=project)
    good = {"amount": Decimal("20000000000.01"), "received_on": dt.date(2026, 5, 1), "at": NOON}
    return funds.record(project, by=by, **{**good, **changes})


def test_a_receipt_is_kept_as_recorded_and_counts_once_verified(
    officer: User, verifier: User
) -> None:
    receipt = _record(officer)
    assert not FundsReceipt.objects.effective(NOON).exists()
    funds.verify(receipt, by=verifier, at=NOON)
    found = FundsReceipt.objects.effective(NOON).get()
    assert (found.amount, found.park) == (Decimal("20000000000.01"), found.project.park)
    assert (found.recorded_by, found.verified_by) == (officer, verifier)


def test_of_a_month_its_last_day_is_kept(officer: User) -> None:
    receipt = _record(officer, received_on=dt.date(2026, 2, 1), precision=Precision.MONTH)
    assert receipt.received_on == dt.date(2026, 2, 28)


def test_nothing_is_no_receipt(officer: User) -> None:
    project = ProjectFactory()
    with refused(NothingReceived):
        funds.record(
            project, amount=Decimal(0), received_on=dt.date(2026, 5, 1), by=officer, at=NOON
        )


def test_money_of_a_day_to_come_is_refused(officer: User) -> None:
    project = ProjectFactory()
    with refused(NotYetReceived):
        funds.record(
            project, amount=Decimal(1), received_on=dt.date(2026, 10, 1), by=officer, at=NOON
        )


def test_nobody_verifies_their_own_receipt(officer: User, verifier: User) -> None:
    receipt = make.FundsReceiptFactory(recorded_by=verifier)
    with refused(OwnReceipt):
        funds.verify(receipt, by=verifier, at=NOON)


def test_a_receipt_is_verified_once(officer: User, verifier: User, second_verifier: User) -> None:
    receipt = funds.verify(_record(officer), by=verifier, at=NOON)
    with refused(AlreadyVerified):
        funds.verify(receipt, by=second_verifier, at=NOON)


def test_without_a_voucher_a_receipt_is_not_verified(officer: User, verifier: User) -> None:
    receipt = _record(officer, document=None)
    with refused(ProofNeeded):
        funds.verify(receipt, by=verifier, at=NOON)


@pytest.mark.parametrize("who", ["outsider", "verifier", "leader", "auditor", "admin"])
def test_only_the_park_s_own_people_record(who: str, request: pytest.FixtureRequest) -> None:
    project = ProjectFactory()
    by = request.getfixturevalue(who)
    with refused(NotAllowed):
        funds.record(project, amount=Decimal(1), received_on=dt.date(2026, 5, 1), by=by, at=NOON)


@pytest.mark.parametrize("who", ["officer", "manager", "leader", "auditor", "admin"])
def test_only_a_verifier_verifies(who: str, request: pytest.FixtureRequest) -> None:
    receipt = make.FundsReceiptFactory()
    by = request.getfixturevalue(who)
    with refused(NotAllowed):
        funds.verify(receipt, by=by, at=NOON)
