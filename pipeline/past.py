"""What is recorded has happened: one refusal of days to come."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.refusals import Refused


class InTheFuture(Refused):
    """What is recorded has not happened yet."""

    code = "in_the_future"


def refuse_future(on: dt.date | None, at: dt.datetime) -> None:
    """Raise ``InTheFuture`` for a day after that of ``at``, by the county's clock."""
    if on is not None and on > timezone.localdate(at):
        raise InTheFuture(_("日期不能晚于今天"))
