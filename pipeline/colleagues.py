"""Whom of our own people somebody may name beside them, or hand something to."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import ACTS
from pipeline.models import Project


class NoSuchColleague(Refused):
    """A name is nobody's, or several people's."""

    code = "no_such_colleague"


def colleagues_of(user: User, *, act: str = "follow_up.edit") -> QuerySet[User]:
    """The others with a log-in who may do ``act``: of the person's park and of the county."""
    people = User.objects.filter(is_active=True, role__in=ACTS[act]).exclude(pk=user.pk)
    if not user.is_county_wide:
        people = people.filter(Q(park=user.park_id) | Q(park__isnull=True))
    return people.order_by("park__position", "full_name", "pk")


def who_see(project: Project, people: QuerySet[User]) -> QuerySet[User]:
    """Of ``people``, those in whose scope a project lies, by the county, its park or itself."""
    return people.filter(
        Q(park__isnull=True) | Q(park=project.park_id) | Q(pk=project.officer_id or 0)
    )


def named(names: Iterable[str], *, among: QuerySet[User]) -> list[User]:
    """The people of full names, in that order. Raises ``NoSuchColleague``."""
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    found: dict[str, list[User]] = {name: [] for name in wanted}
    for person in among.filter(full_name__in=wanted):
        found[person.full_name].append(person)
    for name, people in found.items():
        if not people:
            raise NoSuchColleague(_("没有叫“%(name)s”的同事，请核对姓名") % {"name": name})
        if len(people) > 1:
            raise NoSuchColleague(_("有几位同事叫“%(name)s”，请在名单里勾选") % {"name": name})
    return [found[name][0] for name in wanted]
