"""A frozen report for people outside: a link that expires, with a password; every try is logged."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from pipeline.models import Report, ReportOpening, ReportShare, ReportState

SHORTEST_PASSWORD = 6
LONGEST = dt.timedelta(days=366)
TRIES, WITHIN = 10, dt.timedelta(minutes=15)
"""After so many wrong passwords within so long a link answers nobody for a while."""


class CannotShare(Refused):
    """Only what is frozen goes out, for a limited time, behind a password."""

    code = "cannot_share"


@transaction.atomic
def share(
    report: Report,
    *,
    password: str,
    expires_at: dt.datetime,
    note: str = "",
    by: User,
    at: dt.datetime,
) -> ReportShare:
    """Make a link to a frozen report. Raises ``NotAllowed``, ``CannotShare``."""
    require(by, "report.share")
    if report.state != ReportState.FROZEN:
        raise CannotShare(_("只有定稿的通报可以分享"))
    if len(password) < SHORTEST_PASSWORD:
        raise CannotShare(_("口令至少 %(count)s 位") % {"count": SHORTEST_PASSWORD})
    if not at < expires_at <= at + LONGEST:
        raise CannotShare(_("有效期要在今后一年之内"))
    return ReportShare.objects.create(
        report=report,
        password=make_password(password),
        expires_at=expires_at,
        note=note.strip(),
        created_at=at,
        created_by=by,
    )


@transaction.atomic
def revoke(link: ReportShare, *, by: User, at: dt.datetime) -> ReportShare:
    """Close a link before it expires. Raises ``NotAllowed``."""
    require(by, "report.share")
    ReportShare.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=at)
    link.refresh_from_db()
    return link


def find(token: str, *, at: dt.datetime) -> ReportShare | None:
    """The open link of a token, None for one that is unknown, closed or over."""
    link = ReportShare.objects.select_related("report__park").filter(token=token).first()
    return link if link is not None and link.is_open(at) else None


def is_held(link: ReportShare, *, at: dt.datetime) -> bool:
    """Whether so many wrong passwords came of late that none is taken now."""
    since = at - WITHIN
    return link.openings.filter(succeeded=False, opened_at__gt=since).count() >= TRIES


def open_with(
    link: ReportShare, password: str, *, at: dt.datetime, address: str | None, agent: str
) -> bool:
    """Whether a password opens a link; the try is logged either way.

    While the link is held no try counts, so that nobody keeps it shut by going on.
    """
    if is_held(link, at=at):
        return False
    is_right = check_password(password, link.password)
    log(link, succeeded=is_right, at=at, address=address, agent=agent)
    return is_right


def log(
    link: ReportShare, *, succeeded: bool, at: dt.datetime, address: str | None, agent: str
) -> ReportOpening:
    """Write down that a link was opened, or that somebody tried."""
    return ReportOpening.objects.create(
        share=link, opened_at=at, address=address, agent=agent[:200], succeeded=succeeded
    )
