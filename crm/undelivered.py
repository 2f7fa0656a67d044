"""What did not get through: telling the administrators, and what a person decides about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import notices
from crm.models import Delivery, DeliveryState, NoticeChannel, Role, User
from crm.refusals import Refused
from crm.rights import require

UNDECIDED = (DeliveryState.FAILED, DeliveryState.DOUBTFUL)
AT_ONCE = 1000


class NothingToDecide(Refused):
    """The message is on its way, or has arrived."""

    code = "nothing_to_decide"


def channels_with_troubles(*, most: int = 200) -> QuerySet[NoticeChannel]:
    """The channels, each with ``troubles``: how many messages wait for a decision, and
    ``waits``: how many to be sent.
    """
    return NoticeChannel.objects.select_related("unit", "park").annotate(
        troubles=Count("deliveries", filter=Q(deliveries__state__in=UNDECIDED)),
        waits=Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING)),
    )[:most]


def narrowed(
    rows: QuerySet[Delivery],
    *,
    state: str = "",
    channel: NoticeChannel | None = None,
    before: int | None = None,
) -> QuerySet[Delivery]:
    """Of the rows those in a state ("undecided": failed or doubtful), of a channel, older than
    the one numbered ``before``; the latest first.
    """
    if state:
        rows = rows.filter(state__in=UNDECIDED if state == "undecided" else [state])
    if channel is not None:
        rows = rows.filter(channel=channel)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-id")


def alarm(rows: Sequence[Delivery], *, at: dt.datetime) -> None:
    """Tell the administrators what was given up or is doubtful: each channel, and all mail
    together, once a day.
    """
    if not rows:
        return
    day = timezone.localdate(at).isoformat()
    channels = {row.channel_id: row.channel for row in rows if row.channel is not None}
    for channel in channels.values():
        words = _("渠道“%(name)s”有消息没有发出，请查看发送记录") % {"name": channel}
        url = f"/notices/deliveries/?channel={channel.pk}&state=undecided"
        _tell(words, url, f"undelivered-{day}-{channel.pk}", at)
    letters = sum(row.channel is None for row in rows)
    if letters:
        said = ngettext(
            "有 %(number)s 条邮件通知没有发出，请查看发送记录",
            "有 %(number)s 条邮件通知没有发出，请查看发送记录",
            letters,
        )
        url = "/notices/deliveries/?state=undecided"
        _tell(said % {"number": letters}, url, f"undelivered-{day}-mail", at)


def _tell(text: str, url: str, key: str, at: dt.datetime) -> None:
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    notices.tell(admins, kind="channel.failed", text=text, url=url, key=key, at=at)


@transaction.atomic
def send_again(row: Delivery, *, by: User, at: dt.datetime) -> int:
    """Have a message that failed, or may have, sent again, all of what went with it: how many.

    Of a doubtful one the person takes it upon themselves that it may come twice. Raises
    ``NotAllowed``, :class:`NothingToDecide`.
    """
    require(by, "notice.configure")
    changed = _with(row).update(state=DeliveryState.WAITING, due_at=at, attempts=0)
    return _if_any(changed)


@transaction.atomic
def send_all_again(channel: NoticeChannel | None, *, by: User, at: dt.datetime) -> int:
    """Have all that was given up for a channel, or of mail (None), sent again: how many.

    What is doubtful is decided one by one. At most :data:`AT_ONCE`, the oldest. Raises
    ``NotAllowed``, :class:`NothingToDecide`.
    """
    require(by, "notice.configure")
    failed = Delivery.objects.filter(channel=channel, state=DeliveryState.FAILED)
    keys = list(failed.order_by("id").values_list("pk", flat=True)[:AT_ONCE])
    again = Delivery.objects.filter(pk__in=keys, state=DeliveryState.FAILED)
    return _if_any(again.update(state=DeliveryState.WAITING, due_at=at, attempts=0))


@transaction.atomic
def say_arrived(row: Delivery, *, by: User, at: dt.datetime) -> int:
    """A person has seen that a doubtful message arrived, with what went with it: how many.

    Raises ``NotAllowed``, :class:`NothingToDecide`.
    """
    require(by, "notice.configure")
    words = _("%(by)s 看到已送达") % {"by": by}
    doubtful = _with(row).filter(state=DeliveryState.DOUBTFUL)
    return _if_any(doubtful.update(state=DeliveryState.SENT, sent_at=at, error=words[:300]))


def _with(row: Delivery) -> QuerySet[Delivery]:
    """The undecided rows that went out as one message with this one."""
    rows = Delivery.objects.filter(state__in=UNDECIDED)
    if not row.message_id:
        return rows.filter(pk=row.pk)
    return rows.filter(user=row.user_id, channel=row.channel_id, message_id=row.message_id)


def _if_any(changed: int) -> int:
    if not changed:
        raise NothingToDecide(_("这条消息已经发出或正在发送，请刷新页面"))
    return changed
