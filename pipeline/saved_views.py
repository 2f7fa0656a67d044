"""Keeping a way to look at the list of projects, and sharing it.

A view is a query string: whoever opens it sees what of it lies in their own scope.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Park, User
from crm.refusals import NotAllowed, Refused
from crm.rights import require
from pipeline.listing import Wanted
from pipeline.models import SavedView


class NameTaken(Refused):
    """The person has a view of this name."""

    code = "name_taken"


class NameNeeded(Refused):
    """A view without a name is not found again."""

    code = "name_needed"


@transaction.atomic
def save(
    *,
    name: str,
    query: str,
    role: str = "",
    park: Park | None = None,
    by: User,
    at: dt.datetime,
) -> SavedView:
    """Keep a query under a name; for oneself, or shared with a role or a park.

    Raises ``NotAllowed``, ``NameNeeded``, ``NameTaken``.
    """
    require(by, "view.save")
    view = SavedView(owner=by, created_at=at, query=Wanted.of(query).query())
    return _write(view, name=name, role=role, park=park, by=by)


@transaction.atomic
def change(
    view: SavedView, *, name: str, role: str = "", park: Park | None = None, by: User
) -> SavedView:
    """Rename a view or share it otherwise. Raises ``NotAllowed``, ``NameNeeded``,
    ``NameTaken``."""
    _require_owner(view, by)
    return _write(view, name=name, role=role, park=park, by=by)


@transaction.atomic
def delete(view: SavedView, *, by: User) -> None:
    """Forget a view, for everybody it was shared with too. Raises ``NotAllowed``."""
    _require_owner(view, by)
    view.delete()


def _require_owner(view: SavedView, by: User) -> None:
    require(by, "view.save")
    if view.owner_id != by.pk:
        raise NotAllowed(_("只能改动自己保存的视图；可以打开它，另存为自己的"))


def _write(view: SavedView, *, name: str, role: str, park: Park | None, by: User) -> SavedView:
    name = " ".join(name.split())
    if not name:
        raise NameNeeded(_("请给视图起个名称"))
    if park is not None and not by.is_county_wide and park.pk != by.park_id:
        raise NotAllowed(_("只能共享给自己所在的园区"))
    if SavedView.objects.filter(owner=by, name=name).exclude(pk=view.pk).exists():
        raise NameTaken(_("您已有名为“%(name)s”的视图，请换个名称") % {"name": name})
    view.name, view.shared_role, view.shared_park = name, role, park
    view.save()
    return view
