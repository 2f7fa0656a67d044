"""The people at a company: exactly one of those who are there is its primary contact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.history import sign
from crm.models import Contact, Organization, User
from crm.names import initials, pinyin
from crm.refusals import Refused
from crm.rights import require

EDITABLE = frozenset({"name", "title", "phone", "wechat", "email", "note"})


class NameNeeded(Refused):
    """A person has a name."""

    code = "name_needed"


class HasLeft(Refused):
    """The person is not at the company any more."""

    code = "has_left"


class BadDay(Refused):
    """Nobody has left on a day that is still to come."""

    code = "bad_day"


@transaction.atomic
def add_contact(
    organization: Organization,
    *,
    name: str,
    title: str = "",
    phone: str = "",
    wechat: str = "",
    email: str = "",
    note: str = "",
    by: User,
    at: dt.datetime,
) -> Contact:
    """A person at an organization; the first is its primary contact.

    Raises ``NotAllowed``, ``NameNeeded``.
    """
    require(by, "organization.edit")
    _hold(organization)
    contact = Contact(organization=organization, created_at=at, created_by=by)
    given = {"name": name, "title": title, "phone": phone}
    _write(contact, {**given, "wechat": wechat, "email": email, "note": note})
    contact.is_primary = _primary(organization, by=by, at=at) is None
    sign(contact, by=by, at=at)
    contact.save(force_insert=True)
    return contact


@transaction.atomic
def edit_contact(
    contact: Contact, *, fields: Mapping[str, Any], by: User, at: dt.datetime
) -> Contact:
    """Change a contact's ``fields`` (of ``EDITABLE``); others stay as they are.

    Raises ``NotAllowed``, ``NameNeeded``.
    """
    require(by, "organization.edit")
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    before = {name: getattr(contact, name) for name in EDITABLE}
    _write(contact, fields)
    if any(getattr(contact, name) != value for name, value in before.items()):
        sign(contact, by=by, at=at)
        contact.save()
    return contact


@transaction.atomic
def make_primary(contact: Contact, *, by: User, at: dt.datetime) -> Contact:
    """Whom to call first; who was it before is so no more. Raises ``NotAllowed``, ``HasLeft``."""
    require(by, "organization.edit")
    _hold(contact.organization)
    contact.refresh_from_db()
    if contact.left_on is not None or contact not in Contact.objects.current():
        raise HasLeft(_("%(name)s已不在这家企业，不能作主要联系人") % {"name": contact.name})
    holder = _primary(contact.organization, by=by, at=at)
    if holder == contact:
        return contact
    if holder is not None:
        _mark(holder, False, by=by, at=at)
    return _mark(contact, True, by=by, at=at)


@transaction.atomic
def left(contact: Contact, *, on: dt.date, by: User, at: dt.datetime) -> Contact:
    """The person left the company; the one who is there longest is primary in their place.

    Raises ``NotAllowed``, ``BadDay``.
    """
    require(by, "organization.edit")
    if on > timezone.localdate(at):
        raise BadDay(_("离职日不能晚于今天"))
    _hold(contact.organization)
    contact.refresh_from_db()
    was_primary, contact.left_on, contact.is_primary = contact.is_primary, on, False
    sign(contact, by=by, at=at)
    contact.save()
    if was_primary:
        _appoint(contact.organization, by=by, at=at)
    return contact


@transaction.atomic
def came_back(contact: Contact, *, by: User, at: dt.datetime) -> Contact:
    """The person is at the company after all. Raises ``NotAllowed``."""
    require(by, "organization.edit")
    _hold(contact.organization)
    contact.refresh_from_db()
    contact.left_on = None
    contact.is_primary = _primary(contact.organization, by=by, at=at) is None
    sign(contact, by=by, at=at)
    contact.save()
    return contact


def _hold(organization: Organization) -> None:
    """Who changes an organization's contacts waits for who does so already."""
    Organization.objects.select_for_update().get(pk=organization.pk)


def _primary(organization: Organization, *, by: User, at: dt.datetime) -> Contact | None:
    """The primary contact; one who is not there any more is so no longer."""
    holder = organization.contacts.filter(is_primary=True).first()
    if holder is not None and (
        holder.left_on or holder.merged_into_id or holder.withdrawn_at is not None
    ):
        _mark(holder, False, by=by, at=at)
        return None
    return holder


def _appoint(organization: Organization, *, by: User, at: dt.datetime) -> None:
    """The contact of longest standing is primary, where there is one."""
    there = organization.contacts.current().filter(left_on__isnull=True)
    longest = there.order_by("pk").first()
    if longest is not None:
        _mark(longest, True, by=by, at=at)


def _mark(contact: Contact, is_primary: bool, *, by: User, at: dt.datetime) -> Contact:
    contact.is_primary = is_primary
    sign(contact, by=by, at=at)
    contact.save()
    return contact


def _write(contact: Contact, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name not in EDITABLE:
            raise KeyError(name)
        setattr(contact, name, value.strip())
    if not contact.name:
        raise NameNeeded(_("请填写联系人姓名"))
    contact.pinyin, contact.initials = pinyin(contact.name), initials(contact.name)
