"""What the gates need to know about a project, read in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from crm.models import Contact
from pipeline.days import Day
from pipeline.gates import Claim, Facts
from pipeline.ground import ground_among
from pipeline.models import (
    CountySettings,
    Document,
    FactorKind,
    FactorNeed,
    Interaction,
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


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a project: which claim, on which contract, and what it corrects.

    ``milestone`` is the claim itself where there is one already; ``ignoring`` the milestone
    that a new claim is to take the place of.
    """

    project: Project
    claim: Claim = field(default_factory=Claim)
    contract_kind: str = ""
    expansion: Milestone | None = None
    milestone: Milestone | None = None
    ignoring: Milestone | None = None

    @classmethod
    def about(cls, claimed: Milestone) -> Question:
        """Whether a claim that waits may be verified."""
        return cls(
            claimed.project,
            Claim(Day(claimed.occurred_on, claimed.precision), claimed.amount),
            claimed.contract_kind,
            claimed.expansion,
            milestone=claimed,
        )


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
    question = Question(project, claim or Claim(), contract_kind, expansion, milestone, ignoring)
    return gather_all([question], today=today, known_at=known_at)[0]


def gather_all(
    questions: Sequence[Question], *, today: dt.date, known_at: dt.datetime
) -> list[Facts]:
    """The facts for each of many claims, in as many queries as for one."""
    projects = {question.project.pk for question in questions}
    investors = {question.project.investor_id for question in questions}
    people = Contact.objects.current().filter(organization__in=investors)
    met = Interaction.objects.current().filter(project__in=projects)
    with_people = set(people.values_list("organization", flat=True).distinct())
    with_talks = set(met.values_list("project", flat=True).distinct())
    milestones = _by_project(Milestone.objects.filter(project__in=projects))
    documents = _by_project(Document.objects.filter(project__in=projects))
    reviews = _by_project(Review.objects.filter(project__in=projects))
    land = _by_project(FactorNeed.objects.filter(project__in=projects, kind=FactorKind.LAND))
    permit = CountySettings.objects.known_at(known_at).permit_required
    found = []
    for question in questions:
        project, own = question.project, milestones[question.project.pk]
        resting = _chain(question.milestone or question.ignoring, own)
        returned = {m.pk for m in own if m.returned_at is not None}
        usable = [
            document.kind
            for document in documents[project.pk]
            if document.milestone_id is None or document.milestone_id in returned | resting
        ]
        ignored = question.ignoring.pk if question.ignoring else None
        ground = ground_among(
            [m for m in own if m.is_effective and m.pk != ignored],
            project,
            contract_kind=question.contract_kind,
            expansion=question.expansion,
        )
        needs = land[project.pk]
        found.append(
            Facts(
                today=today,
                claim=question.claim,
                has_investor=project.investor_id is not None,
                has_officer=project.officer_id is not None,
                has_contact_person=project.investor_id in with_people,
                has_interaction=project.pk in with_talks,
                duplicates_answered=bool(project.duplicates_answer),
                has_place=project.park_id is not None or project.is_county_level,
                has_industry=project.industry_id is not None,
                has_channel=project.channel_id is not None,
                is_expansion=project.is_expansion,
                project_code=project.project_code,
                documents=Counter(usable),
                reviews={review.kind: review.passed for review in reviews[project.pk]},
                land_met=bool(needs) and all(n.met_on and n.met_on <= today for n in needs),
                permit_required=permit,
                formally_signed=ground["signing"] is not None
                and ground["signing"].contract_kind == ContractKind.FORMAL,
                signing=_day(ground["signing"]),
                groundbreaking=_day(ground["groundbreaking"]),
                production=_day(ground["production"]),
            )
        )
    return found


def _by_project(rows: QuerySet[Any]) -> Mapping[int, list[Any]]:
    """Rows in their own order, by project; none for a project that has none."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.project_id].append(row)
    return found


def _chain(milestone: Milestone | None, own: Iterable[Milestone]) -> set[int]:
    """The milestone with what it corrects, what that corrects, and so on."""
    corrected = {m.pk: m.corrects_id for m in own}
    chain: set[int] = set()
    link = milestone.pk if milestone else None
    while link is not None and link not in chain:
        chain.add(link)
        link = corrected.get(link)
    return chain
