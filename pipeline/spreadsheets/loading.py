"""Loading a county's ledger: from rows that were read to projects with their history.

One load is one transaction and can be undone as a whole (``undoing.py``). Rows come in
batches, each loaded by a fixed number of statements (``batches.py``), so that memory is
bounded by the sheet's cells and one batch.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import connection, transaction
from django.utils.translation import gettext as _

from crm.models import Organization, User
from crm.rights import require
from pipeline import history
from pipeline.models import (
    Load,
    LoadKind,
    LoadRow,
    Milestone,
    Project,
    RowOutcome,
    StageChange,
)
from pipeline.models.loads import workbook_path
from pipeline.spreadsheets.events import Event, Reject
from pipeline.spreadsheets.kinds import KINDS, read_workbook
from pipeline.spreadsheets.rejects import RejectsWriter
from pipeline.spreadsheets.sheets import Sheets
from pipeline.spreadsheets.showing import Shown, shown

BATCH = 1000
MOST_NOTES = 500
SHOWN_ROWS = 20
"""A dry run shows so many rows as they would be loaded."""


@dataclass(slots=True)
class Outcome:
    """What came of a load. ``rows`` = loaded + skipped + rejected, and ``loaded`` =
    created + updated + unchanged."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rejects_file: Path | None = None
    sheets: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    load: Load | None = None

    @property
    def loaded(self) -> int:
        return sum(
            self.counts[o] for o in (RowOutcome.CREATED, RowOutcome.UPDATED, RowOutcome.UNCHANGED)
        )

    def as_json(self) -> dict[str, Any]:
        """The document of ``import_ledger --json`` (docs/contract)."""
        several = len(self.sheets) > 1
        return {
            "rows": self.counts.total(),
            "loaded": self.loaded,
            **{str(outcome): self.counts[outcome] for outcome in RowOutcome},
            "rejects": [
                {
                    "row": reject.row,
                    **({"sheet": reject.sheet} if several else {}),
                    "column": reject.column,
                    "value": reject.value,
                    "code": reject.code,
                    "message": reject.message,
                }
                for reject in self.rejects
            ],
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            "notes": self.notes,
        }


def load(
    path: Path,
    *,
    kind: str = LoadKind.LEDGER,
    today: dt.date,
    at: dt.datetime,
    verified_by: User | None = None,
    header_map: Mapping[str, str] | None = None,
    rejects_to: Path | None = None,
    dry_run: bool = False,
    name: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Load what a workbook holds of a kind, all or nothing; a ledger as history.

    ``today`` is the day that future days are judged by, ``at`` the instant from which
    the loaded facts are known. ``verified_by`` loads, verifies the milestones and receipts
    (default: the system verifier) and needs the right to load. Rejects go to
    ``rejects_to``, a workbook to correct and load again, where there are any. ``dry_run``
    does all of it and then takes it back. ``progress`` is told after every batch how many
    rows are done of at most how many.

    Raises ``LedgerError`` where nothing of the kind can be read, ``NotAllowed``.
    """
    with transaction.atomic():
        verified_by = verified_by or history.verifier()
        require(verified_by, KINDS[kind].act)
        ledger = read_workbook(kind, path, today=today, header_map=header_map)
        batch = _register(path, name or path.name, kind=kind, today=today, at=at, by=verified_by)
        outcome = Outcome(sheets=ledger.sheets, load=batch)
        loader = KINDS[kind].loader(load=batch, sheets=ledger, today=today, at=at, by=verified_by)
        if progress is not None:
            progress(0, ledger.expected)
        with _rejects(rejects_to, ledger) as writer:
            for number, events in enumerate(_batches(ledger.events()), start=1):
                if dry_run and len(outcome.shown) < SHOWN_ROWS:
                    more = shown(events, ledger.table, ledger.words)
                    outcome.shown += more[: SHOWN_ROWS - len(outcome.shown)]
                outcome.counts.update(loader.take(events))
                if number.bit_count() == 1:  # after 1, 2, 4, 8, … batches
                    _refresh_statistics()
                for reject in loader.rejects:
                    outcome.rejects.append(reject)
                    if writer is not None:
                        writer.add(reject)
                loader.rejects.clear()
                if progress is not None:
                    progress(outcome.counts.total(), ledger.expected)
        if rejects_to is not None and outcome.rejects:
            outcome.rejects_file = rejects_to
        elif rejects_to is not None:
            rejects_to.unlink(missing_ok=True)
        outcome.notes = _capped([*ledger.notes, *loader.notes])
        batch.summary = {key: value for key, value in outcome.as_json().items() if key != "rejects"}
        batch.save(update_fields=["summary"])
        if dry_run:
            _say_outcomes(outcome.shown, batch)
            outcome.load = None
            transaction.set_rollback(True)
        else:
            _keep(path, batch)
    return outcome


def _register(
    path: Path, name: str, *, kind: str, today: dt.date, at: dt.datetime, by: User
) -> Load:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    batch = Load(
        kind=kind,
        name=name,
        sha256=digest,
        size=path.stat().st_size,
        today=today,
        loaded_at=at,
        loaded_by=by,
    )
    batch.file.name = workbook_path(batch, name)
    batch.save()
    return batch


def _say_outcomes(rows: list[Shown], batch: Load) -> None:
    """What would become of the rows that are shown."""
    found = batch.rows.order_by("pk").values_list("sheet", "row", "outcome")
    outcomes = {(sheet, row): outcome for sheet, row, outcome in found[: SHOWN_ROWS * 50]}
    for row in rows:
        row.outcome = outcomes.get((row.sheet[:80], row.row), "")


def _keep(path: Path, batch: Load) -> None:
    """Keep the workbook: its rows are the evidence of what was loaded."""
    storage, kept = batch.file.storage, str(batch.file.name)
    if not storage.exists(kept):
        with path.open("rb") as file:
            storage.save(kept, File(file))


def _refresh_statistics() -> None:
    """Let PostgreSQL plan by what the load has written, while it goes on.

    Nothing else tells it before the load is committed: it would read whole tables to find
    the rows of a batch, since they were empty when it began.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            tables = (Organization, Project, LoadRow, Milestone, StageChange)
            names = ", ".join(connection.ops.quote_name(t._meta.db_table) for t in tables)
            cursor.execute(f"ANALYZE {names}")


def _rejects(path: Path | None, ledger: Sheets[Any]) -> Any:
    return nullcontext() if path is None else RejectsWriter(path, ledger)


def _batches(events: Iterator[Event]) -> Iterator[list[Event]]:
    while batch := list(islice(events, BATCH)):
        yield batch


def _capped(notes: list[str]) -> list[str]:
    """At most as many notes as a person reads, and how many more there were."""
    if len(notes) <= MOST_NOTES:
        return notes
    more = _("另有 %(count)s 条说明未列出") % {"count": len(notes) - MOST_NOTES}
    return [*notes[:MOST_NOTES], more]
