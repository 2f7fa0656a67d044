"""Tables S1 to S9 of the monthly bulletin: values by column, exact, one row a line.

S1 the whole beside last month, S2 ledgers, S3 units with their rank, S4 what was closed,
S5 what is named (通报), S6 what was urged (催办), S7 inspections and listings, S8 filings that
are missing, S9 the praised (红榜).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.models import EscalationState, Level, Node
from pipeline.promises import Promise, Step
from pipeline.reports.supervision.numbers import Count, Group, Numbers
from pipeline.reports.tables import DAY, DAYS, PERCENT, RANK, TEXT, Column, Table
from pipeline.targets import ranks

LONGEST = 500
"""Lines of a list of items; the rest is only counted."""


def tables(numbers: Numbers) -> dict[str, Table]:
    """Every table of the bulletin by its name."""
    made = (_s1, _s2, _s3, _s4, _s5, _s6, _s7, _s8, _s9)
    return {table.name: table for table in (make(numbers) for make in made)}


def figures() -> list[tuple[Column, str]]:
    """The columns of counts, each with the figure that it shows."""
    return [
        (Column("owed", _("在办")), "owed"),
        (Column("issued", _("其中新交办")), "issued"),
        (Column("closed", _("销账")), "closed"),
        (Column("due", _("应办结")), "due"),
        (Column("on_time", _("按期办结")), "on_time"),
        (Column("on_time_rate", _("按期办结率"), PERCENT), "on_time_rate"),
        (Column("red", _("红灯")), "red"),
        (Column("yellow", _("黄灯")), "yellow"),
        (Column("urged", _("催办")), "urged"),
        (Column("named", _("通报")), "named"),
    ]


def values(count: Count) -> list[Any]:
    """The values of those columns."""
    return [getattr(count, figure) for _column, figure in figures()]


def _s1(numbers: Numbers) -> Table:
    columns = [Column("month", _("月份"), TEXT), *(column for column, _figure in figures())]
    rows = [
        [numbers.month.label, *values(numbers.total)],
        [numbers.month.earlier().label, *values(numbers.total_before)],
    ]
    return Table("S1", _("表1 重点工作落实总体情况"), columns, rows, ["now", "before"])


def _by_group(numbers: Numbers, name: str, title: str, label: str, groups: Any) -> Table:
    columns = [Column("name", label, TEXT), *(column for column, _figure in figures())]
    rows = [[group.name, *values(group.count)] for group in groups]
    total = [_("合计"), *values(numbers.total)]
    return Table(name, title, columns, rows, [group.key for group in groups], total)


def _s2(numbers: Numbers) -> Table:
    title = _("表2 各台账办理情况")
    return _by_group(numbers, "S2", title, _("台账"), numbers.ledgers)


def _s3(numbers: Numbers) -> Table:
    made = _by_group(numbers, "S3", _("表3 各责任单位办理情况"), _("责任单位"), numbers.units)
    placed = ranks([group.count.on_time_rate for group in numbers.units])
    return Table(
        made.name,
        made.title,
        [*made.columns, Column("rank", _("位次"), RANK)],
        [[*row, rank] for row, rank in zip(made.rows, placed, strict=True)],
        made.keys,
        [*(made.total or []), None],
        _("按期办结率由高到低排位，相同的并列；本月没有应办结事项的不排位。"),
    )


def _of_item() -> list[Column]:
    return [
        Column("number", _("编号"), TEXT),
        Column("goal", _("目标任务"), TEXT),
        Column("unit", _("责任单位"), TEXT),
    ]


def _item(promise: Promise) -> list[Any]:
    return [promise.item.number, promise.goal, promise.unit]


def _listed(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[str, list[Any]]],
    note: str = "",
) -> Table:
    """A list of items, cut where it is too long to read."""
    if len(rows) > LONGEST:
        said = {"count": len(rows), "shown": LONGEST}
        note += _("共 %(count)s 项，表中列出前 %(shown)s 项。") % said
    shown = rows[:LONGEST]
    keys, values = [key for key, _row in shown], [row for _key, row in shown]
    return Table(name, title, [*_of_item(), *columns], values, keys, None, note)


def _s4(numbers: Numbers) -> Table:
    columns = (
        Column("issued_on", _("交办日"), DAY),
        Column("closed_on", _("销账日"), DAY),
        Column("in_time", _("是否按期"), TEXT),
    )
    rows = [
        (
            str(p.item.pk),
            [
                *_item(p),
                p.issued_on.isoformat(),
                timezone.localdate(p.closed_at).isoformat() if p.closed_at else "",
                _("曾逾期") if p.was_red else _("按期"),
            ],
        )
        for p in numbers.those("closed")
    ]
    return _listed("S4", _("表4 本月销账事项"), columns, rows)


def most_overdue_first(promises: Sequence[Promise]) -> list[Promise]:
    """As a list that presses is read: the longest overdue first."""
    return sorted(promises, key=lambda p: (-p.days_overdue, p.item.pk))


def _s5(numbers: Numbers) -> Table:
    columns = (
        Column("due_on", _("到期日"), DAY),
        Column("days", _("逾期天数"), DAYS),
        Column("level", _("已采取"), TEXT),
    )
    rows = [
        (
            str(p.item.pk),
            [
                *_item(p),
                p.due_on.isoformat() if p.due_on else "",
                p.days_overdue,
                str(Level(p.level).label) if p.level else _("无"),
            ],
        )
        for p in most_overdue_first(numbers.those("named"))
    ]
    return _listed("S5", _("表5 通报事项"), columns, rows)


def _steps(numbers: Numbers, levels: Sequence[int]) -> list[tuple[Promise, Step]]:
    found = [
        (p, step)
        for p in numbers.promises
        for step in p.steps_in(numbers.month)
        if step.level in levels
    ]
    return sorted(found, key=lambda pair: (pair[1].triggered_on, pair[0].item.pk, pair[1].level))


def _s6(numbers: Numbers) -> Table:
    columns = (
        Column("node", _("节点"), TEXT),
        Column("due_on", _("到期日"), DAY),
        Column("on", _("催办日"), DAY),
        Column("now", _("月底状态"), TEXT),
    )
    rows = [
        (
            f"{p.item.pk}-{step.node}-{step.clock_due_on}",
            [
                *_item(p),
                str(Node(step.node).label),
                step.clock_due_on.isoformat(),
                step.triggered_on.isoformat(),
                _("仍为红灯") if p.is_red else str(p.state.label),
            ],
        )
        for p, step in _steps(numbers, [Level.URGED])
    ]
    return _listed("S6", _("表6 催办事项"), columns, rows)


def _s7(numbers: Numbers) -> Table:
    columns = (
        Column("level", _("督办"), TEXT),
        Column("on", _("提出日"), DAY),
        Column("state", _("审批"), TEXT),
        Column("deadline", _("整改期限"), DAY),
    )
    rows = [
        (
            f"{p.item.pk}-{step.level}-{step.node}-{step.clock_due_on}",
            [
                *_item(p),
                str(Level(step.level).label),
                step.triggered_on.isoformat(),
                str(EscalationState(step.state).label),
                step.deadline.isoformat() if step.deadline else "",
            ],
        )
        for p, step in _steps(numbers, [Level.INSPECTED, Level.LISTED])
    ]
    return _listed("S7", _("表7 专项督查与挂牌督办"), columns, rows)


def _s8(numbers: Numbers) -> Table:
    columns = (
        Column("unit", _("责任单位"), TEXT),
        Column("to_file", _("应报")),
        Column("filed", _("已报")),
        Column("filed_late", _("其中补报")),
        Column("not_filed", _("未报")),
        Column("items", _("未报事项"), TEXT),
    )
    wanting = [g for g in numbers.units if g.count.not_filed or g.count.filed_late]
    rows = [
        [
            group.name,
            group.count.to_file,
            group.count.filed,
            group.count.filed_late,
            group.count.not_filed,
            _("、").join(p.item.number for p in group.promises if p.is_owed and not p.filing),
        ]
        for group in wanting
    ]
    total = numbers.total
    return Table(
        "S8",
        _("表8 月度进展未报、补报情况"),
        columns,
        rows,
        [group.key for group in wanting],
        [_("合计"), total.to_file, total.filed, total.filed_late, total.not_filed, ""],
    )


def is_praised(group: Group) -> bool:
    """Red list (红榜): something was finished, all of it on time, nothing is red or unfiled."""
    count = group.count
    return (
        count.due > 0
        and count.on_time == count.due
        and not (count.red or count.not_filed or count.filed_late)
    )


def _s9(numbers: Numbers) -> Table:
    columns = (
        Column("unit", _("责任单位"), TEXT),
        Column("owed", _("在办")),
        Column("closed", _("销账")),
        Column("on_time_rate", _("按期办结率"), PERCENT),
    )
    praised = [group for group in numbers.units if is_praised(group)]
    rows = [
        [group.name, group.count.owed, group.count.closed, group.count.on_time_rate]
        for group in praised
    ]
    keys = [group.key for group in praised]
    note = _("红榜：本月有销账、全部按期，月底没有红灯，月度进展按时报齐。")
    return Table("S9", _("表9 红榜"), columns, rows, keys, None, note)
