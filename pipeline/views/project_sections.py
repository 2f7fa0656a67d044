"""The sections of a project's page, each with what it shows and the forms of its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.forms import BaseForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Tag, User
from crm.rights import may
from pipeline import due, funds_plans, item_lists
from pipeline.clock_rules import rules_at
from pipeline.forms.project_page import DecisionForm, FactorEditForm, SolveForm, TagsForm
from pipeline.lights import Light, project_light
from pipeline.models import (
    AftercareIssue,
    FactorNeed,
    InteractionKind,
    LedgerItem,
    PlanChange,
    Project,
    StatusRequest,
)
from pipeline.stages import Stage

SHOWN = 50
"""So many rows of a section; the line of time has the older ones."""
CLOSED_SHOWN = 5
PROMISES = 10
LIGHT_WORDS = {
    Light.GREEN: _("按计划推进"),
    Light.YELLOW: _("错过计划的月份"),
    Light.RED: _("连续三个月错过计划"),
}


def sections(
    project: Project,
    *,
    user: User,
    refused: Mapping[str, BaseForm],
    now: dt.datetime,
    may_edit: bool,
) -> dict[str, Any]:
    """What the templates of the sections are given; a fixed number of queries."""
    today = timezone.localdate(now)
    light = project_light(project, today=today)
    return {
        "light": light,
        "light_words": LIGHT_WORDS.get(light, ""),
        **_funds(project, today),
        **_tasks(project),
        **_promises(project, user, now),
        **_tags(project, refused, may_edit=may_edit),
        **_status(project, user, refused),
        **_aftercare(project, user, refused, today),
        "documents": project.documents.select_related("uploaded_by", "milestone").order_by(
            "kind", "-pk"
        )[: 2 * SHOWN],
        "attributions": project.attributions.select_related("park", "recorded_by").prefetch_related(
            "shares__park"
        ),
        "reviews": project.reviews.select_related("recorded_by"),
        "factors": [_factor(need, refused, today) for need in project.factor_needs.all()],
        "plan_changes": [
            Slip.of(change)
            for change in project.plan_changes.select_related("recorded_by").order_by("-pk")[:SHOWN]
        ],
        "contacts": project.investor.contacts.current()[:SHOWN],
    }


def _funds(project: Project, today: dt.date) -> dict[str, Any]:
    receipts = project.funds_receipts.select_related(
        "verified_by", "recorded_by", "load_row__load", "document", "park"
    )
    return {
        "funds": funds_plans.progress(project, today=today),
        "receipts": receipts.order_by("-received_on", "-pk")[:SHOWN],
        "funds_plans": project.funds_plans.filter(withdrawn_at__isnull=True)[:SHOWN],
    }


def _tasks(project: Project) -> dict[str, Any]:
    steps = project.follow_ups.select_related("assignee", "closed_by")
    return {
        "open_tasks": steps.open()[:SHOWN],
        "closed_tasks": steps.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")[
            :CLOSED_SHOWN
        ],
    }


def _promises(project: Project, user: User, now: dt.datetime) -> dict[str, Any]:
    """The ledgers' items about the project that the person may see, newest first."""
    rows = LedgerItem.objects.visible_to(user).filter(project=project).order_by("-id")
    items = list(item_lists.whole(rows)[:PROMISES])
    return {
        "promises": items,
        "item_rules": rules_at(now) if items else None,
        "now": now,
        "may_draft_item": may(user, "item.draft"),
    }


def _tags(project: Project, refused: Mapping[str, BaseForm], *, may_edit: bool) -> dict[str, Any]:
    tags = list(project.tags.all())
    shown: dict[str, Any] = {"tags": tags}
    if may_edit:
        shown["tags_form"] = refused.get("tagsform") or TagsForm(project=project)
        shown["all_tags"] = Tag.objects.all()
        shown["tagged"] = {tag.pk for tag in tags}
    return shown


@dataclass(frozen=True, slots=True)
class Factor:
    """A need with its light and the form that changes it."""

    need: FactorNeed
    light: Light
    form: BaseForm


def _factor(need: FactorNeed, refused: Mapping[str, BaseForm], today: dt.date) -> Factor:
    form = refused.get(f"factor-{need.pk}") or FactorEditForm(need=need)
    return Factor(need, due.due_light(need.due_on, need.met_on, today=today), form)


@dataclass(frozen=True, slots=True)
class Slip:
    """A planned day that was moved, and by how many days; None where there was none."""

    change: PlanChange
    days: int | None

    @classmethod
    def of(cls, change: PlanChange) -> Slip:
        """Days later are positive."""
        if change.before is None or change.after is None:
            return cls(change, None)
        return cls(change, (change.after - change.before).days)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits, with what the reader may do about it."""

    request: StatusRequest
    may_decide: bool
    is_own: bool
    refuse_form: BaseForm


def _status(project: Project, user: User, refused: Mapping[str, BaseForm]) -> dict[str, Any]:
    waiting = (
        project.status_requests.filter(decided_at__isnull=True)
        .select_related("requested_by")
        .first()
    )
    asked = waiting and Asked(
        waiting,
        may(user, "status.approve", project),
        waiting.requested_by_id == user.pk,
        refused.get(f"refuse-{waiting.pk}") or DecisionForm(prefix=f"refuse-{waiting.pk}"),
    )
    return {
        "asked": asked,
        "status_changes": project.status_changes.select_related(
            "recorded_by", "approved_by"
        ).order_by("-id")[:SHOWN],
        "may_approve_status": may(user, "status.approve", project),
    }


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue with its light and the form that closes it."""

    issue: AftercareIssue
    light: Light
    form: BaseForm


def _aftercare(
    project: Project, user: User, refused: Mapping[str, BaseForm], today: dt.date
) -> dict[str, Any]:
    """Of a producing project only; expansions of any."""
    expansions = project.expansions.current().select_related("officer").order_by("-pk")[:SHOWN]
    if project.stage != Stage.PRODUCING:
        return {"expansions": expansions}
    open_first = F("solved_on").desc(nulls_first=True)
    issues = project.aftercare_issues.select_related("solved_by").order_by(open_first, "-raised_on")
    visits = project.interactions.current().filter(kind=InteractionKind.AFTERCARE)
    return {
        "expansions": expansions,
        "may_care": may(user, "aftercare.edit", project) and not project.withdrawn_at,
        "visits": visits.select_related("recorded_by")[:CLOSED_SHOWN],
        "issues": [
            Issue(
                issue,
                due.due_light(issue.due_on, issue.solved_on, today=today),
                refused.get(f"solve-{issue.pk}") or SolveForm(issue=issue),
            )
            for issue in issues.order_by(
                F("solved_on").desc(nulls_first=True), "-raised_on", "-pk"
            )[:SHOWN]
        ],
    }
