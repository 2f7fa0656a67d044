"""Objecting to points of a score card, and answering (考核申诉).

A park's manager appeals for the park, a unit's people for the unit, an officer for
themselves; somebody of the supervision office or a leader answers who is not of the holder.
Granted points count from the answer on, for cards of that day and later in the same year.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import notices
from crm.models import Role, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import may, require
from pipeline.assessment import Card, Deduction, Holder, Line, assess
from pipeline.assessment_measures import MEASURES
from pipeline.figures import Window
from pipeline.models import ScoreAppeal, ScoreLevel


class NothingToGain(Refused):
    """The line does not count, or has all its points."""

    code = "nothing_to_gain"


class AlreadyAppealed(Refused):
    """An appeal on the line waits for an answer."""

    code = "already_appealed"


class AlreadyAnswered(Refused):
    """Somebody was faster."""

    code = "already_answered"


class BadPoints(Refused):
    """Not between nothing and what the line is short of."""

    code = "bad_points"


class BadDay(Refused):
    """A day to come, or before the year."""

    code = "bad_day"


def may_appeal(user: User, holder: Holder) -> bool:
    """Whether a person speaks for a holder."""
    if not may(user, "score.appeal"):
        return False
    if holder.level == ScoreLevel.OFFICER:
        return holder.id == user.pk
    of_park = user.park_id is not None and holder.park_id == user.park_id
    if holder.level == ScoreLevel.PARK:
        return of_park and user.role == Role.MANAGER
    return holder.id == user.unit_id or (of_park and user.role == Role.MANAGER)


def may_answer(user: User, appeal: ScoreAppeal) -> bool:
    """Whether a person of the county may answer: not one of the holder, nor their own."""
    if not may(user, "score.answer") or not user.is_county_wide:
        return False
    if user.pk in (appeal.appealed_by_id, appeal.officer_id):
        return False
    return appeal.unit_id is None or user.unit_id != appeal.unit_id


@transaction.atomic
def appeal(
    holder: Holder, *, window: Window, measure: str, text: str, by: User, at: dt.datetime
) -> ScoreAppeal:
    """Object to a line of the holder's card of a day, as it is known now.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``BadDay``, ``NothingToGain``,
    ``AlreadyAppealed``.
    """
    require(by, "score.appeal")
    if not may_appeal(by, holder):
        raise NotAllowed(_("只有本人、本园区负责人或本单位的人可以申诉"))
    if not text.strip():
        raise ReasonNeeded(_("请写明申诉理由"))
    if window.as_of > timezone.localdate(at) or window.as_of < window.since:
        raise BadDay(_("只能就已经到来的截止日申诉"))
    line = _line(holder, window, measure, at=at)
    if line is None or not line.room:
        raise NothingToGain(_("这一项没有计分或者没有失分，不用申诉"))
    column = {f"{holder.level}_id": holder.id}
    same = ScoreAppeal.objects.filter(
        level=holder.level, year=window.year, measure=measure, **column
    )
    if same.open().exists():
        raise AlreadyAppealed(_("这一项已有一件申诉在等答复"))
    row = ScoreAppeal.objects.create(
        level=holder.level,
        year=window.year,
        as_of=window.as_of,
        measure=measure,
        text=text.strip(),
        appealed_at=at,
        appealed_by=by,
        **column,
    )
    _tell_who_answers(row, holder, line, by=by, at=at)
    return row


@transaction.atomic
def answer(
    row: ScoreAppeal,
    *,
    is_granted: bool,
    text: str,
    points: Decimal | None = None,
    by: User,
    at: dt.datetime,
) -> ScoreAppeal:
    """Grant an appeal with the points that it gives back, or decline it; with a reason.

    Raises ``NotAllowed``, ``ReasonNeeded``, ``BadPoints``, ``AlreadyAnswered``.
    """
    require(by, "score.answer")
    row = ScoreAppeal.objects.select_related("park", "unit", "officer", "appealed_by").get(
        pk=row.pk
    )
    if not may_answer(by, row):
        raise NotAllowed(_("申诉要由督查室或县领导中不属于被考核方的人答复"))
    if not text.strip():
        raise ReasonNeeded(_("请写明答复理由"))
    if is_granted:
        points = _within(points, _room(row, at=at))
    waiting = ScoreAppeal.objects.open().filter(pk=row.pk)
    if not waiting.update(
        is_granted=is_granted,
        points=points if is_granted else None,
        answer=text.strip(),
        answered_at=at,
        answered_by=by,
    ):
        raise AlreadyAnswered(_("这件申诉已经答复过，请刷新页面"))
    row.refresh_from_db()
    _tell_who_appealed(row, by=by, at=at)
    return row


def _within(points: Decimal | None, room: Decimal) -> Decimal:
    if points is None or not Decimal(0) < points <= room or points != round(points, 2):
        raise BadPoints(
            _("调整分要大于 0、不超过这一项的失分 %(room)s 分，最多两位小数") % {"room": room}
        )
    return points


def holder_of(row: ScoreAppeal) -> tuple[str, str]:
    """The key and the name of whom an appeal is about, in words of its card."""
    if row.park is not None:
        return row.park.slug, row.park.name
    if row.unit is not None:
        return str(row.unit_id), row.unit.name
    return getattr(row.officer, "username", ""), str(row.officer)


def _line(
    holder: Holder, window: Window, measure: str, *, at: dt.datetime
) -> Line | Deduction | None:
    found = _card(holder.level, holder.key, Window(window.year, window.as_of, at))
    return found.line(measure) if found else None


def _room(row: ScoreAppeal, *, at: dt.datetime) -> Decimal:
    """What the line is short of on the card of the appeal's day, as known now."""
    found = _card(row.level, holder_of(row)[0], Window(row.year, row.as_of, at))
    line = found.line(row.measure) if found else None
    return line.room if line else Decimal(0)


def _card(level: str, key: str, window: Window) -> Card | None:
    return assess(level, window).card(key)


APPEALED = gettext_lazy("%(holder)s对“%(measure)s”的得分提出申诉：%(text)s")
GRANTED = gettext_lazy("申诉成立，%(holder)s“%(measure)s”调整 %(points)s 分：%(text)s（%(by)s）")
DECLINED = gettext_lazy("申诉不成立，%(holder)s“%(measure)s”：%(text)s（%(by)s）")


def _tell_who_answers(
    row: ScoreAppeal, holder: Holder, line: Line | Deduction, *, by: User, at: dt.datetime
) -> None:
    roles = (Role.SUPERVISOR, Role.LEADER)
    people = User.objects.filter(is_active=True, role__in=roles).select_related("unit")
    with translation.override(settings.LANGUAGE_CODE):
        words = {"holder": holder.name, "measure": line.label, "text": row.text}
        told = str(APPEALED) % words
    notices.tell(
        [person for person in people if may_answer(person, row)],
        kind="score.appealed",
        text=told,
        url=url_of(row),
        key=f"score.appealed:{row.pk}",
        at=at,
    )


def _tell_who_appealed(row: ScoreAppeal, *, by: User, at: dt.datetime) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        words: dict[str, Any] = {
            "holder": holder_of(row)[1],
            "measure": MEASURES[row.measure].label,
            "points": row.points,
            "text": row.answer,
            "by": by,
        }
        told = str(GRANTED if row.is_granted else DECLINED) % words
    notices.tell(
        [row.appealed_by],
        kind="score.answered",
        text=told,
        url=url_of(row),
        key=f"score.answered:{row.pk}",
        at=at,
    )


def url_of(row: ScoreAppeal) -> str:
    """The card that an appeal is about, where the appeal stands."""
    query = urlencode({"year": str(row.year), "as_of": row.as_of.isoformat()})
    return f"/scorecards/{row.level}/{holder_of(row)[0]}/?{query}#appeal-{row.pk}"
