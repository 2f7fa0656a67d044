"""Registering companies and changing what is known about them: facts, group, tags, files.

Who may see a company in full is the pages' question (``pipeline.reach``); the verbs ask
whether the role may do it at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm import uploads, uscc
from crm.contacts import add_contact
from crm.duplicates import merged_into
from crm.history import sign
from crm.lookups import called
from crm.models import Attachment, Organization, Tag, User
from crm.names import initials, matching_key, normalise, pinyin
from crm.refusals import Refused
from crm.rights import require

__all__ = ["add_contact", "attach", "create", "edit", "find", "register", "set_tags", "similar"]

# What a person may write; names and codes are compared in forms made from them.
EDITABLE = frozenset(
    {
        *("name", "uscc", "origin", "is_local", "parent", "industry", "chain"),
        *("chain_position", "address", "website", "note"),
    }
)


class BadUscc(Refused):
    """The code is no unified social credit code."""

    code = "bad_uscc"


class AnotherName(Refused):
    """The code belongs to an organization of another name."""

    code = "another_name"


class SeveralOfThatName(Refused):
    """Several organizations have the name: only the code tells them apart."""

    code = "several_of_that_name"


class NameNeeded(Refused):
    """A company has a name."""

    code = "name_needed"


class AlreadyRegistered(Refused):
    """Another company has the name or the code; ``other`` is that company."""

    code = "already_registered"

    def __init__(self, message: Any, *, other: Organization | None) -> None:
        super().__init__(message)
        self.other = other


class OwnAncestor(Refused):
    """A company would stand above itself in its group."""

    code = "own_ancestor"


class MergedAway(Refused):
    """The company was merged into another one, or withdrawn with its load."""

    code = "merged_away"


class AlreadyAttached(Refused):
    """The company has this very file already."""

    code = "already_attached"


# --- registering ----------------------------------------------------------------------------
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
    not guessed. Without one, the only organization of that name. One that was merged
    stands for the one it was merged into, and one that was withdrawn with its load is
    there again.

    Raises ``NotAllowed``, ``BadUscc``, ``AnotherName``, ``SeveralOfThatName``.
    """
    require(by, "organization.edit")
    found = find(name=name, code=code)
    if found is not None:
        return _revived(found, by=by, at=at)
    return _create({"name": name, "uscc": code, "origin": origin, "is_local": is_local}, by, at)


@transaction.atomic
def create(*, fields: Mapping[str, Any], by: User, at: dt.datetime) -> Organization:
    """A new organization, of which nothing is known yet. ``fields`` are of ``EDITABLE``.

    Raises ``NotAllowed``, ``BadUscc``, ``NameNeeded``, ``AlreadyRegistered``, and
    ``AnotherName``, ``SeveralOfThatName`` as :func:`register`.
    """
    require(by, "organization.edit")
    found = find(name=fields["name"], code=fields.get("uscc") or "")
    if found is not None and found.withdrawn_at is None:
        raise AlreadyRegistered(
            _("“%(name)s”已经登记过，请直接使用") % {"name": found.name}, other=found
        )
    if found is not None:
        return edit(_revived(found, by=by, at=at), fields=fields, by=by, at=at)
    return _create(fields, by, at)


def find(*, name: str, code: str = "") -> Organization | None:
    """The organization that a name and USCC stand for, a merged one's keeper included.

    Raises ``BadUscc``, ``AnotherName``, ``SeveralOfThatName``.
    """
    code = uscc.compact(code)
    if code and not uscc.is_valid(code):
        raise BadUscc(_("统一社会信用代码有误：应为 18 位，请对照营业执照核对"))
    key = normalise(name)
    return _by_code(code, key) if code else _by_name(key)


def kept(organization: Organization) -> Organization:
    """Where a merged organization went, however often its keeper was merged in turn."""
    while organization.merged_into_id is not None:
        organization = Organization.objects.get(pk=organization.merged_into_id)
    return organization


def _by_code(code: str, key: str) -> Organization | None:
    with_code = Organization.objects.filter(uscc=code).order_by("pk")
    by_keeper: dict[int, tuple[Organization, set[str]]] = {}
    for row in with_code:
        keeper = kept(row)
        _keeper, names = by_keeper.setdefault(keeper.pk, (keeper, {keeper.name_key}))
        names.add(row.name_key)
    for pk, rows in merged_into(by_keeper).items():
        by_keeper[pk][1].update(row.name_key for row in rows)
    # One that has the code itself before one that a row with the code was merged into.
    for keeper, names in sorted(by_keeper.values(), key=lambda k: k[0].uscc != code):
        if key in names:
            return keeper
    if by_keeper:
        other = min(by_keeper.values(), key=lambda k: k[0].uscc != code)[0]
        raise AnotherName(_("这个信用代码已登记为“%(name)s”，请核对名称") % {"name": other.name})
    return None


def _by_name(key: str) -> Organization | None:
    # Those in use tell; only where there is none, the merged and withdrawn ones do.
    rows = Organization.objects.filter(name_key=key).order_by("pk")
    keepers = {row.pk: row for row in map(kept, rows)}
    current = [row for row in keepers.values() if row.withdrawn_at is None]
    found = current or list(keepers.values())
    if len(found) > 1:
        raise SeveralOfThatName(_("有几家企业叫这个名称，请填统一社会信用代码"))
    return found[0] if found else None


def _revived(organization: Organization, *, by: User, at: dt.datetime) -> Organization:
    if organization.withdrawn_at is not None:
        organization.withdrawn_at = None
        sign(organization, by=by, at=at, why=str(_("重新登记")))
        organization.save(update_fields=["withdrawn_at"])
    return organization


def _create(fields: Mapping[str, Any], by: User, at: dt.datetime) -> Organization:
    organization = Organization(created_at=at, created_by=by)
    _write(organization, fields)
    _refuse_clash(organization)
    sign(organization, by=by, at=at)
    _save(organization)
    return organization


# --- changing -------------------------------------------------------------------------------
@transaction.atomic
def edit(
    organization: Organization, *, fields: Mapping[str, Any], by: User, at: dt.datetime
) -> Organization:
    """Change an organization's ``fields`` (of ``EDITABLE``); others stay as they are.

    Raises ``NotAllowed``, ``NameNeeded``, ``BadUscc``, ``AlreadyRegistered``,
    ``OwnAncestor``, ``MergedAway``.
    """
    require(by, "organization.edit")
    organization = _current(organization)
    before = {name: getattr(organization, name) for name in EDITABLE}
    _write(organization, fields)
    if all(getattr(organization, name) == value for name, value in before.items()):
        return organization
    _refuse_clash(organization)
    _refuse_own_ancestor(organization)
    sign(organization, by=by, at=at)
    _save(organization)
    return organization


def _current(organization: Organization) -> Organization:
    """The row as it is now, held until the transaction ends. Raises ``MergedAway``."""
    row = Organization.objects.select_for_update().get(pk=organization.pk)
    if row.merged_into_id is not None or row.withdrawn_at is not None:
        raise MergedAway(_("这家企业已经合并或撤回，请在企业列表里查找现在的企业"))
    return row


def _write(organization: Organization, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name not in EDITABLE:
            raise KeyError(name)
        setattr(organization, name, value.strip() if isinstance(value, str) else value)
    if not organization.name:
        raise NameNeeded(_("请填写企业名称"))
    organization.uscc = uscc.compact(organization.uscc or "") or None
    if organization.uscc and not uscc.is_valid(organization.uscc):
        raise BadUscc(_("统一社会信用代码有误：应为 18 位，请对照营业执照核对"))
    organization.name_key = normalise(organization.name)
    organization.matching_key = matching_key(organization.name)
    organization.pinyin = pinyin(organization.name)
    organization.initials = initials(organization.name)


def _refuse_clash(organization: Organization) -> None:
    others = Organization.objects.filter(merged_into__isnull=True).exclude(pk=organization.pk)
    if organization.uscc:
        other = others.filter(uscc=organization.uscc).first()
        if other is not None:
            raise AlreadyRegistered(
                _("这个信用代码已登记为“%(name)s”，请核对") % {"name": other.name}, other=other
            )
    else:
        other = others.filter(name_key=organization.name_key, uscc__isnull=True).first()
        if other is not None:
            raise AlreadyRegistered(
                _("“%(name)s”已经登记过；是另一家企业的，请填统一社会信用代码")
                % {"name": other.name},
                other=other,
            )


def _refuse_own_ancestor(organization: Organization) -> None:
    above, seen = organization.parent_id, set[int]()
    while above is not None and above not in seen:
        seen.add(above)
        if above == organization.pk:
            raise OwnAncestor(
                _("“%(name)s”本身或其上级隶属于这家企业，不能作它的上级")
                % {"name": organization.parent}
            )
        above = Organization.objects.values_list("parent", flat=True).get(pk=above)


def _save(organization: Organization) -> None:
    """Two that register one company at the same instant: the database lets one of them."""
    try:
        with transaction.atomic():
            organization.save()
    except IntegrityError as error:
        _refuse_clash(organization)
        raise AlreadyRegistered(
            _("别人刚刚登记了同名或同信用代码的企业，请刷新后再试"), other=None
        ) from error


@transaction.atomic
def set_tags(
    organization: Organization, tags: Iterable[Tag], *, by: User, at: dt.datetime
) -> Organization:
    """Give an organization exactly these tags; its history tells which came and went.

    Raises ``NotAllowed``, ``MergedAway``.
    """
    require(by, "organization.edit")
    organization = _current(organization)
    wanted = {tag.pk: tag for tag in tags}
    had = {tag.pk: tag for tag in organization.tags.all()}
    if wanted.keys() == had.keys():
        return organization
    organization.tags.set(wanted.values())
    signs = [f"+{tag}" for key, tag in wanted.items() if key not in had]
    signs += [f"−{tag}" for key, tag in had.items() if key not in wanted]
    sign(organization, by=by, at=at, why=str(_("标签：")) + " ".join(signs))
    organization.save()
    return organization


def tag(organization: Organization, tag: Tag, *, by: User, at: dt.datetime) -> Organization:
    """Add one tag. Raises ``NotAllowed``, ``MergedAway``."""
    return set_tags(organization, [*organization.tags.all(), tag], by=by, at=at)


def similar(text: str) -> QuerySet[Organization]:
    """Organizations whose name, pinyin or initials begin with ``text``, or whose name has it."""
    key = normalise(text)
    return Organization.objects.filter(called(key, key)).current()


# --- files ----------------------------------------------------------------------------------
@transaction.atomic
def attach(
    organization: Organization, *, file: File[bytes], by: User, at: dt.datetime
) -> Attachment:
    """Keep a file with an organization.

    Raises ``NotAllowed``, ``TooLarge``, ``UnknownFormat``, ``AlreadyAttached``, ``MergedAway``.
    """
    require(by, "organization.edit")
    organization = _current(organization)
    found = uploads.check(file)
    same = organization.attachments.filter(sha256=found.sha256, withdrawn_at__isnull=True)
    if same.exists():
        raise AlreadyAttached(_("“%(name)s”已经传过了，请另选文件") % {"name": found.name})
    return uploads.keep_as(Attachment, file, found, organization=organization, by=by, at=at)


def keep(organization: Organization, *, file: File[bytes], by: User, at: dt.datetime) -> Attachment:
    """What verbs call that have asked for the right themselves: the file of a visit, say.

    A file that the organization has already is that attachment. Raises ``TooLarge``,
    ``UnknownFormat``.
    """
    found = uploads.check(file)
    same = organization.attachments.filter(sha256=found.sha256, withdrawn_at__isnull=True).first()
    return same or uploads.keep_as(Attachment, file, found, organization=organization, by=by, at=at)


@transaction.atomic
def withdraw_attachment(attachment: Attachment, *, by: User, at: dt.datetime) -> Attachment:
    """Take back a file that was attached by mistake; it is kept, and shown no more.

    Raises ``NotAllowed``.
    """
    require(by, "organization.edit")
    Attachment.objects.filter(pk=attachment.pk, withdrawn_at__isnull=True).update(withdrawn_at=at)
    attachment.refresh_from_db()
    return attachment


@transaction.atomic
def restore_attachment(attachment: Attachment, *, by: User, at: dt.datetime) -> Attachment:
    """Take the withdrawal back. Raises ``NotAllowed``."""
    require(by, "organization.edit")
    Attachment.objects.filter(pk=attachment.pk).update(withdrawn_at=None)
    attachment.refresh_from_db()
    return attachment
