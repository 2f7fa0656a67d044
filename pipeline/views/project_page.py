"""What a project's page shows, with the forms of those who may act on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django import forms
from django.db.models import Prefetch, QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from crm.http import SignedIn
from crm.models import User
from crm.rights import may
from pipeline import gates
from pipeline.facts import gather
from pipeline.forms.dossier import (
    ContactForm,
    DocumentForm,
    FactorForm,
    FundsForm,
    InteractionForm,
    OfProject,
    ReviewForm,
)
from pipeline.forms.milestones import ClaimForm, CorrectionForm, ReasonForm
from pipeline.forms.project_page import (
    ExpansionForm,
    FundsPlanForm,
    IssueForm,
    StatusForm,
    TaskForm,
)
from pipeline.models import Milestone, MilestoneShare, Project
from pipeline.stages import KIND_THAT_REACHES, ContractKind, MilestoneKind, Stage, stage_reached
from pipeline.views import project_sections
from pipeline.views.lead_section import lead_section
from pipeline.views.project_lights import small_lights
from pipeline.views.timeline import line


def project_page(
    request: SignedIn, project: Project, *, bound: Mapping[str, BaseForm] | None = None
) -> HttpResponse:
    """The page; ``bound`` holds a form that was refused, by its prefix, and answers 422."""
    now = timezone.now()
    today = timezone.localdate(now)
    project, user, refused = _whole(project), request.user, dict(bound or {})
    milestones = list(_milestones(project))
    may_edit = may(user, "project.edit", project) and not project.withdrawn_at
    sections = project_sections.sections(
        project, user=user, refused=refused, now=now, may_edit=may_edit
    )
    return render(
        request,
        "pipeline/project.html",
        {
            "project": project,
            "today": today,
            "days_in_stage": (
                today - (project.stage_since or timezone.localdate(project.created_at))
            ).days,
            "track": _track(project, milestones),
            "needs": _needs(project, milestones, now),
            "entries": [_entry(m, user, refused) for m in _newest_first(milestones)],
            "line": line(request, project),
            "may_edit": may_edit,
            "may_transfer": may(user, "attribution.change", project) and not project.withdrawn_at,
            "may_record": may(user, "interaction.record", project) and not project.withdrawn_at,
            "may_plan": may(user, "follow_up.edit", project) and not project.withdrawn_at,
            "may_verify_funds": may(user, "funds.verify", project),
            **sections,
            "small_lights": small_lights(milestones, sections["funds"], now=now, today=today),
            **lead_section(project, user, refused, now),
            **_forms(project, user, refused),
        },
        status=422 if bound else 200,
    )


# Name in the template: form and the right that it needs. Its prefix is the key under which
# a refused one comes back.
_ADDING: dict[str, tuple[type[OfProject], str]] = {
    "interaction_form": (InteractionForm, "project.edit"),
    "review_form": (ReviewForm, "project.edit"),
    "factor_form": (FactorForm, "project.edit"),
    "document_form": (DocumentForm, "project.edit"),
    "contact_form": (ContactForm, "project.edit"),
    "funds_form": (FundsForm, "funds.record"),
    "funds_plan_form": (FundsPlanForm, "funds.record"),
    "task_form": (TaskForm, "follow_up.edit"),
    "status_form": (StatusForm, "status.request"),
}


def _forms(
    project: Project, user: User, refused: Mapping[str, BaseForm]
) -> dict[str, BaseForm | None]:
    """The forms that the reader may use on this project."""
    if project.withdrawn_at:
        return {}
    adding: dict[str, BaseForm | None] = {
        name: refused.get(form.__name__.lower()) or form(project=project)
        for name, (form, act) in _ADDING.items()
        if may(user, act, project)
    }
    if project.stage == Stage.PRODUCING and may(user, "aftercare.edit", project):
        adding["issue_form"] = refused.get("issueform") or IssueForm(project=project)
        adding["expansion_form"] = refused.get("expansionform") or ExpansionForm(project=project)
    if may(user, "milestone.claim", project):
        adding["claim_form"] = refused.get("claim") or ClaimForm(project=project, user=user)
    return adding


def _whole(project: Project) -> Project:
    """The project with the rows it points at, in one query."""
    return Project.objects.select_related(
        "investor", "parent", "park", "industry", "channel", "team", "officer", "created_by", "load"
    ).get(pk=project.pk)


def _milestones(project: Project) -> QuerySet[Milestone]:
    return (
        project.milestones.select_related(
            "park",
            "claimed_by",
            "verified_by",
            "returned_by",
            "revoked_by",
            "load_row__load",
            "corrects",
            "expansion",
        )
        .prefetch_related(
            "documents",
            "corrections",
            "falsehoods",
            Prefetch("shares", MilestoneShare.objects.select_related("park")),
        )
        .order_by("occurred_on", "id")
    )


def _newest_first(milestones: list[Milestone]) -> list[Milestone]:
    """Open claims first, since they wait for somebody; then what counts, then what is past."""
    order = {"claimed": 0, "verified": 1, "returned": 2, "revoked": 3}
    return sorted(milestones, key=lambda m: (order[m.state], -m.occurred_on.toordinal(), -m.pk))


@dataclass(frozen=True, slots=True)
class Step:
    """A stage on the track: reached or not, since when, and whether the project stands there."""

    stage: Stage
    is_reached: bool
    is_current: bool
    milestone: Milestone | None


def _track(project: Project, milestones: list[Milestone]) -> list[Step]:
    here = Stage(project.stage)
    own = [m for m in milestones if m.is_effective and m.expansion_id is None]
    latest_first = sorted(own, key=lambda m: m.occurred_on, reverse=True)
    reached = {stage_reached(m.kind, m.contract_kind): m for m in latest_first}
    return [
        Step(stage, stage.rank <= here.rank, stage is here, reached.get(stage)) for stage in Stage
    ]


@dataclass(frozen=True, slots=True)
class Needs:
    """What the next stage still asks for; ``is_claimed``: a claim of it waits already."""

    stage: Stage
    is_claimed: bool
    requirements: list[gates.Requirement] = field(default_factory=list)


# Said in the claim itself, so it is not missing before there is one.
_IN_THE_CLAIM = frozenset({"occurred_on", "amount"})


def _needs(project: Project, milestones: list[Milestone], now: dt.datetime) -> Needs | None:
    """The still-missing list of the next stage, None where the project has reached the last.

    The files of a claim that waits already are not missing.
    """
    stages = list(Stage)
    following = stages[Stage(project.stage).rank + 1 :]
    if not following:
        return None
    kind = KIND_THAT_REACHES[following[0]]
    contract = ""
    if kind is MilestoneKind.SIGNING:
        contract = ContractKind.EXPANSION if project.is_expansion else ContractKind.FORMAL
    waiting = next((m for m in milestones if m.state == "claimed" and m.kind == kind), None)
    facts = gather(
        project,
        today=timezone.localdate(now),
        known_at=now,
        contract_kind=contract,
        milestone=waiting,
    )
    missing = [n for n in gates.missing(facts, kind, contract) if n.supply not in _IN_THE_CLAIM]
    return Needs(following[0], waiting is not None, missing)


@dataclass(frozen=True, slots=True)
class Entry:
    """A milestone with the forms of what the reader may do about it."""

    milestone: Milestone
    verify_form: BaseForm | None = None
    return_form: BaseForm | None = None
    revoke_form: BaseForm | None = None
    correct_form: BaseForm | None = None

    @property
    def has_acts(self) -> bool:
        return any((self.verify_form, self.return_form, self.revoke_form, self.correct_form))


def _entry(milestone: Milestone, user: User, refused: Mapping[str, BaseForm]) -> Entry:
    """Whoever claimed it is offered everything but to verify it."""
    offered: dict[str, BaseForm] = {}

    def offer(act: str, make: Callable[[str], BaseForm]) -> None:
        if may(user, f"milestone.{act}", milestone.project):
            prefix = f"{act}-{milestone.pk}"
            offered[f"{act}_form"] = refused.get(prefix) or make(prefix)

    if milestone.state == "claimed":
        offer("verify", lambda prefix: forms.Form(prefix=prefix))
        offer("return", lambda prefix: ReasonForm(prefix=prefix))
    elif milestone.state == "verified":
        offer("correct", lambda prefix: CorrectionForm(milestone=milestone))
        offer("revoke", lambda prefix: ReasonForm(prefix=prefix))
    return Entry(milestone, **offered)
