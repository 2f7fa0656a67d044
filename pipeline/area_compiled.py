"""What a vice-county head's area looks like in a month: figures, lists and obstacles.

The same figures as the county's bulletin, of the area's units only, with six months side by
side; and what stands in the way: difficulties that units filed, and what projects still
need from these units. In the structure of a bulletin, so that it is shown and printed so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import Area, Unit
from crm.units import UnitNames
from pipeline.models import FactorNeed, Instruction, LedgerItem
from pipeline.months import Month
from pipeline.promises import standings
from pipeline.reports.content import FORMAT, plain_sections, plain_table
from pipeline.reports.narrative import Section
from pipeline.reports.periods import Period
from pipeline.reports.supervision import narrative, tables
from pipeline.reports.supervision.numbers import Count, Numbers, counted, gather_of
from pipeline.reports.tables import DAY, DAYS, TEXT, Column, Table

MONTHS = 6
LONGEST = 200
"""Needs of projects that are listed; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An area's figures of a month, asked for once."""

    area: Area
    numbers: Numbers
    trend: tuple[tuple[Month, Count], ...]
    needs: tuple[FactorNeed, ...]
    needs_count: int
    needs_late: int


def compiled(area: Area, month: Month, *, known_at: dt.datetime) -> Compiled:
    """Ask for all of it; a fixed number of queries, whatever the data."""
    months = [month.earlier(ago) for ago in range(MONTHS - 1, -1, -1)]
    day = min(month.last, timezone.localdate(known_at))
    found = standings(months, known_at=known_at, items=LedgerItem.objects.filter(unit__area=area))
    units = list(Unit.objects.filter(area=area))
    needs = needs_of(units, day, known_at=known_at)
    return Compiled(
        area,
        gather_of(found[-2], found[-1], {unit.pk: unit.name for unit in units}),
        tuple((s.month, counted(s.promises, s.month)) for s in found),
        tuple(needs[:LONGEST]),
        needs.count(),
        needs.filter(due_on__lt=day).count(),
    )


def needs_of(units: Sequence[Unit], day: dt.date, *, known_at: dt.datetime) -> Any:
    """What projects need from units and had not got by a day, the longest overdue first.

    A need names its unit in words: they are read as the units' names and other spellings.
    """
    keys = {unit.pk for unit in units}
    names = UnitNames(Unit.objects.all())
    unmet = FactorNeed.objects.filter(
        Q(met_on__isnull=True) | Q(met_on__gt=day), recorded_at__lte=known_at
    ).exclude(unit="")
    said = unmet.order_by().values_list("unit", flat=True).distinct()
    theirs = [text for text in said if (unit := names.find(text)) is not None and unit.pk in keys]
    return (
        unmet.filter(unit__in=theirs)
        .select_related("project")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )


def content(
    area: Area,
    month: Month,
    *,
    known_at: dt.datetime,
    analysis: str = "",
    instructions: Sequence[Instruction] = (),
) -> dict[str, Any]:
    """The whole analysis as plain data, in the county's language."""
    with translation.override(settings.LANGUAGE_CODE):
        found = compiled(area, month, known_at=known_at)
        made = _tables(found, instructions)
        period = Period("month", month.year, month.number)
        said = {"area": area.name, "month": month.label}
        return {
            "format": FORMAT,
            "subject": "area",
            "title": _("%(area)s%(month)s事项落实汇总分析报告") % said,
            "holder": area.name,
            "leader": str(area.leader) if area.leader else "",
            "period": {"kind": period.kind, "year": period.year, "number": period.number},
            "as_of": min(month.last, timezone.localdate(known_at)).isoformat(),
            "known_at": timezone.localtime(known_at).isoformat(timespec="seconds"),
            "sections": plain_sections(_sections(found, analysis, instructions), {}),
            "tables": {table.name: plain_table(table) for table in made},
            "charts": [],
            "footnotes": narrative.footnotes(found.numbers),
        }


def _sections(found: Compiled, analysis: str, instructions: Sequence[Instruction]) -> list[Section]:
    words = tuple(line.strip() for line in analysis.splitlines() if line.strip())
    given = () if instructions else (_("本月没有下达指导意见。"),)
    return [
        Section("whole", _("一、落实情况"), _whole(found), ("A1", "S3")),
        Section("pressed", _("二、逾期与督办事项"), _pressed(found), ("S5", "S7")),
        Section("filing", _("三、月度进展报送"), _filing(found), ("S8",)),
        Section("obstacles", _("四、困难和问题"), _obstacles(found), ("A2", "A3")),
        Section("analysis", _("五、分析研判"), words or (_("（尚未填写）"),), ()),
        Section("instructions", _("六、指导意见"), given, ("A4",) if instructions else ()),
    ]


def _whole(found: Compiled) -> tuple[str, ...]:
    count = found.numbers.total
    return (
        _(
            "截至%(day)s，%(area)s在办事项%(owed)s项，本月销账%(closed)s项，按期办结率%(rate)s；"
            "红灯%(red)s项、黄灯%(yellow)s项。"
        )
        % {
            "day": timezone.localdate(found.numbers.now.as_of).isoformat(),
            "area": found.area.name,
            "owed": count.owed,
            "closed": count.closed,
            "rate": narrative.rate(count),
            "red": count.red,
            "yellow": count.yellow,
        },
    )


def _pressed(found: Compiled) -> tuple[str, ...]:
    count = found.numbers.total
    if not (count.red or count.named or count.urged):
        return (_("没有逾期和被催办、通报的事项。"),)
    words = _("月底逾期%(red)s项；本月被催办%(urged)s项、被通报%(named)s项，按逾期天数列表如下。")
    return (words % {"red": count.red, "urged": count.urged, "named": count.named},)


def _filing(found: Compiled) -> tuple[str, ...]:
    count = found.numbers.total
    words = _("应报进展%(owed)s项，已报%(filed)s项（其中补报%(late)s项），未报%(missing)s项。")
    return (
        words
        % {
            "owed": count.to_file,
            "filed": count.filed,
            "late": count.filed_late,
            "missing": count.not_filed,
        },
    )


def _obstacles(found: Compiled) -> tuple[str, ...]:
    difficult = len(_difficulties(found))
    words = _("各单位报来困难%(difficult)s项；项目要素待落实%(needs)s项，其中已逾期%(late)s项。")
    said = {"difficult": difficult, "needs": found.needs_count, "late": found.needs_late}
    return (words % said,)


def _tables(found: Compiled, instructions: Sequence[Instruction]) -> list[Table]:
    kept = tables.tables(found.numbers)
    made = [_a1(found), kept["S3"], kept["S5"], kept["S7"], kept["S8"], _a2(found), _a3(found)]
    if instructions:
        made.append(_a4(instructions))
    return [_numbered(table, number) for number, table in enumerate(made, start=1)]


def _numbered(table: Table, number: int) -> Table:
    """A table with its number in this report, in place of that in the county's bulletin."""
    name = table.title.partition(" ")[2] or table.title
    said = {"number": number, "name": name}
    return replace(table, title=_("表%(number)s %(name)s") % said)


def _a1(found: Compiled) -> Table:
    """Six months side by side."""
    rows = [[month.label, *tables.values(count)] for month, count in found.trend]
    columns = [Column("month", _("月份"), TEXT), *(column for column, _f in tables.figures())]
    keys = [str(month) for month, _count in found.trend]
    return Table("A1", _("近六个月走势"), columns, rows, keys)


def _difficulties(found: Compiled) -> list[Any]:
    return [
        p
        for p in found.numbers.promises
        if p.filing and (p.filing.newest.obstacle or p.filing.newest.state == "difficult")
    ]


def _a2(found: Compiled) -> Table:
    columns = [
        Column("number", _("编号"), TEXT),
        Column("goal", _("目标任务"), TEXT),
        Column("unit", _("责任单位"), TEXT),
        Column("obstacle", _("存在问题"), TEXT),
        Column("text", _("进展情况"), TEXT),
    ]
    rows, keys = [], []
    for p in _difficulties(found):
        said = p.filing.newest
        rows.append([p.item.number, p.goal, p.unit, said.obstacle, said.text])
        keys.append(str(p.item.pk))
    return Table("A2", _("各单位报来的困难"), columns, rows, keys)


def _a3(found: Compiled) -> Table:
    day = timezone.localdate(found.numbers.now.as_of)
    columns = [
        Column("project", _("项目"), TEXT),
        Column("need", _("要素"), TEXT),
        Column("unit", _("责任单位"), TEXT),
        Column("due_on", _("应完成日"), DAY),
        Column("days", _("逾期天数"), DAYS),
    ]
    rows = [
        [
            need.project.name,
            str(need).strip(),
            need.unit,
            need.due_on.isoformat() if need.due_on else "",
            (day - need.due_on).days if need.due_on and need.due_on < day else None,
        ]
        for need in found.needs
    ]
    note = ""
    if found.needs_count > len(rows):
        note = _("共 %(count)s 项，表中列出逾期最久的 %(shown)s 项。")
        note %= {"count": found.needs_count, "shown": len(rows)}
    keys = [str(need.project_id) for need in found.needs]
    return Table("A3", _("项目待落实要素"), columns, rows, keys, None, note)


def _a4(instructions: Sequence[Instruction]) -> Table:
    columns = [
        Column("number", _("台账编号"), TEXT),
        Column("text", _("指导意见"), TEXT),
        Column("unit", _("责任单位"), TEXT),
        Column("due_on", _("完成时限"), DAY),
        Column("about", _("针对事项"), TEXT),
    ]
    rows = [
        [
            given.item.number if given.item else "",
            given.text,
            given.unit.name,
            given.due_on.isoformat() if given.due_on else "",
            str(given.about) if given.about else "",
        ]
        for given in instructions
    ]
    keys = [str(given.item_id or "") for given in instructions]
    return Table("A4", _("指导意见"), columns, rows, keys)
