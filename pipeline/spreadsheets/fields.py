"""The columns that a kind of workbook may have, and which of them a header means.

A county's ledger has those of ``headers.toml``; each other kind a file of its own. What
differs between the kinds besides the columns stands in their :class:`Table`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.spreadsheets.cells import squeeze
from pipeline.spreadsheets.money import find_unit

MONEY_KINDS = {"money", "soft_money"}
CARRIED_KINDS = {
    *("name", "text", "uscc", "park", "channel", "contract", "status", "claim"),
    *("word", "words", "yes_no", "phone", "email"),
}
"""What is merged down over several rows counts for each of them in these columns."""

WORD_KINDS = {"park", "channel", "contract", "status", "word", "words"}
"""Kinds of field whose cells are words of the county."""

NOT_A_FIELD = {"", "-", "ignore"}
"""What --map takes in place of a field for a column to leave alone."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a ledger may have. ``loaded``: a cell that can't be read is a reject."""

    name: str
    kind: str
    attribute: str | None
    loaded: bool
    variants: tuple[str, ...]

    @property
    def words(self) -> str:
        """Under what its words are asked for: a kind that tables share, or its own name."""
        return self.name if self.kind in {"word", "words"} else self.kind


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one kind of workbook.

    ``needed``: columns without which nothing is loaded; where several are named together,
    one of them is enough. ``named`` say what a row is about: a header has one of them, and
    no sub-headings below them. A line without its ``subject`` may be a note or a total;
    ``dated`` and ``money`` are the columns of the day and of the amount, where there are.
    """

    fields: Mapping[str, Field]
    needed: tuple[tuple[str, ...], ...]
    named: tuple[str, ...]
    subject: tuple[str, ...]
    dated: str = ""
    money: str = ""

    def label(self, name: str) -> str:
        """What a field's column is usually called."""
        return self.fields[name].variants[0]


def read_table(file: str) -> dict[str, Field]:
    """The fields of a kind of workbook, by name, from a file beside this module."""
    with Path(__file__).with_name(file).open("rb") as opened:
        table = tomllib.load(opened)
    return {
        name: Field(
            name=name,
            kind=entry["kind"],
            attribute=entry.get("attribute"),
            loaded="attribute" in entry
            and entry.get("loaded", True)
            and entry["kind"] not in {"soft_money", "number"},
            variants=tuple(entry["variants"]),
        )
        for name, entry in table.items()
    }


FIELDS = read_table("headers.toml")
LABELS = {name: field.variants[0] for name, field in FIELDS.items()}
LEDGER = Table(
    FIELDS,
    needed=(("project_name",), ("investor_name",), ("total_investment",), ("sign_date",)),
    named=("project_name", "investor_name"),
    subject=("investor_name",),
    dated="sign_date",
    money="total_investment",
)

_BRACKETED = re.compile(r"[(\[{【〔][^()\[\]{}【】〔〕]*[)\]}】〕]")
_ORNAMENT = re.compile(r"^[*★☆#]+|^\d{1,2}[.、](?=\D)|[:*★]+$")
_UNIT_AT_END = re.compile(r"(?<=.)[/:,、]?(?:单位:?)?[十百千]?(?:万元|亿元|万|亿|千元|元)$")
# 开工时间（计划） is no day of start, 到位资金（本年） not the total: a word in brackets that
# makes another column of it, the word that says so in a header, and what it no longer is.
_QUALIFIERS = (
    (
        re.compile(r"计划|拟|预计"),
        "计划",
        {"sign_date", "start_date", "production_date", "received_on", "occurred_on"},
    ),
    (re.compile(r"本年|今年|当年|\d{4}年"), "本年", {"funds_total"}),
)


def key_of(header: str) -> str:
    """A header as it is compared: without blanks, brackets and what is in them, and marks."""
    text = squeeze(header)
    bare = _BRACKETED.sub("", text)
    if not bare:  # 【项目名称】
        bare = text.strip("()[]{}【】〔〕")
    return _ORNAMENT.sub("", _ORNAMENT.sub("", bare)).replace("日期", "时间").casefold()


def unit_of(header: str) -> str | None:
    """The unit of money that a header names in brackets or at its end."""
    text = squeeze(header)
    for bracket in _BRACKETED.findall(text):
        if unit := find_unit(bracket):
            return unit
    at_end = _UNIT_AT_END.search(_BRACKETED.sub("", text))
    return find_unit(at_end[0] if at_end[0] != "元" else "(元)") if at_end else None


class Matcher:
    """Says which field a header means. What ``header_map`` says comes first.

    Raises ``ValueError`` for a mapping to a field that there is not.
    """

    def __init__(self, header_map: Mapping[str, str] | None = None, table: Table = LEDGER) -> None:
        self.header_map = header_map or {}
        self.table = table
        self._known: dict[str, tuple[Field | None, int]] = {}
        for field in table.fields.values():
            for rank, variant in enumerate(field.variants):
                self._known.setdefault(key_of(variant), (field, rank))
        self._mapped: dict[str, tuple[Field | None, int]] = {}
        for header, name in self.header_map.items():
            self._mapped[squeeze(header).casefold()] = (_named(name, table.fields), -1)
        self.unused_mappings = {squeeze(header).casefold(): header for header in self.header_map}

    def mapped(self, header: str) -> tuple[Field | None, int] | None:
        """What ``header_map`` says of a header in so many words: a field, or to ignore it."""
        written = squeeze(header).casefold()
        if written not in self._mapped:
            return None
        self.unused_mappings.pop(written, None)
        return self._mapped[written]

    def match(self, header: str) -> tuple[Field, int] | None:
        """The field that a header means and how surely (less is surer), or ``None``."""
        found = self._look_up(header)
        return (found[0], found[1]) if found and found[0] is not None else None

    def _look_up(self, header: str) -> tuple[Field | None, int] | None:
        written = squeeze(header).casefold()
        for key in (written, key_of(header)):
            if key in self._mapped:
                self.unused_mappings.pop(key, None)
                return self._mapped[key]
        key = key_of(header)
        in_brackets = "".join(_BRACKETED.findall(squeeze(header)))
        for sign, word, changed in _QUALIFIERS:
            if sign.search(in_brackets):
                found = self._known.get(word + key) or self._plain(key)
                return None if found and found[0] and found[0].name in changed else found
        return self._plain(key)

    def _plain(self, key: str) -> tuple[Field | None, int] | None:
        for attempt in (key, _UNIT_AT_END.sub("", key), key.replace("情况", "")):
            if attempt in self._known:
                return self._known[attempt]
        return None


def _named(name: str, fields: Mapping[str, Field]) -> Field | None:
    wanted = name.strip()
    if wanted.casefold() in NOT_A_FIELD:
        return None
    for field in fields.values():
        if wanted in (field.name, field.attribute, *field.variants):
            return field
    raise ValueError(name)
