"""One act on many projects: each row alone, and a report of what was done and what not.

A row that is refused (out of the person's scope, gone, another's) leaves the others as
they are. What was done can be taken back: an assignment by assigning back, a tag by the
other act on the same rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.models import Tag, User
from crm.refusals import Refused
from crm.rights import require
from pipeline import projects, tagging
from pipeline.listing import Wanted
from pipeline.models import Project

AT_ONCE = 100
"""More rows than these are a job's."""
MOST = 10_000
"""More rows than these are narrowed first."""
SHOWN = 200
"""So many refusals are listed one by one."""


class Act(TextChoices):
    """What can be done to many projects at once."""

    ASSIGN = "assign", _("指派招商专员")
    TAG = "tag", _("加标签")
    UNTAG = "untag", _("去标签")


class TooMany(Refused):
    """More projects match than one act may change."""

    code = "too_many"


class NothingChosen(Refused):
    """No project was chosen."""

    code = "nothing_chosen"

    def __init__(self) -> None:
        super().__init__(_("还没有选中项目：在列表里勾选，或选“全部符合条件的”"))


@dataclass(slots=True)
class Report:
    """What became of the rows. ``done`` holds ids with whom the project belonged to before
    (None for nobody, and for tags); ``refused`` ids with name and reason."""

    act: str
    what: str
    key: int | None
    done: list[tuple[int, int | None]] = field(default_factory=list)
    unchanged: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "act": self.act,
            "what": self.what,
            "key": self.key,
            "done": self.done,
            "done_count": len(self.done),
            "unchanged": self.unchanged,
            "refused": self.refused[:SHOWN],
            "refused_count": len(self.refused),
        }


def matching(wanted: Wanted, *, by: User, at: dt.datetime) -> list[int]:
    """The ids of all projects that a list shows to a person, in its order.

    Raises ``TooMany`` beyond ``MOST``.
    """
    keys = list(wanted.rows(person=by, at=at).values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        raise TooMany(_("符合条件的超过 %(most)s 个，请先用筛选缩小范围") % {"most": f"{MOST:,}"})
    return keys


Step = Callable[[Project], tuple[bool, int | None]]


def assign(
    keys: Sequence[int],
    officer: User | None,
    *,
    by: User,
    at: dt.datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Give the projects to an officer, or to nobody. Raises ``NotAllowed``, ``NothingChosen``."""

    def step(project: Project) -> tuple[bool, int | None]:
        before = project.officer_id
        if before == (officer.pk if officer else None):
            return False, before
        projects.edit(project, fields={"officer": officer}, by=by, at=at)
        return True, before

    what = str(officer) if officer else gettext("未指定专员")
    report = Report(Act.ASSIGN, what, officer.pk if officer else None)
    return _each(keys, step, report, by=by, progress=progress)


def assign_back(
    done: Iterable[tuple[int, int | None]],
    *,
    by: User,
    at: dt.datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Give each project back to whom it belonged. Raises ``NotAllowed``, ``NothingChosen``."""
    before = dict(done)
    people = User.objects.in_bulk({pk for pk in before.values() if pk is not None})

    def step(project: Project) -> tuple[bool, int | None]:
        was, now = before[project.pk], project.officer_id
        if was == now:
            return False, now
        officer = None if was is None else people.get(was)
        projects.edit(project, fields={"officer": officer}, by=by, at=at)
        return True, now

    report = Report(Act.ASSIGN, gettext("原来的专员"), None)
    return _each(list(before), step, report, by=by, progress=progress)


def tag(
    keys: Sequence[int],
    tag: Tag,
    *,
    is_off: bool = False,
    by: User,
    at: dt.datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Put a tag on the projects, or take it off. Raises ``NotAllowed``, ``NothingChosen``."""

    def step(project: Project) -> tuple[bool, int | None]:
        if is_off:
            return tagging.remove(project, tag, by=by, at=at), None
        return tagging.add(project, tag, by=by, at=at), None

    report = Report(Act.UNTAG if is_off else Act.TAG, tag.name, tag.pk)
    return _each(keys, step, report, by=by, progress=progress)


def _each(
    keys: Sequence[int],
    step: Step,
    report: Report,
    *,
    by: User,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Do ``step`` to each row in sight: it says whether it changed it, and whose it was."""
    require(by, "project.edit")
    if not keys:
        raise NothingChosen
    in_sight = Project.objects.current().visible_to(by).select_related("officer")
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        found = in_sight.in_bulk(part)
        for n, key in enumerate(part, start + 1):
            project = found.get(key)
            if project is None:
                report.refused.append((key, str(key), gettext("项目不存在，或不在您的范围内")))
            else:
                _one(project, step, report)
            if progress:
                progress(n, len(keys))
    return report


def _one(project: Project, step: Step, report: Report) -> None:
    try:
        with transaction.atomic():
            is_changed, before = step(project)
    except Refused as refusal:
        report.refused.append((project.pk, project.name, str(refusal)))
    else:
        if is_changed:
            report.done.append((project.pk, before))
        else:
            report.unchanged += 1
