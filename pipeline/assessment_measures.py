"""What score cards measure: one table, each entry with its unit, its meaning and its records.

A new measure is one entry of :data:`MEASURES`. Each is computed for all parks, units or
officers at once; those made of projects come from ``pipeline.rollups``, the others from the
rows of ``pipeline.assessment_records``, which a card lists as evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from pipeline import assessment_records as records
from pipeline.assessment_records import Recorded
from pipeline.metrics import COUNT, RATE, YUAN
from pipeline.models import EventKind, HolderKind, Level, Metric, Node, ScoreLevel
from pipeline.score_window import Question

PARK, UNIT, OFFICER = ScoreLevel.PARK, ScoreLevel.UNIT, ScoreLevel.OFFICER
OF_PROJECTS = frozenset({PARK, OFFICER})
OF_ITEMS = frozenset({PARK, UNIT})
ALL = frozenset(ScoreLevel)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Value:
    """What was reached: a number, or of a rate the numerator and the denominator.

    Counts are projects or cases, amounts yuan.
    """

    part: Decimal
    whole: Decimal | None = None


Values = Mapping[int, Value]


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that a scheme can score or deduct for.

    ``metric`` names the holder's own target that it is held against where the scheme sets
    none. ``figure`` names the list of projects behind it, ``rows`` the records; a rate of
    figures also has ``of``, the list of its denominator.
    """

    code: str
    label: Any
    definition: Any
    levels: frozenset[ScoreLevel]
    values: Callable[[Question], Values]
    unit: str = COUNT
    is_deduction: bool = False
    metric: Metric | None = None
    figure: str = ""
    of: str = ""
    rows: Recorded | None = None

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of a whole, with a target in per cent."""
        return self.unit == RATE


def of_level(level: str) -> list[Measure]:
    """The measures that a level's scheme can hold, in the table's order."""
    return [measure for measure in MEASURES.values() if level in measure.levels]


def _figure(metric: Metric, unit: str, label: Any, definition: Any) -> Measure:
    def values(asked: Question) -> Values:
        return {
            row.id: Value(getattr(row, metric))
            for row in asked.figures.rows
            if row.id is not None and getattr(row, metric)
        }

    return Measure(
        metric.value,
        label,
        definition,
        OF_PROJECTS,
        values,
        unit=unit,
        metric=metric,
        figure=metric.value,
    )


def _start_rate(asked: Question) -> Values:
    return {
        row.id: Value(row.started_same_year, row.signed_projects)
        for row in asked.figures.rows
        if row.id is not None and row.signed_projects
    }


def _recorded(
    code: str,
    label: Any,
    definition: Any,
    levels: frozenset[ScoreLevel],
    rows: Recorded,
    *,
    unit: str = COUNT,
    is_deduction: bool = False,
) -> Measure:
    def values(asked: Question) -> Values:
        grouped = (
            rows(asked)
            .order_by()
            .values("holder")
            .annotate(sum_part=Sum("part"), sum_whole=Sum("whole"))
        )
        return {
            row["holder"]: Value(
                Decimal(row["sum_part"]), Decimal(row["sum_whole"]) if unit == RATE else None
            )
            for row in grouped
        }

    return Measure(
        code, label, definition, levels, values, unit=unit, is_deduction=is_deduction, rows=rows
    )


def _deduction(
    code: str, label: Any, definition: Any, levels: frozenset[ScoreLevel], rows: Recorded
) -> Measure:
    return _recorded(code, label, definition, levels, rows, is_deduction=True)


MEASURES: dict[str, Measure] = {
    measure.code: measure
    for measure in (
        _figure(
            Metric.SIGNED_PROJECTS,
            COUNT,
            _("签约项目数"),
            _("当年签订正式合同、已核验的项目数"),
        ),
        _figure(
            Metric.SIGNED_AMOUNT,
            YUAN,
            _("协议总投资"),
            _("当年签约项目与增资合同的协议总投资"),
        ),
        Measure(
            Metric.START_RATE.value,
            _("当年签约当年开工率"),
            _("当年签约项目中当年开工的比率；没有签约就没有比率，不计分"),
            OF_PROJECTS,
            _start_rate,
            unit=RATE,
            metric=Metric.START_RATE,
            figure="started_same_year",
            of="signed_projects",
        ),
        _figure(
            Metric.GROUNDBREAKINGS,
            COUNT,
            _("开工项目数"),
            _("当年开工、已核验的项目数，不论哪年签约"),
        ),
        _figure(
            Metric.PRODUCTIONS,
            COUNT,
            _("投产项目数"),
            _("当年投产、已核验的项目数，不论哪年签约"),
        ),
        _figure(
            Metric.FUNDS_RECEIVED,
            YUAN,
            _("到位资金"),
            _("当年到位、已核验的资金"),
        ),
        _recorded(
            "interactions",
            _("接洽记录数"),
            _("本人记录的当年接洽：走出去、请进来、会面、洽谈等"),
            frozenset({OFFICER}),
            records.interactions,
        ),
        _recorded(
            "closed_on_time",
            _("按时办结率"),
            _("当年销账而从未亮过红灯的事项，占当年销账和亮过红灯仍未销账事项的比率"),
            OF_ITEMS,
            records.closed_on_time,
            unit=RATE,
        ),
        _recorded(
            "assigned_on_time",
            _("当日交办率"),
            _("13710 第一个“1”：当日研究、明确责任人的事项，占应明确事项的比率"),
            OF_ITEMS,
            records.node_on_time(EventKind.ASSIGNED, Node.ASSIGN),
            unit=RATE,
        ),
        _recorded(
            "feedback_on_time",
            _("3 日反馈率"),
            _("13710 的“3”：3 天内反馈办理情况的事项，占应反馈事项的比率"),
            OF_ITEMS,
            records.node_on_time(EventKind.FEEDBACK, Node.FEEDBACK),
            unit=RATE,
        ),
        _recorded(
            "monthly_on_time",
            _("月度进展按时报送率"),
            _("月底前报送的月度进展，占应报送件次的比率：月底尚未销账的事项每月报一次"),
            OF_ITEMS,
            records.monthly_on_time,
            unit=RATE,
        ),
        _recorded(
            "closed_items",
            _("销账事项数"),
            _("当年销账的事项数"),
            OF_ITEMS,
            records.closed,
        ),
        _deduction(
            "overdue",
            _("逾期事项"),
            _("当年亮过红灯（被催办）的事项，每项计一次"),
            OF_ITEMS,
            records.red,
        ),
        _deduction(
            "named",
            _("被通报"),
            _("当年在一月一通报中被点名的事项，每项计一次"),
            OF_ITEMS,
            records.named,
        ),
        _deduction(
            "inspected",
            _("被专项督查"),
            _("当年批准专项督查的事项，每项计一次"),
            OF_ITEMS,
            records.pressed(Level.INSPECTED),
        ),
        _deduction(
            "listed",
            _("被挂牌督办"),
            _("当年批准挂牌督办的事项，每项计一次"),
            OF_ITEMS,
            records.pressed(Level.LISTED),
        ),
        _deduction(
            "returned",
            _("核账退回"),
            _("当年报办结后被督查室退回的次数"),
            OF_ITEMS,
            records.returned,
        ),
        _deduction(
            "revoked",
            _("里程碑被撤销"),
            _("当年被撤销的里程碑；更正、框架升级为正式合同和历史导入的不计"),
            OF_PROJECTS,
            records.revoked,
        ),
        _deduction(
            "returned_claims",
            _("申报被退回"),
            _("当年本人申报、被核验员退回的里程碑"),
            frozenset({OFFICER}),
            records.returned_claims,
        ),
        _deduction(
            "falsehoods",
            _("弄虚作假"),
            _("当年被认定弄虚作假的里程碑和台账事项"),
            ALL,
            records.falsehoods,
        ),
    )
}
HOLDER_KINDS = {PARK: HolderKind.PARK, UNIT: HolderKind.UNIT, OFFICER: HolderKind.OFFICER}
