"""Telling people what they should know; each occasion once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm import outbox
from crm.models import Delivery, Notice, NoticeChoice, Park, Unit, User


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of notices that a person sets together.

    ``prefixes`` begin the kinds that belong to it; of several that fit, the longest wins.
    ``in_app`` and ``by_mail`` hold for who has chosen nothing. ``is_owed``: it stays on in the
    pages whatever a person chooses, because others count on its having been told. ``is_public``:
    it concerns the county, so its channels hear of it where no unit or park is named.
    """

    name: str
    label: Any
    says: Any
    prefixes: tuple[str, ...]
    in_app: bool = True
    by_mail: bool = False
    is_owed: bool = False
    is_public: bool = False


GROUPS: tuple[Group, ...] = (
    Group(
        "escalation",
        _("督办升级"),
        _("催办、通报、专项督查、挂牌督办。督办以送达为据，站内不能关闭。"),
        ("item.urged", "item.named", "item.inspected", "item.listed"),
        by_mail=True,
        is_owed=True,
        is_public=True,
    ),
    Group(
        "ledgers",
        _("台账"),
        _("交账、退回、临期、延期申请、指导意见。"),
        ("item", "plan", "instruction"),
        by_mail=True,
    ),
    Group("leads", _("线索办理"), _("线索要答复、研判、反馈、报告。"), ("lead",), by_mail=True),
    Group(
        "monthly",
        _("月度调度"),
        _("月度进展要填报、没有填报、分析要研究。"),
        ("progress", "review"),
        by_mail=True,
    ),
    Group("scores", _("考核"), _("考核申诉和答复。"), ("score",)),
    Group(
        "verification",
        _("核验"),
        _("里程碑和到位资金核验、退回、撤销。"),
        ("milestone", "funds"),
    ),
    Group("first_reports", _("首报"), _("首报延期、争议和解除。"), ("first_report", "dispute")),
    Group(
        "projects",
        _("项目和待办"),
        _("状态申请、项目流转、别人交给您的待办。"),
        ("status", "project", "follow_up"),
    ),
    Group(
        "jobs",
        _("后台任务"),
        _("您提交的任务办完或没有办成。结果只在这里告诉您，站内不能关闭。"),
        ("job",),
        is_owed=True,
    ),
    Group(
        "system",
        _("系统"),
        _("每晚核对发现差异、消息发不出去。站内不能关闭。"),
        ("check", "channel"),
        by_mail=True,
        is_owed=True,
    ),
    Group("other", _("其他"), _("不属于以上各类的通知。"), ("",)),
)
BY_NAME = {group.name: group for group in GROUPS}


def group_of(kind: str) -> Group:
    """The group of a kind: ``item.urged`` is of ``escalation``, ``item.due`` of ``ledgers``."""
    fitting = (
        (len(prefix), group)
        for group in GROUPS
        for prefix in group.prefixes
        if not prefix or kind == prefix or kind.startswith(prefix + ".")
    )
    return max(fitting, key=lambda one: one[0])[1]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to be told: to whom, of what kind, in which words, where to, and its key.

    ``unit`` and ``park`` are whose matter it is: the channels of either hear of it too.
    """

    people: Sequence[User]
    kind: str
    text: str
    url: str
    key: str
    unit: Unit | None = None
    park: Park | None = None


def of_group(rows: QuerySet[Notice], group: Group) -> QuerySet[Notice]:
    """The notices whose kind belongs to the group, as :func:`group_of` has it."""
    mine = _begins(group.prefixes)
    longer = [
        prefix
        for other in GROUPS
        if other is not group
        for prefix in other.prefixes
        if prefix and any(not own or prefix.startswith(own + ".") for own in group.prefixes)
    ]
    return rows.filter(mine).exclude(_begins(longer)) if longer else rows.filter(mine)


def _begins(prefixes: Iterable[str]) -> Q:
    """Kinds of these prefixes; an empty one is every kind's."""
    found = Q()
    for prefix in prefixes:
        if not prefix:
            return Q()
        found |= Q(kind=prefix) | Q(kind__startswith=prefix + ".")
    return found


def tell(
    people: Iterable[User],
    *,
    kind: str,
    text: str,
    url: str,
    key: str,
    at: dt.datetime,
    unit: Unit | None = None,
    park: Park | None = None,
) -> bool:
    """Tell ``people``; who was told of the occasion ``key`` before is not told again.

    ``kind`` names the sort of notice (``milestone.returned``), ``url`` is a path of this
    site. ``text`` is in the county's language and longer than its column is cut. ``unit`` and
    ``park`` are whose matter it is: the channels of either hear of it too, and the county's.

    In the pages, by mail, or both, as each of them has chosen (``crm.outbox`` writes down
    what goes out of the house). The number of queries does not grow with the people.
    Whether anybody hears of it.
    """
    return bool(tell_each([Occasion(tuple(people), kind, text, url, key, unit, park)], at=at))


def tell_each(occasions: Iterable[Occasion], *, at: dt.datetime) -> int:
    """Tell of several occasions as :func:`tell` does of one, by no more queries.

    Of how many of them anybody hears.
    """
    occasions = list(occasions)
    if not occasions:
        return 0
    choices = _choices(occasions)
    said: list[Notice] = []
    mailed: list[tuple[outbox.Message, list[User]]] = []
    called: list[tuple[outbox.Message, Unit | None, Park | None]] = []
    for occasion in occasions:
        group = group_of(occasion.kind)
        text = occasion.text[:300]
        message = outbox.Message(occasion.kind, group.name, text, occasion.url, occasion.key, at)
        told = {person.pk: person for person in occasion.people}
        chosen = {pk: choices.get((pk, group.name)) for pk in told}
        said += [
            Notice(
                user_id=pk,
                kind=occasion.kind,
                text=text,
                url=occasion.url,
                key=occasion.key,
                created_at=at,
            )
            for pk, choice in chosen.items()
            if group.is_owed or (choice.in_app if choice else group.in_app)
        ]
        by_mail = [
            told[pk]
            for pk, choice in chosen.items()
            if (choice.by_mail if choice else group.by_mail)
        ]
        mailed.append((message, by_mail))
        if group.is_public or occasion.unit is not None or occasion.park is not None:
            called.append((message, occasion.unit, occasion.park))
    Notice.objects.bulk_create(said, ignore_conflicts=True)
    heard = {notice.key for notice in said}
    heard |= outbox.put_to_people(mailed)
    heard |= outbox.put_to_channels(called)
    return len(heard)


def untold(occasions: Iterable[Occasion]) -> list[Occasion]:
    """The occasions of which nobody was told yet, in the pages or outside; two queries."""
    occasions = list(occasions)
    keys = [occasion.key for occasion in occasions]
    whom = {person.pk for occasion in occasions for person in occasion.people}
    known = {
        *Notice.objects.filter(user__in=whom, key__in=keys).values_list("key", flat=True),
        *Delivery.objects.filter(
            Q(user__in=whom) | Q(channel__isnull=False), key__in=keys
        ).values_list("key", flat=True),
    }
    return [occasion for occasion in occasions if occasion.key not in known]


def told_before(kind: str, keys: Iterable[str]) -> set[str]:
    """The occasions that anybody was told of: whoever joins a unit later hears no old news."""
    keys = list(keys)
    told: set[str] = set()
    for rows in (Notice.objects.all(), Delivery.objects.all()):
        told |= set(rows.filter(kind=kind, key__in=keys).order_by().values_list("key", flat=True))
    return told


def _choices(occasions: Iterable[Occasion]) -> dict[tuple[int, str], NoticeChoice]:
    """What the people of the occasions chose for their groups, in one query."""
    people = {person.pk for occasion in occasions for person in occasion.people}
    groups = {group_of(occasion.kind).name for occasion in occasions}
    rows = NoticeChoice.objects.filter(group__in=groups, user__in=people)
    return {(row.user_id, row.group): row for row in rows}


def read(notices: Iterable[int], *, by: User, at: dt.datetime) -> int:
    """Mark those of the person's unread notices as read: how many."""
    return by.notices.filter(pk__in=list(notices), read_at__isnull=True).update(read_at=at)


def read_all(*, by: User, at: dt.datetime) -> int:
    """Mark all of the person's notices as read: how many were not."""
    return by.notices.filter(read_at__isnull=True).update(read_at=at)


def unread(user: User, *, most: int) -> int:
    """How many notices the person has not read, counted up to ``most`` by an index."""
    return user.notices.filter(read_at__isnull=True).order_by().values("pk")[:most].count()
