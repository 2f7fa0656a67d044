"""The sentences of the monthly bulletin, built from its figures, and its footnotes."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from pipeline.models import EscalationState, Level
from pipeline.promises import Promise
from pipeline.reports.narrative import Section
from pipeline.reports.supervision.numbers import Count, Numbers
from pipeline.reports.supervision.tables import is_praised, most_overdue_first
from pipeline.reports.wording import percent

SHOWN = 10
"""Items that a sentence names one by one; the others stand in its table."""


def title(numbers: Numbers) -> str:
    """关于平陆县2026年9月重点工作落实情况的通报."""
    said = {"holder": numbers.rules.county, "month": numbers.month.label}
    return _("关于%(holder)s%(month)s重点工作落实情况的通报") % said


def sections(numbers: Numbers) -> list[Section]:
    """The bulletin's six sections with their sentences and tables."""
    return [
        Section("whole", _("一、总体情况"), _whole(numbers), ("S1",)),
        Section("holders", _("二、各台账、各单位办理情况"), _units(numbers), ("S2", "S3")),
        Section("closed", _("三、本月销账事项"), _closed(numbers), ("S4",)),
        Section("pressed", _("四、通报与督办"), _pressed(numbers), ("S5", "S6", "S7")),
        Section("filing", _("五、月度进展报送"), _filing(numbers), ("S8",)),
        Section("next", _("六、表扬与下步工作"), _next(numbers), ("S9",)),
    ]


def rate(count: Count) -> str:
    """80.0%（8/10）, with its fraction; a dash where nothing was to be finished."""
    if count.on_time_rate is None:
        return _("—（没有应办结事项）")
    return f"{percent(count.on_time_rate)}（{count.on_time}/{count.due}）"


def _whole(numbers: Numbers) -> tuple[str, ...]:
    now, before, last = numbers.total, numbers.total_before, numbers.month.last
    first = _(
        "截至%(year)s年%(month)s月%(day)s日，全县在办事项%(owed)s项，其中本月新交办%(issued)s项；"
        "本月销账%(closed)s项（上月%(closed_before)s项），按期办结率%(rate)s，上月为%(rate_before)s。"
    ) % {
        "year": last.year,
        "month": last.month,
        "day": last.day,
        "owed": now.owed,
        "issued": now.issued,
        "closed": now.closed,
        "closed_before": before.closed,
        "rate": rate(now),
        "rate_before": rate(before),
    }
    lights = _("月底红灯%(red)s项、黄灯%(yellow)s项；本月催办%(urged)s项，通报%(named)s项。") % {
        "red": now.red,
        "yellow": now.yellow,
        "urged": now.urged,
        "named": now.named,
    }
    return (first, lights)


def _units(numbers: Numbers) -> tuple[str, ...]:
    rated = sorted(
        (group for group in numbers.units if group.count.on_time_rate is not None),
        key=lambda group: (-(group.count.on_time_rate or 0), group.key),
    )
    if not rated:
        return (_("本月没有应办结事项，各单位不排位。"),)
    listed = _("、").join(f"{group.name}{rate(group.count)}" for group in rated[:SHOWN])
    more = "" if len(rated) <= SHOWN else _("等")
    return (
        _("按期办结率由高到低依次为：%(listed)s%(more)s，位次见表3。")
        % {"listed": listed, "more": more},
    )


def _closed(numbers: Numbers) -> tuple[str, ...]:
    count = numbers.total
    if not count.closed:
        return (_("本月没有销账事项。"),)
    return (
        _("本月销账%(closed)s项，其中按期%(on_time)s项，曾逾期%(late)s项，名单见表4。")
        % {
            "closed": count.closed,
            "on_time": count.on_time,
            "late": count.closed - count.on_time,
        },
    )


def _pressed(numbers: Numbers) -> tuple[str, ...]:
    named = most_overdue_first(numbers.those("named"))
    said = []
    if named:
        words = _("对以下%(count)s项月底仍未落实的事项予以通报：%(listed)s%(more)s。")
        listed, more = _named(named)
        said.append(words % {"count": len(named), "listed": listed, "more": more})
    else:
        said.append(_("月底没有逾期未落实的事项，本月不点名通报。"))
    steps = [
        step
        for p in numbers.promises
        for step in p.steps_in(numbers.month)
        if step.level in (Level.INSPECTED, Level.LISTED)
    ]
    if steps:
        waiting = sum(step.state == EscalationState.PROPOSED for step in steps)
        words = _("本月提出专项督查、挂牌督办%(count)s项，其中待批准%(waiting)s项，名单见表7。")
        said.append(words % {"count": len(steps), "waiting": waiting})
    return tuple(said)


def _named(promises: Sequence[Promise]) -> tuple[str, str]:
    """住建局“完成征地”（逾期12天）；…, and the word for more."""
    listed = _("；").join(
        _("%(unit)s“%(goal)s”（逾期%(days)s天）")
        % {"unit": p.unit, "goal": p.goal, "days": p.days_overdue}
        for p in promises[:SHOWN]
    )
    return listed, "" if len(promises) <= SHOWN else _("；其余见表5")


def _filing(numbers: Numbers) -> tuple[str, ...]:
    count = numbers.total
    first = _("各单位应报月度进展%(owed)s项，已报%(filed)s项（其中补报%(late)s项）。") % {
        "owed": count.to_file,
        "filed": count.filed,
        "late": count.filed_late,
    }
    missing = [group for group in numbers.units if group.count.not_filed]
    if not missing:
        return (first + _("全部报齐。"),) if count.to_file else (first,)
    listed = _("、").join(f"{g.name}{g.count.not_filed}项" for g in missing[:SHOWN])
    more = "" if len(missing) <= SHOWN else _("等")
    words = _("未报%(count)s项：%(listed)s%(more)s。")
    return (first + words % {"count": count.not_filed, "listed": listed, "more": more},)


def _next(numbers: Numbers) -> tuple[str, ...]:
    praised = [group.name for group in numbers.units if is_praised(group)]
    said = [
        _("本月事项全部按期办结、列入红榜的单位：%(units)s。") % {"units": _("、").join(praised)}
        if praised
        else _("本月没有全部按期办结的单位，红榜空缺。")
    ]
    if numbers.total.red:
        said.append(
            _(
                "被通报的单位要逐项说明原因、倒排时间；催办通报后仍落实不到位的，进行专项督查、挂牌督办。"
            )
        )
    if numbers.total.not_filed:
        said.append(_("未报月度进展的单位要尽快补报，以后每月底前报齐。"))
    return tuple(said)


def footnotes(numbers: Numbers) -> list[str]:
    """口径: what each figure means, and by which calendar."""
    rules = numbers.rules
    return [
        _("在办：月底以前交办、本月 1 日以前没有销账的事项，本月销账的也计入。"),
        _(
            "应办结：本月销账的，和本月亮过红灯或月底为红灯而没有销账的；按期办结：本月销账而从未亮过红灯的。"
        ),
        _("按期办结率＝按期办结÷应办结；全县的由合计数算出，不是各单位的平均。"),
        _("红灯：月底 24 时节点到期日已过；黄灯：临近到期日。报办结等核账的不计时。"),
        _(
            "催办：本月第一天红灯的节点；通报：月底仍为红灯的，或本月已采取通报以上措施而没有销账的。"
        ),
        _(
            "到期日按 13710：当日交办、3 天反馈、7 天办结一般事项、1 个月办结重大事项，"
            "有议定期限或计划办结日的按其日期。"
        ),
        _("到期日遇休息日顺延到下一个工作日（台账另有规定的从其规定）。")
        if rules.clock_working_days
        else _("到期日按自然日计（台账另有规定的从其规定）。"),
        _("月度进展：月底最后一天仍在办的事项，责任单位当月应报；次月 1 日起报的为补报。"),
    ]
