"""Everything that the clocks make due at an instant, in one function.

Run as often as one likes: a step is recorded and told once. What a missed run left is made
up for by the next. Items are read by the index of their due days, some hundred at a time,
each lot in a transaction of its own and by a fixed number of queries.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import notices
from crm.models import User
from crm.rights import require
from crm.schedule import scheduler
from pipeline import (
    area_reviews,
    clockwork,
    escalation,
    lead_clocks,
    monthly_progress,
    not_started,
)
from pipeline.clock_rules import rules_at
from pipeline.clockwork import Standing
from pipeline.lights import Light
from pipeline.models import Ledger, LedgerItem, Level
from pipeline.models.ledgers import UNDER_CLOCK
from pipeline.supervision import DAY, NODES, Rules, item_light

LOT = 500
LONGEST_HOLIDAY = 15
"""Days by which an entry in the calendar can move a due day that was written down before."""
Progress = Callable[[int], None]


@dataclass(slots=True)
class Done:
    """What came of it: steps by level, what else was told, and what ought to be looked at.

    ``looked_at`` are overdue items; ``filled`` what the ledger of projects that have not
    started took in and closed; ``reminded`` items near their due day; ``leads`` steps of
    leads, ``monthly`` filings that were asked for. ``warnings`` are in words.
    """

    at: dt.datetime
    looked_at: int = 0
    steps: Counter[int] = field(default_factory=Counter)
    filled: int = 0
    reminded: int = 0
    leads: int = 0
    monthly: int = 0
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The document of ``supervise --json`` and of the job."""
        return {
            "at": timezone.localtime(self.at).isoformat(),
            "looked_at": self.looked_at,
            "urged": self.steps[Level.URGED],
            "named": self.steps[Level.NAMED],
            "inspections_proposed": self.steps[Level.INSPECTED],
            "listings_proposed": self.steps[Level.LISTED],
            "filled": self.filled,
            "reminded": self.reminded,
            "leads": self.leads,
            "monthly": self.monthly,
            "warnings": self.warnings,
        }


def supervise(*, at: dt.datetime, by: User | None = None, progress: Progress | None = None) -> Done:
    """Press what is overdue, remind of what is near, tell of leads, ask for the month.

    First the ledger of projects not started fills itself, so that what it owes is pressed too.

    In the name of the scheduler where nobody is named. ``progress`` is told how many items
    were looked at. Raises ``NotAllowed``.
    """
    require(by or scheduler(), "schedule.run")
    rules = rules_at(at)
    done = Done(at, warnings=warnings(rules, at))
    filled = not_started.fill(at=at)
    done.filled = filled.opened + filled.closed
    for lot in _lots(_overdue(rules, at)):
        with transaction.atomic():
            done.steps += _press(lot, at=at, rules=rules)
        done.looked_at += len(lot)
        if progress is not None:
            progress(done.looked_at)
    for lot in _lots(_near(rules, at)):
        with transaction.atomic():
            done.reminded += _remind(lot, at=at, rules=rules)
    done.leads = lead_clocks.remind(at=at)
    done.monthly = monthly_progress.remind(at=at) + area_reviews.remind(at=at)
    return done


def warnings(rules: Rules, at: dt.datetime) -> list[str]:
    """What is wrong with the calendar that due days are moved by: years that nobody entered.

    This year, and the one in which the month node of today's items falls due.
    """
    if not uses_working_days(rules):
        return []
    today = timezone.localdate(at)
    missing = rules.calendar.missing_years([today, today + 45 * DAY])
    words = _("工作日历没有 %(year)s 年的节假日，那一年的到期日没有顺延，请管理员录入")
    return [words % {"year": year} for year in missing]


def uses_working_days(rules: Rules) -> bool:
    """Whether the county or one of its ledgers moves due days to working days."""
    return rules.working_days or Ledger.objects.filter(working_days=True).exists()


# --- what is looked at --------------------------------------------------------------------
def _overdue(rules: Rules, at: dt.datetime) -> QuerySet[LedgerItem]:
    """By the copies of their due days; wider where the calendar can have moved them."""
    bound = timezone.localdate(at)
    if uses_working_days(rules):
        bound += LONGEST_HOLIDAY * DAY
    return LedgerItem.objects.filter(state__in=UNDER_CLOCK, clock_due_on__lt=bound)


def _near(rules: Rules, at: dt.datetime) -> QuerySet[LedgerItem]:
    latest = max(rule.near(at, rules) for rule in NODES.values())
    today = timezone.localdate(at)
    return LedgerItem.objects.filter(
        state__in=UNDER_CLOCK, clock_due_on__gte=today, clock_due_on__lte=latest
    )


def _lots(rows: QuerySet[LedgerItem]) -> Iterator[list[int]]:
    """The items' keys in the order of the index, one lot after the other."""
    after = Q()
    while True:
        lot = list(
            rows.filter(after)
            .order_by("clock_due_on", "id")
            .values_list("clock_due_on", "id")[:LOT]
        )
        if not lot:
            return
        yield [key for _day, key in lot]
        day, key = lot[-1]
        after = Q(clock_due_on__gte=day) & (Q(clock_due_on__gt=day) | Q(id__gt=key))


# --- a lot --------------------------------------------------------------------------------
def _press(keys: Sequence[int], *, at: dt.datetime, rules: Rules) -> Counter[int]:
    """Record the steps of a lot that have fallen due, and tell of those whose clock runs."""
    items = (
        LedgerItem.objects.select_for_update(of=("self",))
        .filter(pk__in=keys)
        .select_related("ledger", "unit__park", "person", "leader")
        .order_by("pk")
    )
    found = clockwork.standings(list(items), at=at, rules=rules)
    due = [(one.item, trigger) for one in found for trigger in one.due]
    clockwork.record(due, at=at)
    _write(found)
    escalation.tell(
        [(one.item, trigger) for one in found for trigger in one.due if trigger.clock == one.clock],
        at=at,
    )
    return Counter(int(trigger.level) for _item, trigger in due)


def _write(found: Sequence[Standing]) -> None:
    """Write the copies that changed: an update for each way in which they did."""
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for one in found:
        changed = one.write(one.due)
        if changed:
            columns = tuple((name, getattr(one.item, name)) for name in changed)
            alike[columns].append(one.item.pk)
    for columns, keys in alike.items():
        LedgerItem.objects.filter(pk__in=keys).update(**dict(columns))


def _remind(keys: Sequence[int], *, at: dt.datetime, rules: Rules) -> int:
    """Remind of the items of a lot that have turned yellow, each once for its due day."""
    items = LedgerItem.objects.filter(pk__in=keys).select_related("unit__park", "person")
    near = {
        f"item_due:{item.pk}:{item.node}:{item.clock_due_on}": item
        for item in items
        if item_light(item, at, rules) == Light.YELLOW
    }
    if not near:
        return 0
    people = escalation.People(list(near.values()))
    with translation.override(settings.LANGUAGE_CODE):
        words = _("即将到期：%(number)s“%(goal)s”的“%(node)s”应于 %(due)s 前完成")
        occasions = [
            notices.Occasion(
                people.of_unit(item),
                "item.due",
                words
                % {
                    "number": item.number,
                    "goal": item.goal,
                    "node": item.get_node_display(),
                    "due": item.clock_due_on,
                },
                f"/ledgers/items/{item.pk}/",
                key,
                item.unit,
            )
            for key, item in near.items()
        ]
    return notices.tell_each(notices.untold(occasions), at=at)
