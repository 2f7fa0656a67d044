"""What stands on a person's calendar: their follow-ups, meetings and projects' planned days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from crm.models import User
from pipeline.models import Interaction, Project
from pipeline.stages import Stage, Status

MOST = 500
"""Of each kind: a window of days shows no more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on a day: ``kind`` is ``follow_up``, ``interaction``, ``start`` or ``finish``.

    ``pk`` is that of the follow-up, the interaction, or the project that plans the day.
    """

    kind: str
    day: dt.date
    pk: int
    title: str
    about: str = ""
    is_done: bool = False


def agenda(user: User, *, since: dt.date, until: dt.date) -> list[Entry]:
    """What is theirs from one day to another, both included, in the order of days; 3 queries."""
    entries = [*_follow_ups(user, since, until), *_met(user, since, until)]
    entries += _planned(user, since, until)
    order = {"start": 0, "finish": 1, "follow_up": 2, "interaction": 3}
    return sorted(entries, key=lambda entry: (entry.day, order[entry.kind], entry.pk))


def _follow_ups(user: User, since: dt.date, until: dt.date) -> list[Entry]:
    rows = (
        user.follow_ups.filter(Q(closed_at__isnull=True) | Q(is_done=True))
        .filter(due_on__gte=since, due_on__lte=until)
        .select_related("project", "organization")
        .order_by("due_on", "pk")
    )
    return [
        Entry(
            "follow_up",
            row.due_on,
            row.pk,
            row.what,
            str(row.project or row.organization or ""),
            is_done=row.closed_at is not None,
        )
        for row in rows[:MOST]
    ]


def _met(user: User, since: dt.date, until: dt.date) -> list[Entry]:
    took_part = Interaction.officers.through.objects.filter(user=user).values("interaction")
    rows = (
        Interaction.objects.current()
        .filter(pk__in=took_part, occurred_on__gte=since, occurred_on__lte=until)
        .select_related("project", "organization")
        .order_by("occurred_on", "pk")
    )
    return [
        Entry(
            "interaction",
            row.occurred_on,
            row.pk,
            f"{row.get_kind_display()} {row.organization}",
            str(row.project or ""),
            is_done=True,
        )
        for row in rows[:MOST]
    ]


def _planned(user: User, since: dt.date, until: dt.date) -> list[Entry]:
    """Days that their living projects plan to start or produce on, and have not yet."""
    rows = Project.objects.current().filter(officer=user, status=Status.ACTIVE)
    start = Q(planned_start_on__range=(since, until)) & ~Q(
        stage__in=[Stage.STARTED, Stage.PRODUCING]
    )
    finish = Q(planned_finish_on__range=(since, until)) & ~Q(stage=Stage.PRODUCING)
    entries = []
    for row in rows.filter(start | finish).order_by("pk")[:MOST]:
        is_started = row.stage in (Stage.STARTED, Stage.PRODUCING)
        if not is_started and row.planned_start_on and since <= row.planned_start_on <= until:
            entries.append(Entry("start", row.planned_start_on, row.pk, row.name))
        if row.planned_finish_on and since <= row.planned_finish_on <= until:
            entries.append(Entry("finish", row.planned_finish_on, row.pk, row.name))
    return entries
