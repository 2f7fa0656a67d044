"""A company's group: who stands above it, below it and beside it (母公司、子公司、兄弟公司)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm.models import Organization, User
from pipeline.reach import organizations_visible_to

HIGHEST = 6  # levels looked up; a group is seldom deeper than three
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Relative:
    """A company of the group; who may not see it learns its name only."""

    organization: Organization
    is_visible: bool


@dataclass(frozen=True, slots=True)
class Family:
    """``above`` from the parent to the top; of many subsidiaries and sisters the first."""

    above: list[Relative]
    subsidiaries: list[Relative]
    sisters: list[Relative]
    has_more: bool

    def __bool__(self) -> bool:
        return bool(self.above or self.subsidiaries)


def family(organization: Organization, *, user: User) -> Family:
    """The group of a company, whoever in it ``user`` may see: a query for each level above,
    one for those below, one for those beside, one for what may be seen."""
    above: list[Organization] = []
    parent = organization.parent
    while parent is not None and parent not in above and len(above) < HIGHEST:
        above.append(parent)
        parent = parent.parent
    below = list(organization.subsidiaries.current()[: SHOWN + 1])
    beside = (
        list(above[0].subsidiaries.current().exclude(pk=organization.pk)[: SHOWN + 1])
        if above
        else []
    )
    keys = {row.pk for row in (*above, *below, *beside)}
    visible = (
        set(organizations_visible_to(user).filter(pk__in=keys).values_list("pk", flat=True))
        if keys
        else set()
    )

    def relatives(rows: Iterable[Organization]) -> list[Relative]:
        return [Relative(row, row.pk in visible) for row in rows]

    return Family(
        relatives(above),
        relatives(below[:SHOWN]),
        relatives(beside[:SHOWN]),
        len(below) > SHOWN or len(beside) > SHOWN,
    )
