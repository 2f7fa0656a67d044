"""The light of a thing that is due on a day: in time, near, overdue, or done."""

from __future__ import annotations

import datetime as dt

from pipeline.lights import Light

NEAR_DAYS = 3


def due_light(due_on: dt.date | None, done_on: dt.date | None, *, today: dt.date) -> Light:
    """Red once overdue, yellow within three days of it, green in time or done.

    Without a day there is no light until it is done.
    """
    if done_on is not None:
        return Light.GREEN
    if due_on is None:
        return Light.NONE
    if due_on < today:
        return Light.RED
    return Light.YELLOW if (due_on - today).days <= NEAR_DAYS else Light.GREEN
