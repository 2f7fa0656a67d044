"""A workbook of companies and the people at them: 企业与联系人.

A row names a company by its code or name, and may name one person there; further rows of
the same company add further people. What a cell says is written over what is stored, an
empty cell changes nothing, tags are added and never taken off. A row whose cells are those
of its last load changes nothing, whatever was edited since.

Who loads is who registered: a park's person sees what they loaded, and may not write on a
company that other units work with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from crm import names
from crm.models import Chain, ChainPosition, Contact, Industry, Organization, Tag
from crm.models.dictionaries import TagGroup
from pipeline.models import LoadKind, LoadRow, RowOutcome
from pipeline.spreadsheets.batches import plain
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
from pipeline.spreadsheets.known import OUTSIDE, Companies
from pipeline.spreadsheets.rows import Fault, Words

TABLE = Table(
    read_table("headers_organizations.toml"),
    needed=(("name",),),
    named=("name", "uscc", "contact"),
    subject=("name",),
)
CODES = (
    "missing_name",
    "formula_without_value",
    "bad_uscc",
    "too_long",
    "bad_is_local",
    "unknown_industry",
    "unknown_chain",
    "unknown_position",
    "unknown_tags",
    "bad_phone",
    "bad_email",
    "missing_contact",
    "another_name",
    "several_of_that_name",
    "several_contacts",
    OUTSIDE,
    "duplicate_row",
)
# field of the row -> field of the organization, of the contact
ORGANIZATION_FIELDS = {
    "origin": "origin",
    "is_local": "is_local",
    "industry": "industry",
    "chain": "chain",
    "position": "chain_position",
    "address": "address",
    "note": "note",
}
CONTACT_FIELDS = {
    "title": "title",
    "phone": "phone",
    "wechat": "wechat",
    "email": "email",
    "contact_note": "note",
}


class OrganizationReader(EntryReader):
    """Reads a company and one person at it."""

    codes = CODES
    nameless_as = ("missing_name", "没有企业名称")
    longest = {
        "name": 120,
        "origin": 80,
        "address": 160,
        "contact": 40,
        "title": 60,
        "wechat": 60,
        "contact_note": 200,
    }

    def between_cells(self, faults: list[Fault]) -> list[Fault]:
        """A telephone number without a name is nobody's."""
        found = super().between_cells(faults)
        nobodys = [name for name in CONTACT_FIELDS if name in self.values]
        if (
            nobodys
            and "contact" not in self.values
            and not any(fault.field == "contact" for fault in faults)
        ):
            found.append(Fault("contact", "missing_contact", "有联系方式但没有联系人姓名"))
        return found


class OrganizationSheets(EntrySheets):
    """The sheets of companies and people."""

    table = TABLE
    reader = OrganizationReader
    what = "企业名单"
    none_hint = "没有一行表头含有企业名称"

    def identities(self, row: Entry) -> list[tuple[str, str]]:
        """A company and one person at it, or the company alone."""
        contact = names.normalise(row.said.get("contact", ""))
        keys = [(names.normalise(row.said["name"]), contact)]
        return [*keys, (row.said["uscc"], contact)] if row.said.get("uscc") else keys

    def duplicate(self, place: str) -> Fault:
        """The fault of a row that an earlier one says already."""
        return Fault("name", "duplicate_row", f"与第 {place} 行的企业和联系人相同", "请删除重复行")


def vocabulary() -> Words:
    """The county's industries, chains and tags, and the positions on a chain."""
    return entry_words(
        industry={
            word: str(industry.pk)
            for industry in Industry.objects.all()
            for word in (industry.name, industry.code, f"{industry.code} {industry.name}")
        },
        chain={chain.name: str(chain.pk) for chain in Chain.objects.all()},
        position={
            **{str(label): value for value, label in ChainPosition.choices},
            "链主企业": ChainPosition.LEADER,
            "龙头": ChainPosition.LEADER,
            "龙头企业": ChainPosition.LEADER,
            "上游企业": ChainPosition.UPSTREAM,
            "中游企业": ChainPosition.MIDSTREAM,
            "下游企业": ChainPosition.DOWNSTREAM,
            "配套企业": ChainPosition.SUPPORTING,
        },
        tags={tag.name: str(tag.pk) for tag in Tag.objects.filter(group=TagGroup.GENERAL)},
    )


@dataclass(slots=True)
class OrganizationPlan(Plan):
    """A company with what changes on it, and the person with what changes there."""

    made: list[str] = field(default_factory=list)  # what the row registers or revives
    changed: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    tags: list[int] = field(default_factory=list)


class OrganizationLoader(EntryLoader[OrganizationPlan]):
    """Registers and corrects companies and people."""

    def prepare(self, rows: Sequence[Entry]) -> None:
        """Find the companies that are named, their people, tags and last loads."""
        self._companies = Companies(
            [(row.said["name"], row.said.get("uscc")) for row in rows], by=self.by
        )
        self._industries = Industry.objects.in_bulk()
        self._chains = Chain.objects.in_bulk()
        ids = self._companies.ids
        self._people: dict[int, list[Contact]] = defaultdict(list)
        self._primary: set[int] = set()
        self._known_as: dict[tuple[int, str], Contact] = {}
        everybody = Contact.objects.filter(organization__in=ids).order_by("pk").in_bulk()
        for contact in everybody.values():
            company = id(self._companies.by_id(contact.organization_id))
            if contact.merged_into_id is None:
                self._people[company].append(contact)
            else:
                now = contact
                while now.merged_into_id in everybody:
                    now = everybody[now.merged_into_id]
                self._known_as.setdefault((company, names.normalise(contact.name)), now)
            if contact.is_primary:
                self._primary.add(company)
        self._tags: dict[int, set[int]] = defaultdict(set)
        tagged = Organization.tags.through.objects.filter(organization__in=ids)
        for organization, tag in tagged.values_list("organization", "tag"):
            self._tags[organization].add(tag)
        last = (
            LoadRow.objects.filter(
                organization__in=ids,
                load__kind=LoadKind.ORGANIZATIONS,
                load__undone_at__isnull=True,
            )
            .exclude(load=self.load)
            .order_by("pk")
            .values_list("organization", "contact", "cells")
        )
        self._cells: dict[tuple[int, int | None], Any] = {
            (organization, contact): cells for organization, contact, cells in last
        }

    def plan(self, row: Entry) -> OrganizationPlan | Reject:
        """Compare a row with what is stored."""
        said = row.said
        found = self._companies.find(said["name"], said.get("uscc"))
        if isinstance(found, Fault):
            return self.sheets.reject(row, found.field, found.code, found.reason)
        if found is not None and not self._companies.is_visible(found):
            return self.sheets.reject(row, "name", OUTSIDE, "由其他单位跟进，不在您的工作范围")
        person = self._person(row, found) if found is not None else None
        if isinstance(person, Reject):
            return person
        plan = OrganizationPlan(row, RowOutcome.UNCHANGED, organization=found, contact=person)
        if found is None or found.withdrawn_at is not None:
            plan.made.append("organization")
        if said.get("contact") and (person is None or person.withdrawn_at is not None):
            plan.made.append("contact")
        if not plan.made and self._is_same(plan):
            return plan
        self._compare_organization(plan)
        self._compare_contact(plan)
        plan.outcome = (
            RowOutcome.CREATED
            if plan.made
            else RowOutcome.UPDATED
            if plan.changed or plan.tags
            else RowOutcome.UNCHANGED
        )
        plan.before = {"made": plan.made, "tags": plan.tags} | {
            name: {f: [plain(old), plain(new)] for f, (old, new) in fields.items()}
            for name, fields in plan.changed.items()
        }
        return plan

    def _is_same(self, plan: OrganizationPlan) -> bool:
        key = (plan.organization.pk, plan.contact.pk if plan.contact else None)
        return self._cells.get(key) == plan.row.cells

    def _person(self, row: Entry, organization: Organization) -> Contact | Reject | None:
        """The person of that name there; of several, the one with that telephone number."""
        name = names.normalise(row.said.get("contact", ""))
        if not name:
            return None
        same = [p for p in self._people[id(organization)] if names.normalise(p.name) == name]
        same = [p for p in same if p.withdrawn_at is None] or same
        if len(same) > 1:
            same = [p for p in same if p.phone and p.phone == row.said.get("phone")]
            if len(same) != 1:
                return self.sheets.reject(
                    row, "contact", "several_contacts", "这家企业有几位同名的联系人"
                )
        if not same:  # perhaps one who was merged into another
            return self._known_as.get((id(organization), name))
        return same[0]

    def _compare_organization(self, plan: OrganizationPlan) -> None:
        said = plan.row.said
        values = {
            ours: said[theirs] for theirs, ours in ORGANIZATION_FIELDS.items() if theirs in said
        }
        for name, known in (("industry", self._industries), ("chain", self._chains)):
            if name in values:
                values[name] = known[int(values[name])]
        if said.get("uscc"):
            values["uscc"] = said["uscc"]
        if plan.organization is None:
            plan.organization = self._new(said["name"], values)
            if others := [o for o in self._companies.of_name(said["name"]) if o.uscc]:
                self.say(
                    plan.row,
                    _("“%(name)s”已有另一个信用代码 %(code)s，按两家企业登记")
                    % {"name": said["name"], "code": others[0].uscc},
                )
            self._companies.remember(plan.organization)
        elif plan.organization.uscc is None or "uscc" not in values:
            self._change(plan, "organization", plan.organization, values)
        else:
            values.pop("uscc")  # the same code, perhaps of a company that was merged into it
            self._change(plan, "organization", plan.organization, values)
        if "organization" in plan.made:
            plan.organization.withdrawn_at = None
        stored = self._tags[plan.organization.pk] if plan.organization.pk else set()
        plan.tags = [int(tag) for tag in said.get("tags", ()) if int(tag) not in stored]

    def _new(self, name: str, values: dict[str, Any]) -> Organization:
        return Organization(
            name=name,
            name_key=names.normalise(name),
            matching_key=names.matching_key(name),
            pinyin=names.pinyin(name),
            initials=names.initials(name),
            created_at=self.at,
            created_by=self.by,
            **values,
        )

    def _compare_contact(self, plan: OrganizationPlan) -> None:
        said = plan.row.said
        if not said.get("contact"):
            return
        values = {ours: said[theirs] for theirs, ours in CONTACT_FIELDS.items() if theirs in said}
        if plan.contact is None:
            name = said["contact"]
            plan.contact = Contact(
                organization=plan.organization,
                name=name,
                pinyin=names.pinyin(name),
                initials=names.initials(name),
                created_at=self.at,
                created_by=self.by,
                **values,
            )
            self._people[id(plan.organization)].append(plan.contact)
        else:
            self._change(plan, "contact", plan.contact, values)
        if "contact" in plan.made:
            plan.contact.withdrawn_at = None
            if id(plan.organization) not in self._primary:
                plan.contact.is_primary = True
                self._primary.add(id(plan.organization))

    @staticmethod
    def _change(plan: OrganizationPlan, what: str, stored: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            before = getattr(stored, name)
            if before != value:
                plan.changed.setdefault(what, {})[name] = [before, value]
                setattr(stored, name, value)

    # -- the batch -------------------------------------------------------------------

    def save_before(self, plans: Sequence[OrganizationPlan]) -> None:
        """Store companies, then people, then tags, each with its history."""
        organizations = _once(plan.organization for plan in plans)
        self._store(Organization, organizations, self._touched(plans, "organization"), [
            *("uscc", "origin", "is_local", "industry", "chain", "chain_position"),
            *("address", "note", "withdrawn_at"),
        ])  # fmt: skip
        contacts = _once(plan.contact for plan in plans)
        for contact in contacts:
            contact.organization_id = contact.organization.pk
        self._store(Contact, contacts, self._touched(plans, "contact"), [
            *("title", "phone", "wechat", "email", "note", "is_primary", "withdrawn_at"),
        ])  # fmt: skip
        through = Organization.tags.through
        through.objects.bulk_create(
            [
                through(organization_id=plan.organization.pk, tag_id=tag)
                for plan in plans
                for tag in plan.tags
            ],
            ignore_conflicts=True,
        )

    @staticmethod
    def _touched(plans: Sequence[OrganizationPlan], what: str) -> set[int]:
        return {
            id(getattr(plan, what)) for plan in plans if what in plan.made or what in plan.changed
        }

    def _store(self, model: Any, rows: list[Any], touched: set[int], fields: list[str]) -> None:
        said = {
            "default_user": self.by,
            "default_date": self.at,
            "default_change_reason": (_("导入 %(name)s") % {"name": self.load.name})[:100],
        }
        new = [row for row in rows if row.pk is None]
        old = [row for row in rows if row.pk is not None and id(row) in touched]
        if new:
            bulk_create_with_history(new, model, batch_size=500, **said)
        if old:
            bulk_update_with_history(old, model, fields, batch_size=500, **said)


def _once(rows: Iterable[Any]) -> list[Any]:
    return list({id(row): row for row in rows if row is not None}.values())
