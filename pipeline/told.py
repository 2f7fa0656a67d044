"""Telling the people of a claim what became of it (通知申报人).

Who claimed it and the project's officer learn that it was verified, returned, revoked or
corrected, whichever way the verb was called; whoever did it is not told of their own act.
That something waits for a verifier is not told claim by claim: it stands in their queue.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from crm import notices
from crm.models import User
from pipeline.models import FundsReceipt, Milestone, Project

WORDS: dict[str, Any] = {
    "milestone.verified": _("核验通过：%(project)s · %(what)s（%(by)s）"),
    "milestone.returned": _("申报被退回：%(project)s · %(what)s。%(reason)s（%(by)s）"),
    "milestone.revoked": _("里程碑被撤销：%(project)s · %(what)s。%(reason)s（%(by)s）"),
    "milestone.corrected": _(
        "里程碑被更正，等另一位核验员核验：%(project)s · %(what)s。%(reason)s（%(by)s）"
    ),
    "funds.verified": _("到位资金核验通过：%(project)s · %(what)s（%(by)s）"),
    "funds.questioned": _("到位资金有疑问：%(project)s · %(what)s。%(reason)s（%(by)s）"),
}


def about_claim(
    kind: str,
    milestone: Milestone,
    *,
    project: Project,
    by: User,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """Tell of ``kind``, one of :data:`WORDS`; a milestone meets each of them once."""
    _tell(
        kind,
        project=project,
        people=(milestone.claimed_by_id, project.officer_id),
        what=f"{milestone.get_kind_display()} {milestone.occurred_on.isoformat()}",
        url=f"/projects/{project.pk}/#milestone-{milestone.pk}",
        key=f"{kind}:{milestone.pk}",
        by=by,
        at=at,
        reason=reason,
    )


def about_receipt(
    kind: str,
    receipt: FundsReceipt,
    *,
    project: Project,
    by: User,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """The same for money that arrived; it can be questioned more than once."""
    occasion = f":{at.isoformat()}" if kind == "funds.questioned" else ""
    _tell(
        kind,
        project=project,
        people=(receipt.recorded_by_id, project.officer_id),
        what=receipt.received_on.isoformat(),
        url=f"/projects/{project.pk}/#receipt-{receipt.pk}",
        key=f"{kind}:{receipt.pk}{occasion}",
        by=by,
        at=at,
        reason=reason,
    )


def _tell(
    kind: str,
    *,
    project: Project,
    people: tuple[int | None, ...],
    what: str,
    url: str,
    key: str,
    by: User,
    at: dt.datetime,
    reason: str,
) -> None:
    told = {pk for pk in people if pk is not None and pk != by.pk}
    if not told:
        return
    with translation.override(settings.LANGUAGE_CODE):
        words = {"project": project.name, "what": what, "reason": reason.strip(), "by": by}
        text = str(WORDS[kind]) % words
    # A system user's account is closed: a history load's claimant reads nothing.
    notices.tell(
        User.objects.filter(pk__in=told, is_active=True),
        kind=kind,
        text=text,
        url=url,
        key=key,
        at=at,
    )
