"""Moving on from the board: what is supplied and the claim, all of it or nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.models import Contact, Park, User
from crm.refusals import NotAllowed
from pipeline import milestones, moving
from pipeline.models import Document, FactorNeed, Milestone, Project, Review
from pipeline.moving import Supplies
from pipeline.refusals import GateClosed
from pipeline.stages import Stage, Status
from tests.factories import (
    ChannelFactory,
    IndustryFactory,
    ProjectFactory,
    UserFactory,
    claim,
    instant,
    prepare_start,
)

NOW = instant("2026-11-24 10:00")
DAY = dt.date(2026, 11, 20)


def pdf(name: str = "合同.pdf", content: bytes = b"%PDF-1.7 contract") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def supply_and_claim(project: Project, supplies: Supplies, **kwargs: Any) -> Milestone:
    given = {"by": project.officer, "at": NOW, "occurred_on": DAY, **kwargs}
    move = given.pop("move", None) or moving.move_to(project)
    return moving.supply_and_claim(project, move=move, supplies=supplies, **given)


@pytest.mark.django_db
def test_the_next_stage_s_milestone_is_what_a_move_claims() -> None:
    assert moving.move_to(ProjectFactory()).kind == "contact"
    move = moving.move_to(ProjectFactory(in_contact=True), "signed")
    assert (move.stage, move.kind, move.contract_kind) == (Stage.SIGNED, "signing", "formal")
    expansion = ProjectFactory(in_contact=True, is_expansion=True)
    assert moving.move_to(expansion).contract_kind == "expansion"


@pytest.mark.django_db
def test_back_stay_and_skip_are_refused_with_words_why() -> None:
    project = ProjectFactory(signed=True)
    with pytest.raises(moving.Backwards, match="请核验员撤销里程碑"):
        moving.move_to(project, "contact")
    with pytest.raises(moving.AlreadyHere):
        moving.move_to(project, "signed")
    with pytest.raises(moving.SkipsStages, match="先申报“开工”"):
        moving.move_to(project, "producing")
    with pytest.raises(ValueError, match="nonsense"):
        moving.move_to(project, "nonsense")


@pytest.mark.django_db
def test_what_is_claimed_waits_and_what_is_ended_does_not_move() -> None:
    project = ProjectFactory(ready_to_contact=True)
    claim(project, "contact", on=dt.date(2026, 3, 1))
    with pytest.raises(moving.ClaimWaits):
        moving.move_to(project)
    lost = ProjectFactory(status=Status.LOST)
    with pytest.raises(moving.NotPursued, match="流失"):
        moving.move_to(lost)


@pytest.mark.django_db
def test_the_checklist_is_the_whole_gate_met_or_missing() -> None:
    project = ProjectFactory(in_contact=True)
    checks = moving.checklist(project, moving.move_to(project), at=NOW)
    met = {check.need.code: check.is_met for check in checks}
    assert met["park"]
    assert met["before_start"]
    assert not met["contract"]
    assert not met["industry"]
    assert not met["legality"]


@pytest.mark.django_db
def test_a_lead_is_brought_into_contact_with_all_that_was_missing() -> None:
    project = ProjectFactory()
    supplies = Supplies(
        fields={"duplicates_answer": "无重复"},
        contact={"name": "王经理", "title": "", "phone": "13800000000"},
        interaction={"kind": "visit_out", "occurred_on": DAY, "summary": "初次拜访"},
    )
    made = supply_and_claim(project, supplies)
    assert made.kind == "contact"
    assert made.state == "claimed"
    project.refresh_from_db()
    assert project.stage == Stage.LEAD  # until somebody verifies it
    assert Contact.objects.get(organization=project.investor).name == "王经理"


@pytest.mark.django_db
def test_a_contract_with_its_reviews_and_fields_is_claimed_at_once() -> None:
    project = ProjectFactory(in_contact=True)
    reviews = [
        {"kind": kind, "passed": True, "held_on": DAY, "note": ""}
        for kind in ("admission", "fair_competition", "legality")
    ]
    supplies = Supplies(
        fields={"industry": IndustryFactory(), "channel": ChannelFactory()},
        reviews=reviews,
        files=[("document:contract", "contract", pdf())],
    )
    made = supply_and_claim(project, supplies, amount=Decimal(50_000_000))
    assert made.amount == Decimal(50_000_000)
    assert [document.name for document in made.documents.all()] == ["合同.pdf"]


@pytest.mark.django_db
def test_land_that_is_named_is_met_and_unnamed_land_is_named() -> None:
    project = ProjectFactory(ready_to_start=True)
    FactorNeed.objects.filter(project=project).update(met_on=None)
    supplies = Supplies(land={"detail": "", "met_on": DAY})
    supply_and_claim(project, supplies)
    assert [need.met_on for need in project.factor_needs.all()] == [DAY]
    other = ProjectFactory(signed=True)
    prepare_start(other)
    FactorNeed.objects.filter(project=other).delete()
    supply_and_claim(other, Supplies(land={"detail": "A-12 地块", "met_on": DAY}))
    assert other.factor_needs.get().detail == "A-12 地块"


@pytest.mark.django_db
def test_what_is_still_missing_refuses_all_of_it() -> None:
    project = ProjectFactory(in_contact=True)
    supplies = Supplies(
        fields={"industry": IndustryFactory()},
        reviews=[{"kind": "legality", "passed": True, "held_on": DAY, "note": ""}],
        files=[("document:contract", "contract", pdf())],
    )
    with pytest.raises(GateClosed) as refused:
        supply_and_claim(project, supplies, amount=Decimal(1))
    assert {n.code for n in refused.value.details} == {"channel", "admission", "fair_competition"}
    project.refresh_from_db()
    assert project.industry is None
    assert not Review.objects.filter(project=project).exists()
    assert not Document.objects.filter(project=project).exists()


@pytest.mark.django_db
def test_one_thing_that_is_refused_says_which_and_refuses_all() -> None:
    project = ProjectFactory(ready_to_sign=True)
    supplies = Supplies(
        fields={"industry": IndustryFactory(code="15")},
        files=[("document:contract", "contract", pdf("x.exe", b"MZ"))],
    )
    with pytest.raises(moving.CannotSupply, match="不能作为证据") as refused:
        supply_and_claim(project, supplies, amount=Decimal(1))
    assert refused.value.supply == "document:contract"
    project.refresh_from_db()
    assert project.industry is not None
    assert project.industry.code == "32"
    future = {"kind": "legality", "passed": True, "held_on": dt.date(2027, 1, 1), "note": ""}
    with pytest.raises(moving.CannotSupply) as refused:
        supply_and_claim(project, Supplies(reviews=[future]), amount=Decimal(1))
    assert refused.value.supply == "review:legality"


def test_an_outsider_moves_nothing(outsider: User, park: Park) -> None:
    project = ProjectFactory(ready_to_contact=True)
    with pytest.raises(NotAllowed):
        supply_and_claim(project, Supplies(), by=outsider)


def test_a_manager_may_override_what_is_missing(manager: User) -> None:
    project = ProjectFactory(in_contact=True)
    made = supply_and_claim(
        project, Supplies(), amount=Decimal(1), override_reason="先签后补", by=manager
    )
    assert "contract" in made.waived


@pytest.mark.django_db
def test_the_stage_follows_the_verifier() -> None:
    project = ProjectFactory(ready_to_contact=True)
    made = supply_and_claim(project, Supplies())
    milestones.verify(made, by=UserFactory(username="verifier", verifier=True), at=NOW)
    project.refresh_from_db()
    assert project.stage == Stage.CONTACT
