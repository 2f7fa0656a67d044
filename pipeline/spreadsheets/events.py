"""What a ledger's rows come to, and the words of a county that they are read with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipeline.days import Day

CODES = (
    "missing_name",
    "missing_investor",
    "formula_without_value",
    "ambiguous_date",
    "bad_uscc",
    "bad_amount",
    "bad_date",
    "unknown_park",
    "unknown_channel",
    "unknown_contract",
    "future_date",
    "start_before_signing",
    "start_without_signing",
    "production_before_start",
    "duplicate_row",
)
"""Why a row is rejected, in the order in which its one reject is chosen."""


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


@dataclass(slots=True)
class LedgerRow:
    """A row that can be loaded. Money in yuan, ``None`` or ``""`` where the cell says nothing."""

    sheet: str
    row: int
    cells: dict[str, str]  # header as written -> cell as text, empty cells left out
    values: tuple[object, ...]  # the cells as they are in the sheet, for the rejects workbook
    empty: frozenset[str]  # attributes that have a column here but nothing in this row

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
