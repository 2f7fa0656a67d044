"""Units: which one a name in minutes or in a ledger means, and who is told their news."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from crm.models import Role, Unit, User
from crm.names import normalise


def people_of(units: Iterable[Unit]) -> dict[int, list[User]]:
    """Who is told the news of units, by the unit's id: its people, and of a park's committee
    the park's managers; one query."""
    wanted = {unit.pk: unit for unit in units}
    of_park = {unit.park_id: pk for pk, unit in wanted.items() if unit.park_id}
    found: dict[int, list[User]] = defaultdict(list)
    people = User.objects.filter(is_active=True).filter(
        Q(unit__in=wanted) | Q(park__in=of_park, role=Role.MANAGER)
    )
    for person in people:
        theirs = wanted.keys() & {person.unit_id}
        if person.role == Role.MANAGER and person.park_id in of_park:
            theirs.add(of_park[person.park_id])
        for pk in theirs:
            found[pk].append(person)
    return found


class UnitNames:
    """The county's units by every spelling; blanks, line breaks and widths never matter."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._owners: dict[str, dict[int, Unit]] = {}
        for unit in units:
            for spelling in (unit.name, *unit.aliases):
                self._owners.setdefault(normalise(spelling), {})[unit.pk] = unit

    def find(self, text: str) -> Unit | None:
        """The one unit that is written so; None for none, and for two: never a guess."""
        found = self._owners.get(normalise(text), {})
        return next(iter(found.values())) if len(found) == 1 else None

    def owner_but(self, unit: Unit, spelling: str) -> Unit | None:
        """Another unit that is written so already."""
        owners = self._owners.get(normalise(spelling), {}).values()
        return next((other for other in owners if other.pk != unit.pk), None)
