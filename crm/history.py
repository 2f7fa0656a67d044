"""Naming who changed a row, and when, on the version that its next save writes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crm.models import User

LONGEST_WHY = 100


def sign(row: Any, *, by: User, at: dt.datetime, why: str = "") -> None:
    """Sign the next version of a row that keeps its history.

    django-simple-history reads these names; without them a verb that a command or a task
    calls would leave nobody's name and the clock's own time. ``why`` tells what the
    version's own fields do not show; longer than its column it is cut.
    """
    row._history_user, row._history_date = by, at
    row._change_reason = why[:LONGEST_WHY] or None
