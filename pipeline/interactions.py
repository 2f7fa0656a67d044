"""Recording how the county and an investor met: who, what, photos and the next step.

One entry is one transaction, and sent twice it is one entry: a phone whose line dropped
sends again what may have arrived before.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from crm import organizations, uploads
from crm.contacts import add_contact
from crm.models import Contact, Organization, User
from crm.refusals import NotAllowed, ReasonNeeded, Refused
from crm.rights import require
from pipeline import activity, follow_ups, lead_clocks
from pipeline.models import Interaction, Project
from pipeline.past import refuse_future
from pipeline.reach import organizations_visible_to

EARLIEST = dt.date(1980, 1, 1)
MOST_PHOTOS = 9
IMAGES = frozenset({"image/jpeg", "image/png", "image/webp"})


class TooLongAgo(Refused):
    """The year is a slip of the pen."""

    code = "too_long_ago"


class AnotherOrganization(Refused):
    """The project, or a contact, belongs to another organization."""

    code = "another_organization"


class NotAnOfficer(Refused):
    """Somebody named as one of ours does not work here any more."""

    code = "not_an_officer"


class NotAPhoto(Refused):
    """A file is no image, or there are too many of them."""

    code = "not_a_photo"


class NextStepUnclear(Refused):
    """A next step has to say what, and by which day."""

    code = "next_step_unclear"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person at the organization who was met for the first time."""

    name: str
    title: str = ""
    phone: str = ""


def record(
    *,
    organization: Organization,
    project: Project | None = None,
    kind: str,
    occurred_on: dt.date,
    summary: str,
    contacts: Iterable[Contact] = (),
    newcomer: Newcomer | None = None,
    officers: Iterable[User] = (),
    photos: Iterable[File[bytes]] = (),
    next_step: str = "",
    next_on: dt.date | None = None,
    client_key: uuid.UUID | None = None,
    by: User,
    at: dt.datetime,
) -> Interaction:
    """An entry with all that belongs to it; whoever records it was there.

    With a ``client_key`` that came before, the entry that it made then, and nothing new.

    Raises ``NotAllowed``, ``InTheFuture``, ``TooLongAgo``, ``ReasonNeeded`` without a summary,
    ``AnotherOrganization``, ``NotAnOfficer``, ``NotAPhoto``, ``NextStepUnclear``, and of
    the photos ``TooLarge``, ``UnknownFormat``.
    """
    if client_key and (first := recorded_before(client_key, by=by)):
        return first
    require(by, "interaction.record", project)
    if project is None and not organizations_visible_to(by).filter(pk=organization.pk).exists():
        raise NotAllowed(_("这家企业由别的单位对接，您不能为它记录；请在企业页查看由谁对接"))
    contacts, officers, photos = list(contacts), list(officers), list(photos)
    _check_day(occurred_on, at)
    if not summary.strip():
        raise ReasonNeeded(_("请写下接洽内容"))
    _check_people(organization, project, contacts, officers)
    _check_photos(photos)
    _check_next_step(next_step, next_on, occurred_on)
    try:
        with transaction.atomic():
            interaction = Interaction.objects.create(
                project=project,
                organization=organization,
                kind=kind,
                occurred_on=occurred_on,
                summary=summary.strip(),
                client_key=client_key,
                recorded_at=at,
                recorded_by=by,
            )
            if newcomer is not None and newcomer.name.strip():
                contacts.append(_met(organization, newcomer, by=by, at=at))
            interaction.contacts.set(contacts)
            interaction.officers.set({by, *officers})
            interaction.photos.set(
                [organizations.keep(organization, file=photo, by=by, at=at) for photo in photos]
            )
            if next_on is not None:
                follow_ups.add(
                    what=next_step,
                    due_on=next_on,
                    assignee=by,
                    project=project,
                    organization=organization,
                    interaction=interaction,
                    by=by,
                    at=at,
                )
            if project is None:
                activity.touch_organization(organization, on=occurred_on, by=by)
            else:
                activity.touch(project, on=occurred_on)
                lead_clocks.settle(project, at=at)
    except IntegrityError:
        # The same entry, sent again while the first was being stored.
        first = recorded_before(client_key, by=by) if client_key else None
        if first is None:
            raise
        return first
    return interaction


def recorded_before(client_key: uuid.UUID, *, by: User) -> Interaction | None:
    """What the person recorded under a key, if they did. Raises ``NotAllowed`` for another's."""
    first = Interaction.objects.filter(client_key=client_key).first()
    if first is not None and first.recorded_by_id != by.pk:
        raise NotAllowed(_("这条记录是别人保存的，请重新打开页面再记"))
    return first


def _check_day(on: dt.date, at: dt.datetime) -> None:
    refuse_future(on, at)
    if on < EARLIEST:
        raise TooLongAgo(_("日期早于 %(day)s，请核对年份") % {"day": EARLIEST.isoformat()})


def _check_people(
    organization: Organization,
    project: Project | None,
    contacts: list[Contact],
    officers: list[User],
) -> None:
    if project is not None and project.investor_id != organization.pk:
        raise AnotherOrganization(_("这个项目不是这家企业的，请重新选择对象"))
    for contact in contacts:
        if contact.organization_id != organization.pk:
            raise AnotherOrganization(
                _("%(name)s不是这家企业的联系人，请重新勾选") % {"name": contact.name}
            )
    for officer in officers:
        if not officer.is_active:
            raise NotAnOfficer(_("%(name)s的账号已停用，请不要勾选") % {"name": officer})


def _check_photos(photos: list[File[bytes]]) -> None:
    if len(photos) > MOST_PHOTOS:
        raise NotAPhoto(_("一次最多 %(most)s 张照片，请分两条记录") % {"most": MOST_PHOTOS})
    for photo in photos:
        if photo.size and uploads.type_of(photo) not in IMAGES:
            raise NotAPhoto(
                _("“%(name)s”不是照片（JPG、PNG、WebP），请去掉它") % {"name": photo.name}
            )


def _check_next_step(what: str, on: dt.date | None, met_on: dt.date) -> None:
    if on is None and what.strip():
        raise NextStepUnclear(_("写了下一步，请选好哪天办"))
    if on is not None and not what.strip():
        raise NextStepUnclear(_("选了日子，请写明下一步办什么"))
    if on is not None and on < met_on:
        raise NextStepUnclear(_("下一步的日子不能早于接洽那天"))


def _met(organization: Organization, newcomer: Newcomer, *, by: User, at: dt.datetime) -> Contact:
    """The person as a contact of the organization: the one of that name, or a new one."""
    name, phone = newcomer.name.strip(), newcomer.phone.strip()
    for known in organization.contacts.current().filter(name=name):
        if not phone or not known.phone or known.phone == phone:
            return known
    return add_contact(organization, name=name, title=newcomer.title, phone=phone, by=by, at=at)
