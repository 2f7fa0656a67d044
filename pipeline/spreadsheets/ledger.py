"""A county's project ledger, row by row: what was read, skipped, or refused and why.

:func:`read_ledger` opens a workbook, finds the ledgers in it and hands out one event per
row. Nothing is lost: every row that is not blank is loaded, skipped or rejected. Memory is
bounded by one sheet's cells; the events are made one at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a county: each spelling in use, and what it stands for.

    Spellings are compared after ``crm.names.normalise``. ``parks`` gives a park's slug,
    ``channels`` a channel's code, ``contracts`` one of ``formal``, ``framework`` and
    ``expansion``, ``statuses`` one of ``lost``, ``terminated`` and ``suspended``.
    """

    parks: Mapping[str, str]
    channels: Mapping[str, str]
    contracts: Mapping[str, str]
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Day:
    """A day, and whether the day itself or only its month is known (``day`` or ``month``).

    A month stands for its last day, or for today where it is the current month.
    """

    on: dt.date
    precision: str = "day"


@dataclass(slots=True)
class LedgerRow:
    """A row that can be loaded. Money in yuan, ``None`` or ``""`` where the cell says nothing."""

    sheet: str
    row: int
    cells: dict[str, str]  # header as written -> cell as text, empty cells left out
    values: tuple[object, ...]  # the cells as they are in the sheet, for the rejects workbook
    empty: frozenset[str]  # fields that have a column here but nothing in this row

    project_name: str
    investor_name: str
    uscc: str | None = None
    investor_origin: str = ""
    local_company: str = ""
    park_slug: str | None = None
    town: str = ""
    channel: str | None = None
    contract_kind: str | None = None  # None: the cell is empty and there is no signing day
    amount: Decimal | None = None  # None also for a zero without a signing day
    signed_on: Day | None = None
    started_on: Day | None = None
    produced_on: Day | None = None
    planned_start_on: Day | None = None
    planned_finish_on: Day | None = None
    funds_total: Decimal | None = None
    status: str | None = None  # lost, terminated, suspended

    filing_number: str = ""
    filed_on: Day | None = None
    in_statistics_on: Day | None = None
    first_reported_on: Day | None = None
    signing_event: str = ""
    industry_text: str = ""
    content: str = ""
    progress: str = ""
    problems: str = ""
    next_step: str = ""
    remark: str = ""
    officer: str = ""
    phone: str = ""
    lead_unit: str = ""
    patron_leader: str = ""

    # Read where they can be read; what cannot is left out and named in the notes.
    funds_this_year: Decimal | None = None
    funds_this_month: Decimal | None = None
    foreign_part: Decimal | None = None  # 拟引资额
    output_value: Decimal | None = None
    tax: Decimal | None = None
    land_mu: Decimal | None = None
    energy_tce: Decimal | None = None
    jobs: Decimal | None = None


@dataclass(slots=True)
class Skipped:
    """A row that says nothing about a project: a total, a note, a heading."""

    sheet: str
    row: int
    cells: dict[str, str]
    reason: str


@dataclass(slots=True)
class Reject:
    """A row that is not loaded: the column and cell at fault, a code, and what to do.

    ``message`` names row, column and value in Chinese. ``values`` are the row's cells as
    they are in the sheet.
    """

    sheet: str
    row: int
    column: str
    value: str
    code: str
    message: str
    cells: dict[str, str]
    values: tuple[object, ...]


Event = LedgerRow | Skipped | Reject


class LedgerError(Exception):
    """No ledger can be read from this file: ``code`` for machines, ``message`` in Chinese."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Ledger:
    """The ledgers of one workbook. ``counts`` and ``notes`` are whole once ``events`` ended."""

    rows: int = 0
    loaded: int = 0
    skipped: int = 0
    rejected: int = 0
    notes: list[str] = field(default_factory=list)

    def events(self) -> Iterator[Event]:
        """Each row once, in the order of the workbook. Can be asked for once."""
        raise NotImplementedError

    def reject(self, row: LedgerRow, field_name: str, code: str, message: str) -> Reject:
        """The reject that a later stage (the loader) makes of a row that was read.

        It moves the row from ``loaded`` to ``rejected``. ``message`` says what is wrong
        and what to do; row, column and value are put before it.
        """
        raise NotImplementedError


def read_ledger(
    path: Path,
    *,
    today: dt.date,
    vocabulary: Vocabulary,
    header_map: Mapping[str, str] | None = None,
) -> Ledger:
    """Open a workbook and find its ledgers. Raises :class:`LedgerError`.

    ``header_map`` gives the field of a header as written, before our own variants.
    Codes of the error: those of ``workbook.UnreadableWorkbook`` and ``no_ledger``,
    ``missing_column``, ``no_rows``, ``bad_mapping``.
    """
    raise NotImplementedError
