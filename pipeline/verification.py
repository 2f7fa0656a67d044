"""The verifier's queue: what waits for a second person, oldest first, and how far its
evidence goes.

Open claims and unverified receipts stand in one queue, ordered by the instant since when
they wait. A page of it begins after a key of the queue, so the last page costs what the
first does, and facts are asked for the rows of a page together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Park, User
from crm.refusals import Refused
from pipeline import funds, milestones
from pipeline.facts import Question, gather_all
from pipeline.gates import GATES, Requirement, missing
from pipeline.models import FundsReceipt, Milestone, Project

PAGE = 25
SCANNED = 500  # rows that a page looks through for those with, or without, all evidence
TOGETHER = 50  # rows that are verified at once
FUNDS = "funds"


class NotTogether(Refused):
    """This one has to be looked at by itself."""

    code = "not_together"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A place in the queue: since when it waits, what it is (0 claim, 1 receipt), which."""

    at: dt.datetime
    sort: int
    pk: int

    @property
    def name(self) -> str:
        """As it stands in a URL: ``m12`` for a claim, ``r34`` for a receipt."""
        return f"{'mr'[self.sort]}{self.pk}"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which part of the queue is looked at; everything where nothing is said.

    ``kind`` is a kind of milestone or ``funds``; ``no_park`` asks for what is in none;
    ``until`` for what waits since then or longer; ``evidence`` is ``complete`` or
    ``incomplete``.
    """

    kind: str = ""
    park: Park | None = None
    no_park: bool = False
    officer: User | None = None
    until: dt.datetime | None = None
    evidence: str = ""


@dataclass(slots=True)
class Item:
    """A row of the queue with what its gate finds missing and what had been waived."""

    key: Key
    row: Milestone | FundsReceipt
    lacking: list[Requirement] = field(default_factory=list)
    waived: list[Requirement] = field(default_factory=list)
    has_proof: bool = True

    @property
    def is_receipt(self) -> bool:
        return self.key.sort == 1

    @property
    def project(self) -> Project:
        return self.row.project

    @property
    def by(self) -> User:
        """Who claimed or recorded it."""
        row = self.row
        return row.claimed_by if isinstance(row, Milestone) else row.recorded_by

    @property
    def on(self) -> dt.date:
        row = self.row
        return row.occurred_on if isinstance(row, Milestone) else row.received_on

    @property
    def amount(self) -> Decimal | None:
        return self.row.amount

    @property
    def is_complete(self) -> bool:
        """All that the gate asks is there, and nothing was waived."""
        return self.has_proof and not self.lacking and not self.waived


def claims(user: User, narrowing: Narrowing) -> QuerySet[Milestone]:
    """The open claims that the person may see; none where only receipts are looked at."""
    rows = Milestone.objects.open().visible_to(user)
    if narrowing.kind == FUNDS:
        return rows.none()
    if narrowing.kind:
        rows = rows.filter(kind=narrowing.kind)
    return rows.filter(_narrowed(narrowing, since="claimed_at"))


def receipts(user: User, narrowing: Narrowing) -> QuerySet[FundsReceipt]:
    """The unverified receipts that the person may see."""
    rows = FundsReceipt.objects.filter(verified_at__isnull=True).visible_to(user)
    if narrowing.kind not in ("", FUNDS):
        return rows.none()
    return rows.filter(_narrowed(narrowing, since="recorded_at"))


def _narrowed(narrowing: Narrowing, *, since: str) -> Q:
    asked = Q(project__withdrawn_at__isnull=True)
    if narrowing.park is not None:
        asked &= Q(project__park=narrowing.park)
    if narrowing.no_park:
        asked &= Q(project__park__isnull=True)
    if narrowing.officer is not None:
        asked &= Q(project__officer=narrowing.officer)
    if narrowing.until is not None:
        asked &= Q(**{f"{since}__lte": narrowing.until})
    return asked


def counts(user: User, narrowing: Narrowing) -> dict[str, int]:
    """How many of each kind wait, whatever kind and evidence the narrowing names.

    Two queries that read open rows only, however many milestones there are.
    """
    all_kinds = Narrowing(
        park=narrowing.park,
        no_park=narrowing.no_park,
        officer=narrowing.officer,
        until=narrowing.until,
    )
    by_kind = claims(user, all_kinds).order_by().values("kind").annotate(n=Count("pk"))
    found = {row["kind"]: row["n"] for row in by_kind}
    return {**found, FUNDS: receipts(user, all_kinds).count()}


def key_of(name: str) -> Key | None:
    """The place that a URL names; it stays one when the row has been decided since."""
    sort, number = name[:1], name[1:]
    if not number.isdecimal() or not number.isascii() or len(number) > 15:
        return None
    if sort == "m":
        at = Milestone.objects.filter(pk=number).values_list("claimed_at", flat=True).first()
    elif sort == "r":
        at = FundsReceipt.objects.filter(pk=number).values_list("recorded_at", flat=True).first()
    else:
        return None
    return None if at is None else Key(at, "mr".index(sort), int(number))


def keys(
    user: User,
    narrowing: Narrowing,
    *,
    beyond: Key | None = None,
    backwards: bool = False,
    many: int,
) -> list[Key]:
    """The next ``many`` places of the queue after ``beyond``, or before it: two queries."""
    found: list[Key] = []
    sources: tuple[tuple[int, str, QuerySet[Any]], ...] = (
        (0, "claimed_at", claims(user, narrowing)),
        (1, "recorded_at", receipts(user, narrowing)),
    )
    for sort, since, rows in sources:
        if beyond is not None:
            rows = rows.filter(_on(beyond, sort, since, backwards=backwards))
        sign = "-" if backwards else ""
        places = rows.order_by(f"{sign}{since}", f"{sign}pk").values_list(since, "pk")[:many]
        found += [Key(at, sort, pk) for at, pk in places]
    return sorted(found, reverse=backwards)[:many]


def _on(key: Key, sort: int, since: str, *, backwards: bool) -> Q:
    """Rows of one source that come after a key (before it, backwards)."""
    way = "lt" if backwards else "gt"
    further = Q(**{f"{since}__{way}": key.at})
    if sort == key.sort:
        return further | Q(**{since: key.at, f"pk__{way}": key.pk})
    # At the same instant claims stand before receipts.
    same_is_further = (sort > key.sort) != backwards
    return further | Q(**{since: key.at}) if same_is_further else further


def items(places: Sequence[Key], *, at: dt.datetime) -> list[Item]:
    """The rows of those places, with what their gates say at ``at``; queries do not grow."""
    claimed = (
        Milestone.objects.select_related(
            "project__investor", "project__park", "project__officer", "claimed_by", "expansion"
        )
        .defer("project__content", "project__progress", "project__problems", "project__remark")
        .in_bulk([key.pk for key in places if key.sort == 0])
    )
    received = FundsReceipt.objects.select_related(
        "project__investor", "project__park", "project__officer", "recorded_by", "document"
    ).in_bulk([key.pk for key in places if key.sort == 1])
    asked = list(claimed.values())
    facts = (
        gather_all([Question.about(m) for m in asked], today=timezone.localdate(at), known_at=at)
        if asked
        else []
    )
    known = {m.pk: found for m, found in zip(asked, facts, strict=True)}
    result = []
    for key in places:
        if key.sort == 1 and (receipt := received.get(key.pk)):
            proved = receipt.document_id is not None or receipt.load_row_id is not None
            result.append(Item(key, receipt, has_proof=proved))
        elif key.sort == 0 and (claim := claimed.get(key.pk)):
            given_up = set(claim.waived.split(",")) if claim.waived else set()
            gate = GATES[claim.kind, claim.contract_kind]
            lacking = missing(known[key.pk], claim.kind, claim.contract_kind)
            result.append(
                Item(
                    key,
                    claim,
                    lacking=[need for need in lacking if need.code not in given_up],
                    waived=[need for need in gate if need.code in given_up],
                )
            )
    return result


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some rows of the queue in its order; ``beyond`` is where the next page begins."""

    items: list[Item]
    beyond: Key | None


def queue(
    user: User,
    narrowing: Narrowing,
    *,
    at: dt.datetime,
    beyond: Key | None = None,
    backwards: bool = False,
    size: int = PAGE,
) -> QueuePage:
    """A page of the queue.

    Whether evidence is complete no query can say, so a page that asks for it looks through
    at most :data:`SCANNED` rows and goes on where it stopped.
    """
    if not narrowing.evidence:
        places = keys(user, narrowing, beyond=beyond, backwards=backwards, many=size + 1)
        is_more = len(places) > size
        places = places[:size]
        return QueuePage(items(places, at=at), places[-1] if is_more else None)
    wanted = narrowing.evidence == "complete"
    found: list[Item] = []
    looked = 0
    while looked < SCANNED:
        places = keys(user, narrowing, beyond=beyond, backwards=backwards, many=100)
        for item in items(places, at=at):
            if item.is_complete is not wanted:
                continue
            if len(found) == size:
                return QueuePage(found, found[-1].key)
            found.append(item)
        looked += len(places)
        if len(places) < 100:
            return QueuePage(found, None)
        beyond = places[-1]
    return QueuePage(found, beyond)


def neighbours(
    user: User, narrowing: Narrowing, key: Key, *, at: dt.datetime
) -> tuple[Key | None, Key | None]:
    """What stands before and after a place."""
    before, after = (
        queue(user, narrowing, at=at, beyond=key, backwards=back, size=1).items
        for back in (True, False)
    )
    return (before[0].key if before else None, after[0].key if after else None)


def next_after(user: User, narrowing: Narrowing, key: Key, *, at: dt.datetime) -> Key | None:
    """What to open once a place has been decided: what follows, else the first that waits."""
    for beyond in (key, None):
        following = queue(user, narrowing, at=at, beyond=beyond, size=1).items
        if following:
            return following[0].key
    return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of a batch: verified, or why not."""

    item: Item
    refusal: str = ""


def verify_together(names: Iterable[str], *, by: User, at: dt.datetime) -> list[Outcome]:
    """Verify several, each by the verb of its own; one that is refused stops no other.

    Only what is complete is verified so: where something is missing, or was waived, a
    person looks at it by itself. What the person may not see is left out, and so is what
    comes after :data:`TOGETHER` rows.
    """
    places = [key for name in dict.fromkeys(names) if (key := key_of(name))]
    seen = {
        0: set(_among(Milestone.objects.visible_to(by), places, 0)),
        1: set(_among(FundsReceipt.objects.visible_to(by), places, 1)),
    }
    places = [key for key in sorted(places) if key.pk in seen[key.sort]][:TOGETHER]
    return [_verified(item, by=by, at=at) for item in items(places, at=at)]


def _among(rows: QuerySet[Any], places: list[Key], sort: int) -> Iterable[int]:
    wanted = [key.pk for key in places if key.sort == sort]
    return rows.filter(pk__in=wanted).values_list("pk", flat=True)


def _verified(item: Item, *, by: User, at: dt.datetime) -> Outcome:
    try:
        with transaction.atomic():
            row = item.row
            if isinstance(row, FundsReceipt):
                funds.verify(row, by=by, at=at)
            else:
                if row.state == "claimed" and not item.is_complete:
                    raise NotTogether(_("证据不齐或有破例，请打开逐件核验"))
                milestones.verify(row, by=by, at=at)
    except Refused as refusal:
        return Outcome(item, str(refusal))
    return Outcome(item)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided lately about a claim: ``verified``, ``returned`` or ``revoked``."""

    milestone: Milestone
    act: str
    at: dt.datetime
    by: User
    reason: str


def decisions(user: User, *, mine: bool, many: int = 50) -> list[Decision]:
    """The latest decisions on claims, newest first; a history load's are none of them."""
    rows = (
        Milestone.objects.visible_to(user)
        .filter(is_historical=False, project__withdrawn_at__isnull=True)
        .select_related(
            "project__investor", "project__park", "verified_by", "returned_by", "revoked_by"
        )
    )
    found: list[Decision] = []
    for act, reason in (
        ("verified", ""),
        ("returned", "return_reason"),
        ("revoked", "revoke_reason"),
    ):
        decided = rows.filter(**{f"{act}_at__isnull": False})
        if mine:
            decided = decided.filter(**{f"{act}_by": user})
        found += [
            Decision(
                row,
                act,
                getattr(row, f"{act}_at"),
                getattr(row, f"{act}_by"),
                getattr(row, reason) if reason else "",
            )
            for row in decided.order_by(f"-{act}_at", "-pk")[:many]
        ]
    return sorted(found, key=lambda d: (d.at, d.milestone.pk), reverse=True)[:many]
