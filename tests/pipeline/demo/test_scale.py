from collections.abc import Callable

import pytest
from django.db.models import Count, Exists, OuterRef

from pipeline.models import FundsReceipt, Milestone, Project, StageChange
from pipeline.stages import ContractKind, MilestoneKind, Stage, stage_given_by
from tests.pipeline.demo.conftest import AT, seed_demo

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def invented(media: None, make_once: Callable[[Callable[[], object]], None]) -> None:
    make_once(lambda: seed_demo("--projects", "1500", "--seed", "3"))


def test_every_stage_is_what_the_milestones_give() -> None:
    for project in Project.objects.prefetch_related("milestones"):
        effective = [m for m in project.milestones.all() if m.is_effective]
        assert project.stage == stage_given_by((m.kind, m.contract_kind) for m in effective)
        if project.stage == Stage.LEAD:
            assert project.stage_since is None


def test_the_last_stage_change_names_the_stage() -> None:
    for project in Project.objects.prefetch_related("stage_changes"):
        changes = list(project.stage_changes.all())
        assert (changes[-1].to_stage if changes else Stage.LEAD) == project.stage
        passed = [Stage.LEAD, *(change.to_stage for change in changes)]
        assert [change.from_stage for change in changes] == passed[:-1]


def test_nothing_starts_before_it_is_signed_nor_is_claimed_before_its_ground_is_verified() -> None:
    starts = Milestone.objects.filter(kind=MilestoneKind.GROUNDBREAKING)
    signings = Milestone.objects.effective().filter(
        project=OuterRef("project"),
        kind=MilestoneKind.SIGNING,
        occurred_on__lte=OuterRef("occurred_on"),
    )
    verified = signings.filter(corrects__isnull=True, verified_at__lte=OuterRef("claimed_at"))
    corrected = signings.filter(corrects__isnull=False)
    assert starts.exists()
    assert not starts.filter(~Exists(signings)).exists()
    assert not starts.filter(~Exists(verified), ~Exists(corrected)).exists()


def test_there_is_some_of_everything() -> None:
    assert Milestone.objects.open().exists()
    assert Milestone.objects.filter(returned_at__isnull=False).exists()
    assert Milestone.objects.filter(revoked_at__isnull=False, corrections__isnull=True).exists()
    assert Milestone.objects.filter(corrects__isnull=False).exists()
    assert Milestone.objects.filter(shares__isnull=False).exists()
    assert FundsReceipt.objects.filter(amount__lt=0).exists()
    assert StageChange.objects.filter(to_stage=Stage.LEAD).exists()
    assert Project.objects.filter(park__isnull=True).exists()
    kinds = Milestone.objects.values("contract_kind").annotate(n=Count("id"))
    assert {kind["contract_kind"] for kind in kinds} >= set(ContractKind.values)


def test_shares_of_a_fact_add_up_to_it() -> None:
    for fact in [
        *Milestone.objects.filter(shares__isnull=False).distinct().prefetch_related("shares"),
        *FundsReceipt.objects.filter(shares__isnull=False).distinct().prefetch_related("shares"),
    ]:
        shares = list(fact.shares.all())
        assert sum(share.percent for share in shares) == 100
        assert sum(share.amount for share in shares) == fact.amount


def test_rows_entered_afterwards_get_ids_of_their_own() -> None:
    last = Project.objects.latest("id")
    investor, officer = last.investor, last.officer
    assert officer is not None
    new = Project.objects.create(
        name="后来的项目", investor=investor, created_at=AT, created_by=officer
    )
    assert new.pk > last.pk
