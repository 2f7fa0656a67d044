"""The sentences of a report, built from its figures: sections one to five, and footnotes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from pipeline.figures import FIGURES, FUNDS, NOT_STARTED
from pipeline.lights import Light, schedule_light
from pipeline.models import Metric
from pipeline.reports.numbers import Numbers
from pipeline.reports.tables import BLACK, RED, growth, reasons, standing
from pipeline.reports.wording import (
    behind_or_ahead,
    gap_in_words,
    growth_in_words,
    percent,
    points_in_words,
)
from pipeline.rollups import Row
from pipeline.targets import ratio
from pipeline.written import count, yi

OLD = 180
"""Days after which a signed project that has not started is called long waiting."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, its sentences, and the tables that follow them. ``key`` is what people's
    own paragraphs are filed under."""

    key: str
    heading: str
    paragraphs: tuple[str, ...]
    tables: tuple[str, ...]


def title(numbers: Numbers) -> str:
    """关于2026年前三季度招商引资工作情况的通报, with the county or the park before it."""
    period = numbers.period
    said = {
        "holder": numbers.park.name if numbers.park else numbers.rules.county,
        "year": period.year,
        "period": "" if period.so_far == _("全年") else period.so_far,
    }
    return _("关于%(holder)s%(year)s年%(period)s招商引资工作情况的通报") % said


def sections(numbers: Numbers) -> list[Section]:
    """The report's five sections with their sentences and the tables that belong to each."""
    return [
        Section("progress", _("一、目标任务进展"), _progress(numbers), ("T1",)),
        Section("parks", _("二、各园区签约与开工情况"), _parks(numbers), ("T2", "T3")),
        Section("started", _("三、项目开工投产与资金到位情况"), _started(numbers), ("T4", "T5")),
        Section(
            "sources",
            _("四、招商方式、行业与签约未开工项目"),
            _sources(numbers),
            ("T6", "T6b", "T7"),
        ),
        Section("next", _("五、下步工作"), _next(numbers), ("T8",)),
    ]


def _progress(numbers: Numbers) -> tuple[str, ...]:
    period, now, before = numbers.period, numbers.so_far.total, numbers.before.total
    last = numbers.last_year.total
    until = period.until
    first = _(
        "截至%(year)s年%(month)s月%(day)s日，%(holder)s当年新签约项目%(projects)s个%(goal)s，%(growth)s；"
        "协议总投资%(amount)s亿元%(amount_goal)s，%(amount_growth)s。"
    ) % {
        "year": until.year,
        "month": until.month,
        "day": until.day,
        "holder": numbers.park.name if numbers.park else _("全县"),
        "projects": count(now.signed_projects),
        "goal": _goal(now, Metric.SIGNED_PROJECTS),
        "growth": growth_in_words(growth(now.signed_projects, last.signed_projects)),
        "amount": yi(now.signed_amount_yuan),
        "amount_goal": _goal(now, Metric.SIGNED_AMOUNT),
        "amount_growth": growth_in_words(growth(now.signed_amount_yuan, last.signed_amount_yuan)),
    }
    alone = _("其中%(period)s新签约%(projects)s个，协议总投资%(amount)s亿元。") % {
        "period": period.alone,
        "projects": count(now.signed_projects - before.signed_projects),
        "amount": yi(now.signed_amount_yuan - before.signed_amount_yuan),
    }
    return (first + ("" if period.opens_year else alone), _rate(now, last))


def _goal(row: Row, metric: Metric) -> str:
    target, done = row.target(metric), row.completion(metric)
    if target is None or done is None:
        return _("（未设目标）")
    shown = yi(target) + _("亿元") if metric == Metric.SIGNED_AMOUNT else count(target) + _("个")
    return _("，完成年度目标%(target)s的%(done)s，%(lead)s") % {
        "target": shown,
        "done": percent(done),
        "lead": behind_or_ahead(row.lead(metric)),
    }


def _rate(now: Row, last: Row) -> str:
    if now.start_rate is None:
        return _("当年尚无签约项目，没有当年签约当年开工率。")
    change = None if last.start_rate is None else now.start_rate - last.start_rate
    target = "" if now.start_rate_gap is None else _("，") + gap_in_words(now.start_rate_gap)
    return _(
        "当年签约项目中已开工%(started)s个，当年签约当年开工率%(rate)s（%(started)s/%(signed)s）%(target)s，%(change)s。"
    ) % {
        "started": count(now.started_same_year),
        "signed": count(now.signed_projects),
        "rate": percent(now.start_rate),
        "target": target,
        "change": points_in_words(change),
    }


def _parks(numbers: Numbers) -> tuple[str, ...]:
    if numbers.park is not None:
        return ()
    rows = [row for row, _before, _last in numbers.rows() if row.id is not None]
    said = []
    for metric, label in (
        (Metric.SIGNED_PROJECTS, _("签约项目数")),
        (Metric.SIGNED_AMOUNT, _("协议总投资")),
    ):
        done = [(row, row.completion(metric)) for row in rows]
        known = sorted(
            ((row, value) for row, value in done if value is not None),
            key=lambda pair: (-pair[1], pair[0].key),
        )
        if known:
            listed = _("、").join(f"{row.name}{percent(value)}" for row, value in known)
            said.append(
                _("%(label)s完成率由高到低依次为：%(listed)s。")
                % {"label": label, "listed": listed}
            )
    rated = sorted(
        ((row, row.start_rate) for row in rows if row.start_rate is not None),
        key=lambda pair: (-(pair[1] or Decimal(0)), pair[0].key),
    )
    if rated:
        listed = _("、").join(
            f"{row.name}{percent(rate)}（{count(row.started_same_year)}/{count(row.signed_projects)}）"
            for row, rate in rated
        )
        said.append(_("当年签约当年开工率：%(listed)s。") % {"listed": listed})
    return tuple(said)


def _started(numbers: Numbers) -> tuple[str, ...]:
    now, last = numbers.so_far.total, numbers.last_year.total
    cohort = numbers.cohort
    first = _("年内开工项目%(started)s个，投产项目%(produced)s个（不论哪年签约）。") % {
        "started": count(now.groundbreakings),
        "produced": count(now.productions),
    }
    funds = _("到位资金%(funds)s亿元，%(growth)s。") % {
        "funds": yi(now.funds_received_yuan),
        "growth": growth_in_words(growth(now.funds_received_yuan, last.funds_received_yuan)),
    }
    if cohort.fulfilment_rate is None:
        return (first + funds,)
    kept = _(
        "当年签约项目履约率%(fulfilment)s，资金到位率%(funds)s（累计到位%(received)s亿元）。"
    ) % {
        "fulfilment": percent(cohort.fulfilment_rate),
        "funds": percent(cohort.funds_rate),
        "received": yi(cohort.funds),
    }
    return (first + funds, kept)


def _sources(numbers: Numbers) -> tuple[str, ...]:
    whole = numbers.so_far.total
    said = []
    best = sorted(
        (row for row in numbers.channels.rows if row.signed_projects),
        key=lambda row: (-row.signed_projects, row.key),
    )[:3]
    if best:
        listed = _("、").join(
            _("%(name)s%(count)s个（占%(share)s）")
            % {
                "name": row.name,
                "count": count(row.signed_projects),
                "share": percent(ratio(row.signed_projects, whole.signed_projects)),
            }
            for row in best
        )
        said.append(_("从招商方式看，签约较多的是%(listed)s。") % {"listed": listed})
    if numbers.waiting_count:
        old = sum(waiting.days > OLD for waiting in numbers.waiting)
        late = _("，其中签约已超过%(days)s天的%(old)s个") % {"days": OLD, "old": old} if old else ""
        said.append(
            _("签约未开工项目%(count)s个%(late)s，名单见表7。")
            % {"count": count(numbers.waiting_count), "late": late}
        )
    else:
        said.append(_("没有签约未开工项目。"))
    return tuple(said)


def _next(numbers: Numbers) -> tuple[str, ...]:
    said = []
    rows = [row for row, _before, _last in numbers.rows() if row.id is not None]
    for listed, words in ((RED, _("列入红榜：%(parks)s。")), (BLACK, _("列入黑榜：%(parks)s。"))):
        named = [row for row in rows if standing(row) == listed]
        if named:
            parks = _("；").join(f"{row.name}（{reasons(row, listed)}）" for row in named)
            said.append(words % {"parks": parks})
    total = numbers.so_far.total
    late = [
        label
        for label, metric in (
            (_("签约项目数"), Metric.SIGNED_PROJECTS),
            (_("协议总投资"), Metric.SIGNED_AMOUNT),
        )
        if schedule_light(total.lead(metric)) in (Light.YELLOW, Light.RED)
    ]
    if late:
        said.append(
            _("%(what)s落后于序时进度，要倒排任务、逐项跟进。") % {"what": _("、").join(late)}
        )
    if total.start_rate_gap is not None and total.start_rate_gap < 0:
        said.append(_("开工率低于目标，要逐个研究表7所列项目的待落实要素，限期开工。"))
    return tuple(said)


def footnotes(numbers: Numbers) -> list[str]:
    """口径: what each figure means, what the county leaves out, and what was not ordinary."""
    rules = numbers.rules
    said = [
        f"{figure.label}：{figure.definition}。"
        for figure in (*FIGURES.values(), FUNDS, NOT_STARTED)
    ]
    switches = (
        ("exclude_terminated", _("已剔除签约后终止的项目。")),
        ("exclude_policy_funded", _("不计财政投资（专项债、中央预算内和其他政策资金）项目。")),
        ("exclude_real_estate", _("不计房地产项目（GB/T 4754 大类 70）。")),
        ("exclude_local_investors", _("不计县内投资方的项目。")),
    )
    said += [words for name, words in switches if getattr(rules, name)]
    if rules.minimum_investment:
        said.append(
            _("只计协议总投资%(amount)s亿元及以上的项目。")
            % {"amount": yi(rules.minimum_investment)}
        )
    if numbers.so_far.targets.repeated_from:
        said.append(
            _("县里尚未下达%(year)s年目标，沿用%(earlier)s年目标。")
            % {"year": numbers.period.year, "earlier": numbers.so_far.targets.repeated_from}
        )
    if numbers.so_far.targets.has_examples:
        said.append(_("各园区目标为演示用的分解，不是县里下达的目标。"))
    if numbers.historical:
        said.append(
            _("其中%(count)s个签约由历史台账导入，以台账及其所在行为证据。")
            % {"count": numbers.historical}
        )
    if numbers.overridden:
        said.append(
            _("以下项目签约时经批准免去部分材料：%(names)s。")
            % {"names": _("、").join(numbers.overridden)}
        )
    return said
