"""Channels: the groups and mailboxes that hear of what concerns the county, a unit or a park.

Whoever has a robot's address may write to its group, so the address is a secret: it is
read from what an administrator pastes, kept sealed (``crm.sealed``), opened for sending and
never shown. Only three hosts are ever called, each in the plugin that knows it; what is
pasted gives a key, never a host.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from structlog import get_logger

from crm import digests, sealed
from crm.digests import Hours
from crm.models import NoticeChannel, NoticeChannelKind, Park, Unit, User
from crm.refusals import Refused
from crm.rights import require
from crm.system_users import system_user

log = get_logger(__name__)

KEY = r"(?P<key>[A-Za-z0-9_-]{8,120})"
SIGNED_WITH = r"(?P<secret>[A-Za-z0-9]{8,120})"
PASTED = {
    NoticeChannelKind.WECOM: (
        rf"(?:https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send/?\?key=|wecombot://)?{KEY}/?",
    ),
    NoticeChannelKind.DINGTALK: (
        rf"(?:https://oapi\.dingtalk\.com/robot/send/?\?access_token=)?{KEY}(?:[\s,，]+{SIGNED_WITH})?",
        rf"dingtalk://(?:{SIGNED_WITH}@)?{KEY}/?",
    ),
    NoticeChannelKind.FEISHU: (
        rf"(?:https://open\.feishu\.cn/open-apis/bot/v2/hook/|feishu://)?{KEY}/?",
    ),
}
FROM_ENVIRONMENT = "env:"
"""Begins the ``address`` of a channel whose real one stands in ``NOTIFY_URLS``."""


class BadAddress(Refused):
    """What was pasted is no address of this kind of channel."""

    code = "bad_address"


@dataclass(frozen=True, slots=True)
class Robot:
    """A group robot: the service, the key that names it, the secret that signs (DingTalk)."""

    kind: str
    key: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address that mail goes to."""

    address: str


@dataclass(frozen=True, slots=True)
class MailUrl:
    """An operator's own mail server, as ``NOTIFY_URLS`` names it (mailto://…)."""

    url: str


Address = Robot | Mailbox | MailUrl


def read_address(kind: str, pasted: str) -> Robot | Mailbox:
    """What an administrator pasted: a robot's whole webhook or its key, or a mail address.

    A DingTalk robot's signing secret (加签) may follow after a blank. Raises
    :class:`BadAddress`, whose words never repeat what was pasted.
    """
    pasted = pasted.strip()
    if kind == NoticeChannelKind.MAIL:
        try:
            validate_email(pasted)
        except ValidationError as error:
            raise BadAddress(_("这不是邮箱地址")) from error
        return Mailbox(pasted)
    for form in PASTED[NoticeChannelKind(kind)]:
        if found := re.fullmatch(form, pasted):
            parts = found.groupdict()
            return Robot(str(kind), parts["key"], parts.get("secret") or "")
    raise BadAddress(
        _("这不是%(kind)s的地址，请粘贴机器人的完整 Webhook 地址")
        % {"kind": NoticeChannelKind(kind).label}
    )


def address_of(channel: NoticeChannel) -> Address:
    """Where the channel's messages go. Raises :class:`BadAddress`."""
    if channel.address.startswith(FROM_ENVIRONMENT):
        urls = {FROM_ENVIRONMENT + _digest(url): url for url in settings.NOTIFY_URLS}
        if channel.address not in urls:
            raise BadAddress(_("环境变量 NOTIFY_URLS 里已经没有这个地址"))
        _kind, address = read_url(urls[channel.address])
        return address
    try:
        return read_address(channel.kind, sealed.unseal(channel.address))
    except sealed.Unreadable as error:
        raise BadAddress(_("地址无法解密（系统密钥更换过），请重新填写地址")) from error


def read_url(url: str) -> tuple[NoticeChannelKind, Address]:
    """One of ``NOTIFY_URLS``. Raises :class:`BadAddress` for what is none of the four."""
    schema = url.partition("://")[0].lower()
    kinds = {"wecombot": "wecom", "dingtalk": "dingtalk", "feishu": "feishu"}
    if schema in ("mailto", "mailtos"):
        return NoticeChannelKind.MAIL, MailUrl(url)
    if schema in kinds:
        kind = NoticeChannelKind(kinds[schema])
        return kind, read_address(kind, url)
    raise BadAddress(_("NOTIFY_URLS 只能用 wecombot、dingtalk、feishu、mailto、mailtos 开头的地址"))


def _digest(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:16]


def from_environment(*, at: dt.datetime) -> None:
    """See to it that each of ``NOTIFY_URLS`` is a channel of the county's.

    The row holds a digest, not the address. One that is taken out of the environment is
    switched off. Without ``NOTIFY_URLS``, no query.
    """
    if not settings.NOTIFY_URLS:
        return
    known = set(
        NoticeChannel.objects.filter(address__startswith=FROM_ENVIRONMENT).values_list(
            "address", flat=True
        )
    )
    for url in settings.NOTIFY_URLS:
        digest = _digest(url)
        if FROM_ENVIRONMENT + digest in known:
            continue
        try:
            kind, _address = read_url(url)
        except BadAddress as refusal:
            log.warning("NOTIFY_URLS names something else than a channel", why=refusal.code)
            continue
        NoticeChannel.objects.get_or_create(
            name=f"NOTIFY_URLS {digest[:8]}",
            defaults={
                "kind": kind,
                "address": FROM_ENVIRONMENT + digest,
                "created_at": at,
                "created_by": system_user("notify-urls", "环境配置"),
            },
        )


# --- keeping them -----------------------------------------------------------------------------
@transaction.atomic
def add(
    *,
    name: str,
    kind: str,
    address: str,
    by: User,
    at: dt.datetime,
    unit: Unit | None = None,
    park: Park | None = None,
    groups: Sequence[str] = (),
    hours: Hours | None = None,
) -> NoticeChannel:
    """A new channel; ``address`` as pasted, ``hours`` None: quiet outside of working hours.

    Raises ``NotAllowed``, :class:`BadAddress`, ``digests.NeverHeard``.
    """
    require(by, "notice.configure")
    read_address(kind, address)
    return NoticeChannel.objects.create(
        name=name.strip(),
        kind=kind,
        address=sealed.seal(address.strip()),
        unit=unit,
        park=park,
        groups=list(groups),
        created_at=at,
        created_by=by,
        **(digests.columns(digests.check(hours)) if hours else {}),
    )


@transaction.atomic
def change(
    channel: NoticeChannel,
    *,
    name: str,
    by: User,
    address: str = "",
    unit: Unit | None = None,
    park: Park | None = None,
    groups: Sequence[str] = (),
    hours: Hours | None = None,
) -> NoticeChannel:
    """Change a channel; without a new address, or new hours, it keeps those it has.

    Raises ``NotAllowed``, :class:`BadAddress`, ``digests.NeverHeard``.
    """
    require(by, "notice.configure")
    channel.name, channel.groups = name.strip(), list(groups)
    channel.unit, channel.park = unit, park
    for name, value in (digests.columns(digests.check(hours)) if hours else {}).items():
        setattr(channel, name, value)
    if address.strip():
        read_address(channel.kind, address)
        channel.address = sealed.seal(address.strip())
    channel.save()
    return channel


def switch(channel: NoticeChannel, *, is_active: bool, by: User) -> NoticeChannel:
    """Have a channel hear of what comes, or not; what waits for one that is off is not sent.

    Raises ``NotAllowed``.
    """
    require(by, "notice.configure")
    channel.is_active = is_active
    channel.save(update_fields=["is_active"])
    return channel
