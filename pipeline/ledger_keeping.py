"""The ledgers themselves: a county adds, renames and lays aside its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.refusals import Refused
from crm.rights import require
from pipeline.models import Ledger, LedgerKind


class NameTaken(Refused):
    """Another ledger has the name, or is of this kind that there is one of."""

    code = "name_taken"


class BadPrefix(Refused):
    """The head of the numbers would make them ambiguous."""

    code = "bad_prefix"


@transaction.atomic
def add(
    *,
    slug: str,
    name: str,
    prefix: str,
    kind: str = LedgerKind.CUSTOM,
    working_days: bool | None = None,
    position: int = 0,
    by: User,
) -> Ledger:
    """A new ledger. Raises ``NotAllowed``, ``NameTaken``, ``BadPrefix``."""
    require(by, "ledger.keep")
    ledger = Ledger(slug=slug, kind=kind)
    return _written(ledger, name=name, prefix=prefix, working_days=working_days, position=position)


@transaction.atomic
def change(ledger: Ledger, *, by: User, **columns: Any) -> Ledger:
    """Another ``name``, ``prefix``, ``working_days`` or ``position``; numbers given stay.

    Raises ``NotAllowed``, ``NameTaken``, ``BadPrefix``.
    """
    require(by, "ledger.keep")
    return _written(Ledger.objects.select_for_update().get(pk=ledger.pk), **columns)


@transaction.atomic
def close(ledger: Ledger, *, by: User, at: dt.datetime) -> Ledger:
    """Take no new items; what is in it goes on. Raises ``NotAllowed``."""
    require(by, "ledger.keep")
    row = Ledger.objects.select_for_update().get(pk=ledger.pk)
    if row.closed_at is None:
        row.closed_at = at
        row.save(update_fields=["closed_at"])
    return row


@transaction.atomic
def open_again(ledger: Ledger, *, by: User) -> Ledger:
    """Take new items again. Raises ``NotAllowed``."""
    require(by, "ledger.keep")
    row = Ledger.objects.select_for_update().get(pk=ledger.pk)
    row.closed_at = None
    row.save(update_fields=["closed_at"])
    return row


def _written(ledger: Ledger, **columns: Any) -> Ledger:
    for name, value in columns.items():
        setattr(ledger, name, value.strip() if isinstance(value, str) else value)
    if not ledger.prefix or "-" in ledger.prefix:
        raise BadPrefix(_("编号字头不能为空，也不能带连字符"))
    try:
        with transaction.atomic():
            ledger.save()
    except IntegrityError as taken:
        raise NameTaken(_("已有同名、同标识的台账，或者这种台账已经有一本")) from taken
    return ledger
