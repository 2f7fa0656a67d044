"""The small lights in the head of a project's page, each with its words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from pipeline.funds_plans import Progress
from pipeline.lights import Light, progress_light, statistics_light
from pipeline.models import CountySettings, Milestone
from pipeline.stages import MilestoneKind


def small_lights(
    milestones: Sequence[Milestone], funds: Progress, *, now: dt.datetime, today: dt.date
) -> list[tuple[Light, str]]:
    """Progress of the money against its plan, and the entry in the statistics; one query."""
    found: list[tuple[Light, str]] = []
    light = progress_light(received=funds.received, planned=funds.planned, plan=funds.plan)
    if light != Light.NONE:
        points = (funds.planned - funds.received) / funds.plan * 100
        behind = _("资金进度落后 %(points)s 个百分点") % {"points": f"{points:.1f}"}
        found.append((light, _("资金按计划到位") if light == Light.GREEN else behind))
    effective = [m for m in milestones if m.is_effective and m.expansion_id is None]
    started = [m.occurred_on for m in effective if m.kind == MilestoneKind.GROUNDBREAKING]
    if not started:
        return found
    is_entered = any(m.kind == MilestoneKind.STATISTICS for m in effective)
    months = CountySettings.objects.known_at(now).statistics_after_months
    light = statistics_light(min(started), is_entered=is_entered, today=today, after_months=months)
    words = _("开工满 %(months)s 个月未入统") % {"months": months}
    if is_entered or light != Light.GREEN:
        found.append((light, _("已入统") if is_entered else words))
    return found
