"""What became of the projects that a window signed, in whatever year it happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from crm.models import User
from pipeline.figures import FIGURES, WHOLE, Window, funds_of, milestones_of, terminated
from pipeline.models import CountySettings, Milestone
from pipeline.stages import MilestoneKind
from pipeline.targets import ratio

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cohort:
    """What became by D of the formal signings of a window, whatever the year it happened in.

    ``signed``, ``started`` and ``alive`` count projects; ``agreed`` and ``funds`` are yuan.
    """

    signed: Decimal
    started: Decimal
    alive: Decimal
    agreed: Decimal
    funds: Decimal

    @property
    def start_rate(self) -> Decimal | None:
        """Signed in the window and started by D, in whatever year (开工率)."""
        return ratio(self.started, self.signed)

    @property
    def funds_rate(self) -> Decimal | None:
        """Funds that they received by D, of their agreed investment (资金到位率)."""
        return ratio(self.funds, self.agreed)

    @property
    def fulfilment_rate(self) -> Decimal | None:
        """Those not terminated by D: producing, building or preparing (履约率).

        As published by Weinan 2010: (18 producing + 180 building + 93 preparing) / 292.
        """
        return ratio(self.alive, self.signed)


def cohort(window: Window, *, user: User | None = None) -> Cohort:
    """The cohort of the window's formal signings; three queries."""
    rules = CountySettings.objects.known_at(window.known_at)
    signings = milestones_of(window, by="channel", user=user, rules=rules).filter(
        FIGURES["signed_projects"].select(window)
    )
    started = (
        Milestone.objects.effective(window.known_at)
        .filter(
            kind=MilestoneKind.GROUNDBREAKING,
            expansion__isnull=True,
            occurred_on__lte=window.as_of,
        )
        .values("project")
    )
    sums = signings.aggregate(
        signed=Sum("part"),
        started=Sum("part", filter=Q(project__in=started)),
        ended=Sum("part", filter=Q(project__in=terminated(window))),
        agreed=Sum("money"),
    )
    signed, started_, ended = (
        (sums[name] or ZERO) / WHOLE for name in ("signed", "started", "ended")
    )
    received = funds_of(
        window, by="channel", user=user, rules=rules, since=dt.date.min, until=window.as_of
    )
    funds = received.filter(project__in=signings.values("project")).aggregate(sum=Sum("money"))
    return Cohort(
        signed=signed,
        started=started_,
        alive=signed - ended,
        agreed=sums["agreed"] or ZERO,
        funds=funds["sum"] or ZERO,
    )
