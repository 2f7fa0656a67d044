"""Taking back a load as a whole.

History is only added to: what the load verified is revoked, what it corrected is claimed
and verified anew, receipts are cancelled by negative rows, and the projects, companies,
people and meetings that it created are withdrawn. Figures as known before keep everything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Exists, Field, OuterRef
from django.utils.translation import gettext as _

from crm.duplicates import standing_for
from crm.models import Organization, User
from crm.refusals import NotAllowed, Refused
from crm.rights import require
from pipeline import history
from pipeline.days import Day
from pipeline.history import Entry, Fact
from pipeline.models import (
    FundsReceipt,
    FundsShare,
    Load,
    LoadKind,
    LoadRow,
    Milestone,
    Project,
    RowOutcome,
    StatusChange,
)
from pipeline.spreadsheets.batches import plain
from pipeline.spreadsheets.kinds import KINDS
from pipeline.spreadsheets.withdrawing import withdraw_interactions, withdraw_organizations

BATCH = 1000
MOST_NAMED = 200
GROUPED_BY = ("park", "channel", "industry", "officer")
ROWS = frozenset({"investor", *GROUPED_BY})


class CannotBeUndone(Refused):
    """Something was built on the load since; ``details`` names the projects."""

    code = "cannot_be_undone"


@transaction.atomic
def undo(load: Load, *, by: User, at: dt.datetime) -> Load:
    """Take back a load.

    Refused where it was undone before, where a later load wrote on a ledger's projects
    (that one has to be undone first), or where people have claimed milestones on projects
    that it created: those would lose their ground. Companies, people and meetings that
    something else uses stay; ``summary["stays"]`` names them.

    Raises ``NotAllowed``, ``CannotBeUndone``.
    """
    load = Load.objects.select_for_update().get(pk=load.pk)
    require(by, KINDS[load.kind].undo)
    if not by.is_county_wide and by.pk != load.loaded_by_id:
        raise NotAllowed(_("只能撤销自己的导入，请联系园区负责人或管理员"))
    if load.undone_at is not None:
        raise CannotBeUndone(_("这次导入已经撤销过"))
    stays = _UNDOING[load.kind](load, by=by, at=at)
    if stays:
        load.summary = {**load.summary, "stays": stays[:MOST_NAMED], "stay": len(stays)}
    load.undone_at, load.undone_by = at, by
    load.save(update_fields=["undone_at", "undone_by", "summary"])
    return load


def _undo_ledger(load: Load, *, by: User, at: dt.datetime) -> list[str]:
    _refuse_if_built_on(load)
    last = 0
    while rows := list(
        load.rows.filter(pk__gt=last, project__isnull=False)
        .select_related("project__investor")
        .order_by("pk")[:BATCH]
    ):
        _undo_rows(load, rows, by=by, at=at)
        last = rows[-1].pk
    return []


def _undo_funds(load: Load, *, by: User, at: dt.datetime) -> list[str]:
    _cancel_funds(list(load.rows.filter(outcome=RowOutcome.CREATED)), by=by, at=at)
    return []


_UNDOING: dict[str, Callable[..., list[str]]] = {
    LoadKind.LEDGER: _undo_ledger,
    LoadKind.ORGANIZATIONS: withdraw_organizations,
    LoadKind.FUNDS: _undo_funds,
    LoadKind.INTERACTIONS: withdraw_interactions,
}


def _refuse_if_built_on(load: Load) -> None:
    later = LoadRow.objects.filter(
        project=OuterRef("project"),
        pk__gt=OuterRef("pk"),
        load__undone_at__isnull=True,
        outcome__in=[RowOutcome.CREATED, RowOutcome.UPDATED],
    ).exclude(load=load)
    overwritten = load.rows.filter(project__isnull=False).filter(Exists(later))
    if overwritten.exists():
        raise CannotBeUndone(
            _("之后的导入改动过这些项目，请先撤销之后的导入"),
            details=list(overwritten.values_list("project__name", flat=True)[:20]),
        )
    live = Project.objects.filter(load=load, milestones__is_historical=False).distinct()
    if live.exists():
        raise CannotBeUndone(
            _("这次导入的项目已有人申报新的里程碑，撤销会使其失去依据；请逐项更正"),
            details=list(live.values_list("name", flat=True)[:20]),
        )


def _undo_rows(load: Load, rows: list[LoadRow], *, by: User, at: dt.datetime) -> None:
    reason = _("撤销导入 %(name)s") % {"name": load.name}
    touched = [row for row in rows if row.outcome != RowOutcome.UNCHANGED]
    projects = {row.project_id: row.project for row in touched if row.project is not None}
    made = list(
        Milestone.objects.effective()
        .filter(load_row__in=touched)
        .select_related("corrects__load_row")
    )
    history.revoke(made, by=by, at=at, reason=reason)
    _cancel_funds(touched, by=by, at=at)
    _restore(touched, by=by, at=at)
    back = [m.corrects for m in made if m.corrects is not None and m.corrects.load_row is not None]
    history.restage(
        [project for pk, project in projects.items() if pk not in {m.project_id for m in back}],
        by=by,
        at=at,
        reason=reason,
    )
    history.record(
        [
            Entry(projects[m.project_id], m.kind, _fact(m), m.load_row, None)
            for m in back
            if m.load_row is not None
        ],
        facts_of=_facts_of(back),
        claimed_by=history.claimant(),
        verified_by=by,
        at=at,
        reason=reason,
    )
    created = [row.project for row in touched if row.outcome == RowOutcome.CREATED and row.project]
    Project.objects.filter(pk__in=[p.pk for p in created]).update(withdrawn_at=at)


def _fact(milestone: Milestone) -> Fact:
    return Fact(
        Day(milestone.occurred_on, milestone.precision),
        milestone.contract_kind,
        milestone.amount if milestone.contract_kind else None,
    )


def _facts_of(restored: list[Milestone]) -> dict[int, dict[str, Fact]]:
    """The milestones of each project as they are to be: those that stand and those restored."""
    facts: dict[int, dict[str, Fact]] = {m.project_id: {} for m in restored}
    standing = Milestone.objects.effective().filter(project__in=facts, expansion__isnull=True)
    for milestone in [*standing, *restored]:
        facts[milestone.project_id][milestone.kind] = _fact(milestone)
    return facts


def _cancel_funds(rows: list[LoadRow], *, by: User, at: dt.datetime) -> None:
    claimed_by = history.claimant()
    booked = list(
        FundsReceipt.objects.filter(load_row__in=rows, verified_at__isnull=False)
        .prefetch_related("shares")
        .order_by("pk")
    )
    cancelling = FundsReceipt.objects.bulk_create(
        FundsReceipt(
            project_id=receipt.project_id,
            received_on=receipt.received_on,
            precision=receipt.precision,
            amount=-receipt.amount,
            note=_("撤销导入，冲回"),
            is_historical=True,
            load_row_id=receipt.load_row_id,
            recorded_at=at,
            recorded_by=claimed_by,
            verified_at=at,
            verified_by=by,
            **{f"{name}_id": getattr(receipt, f"{name}_id") for name in GROUPED_BY},
            fund_source=receipt.fund_source,
            local_investor=receipt.local_investor,
        )
        for receipt in booked
    )
    FundsShare.objects.bulk_create(
        FundsShare(
            receipt=negative, park_id=share.park_id, percent=share.percent, amount=-share.amount
        )
        for receipt, negative in zip(booked, cancelling, strict=True)
        for share in receipt.shares.all()
    )


def _restore(rows: list[LoadRow], *, by: User, at: dt.datetime) -> None:
    """Give fields and status their old values back, unless somebody changed them since.

    An investor that was merged into another since is that one.
    """
    investors = {pk for row in rows for pk in (row.before or {}).get("investor", ()) if pk}
    now = standing_for(Organization.objects.filter(pk__in=investors))
    for row in rows:
        project = row.project
        if project is None or not row.before:
            continue
        changed = []
        for name, pair in row.before.items():
            if name == "status":
                _restore_status(project, pair, by=by, at=at, load=row.load)
                continue
            attribute = f"{name}_id" if name in ROWS else name
            if name == "investor":
                pair = [now[pk].pk for pk in pair]
            if plain(getattr(project, attribute)) == pair[1]:
                setattr(project, attribute, _value(name, pair[0]))
                changed.append(name)
        if changed:
            project.save(update_fields=changed)


def _restore_status(
    project: Project, before: str, *, by: User, at: dt.datetime, load: Load
) -> None:
    StatusChange.objects.create(
        project=project,
        status=before,
        occurred_on=load.today,
        reason=_("撤销导入"),
        recorded_at=at,
        recorded_by=history.claimant(),
        approved_by=by,
    )
    Project.objects.filter(pk=project.pk).update(status=before)


def _value(name: str, value: Any) -> Any:
    column = Project._meta.get_field(name)
    return column.to_python(value) if isinstance(column, Field) and name not in ROWS else value
