"""The ledger of signed projects that have not started fills and empties itself.

What belongs into it is the figure ``signed_not_started`` (``pipeline.figures``): a project
that comes into the figure gets an item, handed over to whoever answers for it; one that
leaves the figure has its item closed with the reason, a verified groundbreaking first of
all. A groundbreaking that is revoked brings the project back: a new item that reopens the
closed one. Running it again, or after missed runs, changes nothing more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import Unit, User
from crm.system_users import system_user
from crm.units import UnitNames
from pipeline import ledgers
from pipeline.figures import Window, signed_not_started, terminated
from pipeline.ledger_events import happened
from pipeline.ledger_refusals import ChildrenOpen
from pipeline.meetings import LeaderNames
from pipeline.models import (
    EventKind,
    ItemState,
    Ledger,
    LedgerItem,
    LedgerKind,
    Milestone,
    Project,
    StatusChange,
)
from pipeline.models.ledgers import LedgerItemQuerySet
from pipeline.stages import MilestoneKind

ACT = "schedule.run"
CHUNK = 200
"""Projects of one transaction, during which nobody else numbers items of the ledger."""
SHOWN = 160
"""Characters of a project's name in what is to be done."""
FINAL = (ItemState.CLOSED, ItemState.WITHDRAWN)


@dataclass(slots=True)
class Filled:
    """What a run did, in items: ``reopened`` are among ``opened``.

    ``held`` stay open because tasks under them are; ``nobody`` are projects, by id, of no
    park and no unit that is known: nobody can be handed the item.
    """

    opened: int = 0
    reopened: int = 0
    closed: int = 0
    held: int = 0
    nobody: list[int] = field(default_factory=list)


def fill(*, at: dt.datetime) -> Filled:
    """Bring the ledger to what the figure says on the local day of ``at``.

    Does nothing where the county has no ledger of the kind, or has laid it aside.
    """
    done = Filled()
    ledger = Ledger.objects.filter(kind=LedgerKind.NOT_STARTED, closed_at=None).first()
    if ledger is None:
        return done
    today = timezone.localdate(at)
    window = Window(today.year, today, at)
    waiting = set(signed_not_started(window).values_list("project_id", flat=True))
    with translation.override(settings.LANGUAGE_CODE):
        run = _Run(ledger, window, by=clerk())
        listed = set(_open_items(ledger).order_by().values_list("project_id", flat=True))
        for projects in _chunks(sorted(listed - waiting)):
            run.close(projects, done)
        for projects in _chunks(sorted(waiting - listed)):
            run.open(projects, done)
    return done


def clerk() -> User:
    """Under whom the ledger fills itself."""
    return system_user("ledger-clerk", "台账自动登记")


class _Run:
    """One run: the ledger, the window, and who is who, read once."""

    def __init__(self, ledger: Ledger, window: Window, *, by: User) -> None:
        self.ledger, self.window, self.by = ledger, window, by
        self.at, self.today = window.known_at, window.as_of
        units = list(Unit.objects.all())
        self.units = UnitNames(units)
        self.committees = {unit.park_id: unit for unit in units if unit.park_id}
        self.leaders = LeaderNames()

    @transaction.atomic
    def open(self, projects: list[int], done: Filled) -> None:
        """Items of the projects that have none that is open."""
        self._hold()
        theirs = _open_items(self.ledger).filter(project__in=projects)
        listed = set(theirs.values_list("project_id", flat=True))
        new = [project for project in projects if project not in listed]
        before = self._closed_before(new)
        for project in Project.objects.current().filter(pk__in=new).order_by("pk"):
            unit = self._unit_of(project)
            if unit is None:
                done.nobody.append(project.pk)
                continue
            self._hand_over(project, unit, before.get(project.pk))
            done.opened += 1
            done.reopened += project.pk in before

    @transaction.atomic
    def close(self, projects: list[int], done: Filled) -> None:
        """The open items of projects that are no longer waiting; drafts are people's own."""
        self._hold()
        rows = _open_items(self.ledger).filter(project__in=projects, issued_on__isnull=False)
        reasons = self._reasons(projects)
        for item in rows.select_related("ledger", "unit").order_by("pk"):
            project = item.project_id
            text = reasons.get(project, "") if project is not None else ""
            try:
                ledgers.close_by_itself(
                    item, text=text or _("项目已不在签约未开工之列"), by=self.by, at=self.at
                )
            except ChildrenOpen:
                done.held += 1
            else:
                done.closed += 1

    def _hold(self) -> None:
        """Two runs at a time open no item twice."""
        Ledger.objects.select_for_update().get(pk=self.ledger.pk)

    def _closed_before(self, projects: list[int]) -> dict[int, LedgerItem]:
        """The last closed item of each project, unless it was reopened already."""
        rows = self.ledger.items.filter(
            project__in=projects, state=ItemState.CLOSED, reopened_as__isnull=True
        )
        return {row.project_id: row for row in rows.order_by("pk") if row.project_id is not None}

    def _unit_of(self, project: Project) -> Unit | None:
        """The unit that the project names, or else the committee of its park."""
        named = self.units.find(project.lead_unit) if project.lead_unit else None
        return named or (self.committees.get(project.park_id) if project.park_id else None)

    def _hand_over(self, project: Project, unit: Unit, before: LedgerItem | None) -> None:
        planned = project.planned_start_on
        leader = self.leaders.find(project.patron_leader) if project.patron_leader else None
        item = ledgers.hand_over(
            self.ledger,
            goal=_("推动“%s”开工") % project.name[:SHOWN],
            unit=unit,
            act=ACT,
            by=self.by,
            at=self.at,
            project=project,
            leader=leader,
            leader_text="" if leader is not None else project.patron_leader[:60],
            task_force=project.task_force,
            is_major=True,
            # A plan that was missed already is no deadline: 13710 asks for a new one.
            due_on=planned if planned is not None and planned >= self.today else None,
            reopens=before,
        )
        if before is not None:
            happened(
                before,
                EventKind.REOPENED,
                text=_("开工未经核验，项目重新列为签约未开工"),
                after={"number": item.number},
                by=self.by,
                at=self.at,
                settles=False,
            )

    def _reasons(self, projects: list[int]) -> dict[int, str]:
        """Why each project waits no longer, where a fact says so."""
        ended = terminated(self.window).filter(project__in=projects).values("pk")
        found = {
            change.project_id: _("项目已于 %(day)s 终止") % {"day": change.occurred_on}
            for change in StatusChange.objects.filter(pk__in=ended)
        }
        starts = (
            Milestone.objects.effective(self.at)
            .filter(
                project__in=projects,
                kind=MilestoneKind.GROUNDBREAKING,
                expansion__isnull=True,
                occurred_on__lte=self.today,
            )
            .select_related("verified_by")
        )
        for start in starts.order_by("pk"):
            verified = timezone.localdate(start.verified_at) if start.verified_at else ""
            words = _("%(day)s 开工，%(who)s于 %(verified)s 核验")
            found[start.project_id] = words % {
                "day": start.occurred_on,
                "who": start.verified_by or "",
                "verified": verified,
            }
        return found


def _open_items(ledger: Ledger) -> LedgerItemQuerySet:
    """The items that stand for their projects now: drafts of people among them."""
    rows = LedgerItem.objects.filter(ledger=ledger, project__isnull=False)
    return rows.exclude(state__in=FINAL)


def _chunks(projects: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(projects)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
