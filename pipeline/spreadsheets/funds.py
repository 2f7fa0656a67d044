"""A workbook of money that arrived, a receipt a row: 到位资金.

Loaded as history, as a ledger is: recorded by the system user, verified by the verifier who
loads it, with the workbook's row as its proof. Money must not count twice: a receipt that
is loaded already changes nothing, one that somebody recorded by hand is refused, and so is
one that lies before the day of a ledger's cumulative figure, which holds it already.
A receipt is never rewritten; another amount for the same day is another receipt, and said.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from crm.names import normalise
from pipeline import activity, attribution, history
from pipeline.days import MONTH, Day
from pipeline.models import FundsReceipt, LoadKind, RowOutcome
from pipeline.spreadsheets.entries import (
    Entry,
    EntryLoader,
    EntryReader,
    EntrySheets,
    Plan,
    entry_words,
)
from pipeline.spreadsheets.events import Reject
from pipeline.spreadsheets.fields import Table, read_table
from pipeline.spreadsheets.known import OUTSIDE, Projects
from pipeline.spreadsheets.rows import Fault, Words

TABLE = Table(
    read_table("headers_funds.toml"),
    needed=(("project_name",), ("received_on",), ("amount",)),
    named=("project_name", "investor_name"),
    subject=("project_name", "investor_name"),
    dated="received_on",
    money="amount",
)
CODES = (
    "missing_name",
    "formula_without_value",
    "ambiguous_date",
    "bad_uscc",
    "bad_amount",
    "bad_date",
    "too_long",
    "future_date",
    "unknown_project",
    "another_investor",
    "ambiguous_project",
    OUTSIDE,
    "already_carried",
    "already_recorded",
    "duplicate_row",
)


class FundsReader(EntryReader):
    """Reads a receipt."""

    codes = CODES
    nameless_as = ("missing_name", "没有项目名称")
    longest = {"note": 200}
    required = {
        "received_on": ("bad_date", "没有到位时间"),
        "amount": ("bad_amount", "没有到位金额"),
    }

    def between_cells(self, faults: list[Fault]) -> list[Fault]:
        """A receipt of nothing says nothing."""
        if self.values.get("amount") == 0:
            del self.values["amount"]
        return super().between_cells(faults)


class FundsSheets(EntrySheets):
    """The sheets of receipts."""

    table = TABLE
    reader = FundsReader
    what = "到位资金表"
    none_hint = "没有一行表头含有项目名称、到位时间、到位金额"

    def identities(self, row: Entry) -> list[tuple[str, str]]:
        """A project's receipt: its day, amount and voucher."""
        said = row.said
        about = (said["project_name"], said.get("investor_name", ""), said.get("uscc") or "")
        day, note = said["received_on"], normalise(said.get("note", ""))
        receipt = f"{day.on} {day.precision} {said['amount']} {note}"
        return [("\n".join(map(normalise, about)), receipt)]

    def duplicate(self, place: str) -> Fault:
        """The fault of a row that an earlier one says already."""
        return Fault(
            "amount",
            "duplicate_row",
            f"与第 {place} 行的项目、时间、金额和凭证号相同",
            "请删除重复行；确是两笔的，请写明各自的凭证号",
        )


def vocabulary() -> Words:
    """Receipts have no words of their own."""
    return entry_words()


@dataclass(slots=True)
class FundsPlan(Plan):
    """A receipt to book, or one that is booked already."""

    receipt: FundsReceipt | None = None


class FundsLoader(EntryLoader[FundsPlan]):
    """Books receipts."""

    def prepare(self, rows: Sequence[Entry]) -> None:
        """Find the projects that are named and what is booked for them; three queries."""
        self._projects = Projects([row.said["project_name"] for row in rows], by=self.by)
        self._claimed_by = history.claimant()
        self._loaded: dict[int, list[FundsReceipt]] = defaultdict(list)
        self._recorded: dict[int, list[FundsReceipt]] = defaultdict(list)
        self._carried: dict[int, list[FundsReceipt]] = defaultdict(list)
        booked = FundsReceipt.objects.filter(project__in=self._projects.ids)
        for receipt in booked.select_related("load_row__load").order_by("pk"):
            if receipt.load_row is None:
                self._recorded[receipt.project_id].append(receipt)
            elif receipt.load_row.load.undone_at is None:
                is_funds = receipt.load_row.load.kind == LoadKind.FUNDS
                kept = self._loaded if is_funds else self._carried
                kept[receipt.project_id].append(receipt)

    def plan(self, row: Entry) -> FundsPlan | Reject:
        """Book a receipt unless it is there."""
        said = row.said
        project = self._projects.find(
            said["project_name"], said.get("investor_name", ""), said.get("uscc")
        )
        if isinstance(project, Fault):
            return self.sheets.reject(row, project.field, project.code, project.reason)
        day, amount, note = said["received_on"], said["amount"], said.get("note", "")
        same_day = [r for r in self._loaded[project.pk] if _is_on(r, day)]
        for receipt in same_day:
            if receipt.amount == amount and normalise(receipt.note) == normalise(note):
                return FundsPlan(row, RowOutcome.UNCHANGED, project=project)
        if any(_is_on(r, day) and r.amount == amount for r in self._recorded[project.pk]):
            return self.sheets.reject(
                row, "amount", "already_recorded", "系统内已登记同日同额的到位资金"
            )
        carried = self._carried[project.pk]
        until = max((r.received_on for r in carried), default=None)
        total = sum((r.amount for r in carried), Decimal(0))
        if until is not None and total > 0 and day.on <= until:
            return self.sheets.reject(
                row, "received_on", "already_carried", f"已含在台账截至 {until} 的累计到位资金中"
            )
        if earlier := [r for r in same_day if r.load_row and r.load_row.load_id != self.load.pk]:
            self.say(
                row,
                _("这个项目同一天已导入过 %(amount)s 元，按另一笔登记；如是更正，请先撤销那次导入")
                % {"amount": earlier[0].amount},
            )
        receipt = FundsReceipt(
            project=project,
            received_on=day.on,
            precision=day.precision,
            amount=amount,
            note=note,
            is_historical=True,
            recorded_at=self.at,
            recorded_by=self._claimed_by,
            verified_at=self.at,
            verified_by=self.by,
        )
        return FundsPlan(row, RowOutcome.CREATED, project=project, receipt=receipt)

    def save_before(self, plans: Sequence[FundsPlan]) -> None:
        """A receipt points at its row; its project is there."""

    def save_after(self, plans: Sequence[FundsPlan]) -> None:
        """Book the receipts with the park or shares of their day."""
        receipts = []
        for plan in plans:
            if plan.receipt is not None:
                plan.receipt.load_row = plan.load_row
                receipts.append(plan.receipt)
        shared = history.place(receipts, on=[receipt.received_on for receipt in receipts])
        FundsReceipt.objects.bulk_create(receipts, batch_size=1000)
        for receipt, shares in shared:
            attribution.fix_shares(receipt, shares)
        activity.touch_all({receipt.project: receipt.received_on for receipt in sorted(
            receipts, key=lambda receipt: receipt.received_on
        )})  # fmt: skip


def _is_on(receipt: FundsReceipt, day: Day) -> bool:
    """Whether a receipt is of that day; a month that was loaded before stays as it was fixed."""
    if receipt.precision == day.precision == MONTH:
        return _month(receipt.received_on) == _month(day.on)
    return receipt.precision == day.precision and receipt.received_on == day.on


def _month(day: dt.date) -> tuple[int, int]:
    return day.year, day.month
