"""What a verifier compares: each requirement with what meets it, and what stands around."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from crm.models import User
from pipeline.facts import Question, evidence, gather_all
from pipeline.gates import GATES, Requirement
from pipeline.models import Document, FactorKind, Milestone, Project
from pipeline.stages import MilestoneKind

OTHERS = 10  # rows of what is shown beside a claim


@dataclass(frozen=True, slots=True)
class Point:
    """A requirement: ``met``, ``waived`` or ``missing``, in words, with its files."""

    need: Requirement
    state: str
    words: str = ""
    documents: Sequence[Document] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a claim as it was in an earlier one, and as it is."""

    label: str
    before: Any
    after: Any
    is_money: bool = False


@dataclass(frozen=True, slots=True)
class Former:
    """An earlier claim of the same: returned, or corrected by this one."""

    milestone: Milestone
    reason: str
    changes: list[Change] = field(default_factory=list)
    added: list[Document] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Twin:
    """The same file on other projects: those in the person's sight, and how many others."""

    document: Document
    projects: list[Project]
    hidden: int


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """All that is compared with one claim."""

    points: list[Point]
    evidence: list[Document]
    formers: list[Former]
    others: list[Milestone]
    signings: list[Milestone]
    twins: list[Twin]

    @property
    def lacking(self) -> list[Requirement]:
        return [point.need for point in self.points if point.state == "missing"]


def scrutinise(claim: Milestone, *, user: User, today: dt.date, at: dt.datetime) -> Scrutiny:
    """What to compare a claim with; ``claim`` comes with its project and investor.

    A decided claim is shown as it was decided: by the files that it keeps.
    """
    project = claim.project
    is_open = claim.state == "claimed"
    found = evidence(project, milestone=claim) if is_open else list(claim.documents.all())
    siblings = list(
        project.milestones.exclude(pk=claim.pk)
        .select_related("verified_by", "returned_by")
        .order_by("occurred_on", "pk")
    )
    formers = _formers(claim, siblings, found)
    return Scrutiny(
        points=_points(claim, found, siblings, today=today, at=at) if is_open else [],
        evidence=found,
        formers=formers,
        others=[m for m in siblings if m.is_effective],
        signings=_signings(project, user),
        twins=twins(found, project=project, user=user),
    )


def _points(
    claim: Milestone,
    found: list[Document],
    siblings: list[Milestone],
    *,
    today: dt.date,
    at: dt.datetime,
) -> list[Point]:
    facts = gather_all([Question.about(claim)], today=today, known_at=at)[0]
    waived = claim.waived.split(",")
    by_kind: dict[str, list[Document]] = defaultdict(list)
    for document in found:
        by_kind[document.kind].append(document)
    words = _Words(claim, siblings)
    points = []
    for need in GATES[claim.kind, claim.contract_kind]:
        is_met = need.met(facts)
        state = "met" if is_met else "waived" if need.code in waived else "missing"
        files = [document for kind in need.documents for document in by_kind[kind]]
        points.append(Point(need, state, words.of(need) if is_met else "", files))
    return points


class _Words:
    """What meets a requirement, in a few words; asks the database only for what is asked."""

    def __init__(self, claim: Milestone, siblings: list[Milestone]) -> None:
        self.claim, self.project, self.siblings = claim, claim.project, siblings

    def of(self, need: Requirement) -> str:
        what, _colon, kind = need.supply.partition(":")
        match what:
            case "investor":
                return self.project.investor.name
            case "officer" | "industry" | "channel":
                return str(getattr(self.project, what) or "")
            case "park":
                return self.project.park.name if self.project.park else _("县级项目")
            case "duplicates_answer" | "project_code":
                return str(getattr(self.project, what))
            case "contacts":
                names = self.project.investor.contacts.current().values_list("name", flat=True)
                return "、".join(names[:3])
            case "interactions":
                met = self.project.interactions.current().order_by("-occurred_on", "-pk").first()
                return f"{met.occurred_on.isoformat()} {met.get_kind_display()}" if met else ""
            case "review":
                return self._review(kind)
            case "factor":
                needs = self.project.factor_needs.filter(kind=FactorKind(kind))
                days = sorted(need.met_on for need in needs if need.met_on)
                return _("%(day)s 落实") % {"day": days[-1].isoformat()} if days else ""
            case "milestone":
                return self._effective(kind)
            case "occurred_on":
                return self._days(need)
        return ""

    def _review(self, kind: str) -> str:
        latest = self.project.reviews.filter(kind=kind).order_by("-held_on", "-pk").first()
        if latest is None:
            return ""
        outcome = _("通过") if latest.passed else _("未通过")
        return " ".join(filter(None, (latest.held_on.isoformat(), outcome, latest.note)))

    def _effective(self, kind: str) -> str:
        days = [
            m.occurred_on.isoformat() for m in self.siblings if m.is_effective and m.kind == kind
        ]
        return "、".join(days)

    def _days(self, need: Requirement) -> str:
        if need.code == "day":
            return self.claim.occurred_on.isoformat()
        before = {
            "after_signing": MilestoneKind.SIGNING,
            "after_groundbreaking": MilestoneKind.GROUNDBREAKING,
        }.get(need.code)
        if before is None or not (ground := self._effective(before)):
            return ""
        return f"{ground} → {self.claim.occurred_on.isoformat()}"


def _formers(claim: Milestone, siblings: list[Milestone], found: list[Document]) -> list[Former]:
    """The latest first: returned claims of the same kind, and what this one corrects."""
    former = [
        m
        for m in siblings
        if m.pk == claim.corrects_id
        or (
            m.returned_at is not None
            and m.returned_at <= claim.claimed_at
            and (m.kind, m.expansion_id) == (claim.kind, claim.expansion_id)
        )
    ]
    former.sort(key=lambda m: m.claimed_at, reverse=True)
    return [
        Former(
            m,
            m.return_reason or m.revoke_reason,
            _changes(m, claim) if place == 0 else [],
            [
                d
                for d in found
                if place == 0 and d.uploaded_at > (m.returned_at or m.revoked_at or d.uploaded_at)
            ],
        )
        for place, m in enumerate(former[:OTHERS])
    ]


def _changes(before: Milestone, after: Milestone) -> list[Change]:
    changes = [
        Change(_("发生日"), before.occurred_on, after.occurred_on),
        Change(_("金额"), before.amount, after.amount, is_money=True),
        Change(
            _("合同类型"), before.get_contract_kind_display(), after.get_contract_kind_display()
        ),
        Change(_("说明"), before.note, after.note),
    ]
    return [change for change in changes if change.before != change.after]


def _signings(project: Project, user: User) -> list[Milestone]:
    """What else the same investor has signed, the latest first."""
    return list(
        Milestone.objects.effective()
        .visible_to(user)
        .filter(
            project__investor=project.investor_id,
            project__withdrawn_at__isnull=True,
            kind=MilestoneKind.SIGNING,
        )
        .exclude(project=project)
        .select_related("project")
        .order_by("-occurred_on", "-pk")[:OTHERS]
    )


def twins(documents: Iterable[Document], *, project: Project, user: User) -> list[Twin]:
    """Files that other projects have as well, byte for byte: one contract, two projects?"""
    by_content = {document.sha256: document for document in documents}
    if not by_content:
        return []
    others = (
        Document.objects.filter(sha256__in=by_content, project__withdrawn_at__isnull=True)
        .exclude(project=project)
        .values_list("sha256", "project")
        .distinct()[:200]
    )
    on: dict[str, set[int]] = defaultdict(set)
    for content, pk in others:
        on[content].add(pk)
    ids = {pk for pks in on.values() for pk in pks}
    seen = Project.objects.visible_to(user).in_bulk(ids) if ids else {}
    return [
        Twin(
            by_content[content],
            [seen[pk] for pk in sorted(pks) if pk in seen][:OTHERS],
            len(pks - seen.keys()),
        )
        for content, pks in on.items()
    ]
