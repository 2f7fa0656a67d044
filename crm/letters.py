"""What is written outside of the pages: a letter, or a robot's few lines, of what came together.

In the county's language. Links are whole where ``SITE_URL`` says where the site is, and
left out where it does not: half a link leads nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.models import Delivery, User

ROBOT_BYTES = 1900
"""A WeCom robot refuses more than 2048 bytes of text; the others take more."""
ROBOT_TEXT = 120
LETTER_MOST = 200
"""So many things stand in one letter at most; what remains goes in the next."""


def fitting(rows: Sequence[Delivery], *, in_letter: bool) -> Sequence[Delivery]:
    """As many of the rows, from the first on, as one message carries; at least one."""
    if in_letter:
        return rows[:LETTER_MOST]
    length = 0
    for number, row in enumerate(rows):
        length += len(_line(row, number + 1, most=ROBOT_TEXT).encode()) + 1
        if number and length > ROBOT_BYTES - 60:
            return rows[:number]
    return rows


def subject(rows: Sequence[Delivery]) -> str:
    """One thing itself, or how many there are."""
    if len(rows) == 1:
        return _("【破土】%(text)s") % {"text": _plain(rows[0].text)[:80]}
    said = ngettext("【破土】%(number)s 条通知", "【破土】%(number)s 条通知", len(rows))
    return said % {"number": len(rows)}


def letter(rows: Sequence[Delivery], reader: User | None) -> str:
    """The body of a mail to a person, or to a channel's mailbox (``reader`` None)."""
    lines = [_("%(name)s：") % {"name": reader}, ""] if reader is not None else []
    for number, row in enumerate(rows, start=1):
        lines += [_line(row, number if len(rows) > 1 else 0), ""]
    lines += ["--", _("破土 · 招商引资项目全周期管理")]
    if reader is not None and settings.SITE_URL:
        lines.append(_("通知设置：%(url)s") % {"url": f"{settings.SITE_URL}/notices/settings/"})
    return "\n".join(lines) + "\n"


def robot_text(rows: Sequence[Delivery]) -> str:
    """What a robot says; it begins with 破土, which a robot's keyword can be set to."""
    if len(rows) == 1:
        return _("【破土】%(text)s") % {"text": _line(rows[0], 0, most=ROBOT_TEXT * 2)}
    lines = [_line(row, number, most=ROBOT_TEXT) for number, row in enumerate(rows, start=1)]
    return "\n".join([subject(rows), *lines])


def _line(row: Delivery, number: int, most: int = 300) -> str:
    text = _plain(row.text)
    text = text if len(text) <= most else text[: most - 1] + "…"
    line = f"{number}. {text}" if number else text
    return f"{line}\n{settings.SITE_URL}{row.url}" if settings.SITE_URL and row.url else line


def _plain(text: str) -> str:
    """On one line: a reason that somebody typed makes no header and no heading."""
    return " ".join(text.split())
