"""Setting a year's targets: proposed, approved by a leader, and versioned.

A parent's children should add up to it: the county's target is held against the sum of its
parks' (:func:`gap`); a rate is inherited, not summed.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Park, User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline.metrics import METRICS, RATE
from pipeline.models import HolderKind, Target, TargetProposal
from pipeline.targets import COUNTY, Holder, Targets

Plan = tuple[Decimal, Decimal, Decimal]


class NothingChanged(Refused):
    """Every target stays as it is."""

    code = "nothing_changed"


class BadPlan(Refused):
    """A quarterly plan falls, or passes the year's target."""

    code = "bad_plan"


class AlreadyProposed(Refused):
    """The year has a proposal that waits for an answer."""

    code = "already_proposed"


class AlreadyDecided(Refused):
    """Somebody was faster."""

    code = "already_decided"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target as it is to be: ``holder`` the county or a park, ``plan`` to each quarter's end.

    ``value`` in yuan, counts, or a fraction of 1.
    """

    metric: str
    holder: Holder
    value: Decimal
    plan: Plan | None = None


def holders(parks: Iterable[Park]) -> list[tuple[Holder, Park | None]]:
    """The county, then each park: who holds the targets of a grid."""
    own: list[tuple[Holder, Park | None]] = [
        ((HolderKind.PARK.value, park.pk), park) for park in parks
    ]
    return [((COUNTY[0].value, None), None), *own]


def gap(values: dict[Holder, Decimal | None]) -> Decimal | None:
    """The county's target less the sum of its parks'; None where the county has none, or no
    park has one."""
    whole = values.get(COUNTY)
    parts = [value for holder, value in values.items() if holder != COUNTY and value is not None]
    return None if whole is None or not parts else whole - sum(parts, Decimal(0))


def changed(wanted: Iterable[Wanted], year: int, *, at: dt.datetime) -> list[Wanted]:
    """Those that differ from what is in force at ``at``.

    A county target that only goes on from an earlier year is not yet the year's own.
    """
    targets = Targets(year, at)
    return [want for want in wanted if _differs(want, targets, year)]


def _differs(want: Wanted, targets: Targets, year: int) -> bool:
    now = targets.own(want.metric, want.holder)
    if now is None or now.set_for != year:
        return True
    plan = None if want.plan is None else (*want.plan, want.value)
    return (now.value, now.plan) != (want.value, plan)


def of_year(year: int, *, at: dt.datetime) -> list[Wanted]:
    """The targets in force of a year: what another year begins from."""
    targets = Targets(year, at)
    return [
        Wanted(metric, holder, own.value, own.plan[:3] if own.plan else None)
        for metric in METRICS
        for holder, _park in holders(Park.objects.all())
        if (own := targets.own(metric, holder)) is not None
    ]


@transaction.atomic
def propose(
    year: int, wanted: Sequence[Wanted], *, reason: str, by: User, at: dt.datetime
) -> TargetProposal:
    """Ask for a year's targets to be set so; a leader's own proposal is in force at once.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``BadPlan``, ``NothingChanged``,
    ``AlreadyProposed``.
    """
    require(by, "target.propose")
    if not reason.strip():
        raise ReasonNeeded(_("请写明目标从哪里来、为什么调整，例如文件号"))
    differing = changed(wanted, year, at=at)
    for want in differing:
        _check(want)
    if not differing:
        raise NothingChanged(_("没有改动：和现行目标完全一样"))
    if TargetProposal.objects.filter(year=year, decided_at__isnull=True).exists():
        raise AlreadyProposed(_("这一年已有一份目标方案在等批准，请先处理那一份"))
    return TargetProposal.objects.create(
        year=year,
        values=[_written(want) for want in differing],
        reason=reason.strip(),
        proposed_at=at,
        proposed_by=by,
    )


@transaction.atomic
def approve(proposal: TargetProposal, *, by: User, at: dt.datetime) -> list[Target]:
    """Put a proposal in force: a version of each of its targets.

    Raises ``NotAllowed``, ``AlreadyDecided``.
    """
    require(by, "target.set")
    proposal = _decided(proposal, by=by, at=at, is_approved=True, decision="")
    return [
        Target.objects.create(
            metric=value["metric"],
            year=proposal.year,
            holder=value["holder"],
            park_id=value["of"],
            value=Decimal(value["value"]),
            **_quarters(value["plan"]),
            recorded_at=at,
            recorded_by=by,
            reason=proposal.reason,
        )
        for value in proposal.values
    ]


@transaction.atomic
def refuse(proposal: TargetProposal, *, reason: str, by: User, at: dt.datetime) -> TargetProposal:
    """Turn a proposal down with a reason, or take back one's own.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``AlreadyDecided``.
    """
    if by.pk != proposal.proposed_by_id:
        require(by, "target.set")
    if not reason.strip():
        raise ReasonNeeded(_("请写明不批准或撤回的原因"))
    return _decided(proposal, by=by, at=at, is_approved=False, decision=reason.strip())


def _decided(
    proposal: TargetProposal, *, by: User, at: dt.datetime, is_approved: bool, decision: str
) -> TargetProposal:
    waiting = TargetProposal.objects.filter(pk=proposal.pk, decided_at__isnull=True)
    if not waiting.update(is_approved=is_approved, decision=decision, decided_at=at, decided_by=by):
        raise AlreadyDecided(_("这份方案已经处理过，请刷新页面"))
    return TargetProposal.objects.get(pk=proposal.pk)


def wanted_of(proposal: TargetProposal) -> list[Wanted]:
    """What a proposal asks for."""
    return [
        Wanted(
            value["metric"],
            (value["holder"], value["of"]),
            Decimal(value["value"]),
            tuple(Decimal(part) for part in value["plan"]) if value["plan"] else None,  # type: ignore[arg-type]
        )
        for value in proposal.values
    ]


def _check(want: Wanted) -> None:
    label = METRICS[want.metric].label
    if want.value <= 0:
        raise BadPlan(_("“%(metric)s”的目标必须大于 0") % {"metric": label})
    if METRICS[want.metric].unit == RATE and want.plan is not None:
        raise BadPlan(_("“%(metric)s”是比率，不分季度") % {"metric": label})
    steps = [*(want.plan or ()), want.value]
    if steps[0] < 0 or any(b < a for a, b in itertools.pairwise(steps)):
        raise BadPlan(_("“%(metric)s”的季度计划要逐季不减，且不超过全年目标") % {"metric": label})


def _written(want: Wanted) -> dict[str, Any]:
    kind, of = want.holder
    return {
        "metric": want.metric,
        "holder": str(kind),
        "of": of,
        "value": f"{want.value:f}",
        "plan": [f"{part:f}" for part in want.plan] if want.plan else None,
    }


def _quarters(plan: Sequence[str] | None) -> dict[str, Decimal]:
    return {f"plan_q{n}": Decimal(part) for n, part in enumerate(plan or (), start=1)}
