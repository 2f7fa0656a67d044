"""How a person wants to hear of things: which kinds, where, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from crm import digests
from crm.digests import Hours
from crm.models import NoticeChoice, NoticeHours, User
from crm.notices import BY_NAME, GROUPS, Group
from crm.rights import require


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
def set_hours(user: User, hours: Hours) -> NoticeHours:
    """When the person is written to. Raises ``NotAllowed``, ``digests.NeverHeard``."""
    require(user, "notice.view")
    row, _is_new = NoticeHours.objects.update_or_create(
        user=user, defaults=digests.columns(digests.check(hours))
    )
    return row
