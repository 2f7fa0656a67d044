"""Claiming, verifying, returning, revoking and correcting milestones.

These verbs are the only way to a stage: forms, the board, the importer, the API and the
admin call them, and each meets the same gate (``pipeline.gates``). A history load comes
in bulk through ``pipeline.history``, which uses the same gate and the same rule for the
stage. Each verb is one transaction and leaves a row that says who, when and why. ``at``
is the instant of the act, an aware datetime; its day in the county's time zone is the
"today" that days are checked against. Claiming and verifying are genuine activity of the
project (``pipeline.activity``); who claimed is told what became of it (``pipeline.told``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import ReasonNeeded
from crm.rights import require
from pipeline import activity, attribution, told
from pipeline.days import Day
from pipeline.facts import evidence, gather
from pipeline.field_history import sign
from pipeline.gates import GATES, Claim, Facts, Requirement, missing
from pipeline.ground import amount_of, built_on, earliest_day, ground_of
from pipeline.models import Document, Milestone, Project, StageChange
from pipeline.refusals import AlreadyDecided, AlreadyThere, GateClosed, OwnClaim, StillBuiltOn
from pipeline.stages import (
    ContractKind,
    MilestoneKind,
    Precision,
    Stage,
    stage_given_by,
    stage_reached,
)

__all__ = [
    "AlreadyDecided",
    "AlreadyThere",
    "GateClosed",
    "OwnClaim",
    "StillBuiltOn",
    "claim",
    "correct",
    "restage",
    "return_",
    "revoke",
    "verify",
]

# What may be different in a correction; another kind or project is another milestone.
CORRECTABLE = ("occurred_on", "precision", "amount", "contract_kind", "note")


@transaction.atomic
def claim(
    project: Project,
    *,
    kind: str,
    occurred_on: dt.date,
    by: User,
    at: dt.datetime,
    contract_kind: str = "",
    precision: str = Precision.DAY,
    amount: Decimal | None = None,
    expansion: Milestone | None = None,
    documents: Iterable[Document] = (),
    note: str = "",
    override_reason: str = "",
) -> Milestone:
    """Claim that a milestone happened; it counts once somebody else has verified it.

    ``amount`` is the contract's total in yuan, for signings. ``documents`` become the
    claim's evidence, and so do the project's unclaimed documents of the kinds that the
    gate asks for. Of a day known to the month the last of that month is kept, or today
    while it is running. With ``override_reason`` the waivable requirements that are not
    met are waived and listed on the milestone; that is a right of its own.

    Raises ``NotAllowed``, ``AlreadyThere``, ``GateClosed``; ``KeyError`` for a kind of
    milestone or contract that the gates do not know.
    """
    project = _locked(project)
    require(by, "milestone.claim", project)
    override_reason = override_reason.strip()
    if override_reason:
        require(by, "milestone.override", project)
    milestone = _claim(
        project,
        kind=kind,
        day=Day.counted(occurred_on, precision, today=timezone.localdate(at)),
        by=by,
        at=at,
        contract_kind=contract_kind,
        amount=amount,
        expansion=expansion,
        documents=documents,
        note=note,
        override_reason=override_reason,
    )
    activity.touch(project, on=timezone.localdate(at))
    return milestone


def _claim(
    project: Project,
    *,
    kind: str,
    day: Day,
    by: User,
    at: dt.datetime,
    contract_kind: str,
    amount: Decimal | None,
    expansion: Milestone | None,
    documents: Iterable[Document],
    note: str,
    override_reason: str = "",
    corrects: Milestone | None = None,
    waivable: Container[str] | None = None,
) -> Milestone:
    """Claim on a locked project; of what is missing, ``waivable`` may be (None: all)."""
    _refuse_second(project, kind=kind, contract_kind=contract_kind, expansion=expansion)
    facts = gather(
        project,
        today=timezone.localdate(at),
        known_at=at,
        claim=Claim(day, amount),
        contract_kind=contract_kind,
        expansion=expansion,
        ignoring=corrects,
    )
    if not override_reason:
        waivable = ()
    waived = _pass_gate(facts, kind, contract_kind, waivable=waivable)
    ground = ground_of(project, contract_kind=contract_kind, expansion=expansion)
    milestone = Milestone(
        project=project,
        kind=kind,
        contract_kind=contract_kind,
        expansion=expansion,
        occurred_on=day.on,
        precision=day.precision,
        not_before=earliest_day(kind, day.precision, ground),
        amount=amount if kind == MilestoneKind.SIGNING else amount_of(project, ground),
        note=note,
        corrects=corrects,
        override_reason=override_reason if waived else "",
        waived=",".join(need.code for need in waived),
        claimed_at=at,
        claimed_by=by,
    )
    attribution.copy_dimensions(project, milestone, on=day.on)
    milestone.save(force_insert=True)
    _attach(milestone, documents)
    return milestone


@transaction.atomic
def verify(milestone: Milestone, *, by: User, at: dt.datetime) -> Milestone:
    """Verify a claim: from ``at`` on it is effective, and the project moves by it.

    The gate is asked again, since the ground may have shifted after the claim. The
    project's park, channel, industry and officer are fixed on the milestone as they are
    for the day it happened. A formal contract takes the place of an effective framework
    agreement.

    Raises ``NotAllowed``, ``OwnClaim``, ``AlreadyDecided``, ``AlreadyThere``, ``GateClosed``.
    """
    project, milestone = _locked(milestone.project), _fresh(milestone)
    require(by, "milestone.verify", project)
    if milestone.claimed_by_id == by.pk:
        raise OwnClaim(_("不能核验自己申报的里程碑，请由另一位核验员核验"))
    if milestone.state != "claimed":
        raise AlreadyDecided(_("这份申报已经处理过，请刷新页面"))
    day = Day(milestone.occurred_on, milestone.precision)
    if milestone.contract_kind == ContractKind.FORMAL:
        _supersede_framework(project, by=by, at=at)
    _refuse_second(
        project,
        kind=milestone.kind,
        contract_kind=milestone.contract_kind,
        expansion=milestone.expansion,
        effective_only=True,
    )
    facts = gather(
        project,
        today=timezone.localdate(at),
        known_at=at,
        claim=Claim(day, milestone.amount),
        contract_kind=milestone.contract_kind,
        expansion=milestone.expansion,
        milestone=milestone,
    )
    waived = milestone.waived.split(",") if milestone.waived else []
    needs = [
        need
        for need in missing(facts, milestone.kind, milestone.contract_kind)
        if need.code not in waived
    ]
    if needs:
        raise GateClosed(needs)
    ground = ground_of(
        project, contract_kind=milestone.contract_kind, expansion=milestone.expansion
    )
    milestone.not_before = earliest_day(milestone.kind, milestone.precision, ground)
    if milestone.kind != MilestoneKind.SIGNING:
        milestone.amount = amount_of(project, ground)
    shares = attribution.copy_dimensions(project, milestone, on=milestone.occurred_on)
    milestone.verified_at, milestone.verified_by = at, by
    milestone.save()
    attribution.fix_shares(milestone, shares)
    if milestone.kind == MilestoneKind.SIGNING and _sets_investment(project, milestone):
        project.agreed_investment = milestone.amount
        sign(project, by=by, at=at)
        project.save(update_fields=["agreed_investment"])
    restage(project, milestone=milestone, by=by, at=at, reason=_("核验通过"))
    activity.touch(project, on=timezone.localdate(at))
    told.about_claim("milestone.verified", milestone, project=project, by=by, at=at)
    return milestone


@transaction.atomic
def return_(milestone: Milestone, *, reason: str, by: User, at: dt.datetime) -> Milestone:
    """Send a claim back to who made it, with the reason.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``AlreadyDecided``.
    """
    project, milestone = _locked(milestone.project), _fresh(milestone)
    require(by, "milestone.return", project)
    if not reason.strip():
        raise ReasonNeeded(_("请写明退回原因，申报人要据此补正"))
    if milestone.state != "claimed":
        raise AlreadyDecided(_("这份申报已经处理过，请刷新页面"))
    milestone.returned_at, milestone.returned_by = at, by
    milestone.return_reason = reason.strip()
    milestone.save(update_fields=["returned_at", "returned_by", "return_reason"])
    told.about_claim("milestone.returned", milestone, project=project, by=by, at=at, reason=reason)
    return milestone


@transaction.atomic
def revoke(milestone: Milestone, *, reason: str, by: User, at: dt.datetime) -> Milestone:
    """Take back a verified milestone: from ``at`` on it no longer counts.

    Figures as known before ``at`` keep it. The project moves back by the same rule that
    moved it forward. Refused while another effective milestone builds on this one.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``AlreadyDecided``, ``StillBuiltOn``.
    """
    project = _locked(milestone.project)
    require(by, "milestone.revoke", project)
    milestone = _revoke(milestone, reason=reason, by=by, at=at)
    _refuse_while_built_on(project, milestone)
    restage(project, milestone=milestone, by=by, at=at, reason=reason)
    told.about_claim("milestone.revoked", milestone, project=project, by=by, at=at, reason=reason)
    return milestone


@transaction.atomic
def correct(
    milestone: Milestone, *, reason: str, by: User, at: dt.datetime, **changes: Any
) -> Milestone:
    """Revoke a verified milestone and claim it anew with ``changes``, in one transaction.

    Returns the new claim, which names the old one in ``corrects`` and waits for another
    person to verify it. What is not in ``changes`` (``occurred_on``, ``precision``,
    ``amount``, ``contract_kind``, ``note``) stays; so does what had been waived, and
    nothing else is.

    Raises as :func:`revoke` and :func:`claim` do. What builds on the milestone stands,
    unless it would lose its ground: a contract of another kind is no ground, nor is the
    new claim of an expansion whose own progress names the old one. ``TypeError`` for a
    change of anything else.
    """
    project = _locked(milestone.project)
    require(by, "milestone.correct", project)
    old = _revoke(milestone, reason=reason, by=by, at=at)
    kept = {field: getattr(old, field) for field in CORRECTABLE}
    if unknown := changes.keys() - kept.keys():
        raise TypeError(f"a correction cannot change {sorted(unknown)}")
    new = {**kept, **changes}
    own_progress = old.contract_kind == ContractKind.EXPANSION and not project.is_expansion
    if own_progress or new["contract_kind"] != old.contract_kind:
        _refuse_while_built_on(project, old)
    day = Day(old.occurred_on, old.precision)  # a month's day stays as it was first kept
    if (new["occurred_on"], new["precision"]) != (old.occurred_on, old.precision):
        today = timezone.localdate(at)
        day = Day.counted(new["occurred_on"], new["precision"], today=today)
    replacement = _claim(
        project,
        kind=old.kind,
        day=day,
        by=by,
        at=at,
        contract_kind=new["contract_kind"],
        amount=new["amount"],
        note=new["note"],
        expansion=old.expansion,
        documents=(),
        override_reason=old.override_reason
        or (str(_("更正历史导入")) if old.is_historical else ""),
        corrects=old,
        waivable=None if old.is_historical else old.waived.split(","),
    )
    restage(project, milestone=old, by=by, at=at, reason=reason)
    told.about_claim("milestone.corrected", old, project=project, by=by, at=at, reason=reason)
    return replacement


def restage(
    project: Project, *, milestone: Milestone, by: User, at: dt.datetime, reason: Any
) -> StageChange | None:
    """Bring a locked project to the stage that its effective milestones give.

    Writes one ``StageChange`` where that is another stage than before: effective on the
    milestone's day when it moves forward, on the day of the act when it moves back.
    """
    effective = Milestone.objects.effective().filter(project=project, expansion__isnull=True)
    facts = list(effective.values_list("kind", "contract_kind", "occurred_on"))
    stage = stage_given_by((kind, contract) for kind, contract, _day in facts)
    if stage == project.stage:
        return None
    forward = stage.rank > Stage(project.stage).rank
    change = StageChange.objects.create(
        project=project,
        from_stage=project.stage,
        to_stage=stage,
        effective_on=milestone.occurred_on if forward else timezone.localdate(at),
        changed_at=at,
        changed_by=by,
        milestone=milestone,
        reason=str(reason)[:200],
    )
    project.stage = stage
    project.stage_since = min(
        (day for kind, contract, day in facts if stage_reached(kind, contract) == stage),
        default=None,
    )
    sign(project, by=by, at=at)
    project.save(update_fields=["stage", "stage_since"])
    return change


def _locked(project: Project) -> Project:
    """The project as stored now, locked until the transaction ends (SQLite locks whole)."""
    return (
        Project.objects.select_for_update(of=("self",))
        .select_related("investor")
        .get(pk=project.pk)
    )


def _fresh(milestone: Milestone) -> Milestone:
    return Milestone.objects.select_related("expansion", "corrects").get(pk=milestone.pk)


def _refuse_second(
    project: Project,
    *,
    kind: str,
    contract_kind: str,
    expansion: Milestone | None,
    effective_only: bool = False,
) -> None:
    """At most one open claim and one effective milestone of a kind; expansions excepted.

    A formal contract may be claimed on top of an effective framework agreement.
    """
    if contract_kind == ContractKind.EXPANSION:
        return
    same = Milestone.objects.filter(project=project, kind=kind, expansion=expansion).exclude(
        contract_kind=ContractKind.EXPANSION
    )
    effective = same.effective()
    if contract_kind == ContractKind.FORMAL:
        effective = effective.exclude(contract_kind=ContractKind.FRAMEWORK)
    if effective.exists():
        raise AlreadyThere(_("这个里程碑已经核验过；有误请由核验员更正或撤销"))
    if not effective_only and same.open().exists():
        raise AlreadyThere(_("这个里程碑已有一份申报在等核验"))


def _pass_gate(
    facts: Facts, kind: str, contract_kind: str, *, waivable: Container[str] | None
) -> list[Requirement]:
    """The requirements that were waived; ``GateClosed`` where one is missing for good.

    ``waivable`` are the codes that may be waived, None for all that ever may.
    """
    needs = missing(facts, kind, contract_kind)
    lasting = [
        need
        for need in needs
        if not need.waivable or (waivable is not None and need.code not in waivable)
    ]
    if lasting:
        raise GateClosed(lasting)
    return needs


def _sets_investment(project: Project, signing: Milestone) -> bool:
    """Whether a signing states the project's own total, not an expansion's on top of it."""
    return signing.contract_kind != ContractKind.EXPANSION or project.is_expansion


def _supersede_framework(project: Project, *, by: User, at: dt.datetime) -> None:
    framework = Milestone.objects.effective().filter(
        project=project, contract_kind=ContractKind.FRAMEWORK
    )
    framework.update(revoked_at=at, revoked_by=by, revoke_reason=str(_("升级为正式合同")))


def _revoke(milestone: Milestone, *, reason: str, by: User, at: dt.datetime) -> Milestone:
    milestone = _fresh(milestone)
    if not reason.strip():
        raise ReasonNeeded(_("请写明撤销原因，报表更正时要列出"))
    if not milestone.is_effective:
        raise AlreadyDecided(_("只有已核验且未撤销的里程碑可以撤销，请刷新页面"))
    milestone.revoked_at, milestone.revoked_by = at, by
    milestone.revoke_reason = reason.strip()
    milestone.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
    return milestone


def _refuse_while_built_on(project: Project, revoked: Milestone) -> None:
    still = built_on(project, revoked)
    if still is not None:
        raise StillBuiltOn(
            _("请先撤销%(kind)s（%(day)s）：它以这个里程碑为前提")
            % {"kind": still.get_kind_display(), "day": still.occurred_on}
        )


def _attach(milestone: Milestone, documents: Iterable[Document]) -> None:
    """Make ``documents`` a claim's evidence, and what lies ready of the kinds it needs."""
    gate = GATES[milestone.kind, milestone.contract_kind]
    asked = {kind for need in gate for kind in need.documents}
    given = {document.pk for document in documents}
    ready = [d.pk for d in evidence(milestone.project) if d.kind in asked or d.pk in given]
    Document.objects.filter(pk__in=ready).update(milestone=milestone)
