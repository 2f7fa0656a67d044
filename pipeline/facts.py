"""What the gates need to know about a project, read in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from pipeline.gates import Claim, Day, Facts
from pipeline.models import (
    CountySettings,
    Document,
    FactorKind,
    FactorNeed,
    Milestone,
    Project,
    Review,
)
from pipeline.stages import ContractKind, MilestoneKind


def _day(milestone: Milestone | None) -> Day | None:
    return milestone and Day(milestone.occurred_on, milestone.precision)


def ground_of(
    project: Project,
    *,
    contract_kind: str = "",
    expansion: Milestone | None = None,
    ignoring: Milestone | None = None,
) -> dict[str, Milestone | None]:
    """The effective signing, groundbreaking and production that a claim has to fit with.

    A claim of an expansion that stands on its project fits with that expansion's own
    milestones; anything else with the project's. ``ignoring`` leaves out the milestone
    that is being corrected.
    """
    effective = [
        m
        for m in Milestone.objects.effective().filter(project=project)
        if ignoring is None or m.pk != ignoring.pk
    ]

    def own(kind: str) -> Milestone | None:
        wanted = expansion.pk if expansion else None
        return next((m for m in effective if m.kind == kind and m.expansion_id == wanted), None)

    if expansion is not None:
        signing = expansion if expansion.is_effective else None
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


def gather(
    project: Project,
    *,
    today: dt.date,
    known_at: dt.datetime,
    claim: Claim | None = None,
    contract_kind: str = "",
    expansion: Milestone | None = None,
    documents: Iterable[Document] = (),
    milestone: Milestone | None = None,
    ignoring: Milestone | None = None,
) -> Facts:
    """The facts of ``project`` for one claim.

    Documents count where they belong to no milestone yet, to ``milestone`` itself, to
    the one it corrects (``ignoring``), or are given in ``documents``.
    """
    free = project.documents.filter(milestone__isnull=True)
    for owner in (milestone, ignoring, milestone and milestone.corrects):
        if owner is not None:
            free = free | project.documents.filter(milestone=owner)
    kinds = Counter({d.pk: d.kind for d in [*free, *documents]}.values())
    ground = ground_of(project, contract_kind=contract_kind, expansion=expansion, ignoring=ignoring)
    return Facts(
        today=today,
        claim=claim or Claim(),
        has_investor=project.investor_id is not None,
        has_officer=project.officer_id is not None,
        has_contact_person=project.investor.contacts.exists(),
        has_interaction=project.interactions.exists(),
        duplicates_answered=bool(project.duplicates_answer),
        has_place=project.park_id is not None or project.is_county_level,
        has_industry=project.industry_id is not None,
        has_channel=project.channel_id is not None,
        is_expansion=project.is_expansion,
        project_code=project.project_code,
        documents=kinds,
        reviews={r.kind: r.passed for r in Review.objects.filter(project=project)},
        land_met=FactorNeed.objects.filter(
            project=project, kind=FactorKind.LAND, met_on__lte=today
        ).exists()
        and not FactorNeed.objects.filter(
            project=project, kind=FactorKind.LAND, met_on__isnull=True
        ).exists(),
        permit_required=CountySettings.objects.known_at(known_at).permit_required,
        formally_signed=any(
            m.contract_kind == ContractKind.FORMAL for m in (ground["signing"],) if m is not None
        ),
        signing=_day(ground["signing"]),
        groundbreaking=_day(ground["groundbreaking"]),
        production=_day(ground["production"]),
    )
