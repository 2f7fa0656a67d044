"""Moving a project on from the board: supplying what the gate asks for, and claiming.

Nothing moves here. What is supplied goes through the verbs that a project's page uses, the
claim through ``pipeline.milestones``, and the stage changes once a verifier agrees.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.contacts import add_contact
from crm.models import User
from crm.refusals import Refused
from pipeline import dossier, factors, milestones, projects
from pipeline.documents import attach
from pipeline.facts import gather
from pipeline.gates import GATES, Requirement
from pipeline.models import Document, FactorKind, Milestone, Project
from pipeline.stages import (
    KIND_THAT_REACHES,
    ContractKind,
    MilestoneKind,
    Precision,
    Stage,
    Status,
)


class AlreadyHere(Refused):
    """The project stands in that stage."""

    code = "already_here"


class Backwards(Refused):
    """A project goes back by revoking what brought it there."""

    code = "backwards"


class SkipsStages(Refused):
    """Each stage has a gate of its own: none is skipped."""

    code = "skips_stages"


class NotPursued(Refused):
    """The project is suspended, lost or terminated."""

    code = "not_pursued"


class ClaimWaits(Refused):
    """The move is claimed already and waits for a verifier."""

    code = "claim_waits"


class CannotSupply(Refused):
    """Something that was supplied was refused; ``supply`` says what (as ``Requirement``)."""

    code = "cannot_supply"

    def __init__(self, supply: str, refusal: Refused) -> None:
        super().__init__(refusal.message, details=refusal.details)
        self.supply, self.code = supply, refusal.code


@dataclass(frozen=True, slots=True)
class Move:
    """A move to the next stage: the milestone that has to be claimed for it."""

    stage: Stage
    kind: MilestoneKind
    contract_kind: str = ""


def move_to(project: Project, to: str = "") -> Move:
    """The move of a project to a stage, which has to be its next one.

    Without ``to`` whichever comes next. Raises ``Backwards``, ``AlreadyHere``,
    ``SkipsStages``, ``NotPursued``, ``ClaimWaits``; ``ValueError`` for no stage at all.
    """
    stages, here = list(Stage), Stage(project.stage)
    wanted = Stage(to) if to else stages[min(here.rank + 1, len(stages) - 1)]
    if wanted.rank < here.rank:
        raise Backwards(_("要退回阶段，请核验员撤销里程碑；撤销后项目自动退回"))
    if wanted is here:
        raise AlreadyHere(_("项目已经在“%(stage)s”阶段") % {"stage": here.label})
    if project.status != Status.ACTIVE:
        raise NotPursued(
            _("项目已%(status)s，请先在项目页恢复推进") % {"status": project.get_status_display()}
        )
    if wanted.rank > here.rank + 1:
        raise SkipsStages(
            _("不能跳过阶段：先申报“%(stage)s”，核验后再往下走")
            % {"stage": stages[here.rank + 1].label}
        )
    kind, contract = KIND_THAT_REACHES[wanted], ""
    if kind is MilestoneKind.SIGNING:
        contract = ContractKind.EXPANSION if project.is_expansion else ContractKind.FORMAL
    open_claims = Milestone.objects.open().filter(project=project, kind=kind, expansion=None)
    if open_claims.exclude(contract_kind=ContractKind.FRAMEWORK).exists():
        raise ClaimWaits(_("“%(stage)s”已经申报，等核验员核验") % {"stage": wanted.label})
    return Move(wanted, kind, contract)


@dataclass(frozen=True, slots=True)
class Check:
    """A requirement of the gate, and whether the project meets it before the claim."""

    need: Requirement
    is_met: bool


def checklist(project: Project, move: Move, *, at: dt.datetime) -> list[Check]:
    """The whole gate of a move, in the table's order; the day and amount are still open."""
    facts = gather(
        project,
        today=timezone.localdate(at),
        known_at=at,
        contract_kind=move.contract_kind,
    )
    return [Check(need, need.met(facts)) for need in GATES[move.kind, move.contract_kind]]


@dataclass(slots=True)
class Supplies:
    """What a person supplies on the way, each as the verb that takes it.

    ``fields`` of ``projects.EDITABLE``; a ``contact`` (name, title, phone); an
    ``interaction`` (kind, occurred_on, summary); ``reviews`` (kind, passed, held_on, note);
    ``land`` (detail, met_on); ``files`` by the requirement that asks for them and their kind.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] | None = None
    interaction: Mapping[str, Any] | None = None
    reviews: Sequence[Mapping[str, Any]] = ()
    land: Mapping[str, Any] | None = None
    files: Sequence[tuple[str, str, File[bytes]]] = ()


@transaction.atomic
def supply_and_claim(
    project: Project,
    *,
    move: Move,
    supplies: Supplies,
    occurred_on: dt.date,
    precision: str = Precision.DAY,
    amount: Decimal | None = None,
    note: str = "",
    override_reason: str = "",
    by: User,
    at: dt.datetime,
) -> Milestone:
    """Record what is supplied and claim the move, in one transaction: all of it or nothing.

    Raises ``CannotSupply`` where one thing is refused, ``NotAllowed``, ``AlreadyThere``, and
    ``GateClosed`` with what is still missing.
    """
    how: dict[str, Any] = {"by": by, "at": at}
    if supplies.fields:
        with _supplying("project"):
            project = projects.edit(project, fields=supplies.fields, **how)
    if supplies.contact:
        with _supplying("contacts"):
            add_contact(project.investor, **supplies.contact, **how)
    if supplies.interaction:
        with _supplying("interactions"):
            dossier.add_interaction(project, **supplies.interaction, **how)
    for review in supplies.reviews:
        with _supplying(f"review:{review['kind']}"):
            dossier.add_review(project, **review, **how)
    if supplies.land:
        with _supplying("factor:land"):
            _meet_land(project, **supplies.land, **how)
    documents: list[Document] = []
    for supply, kind, file in supplies.files:
        with _supplying(supply):
            documents.append(attach(project, file=file, kind=kind, **how))
    return milestones.claim(
        project,
        kind=move.kind,
        contract_kind=move.contract_kind,
        occurred_on=occurred_on,
        precision=precision,
        amount=amount,
        documents=documents,
        note=note,
        override_reason=override_reason,
        **how,
    )


@contextmanager
def _supplying(supply: str) -> Iterator[None]:
    try:
        yield
    except Refused as refusal:
        raise CannotSupply(supply, refusal) from refusal


def _meet_land(
    project: Project, *, detail: str, met_on: dt.date, by: User, at: dt.datetime
) -> None:
    """All land that is named and not met yet is met; where none is named, it is named."""
    needs = list(project.factor_needs.filter(kind=FactorKind.LAND))
    for need in needs:
        if need.met_on is None:
            factors.meet(need, on=met_on, by=by, at=at)
    if not needs:
        factors.add(project, kind=FactorKind.LAND, detail=detail, met_on=met_on, by=by, at=at)
