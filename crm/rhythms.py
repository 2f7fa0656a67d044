"""When something falls due by itself: each minute, each hour, each night, each month's first day.

A rhythm knows its occasions, never whether they were kept. Times of day are the county's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext as _


class Rhythm(Protocol):
    """Occasions without end, each an instant."""

    def last(self, at: dt.datetime) -> dt.datetime:
        """The latest occasion that has come by ``at``, ``at`` itself included."""
        ...

    def following(self, occasion: dt.datetime) -> dt.datetime:
        """The occasion after one."""
        ...

    @property
    def words(self) -> str:
        """The rhythm as people say it."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Each so many minutes, counted from the epoch: of 5, at :00, :05, :10 …"""

    minutes: int

    def last(self, at: dt.datetime) -> dt.datetime:
        step = self.minutes * 60
        return dt.datetime.fromtimestamp(int(at.timestamp()) // step * step, dt.UTC)

    def following(self, occasion: dt.datetime) -> dt.datetime:
        return occasion + dt.timedelta(minutes=self.minutes)

    @property
    def words(self) -> str:
        if self.minutes == 1:
            return _("每分钟")
        if self.minutes == 60:
            return _("每小时")
        return _("每 %(minutes)s 分钟") % {"minutes": self.minutes}


@dataclass(frozen=True, slots=True)
class Daily:
    """Each day at a time of day."""

    time: dt.time

    def last(self, at: dt.datetime) -> dt.datetime:
        day = timezone.localdate(at)
        found = _instant(day, self.time)
        return found if found <= at else _instant(day - dt.timedelta(days=1), self.time)

    def following(self, occasion: dt.datetime) -> dt.datetime:
        return _instant(timezone.localdate(occasion) + dt.timedelta(days=1), self.time)

    @property
    def words(self) -> str:
        return _("每天 %(time)s") % {"time": f"{self.time:%H:%M}"}


@dataclass(frozen=True, slots=True)
class Monthly:
    """Each month on its first day, at a time of day."""

    time: dt.time

    def last(self, at: dt.datetime) -> dt.datetime:
        first = timezone.localdate(at).replace(day=1)
        found = _instant(first, self.time)
        if found <= at:
            return found
        return _instant((first - dt.timedelta(days=1)).replace(day=1), self.time)

    def following(self, occasion: dt.datetime) -> dt.datetime:
        first = timezone.localdate(occasion).replace(day=1)
        return _instant((first + dt.timedelta(days=31)).replace(day=1), self.time)

    @property
    def words(self) -> str:
        return _("每月 1 日 %(time)s") % {"time": f"{self.time:%H:%M}"}


def _instant(day: dt.date, time: dt.time) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, time)).astimezone(dt.UTC)
