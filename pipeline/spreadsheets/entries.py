"""Workbooks of entries: companies and contacts, receipts, meetings; what the three share.

Read and judged as a ledger is (``sheets.py``): never guessed silently, nothing lost. A
reader for their cells, their rows as plain values by field, and a loader that takes them
batch by batch and writes down what became of each.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from crm.models import User
from pipeline.models import Load, LoadRow, RowOutcome
from pipeline.spreadsheets.cells import (
    BadCell,
    Broken,
    Cell,
    as_text,
    says_not_yet,
    says_nothing,
    squeeze,
)
from pipeline.spreadsheets.events import Reject, Skipped
from pipeline.spreadsheets.fields import Field
from pipeline.spreadsheets.layout import Layout
from pipeline.spreadsheets.rows import Fault, RowReader, Words, fault_of
from pipeline.spreadsheets.sheets import Sheets


@dataclass(slots=True)
class Entry:
    """A row that can be loaded: what it says, by field; what it leaves empty is not there."""

    sheet: str
    row: int
    cells: dict[str, str]  # header as written -> cell as text, empty cells left out
    values: tuple[object, ...]  # the cells as they are in the sheet, for the rejects workbook
    empty: frozenset[str]
    said: dict[str, Any]


EntryEvent = Entry | Skipped | Reject

_SEPARATED = re.compile(r"[、，,;；/\n]+")
_PHONE = re.compile(r"\+?[\d() -]{5,29}(?:(?:转|-|#|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_YES = re.compile(r"是|有|√|✓|✔|☑|y|yes|true|县内|本地", re.IGNORECASE)
_NO = re.compile(r"否|无|×|✗|n|no|false|县外|外地", re.IGNORECASE)


class EntryReader(RowReader):
    """Reads the cells of entries. A kind names its codes in the order of their weight, the
    longest text of each field, and what a field that must not be empty is missing."""

    codes: tuple[str, ...] = ()
    longest: Mapping[str, int] = {}
    required: Mapping[str, tuple[str, str]] = {}  # field -> code, reason
    nameless_as = ("missing_name", "没有名称")

    @property
    def order(self) -> dict[str, int]:  # type: ignore[override]
        """Which code comes first where a row has several faults."""
        return {code: place for place, code in enumerate(self.codes)}

    def readers(self) -> dict[str, Callable[[Field, Cell, str | None], Any]]:
        """How the cells of each kind of field are read."""
        return super().readers() | {
            "name": self._short(self._name),
            "text": self._short(self._text),
            "word": self._one_word,
            "words": self._several_words,
            "people": self._people,
            "yes_no": self._yes_no,
            "phone": self._phone,
            "email": self._email,
        }

    def nameless(self, field: Field) -> Fault:
        """What it means that a cell of kind ``name`` is empty."""
        return fault_of(field, *self.nameless_as)

    def between_cells(self, faults: list[Fault]) -> list[Fault]:
        """What must be there, and days that must not lie ahead."""
        at_fault = {fault.field for fault in faults}
        found = [
            Fault(name, code, reason)
            for name, (code, reason) in self.required.items()
            if name not in at_fault and name not in self.values
        ]
        for name in ("received_on", "occurred_on"):
            day = self.values.get(name)
            if day is not None and day.is_after_day(self.today):
                found.append(Fault(name, "future_date", f"晚于 {self.today}"))
        return found

    # -- one cell --------------------------------------------------------------------

    def _short(self, reader: Callable[..., str]) -> Callable[[Field, Cell, str | None], str]:
        def read(field: Field, cell: Cell, unit: str | None) -> str:
            text = reader(field, cell, unit)
            most = self.longest.get(field.name)
            if most is not None and len(text) > most:
                raise BadCell("too_long", f"有 {len(text)} 个字，最多 {most} 个")
            return text

        return read

    def _one_word(self, field: Field, cell: Cell, unit: str | None) -> str | None:
        text = as_text(cell)
        if meaning := self.words.meaning(field.name, text):
            return meaning
        if _is_empty(text):
            return None
        raise self._unknown(field, text)

    def _several_words(self, field: Field, cell: Cell, unit: str | None) -> list[str]:
        found = []
        for text in _parts(cell):
            meaning = self.words.meaning(field.name, text)
            if meaning is None:
                raise self._unknown(field, text, among=True)
            found.append(meaning)
        return list(dict.fromkeys(found)) or None  # type: ignore[return-value]

    def _unknown(self, field: Field, text: str, *, among: bool = False) -> BadCell:
        close = self.words.close_to(field.name, text)
        which = f"“{text}”" if among else ""
        what = field.variants[0].removeprefix("所属")
        hint = f"，是不是“{close}”" if close else ""
        return BadCell(f"unknown_{field.name}", f"{which}不是已有的{what}{hint}")

    def _people(self, field: Field, cell: Cell, unit: str | None) -> list[str] | None:
        return list(dict.fromkeys(_parts(cell))) or None

    def _yes_no(self, field: Field, cell: Cell, unit: str | None) -> bool | None:
        text = squeeze(as_text(cell))
        if cell is True or _YES.fullmatch(text):
            return True
        if cell is False or _NO.fullmatch(text):
            return False
        if _is_empty(text):
            return None
        raise BadCell(f"bad_{field.name}", "要写“是”或“否”")

    def _phone(self, field: Field, cell: Cell, unit: str | None) -> str | None:
        text = re.sub(r"\s+", " ", as_text(cell).strip())
        if _is_empty(text):
            return None
        text = text.replace("（", "(").replace("）", ")").replace("－", "-").replace("—", "-")
        if isinstance(cell, Broken) or len(text) > 30 or not _PHONE.fullmatch(text):
            raise BadCell("bad_phone", "不是一个电话号码")
        return text

    def _email(self, field: Field, cell: Cell, unit: str | None) -> str | None:
        text = as_text(cell).strip()
        if _is_empty(text):
            return None
        try:
            validate_email(text)
        except ValidationError:
            raise BadCell("bad_email", "不是一个邮箱地址") from None
        return text


def _is_empty(text: str) -> bool:
    squeezed = squeeze(text)
    return says_nothing(squeezed) or says_not_yet(squeezed)


def _parts(cell: Cell) -> list[str]:
    """What a cell lists: 张三、李四."""
    texts = (text.strip() for text in _SEPARATED.split(as_text(cell)))
    return [text for text in texts if text and not _is_empty(text)]


class EntrySheets(Sheets[Entry]):
    """The sheets of a workbook of entries. A kind names its table and its reader."""

    reader: type[EntryReader]

    def make_reader(self, layout: Layout) -> RowReader:
        """What reads the rows below a header."""
        return self.reader(layout, self.words, today=self._today, since_1904=self._book.since_1904)

    def made(self, place: dict[str, Any], reader: RowReader) -> Entry:
        """The row that was read."""
        return Entry(**place, said=reader.values)


@dataclass(slots=True)
class Plan:
    """What is to be done for one row: an outcome, and what the row is about."""

    row: Entry
    outcome: RowOutcome
    project: Any = None
    organization: Any = None
    contact: Any = None
    interaction: Any = None
    before: dict[str, Any] = field(default_factory=dict)
    load_row: LoadRow | None = None


P = TypeVar("P", bound=Plan)


class EntryLoader(Generic[P]):
    """Takes a load's entries batch by batch; ``rejects`` and ``notes`` gather on the way."""

    def __init__(
        self, *, load: Load, sheets: EntrySheets, today: dt.date, at: dt.datetime, by: User
    ) -> None:
        self.load, self.sheets, self.today, self.at, self.by = load, sheets, today, at, by
        self.rejects: list[Reject] = []
        self.notes: list[str] = []

    # -- what each kind says for itself ------------------------------------------------

    def prepare(self, rows: Sequence[Entry]) -> None:
        """Find what is stored of what a batch's rows name: a fixed number of queries."""
        raise NotImplementedError

    def plan(self, row: Entry) -> P | Reject:
        """What is to be done for one row, or why it is not loaded."""
        raise NotImplementedError

    def save_before(self, plans: Sequence[P]) -> None:
        """Store what the rows' records point at."""
        raise NotImplementedError

    def save_after(self, plans: Sequence[P]) -> None:
        """Store what points at the rows' records."""

    # -- the batch -------------------------------------------------------------------

    def take(self, events: Sequence[EntryEvent]) -> Counter[str]:
        """Load one batch; returns how many rows met with which outcome."""
        self.prepare([event for event in events if isinstance(event, Entry)])
        plans: list[P] = []
        others: list[LoadRow] = []
        for event in events:
            if isinstance(event, Skipped):
                others.append(record_of(self.load, event, RowOutcome.SKIPPED, message=event.reason))
                continue
            if isinstance(event, Entry):
                made = self.plan(event)
                if not isinstance(made, Reject):
                    plans.append(made)
                    continue
                event = made
            self.rejects.append(event)
            others.append(
                record_of(
                    self.load,
                    event,
                    RowOutcome.REJECTED,
                    column=event.column,
                    value=event.value,
                    code=event.code,
                    message=event.message,
                )
            )
        self.save_before(plans)
        for plan in plans:
            plan.load_row = record_of(
                self.load,
                plan.row,
                plan.outcome,
                project=plan.project,
                organization=plan.organization,
                contact=plan.contact,
                interaction=plan.interaction,
                before=plan.before,
            )
        rows = [*(plan.load_row for plan in plans if plan.load_row is not None), *others]
        LoadRow.objects.bulk_create(sorted(rows, key=lambda row: (row.sheet, row.row)), 1000)
        self.save_after(plans)
        counts = Counter(str(plan.outcome) for plan in plans)
        counts.update(str(row.outcome) for row in others)
        return counts

    def say(self, row: Entry, text: str) -> None:
        """Note something of a row that is loaded all the same."""
        self.notes.append(f"{self.sheets.place(row.sheet, row.row)}：{text}")


_LONGEST = {"column": 80, "value": 200, "message": 300}


def record_of(load: Load, event: Any, outcome: RowOutcome, **values: Any) -> LoadRow:
    """The record of a row, unsaved; texts longer than their columns are cut."""
    return LoadRow(
        load=load,
        sheet=event.sheet[:80],
        row=event.row,
        outcome=outcome,
        cells=event.cells,
        **{k: v[: _LONGEST[k]] if k in _LONGEST else v for k, v in values.items()},
    )


def entry_words(**words: Mapping[str, str]) -> Words:
    """The words of a kind, by field."""
    return Words.of(**words)
