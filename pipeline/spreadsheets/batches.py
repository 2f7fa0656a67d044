"""One batch of a ledger's rows: whom and what they mean, what is new, and what changed.

A row belongs to the project of the same name and investor (same code, or same name after
normalising). A row whose cells are those of its last load changes nothing, whatever was
edited since. Any other row is compared with what is stored: project fields are updated,
milestones that differ are revoked and claimed anew, in the load's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from simple_history.utils import bulk_update_with_history

from crm import names
from crm.duplicates import merged_into
from crm.models import Channel, Industry, Organization, Park, User
from pipeline import attribution, history
from pipeline.days import Day
from pipeline.history import Entry, Fact
from pipeline.models import (
    FundsReceipt,
    Load,
    LoadRow,
    Milestone,
    Project,
    RowOutcome,
    StatusChange,
)
from pipeline.spreadsheets.investors import Investors
from pipeline.spreadsheets.ledger import Event, Ledger, LedgerRow, Reject, Skipped
from pipeline.spreadsheets.rejects import REASON_HEADER
from pipeline.stages import ContractKind, MilestoneKind

# project field <- field of the row, for what is copied as it is
COPIED = {
    "local_company": "local_company",
    "industry_text": "industry_text",
    "officer_text": "officer",
    "phone": "phone",
    "lead_unit": "lead_unit",
    "patron_leader": "patron_leader",
    "agreed_investment": "amount",
    "content": "content",
    "progress": "progress",
    "problems": "problems",
    "remark": "remark",
    "planned_start_on": "planned_start_on",
    "planned_finish_on": "planned_finish_on",
}
CHANGEABLE = [
    *COPIED,
    "project_code",
    "investor",
    "park",
    "channel",
    "industry",
    "officer",
    "is_expansion",
]
MILESTONE_FIELDS = {
    MilestoneKind.SIGNING: "signed_on",
    MilestoneKind.FILING: "filed_on",
    MilestoneKind.GROUNDBREAKING: "started_on",
    MilestoneKind.STATISTICS: "in_statistics_on",
    MilestoneKind.PRODUCTION: "produced_on",
}
# A duplicate that comes back in a rejects workbook as it was corrects nothing.
DUPLICATE = "项目和投资方相同"

# requirement of a gate -> (code of the reject, field at fault)
REJECTED_AS = {
    "signed": ("start_without_signing", "started_on"),
    "after_signing": ("start_before_signing", "started_on"),
    "before_start": ("start_before_signing", "signed_on"),
    "started": ("production_before_start", "produced_on"),
    "after_groundbreaking": ("production_before_start", "produced_on"),
    "before_production": ("production_before_start", "started_on"),
    "amount": ("bad_amount", "amount"),
    "day": ("future_date", "signed_on"),
}


@dataclass(slots=True)
class Plan:
    """What is to be done for one row."""

    row: LedgerRow
    project: Project
    is_new: bool
    facts: dict[str, Fact]
    replaced: dict[str, Milestone | None] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    funds: Decimal | None = None
    status: str | None = None
    revived: bool = False
    load_row: LoadRow | None = None

    @property
    def outcome(self) -> RowOutcome:
        if self.is_new or self.revived:
            return RowOutcome.CREATED
        touched = self.replaced or self.changes or self.funds or self.status
        return RowOutcome.UPDATED if touched else RowOutcome.UNCHANGED


class Loader:
    """Takes a load's events batch by batch; ``rejects`` and ``notes`` gather on the way."""

    def __init__(
        self,
        *,
        load: Load,
        ledger: Ledger,
        today: dt.date,
        at: dt.datetime,
        claimed_by: User,
        verified_by: User,
    ) -> None:
        self.load, self.ledger, self.today, self.at = load, ledger, today, at
        self.claimed_by, self.verified_by = claimed_by, verified_by
        self.rejects: list[Reject] = []
        self.notes: list[str] = []
        self._parks = {park.slug: park for park in Park.objects.all()}
        self._channels = {channel.code: channel for channel in Channel.objects.all()}
        self._industries = {
            names.normalise(word): industry
            for industry in Industry.objects.all()
            for word in (industry.name, industry.code)
        }
        self._officers = _by_unique_name(User.objects.filter(is_active=True))

    def take(self, events: Sequence[Event]) -> Counter[str]:
        """Load one batch; returns how many rows met with which outcome."""
        rows = [event for event in events if isinstance(event, LedgerRow)]
        stored = _Stored(rows)
        investors = Investors(rows, by=self.claimed_by, at=self.at, load=self.load)
        plans: list[Plan] = []
        others: list[LoadRow] = []
        for event in events:
            if isinstance(event, Skipped):
                others.append(self._row(event, RowOutcome.SKIPPED, message=event.reason))
                continue
            if isinstance(event, LedgerRow):
                made = self._plan(event, stored, investors)
                if isinstance(made, Plan):
                    plans.append(made)
                    continue
                event = made
            self.rejects.append(event)
            others.append(
                self._row(
                    event,
                    RowOutcome.REJECTED,
                    column=event.column,
                    value=event.value,
                    code=event.code,
                    message=event.message,
                )
            )
        investors.save()
        self.notes += investors.notes
        self._save(plans, others)
        counts = Counter(str(plan.outcome) for plan in plans)
        counts.update(row.outcome for row in others)
        return counts

    # -- one row ---------------------------------------------------------------------

    def _plan(self, row: LedgerRow, stored: _Stored, investors: Investors) -> Plan | Reject:
        project = stored.project(row)
        if project is not None and project.withdrawn_at is None and stored.is_same(project, row):
            return Plan(row, project, is_new=False, facts={})
        if project is not None and DUPLICATE in row.cells.get(REASON_HEADER, ""):
            return self.ledger.reject(row, "project_name", "duplicate_row", _("与已导入的一行相同"))
        kept = stored.milestones[project.pk] if project else {}
        facts, replaced = self._facts(row, kept)
        is_expansion = (
            row.contract_kind == ContractKind.EXPANSION
            if row.contract_kind is not None
            else bool(project and project.is_expansion)
        )
        needs = history.missing(facts, today=self.today, is_expansion=is_expansion)
        if needs:
            code, fault = REJECTED_AS[needs[0].code]
            return self.ledger.reject(row, fault, code, str(needs[0].label))
        values = self._values(row, is_expansion, investors)
        plan = Plan(
            row,
            project or self._new(row, values),
            is_new=project is None,
            facts=facts,
            revived=project is not None and project.withdrawn_at is not None,
        )
        if project is not None:
            self._compare(plan, values, kept, moved=project.pk in stored.moved)
        plan.replaced = {**plan.replaced, **replaced}
        plan.project.withdrawn_at = None
        if row.funds_total is not None:
            booked = stored.funds.get(plan.project.pk, Decimal(0))
            plan.funds = row.funds_total - booked or None
        if row.status and row.status != plan.project.status:
            plan.status = row.status
        return plan

    def _facts(
        self, row: LedgerRow, kept: dict[str, Milestone]
    ) -> tuple[dict[str, Fact], dict[str, Milestone | None]]:
        """The milestones as they are to be, and those of them that the row changes."""
        facts = {kind: _fact(milestone) for kind, milestone in kept.items()}
        changed: dict[str, Milestone | None] = {}
        for kind, name in MILESTONE_FIELDS.items():
            said, old = getattr(row, name), kept.get(kind)
            if said is None and old is None:
                continue
            if said is None and name in row.empty:
                self._note(row, _("“%(field)s”为空，保留原值 %(day)s"), kind, old)
            fact = self._stated(row, kind, said, old)
            if fact is None or (old is not None and fact == _fact(old)):
                continue
            if old is not None and not old.is_historical:
                self._note(row, _("“%(field)s”与系统内已核验的 %(day)s 不一致，未改动"), kind, old)
                continue
            facts[kind], changed[kind] = fact, old
        if MilestoneKind.GROUNDBREAKING not in facts and MilestoneKind.STATISTICS in changed:
            self._note(row, _("没有开工日期，“%(field)s”未登记"), MilestoneKind.STATISTICS, None)
            facts.pop(MilestoneKind.STATISTICS)
            changed.pop(MilestoneKind.STATISTICS)
        return facts, changed

    def _stated(self, row: LedgerRow, kind: str, said: Any, old: Milestone | None) -> Fact | None:
        before = _fact(old) if old is not None else None
        before_day = before.day if before else None
        day = _day(said, before) if said is not None else before_day
        if day is None:
            return None
        if kind in (MilestoneKind.FILING, MilestoneKind.STATISTICS) and day.on > self.today:
            self._note(row, _("“%(field)s”晚于导入日，未登记"), kind, None)
            return before
        if kind != MilestoneKind.SIGNING:
            return Fact(day)
        return Fact(
            day,
            row.contract_kind or (before.contract_kind if before else ""),
            row.amount or (before.amount if before else None),
        )

    def _values(self, row: LedgerRow, is_expansion: bool, investors: Investors) -> dict[str, Any]:
        """What the row says of the project's fields; an empty cell says nothing."""
        said = {ours: getattr(row, theirs) for ours, theirs in COPIED.items()}
        for ours in ("planned_start_on", "planned_finish_on"):
            said[ours] = said[ours] and said[ours].on
        said["project_code"] = row.filing_number if len(row.filing_number) <= 24 else ""
        said["investor"] = investors.of(row)
        said["park"] = self._parks.get(row.park_slug or "")
        said["channel"] = self._channels.get(row.channel or "")
        said["industry"] = self._industries.get(names.normalise(row.industry_text))
        said["officer"] = self._officers.get(names.normalise(row.officer))
        limits = {f.name: f.max_length for f in Project._meta.fields if f.max_length}
        values = {
            ours: value[: limits[ours]] if isinstance(value, str) and ours in limits else value
            for ours, value in said.items()
            if value not in (None, "")
        }
        if row.contract_kind is not None:
            values["is_expansion"] = is_expansion
        return values

    def _new(self, row: LedgerRow, values: dict[str, Any]) -> Project:
        return Project(
            name=row.project_name,
            name_key=names.normalise(row.project_name),
            pinyin=names.pinyin(row.project_name),
            initials=names.initials(row.project_name),
            created_at=self.at,
            created_by=self.claimed_by,
            load=self.load,
            **values,
        )

    def _compare(
        self, plan: Plan, values: dict[str, Any], kept: dict[str, Milestone], *, moved: bool
    ) -> None:
        """Change the project's fields, and claim anew what is grouped by a changed one."""
        project = plan.project
        if moved and "park" in values and values["park"] != project.park:
            self._say(plan.row, _("项目已在系统内流转，园区以系统为准"))
            del values["park"]
        for name, value in values.items():
            before = getattr(project, name)
            if before != value:
                plan.changes[name] = [before, value]
                setattr(project, name, value)
        if {"park", "channel", "industry"} & set(plan.changes):  # an officer hands over only
            for kind, milestone in kept.items():
                if milestone.is_historical:
                    plan.replaced[kind] = milestone

    # -- the batch -------------------------------------------------------------------

    def _save(self, plans: list[Plan], others: list[LoadRow]) -> None:
        Project.objects.bulk_create([plan.project for plan in plans if plan.is_new], batch_size=500)
        changed = [p.project for p in plans if not p.is_new and (p.changes or p.revived)]
        if changed:
            bulk_update_with_history(
                changed,
                Project,
                [*CHANGEABLE, "withdrawn_at"],
                batch_size=500,
                default_user=self.verified_by,
                default_date=self.at,
                default_change_reason=_("导入 %(name)s") % {"name": self.load.name},
            )
        for plan in plans:
            before: dict[str, Any] = {
                name: [plain(old), plain(new)] for name, (old, new) in plan.changes.items()
            }
            if plan.status:
                before["status"] = plan.project.status
            plan.load_row = self._row(plan.row, plan.outcome, project=plan.project, before=before)
        rows = [plan.load_row for plan in plans if plan.load_row is not None]
        LoadRow.objects.bulk_create(
            sorted([*rows, *others], key=lambda row: (row.sheet, row.row)), batch_size=1000
        )
        self._record(plans)
        self._book(plans)
        self._set_status(plans)

    def _record(self, plans: list[Plan]) -> None:
        entries = [
            Entry(plan.project, kind, plan.facts[kind], plan.load_row, old)
            for plan in plans
            if plan.load_row is not None
            for kind, old in plan.replaced.items()
        ]
        history.record(
            entries,
            facts_of={plan.project.pk: plan.facts for plan in plans},
            created={plan.project.pk for plan in plans if plan.is_new},
            claimed_by=self.claimed_by,
            verified_by=self.verified_by,
            at=self.at,
            reason=_("导入 %(name)s") % {"name": self.load.name},
        )

    def _book(self, plans: list[Plan]) -> None:
        """Book what a cumulative figure says beyond what is booked, on the load's day."""
        receipts = [
            FundsReceipt(
                project=plan.project,
                received_on=self.today,
                amount=plan.funds,
                note=_("台账累计到位资金结转"),
                is_historical=True,
                load_row=plan.load_row,
                recorded_at=self.at,
                recorded_by=self.claimed_by,
                verified_at=self.at,
                verified_by=self.verified_by,
            )
            for plan in plans
            if plan.funds
        ]
        shared = history.place(receipts, on=[self.today] * len(receipts))
        FundsReceipt.objects.bulk_create(receipts, batch_size=1000)
        for receipt, shares in shared:
            attribution.fix_shares(receipt, shares)

    def _set_status(self, plans: list[Plan]) -> None:
        told = [plan for plan in plans if plan.status]
        StatusChange.objects.bulk_create(
            StatusChange(
                project=plan.project,
                status=plan.status or "",
                occurred_on=self.today,
                reason=_("台账载明"),
                recorded_at=self.at,
                recorded_by=self.claimed_by,
                approved_by=self.verified_by,
            )
            for plan in told
        )
        for status in {plan.status for plan in told}:
            Project.objects.filter(
                pk__in=[p.project.pk for p in told if p.status == status]
            ).update(status=status)

    # -- words -----------------------------------------------------------------------

    def _row(self, event: Event, outcome: RowOutcome, **values: Any) -> LoadRow:
        cut = {"column": 80, "value": 200, "message": 300}
        return LoadRow(
            load=self.load,
            sheet=event.sheet[:80],
            row=event.row,
            outcome=outcome,
            cells=event.cells,
            **{k: v[: cut[k]] if k in cut else v for k, v in values.items()},
        )

    def _note(self, row: LedgerRow, text: str, kind: str, old: Milestone | None) -> None:
        day = old.occurred_on.isoformat() if old else ""
        self._say(row, text % {"field": MilestoneKind(kind).label, "day": day})

    def _say(self, row: LedgerRow, text: str) -> None:
        where = _("“%(sheet)s”第 %(row)s 行：") % {"sheet": row.sheet, "row": row.row}
        self.notes.append(where + text)


class _Stored:
    """What is stored of the projects that a batch's rows may belong to; five queries."""

    def __init__(self, rows: Iterable[LedgerRow]) -> None:
        keys = {names.normalise(row.project_name) for row in rows}
        self._by_key: dict[str, list[Project]] = defaultdict(list)
        projects = Project.objects.filter(name_key__in=keys).select_related(
            "investor", "park", "channel", "industry", "officer"
        )
        for project in projects.order_by("pk"):
            self._by_key[project.name_key].append(project)
        ids = [project.pk for found in self._by_key.values() for project in found]
        self.milestones: dict[int, dict[str, Milestone]] = defaultdict(dict)
        self.funds: dict[int, Decimal] = {}
        self.moved: set[int] = set()
        self._cells: dict[int, dict[str, str]] = {}
        self._known_as: dict[int, list[Organization]] = {}
        if not ids:
            return
        own = Milestone.objects.effective().filter(
            ~Q(contract_kind=ContractKind.EXPANSION) | Q(project__is_expansion=True),
            project__in=ids,
            expansion__isnull=True,
            kind__in=list(MILESTONE_FIELDS),
        )
        for milestone in own:
            self.milestones[milestone.project_id][milestone.kind] = milestone
        self.funds = dict(
            FundsReceipt.objects.filter(project__in=ids, verified_at__isnull=False)
            .values_list("project")
            .annotate(Sum("amount"))
        )
        self.moved = set(
            Project.objects.filter(pk__in=ids, attributions__isnull=False).values_list(
                "pk", flat=True
            )
        )
        last = (
            LoadRow.objects.filter(project__in=ids, load__undone_at__isnull=True)
            .order_by("pk")
            .values_list("project_id", "cells")
        )
        self._cells = dict(last)
        self._known_as = merged_into(p.investor_id for f in self._by_key.values() for p in f)

    def project(self, row: LedgerRow) -> Project | None:
        """The project of this row's name and investor, by code or by name.

        An investor answers also to what those were called that were merged into it.
        """
        name = names.normalise(row.investor_name)
        for project in self._by_key.get(names.normalise(row.project_name), ()):
            for investor in (project.investor, *self._known_as.get(project.investor_id, ())):
                same_code = row.uscc is not None and investor.uscc == row.uscc
                if same_code or investor.name_key == name:
                    return project
        return None

    def is_same(self, project: Project, row: LedgerRow) -> bool:
        """Whether the project's last load read these very cells."""
        return self._cells.get(project.pk) == row.cells


def _fact(milestone: Milestone) -> Fact:
    day = Day(milestone.occurred_on, milestone.precision)
    if milestone.kind != MilestoneKind.SIGNING:
        return Fact(day)
    return Fact(day, milestone.contract_kind, milestone.amount)


def _day(said: Day, before: Fact | None) -> Day:
    """The day as the row says it. A month that was loaded before stays as it was fixed."""
    if before is not None and said.precision == before.day.precision == "month":
        old = before.day.on
        if (old.year, old.month) == (said.on.year, said.on.month):
            return before.day
    return said


def plain(value: Any) -> Any:
    """A field's value as JSON keeps it: ids of rows, text of days and amounts."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _by_unique_name(users: Iterable[User]) -> dict[str, User]:
    """People by name, without names that two people share: a row must not be misattributed."""
    found: dict[str, list[User]] = defaultdict(list)
    for user in users:
        found[names.normalise(user.full_name)].append(user)
    return {name: same[0] for name, same in found.items() if name and len(same) == 1}
