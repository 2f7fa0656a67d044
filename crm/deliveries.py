"""Sending what is to be said outside of the pages, and keeping track of it.

A row of ``Delivery`` moves by comparing its state, never by a lock: waiting → sending →
sent, or back to waiting with a later ``due_at``, or failed after :data:`RETRIES`. Claiming and
writing down are a transaction each; between them, outside of any, the message goes out.
Should the sender die there, nobody knows whether it did (docs/adr/0009-notices.md):

- **Mail** is sent again after :data:`LOST_AFTER`, the same rows in the same letter with the
  same Message-ID: at least once, and what came twice can be told by its number. Some mail
  servers drop the second; no standard makes them.
- **A robot** cannot be told apart, so what it was to say becomes ``doubtful``: at most once.
  A person looks into the group and says whether it arrived or is to be sent again.

Those that went out together share ``message_id`` and are tried again together. Whoever has a
message that waits to be tried again is sent nothing else before: a recipient reads in order,
and a channel that is down costs one attempt in each interval, not one per message.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from structlog import get_logger

from crm import channels, digests, outbox
from crm.channels import Address, Mailbox
from crm.letters import fitting
from crm.models import Delivery, DeliveryState, NoticeChannel, NoticeChannelKind, User
from crm.postbox import Doubtful, MailDown, NotSent, Postbox
from crm.refusals import Refused
from crm.rights import require
from crm.undelivered import alarm

log = get_logger(__name__)

RETRIES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720, 1440, 1440))
"""How long to wait after each attempt that failed; after the last one it is given up."""
LOST_AFTER = dt.timedelta(minutes=10)
"""So long after it began to send, a sender that has not said how it went is dead."""
AT_MOST = dt.timedelta(seconds=50)
"""A pass begins no message after so long: the next pass is due."""
MESSAGES_IN_A_ROW = 10
"""To one recipient in one pass; a robot that says more than 20 a minute is shut out."""
TEST = "test"
"""The kind of a message that somebody asked for to see it come: at once, at any hour."""

WAITING, SENDING = DeliveryState.WAITING, DeliveryState.SENDING
SENT, FAILED, DOUBTFUL = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DOUBTFUL


class TriedJustNow(Refused):
    """The same recipient was tried within the minute."""

    code = "tried_just_now"


@dataclass(slots=True)
class Delivered:
    """What a pass did, in rows: sent, put off to be tried again, given up, doubtful."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass, begun at ``at``: what it did, and which rows were given up or are doubtful."""

    at: dt.datetime
    done: Delivered = field(default_factory=Delivered)
    troubles: list[Delivery] = field(default_factory=list)
    postbox: Postbox = field(default_factory=Postbox)
    started: float = field(default_factory=time.monotonic)

    def now(self) -> dt.datetime:
        """``at`` and the time that has gone since."""
        return self.at + dt.timedelta(seconds=time.monotonic() - self.started)

    @property
    def is_over(self) -> bool:
        """Whether the next pass is due."""
        return self.now() - self.at > AT_MOST


def deliver(*, at: dt.datetime, limit: int = 500) -> Delivered:
    """One pass: send what is due, at most ``limit`` rows of it, and say what came of it.

    Passes may run at once and be killed anywhere. Must not be called inside a transaction:
    what it writes down has to be there for the next pass, whatever becomes of the caller.
    """
    this = Pass(at)
    with translation.override(settings.LANGUAGE_CODE):
        channels.from_environment(at=at)
        _find_lost(this)
        rows = _put_off_what_must_rest(_whole(list(_due(at)[:limit]), at), at)
        with this.postbox:
            for theirs in _by_recipient(rows).values():
                if this.is_over:
                    break
                _send_all(theirs, this)
        alarm(this.troubles, at=at)
    return this.done


def has_work(at: dt.datetime) -> bool:
    """Whether a pass at that instant would find anything to send, or a dead sender's rows."""
    lost = Delivery.objects.filter(state=SENDING, tried_at__lt=at - LOST_AFTER)
    return _due(at).exists() or lost.exists()


def send_test(*, at: dt.datetime, by: User, channel: NoticeChannel | None = None) -> Delivery:
    """Say something to the person's own mailbox, or in a channel, at once: the row tells how
    it went, and :func:`deliver` goes on where it did not. Raises ``NotAllowed``,
    :class:`TriedJustNow`.
    """
    require(by, "notice.view" if channel is None else "notice.configure")
    this = Pass(at)
    with translation.override(settings.LANGUAGE_CODE):
        row, is_new = Delivery.objects.get_or_create(
            user=by if channel is None else None,
            channel=channel,
            key=f"{TEST}-{at:%Y%m%d%H%M}",
            defaults={
                "kind": TEST,
                "text": _("这是一条测试消息，由 %(by)s 发出。") % {"by": by},
                "url": "/notices/",
                "created_at": at,
                "due_at": at,
            },
        )
        if not is_new:
            raise TriedJustNow(_("一分钟内刚试过，请看发送记录"))
        with this.postbox:
            _send_all([row], this)
    row.refresh_from_db()
    return row


# --- what is due ------------------------------------------------------------------------------
def _due(at: dt.datetime) -> QuerySet[Delivery]:
    """What waits and may go, of who has nothing older to be tried again; the oldest first."""
    held = Delivery.objects.filter(state=WAITING, attempts__gt=0, due_at__gt=at)
    return (
        Delivery.objects.filter(
            ~Exists(held.filter(user=OuterRef("user"))),
            ~Exists(held.filter(channel=OuterRef("channel"))),
            state=WAITING,
            due_at__lte=at,
        )
        .select_related("user", "channel")
        .order_by("due_at", "id")
    )


def _whole(rows: list[Delivery], at: dt.datetime) -> list[Delivery]:
    """The rows with what went out together with them before, should the limit have cut it off."""
    numbers = {row.message_id for row in rows if row.message_id}
    if not numbers:
        return rows
    known = {row.pk for row in rows}
    return rows + [row for row in _due(at).filter(message_id__in=numbers) if row.pk not in known]


def _put_off_what_must_rest(rows: Iterable[Delivery], at: dt.datetime) -> list[Delivery]:
    """The rows that may go now; the others wait for their reader's hours.

    They were due at an hour that was allowed, and the pass came late, or the hours changed.
    """
    rows = list(rows)
    hours = outbox.hours_of({row.user for row in rows if row.user is not None})
    calendar = outbox.calendar_from(at) if rows else {}
    may_go, later = [], defaultdict(list)
    for row in rows:
        theirs = (
            outbox.hours_in(row.channel) if row.channel is not None else hours[row.user_id or 0]
        )
        if row.kind == TEST or digests.may_go(at, theirs, calendar):
            may_go.append(row)
        else:
            later[digests.goes_at(at, theirs, calendar)].append(row.pk)
    for due_at, keys in later.items():
        Delivery.objects.filter(pk__in=keys, state=WAITING).update(due_at=due_at)
    return may_go


def _by_recipient(rows: Iterable[Delivery]) -> dict[tuple[int | None, int | None], list[Delivery]]:
    found: dict[tuple[int | None, int | None], list[Delivery]] = defaultdict(list)
    for row in rows:
        found[row.user_id, row.channel_id].append(row)
    return found


def _messages(rows: Sequence[Delivery], *, in_letter: bool) -> Iterator[Sequence[Delivery]]:
    """The rows of one recipient as they go out: what went together before goes so again."""
    again: dict[str, list[Delivery]] = defaultdict(list)
    for row in rows:
        if row.message_id:
            again[row.message_id].append(row)
    yield from again.values()
    fresh = [row for row in rows if not row.message_id]
    while fresh:
        together = fitting(fresh, in_letter=in_letter)
        yield together
        fresh = fresh[len(together) :]


# --- sending ----------------------------------------------------------------------------------
def _send_all(rows: Sequence[Delivery], this: Pass) -> None:
    """Send one recipient's messages in order, until one does not get through."""
    try:
        address = _address(rows[0])
    except Refused as refusal:
        _give_up(rows, str(refusal), this)
        return
    in_letter = not isinstance(address, channels.Robot)
    for number, message in enumerate(_messages(rows, in_letter=in_letter)):
        if number == MESSAGES_IN_A_ROW or this.is_over:
            return
        if not _send(message, address, this):
            return


def _address(row: Delivery) -> Address:
    """Where the row's recipient is written to. Raises ``channels.BadAddress``."""
    if row.channel is not None:
        if not row.channel.is_active:
            raise channels.BadAddress(_("渠道已停用"))
        return channels.address_of(row.channel)
    if row.user is None or not row.user.is_active:
        raise channels.BadAddress(_("账号已停用"))
    if not row.user.email:
        raise channels.BadAddress(_("没有填写邮箱"))
    return Mailbox(row.user.email)


def _send(rows: Sequence[Delivery], address: Address, this: Pass) -> bool:
    """Claim a message, send it, write down how it went: whether the next one may follow."""
    if isinstance(address, Mailbox) and this.postbox.is_down:
        _put_off(rows, this.postbox.why, this, state=WAITING)
        return False
    number = rows[0].message_id or message_id(rows)
    if not _claim(rows, number, at=this.now()):
        return False  # another pass has it
    try:
        this.postbox.send(rows, address, number)
    except MailDown as why:
        _put_off(rows, str(why), this)
        return False
    except NotSent as why:
        if why.is_final:
            _give_up(rows, str(why), this)
            return True
        _put_off(rows, str(why), this)
        return False
    except Doubtful as why:
        if isinstance(address, Mailbox):
            _put_off(rows, str(why), this)
            return False
        _doubt(rows, str(why), this)
        return True
    except Exception:
        # One message that nobody foresaw must not hold up everybody's.
        log.exception("message not sent", number=number)
        words = _("系统出错，已记录，请联系管理员")
        (_put_off if isinstance(address, Mailbox) else _doubt)(rows, words, this)
        return False
    mine = Delivery.objects.filter(pk__in=[row.pk for row in rows], state=SENDING)
    this.done.sent += mine.update(state=SENT, sent_at=this.now(), error="")
    return True


def message_id(rows: Iterable[Delivery]) -> str:
    """The number of the message that these rows make: the same rows, the same number."""
    keys = ",".join(str(row.pk) for row in rows)
    digest = sha256(f"{settings.SECRET_KEY}:delivery:{keys}".encode()).hexdigest()[:32]
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<{digest}@{domain}>"[:120]


def _claim(rows: Sequence[Delivery], number: str, *, at: dt.datetime) -> bool:
    """Take all of the rows or none; False where another pass has taken one of them."""
    keys = [row.pk for row in rows]
    with transaction.atomic(durable=True):
        waiting = Delivery.objects.filter(pk__in=keys, state=WAITING)
        taken = waiting.update(
            state=SENDING, tried_at=at, attempts=F("attempts") + 1, message_id=number
        )
        if taken < len(keys):
            transaction.set_rollback(True)
            return False
    for row in rows:
        row.attempts += 1
    return True


def _put_off(
    rows: Sequence[Delivery],
    why: str,
    this: Pass,
    *,
    state: str = SENDING,
) -> None:
    """Have the rows tried again later; those that were tried often enough are given up.

    ``state`` WAITING: they were not claimed, because what they need is known to be down.
    """
    if state == WAITING:
        for row in rows:
            row.attempts += 1
    tried = max(row.attempts for row in rows)
    if tried > len(RETRIES):
        _give_up(rows, why, this, state=state)
        return
    mine = Delivery.objects.filter(pk__in=[row.pk for row in rows], state=state)
    now = this.now()
    this.done.put_off += mine.update(
        state=WAITING,
        attempts=tried,
        tried_at=now,
        due_at=now + RETRIES[tried - 1],
        error=why[:300],
    )


def _give_up(rows: Sequence[Delivery], why: str, this: Pass, *, state: str = "") -> None:
    states = [state] if state else [WAITING, SENDING]
    mine = Delivery.objects.filter(pk__in=[row.pk for row in rows], state__in=states)
    this.done.failed += mine.update(state=FAILED, error=why[:300])
    this.troubles.extend(rows)


def _doubt(rows: Sequence[Delivery], why: str, this: Pass) -> None:
    mine = Delivery.objects.filter(pk__in=[row.pk for row in rows], state=SENDING)
    this.done.doubtful += mine.update(state=DOUBTFUL, error=why[:300])
    this.troubles.extend(rows)


# --- what a dead sender left ------------------------------------------------------------------
def _find_lost(this: Pass) -> None:
    """Mail whose sender died waits again under its number; what a robot said is doubtful."""
    lost = Delivery.objects.filter(state=SENDING, tried_at__lt=this.at - LOST_AFTER)
    by_mail = Q(user__isnull=False) | Q(channel__kind=NoticeChannelKind.MAIL) & ~Q(
        channel__address__startswith=channels.FROM_ENVIRONMENT
    )
    words = _("发送时中断，不知道是否已发出")
    found = list(lost.select_related("user", "channel"))
    mail = set(lost.filter(by_mail).values_list("pk", flat=True))
    too_often = [row for row in found if row.pk in mail and row.attempts > len(RETRIES)]
    again = mail - {row.pk for row in too_often}
    if again:
        waits = lost.filter(pk__in=again)
        this.done.put_off += waits.update(state=WAITING, due_at=this.at, error=words)
    if too_often:
        _give_up(too_often, words, this, state=SENDING)
    if said := [row for row in found if row.pk not in mail]:
        _doubt(said, words, this)
