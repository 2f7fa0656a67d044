"""When somebody may be written to outside of the pages: digests, quiet hours, days off.

Pure functions of the hours, the calendar and an instant. All times of day are the county's
(``TIME_ZONE``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.refusals import Refused

MIDNIGHT = dt.time.min
LONGEST = dt.timedelta(days=366)
"""A calendar of nothing but days off holds nobody's messages back for longer than this."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When one recipient is written to.

    ``digest_at`` are times of day at which what has come together goes out; none: at once.
    Nothing goes from ``quiet_from`` until before ``quiet_until`` (over midnight where it is
    the later one; both the same: never quiet), nor on days off where ``rests``.
    """

    digest_at: tuple[dt.time, ...] = ()
    quiet_from: dt.time | None = None
    quiet_until: dt.time | None = None
    rests: bool = False


class NeverHeard(Refused):
    """With these hours nothing would go out, or not when it says."""

    code = "never_heard"


MOST_DIGESTS = 6


def check(hours: Hours) -> Hours:
    """The hours, their digests in order. Raises :class:`NeverHeard` for half a quiet time, a
    digest inside of it, and more digests than a day bears.
    """
    if (hours.quiet_from is None) != (hours.quiet_until is None):
        raise NeverHeard(_("免打扰要有起止时间"))
    times = tuple(sorted(set(hours.digest_at)))
    if len(times) > MOST_DIGESTS:
        raise NeverHeard(_("一天最多汇总 %(most)s 次") % {"most": MOST_DIGESTS})
    for time in times:
        if is_quiet(time, hours):
            words = _("汇总时间 %(time)s 在免打扰时段里")
            raise NeverHeard(words % {"time": time.strftime("%H:%M")})
    return replace(hours, digest_at=times)


def columns(hours: Hours) -> dict[str, Any]:
    """The hours as rows keep them."""
    return {**asdict(hours), "digest_at": [time.strftime("%H:%M") for time in hours.digest_at]}


AT_ONCE = Hours()
Calendar = Mapping[dt.date, bool]
"""Days that depart from Monday to Friday, and whether they are worked (``CalendarDay``)."""


def is_day_off(day: dt.date, calendar: Calendar) -> bool:
    """Whether nobody works: a holiday, or a weekend that is not made up for."""
    return not calendar.get(day, day.weekday() < 5)


def may_go(at: dt.datetime, hours: Hours, calendar: Calendar) -> bool:
    """Whether a message may go out at that instant."""
    local = timezone.localtime(at)
    if hours.rests and is_day_off(local.date(), calendar):
        return False
    return not is_quiet(local.time(), hours)


def is_quiet(time: dt.time, hours: Hours) -> bool:
    """Whether a time of day lies in the quiet hours."""
    return not any(_within(time, span) for span in _spans(hours))


def goes_at(at: dt.datetime, hours: Hours, calendar: Calendar) -> dt.datetime:
    """The first instant from ``at`` on at which a message may go out, in digests if wanted.

    Never before ``at``; of two instants the later never gets an earlier answer. Digests that
    all lie in the quiet hours are no digests: messages then go out when it is quiet no more.
    """
    local = timezone.localtime(at)
    spans = _spans(hours)
    digests = sorted(time for time in hours.digest_at if not is_quiet(time, hours))
    for ahead in range(LONGEST.days + 1):
        day = local.date() + dt.timedelta(days=ahead)
        if hours.rests and is_day_off(day, calendar):
            continue
        earliest = local.time() if ahead == 0 else MIDNIGHT
        free = digests or [max(earliest, start) for start, _end in spans]
        for time in free:
            if time >= earliest and not is_quiet(time, hours):
                found = dt.datetime.combine(day, time, tzinfo=local.tzinfo)
                return max(at, found.astimezone(at.tzinfo))
    return at


Span = tuple[dt.time, dt.time | None]


def _spans(hours: Hours) -> Sequence[Span]:
    """The parts of a day that are not quiet; an end of None is the day's."""
    start, end = hours.quiet_from, hours.quiet_until
    if start is None or end is None or start == end:
        return [(MIDNIGHT, None)]
    if start > end:
        return [(end, start)]
    before: list[Span] = [(MIDNIGHT, start)] if start > MIDNIGHT else []
    return [*before, (end, None)]


def _within(time: dt.time, span: Span) -> bool:
    start, end = span
    return start <= time and (end is None or time < end)
