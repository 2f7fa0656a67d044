"""Which unit a name in minutes or in a ledger means: by its name or another spelling."""

from __future__ import annotations

from collections.abc import Iterable

from crm.models import Unit
from crm.names import normalise


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
