"""Milestones of a county's existing ledger, in bulk: an override of its own kind.

The workbook and its row stand as the evidence. What the gates ask of days and amounts
holds; what they ask in documents, people and interactions is waived
(``gates.missing_for_history``). Each milestone is marked historical, claimed by a system
user and verified by another; a correction revokes and claims anew.

Everything here works on batches: a fixed number of statements per batch, inside the
caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from crm.models import User
from crm.system_users import system_user
from pipeline import attribution
from pipeline.days import Day
from pipeline.gates import Claim, Facts, Requirement, missing_for_history
from pipeline.ground import STANDS_ON
from pipeline.models import (
    Attribution,
    FundsReceipt,
    LoadRow,
    Milestone,
    Project,
    StageChange,
)
from pipeline.stages import (
    ContractKind,
    MilestoneKind,
    Stage,
    stage_given_by,
    stage_reached,
)

ORDER = (
    MilestoneKind.SIGNING,
    MilestoneKind.FILING,
    MilestoneKind.GROUNDBREAKING,
    MilestoneKind.STATISTICS,
    MilestoneKind.PRODUCTION,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a ledger's row says of one milestone. ``amount`` in yuan, for signings."""

    day: Day
    contract_kind: str = ""
    amount: Decimal | None = None


Facts_ = Mapping[str, Fact]


@dataclass(slots=True)
class Entry:
    """One milestone to record: for which project and row, and what it takes the place of."""

    project: Project
    kind: str
    fact: Fact
    row: LoadRow
    replaces: Milestone | None = None


def claimant() -> User:
    """The system user under whom a ledger's milestones are claimed."""
    return system_user("history-claims", "历史台账")


def verifier() -> User:
    """The system verifier of a ledger's milestones where no person is named."""
    return system_user("history-import", "历史导入")


def missing(facts: Facts_, *, today: dt.date, is_expansion: bool) -> list[Requirement]:
    """What the gates miss in a row's milestones taken together; empty when they fit."""
    signing = facts.get(MilestoneKind.SIGNING)
    counted = signing if signing and signing.contract_kind != ContractKind.FRAMEWORK else None
    days = {kind: fact.day for kind, fact in facts.items()}
    needs: list[Requirement] = []
    for kind in ORDER:
        fact = facts.get(kind)
        if fact is None:
            continue
        known = Facts(
            today=today,
            claim=Claim(fact.day, fact.amount),
            is_expansion=is_expansion,
            signing=counted.day if counted else None,
            groundbreaking=days.get(MilestoneKind.GROUNDBREAKING),
            production=days.get(MilestoneKind.PRODUCTION),
        )
        needs += missing_for_history(known, kind, fact.contract_kind)
    return needs


def record(
    entries: Sequence[Entry],
    *,
    facts_of: Mapping[int, Facts_],
    created: Collection[int] = (),
    claimed_by: User,
    verified_by: User,
    at: dt.datetime,
    reason: str,
) -> list[Milestone]:
    """Record a batch: revoke what is replaced, claim and verify anew, move the projects.

    ``facts_of`` gives for each project (by id) its milestones as they are to be, which
    must have passed :func:`missing`; ``created`` names the projects that had none before.
    Returns the new milestones.
    """
    revoke(
        [entry.replaces for entry in entries if entry.replaces is not None],
        by=verified_by,
        at=at,
        reason=reason,
    )
    new: list[Milestone] = [
        Milestone(
            project=entry.project,
            kind=entry.kind,
            contract_kind=entry.fact.contract_kind,
            occurred_on=entry.fact.day.on,
            precision=entry.fact.day.precision,
            not_before=_earliest(entry.kind, entry.fact, facts_of[entry.project.pk]),
            amount=entry.fact.amount
            if entry.kind == MilestoneKind.SIGNING
            else entry.project.agreed_investment,
            corrects=entry.replaces,
            is_historical=True,
            load_row=entry.row,
            claimed_at=at,
            claimed_by=claimed_by,
            verified_at=at,
            verified_by=verified_by,
        )
        for entry in entries
    ]
    shared = place(new, on=[milestone.occurred_on for milestone in new])
    Milestone.objects.bulk_create(new, batch_size=1000)
    for milestone, shares in shared:
        attribution.fix_shares(milestone, shares)
    new_of: dict[int, list[Milestone]] = defaultdict(list)
    for milestone in new:
        new_of[milestone.project_id].append(milestone)
    restage(
        {entry.project.pk: entry.project for entry in entries}.values(),
        by=verified_by,
        at=at,
        reason=reason,
        known={pk: new_of[pk] for pk in created},
    )
    return new


def place(
    facts: Sequence[Milestone | FundsReceipt], *, on: Sequence[dt.date]
) -> list[tuple[Milestone | FundsReceipt, attribution.Shares]]:
    """Write on a batch what figures group it by as of the days ``on``; returns the shared.

    Only a project that was ever transferred is asked for its shares. Once the facts are
    stored, :func:`attribution.fix_shares` stores the shares.
    """
    moved = set(
        Attribution.objects.filter(project__in={fact.project_id for fact in facts}).values_list(
            "project", flat=True
        )
    )
    shared = []
    for fact, day in zip(facts, on, strict=True):
        if fact.project_id in moved:
            shared.append((fact, attribution.copy_dimensions(fact.project, fact, on=day)))
        else:
            attribution.copy_own_dimensions(fact.project, fact)
    return shared


def revoke(milestones: Iterable[Milestone], *, by: User, at: dt.datetime, reason: str) -> None:
    """Revoke a batch in one statement; the caller restages the projects."""
    ids = [milestone.pk for milestone in milestones]
    if ids:
        Milestone.objects.effective().filter(pk__in=ids).update(
            revoked_at=at, revoked_by=by, revoke_reason=reason[:200]
        )


def restage(
    projects: Iterable[Project],
    *,
    by: User,
    at: dt.datetime,
    reason: str,
    known: Mapping[int, list[Milestone]] | None = None,
) -> None:
    """Bring a batch of projects to the stage that their effective milestones give.

    As ``milestones.restage`` does for one, with a change for every stage that is passed,
    each effective on the day of the milestone that reached it; the stages themselves are
    then copied from the changes in one statement. ``known`` gives the effective milestones
    of projects that need not be asked for theirs.
    """
    by_id = {project.pk: project for project in projects}
    effective: dict[int, list[Milestone]] = defaultdict(list, known or {})
    asked = by_id.keys() - effective.keys()
    found = Milestone.objects.effective().filter(project__in=asked, expansion__isnull=True)
    for milestone in found.only("project_id", "kind", "contract_kind", "occurred_on"):
        effective[milestone.project_id].append(milestone)
    changes: list[StageChange] = []
    days: dict[int, dt.date] = {}
    shown: dict[int, dt.date | None] = {}  # stage_since as the statement below leaves it
    for pk, project in by_id.items():
        own = sorted(effective[pk], key=lambda m: stage_reached(m.kind, m.contract_kind).rank)
        stage = stage_given_by((m.kind, m.contract_kind) for m in own)
        before = Stage(project.stage)
        if own:
            days[pk] = min(
                m.occurred_on for m in own if stage_reached(m.kind, m.contract_kind) == stage
            )
        if stage.rank < before.rank:
            lost = own[-1] if own else _last_revoked(pk)
            changes.append(
                _change(project, before, stage, lost, timezone.localdate(at), by, at, reason)
            )
        for milestone in own:
            reached = stage_reached(milestone.kind, milestone.contract_kind)
            if before.rank < reached.rank <= stage.rank:
                changes.append(
                    _change(
                        project, before, reached, milestone, milestone.occurred_on, by, at, reason
                    )
                )
                before = reached
        shown[pk] = changes[-1].effective_on if stage != project.stage else project.stage_since
        project.stage = stage
        project.stage_since = days.get(pk)
    StageChange.objects.bulk_create(changes, batch_size=1000)
    latest = StageChange.objects.filter(project=OuterRef("pk")).order_by("-id")
    Project.objects.filter(pk__in={change.project_id for change in changes}).update(
        stage=Subquery(latest.values("to_stage")[:1]),
        stage_since=Subquery(latest.values("effective_on")[:1]),
    )
    # Moved back, or a day was corrected: the stage's first day is its milestone's.
    Project.objects.bulk_update(
        [project for pk, project in by_id.items() if shown[pk] != project.stage_since],
        ["stage_since"],
        batch_size=500,
    )


def _change(
    project: Project,
    before: Stage,
    after: Stage,
    milestone: Milestone,
    on: dt.date,
    by: User,
    at: dt.datetime,
    reason: str,
) -> StageChange:
    return StageChange(
        project=project,
        from_stage=before,
        to_stage=after,
        effective_on=on,
        changed_at=at,
        changed_by=by,
        milestone=milestone,
        reason=reason[:200],
    )


def _last_revoked(project_id: int) -> Milestone:
    return Milestone.objects.filter(project=project_id, revoked_at__isnull=False).latest(
        "revoked_at", "pk"
    )


def _earliest(kind: str, fact: Fact, facts: Facts_) -> dt.date | None:
    base = STANDS_ON.get(kind)
    return facts[base].day.floor_for(fact.day.precision) if base else None
