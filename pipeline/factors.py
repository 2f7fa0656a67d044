"""What a project needs from the county to start: whose it is, by when, and met or not.

Each change leaves a line in the project's history (``field_history.note``).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from pipeline import activity
from pipeline.field_history import note
from pipeline.models import FactorKind, FactorNeed, Project
from pipeline.past import refuse_future


class AlreadyMet(Refused):
    """The need was met in the meantime."""

    code = "already_met"


class NotMet(Refused):
    """There is no meeting of the need to take back."""

    code = "not_met"


@transaction.atomic
def add(
    project: Project,
    *,
    kind: str,
    detail: str = "",
    unit: str = "",
    due_on: dt.date | None = None,
    met_on: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> FactorNeed:
    """A need of the project, met already or not. Raises ``NotAllowed``, ``InTheFuture``."""
    require(by, "project.edit", project)
    refuse_future(met_on, at)
    need = FactorNeed.objects.create(
        project=project,
        kind=kind,
        detail=detail.strip(),
        unit=unit.strip(),
        due_on=due_on,
        met_on=met_on,
        recorded_at=at,
        recorded_by=by,
    )
    if met_on is not None:
        activity.touch(project, on=met_on)
    return need


@transaction.atomic
def edit(
    need: FactorNeed,
    *,
    detail: str,
    unit: str,
    due_on: dt.date | None,
    by: User,
    at: dt.datetime,
) -> FactorNeed:
    """Say anew what is needed, whose it is and by when. Raises ``NotAllowed``."""
    need = _held(need, by)
    told = [
        (label, getattr(need, name), value)
        for name, label, value in (
            ("detail", _("需求"), detail.strip()),
            ("unit", _("责任单位"), unit.strip()),
            ("due_on", _("应完成日"), due_on),
        )
        if getattr(need, name) != value
    ]
    if not told:
        return need
    need.detail, need.unit, need.due_on = detail.strip(), unit.strip(), due_on
    need.save()
    for label, old, new in told:
        words = _("要素 %(kind)s：%(label)s %(old)s → %(new)s")
        values = {"label": label, "old": old or "—", "new": new or "—"}
        note(need.project, words, by=by, at=at, kind=_kind(need), **values)
    return need


@transaction.atomic
def meet(need: FactorNeed, *, on: dt.date, by: User, at: dt.datetime) -> FactorNeed:
    """The county has met a need. Raises ``NotAllowed``, ``InTheFuture``, ``AlreadyMet``."""
    need = _held(need, by)
    if need.met_on is not None:
        raise AlreadyMet(_("这项要素已经登记为落实，请刷新页面"))
    refuse_future(on, at)
    need.met_on = on
    need.save(update_fields=["met_on"])
    words = _("要素 %(kind)s：%(day)s 落实")
    note(need.project, words, by=by, at=at, kind=_kind(need), day=on)
    activity.touch(need.project, on=on)
    return need


@transaction.atomic
def unmeet(need: FactorNeed, *, by: User, at: dt.datetime) -> FactorNeed:
    """It was not met after all. Raises ``NotAllowed``, ``NotMet``."""
    need = _held(need, by)
    if need.met_on is None:
        raise NotMet(_("这项要素还没有落实，不用撤回"))
    met_on, need.met_on = need.met_on, None
    need.save(update_fields=["met_on"])
    words = _("要素 %(kind)s：撤回 %(day)s 的落实")
    note(need.project, words, by=by, at=at, kind=_kind(need), day=met_on)
    return need


def _held(need: FactorNeed, by: User) -> FactorNeed:
    row = (
        FactorNeed.objects.select_for_update(of=("self",)).select_related("project").get(pk=need.pk)
    )
    require(by, "project.edit", row.project)
    return row


def _kind(need: FactorNeed) -> Any:
    return FactorKind(need.kind).label
