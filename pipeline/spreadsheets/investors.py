"""The organizations that a batch of rows names: found, given their code, or made."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from simple_history.utils import bulk_update_with_history

from crm import names
from crm.duplicates import standing_for
from crm.models import Organization, User
from pipeline.models import Load
from pipeline.spreadsheets.ledger import LedgerRow


class Investors:
    """Two codes under one name are two organizations. A row without a code belongs to the
    organization of that name that came first; one that came without a code gets it from
    the first row that has one. What was merged into another belongs to that one, whatever
    the workbook calls it. One query, another for each link of a chain of merges, and a few
    statements to save.
    """

    def __init__(self, rows: Sequence[LedgerRow], *, by: User, at: dt.datetime, load: Load) -> None:
        self._by, self._at, self._load = by, at, load
        self.notes: list[str] = []
        self._new: list[Organization] = []
        self._changed: list[Organization] = []
        self._by_code: dict[str, Organization] = {}
        self._by_name: dict[str, list[Organization]] = defaultdict(list)
        known = Organization.objects.filter(
            Q(uscc__in=[row.uscc for row in rows if row.uscc])
            | Q(name_key__in={names.normalise(row.investor_name) for row in rows})
        )
        rows_now = list(known.order_by("pk"))
        standing = standing_for(rows_now)
        # Those that stand come first: who has a code now goes before who had it once.
        for known_as in sorted(rows_now, key=lambda row: row.merged_into_id is not None):
            self._remember(standing[known_as.pk], known_as)

    def of(self, row: LedgerRow) -> Organization:
        """The row's investor; a new one is saved by :meth:`save`.

        One that was withdrawn with its load stands again.
        """
        organization = self._of(row)
        if organization.withdrawn_at is not None:
            organization.withdrawn_at = None
            self._changed.append(organization)
        return organization

    def _of(self, row: LedgerRow) -> Organization:
        same_name = self._by_name[names.normalise(row.investor_name)]
        if row.uscc is None:
            return same_name[0] if same_name else self._make(row)
        if row.uscc in self._by_code:
            return self._by_code[row.uscc]
        uncoded = next((o for o in same_name if o.uscc is None), None)
        if uncoded is None:
            if same_name and same_name[0].created_at < self._at:  # else the reader says so
                self.notes.append(
                    _("“%(name)s”有两个统一社会信用代码：%(old)s、%(new)s，按两家企业登记")
                    % {"name": row.investor_name, "old": same_name[0].uscc, "new": row.uscc}
                )
            return self._make(row)
        uncoded.uscc = row.uscc
        self._by_code[row.uscc] = uncoded
        if uncoded.pk is not None:
            self._changed.append(uncoded)
        return uncoded

    def save(self) -> None:
        """Store the organizations that are new and the codes that were learnt."""
        Organization.objects.bulk_create(self._new, batch_size=1000)
        if self._changed:
            bulk_update_with_history(
                list(dict.fromkeys(self._changed)),
                Organization,
                ["uscc", "withdrawn_at"],
                batch_size=500,
                default_user=self._by,
                default_date=self._at,
                default_change_reason=self._load.name,
            )

    def _make(self, row: LedgerRow) -> Organization:
        organization = Organization(
            name=row.investor_name,
            name_key=names.normalise(row.investor_name),
            matching_key=names.matching_key(row.investor_name),
            pinyin=names.pinyin(row.investor_name),
            initials=names.initials(row.investor_name),
            uscc=row.uscc,
            origin=row.investor_origin[:80],
            created_at=self._at,
            created_by=self._by,
        )
        self._new.append(organization)
        self._remember(organization)
        return organization

    def _remember(self, organization: Organization, known_as: Organization | None = None) -> None:
        known_as = known_as or organization
        if organization not in self._by_name[known_as.name_key]:
            self._by_name[known_as.name_key].append(organization)
        if known_as.uscc:
            self._by_code.setdefault(known_as.uscc, organization)
