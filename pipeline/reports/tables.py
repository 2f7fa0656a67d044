"""Tables T1 to T8 of a report: values by column, and what each column's values are.

T1 the year's targets, T2 signings by park, T3 the start rate, T4 groundbreakings and
productions, T5 funds, T6 channels and industries, T7 what was signed and has not started,
T8 the red and black list (红黑榜). The period alone stands beside the year to date, and the
same time of last year beside both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from pipeline.lights import Light, schedule_light
from pipeline.models import Metric
from pipeline.reports.numbers import Numbers
from pipeline.reports.wording import behind_or_ahead, gap_in_words
from pipeline.rollups import Row
from pipeline.targets import ranks, ratio

TEXT, COUNT, YI, WAN, PERCENT, POINTS, RANK, DAY, DAYS = (
    *("text", "count", "yi", "wan", "percent", "points", "rank", "day", "days"),
)
"""What a column holds. Counts are projects, ``yi`` and ``wan`` are yuan that are shown in
亿元 and 万元, rates fractions of 1, days ISO; ``wording`` shows each."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the data, wording, and what its values are (``kind``).

    ``group`` stands above several columns: 本季, 年初累计.
    """

    name: str
    label: str
    kind: str = COUNT
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: values row by row as its columns say, exact; ``keys`` name what a row is of.

    ``total`` comes last where there is one. ``note`` stands below.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    keys: Sequence[str] = ()
    total: Sequence[Any] | None = None
    note: str = ""

    def cell(self, key: str, column: str) -> Any:
        """The value of a row's column. Raises ``ValueError`` where there is no such row."""
        row = self.total if key == "total" and self.total else self.rows[self.keys.index(key)]
        return row[[c.name for c in self.columns].index(column)]


@dataclass(frozen=True, slots=True)
class _Value:
    """A column with the value that it has for a park, from (to date, before, last year)."""

    column: Column
    of: Callable[[Row, Row, Row], Any]
    is_ranked: bool = field(default=False)


def tables(numbers: Numbers) -> dict[str, Table]:
    """Every table of the report by its name."""
    made = (_t1, _t2, _t3, _t4, _t5, _t6, _t6_industries, _t7, _t8)
    return {table.name: table for table in (make(numbers) for make in made)}


def growth(now: Decimal, then: Decimal) -> Decimal | None:
    """(now − then) / then, None where there was nothing."""
    return ratio(now - then, then)


def _t1(numbers: Numbers) -> Table:
    period = numbers.period
    now, before, last = numbers.so_far.total, numbers.before.total, numbers.last_year.total
    rows: list[list[Any]] = []
    for metric, label, kind in (
        (Metric.SIGNED_PROJECTS, _("签约项目（个）"), COUNT),
        (Metric.SIGNED_AMOUNT, _("协议总投资（亿元）"), YI),
    ):
        value = getattr(now, metric)
        rows.append(
            [
                label,
                now.target(metric),
                value - getattr(before, metric),
                value,
                now.completion(metric),
                (now.schedules or {}).get(metric),
                now.lead(metric),
                getattr(last, metric),
                growth(value, getattr(last, metric)),
                kind,
            ]
        )
    rows.append(
        [
            _("当年签约当年开工率"),
            now.target(Metric.START_RATE),
            None,
            now.start_rate,
            None,
            None,
            now.start_rate_gap,
            last.start_rate,
            _difference(now.start_rate, last.start_rate),
            PERCENT,
        ]
    )
    columns = (
        Column("metric", _("指标"), TEXT),
        Column("target", _("全年目标"), "by_row"),
        Column("alone", period.alone, "by_row"),
        Column("so_far", period.so_far, "by_row"),
        Column("completion", _("完成率"), PERCENT),
        Column("schedule", _("序时进度"), PERCENT),
        Column("lead", _("超（欠）百分点"), POINTS),
        Column("last_year", _("上年同期"), "by_row"),
        Column("growth", _("同比"), "growth_by_row"),
        Column("kind", "", "kind"),
    )
    return Table(
        "T1",
        _("表1 目标任务完成情况"),
        columns,
        rows,
        keys=(Metric.SIGNED_PROJECTS, Metric.SIGNED_AMOUNT, Metric.START_RATE),
        note=_("开工率直接与目标相比，单位为百分点；比率不分序时。"),
    )


def _difference(now: Decimal | None, then: Decimal | None) -> Decimal | None:
    return None if now is None or then is None else now - then


def _by_park(
    numbers: Numbers, name: str, title: str, values: Sequence[_Value], *, note: str = ""
) -> Table:
    """A table with a row per park, their total, and ranks where a value is ranked."""
    rows = numbers.rows()
    columns = [Column("park", _("园区"), TEXT)]
    body: list[list[Any]] = [[row.name] for row, _before, _last in rows]
    totals = (numbers.so_far.total, numbers.before.total, numbers.last_year.total)
    total: list[Any] = [_("合计")]
    for value in values:
        found = [value.of(*row) for row in rows]
        columns.append(value.column)
        total.append(value.of(*totals))
        for line, cell in zip(body, found, strict=True):
            line.append(cell)
        if value.is_ranked and len(rows) > 1 and any(found):
            placed = [
                None if row.id is None else cell
                for (row, *_), cell in zip(rows, found, strict=True)
            ]
            columns.append(Column(f"{value.column.name}_rank", _("位次"), RANK, value.column.group))
            total.append(None)
            for line, rank in zip(body, ranks(placed), strict=True):
                line.append(rank)
    return Table(name, title, columns, body, [row.key for row, *_ in rows], total, note)


def _added(figure: str, label: str, kind: str, group: str) -> _Value:
    """A figure of the period alone: the year to its end less the year to its beginning."""
    return _Value(
        Column(f"{figure}_alone", label, kind, group),
        lambda now, before, last: getattr(now, figure) - getattr(before, figure),
    )


def _so_far(figure: str, label: str, kind: str, group: str) -> _Value:
    return _Value(Column(figure, label, kind, group), lambda now, *_: getattr(now, figure))


def _last_year(figure: str, kind: str) -> list[_Value]:
    return [
        _Value(
            Column(f"{figure}_last_year", _("上年同期"), kind),
            lambda now, before, last: getattr(last, figure),
        ),
        _Value(
            Column(f"{figure}_growth", _("同比"), "growth"),
            lambda now, before, last: growth(getattr(now, figure), getattr(last, figure)),
        ),
    ]


def _goal(metric: Metric, label: str, kind: str, group: str) -> list[_Value]:
    return [
        _Value(
            Column(f"{metric}_target", _("目标"), kind, group), lambda now, *_: now.target(metric)
        ),
        _Value(
            Column(f"{metric}_completion", _("完成率"), PERCENT, group),
            lambda now, *_: now.completion(metric),
            is_ranked=True,
        ),
        _Value(
            Column(f"{metric}_lead", _("超（欠）百分点"), POINTS, group),
            lambda now, *_: now.lead(metric),
        ),
    ]


def _t2(numbers: Numbers) -> Table:
    period, projects, amount = numbers.period, _("签约项目（个）"), _("协议总投资（亿元）")
    values = []
    for metric, kind, group in (
        (Metric.SIGNED_PROJECTS, COUNT, projects),
        (Metric.SIGNED_AMOUNT, YI, amount),
    ):
        values += [
            _added(metric, period.alone, kind, group),
            _so_far(metric, period.so_far, kind, group),
            *_goal(metric, "", kind, group),
        ]
    return _by_park(numbers, "T2", _("表2 各园区签约情况"), values)


def _t3(numbers: Numbers) -> Table:
    values = [
        _so_far("signed_projects", _("签约项目（个）"), COUNT, ""),
        _so_far("started_same_year", _("其中当年开工（个）"), COUNT, ""),
        _Value(Column("start_rate", _("开工率"), PERCENT), lambda now, *_: now.start_rate, True),
        _Value(Column("target", _("目标"), PERCENT), lambda now, *_: now.target(Metric.START_RATE)),
        _Value(Column("gap", _("高（低）百分点"), POINTS), lambda now, *_: now.start_rate_gap),
        _Value(
            Column("start_rate_last_year", _("上年同期"), PERCENT),
            lambda now, before, last: last.start_rate,
        ),
    ]
    return _by_park(numbers, "T3", _("表3 当年签约当年开工情况"), values)


def _t4(numbers: Numbers) -> Table:
    period, started, produced = numbers.period, _("开工项目（个）"), _("投产项目（个）")
    values = [
        _added("groundbreakings", period.alone, COUNT, started),
        _so_far("groundbreakings", period.so_far, COUNT, started),
        _added("productions", period.alone, COUNT, produced),
        _so_far("productions", period.so_far, COUNT, produced),
    ]
    return _by_park(
        numbers, "T4", _("表4 项目开工、投产情况"), values, note=_("不论哪年签约，含增资项目。")
    )


def _t5(numbers: Numbers) -> Table:
    period, figure = numbers.period, "funds_received_yuan"
    values = [
        _added(figure, period.alone, YI, _("到位资金（亿元）")),
        _Value(
            Column(figure, period.so_far, YI, _("到位资金（亿元）")),
            lambda now, *_: getattr(now, figure),
            True,
        ),
        *_last_year(figure, YI),
    ]
    return _by_park(numbers, "T5", _("表5 到位资金情况"), values)


def _shares(numbers: Numbers, name: str, title: str, label: str, rows: Sequence[Row]) -> Table:
    whole = numbers.so_far.total
    found = [row for row in rows if row.signed_projects or row.signed_amount_yuan]
    found.sort(key=lambda row: (-row.signed_amount_yuan, row.key))
    columns = (
        Column("name", label, TEXT),
        Column("signed_projects", _("签约项目（个）")),
        Column("projects_share", _("占比"), PERCENT),
        Column("signed_amount_yuan", _("协议总投资（亿元）"), YI),
        Column("amount_share", _("占比"), PERCENT),
        Column("started_same_year", _("其中当年开工（个）")),
        Column("start_rate", _("开工率"), PERCENT),
    )

    def line(row: Row, said: str) -> list[Any]:
        return [
            said,
            row.signed_projects,
            ratio(row.signed_projects, whole.signed_projects),
            row.signed_amount_yuan,
            ratio(row.signed_amount_yuan, whole.signed_amount_yuan),
            row.started_same_year,
            row.start_rate,
        ]

    return Table(
        name,
        title,
        columns,
        [line(row, row.name) for row in found],
        [row.key for row in found],
        line(whole, _("合计")),
    )


def _t6(numbers: Numbers) -> Table:
    return _shares(numbers, "T6", _("表6 招商方式情况"), _("招商方式"), numbers.channels.rows)


def _t6_industries(numbers: Numbers) -> Table:
    return _shares(
        numbers, "T6b", _("表6续 行业情况"), _("行业（GB/T 4754）"), numbers.industries.rows
    )


def _t7(numbers: Numbers) -> Table:
    columns = (
        Column("project", _("项目"), TEXT),
        Column("investor", _("投资方"), TEXT),
        Column("park", _("园区"), TEXT),
        Column("amount", _("协议总投资（万元）"), WAN),
        Column("signed_on", _("签约日"), DAY),
        Column("days", _("已过天数"), DAYS),
        Column("obstacles", _("待落实要素"), TEXT),
        Column("lead_unit", _("责任单位"), TEXT),
        Column("patron_leader", _("包联领导"), TEXT),
    )
    rows = [
        [
            waiting.signing.project.name,
            waiting.signing.project.investor.name,
            waiting.park or _("未落园区"),
            waiting.signing.amount,
            waiting.signing.occurred_on.isoformat(),
            waiting.days,
            _("、").join(waiting.obstacles),
            waiting.signing.project.lead_unit,
            waiting.signing.project.patron_leader,
        ]
        for waiting in numbers.waiting
    ]
    keys = [f"{w.signing.pk}-{w.park}" for w in numbers.waiting]
    cut = numbers.waiting_count > len(rows)
    note = _("共 %(count)s 个，表中列出签约最早的 %(shown)s 个。") if cut else ""
    said = {"count": f"{numbers.waiting_count.normalize():f}", "shown": len(rows)}
    return Table(
        "T7", _("表7 签约未开工项目"), columns, rows, keys, None, note % said if cut else ""
    )


RED, BLACK = "red", "black"


def _t8(numbers: Numbers) -> Table:
    """Red: every target met or on schedule and the rate at its target. Black: a red light on
    a target, or the rate short of its target by 10 points or more. With no target: neither."""
    rows, keys = [], []
    for row, _before, _last in numbers.rows():
        if row.id is None or (listed := standing(row)) is None:
            continue
        rows.append([_("红榜") if listed == RED else _("黑榜"), row.name, reasons(row, listed)])
        keys.append(row.key)
    columns = (
        Column("list", _("榜别"), TEXT),
        Column("park", _("园区"), TEXT),
        Column("reason", _("依据"), TEXT),
    )
    order = sorted(range(len(rows)), key=lambda i: rows[i][0] != _("红榜"))
    return Table(
        "T8",
        _("表8 红黑榜"),
        columns,
        [rows[i] for i in order],
        [keys[i] for i in order],
        note=_(
            "红榜：各项目标均不欠序时且开工率达标；黑榜：任一目标欠序时超过 30 个百分点，"
            "或开工率低于目标 10 个百分点以上。"
        ),
    )


FAR_BELOW = Decimal("0.10")


def _leads(row: Row) -> list[tuple[str, Decimal]]:
    pairs = [
        (_("签约项目"), row.lead(Metric.SIGNED_PROJECTS)),
        (_("协议总投资"), row.lead(Metric.SIGNED_AMOUNT)),
    ]
    return [(label, lead) for label, lead in pairs if lead is not None]


def standing(row: Row) -> str | None:
    """On which list a park stands, None for neither."""
    leads, gap = _leads(row), row.start_rate_gap
    if not leads:
        return None
    late = any(schedule_light(lead) is Light.RED for _label, lead in leads)
    if late or (gap is not None and gap <= -FAR_BELOW):
        return BLACK
    on_time = all(lead >= 0 for _label, lead in leads)
    return RED if on_time and gap is not None and gap >= 0 else None


def reasons(row: Row, listed: str) -> str:
    """Why a park stands there, in words."""
    said = [
        f"{label}{behind_or_ahead(lead)}"
        for label, lead in _leads(row)
        if listed == RED or schedule_light(lead) is Light.RED
    ]
    gap = row.start_rate_gap
    if gap is not None and (listed == RED or gap <= -FAR_BELOW):
        said.append(_("开工率") + gap_in_words(gap))
    return _("，").join(said)
