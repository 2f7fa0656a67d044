"""The ways out of the house: one connection to the mail server, and the robots.

Nothing here touches the database. Every way ends within seconds, whatever the other side does.
"""

from __future__ import annotations

from collections.abc import Sequence
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from types import TracebackType
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _
from structlog import get_logger

from crm import letters
from crm.channels import Address, Mailbox
from crm.models import Delivery

log = get_logger(__name__)


class NotSent(Exception):
    """Nobody has got the message. ``is_final``: nor will they, however often it is tried."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


class MailDown(NotSent):
    """The mail server takes nothing from us at all, for whomever."""


class Doubtful(Exception):
    """Nobody knows whether the message arrived."""


class Postbox:
    """What one pass sends through; the mail server is called once, at the first letter."""

    def __init__(self) -> None:
        self._mail: Any = None
        self.why = ""

    @property
    def is_down(self) -> bool:
        """Whether the mail server is known to take nothing now; ``why`` says why."""
        return bool(self.why)

    def __enter__(self) -> Postbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()

    def send(self, rows: Sequence[Delivery], address: Address, message_id: str) -> None:
        """Send the rows as one message. Raises :class:`NotSent`, :class:`MailDown`,
        :class:`Doubtful`.
        """
        if isinstance(address, Mailbox):
            self._send_mail(rows, address, message_id)
            return
        from crm import robots  # loads apprise, which takes a second

        try:
            robots.send(address, title=letters.subject(rows), text=letters.robot_text(rows))
        except robots.Refusal as why:
            raise (Doubtful if why.is_doubtful else NotSent)(str(why)) from None

    def _send_mail(self, rows: Sequence[Delivery], address: Mailbox, message_id: str) -> None:
        self._call()
        try:
            EmailMessage(
                subject=letters.subject(rows),
                body=letters.letter(rows, rows[0].user),
                to=[address.address],
                headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
                connection=self._mail,
            ).send()
        except SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            self._hang_up()
            raise NotSent(_said(code, words), is_final=500 <= code < 600) from error
        except SMTPResponseException as error:
            self._hang_up()
            raise NotSent(_said(error.smtp_code, error.smtp_error)) from error
        except (SMTPException, OSError) as error:
            self._hang_up()
            raise Doubtful(_("邮件服务器没有回答，不知道是否已收下")) from error
        except (ValueError, UnicodeError) as error:
            raise NotSent(_("邮箱地址不对"), is_final=True) from error

    def _call(self) -> None:
        if self._mail is not None:
            return
        connection = get_connection()
        try:
            connection.open()
        except (SMTPException, OSError) as error:
            log.warning("mail server does not answer", exc_info=True)
            self.why = _("连不上邮件服务器")
            raise MailDown(self.why) from error
        self._mail = connection

    def _hang_up(self) -> None:
        connection, self._mail = self._mail, None
        if connection is not None:
            try:
                connection.close()
            except (SMTPException, OSError):
                log.info("mail server hung up first")


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return _("邮件服务器拒收（%(code)s）：%(words)s") % {"code": code, "words": text[:150]}
