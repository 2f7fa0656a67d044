"""Returning a claim: with a reason, once, and the way is free for a new one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import milestones
from pipeline.milestones import AlreadyDecided
from pipeline.models import Milestone
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")


def _claimed() -> Milestone:
    return make.claim(
        ProjectFactory(ready_to_sign=True),
        MilestoneKind.SIGNING,
        on=dt.date(2026, 9, 20),
        contract_kind=ContractKind.FORMAL,
        amount=Decimal(1),
    )


def test_a_returned_claim_says_who_when_and_why_and_moves_nothing(verifier: User) -> None:
    claimed = _claimed()
    returned = milestones.return_(claimed, reason=" 合同缺页 ", by=verifier, at=NOON)
    returned.refresh_from_db()
    assert returned.state == "returned"
    assert (returned.returned_by, returned.returned_at) == (verifier, NOON)
    assert returned.return_reason == "合同缺页"
    assert returned.project.stage == "contact"


def test_after_a_return_it_can_be_claimed_again(verifier: User) -> None:
    claimed = _claimed()
    milestones.return_(claimed, reason="合同缺页", by=verifier, at=NOON)
    again = make.sign(claimed.project, on=dt.date(2026, 9, 20), at=NOON)
    assert again.is_effective


def test_a_return_needs_a_reason(verifier: User) -> None:
    claimed = _claimed()
    with refused(ReasonNeeded):
        milestones.return_(claimed, reason="  ", by=verifier, at=NOON)


def test_a_claim_is_returned_once(verifier: User) -> None:
    claimed = _claimed()
    milestones.return_(claimed, reason="合同缺页", by=verifier, at=NOON)
    with refused(AlreadyDecided):
        milestones.return_(claimed, reason="合同缺页", by=verifier, at=NOON)


@pytest.mark.parametrize("who", ["officer", "manager", "outsider", "leader", "auditor", "admin"])
def test_only_a_verifier_returns(who: str, request: pytest.FixtureRequest) -> None:
    claimed = _claimed()
    with refused(NotAllowed):
        milestones.return_(claimed, reason="缺页", by=request.getfixturevalue(who), at=NOON)
