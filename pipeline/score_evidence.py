"""What a line of a score card is made of, where it is no figure: one case after the other."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import User
from pipeline.assessment import Holder
from pipeline.assessment_measures import Measure
from pipeline.models import (
    Escalation,
    Falsehood,
    Interaction,
    ItemEvent,
    LedgerItem,
    Milestone,
    Project,
)
from pipeline.score_window import Question

_WITH = {
    LedgerItem: ("unit",),
    ItemEvent: ("item", "recorded_by"),
    Falsehood: ("item", "milestone__project", "recorded_by"),
    Milestone: ("project", "revoked_by", "returned_by"),
    Interaction: ("organization", "project"),
}


@dataclass(slots=True)
class Case:
    """A line of evidence; ``part`` of ``whole`` counts. Without ``what`` it is not for this eye."""

    on: dt.date
    what: str
    note: str
    part: int = 1
    whole: int = 1
    item_id: int | None = None
    project_id: int | None = None
    milestone_id: int | None = None
    interaction_id: int | None = None


def evidence(measure: Measure, asked: Question, holder: Holder) -> QuerySet[Any]:
    """The records behind a measure of a holder, the latest first.

    By the predicate that is summed. Raises ``LookupError`` for a measure of figures.
    """
    if measure.rows is None:
        raise LookupError(measure.code)
    rows = measure.rows(asked).filter(holder=holder.id)
    return rows.select_related(*_WITH[rows.model]).order_by("-pk")


def cases(rows: Sequence[Any], asked: Question, *, user: User) -> list[Case]:
    """Records as lines that people read; what the lists hide from ``user`` has no name."""
    found = [_case(row) for row in rows]
    for case, row in zip(found, rows, strict=True):
        case.part, case.whole = row.part, row.whole
    _add_steps(found, asked)
    _hide(found, user)
    return found


@singledispatch
def _case(row: Any) -> Case:
    raise TypeError(type(row))


@_case.register
def _item(row: LedgerItem) -> Case:
    day = row.issued_on or timezone.localdate(row.created_at)
    return Case(day, f"{row.number} {row.goal}", str(row.get_state_display()), item_id=row.pk)


@_case.register
def _event(row: ItemEvent) -> Case:
    day = timezone.localdate(row.recorded_at)
    return Case(day, f"{row.item.number} {row.item.goal}", row.text, item_id=row.item_id)


@_case.register
def _falsehood(row: Falsehood) -> Case:
    note = f"{row.reason}（{row.recorded_by}）"
    if row.item is not None:
        what = f"{row.item.number} {row.item.goal}"
        return Case(row.found_on, what, note, item_id=row.item_id)
    case = _case(row.milestone)
    case.on, case.note = row.found_on, note
    return case


@_case.register
def _milestone(row: Milestone) -> Case:
    why = row.revoke_reason or row.return_reason
    who = row.revoked_by or row.returned_by
    note = f"{row.get_kind_display()} · {why}（{who}）"
    return Case(
        row.occurred_on, row.project.name, note, project_id=row.project_id, milestone_id=row.pk
    )


@_case.register
def _interaction(row: Interaction) -> Case:
    note = str(row.get_kind_display())
    return Case(
        row.occurred_on,
        row.organization.name,
        note,
        project_id=row.project_id,
        interaction_id=row.pk,
    )


def _add_steps(found: Sequence[Case], asked: Question) -> None:
    """To each item the steps of pressing that the card knows of; one query for a page."""
    items = {case.item_id for case in found if case.item_id is not None}
    if not items:
        return
    steps: dict[int, list[str]] = defaultdict(list)
    for step in Escalation.objects.filter(
        item__in=items,
        triggered_on__lte=asked.window.until,
        recorded_at__lte=asked.window.known_at,
    ).order_by("triggered_on", "level"):
        steps[step.item_id].append(f"{step.get_level_display()} {step.triggered_on.isoformat()}")
    for case in found:
        if case.item_id in steps:
            case.note = "；".join(filter(None, [case.note, "、".join(steps[case.item_id])]))


def _hide(found: Sequence[Case], user: User) -> None:
    if user.is_county_wide:
        return
    projects = {case.project_id for case in found if case.project_id is not None}
    visible: set[int] = set()
    if projects:
        rows = Project.objects.visible_to(user).filter(pk__in=projects)
        visible = set(rows.values_list("pk", flat=True))
    for case in found:
        if case.project_id is not None and case.project_id not in visible:
            case.what, case.note = _("其他园区的项目"), ""
            case.project_id = case.milestone_id = case.interaction_id = None
