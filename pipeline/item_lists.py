"""The list of a ledger's items: what its address asks for, its columns, its counts.

The page, its file, its print and the figures of the overview narrow and sort here, always
in the scope of the person who asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _

from crm.models import Role, User
from pipeline.lights import Light
from pipeline.models import (
    Escalation,
    EscalationState,
    EventKind,
    ItemEvent,
    ItemState,
    LedgerItem,
    Level,
)
from pipeline.models.ledgers import OPEN_STATES
from pipeline.supervision import Rules, item_light, item_light_is

OPEN = "open"
"""As a state: handed over and not closed."""
WHOLE = ("ledger", "unit", "leader", "person", "project")

Cell = Light | dt.date | str | None


@dataclass(frozen=True, slots=True)
class ItemColumn:
    """A column of the list and of its file; ``by`` is what it sorts by."""

    name: str
    label: Any
    value: Callable[[LedgerItem, dt.datetime, Rules], Cell]
    by: str | None = None


def _leader(item: LedgerItem) -> str:
    return str(item.leader) if item.leader is not None else item.leader_text


def _person(item: LedgerItem) -> str:
    return str(item.person) if item.person is not None else item.person_text


COLUMNS = (
    ItemColumn("number", _("编号"), lambda item, at, rules: item.number, "id"),
    ItemColumn("goal", _("目标任务"), lambda item, at, rules: item.goal),
    ItemColumn("ledger", _("台账"), lambda item, at, rules: str(item.ledger), "ledger__position"),
    ItemColumn(
        "unit",
        _("责任单位"),
        lambda item, at, rules: str(item.unit) if item.unit is not None else "",
        "unit__position",
    ),
    ItemColumn("leader", _("牵头领导"), lambda item, at, rules: _leader(item)),
    ItemColumn("person", _("责任人"), lambda item, at, rules: _person(item)),
    ItemColumn("state", _("状态"), lambda item, at, rules: str(item.get_state_display()), "state"),
    ItemColumn("light", _("亮灯"), item_light),
    ItemColumn("node", _("节点"), lambda item, at, rules: str(item.get_node_display())),
    ItemColumn("due", _("到期日"), lambda item, at, rules: item.clock_due_on, "clock_due_on"),
    ItemColumn(
        "level",
        _("督办"),
        lambda item, at, rules: str(Level(item.level).label) if item.level else "",
        "level",
    ),
    ItemColumn(
        "late",
        _("曾逾期"),
        lambda item, at, rules: str(_("是")) if item.was_late else "",
        "was_late",
    ),
    ItemColumn("issued", _("交办日"), lambda item, at, rules: item.issued_on, "issued_on"),
)
SORTS = {column.name: column.by for column in COLUMNS if column.by}


def narrowed(
    rows: QuerySet[LedgerItem],
    given: Mapping[str, Any],
    *,
    user: User,
    at: dt.datetime,
    rules: Rules,
) -> QuerySet[LedgerItem]:
    """The rows that fit what was ``given``: cleaned values by the name of the filter."""
    for name, value in given.items():
        if value in (None, "", False):
            continue
        if name == "light":
            rows = rows.filter(item_light_is(value, at, rules))
        elif name == "waiting":
            rows = rows.filter(waits_for(user))
        elif name == "mine":
            rows = rows.filter(_mine(user))
        elif name == "q":
            rows = rows.filter(_called(value))
        elif name == "pressed_in":
            steps = _pressed(value)
            if given.get("pressed"):
                steps = steps.filter(level=given["pressed"])
            rows = rows.filter(pk__in=steps.values("item"))
        elif name == "state" and value == OPEN:
            rows = rows.filter(state__in=OPEN_STATES)
        elif name in _LOOKUPS:
            rows = rows.filter(**{_LOOKUPS[name]: value})
        elif name in _MONTHS:
            rows = rows.filter(**_within(_MONTHS[name], value))
    return rows


_LOOKUPS = {
    "ledger": "ledger",
    "state": "state",
    "level": "level",
    "unit": "unit",
    "leader": "leader",
    "area": "unit__area",
    "node": "node",
    "due_from": "clock_due_on__gte",
    "due_until": "clock_due_on__lte",
    "meeting": "meeting",
    "project": "project",
    "late": "was_late",
}
_MONTHS = {"issued_in": "issued_on", "closed_in": "closed_at__date"}


def ordered(rows: QuerySet[LedgerItem], sort: str) -> QuerySet[LedgerItem]:
    """By a column of the list, ``-`` for the other way round; newest first otherwise."""
    by = SORTS.get(sort.removeprefix("-"))
    if by is None:
        return rows.order_by("-id")
    key = F(by)
    order: OrderBy = key.desc(nulls_last=True) if sort.startswith("-") else key.asc(nulls_last=True)
    return rows.order_by(order, "-id")


def waits_for(user: User) -> Q:
    """The items whose next step is the person's, by their role and unit."""
    found = Q(pk__in=[])
    if user.role in (Role.SUPERVISOR, Role.LEADER):
        found |= Q(state=ItemState.DRAFT, unit__isnull=False) & ~Q(created_by=user)
        found |= Q(state=ItemState.PASSED)
        found |= Q(state=ItemState.ACTIVE, pk__in=_asked().values("item"))
    if user.role == Role.SUPERVISOR:
        found |= Q(state__in=[ItemState.APPROVED, ItemState.SUBMITTED])
        found |= Q(state=ItemState.DRAFT, unit__isnull=True)
    if user.role in (Role.UNIT, Role.OFFICER, Role.MANAGER):
        found |= Q(state__in=[ItemState.ISSUED, ItemState.ACTIVE]) & of_unit(user)
    return found


def of_unit(user: User) -> Q:
    """The items that the person's unit, or the committee of their park, answers for."""
    found = Q(pk__in=[])
    if user.unit_id:
        found |= Q(unit=user.unit_id)
    if user.park_id:
        found |= Q(unit__park=user.park_id)
    return found


def whole(rows: QuerySet[LedgerItem] | None = None) -> QuerySet[LedgerItem]:
    """Items with all that a line shows."""
    found = LedgerItem.objects.all() if rows is None else rows
    return found.select_related(*WHOLE).defer("detail", "project__content", "project__remark")


def counts(
    rows: QuerySet[LedgerItem], *, at: dt.datetime, rules: Rules, month: dt.date
) -> dict[int, dict[str, int]]:
    """Each ledger's figures by light, state and level, and of the month, in one query."""
    figures: dict[str, Q] = {
        "all": Q(),
        OPEN: Q(state__in=OPEN_STATES),
        "late": Q(state__in=OPEN_STATES, was_late=True),
        "issued_in": Q(**_within("issued_on", month)),
        "closed_in": Q(**_within("closed_at__date", month)),
    }
    figures |= {f"state_{state}": Q(state=state) for state in ItemState.values}
    figures |= {f"level_{level}": Q(level=level, state__in=OPEN_STATES) for level in Level.values}
    figures |= {
        f"light_{light}": item_light_is(light, at, rules)
        for light in (Light.RED, Light.YELLOW, Light.GREEN)
    }
    grouped: Any = (
        rows.order_by()
        .values("ledger")
        .annotate(**{f"n_{name}": Count("pk", filter=which) for name, which in figures.items()})
    )
    return {row["ledger"]: {name: row[f"n_{name}"] for name in figures} for row in grouped}


def pressed_in(rows: QuerySet[LedgerItem], month: dt.date) -> dict[int, int]:
    """How many of the items came to each level of pressing in the month."""
    found = (
        _pressed(month)
        .filter(item__in=rows)
        .order_by()
        .values("level")
        .annotate(items=Count("item", distinct=True))
    )
    return {row["level"]: row["items"] for row in found}


def cells(
    items: Iterable[LedgerItem],
    columns: Sequence[ItemColumn],
    *,
    at: dt.datetime,
    rules: Rules,
) -> list[list[Cell]]:
    """What the file has in each line: the same as the page."""
    return [[column.value(item, at, rules) for column in columns] for item in items]


def _called(text: str) -> Q:
    return (
        Q(number__icontains=text)
        | Q(goal__icontains=text)
        | Q(source__icontains=text)
        | Q(leader_text__icontains=text)
        | Q(person_text__icontains=text)
    )


def _mine(user: User) -> Q:
    mine = Q(person=user) | Q(leader=user) | Q(created_by=user)
    return mine | of_unit(user) if user.unit_id or user.park_id else mine


def _asked() -> QuerySet[ItemEvent]:
    """Requests for another day that wait for an answer."""
    return ItemEvent.objects.filter(kind=EventKind.PLAN_ASKED, answered_by__isnull=True)


def _pressed(month: dt.date) -> QuerySet[Escalation]:
    done = [EscalationState.DONE, EscalationState.APPROVED]
    return Escalation.objects.filter(state__in=done, **_within("triggered_on", month))


def _within(column: str, month: dt.date) -> dict[str, dt.date]:
    first = month.replace(day=1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    return {f"{column}__gte": first, f"{column}__lt": after}
