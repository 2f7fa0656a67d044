"""Appeals against score cards in the demonstration: one that was granted, one that waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.utils import timezone

from crm.models import User
from pipeline import appeals
from pipeline.assessment import assess
from pipeline.figures import Window
from pipeline.models import ScoreAppeal, ScoreLevel


def play(people: Mapping[str, User], *, at: dt.datetime) -> None:
    """What was objected to in the days before ``at``, where a card left anything to object to."""
    granted = _appeal(
        ScoreLevel.PARK,
        "modern-agriculture",
        "1 个项目因省级林地审批晚办结，开工推迟半个月，请予核减影响。",
        by=people["manager-agri"],
        at=at - dt.timedelta(days=4),
    )
    if granted is not None:
        appeals.answer(
            granted,
            is_granted=True,
            points=Decimal("0.50"),
            text="经核实审批时限非园区责任，予以调整。",
            by=people["supervisor"],
            at=at - dt.timedelta(days=2),
        )
    _appeal(
        ScoreLevel.OFFICER,
        "officer-auto",
        "3 次外出洽谈的记录因在途未及时补录，材料已报园区。",
        by=people["officer-auto"],
        at=at - dt.timedelta(days=1),
    )


def _appeal(
    level: ScoreLevel, key: str, text: str, *, by: User, at: dt.datetime
) -> ScoreAppeal | None:
    """An appeal on the line of the card that is shortest of points, at least one."""
    day = timezone.localdate(at)
    window = Window(day.year, day, at)
    card = assess(level, window).card(key)
    short = [line for line in card.lines if line.room >= 1] if card else []
    if card is None or not short:
        return None
    line = max(short, key=lambda line: line.room)
    return appeals.appeal(
        card.holder, window=window, measure=line.measure.code, text=text, by=by, at=at
    )
