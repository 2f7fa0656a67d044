"""The kinds of workbook that can be loaded: what each is read by, loaded by and open to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crm.models import Channel, Park, User
from pipeline import history
from pipeline.models import ContractTerm, Load, LoadKind
from pipeline.spreadsheets import funds, interactions, organizations
from pipeline.spreadsheets.batches import Loader
from pipeline.spreadsheets.entries import EntryLoader, EntrySheets
from pipeline.spreadsheets.events import Reject, Vocabulary
from pipeline.spreadsheets.fields import LEDGER, Table
from pipeline.spreadsheets.ledger import Ledger
from pipeline.spreadsheets.rows import Words
from pipeline.spreadsheets.sheets import Sheets, read_sheets
from pipeline.stages import Status

STATUS_WORDS = {
    "流失": Status.LOST,
    "终止": Status.TERMINATED,
    "已终止": Status.TERMINATED,
    "搁置": Status.SUSPENDED,
    "暂停": Status.SUSPENDED,
}


class AnyLoader(Protocol):
    """Takes a load's events batch by batch."""

    rejects: list[Reject]
    notes: list[str]

    def take(self, events: Sequence[Any]) -> Counter[str]: ...


@dataclass(frozen=True, slots=True)
class WorkbookKind:
    """One kind of workbook. ``act`` is the right to load one, ``undo`` to take a load back."""

    table: Table
    act: str
    undo: str
    sheets: Callable[..., Sheets[Any]]
    words: Callable[[], Words]
    loader: Callable[..., AnyLoader]


def vocabulary() -> Vocabulary:
    """The county's words, from its parks, channels and contract terms."""
    return Vocabulary(
        parks={
            word: park.slug
            for park in Park.objects.all()
            for word in (park.name, park.short_name, *park.aliases)
        },
        channels={
            word: channel.code
            for channel in Channel.objects.all()
            for word in (channel.name, *channel.aliases)
        },
        contracts=dict(ContractTerm.objects.values_list("term", "kind")),
        statuses={word: str(status) for word, status in STATUS_WORDS.items()},
    )


def _ledger_loader(
    *, load: Load, sheets: Ledger, today: dt.date, at: dt.datetime, by: User
) -> Loader:
    return Loader(
        load=load,
        ledger=sheets,
        today=today,
        at=at,
        claimed_by=history.claimant(),
        verified_by=by,
    )


def _entries(
    module: Any,
    sheets: type[EntrySheets],
    loader: type[EntryLoader[Any]],
    act: str,
) -> WorkbookKind:
    return WorkbookKind(
        table=module.TABLE,
        act=act,
        undo=act,
        sheets=sheets,
        words=lambda: module.vocabulary(),
        loader=loader,
    )


KINDS: dict[str, WorkbookKind] = {
    LoadKind.LEDGER: WorkbookKind(
        table=LEDGER,
        act="ledger.load",
        undo="ledger.undo",
        sheets=Ledger,
        words=lambda: Words(vocabulary()),
        loader=_ledger_loader,
    ),
    LoadKind.ORGANIZATIONS: _entries(
        organizations,
        organizations.OrganizationSheets,
        organizations.OrganizationLoader,
        "organizations.load",
    ),
    LoadKind.FUNDS: _entries(funds, funds.FundsSheets, funds.FundsLoader, "funds.load"),
    LoadKind.INTERACTIONS: _entries(
        interactions,
        interactions.InteractionSheets,
        interactions.InteractionLoader,
        "interactions.load",
    ),
}


def read_workbook(
    kind: str, path: Path, *, today: dt.date, header_map: Mapping[str, str] | None = None
) -> Sheets[Any]:
    """Open a workbook of a kind with the county's words. Raises ``LedgerError``."""
    said = KINDS[kind]
    return read_sheets(
        said.sheets,
        path,
        table=said.table,
        words=said.words(),
        today=today,
        header_map=header_map,
    )
