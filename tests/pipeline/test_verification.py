"""The verifier's queue: oldest first, in scope, complete or not, verified together."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Park, User
from pipeline import milestones, scrutiny, verification
from pipeline.facts import Question, gather, gather_all
from pipeline.models import FundsReceipt, Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind
from pipeline.verification import Narrowing
from tests import factories as make
from tests.factories import (
    DocumentFactory,
    FundsReceiptFactory,
    ProjectFactory,
    instant,
)

pytestmark = pytest.mark.django_db

NOON = instant("2026-09-30 12:00")
ALL = Narrowing()


def signing(day: int = 20, project: Project | None = None, **kwargs: Any) -> Milestone:
    """An open claim of a formal contract, made the morning after a day of September."""
    return make.claim(
        project or ProjectFactory(ready_to_sign=True),
        MilestoneKind.SIGNING,
        on=dt.date(2026, 9, day),
        contract_kind=ContractKind.FORMAL,
        amount=Decimal(1),
        **kwargs,
    )


def waiting(user: User, narrowing: Narrowing = ALL, **kwargs: Any) -> list[str]:
    return [i.key.name for i in verification.queue(user, narrowing, at=NOON, **kwargs).items]


def test_what_waits_longest_comes_first_whatever_it_is(verifier: User) -> None:
    late, early = signing(22), signing(10)
    receipt = FundsReceiptFactory(recorded_at=instant("2026-09-15 09:00"))
    assert waiting(verifier) == [f"m{early.pk}", f"r{receipt.pk}", f"m{late.pk}"]


def test_pages_of_the_queue_join_without_a_gap_even_at_one_instant(verifier: User) -> None:
    for _ in range(3):
        signing(20)
    FundsReceiptFactory.create_batch(3, recorded_at=make.after(dt.date(2026, 9, 20), 10))
    whole, names, beyond = waiting(verifier), [], None
    while True:
        page = verification.queue(verifier, ALL, at=NOON, beyond=beyond, size=2)
        names += [item.key.name for item in page.items]
        if (beyond := page.beyond) is None:
            break
    assert names == whole
    middle = verification.key_of(whole[3])
    assert middle is not None
    before, after = verification.neighbours(verifier, ALL, middle, at=NOON)
    assert (before and before.name, after and after.name) == (whole[2], whole[4])


def test_a_verifier_of_a_park_sees_that_park_s_only(
    park: Park, other_park: Park, verifier: User
) -> None:
    own = signing()
    other = signing(project=ProjectFactory(ready_to_sign=True, park=other_park))
    theirs = make.UserFactory(username="theirs", verifier=True, park=other_park)
    assert set(waiting(verifier)) == {f"m{own.pk}", f"m{other.pk}"}
    assert waiting(theirs) == [f"m{other.pk}"]
    assert verification.counts(theirs, ALL) == {"signing": 1, "funds": 0}


def test_what_is_decided_or_withdrawn_with_its_load_waits_no_more(verifier: User) -> None:
    verified, returned, undone = signing(), signing(), signing()
    milestones.verify(verified, by=verifier, at=NOON)
    milestones.return_(returned, reason="缺页", by=verifier, at=NOON)
    Project.objects.filter(pk=undone.project_id).update(withdrawn_at=NOON)
    assert waiting(verifier) == []


def test_the_queue_is_narrowed_by_kind_park_officer_and_age(
    park: Park, officer: User, other_park: Park, verifier: User
) -> None:
    old, new = signing(1), signing(28)
    elsewhere = signing(28, ProjectFactory(ready_to_sign=True, park=other_park))
    receipt = FundsReceiptFactory(recorded_at=instant("2026-09-29 09:00"))
    here = {f"m{old.pk}", f"m{new.pk}", f"r{receipt.pk}"}
    assert waiting(verifier, Narrowing(kind="funds")) == [f"r{receipt.pk}"]
    assert set(waiting(verifier, Narrowing(kind="signing"))) == {
        f"m{old.pk}",
        f"m{new.pk}",
        f"m{elsewhere.pk}",
    }
    assert set(waiting(verifier, Narrowing(park=park))) == here
    assert set(waiting(verifier, Narrowing(officer=officer))) == here
    assert waiting(verifier, Narrowing(no_park=True)) == []
    assert waiting(verifier, Narrowing(until=NOON - dt.timedelta(days=7))) == [f"m{old.pk}"]
    assert verification.counts(verifier, Narrowing(kind="funds", park=park)) == {
        "signing": 2,
        "funds": 1,
    }


def test_a_claim_whose_ground_shifted_or_was_waived_is_incomplete(
    manager: User, verifier: User
) -> None:
    whole = signing(1)
    bare = ProjectFactory(in_contact=True)
    waived = signing(2, bare, by=manager, override_reason="先签后补")
    shifted = signing(3)
    shifted.project.reviews.all().update(passed=False)
    unproved = FundsReceiptFactory(document=None, recorded_at=instant("2026-09-05 09:00"))
    complete = Narrowing(evidence="complete")
    assert waiting(verifier, complete) == [f"m{whole.pk}"]
    assert waiting(verifier, Narrowing(evidence="incomplete")) == [
        f"m{waived.pk}",
        f"m{shifted.pk}",
        f"r{unproved.pk}",
    ]
    by_name = {i.key.name: i for i in verification.queue(verifier, ALL, at=NOON).items}
    assert [n.code for n in by_name[f"m{shifted.pk}"].lacking] == ["admission"]
    assert by_name[f"m{waived.pk}"].waived
    assert not by_name[f"m{waived.pk}"].lacking


def test_facts_of_many_claims_are_those_of_each_by_itself(verifier: User) -> None:
    starting = ProjectFactory(ready_to_start=True)
    claims = [
        signing(),
        make.claim(starting, MilestoneKind.GROUNDBREAKING, on=dt.date(2026, 9, 1)),
        make.claim(
            ProjectFactory(ready_to_contact=True), MilestoneKind.CONTACT, on=dt.date(2026, 9, 2)
        ),
    ]
    today = timezone.localdate(NOON)
    together = gather_all([Question.about(m) for m in claims], today=today, known_at=NOON)
    for claim, facts in zip(claims, together, strict=True):
        question = Question.about(claim)
        alone = gather(
            claim.project,
            today=today,
            known_at=NOON,
            claim=question.claim,
            contract_kind=claim.contract_kind,
            expansion=claim.expansion,
            milestone=claim,
        )
        assert facts == alone


def test_a_page_of_twenty_asks_as_many_questions_as_one_of_one(verifier: User) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            verification.queue(verifier, ALL, at=NOON)
        return len(asked)

    signing()
    FundsReceiptFactory()
    one = questions()
    for _ in range(4):
        signing()
    FundsReceiptFactory.create_batch(4)
    assert questions() == one


def test_those_with_complete_evidence_are_verified_together_and_the_others_say_why(
    verifier: User, second_verifier: User
) -> None:
    good, shifted = signing(1), signing(2)
    shifted.project.reviews.all().update(passed=False)
    decided, receipt = signing(3), FundsReceiptFactory()
    own = FundsReceiptFactory(recorded_by=verifier)
    milestones.verify(decided, by=second_verifier, at=NOON)
    names = [f"m{good.pk}", f"m{shifted.pk}", f"m{decided.pk}", f"r{receipt.pk}", f"r{own.pk}"]
    report = verification.verify_together([*names, names[0], "m0", "x"], by=verifier, at=NOON)
    said = {outcome.item.key.name: outcome.refusal for outcome in report}
    assert set(said) == set(names)
    assert {name for name, refusal in said.items() if not refusal} == {names[0], names[3]}
    assert "逐件核验" in said[names[1]]
    assert "已经处理过" in said[names[2]]
    assert "自己登记" in said[names[4]]
    assert Milestone.objects.get(pk=good.pk).verified_by == verifier
    assert FundsReceipt.objects.get(pk=receipt.pk).verified_by == verifier
    assert Milestone.objects.get(pk=shifted.pk).state == "claimed"


def test_a_batch_reaches_nothing_out_of_sight(other_park: Park) -> None:
    theirs = make.UserFactory(username="theirs", verifier=True, park=other_park)
    claim = signing()
    assert verification.verify_together([f"m{claim.pk}"], by=theirs, at=NOON) == []
    assert Milestone.objects.get(pk=claim.pk).state == "claimed"


def test_what_follows_is_opened_next_and_after_the_last_the_first(verifier: User) -> None:
    first, last = signing(1), signing(2)
    keys = [i.key for i in verification.queue(verifier, ALL, at=NOON).items]
    milestones.verify(last, by=verifier, at=NOON)
    assert verification.next_after(verifier, ALL, keys[1], at=NOON) == keys[0]
    milestones.verify(first, by=verifier, at=NOON)
    assert verification.next_after(verifier, ALL, keys[0], at=NOON) is None


def _scrutinised(claim: Milestone, user: User) -> scrutiny.Scrutiny:
    return scrutiny.scrutinise(claim, user=user, today=timezone.localdate(NOON), at=NOON)


def test_each_requirement_stands_beside_what_meets_it(verifier: User) -> None:
    claim = signing()
    found = {p.need.code: p for p in _scrutinised(claim, verifier).points}
    assert {p.state for p in found.values()} == {"met"}
    assert [d.kind for d in found["contract"].documents] == ["contract"]
    assert "通过" in found["admission"].words
    assert found["park"].words == claim.project.park.name


def test_a_claim_made_again_shows_what_changed_since_its_return(verifier: User) -> None:
    first = signing(20)
    milestones.return_(first, reason="合同缺页", by=verifier, at=instant("2026-09-25 12:00"))
    DocumentFactory(project=first.project, kind="contract", uploaded_at=instant("2026-09-26 09:00"))
    again = signing(19, first.project, at=instant("2026-09-27 09:00"))
    [former] = _scrutinised(again, verifier).formers
    assert former.reason == "合同缺页"
    assert [(c.before, c.after) for c in former.changes] == [
        (dt.date(2026, 9, 20), dt.date(2026, 9, 19))
    ]
    assert len(former.added) == 1


def test_the_same_file_on_another_project_is_pointed_out(verifier: User, other_park: Park) -> None:
    claim = signing()
    contract = claim.documents.get()
    twin = ProjectFactory(park=other_park)
    DocumentFactory(project=twin, sha256=contract.sha256)
    [found] = _scrutinised(claim, verifier).twins
    assert (found.document, found.projects, found.hidden) == (contract, [twin], 0)
    of_park = make.UserFactory(username="own", verifier=True, park=claim.project.park)
    [masked] = _scrutinised(claim, of_park).twins
    assert (masked.projects, masked.hidden) == ([], 1)


def test_the_investor_s_other_signings_are_listed(verifier: User) -> None:
    claim = signing()
    other = ProjectFactory(signed=True, investor=claim.project.investor)
    assert [m.project for m in _scrutinised(claim, verifier).signings] == [other]


def test_decisions_are_listed_newest_first_and_one_s_own_on_request(
    verifier: User, second_verifier: User
) -> None:
    claim = signing()
    milestones.verify(claim, by=second_verifier, at=NOON)
    milestones.revoke(claim, reason="查无此事", by=verifier, at=NOON + dt.timedelta(hours=1))
    acts = [(d.act, d.by) for d in verification.decisions(verifier, mine=False)][:2]
    assert acts == [("revoked", verifier), ("verified", second_verifier)]
    assert {d.by for d in verification.decisions(verifier, mine=True)} == {verifier}
