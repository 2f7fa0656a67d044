"""A vice-county head's analysis of the area for a month, and what it tells units to do.

The figures are compiled anew (:mod:`pipeline.area_compiled`) until the leader files it;
filing keeps everything that it says with a SHA-256, and the database refuses any change
after that. An instruction (指导意见) is handed over at once: it is an item of a ledger like
every other, with a clock.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import notices
from crm.models import Area, Unit, User
from crm.refusals import NotAllowed, Refused
from crm.rights import require
from pipeline import ledgers
from pipeline.area_compiled import content
from pipeline.models import (
    AreaReview,
    CountySettings,
    Instruction,
    Ledger,
    LedgerItem,
    LedgerKind,
    ReviewState,
)
from pipeline.models.ledgers import BEFORE_ISSUE, OPEN_STATES
from pipeline.months import Month, month_at
from pipeline.reports.content import digest
from pipeline.reports.freezing import Damaged

CAUGHT_UP = 3
"""Months after their end in which a leader is still told that an analysis is missing."""


class AlreadyFiled(Refused):
    """The analysis was filed: nothing of it changes any more."""

    code = "already_filed"


class NotBegun(Refused):
    """The month has not begun."""

    code = "not_begun"


class AnalysisNeeded(Refused):
    """A filed analysis says what the leader thinks of it."""

    code = "analysis_needed"


class BadInstruction(Refused):
    """An instruction says what is to be done, to a unit of the area, by a day to come."""

    code = "bad_instruction"


class NoLedger(Refused):
    """The county keeps no ledger of instructions."""

    code = "no_ledger"


@transaction.atomic
def write(area: Area, month: Month, *, analysis: str, by: User, at: dt.datetime) -> AreaReview:
    """Keep what the leader thinks of the month (分析研判).

    Raises ``NotAllowed``, ``NotBegun``, ``AlreadyFiled``.
    """
    review = _held(area, month, by=by, at=at)
    review.analysis = analysis.strip()
    review.save(update_fields=["analysis"])
    return review


@transaction.atomic
def instruct(
    area: Area,
    month: Month,
    *,
    unit: Unit,
    text: str,
    due_on: dt.date | None = None,
    about: LedgerItem | None = None,
    by: User,
    at: dt.datetime,
) -> Instruction:
    """Tell a unit of the area what to do: a ledger item, handed over at once; it is told.

    What is about an item that is still open stands under it, so that it is not closed
    before the instruction is done.

    Raises ``NotAllowed``, ``NotBegun``, ``AlreadyFiled``, ``BadInstruction``, ``NoLedger``.
    """
    review = _held(area, month, by=by, at=at)
    if not text.strip():
        raise BadInstruction(_("请写明指导意见"))
    if unit.area_id != area.pk:
        raise BadInstruction(_("只能给本领域的单位下达指导意见"))
    if due_on is not None and due_on < timezone.localdate(at):
        raise BadInstruction(_("完成时限不能早于今天"))
    if about is not None and (about.unit is None or about.unit.area_id != area.pk):
        raise BadInstruction(_("针对的事项不是本领域的"))
    ledger = Ledger.objects.filter(kind=LedgerKind.INSTRUCTIONS, closed_at__isnull=True).first()
    if ledger is None:
        raise NoLedger(_("还没有“指导意见”台账，请督查室先设一本"))
    with translation.override(settings.LANGUAGE_CODE):
        source = _("%(area)s%(month)s汇总分析") % {"area": area.name, "month": month.label}
    item = ledgers.hand_over(
        ledger,
        goal=text.strip(),
        unit=unit,
        act="review.write",
        by=by,
        at=at,
        source=source,
        leader=by,
        due_on=due_on,
        parent=about if about is not None and about.state in OPEN_STATES else None,
        project=about.project if about is not None else None,
    )
    return Instruction.objects.create(
        review=review,
        unit=unit,
        text=text.strip(),
        about=about,
        due_on=due_on,
        item=item,
        given_at=at,
        given_by=by,
    )


@transaction.atomic
def file(area: Area, month: Month, *, by: User, at: dt.datetime) -> AreaReview:
    """Report it: everything that it says is kept as it is known now.

    Raises ``NotAllowed``, ``NotBegun``, ``AlreadyFiled``, ``AnalysisNeeded``.
    """
    review = _held(area, month, by=by, at=at)
    if not review.analysis:
        raise AnalysisNeeded(_("请先写分析研判，再报送"))
    review.content = _made(area, month, review, at)
    review.digest = digest(review.content)
    review.state = ReviewState.FILED
    review.filed_at, review.filed_by = at, by
    review.save()
    return review


def content_of(
    area: Area, month: Month, review: AreaReview | None, *, at: dt.datetime
) -> dict[str, Any]:
    """What it says: as it was filed, or as it would be filed at ``at``.

    Raises ``Damaged`` where a filed one is not what was filed.
    """
    if review is None or review.state != ReviewState.FILED:
        return _made(area, month, review, at)
    if digest(review.content) != review.digest:
        raise Damaged(_("这份分析报告的内容与报送时的摘要不一致，请联系管理员"))
    return dict(review.content)


def given(review: AreaReview | None) -> list[Instruction]:
    """The instructions of an analysis with what they became."""
    if review is None:
        return []
    return list(review.instructions.select_related("unit", "item", "about"))


def may_write(area: Area, user: User) -> bool:
    """Whether the area is the person's own."""
    return area.leader_id is not None and area.leader_id == user.pk


def remind(*, at: dt.datetime) -> int:
    """Tell leaders whose analysis of the month is not filed yet: how many were told.

    From ``monthly_reminder_days`` before the last day, once per area and month; what missed
    runs left out is caught up.
    """
    days = CountySettings.objects.known_at(at).monthly_reminder_days
    today, now = timezone.localdate(at), month_at(at)
    told = 0
    for month in [now.earlier(ago) for ago in range(CAUGHT_UP, -1, -1)]:
        if today >= month.last - dt.timedelta(days=days):
            told += _remind_of(month, at)
    return told


def _remind_of(month: Month, at: dt.datetime) -> int:
    filed = AreaReview.objects.filter(month=month.first, state=ReviewState.FILED)
    asked = LedgerItem.objects.exclude(state__in=BEFORE_ISSUE).exclude(closed_at__lt=month.begins)
    asked = asked.filter(issued_on__lte=month.last, unit__area__isnull=False)
    waiting = {
        f"review.due:{month}:{area.pk}": area
        for area in Area.objects.filter(
            leader__is_active=True, pk__in=asked.order_by().values("unit__area")
        )
        .exclude(pk__in=filed.values("area"))
        .select_related("leader")
    }
    done, told = notices.told_before("review.due", waiting), 0
    with translation.override(settings.LANGUAGE_CODE):
        words = _("请报送“%(area)s”%(month)s的汇总分析报告，月底前完成")
        for key, area in waiting.items():
            if key in done or area.leader is None:
                continue
            told += notices.tell(
                [area.leader],
                kind="review.due",
                text=words % {"area": area.name, "month": month.label},
                url=f"/ledgers/areas/{area.pk}/{month}/",
                key=key,
                at=at,
            )
    return told


def _made(area: Area, month: Month, review: AreaReview | None, at: dt.datetime) -> dict[str, Any]:
    return content(
        area,
        month,
        known_at=at,
        analysis=review.analysis if review else "",
        instructions=given(review),
    )


def _held(area: Area, month: Month, *, by: User, at: dt.datetime) -> AreaReview:
    """The month's analysis, locked, begun where there is none, if it is the person's."""
    require(by, "review.write")
    if not may_write(area, by):
        raise NotAllowed(_("只能由分管这个领域的领导填写"))
    if timezone.localdate(at) < month.first:
        raise NotBegun(_("%(month)s还没有开始") % {"month": month.label})
    AreaReview.objects.get_or_create(
        area=area, month=month.first, defaults={"created_at": at, "created_by": by}
    )
    review = AreaReview.objects.select_for_update().get(area=area, month=month.first)
    if review.state == ReviewState.FILED:
        raise AlreadyFiled(_("这份汇总分析已经报送，不能再改"))
    return review
