"""Two people at the same instant: one wins, the other is told so."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm import disputes
from crm.first_reports import Protected
from crm.models import FirstReport, User
from pipeline import follow_ups, interactions, ledgers, milestones, projects
from pipeline.ledger_refusals import ChildrenOpen, ParentClosed, WrongState
from pipeline.milestones import AlreadyDecided, AlreadyThere
from pipeline.models import FollowUp, Interaction, Milestone, Project, StageChange
from pipeline.stages import ContractKind, MilestoneKind
from tests import factories as make
from tests.factories import ProjectFactory, instant
from tests.pipeline.item_lives import Office, kinds, later

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)


def _at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gave or raised; all begin at the same instant."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return act()
        except Exception as raised:
            return raised
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _signing() -> dict[str, Any]:
    return {
        "kind": MilestoneKind.SIGNING,
        "contract_kind": ContractKind.FORMAL,
        "occurred_on": DAY,
        "amount": Decimal(1),
        "at": NOON,
    }


def test_two_verifiers_of_one_claim_verify_it_once() -> None:
    project = ProjectFactory(ready_to_sign=True)
    claimed = milestones.claim(project, by=project.officer, **_signing())
    first, second = (make.UserFactory(username=f"v{n}", verifier=True) for n in range(2))
    results = _at_once(
        lambda: milestones.verify(claimed, by=first, at=NOON),
        lambda: milestones.verify(claimed, by=second, at=NOON),
    )
    assert sorted(type(result) for result in results if isinstance(result, Milestone)) == [
        Milestone
    ]
    assert [type(r) for r in results if isinstance(r, Exception)] == [AlreadyDecided]
    assert StageChange.objects.filter(project=project, to_stage="signed").count() == 1


def test_a_verification_and_a_return_of_one_claim_decide_it_once() -> None:
    project = ProjectFactory(ready_to_sign=True)
    claimed = milestones.claim(project, by=project.officer, **_signing())
    first, second = (make.UserFactory(username=f"v{n}", verifier=True) for n in range(2))
    results = _at_once(
        lambda: milestones.verify(claimed, by=first, at=NOON),
        lambda: milestones.return_(claimed, reason="缺页", by=second, at=NOON),
    )
    assert [type(r) for r in results if isinstance(r, Exception)] == [AlreadyDecided]
    claimed.refresh_from_db()
    assert claimed.state in ("verified", "returned")


def test_two_claims_of_one_kind_leave_one_open() -> None:
    project = ProjectFactory(ready_to_sign=True)
    results = _at_once(*[lambda: milestones.claim(project, by=project.officer, **_signing())] * 2)
    assert [type(r) for r in results if isinstance(r, Exception)] == [AlreadyThere]
    assert Milestone.objects.open().count() == 1


def test_two_revocations_of_one_milestone_write_one_move() -> None:
    project = ProjectFactory(signed=True)
    signing = project.milestones.get(kind="signing")
    results = _at_once(
        *[lambda: milestones.revoke(signing, reason="不实", by=make.the_verifier(), at=NOON)] * 2
    )
    assert [type(r) for r in results if isinstance(r, Exception)] == [AlreadyDecided]
    assert StageChange.objects.filter(project=project, from_stage="signed").count() == 1


def test_two_units_that_report_an_investor_at_once_do_not_both_hold_it() -> None:
    investor = make.OrganizationFactory()
    officers = [make.UserFactory(park=make.ParkFactory(slug=f"unit-{n}")) for n in range(2)]

    def reporting(by: User) -> Callable[[], Any]:
        fields = {"name": by.username, "park": by.park, "officer": by}
        return lambda: projects.register(investor=investor, fields=fields, by=by, at=NOON)

    results = _at_once(*(reporting(by) for by in officers))
    assert {type(result) for result in results} == {Protected, Project}
    assert FirstReport.objects.filter(released_at__isnull=True).count() == 1
    assert Project.objects.count() == 1


def test_two_who_decide_a_dispute_at_once_decide_it_once() -> None:
    officer, claimant = (
        make.UserFactory(park=make.ParkFactory(slug=f"unit-{n}")) for n in range(2)
    )
    project = projects.register(
        investor=make.OrganizationFactory(),
        fields={"name": "甲", "park": officer.park, "officer": officer},
        by=officer,
        at=NOON,
    )
    report = project.investor.first_reports.get()
    dispute = disputes.raise_dispute(report, grounds="先到", idle_days=90, by=claimant, at=NOON)
    leaders = [make.UserFactory(leader=True) for _n in range(2)]
    given: dict[str, Any] = {"decision": "核实", "months": 6, "at": NOON}
    results = _at_once(
        lambda: disputes.decide(dispute, is_upheld=True, by=leaders[0], **given),
        lambda: disputes.decide(dispute, is_upheld=False, by=leaders[1], **given),
    )
    assert len([r for r in results if isinstance(r, disputes.AlreadyDecided)]) == 1
    assert FirstReport.objects.filter(released_at__isnull=True).count() == 1


def test_an_entry_that_arrives_twice_at_once_is_one_with_one_next_step() -> None:
    project, key = ProjectFactory(), uuid.uuid4()

    def send() -> Interaction:
        return interactions.record(
            organization=project.investor,
            project=project,
            kind="call",
            occurred_on=DAY,
            summary="催环评",
            newcomer=interactions.Newcomer("李梅"),
            next_step="回访",
            next_on=DAY,
            client_key=key,
            by=project.officer,
            at=NOON,
        )

    assert set(_at_once(send, send)) == set(Interaction.objects.all())
    assert Interaction.objects.count() == FollowUp.objects.count() == 1
    assert project.investor.contacts.count() == 1


def test_a_step_done_twice_at_once_is_done_once() -> None:
    officer = make.UserFactory(username="o")
    step = follow_ups.add(what="回访", due_on=DAY, assignee=officer, by=officer, at=NOON)
    results = _at_once(*[lambda: follow_ups.close(step, is_done=True, by=officer, at=NOON)] * 2)
    assert [type(r) for r in results if isinstance(r, Exception)] == [follow_ups.AlreadyClosed]
    assert len(follow_ups.changes(step)) == 1


@pytest.mark.parametrize(
    ("fields", "answers"),
    [(("lead_unit", "lead_unit"), [302, 422]), (("lead_unit", "phone"), [302, 302])],
    ids=["the same field", "another field"],
)
def test_two_editors_who_save_at_once_lose_nothing(
    fields: tuple[str, str], answers: list[int]
) -> None:
    project = ProjectFactory()
    address = f"/projects/{project.pk}/edit/"
    sends = []
    for name, field in zip(("张三", "李四"), fields, strict=True):
        client = Client()
        client.force_login(
            make.UserFactory(username=name, park=project.park),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        form = client.get(address).context["form"]
        sent = {
            bound.html_name: bound.value()
            for bound in form
            if bound.value() not in (None, False) and not bound.field.disabled
        }
        opening = {f"initial-{key}": value for key, value in sent.items()} | {
            f"initial-{field}": ""
        }
        sends.append((client, {**sent, **opening, field: name}))
    results = _at_once(
        *(lambda client=client, data=data: client.post(address, data) for client, data in sends)
    )
    assert sorted(result.status_code for result in results) == answers
    project.refresh_from_db()
    if answers == [302, 302]:
        assert (project.lead_unit, project.phone) == ("张三", "李四")
    else:
        assert project.lead_unit in ("张三", "李四")


def test_drafts_of_the_same_instant_get_numbers_of_their_own() -> None:
    office = Office()
    results = _at_once(*[office.draft] * 6)
    assert sorted(item.number for item in results) == [f"议-2026-00{n}" for n in range(1, 7)]


def test_a_parent_is_not_closed_over_a_task_that_is_just_handed_over() -> None:
    office = Office()
    parent = office.passed()
    results = _at_once(
        lambda: ledgers.close(parent, by=office.leader, at=later(5)),
        lambda: office.draft(parent=parent, at=later(5)),
    )
    (refused,) = [result for result in results if isinstance(result, Exception)]
    assert type(refused) in (ChildrenOpen, ParentClosed)


def test_an_item_is_signed_for_once() -> None:
    office = Office()
    item = office.issued()
    results = _at_once(
        lambda: ledgers.accept(item, by=office.worker, at=later()),
        lambda: ledgers.accept(item, by=office.colleague, at=later()),
    )
    assert [type(r) for r in results if isinstance(r, Exception)] == [WrongState]
    assert kinds(item).count("accepted") == 1
