"""What a milestone stands on, and what stands on it.

A groundbreaking carries out a signing, and a production follows a groundbreaking: of the
project, or of one of its expansions. The ground decides the earliest day, and the amount
that a milestone other than a signing stands for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import Q

from pipeline.days import Day
from pipeline.models import Milestone, Project
from pipeline.stages import ContractKind, MilestoneKind

# What a kind of milestone may not lie before.
STANDS_ON: dict[str, str] = {
    MilestoneKind.GROUNDBREAKING: MilestoneKind.SIGNING,
    MilestoneKind.PRODUCTION: MilestoneKind.GROUNDBREAKING,
}

# What cannot stand without an effective milestone of the kind.
FOLLOWERS: dict[str, tuple[str, ...]] = {
    MilestoneKind.SIGNING: (MilestoneKind.GROUNDBREAKING,),
    MilestoneKind.GROUNDBREAKING: (MilestoneKind.PRODUCTION, MilestoneKind.STATISTICS),
}


Ground = Mapping[str, Milestone | None]


def ground_of(
    project: Project,
    *,
    contract_kind: str = "",
    expansion: Milestone | None = None,
    ignoring: Milestone | None = None,
) -> Ground:
    """The effective signing, groundbreaking and production, by kind, that a claim has to fit.

    ``ignoring`` leaves out the milestone that is being corrected.
    """
    effective = Milestone.objects.effective().filter(project=project)
    if ignoring is not None:
        effective = effective.exclude(pk=ignoring.pk)
    return ground_among(effective, project, contract_kind=contract_kind, expansion=expansion)


def ground_among(
    effective: Iterable[Milestone],
    project: Project,
    *,
    contract_kind: str = "",
    expansion: Milestone | None = None,
) -> Ground:
    """The same, among the project's effective milestones.

    A claim of an expansion that stands on its project fits with that expansion's own
    milestones; anything else with the project's. An ``expansion`` that is no effective
    expansion contract of the project is no ground.
    """
    effective = list(effective)

    def own(kind: str) -> Milestone | None:
        wanted = expansion.pk if expansion else None
        return next((m for m in effective if m.kind == kind and m.expansion_id == wanted), None)

    if expansion is not None:
        signing = next((m for m in effective if m.pk == expansion.pk), None)
        if signing is not None and signing.contract_kind != ContractKind.EXPANSION:
            signing = None
    else:
        counted = ContractKind.EXPANSION if project.is_expansion else ContractKind.FORMAL
        signing = next((m for m in effective if m.contract_kind == counted), None)
    if contract_kind == ContractKind.EXPANSION and not project.is_expansion:
        return {"signing": signing, "groundbreaking": None, "production": None}
    return {
        "signing": signing,
        "groundbreaking": own(MilestoneKind.GROUNDBREAKING),
        "production": own(MilestoneKind.PRODUCTION),
    }


def earliest_day(kind: str, precision: str, ground: Ground) -> dt.date | None:
    """The day that a groundbreaking or production may not lie before, for the constraint."""
    base = ground.get(STANDS_ON.get(kind, ""))
    if base is None:
        return None
    return Day(base.occurred_on, base.precision).floor_for(precision)


def amount_of(project: Project, ground: Ground) -> Decimal | None:
    """What a milestone other than a signing stands for: the contract that it carries out."""
    contract = ground["signing"] or ground["groundbreaking"]
    return contract.amount if contract else project.agreed_investment


def built_on(project: Project, revoked: Milestone) -> Milestone | None:
    """An effective milestone that has lost its ground by this revocation."""
    if revoked.contract_kind == ContractKind.FRAMEWORK:
        return None
    followers = FOLLOWERS.get(MilestoneKind(revoked.kind), ())
    standing = Milestone.objects.effective().filter(project=project)
    if revoked.contract_kind == ContractKind.EXPANSION and not project.is_expansion:
        return standing.filter(kind__in=followers, expansion=revoked).first()
    own = Q(kind__in=followers, expansion=revoked.expansion)
    if revoked.contract_kind == ContractKind.FORMAL:
        own |= Q(contract_kind=ContractKind.EXPANSION)
    return standing.filter(own).first()
