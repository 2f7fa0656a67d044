"""One line of a ledger, read cell by cell; and what its cells must not say together."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm import uscc
from crm.names import normalise
from pipeline.days import Day
from pipeline.spreadsheets.cells import (
    BadCell,
    Broken,
    Cell,
    Uncomputed,
    as_text,
    number_text,
    says_not_yet,
    says_nothing,
    squeeze,
)
from pipeline.spreadsheets.days import read_day
from pipeline.spreadsheets.events import CODES, Vocabulary
from pipeline.spreadsheets.fields import CARRIED_KINDS, Field
from pipeline.spreadsheets.layout import Layout
from pipeline.spreadsheets.money import read_money

_ORDER = {code: place for place, code in enumerate(CODES)}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is rejected: the field at fault, the code, what is wrong; and what to do,
    where it is not what is usual for the code (``reasons.py``)."""

    field: str
    code: str
    reason: str
    advice: str = ""


class Words:
    """A county's vocabulary, ready to be asked."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._take(
            park=vocabulary.parks,
            channel=vocabulary.channels,
            contract=vocabulary.contracts,
            status=vocabulary.statuses,
        )

    @classmethod
    def of(cls, **words: Mapping[str, str]) -> Words:
        """Other words, by the kind or field that they are asked for under."""
        made = cls.__new__(cls)
        made._take(**words)
        return made

    def _take(self, **words: Mapping[str, str]) -> None:
        self._kinds = {kind: _by_key(known) for kind, known in words.items()}
        self._written = {kind: list(known) for kind, known in words.items()}

    def meaning(self, kind: str, text: str) -> str | None:
        """What a word stands for, or ``None``."""
        known = self._kinds[kind]
        return known.get(text) or known.get(normalise(text))

    def choices(self, kind: str) -> list[str]:
        """The first spelling of each meaning; nothing for a kind without words."""
        first: dict[str, str] = {}
        for word in self._written.get(kind, ()):
            first.setdefault(self._kinds[kind][word], word)
        return list(first.values())

    def spelling(self, kind: str, meaning: str) -> str:
        """How a meaning is usually written; the meaning itself where nobody wrote it."""
        written = self._written.get(kind, ())
        return next((word for word in written if self._kinds[kind][word] == meaning), meaning)

    def close_to(self, kind: str, text: str) -> str:
        """A known word that looks like an unknown one, ``""`` if none does."""
        words = self._written[kind]
        key = normalise(text)
        for word in words:
            if len(key) >= 2 and (key in normalise(word) or normalise(word) in key):
                return word
        return next(iter(difflib.get_close_matches(text, words, 1, 0.65)), "")


def _by_key(words: Mapping[str, str]) -> dict[str, str]:
    return dict(words) | {normalise(word): meaning for word, meaning in words.items()}


class RowReader:
    """Reads the lines below one header.

    After :meth:`read`: ``values`` by attribute of ``LedgerRow``; ``empty`` the attributes
    whose cell says nothing; ``unread`` the fields of lesser weight that could not be read;
    ``says_started`` what 是否开工 says. Other kinds of workbook have readers of their own
    that build on this one (``sheets.py``).
    """

    order = _ORDER

    def __init__(
        self, layout: Layout, words: Words, *, today: dt.date, since_1904: bool = False
    ) -> None:
        self.unit = layout.unit
        self.layout = layout
        self.words = words
        self.today = today
        self._since_1904 = since_1904
        readers = self.readers()
        self._columns = [
            (column.field, column.index, column.unit, readers[column.field.kind])
            for column in layout.columns
            if column.field and (column.field.attribute or column.field.kind == "claim")
        ]

    def readers(self) -> dict[str, Callable[[Field, Cell, str | None], Any]]:
        """How the cells of each kind of field are read."""
        return {
            "name": self._name,
            "text": self._text,
            "uscc": self._uscc,
            "park": self._word,
            "channel": self._word,
            "contract": self._word,
            "status": self._status,
            "money": self._money,
            "soft_money": self._money,
            "day": self._day,
            "plan": self._day,
            "soft_day": self._day,
            "number": self._number,
            "claim": self._claim,
        }

    def read(self, cells: Sequence[Cell], whole: Sequence[Cell]) -> Fault | None:
        """Read a line. ``whole`` is the same with what is merged down onto it from above,
        which counts for words, not for money, numbers and days."""
        self.values: dict[str, Any] = {}
        self.empty: set[str] = set()
        self.unread: list[str] = []
        self.says_started: bool | None = None
        faults: list[Fault] = []
        for field, index, unit, reader in self._columns:
            if field.kind in CARRIED_KINDS:
                cell = whole[index]
            else:
                cell = cells[index] if index < len(cells) else ""
            if cell == "":
                self.empty.add(field.attribute or "")
                if field.kind == "name":
                    faults.append(self.nameless(field))
                continue
            if isinstance(cell, Uncomputed):
                if field.loaded:
                    faults.append(fault_of(field, "formula_without_value", "公式没有计算结果"))
                else:
                    self.unread.append(field.name)
                continue
            try:
                value = reader(field, cell, unit)
            except BadCell as bad:
                if field.loaded and field.kind != "soft_day":
                    faults.append(Fault(field.name, bad.code, bad.reason))
                else:
                    self.unread.append(field.name)
                continue
            if value is None or value == "":
                self.empty.add(field.attribute or "")
                if field.kind == "name":
                    faults.append(self.nameless(field))
            elif field.attribute:
                self.values[field.attribute] = value
        faults += self.between_cells(faults)
        return min(faults, key=lambda fault: self.order[fault.code]) if faults else None

    def nameless(self, field: Field) -> Fault:
        """What it means that a cell of kind ``name`` is empty."""
        if field.name == "project_name":
            return fault_of(field, "missing_name", "没有项目名称")
        return fault_of(field, "missing_investor", "没有投资方")

    # -- one cell --------------------------------------------------------------------

    def _name(self, field: Field, cell: Cell, unit: str | None) -> str:
        text = clean_name(as_text(cell))
        return "" if isinstance(cell, Broken) or says_nothing(squeeze(text)) else text

    def _text(self, field: Field, cell: Cell, unit: str | None) -> str:
        text = as_text(cell).strip()
        return "" if says_nothing(squeeze(text)) else text

    def _uscc(self, field: Field, cell: Cell, unit: str | None) -> str | None:
        text = squeeze(as_text(cell))
        if says_nothing(text) or says_not_yet(text):
            return None
        if isinstance(cell, Broken):
            raise BadCell("bad_uscc", "公式出错")
        if not isinstance(cell, str):
            raise BadCell("bad_uscc", "存成了数字，后几位已丢失，请设为文本格式后重填")
        code = uscc.compact(text)
        if len(code) != 18:
            raise BadCell("bad_uscc", f"应为 18 位，实际 {len(code)} 位")
        if not uscc.is_valid(code):
            raise BadCell("bad_uscc", "校验位不符，请核对")
        return code

    def _word(self, field: Field, cell: Cell, unit: str | None) -> str | None:
        text = as_text(cell)
        if meaning := self.words.meaning(field.kind, text):
            return meaning
        squeezed = squeeze(text)
        if says_nothing(squeezed) or says_not_yet(squeezed):
            return None
        close = self.words.close_to(field.kind, text)
        hint = f"，是不是“{close}”" if close else ""
        what = {"park": "园区", "channel": "招商方式", "contract": "协议类型"}[field.kind]
        raise BadCell(f"unknown_{field.kind}", f"不是已知的{what}{hint}")

    def _status(self, field: Field, cell: Cell, unit: str | None) -> str | None:
        text = re.sub(r"\(.*?\)", "", squeeze(as_text(cell)))
        for word in (text, text.removeprefix("项目"), text.removeprefix("项目").removeprefix("已")):
            if meaning := self.words.meaning("status", word):
                return meaning
        if _STARTED.fullmatch(text):
            self.says_started = True
        return None

    def _money(self, field: Field, cell: Cell, unit: str | None) -> Decimal | None:
        return read_money(cell, unit or self.unit)

    def _day(self, field: Field, cell: Cell, unit: str | None) -> Day | None:
        return read_day(cell, self.today, planned=field.kind == "plan", since_1904=self._since_1904)

    def _number(self, field: Field, cell: Cell, unit: str | None) -> Decimal | None:
        text = squeeze(as_text(cell)).replace(",", "")
        if says_nothing(text):
            return None
        match = _PLAIN_NUMBER.fullmatch(text)
        if not match or isinstance(cell, bool | dt.date):
            raise BadCell("bad_amount", "不是数字")
        return Decimal(number_text(cell)) if isinstance(cell, float) else Decimal(match[1])

    def _claim(self, field: Field, cell: Cell, unit: str | None) -> None:
        text = squeeze(as_text(cell))
        if cell is True or _STARTED.fullmatch(text):
            self.says_started = True
        elif cell is False or says_nothing(text) or says_not_yet(text):
            self.says_started = False
        elif "start_date" in self.layout.fields:
            self.unread.append(field.name)
        else:
            try:
                self.values["started_on"] = read_day(cell, self.today)
            except BadCell:
                self.unread.append(field.name)

    # -- between cells ---------------------------------------------------------------

    def between_cells(self, faults: list[Fault]) -> list[Fault]:
        """What the cells must not say together; of a cell that is at fault nothing is known."""
        found: list[Fault] = []
        at_fault = {fault.field for fault in faults}
        signed: Day | None = self.values.get("signed_on")
        started: Day | None = self.values.get("started_on")
        produced: Day | None = self.values.get("produced_on")
        kind = self.values.get("contract_kind")
        has_kind_column = "agreement_type" in self.layout.fields
        if not has_kind_column:
            kind = self.values["contract_kind"] = "formal"
        if not self.values.get("amount"):
            if signed and "total_investment" not in at_fault:
                found.append(Fault("total_investment", "bad_amount", "有签约时间但没有投资额"))
            self.values.pop("amount", None)
        if signed and kind is None and "agreement_type" not in at_fault:
            found.append(Fault("agreement_type", "unknown_contract", "有签约时间但没有协议类型"))
        for name, day in (
            ("sign_date", signed),
            ("start_date", started),
            ("production_date", produced),
        ):
            if day and day.is_after_day(self.today):
                found.append(Fault(name, "future_date", f"晚于 {self.today}"))
        if started and signed and started.is_before(signed):
            found.append(Fault("start_date", "start_before_signing", "开工早于签约"))
        if started and "sign_date" not in at_fault:
            if signed is None:
                found.append(
                    Fault("start_date", "start_without_signing", "有开工时间但没有签约时间")
                )
            elif kind == "framework":
                found.append(
                    Fault("start_date", "start_without_signing", "框架协议不算签约，不能开工")
                )
        if produced and "start_date" not in at_fault:
            if started is None:
                found.append(
                    Fault("production_date", "production_before_start", "有投产时间但没有开工时间")
                )
            elif produced.is_before(started):
                found.append(Fault("production_date", "production_before_start", "投产早于开工"))
        return found


_STARTED = re.compile(
    r"是|有|√|✓|✔|☑|y|yes|已?(?:开工|动工)(?:建设)?|在建|建设中|已?投产", re.IGNORECASE
)
_PLAIN_NUMBER = re.compile(r"约?(\d+(?:\.\d+)?)(?:亩|人|吨标准?煤|吨|个|名)?")
_HAN = r"[\u3000-\u9fff\uff00-\uffef]"
_BLANK_AT_HAN = re.compile(rf"(?<={_HAN})\s+|\s+(?={_HAN})")


def clean_name(text: str) -> str:
    """A name for display: without line breaks, and blanks only between Latin words."""
    if text.isalnum():
        return text
    return re.sub(r"\s+", " ", _BLANK_AT_HAN.sub("", text.strip()))


def fault_of(field: Field, code: str, reason: str) -> Fault:
    """A fault of a field's own cell."""
    return Fault(field.name, code, reason)
