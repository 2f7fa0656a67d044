"""The companies and projects that a batch of rows names, found by a fixed number of queries.

A name or code that could mean several is refused, not guessed. A company that was merged
into another stands for that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from crm.duplicates import standing_for
from crm.models import Organization, User
from crm.names import normalise
from crm.rights import in_scope
from pipeline.models import Project
from pipeline.reach import organizations_visible_to
from pipeline.spreadsheets.rows import Fault

OUTSIDE = "outside_scope"


class Companies:
    """The organizations of some names and codes, and which of them ``by`` may see."""

    def __init__(self, named: Iterable[tuple[str, str | None]], *, by: User) -> None:
        named = list(named)
        self._by_code: dict[str, Organization] = {}
        self._by_name: dict[str, list[Organization]] = defaultdict(list)
        self._names: dict[int, set[str]] = defaultdict(set)
        found = list(
            Organization.objects.filter(
                Q(uscc__in={code for _name, code in named if code})
                | Q(name_key__in={normalise(name) for name, _code in named if name})
            ).order_by("pk")
        )
        kept = standing_for(found)
        for organization in found:
            self.remember(kept[organization.pk], alias=organization)
        self._kept_by_id = {organization.pk: organization for organization in kept.values()}
        ids = set(self._kept_by_id)
        self._visible: set[int] | None = None
        if not by.is_county_wide:
            visible = organizations_visible_to(by).filter(pk__in=ids)
            self._visible = set(visible.values_list("pk", flat=True))

    @property
    def ids(self) -> set[int]:
        """The ids of those that are stored."""
        return set(self._kept_by_id)

    def by_id(self, pk: int) -> Organization:
        """One of those that are stored."""
        return self._kept_by_id[pk]

    def remember(self, organization: Organization, *, alias: Organization | None = None) -> None:
        """Know an organization, under its own name and code or those of a merged one."""
        known_as = alias or organization
        same_name = self._by_name[known_as.name_key]
        if organization not in same_name:
            same_name.append(organization)
        self._names[id(organization)].add(known_as.name_key)
        self._names[id(organization)].add(organization.name_key)
        for code in (known_as.uscc, organization.uscc):
            if code:
                self._by_code.setdefault(code, organization)

    def find(self, name: str, code: str | None) -> Organization | Fault | None:
        """The organization of a name, a code or both; None where there is none.

        With a code and a name that is known without one, that organization: the caller
        may write the code down.
        """
        same_name = self.of_name(name)
        if code:
            found = self._by_code.get(code)
            if found is not None:
                if name and normalise(name) not in self._names[id(found)]:
                    return Fault("uscc", "another_name", f"这个代码属于“{found.name}”")
                return found
            return next((o for o in same_name if o.uscc is None), None)
        if len(same_name) > 1:
            return Fault(
                "uscc", "several_of_that_name", "有几家企业叫这个名称，要有信用代码才能区分"
            )
        return same_name[0] if same_name else None

    def of_name(self, name: str) -> list[Organization]:
        """The organizations of a name, whatever their codes; withdrawn ones where no other is."""
        known = self._by_name.get(normalise(name), []) if name else []
        return [o for o in known if o.withdrawn_at is None] or known

    def is_visible(self, organization: Organization) -> bool:
        """Whether the person may see it; what the load itself registers they may."""
        return (
            self._visible is None
            or organization._state.adding
            or organization.pk in self._visible
            or organization.withdrawn_at is not None
        )


class Projects:
    """The projects of some names, and which of them lie in the scope of ``by``."""

    def __init__(self, names: Iterable[str], *, by: User) -> None:
        self._by = by
        self._by_key: dict[str, list[Project]] = defaultdict(list)
        keys = {normalise(name) for name in names if name}
        found = (
            Project.objects.current()
            .filter(name_key__in=keys)
            .select_related("investor", "park", "officer__park")
        )
        for project in found.order_by("pk"):
            self._by_key[project.name_key].append(project)

    @property
    def ids(self) -> set[int]:
        """The ids of the projects that have one of the names."""
        return {project.pk for same in self._by_key.values() for project in same}

    @property
    def investors(self) -> set[int]:
        """The ids of their investors."""
        return {project.investor_id for same in self._by_key.values() for project in same}

    def find(self, name: str, investor: str = "", code: str | None = None) -> Project | Fault:
        """The one project of a name, narrowed by its investor where one is given."""
        same_name = self._by_key.get(normalise(name), [])
        if not same_name:
            return Fault("project_name", "unknown_project", "系统内没有这个项目")
        found = same_name
        if investor or code:
            found = [p for p in same_name if _is_of(p, investor, code)]
            if not found:
                return Fault("project_name", "another_investor", "与系统内这个项目的投资方不一致")
        if len(found) > 1:
            return Fault(
                "project_name", "ambiguous_project", "有几个同名项目，要写明投资方才能区分"
            )
        project = found[0]
        if not in_scope(self._by, project):
            return Fault("project_name", OUTSIDE, "不是您所在园区的项目")
        return project


def _is_of(project: Project, investor: str, code: str | None) -> bool:
    if code and project.investor.uscc:
        return project.investor.uscc == code
    return not investor or project.investor.name_key == normalise(investor)
