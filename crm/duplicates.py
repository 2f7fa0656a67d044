"""Who is in the county's books already: proposed while a name is typed, decided by a person.

The score of a match is how sure it is that both are one company, out of 100:

- 100, ``"uscc"``: the code is the same.
- 98, ``"name"``: the name is the same however it is written.
- 94, ``"name"``: the name is the same without place and company form
  (:func:`crm.names.matching_key`): 山西恒龙储能有限公司 and 恒龙储能（运城）集团.
- at most 90, ``"similar"``: it sounds the same (恒隆储能), or differs by a character, by the
  order of its words, or by what follows it. 90 times the share of characters in common.
- Where both have a code and the codes differ, 30 less: two companies, most likely.

What is not worth a look (below 60) is left out. A company that was merged into another is
found by its own name and code too, and answered with the one that was kept; one that was
withdrawn with its load is not found.

Of 200,000 names not all are compared: a few queries bring the few hundred that share a
beginning, all but one character, both halves or the sound with what was typed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db import connection
from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.db.models.functions import Abs, Length

from crm import uscc
from crm.models import Contact, Organization
from crm.names import initials, matching_key, normalise, pinyin, without_trade

MOST = 10
SHORTEST = 2
CANDIDATES = 200
WORTH_A_LOOK = 60
SAME_CODE, SAME_NAME, SAME_KEY, SAME_SOUND = 100, 98, 94, 90
OTHER_CODE = 30
USCC, NAME, SIMILAR, PHONE = "uscc", "name", "similar", "phone"


@dataclass(frozen=True, slots=True)
class Match:
    """An organization that may be the one asked for: why, and how sure it is.

    ``known_as`` is the name of the row it was found by, where that was merged into it.
    """

    organization: Organization
    why: str
    score: int
    known_as: str = ""


@dataclass(frozen=True, slots=True)
class ContactMatch:
    """A person who may be the one asked for: by ``"phone"`` or by ``"name"``."""

    contact: Contact
    why: str
    score: int


def matches(*, name: str, code: str = "", exclude: int | None = None) -> list[Match]:
    """The organizations that may be the one of ``name`` and ``code``, the surest first.

    At most ten. ``exclude`` is the row that is being edited. Not narrowed to what a person
    may see: a page hides what they may not. Four queries, and one for each link of a chain
    of merges.
    """
    asked = _Asked(name, uscc.compact(code))
    if len(asked.key) < SHORTEST and not asked.code:
        return []
    rows = {row.pk: row for query in asked.queries() for row in query}
    standing = standing_for(rows.values())
    best: dict[int, Match] = {}
    for pk, row in rows.items():
        found = standing[pk]
        why, score = asked.compare(row)
        if score < WORTH_A_LOOK or found.withdrawn_at or found.pk == exclude:
            continue
        known_as = "" if found.pk == pk else row.name
        if found.pk not in best or score > best[found.pk].score:
            best[found.pk] = Match(found, why, score, known_as)
    return sorted(best.values(), key=lambda m: (-m.score, m.organization.pk))[:MOST]


def standing(organization: Organization) -> Organization:
    """The organization itself, or the one that it was merged into, however often."""
    return standing_for([organization])[organization.pk]


def standing_for(organizations: Iterable[Organization]) -> dict[int, Organization]:
    """Which organization stands for each; a query for each link of the longest chain."""
    rows = {row.pk: row for row in organizations}
    known = dict(rows)
    while missing := {r.merged_into_id for r in known.values() if r.merged_into_id} - known.keys():
        known |= Organization.objects.in_bulk(missing)

    def last(row: Organization) -> Organization:
        while row.merged_into_id:
            row = known[row.merged_into_id]
        return row

    return {pk: last(row) for pk, row in rows.items()}


def merged_into(organizations: Iterable[int]) -> dict[int, list[Organization]]:
    """The rows that were merged into each, also by way of others: what else it is known as.

    A query for each link of the longest chain.
    """
    target = {pk: pk for pk in organizations}
    found: dict[int, list[Organization]] = {}
    ahead = list(target)
    while ahead:
        rows = Organization.objects.filter(merged_into__in=ahead).order_by("pk")
        ahead = []
        for row in rows:
            target[row.pk] = target[row.merged_into_id or 0]
            found.setdefault(target[row.pk], []).append(row)
            ahead.append(row.pk)
    return found


def contact_matches(
    *, name: str, phone: str, organization: Organization | None, exclude: int | None = None
) -> list[ContactMatch]:
    """The people who may be the one of ``name`` and ``phone``, the surest first.

    The same number anywhere (95, at the same company 100; 80 under another name), and the
    same name at the same company (85, 60 where both have a number and they differ). Not
    narrowed to what a person may see.
    """
    key, number = normalise(name), digits(phone)
    found = Q(pk__in=())
    if len(number) >= 7:
        found |= Q(phone__in={phone.strip(), number, f"+86{number}", f"86{number}"})
    if organization is not None:
        found |= Q(organization=organization)
    people = Contact.objects.current().filter(found).exclude(pk=exclude or 0)
    answers = []
    for contact in people.select_related("organization").order_by("pk")[:CANDIDATES]:
        is_here = organization is not None and contact.organization_id == organization.pk
        has_name = normalise(contact.name) == key
        theirs = digits(contact.phone)
        if number and theirs == number:
            answers.append(ContactMatch(contact, PHONE, (95 + 5 * is_here) if has_name else 80))
        elif is_here and has_name:
            answers.append(ContactMatch(contact, NAME, 60 if number and theirs else 85))
    return sorted(answers, key=lambda match: (-match.score, match.contact.pk))[:MOST]


def digits(phone: str) -> str:
    """A phone number as it is compared: its digits, without the country's 86."""
    number = "".join(sign for sign in normalise(phone) if sign.isdecimal())
    return number.removeprefix("86") if len(number) > 11 else number


class _Asked:
    """A name and code as they are looked for and compared with."""

    def __init__(self, name: str, code: str) -> None:
        self.code = code
        self.key = normalise(name)
        self.core = matching_key(name) if self.key else ""
        self.own = without_trade(self.core)
        self.sound, self.first_letters = pinyin(self.core), initials(self.core)

    def queries(self) -> Iterator[QuerySet[Organization]]:
        rows = Organization.objects.filter(withdrawn_at__isnull=True)
        if self.code:
            yield rows.filter(uscc=self.code).order_by("pk")[:CANDIDATES]
        if len(self.key) < SHORTEST:
            return
        same = rows.filter(Q(name_key=self.key) | Q(matching_key__in=self._parts()))
        by_name = Case(
            When(name_key=self.key, then=0),
            When(matching_key=self.core, then=1),
            default=2,
            output_field=IntegerField(),
        )
        yield same.order_by(by_name, "pk")[:CANDIDATES]
        length = Abs(Length("matching_key") - len(self.core))
        for arms in (self._beginning_alike(), self._elsewhere_alike()):
            yield rows.filter(arms).order_by(length, "pk")[:CANDIDATES]

    def _parts(self) -> set[str]:
        """The whole of what was typed, its beginnings, and its ends of three characters."""
        core = self.core
        ends = {core[at:] for at in range(max(len(core) - 2, 1))}
        return ends | {core[:at] for at in range(SHORTEST, len(core))}

    def _beginning_alike(self) -> Q:
        """The first half is the same, or all but one character of it and what follows."""
        core, half = self.core, (len(self.core) + 1) // 2
        arms = Q(matching_key__startswith=core[: max(half, SHORTEST)])
        for at in range(1, min(half, 5)):
            if rest := core[at + 1 :]:
                arms |= Q(matching_key__startswith=core[:at], name_key__has=rest)
        return _begins_with(core[0]) & arms

    def _elsewhere_alike(self) -> Q:
        """All but the first character, the words in another order, or the sound."""
        core = self.core
        arms = Q(pk__in=())
        if len(core) > SHORTEST:
            arms |= Q(name_key__has=core[1:])
            arms |= Q(name_key__has=core[1] + core[0] + core[2:])
        for at in {len(core) // 2, len(self.own)}:
            if min(at, len(core) - at) >= SHORTEST:
                arms |= Q(name_key__has=core[:at]) & Q(name_key__has=core[at:])
        if self.first_letters:
            arms |= Q(initials__has=self.first_letters, pinyin__contains=self.sound)
        return arms

    def compare(self, row: Organization) -> tuple[str, int]:
        if self.code and row.uscc == self.code:
            return USCC, SAME_CODE
        less = OTHER_CODE if self.code and row.uscc else 0
        if not self.key:
            return SIMILAR, 0
        if row.name_key == self.key:
            return NAME, SAME_NAME - less
        if row.matching_key == self.core:
            return NAME, SAME_KEY - less
        return SIMILAR, round(SAME_SOUND * self._alike(row.matching_key)) - less

    def _alike(self, other: str) -> float:
        if self.sound and pinyin(other) == self.sound:
            return 1
        whole = _share(self.core, other)
        short, long = sorted((self.core, other), key=len)
        if long.startswith(short) or (len(short) > 2 and short in long):
            return max(whole, 0.75)
        # 金鼎新能源科技 and 恒龙新能源科技 have much in common, and nothing of their own.
        if _share(self.own, without_trade(other)) < 0.5:
            return 0
        return whole


def _share(one: str, other: str) -> float:
    """The share of characters in common: in order, or in any order for a tenth less."""
    in_order = SequenceMatcher(None, one, other, autojunk=False).ratio()
    common = (Counter(one) & Counter(other)).total()
    return max(in_order, 0.9 * 2 * common / (len(one) + len(other)))


def _begins_with(sign: str) -> Q:
    """Names that begin with a character, by the index on both databases.

    SQLite has no use of an index for LIKE; its texts are in the order of their code points.
    """
    if connection.vendor == "sqlite":
        return Q(matching_key__gte=sign, matching_key__lt=chr(ord(sign) + 1))
    return Q(matching_key__startswith=sign)


def groups(
    rows: QuerySet[Organization], *, after: str = "", most: int, span: int
) -> tuple[list[list[Organization]], str]:
    """Organizations that have their name without place and form in common, by that name.

    At most ``most`` groups of what comes ``after`` a name, and the name to go on after, ""
    at the end. Of ``rows`` at most ``span`` are read, so a call costs the same however many
    there are; it may then find fewer groups, or none, before the end.
    """
    ahead = rows.filter(matching_key__gt=after).order_by("matching_key")
    keys = list(ahead.values_list("matching_key", flat=True)[:span])
    is_end = len(keys) < span
    if not is_end and keys[0] != keys[-1]:  # the last name may go on beyond the span
        keys = [key for key in keys if key != keys[-1]]
    several = [key for key, times in Counter(keys).items() if times > 1]
    shown, last = several[:most], keys[-1] if keys else ""
    if len(several) > most:
        is_end, last = False, shown[-1]
    found: dict[str, list[Organization]] = {key: [] for key in shown}
    for row in rows.filter(matching_key__in=shown).order_by("matching_key", "pk")[:span]:
        found[row.matching_key].append(row)
    return list(found.values()), "" if is_end else last
