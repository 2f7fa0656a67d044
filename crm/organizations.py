"""Registering investors and the people at them."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm import uscc
from crm.models import Contact, Organization, User
from crm.names import initials, matching_key, normalise, pinyin
from crm.refusals import Refused
from crm.rights import require


class BadUscc(Refused):
    """The code is no unified social credit code."""

    code = "bad_uscc"


class AnotherName(Refused):
    """The code belongs to an organization of another name."""

    code = "another_name"


class SeveralOfThatName(Refused):
    """Several organizations have the name: only the code tells them apart."""

    code = "several_of_that_name"


@transaction.atomic
def register(
    *,
    name: str,
    code: str = "",
    origin: str = "",
    is_local: bool = False,
    by: User,
    at: dt.datetime,
) -> Organization:
    """The organization of a name and USCC, registered now where there is none yet.

    With a code, the one that has it, whose name has to be the same; a nameless code is
    not guessed. Without one, the only organization of that name.

    Raises ``NotAllowed``, ``BadUscc``, ``AnotherName``, ``SeveralOfThatName``.
    """
    require(by, "project.edit")
    code = uscc.compact(code)
    if code and not uscc.is_valid(code):
        raise BadUscc(_("统一社会信用代码有误：应为 18 位，请对照营业执照核对"))
    key = normalise(name)
    found = _by_code(code, key) if code else _by_name(key)
    if found is not None:
        return found
    return Organization.objects.create(
        name=name.strip(),
        name_key=key,
        matching_key=matching_key(name),
        pinyin=pinyin(name),
        initials=initials(name),
        uscc=code or None,
        origin=origin.strip(),
        is_local=is_local,
        created_at=at,
        created_by=by,
    )


def _by_code(code: str, key: str) -> Organization | None:
    found = Organization.objects.filter(uscc=code).first()
    if found is not None and found.name_key != key:
        raise AnotherName(_("这个信用代码已登记为“%(name)s”，请核对名称") % {"name": found.name})
    return found


def _by_name(key: str) -> Organization | None:
    found = list(Organization.objects.filter(name_key=key)[:2])
    if len(found) > 1:
        raise SeveralOfThatName(_("有几家企业叫这个名称，请填统一社会信用代码"))
    return found[0] if found else None


def similar(text: str) -> QuerySet[Organization]:
    """Organizations whose name, pinyin or initials begin with ``text``, or whose name has it."""
    key = normalise(text)
    found = Organization.objects.filter(name_key__contains=key)
    if key.isascii() and key.isalnum():
        found = found | Organization.objects.filter(pinyin__startswith=key)
        found = found | Organization.objects.filter(initials__startswith=key)
    return found


@transaction.atomic
def add_contact(
    organization: Organization,
    *,
    name: str,
    title: str = "",
    phone: str = "",
    by: User,
    at: dt.datetime,
) -> Contact:
    """A person at an organization; the first is its primary contact. Raises ``NotAllowed``."""
    require(by, "project.edit")
    return Contact.objects.create(
        organization=organization,
        name=name.strip(),
        pinyin=pinyin(name),
        initials=initials(name),
        title=title.strip(),
        phone=phone.strip(),
        is_primary=not organization.contacts.filter(is_primary=True).exists(),
        created_at=at,
        created_by=by,
    )
