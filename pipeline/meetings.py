"""Meetings whose decisions become items of a ledger (会议议定事项).

A meeting is recorded with its minutes, as text or as a file; :func:`propose` splits them
into items for a person to correct, and :func:`draft_items` opens their accounts, all in
one transaction and once for each meeting.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import uploads
from crm.models import Role, Unit, User
from crm.names import normalise
from crm.refusals import Refused
from crm.rights import require
from crm.units import UnitNames
from pipeline import ledgers
from pipeline.ledger_refusals import LedgerClosed
from pipeline.minutes import BadDeadline, Proposed, files, read_deadline, split
from pipeline.models import Ledger, LedgerFile, LedgerItem, Meeting

MOST_ITEMS = 80
"""A page has room for the fields of so many items."""
LONGEST_SOURCE, LONGEST_LEADER = 120, 60


class NoMinutes(Refused):
    """Neither text nor a file that has text."""

    code = "no_minutes"


class NumberTaken(Refused):
    """The ledger has a meeting of this number already."""

    code = "number_taken"


class AlreadySplit(Refused):
    """Its decisions are items already: what is to be added is a single account."""

    code = "already_split"


class WrongParent(Refused):
    """An item stands under itself, under a later one, or under one that is left out."""

    code = "wrong_parent"


@dataclass(frozen=True, slots=True)
class Entry:
    """An item to be, as read from minutes or corrected by a person.

    ``parent`` is the place of another entry, counted from 0. ``doubts`` says of a field
    what a person has to look at; ``is_wanted`` is off for mere headings.
    """

    goal: str
    detail: str = ""
    source: str = ""
    unit: Unit | None = None
    supporting: tuple[Unit, ...] = ()
    leader: User | None = None
    leader_text: str = ""
    task_force: str = ""
    is_major: bool = False
    due_on: dt.date | None = None
    parent: int | None = None
    is_wanted: bool = True
    doubts: dict[str, list[str]] = field(default_factory=dict)


@transaction.atomic
def record(
    ledger: Ledger,
    *,
    title: str,
    held_on: dt.date,
    number: str = "",
    text: str = "",
    file: File[bytes] | None = None,
    by: User,
    at: dt.datetime,
) -> Meeting:
    """Record a meeting with its minutes; of a file that has text, the text is read.

    Raises ``NotAllowed``, ``LedgerClosed``, ``NumberTaken``, ``NoMinutes``,
    ``UnreadableMinutes``, ``TooLarge``, ``UnknownFormat``.
    """
    require(by, "item.draft")
    _refuse_closed(ledger)
    found = files.check(file) if file is not None else None
    if file is not None and found is not None and not text.strip():
        text = files.text_of(file, found)
    _refuse_no_text(text)
    meeting = Meeting(
        ledger=ledger,
        number=number.strip(),
        title=title.strip(),
        held_on=held_on,
        text=text,
        recorded_at=at,
        recorded_by=by,
    )
    _save(meeting)
    if file is not None and found is not None:
        uploads.keep_as(LedgerFile, file, found, meeting=meeting, by=by, at=at)
    return meeting


@transaction.atomic
def correct(
    meeting: Meeting,
    *,
    ledger: Ledger,
    number: str,
    title: str,
    held_on: dt.date,
    text: str,
    by: User,
) -> Meeting:
    """Write a meeting's facts and text anew, as long as nothing came of it.

    Raises ``NotAllowed``, ``AlreadySplit``, ``LedgerClosed``, ``NumberTaken``, ``NoMinutes``.
    """
    require(by, "item.draft")
    row = _without_items(meeting)
    _refuse_closed(ledger)
    _refuse_no_text(text)
    row.ledger, row.number, row.title = ledger, number.strip(), title.strip()
    row.held_on, row.text = held_on, text
    _save(row)
    return row


def propose(meeting: Meeting) -> list[Entry]:
    """The items that a meeting's minutes have, looked up; what is in doubt is said.

    A unit that is not known, a leader of no account, a deadline that names no day stay as
    text for a person to decide. A task without a unit, leader or deadline of its own has
    that of the task above it.
    """
    look = _LookUp(meeting)
    entries: list[Entry] = []
    tasks = split(meeting.text)
    above = {task.parent for task in tasks}
    for at, task in enumerate(tasks):
        parent = entries[task.parent] if task.parent is not None else None
        entries.append(look.entry(task, parent, is_above=at in above))
    return _under_wanted(entries)


@transaction.atomic
def draft_items(
    meeting: Meeting, entries: Sequence[Entry], *, by: User, at: dt.datetime
) -> list[LedgerItem]:
    """Open an account for each entry that is wanted, above before below; all or none.

    Raises ``NotAllowed``, ``AlreadySplit``, ``WrongParent``, and what
    ``pipeline.ledgers.draft`` raises.
    """
    require(by, "item.draft")
    row = _without_items(meeting)
    made: dict[int, LedgerItem] = {}
    for place, entry in enumerate(entries):
        if not entry.is_wanted:
            continue
        if entry.parent is not None and entry.parent not in made:
            words = _("第 %(place)d 项的上级要是前面已选的事项")
            raise WrongParent(words % {"place": place + 1})
        made[place] = ledgers.draft(
            row.ledger,
            goal=entry.goal,
            detail=entry.detail,
            source=entry.source,
            meeting=row,
            parent=made[entry.parent] if entry.parent is not None else None,
            unit=entry.unit,
            supporting=entry.supporting,
            leader=entry.leader,
            leader_text=entry.leader_text,
            task_force=entry.task_force,
            is_major=entry.is_major,
            due_on=entry.due_on,
            by=by,
            at=at,
        )
    return list(made.values())


class LeaderNames:
    """The county's leaders by their names."""

    def __init__(self) -> None:
        self._known: dict[str, list[User]] = {}
        for user in User.objects.filter(role=Role.LEADER, is_active=True):
            self._known.setdefault(normalise(user.full_name), []).append(user)

    def find(self, name: str) -> User | None:
        """The one leader of this name; None for none, and for two."""
        found = self._known.get(normalise(name), [])
        return found[0] if len(found) == 1 else None


class _LookUp:
    """Finds what a meeting's tasks name, with the units and leaders read once."""

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        self._units = UnitNames(Unit.objects.all())
        self._leaders = LeaderNames()

    def entry(self, task: Proposed, parent: Entry | None, *, is_above: bool) -> Entry:
        doubts: dict[str, list[str]] = {}
        unit, supporting = self._who(task, parent, doubts)
        leader, leader_text = self._led(task, parent)
        heading = is_above and task.is_heading
        if not task.goal:
            doubts.setdefault("goal", []).append(_("没有写明目标任务"))
        person = f"{_('责任人')}：{task.person}" if task.person else ""
        return Entry(
            goal=task.goal,
            detail="\n".join(filter(None, (task.detail, person))),
            source=self._source(task),
            unit=unit,
            supporting=supporting,
            leader=leader,
            leader_text=leader_text,
            task_force=task.task_force[:200],
            due_on=self._due(task, parent, doubts),
            parent=task.parent,
            is_wanted=not heading,
            doubts={} if heading else doubts,
        )

    def _who(
        self, task: Proposed, parent: Entry | None, doubts: dict[str, list[str]]
    ) -> tuple[Unit | None, tuple[Unit, ...]]:
        units = self._known(task.units, "unit", doubts)
        supporting = self._known(task.supporting, "supporting", doubts)
        if len(units) > 1:
            words = _("写了几个责任单位：第一个负责，其余列为配合单位，请核对")
            doubts.setdefault("unit", []).append(words)
        unit = units[0] if units else None
        if not task.units:
            unit = self._units.find(task.led_by) if task.led_by else None
            if unit is not None:
                words = _("取自正文“由%s”，请核对") % task.led_by
                doubts.setdefault("unit", []).append(words)
            elif parent is not None and parent.unit is not None:
                unit = parent.unit
                doubts.setdefault("unit", []).append(_("沿用上级事项的责任单位，请核对"))
            else:
                doubts.setdefault("unit", []).append(_("没有写责任单位，补上才能审定"))
        others = {other.pk: other for other in (*units[1:], *supporting)}
        return unit, tuple(o for o in others.values() if unit is None or o.pk != unit.pk)

    def _known(self, names: Iterable[str], name: str, doubts: dict[str, list[str]]) -> list[Unit]:
        found: list[Unit] = []
        for written in names:
            units = self.units_of(written)
            if units is None:
                words = _("不认识“%s”，请选择，或请管理员加为别名") % written
                doubts.setdefault(name, []).append(words)
            found += units or []
        return found

    def units_of(self, written: str) -> list[Unit] | None:
        """The unit, or the units that 和, 及 or 与 ties together; None where one is unknown."""
        return units_named(written, self._units)

    def _led(self, task: Proposed, parent: Entry | None) -> tuple[User | None, str]:
        if not task.leader and parent is not None:
            return parent.leader, parent.leader_text
        leader = self._leaders.find(task.leader) if task.leader else None
        return leader, "" if leader is not None else task.leader[:LONGEST_LEADER]

    def _due(
        self, task: Proposed, parent: Entry | None, doubts: dict[str, list[str]]
    ) -> dt.date | None:
        said = task.deadline or task.until
        if not said:
            if parent is not None and parent.due_on is not None:
                doubts.setdefault("due_on", []).append(_("沿用上级事项的完成时限，请核对"))
                return parent.due_on
            return None
        try:
            due_on = read_deadline(said, self._meeting.held_on)
        except BadDeadline as bad:
            doubts.setdefault("due_on", []).append(str(bad))
            return None
        if due_on is None:
            doubts.setdefault("due_on", []).append(_("“%s”不是期限，按 13710 计时") % said)
        elif due_on < self._meeting.held_on:
            doubts.setdefault("due_on", []).append(_("“%s”早于会议召开日，请核对") % said)
        elif not task.deadline:
            doubts.setdefault("due_on", []).append(_("取自正文“%s”，请核对") % said)
        return due_on

    def _source(self, task: Proposed) -> str:
        place = _("第%s项") % task.place if task.place else ""
        return f"{self._meeting.number} {place}".strip()[:LONGEST_SOURCE]


def units_named(written: str, known: UnitNames) -> list[Unit] | None:
    """The unit that a name means, or the two that 和, 及 or 与 ties together; else None."""
    if unit := known.find(written):
        return [unit]
    for at, sign in enumerate(written):
        if sign in "和及与":
            first, second = known.find(written[:at]), known.find(written[at + 1 :])
            if first is not None and second is not None:
                return [first, second]
    return None


def _under_wanted(entries: list[Entry]) -> list[Entry]:
    """What stands under a heading that is left out stands under what is above that."""
    found: list[Entry] = []
    for entry in entries:
        parent = entry.parent
        while parent is not None and not entries[parent].is_wanted:
            heading = entries[parent].goal
            if heading:
                entry = replace(entry, detail=_with_heading(entry.detail, heading))
            parent = entries[parent].parent
        found.append(replace(entry, parent=parent))
    return found


def _with_heading(detail: str, heading: str) -> str:
    line = _("所属议题：%s") % heading
    return f"{line}\n{detail}" if detail else line


def _without_items(meeting: Meeting) -> Meeting:
    row = (
        Meeting.objects.select_for_update(of=("self",)).select_related("ledger").get(pk=meeting.pk)
    )
    if row.items.exists():
        raise AlreadySplit(_("这次会议的事项已经建账；要补的请单独建账，并选上这次会议"))
    return row


def _refuse_closed(ledger: Ledger) -> None:
    if ledger.closed_at is not None:
        raise LedgerClosed(_("“%(name)s”已停用，不能再建账") % {"name": ledger.name})


def _refuse_no_text(text: str) -> None:
    if not text.strip():
        raise NoMinutes(
            _("请粘贴议定事项原文，或上传 Word、Excel、文本文件；图片和 PDF 的文字要粘贴")
        )
    if len(text) > files.LARGEST_TEXT:
        raise NoMinutes(_("原文过长，请只粘贴议定事项"))


def _save(meeting: Meeting) -> None:
    try:
        with transaction.atomic():
            meeting.save()
    except IntegrityError as taken:
        raise NumberTaken(NUMBER_TAKEN) from taken


NUMBER_TAKEN = gettext_lazy("这个文号的会议已经录入这本台账")
