"""What the gates need to know about a project, read in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db.models import Q

from pipeline.days import Day
from pipeline.gates import Claim, Facts
from pipeline.ground import ground_of
from pipeline.models import (
    CountySettings,
    Document,
    FactorKind,
    FactorNeed,
    Milestone,
    Project,
    Review,
)
from pipeline.stages import ContractKind


def _day(milestone: Milestone | None) -> Day | None:
    return None if milestone is None else Day(milestone.occurred_on, milestone.precision)


def evidence(
    project: Project, *, milestone: Milestone | None = None, ignoring: Milestone | None = None
) -> list[Document]:
    """The project's documents that a claim may rest on.

    Those of no milestone, of a claim that was returned, of ``milestone`` itself, and of
    what it corrects (``ignoring``), which keeps them, however often it was corrected.
    """
    own: list[int] = []
    link = milestone or ignoring
    while link is not None:
        own.append(link.pk)
        link = link.corrects
    return list(
        project.documents.filter(
            Q(milestone__isnull=True)
            | Q(milestone__returned_at__isnull=False)
            | Q(milestone__in=own)
        )
    )


def _land_met(project: Project, today: dt.date) -> bool:
    """Whether the project's land is named, and all of it met by ``today``."""
    days = FactorNeed.objects.filter(project=project, kind=FactorKind.LAND).values_list(
        "met_on", flat=True
    )
    met = [day is not None and day <= today for day in days]
    return bool(met) and all(met)


def gather(
    project: Project,
    *,
    today: dt.date,
    known_at: dt.datetime,
    claim: Claim | None = None,
    contract_kind: str = "",
    expansion: Milestone | None = None,
    milestone: Milestone | None = None,
    ignoring: Milestone | None = None,
) -> Facts:
    """The facts of ``project`` for one claim.

    ``known_at`` is the instant whose settings hold; documents count where
    :func:`evidence` finds them.
    """
    found = evidence(project, milestone=milestone, ignoring=ignoring)
    ground = ground_of(project, contract_kind=contract_kind, expansion=expansion, ignoring=ignoring)
    return Facts(
        today=today,
        claim=claim or Claim(),
        has_investor=project.investor_id is not None,
        has_officer=project.officer_id is not None,
        has_contact_person=project.investor.contacts.current().exists(),
        has_interaction=project.interactions.current().exists(),
        duplicates_answered=bool(project.duplicates_answer),
        has_place=project.park_id is not None or project.is_county_level,
        has_industry=project.industry_id is not None,
        has_channel=project.channel_id is not None,
        is_expansion=project.is_expansion,
        project_code=project.project_code,
        documents=Counter(document.kind for document in found),
        reviews={r.kind: r.passed for r in Review.objects.filter(project=project)},
        land_met=_land_met(project, today),
        permit_required=CountySettings.objects.known_at(known_at).permit_required,
        formally_signed=any(
            m.contract_kind == ContractKind.FORMAL for m in (ground["signing"],) if m is not None
        ),
        signing=_day(ground["signing"]),
        groundbreaking=_day(ground["groundbreaking"]),
        production=_day(ground["production"]),
    )
