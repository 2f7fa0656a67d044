"""How a person wants to hear of things: which kinds, where, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from crm import digests
from crm.models import NoticeChoice, NoticeHours, User
from crm.notices import BY_NAME, GROUPS, Group
from crm.refusals import Refused
from crm.rights import require

MOST_DIGESTS = 6


class NeverHeard(Refused):
    """With these hours nothing would ever go out, or not as it says."""

    code = "never_heard"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What holds for a person and a group of kinds: chosen, or the group's own default."""

    group: Group
    in_app: bool
    by_mail: bool


def choices_of(user: User) -> list[Chosen]:
    """What holds for the person, group by group."""
    rows = {row.group: row for row in user.notice_choices.all()}
    return [
        Chosen(
            group,
            group.is_owed or (rows[group.name].in_app if group.name in rows else group.in_app),
            rows[group.name].by_mail if group.name in rows else group.by_mail,
        )
        for group in GROUPS
    ]


@transaction.atomic
def choose(user: User, chosen: Mapping[str, tuple[bool, bool]]) -> None:
    """Set, for each group named, whether the person hears of it in the pages and by mail.

    What is owed to a person (``Group.is_owed``) stays on in the pages. Raises
    ``NotAllowed``, ``KeyError`` for a group that is none.
    """
    require(user, "notice.view")
    for name, (in_app, by_mail) in chosen.items():
        NoticeChoice.objects.update_or_create(
            user=user,
            group=BY_NAME[name].name,
            defaults={"in_app": in_app or BY_NAME[name].is_owed, "by_mail": by_mail},
        )


@transaction.atomic
def set_hours(
    user: User,
    *,
    digest_at: Sequence[dt.time] = (),
    quiet_from: dt.time | None = None,
    quiet_until: dt.time | None = None,
    rests: bool = True,
) -> NoticeHours:
    """When the person is written to. Raises ``NotAllowed``, :class:`NeverHeard`."""
    require(user, "notice.view")
    told = check_hours(digest_at, quiet_from, quiet_until)
    row, _is_new = NoticeHours.objects.update_or_create(
        user=user,
        defaults={
            "digest_at": told,
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
            "rests": rests,
        },
    )
    return row


def check_hours(
    digest_at: Sequence[dt.time], quiet_from: dt.time | None, quiet_until: dt.time | None
) -> list[str]:
    """The times of digests as they are kept, in order. Raises :class:`NeverHeard` for half a
    quiet time, a digest inside of it, and more digests than a day bears.
    """
    if (quiet_from is None) != (quiet_until is None):
        raise NeverHeard(_("免打扰要有起止时间"))
    if len(set(digest_at)) > MOST_DIGESTS:
        raise NeverHeard(_("一天最多汇总 %(most)s 次") % {"most": MOST_DIGESTS})
    hours = digests.Hours(quiet_from=quiet_from, quiet_until=quiet_until)
    for time in digest_at:
        if digests.is_quiet(time, hours):
            raise NeverHeard(
                _("汇总时间 %(time)s 在免打扰时段里") % {"time": time.strftime("%H:%M")}
            )
    return [time.strftime("%H:%M") for time in sorted(set(digest_at))]
