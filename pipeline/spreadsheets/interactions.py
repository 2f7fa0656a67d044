"""A workbook of meetings, visits and calls, one a row: 接洽记录.

A row names a project, a company, or both. Kinds of meeting are words of a table. People
who are known, at the company and among our officers, are linked; a name that is not, or
that two share, stays in the text, and a note says so. A meeting that is stored already
changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from crm.models import Contact, Organization, User
from crm.names import normalise
from pipeline import activity
from pipeline.models import Interaction, InteractionKind, Project, RowOutcome
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
from pipeline.spreadsheets.known import OUTSIDE, Companies, Projects
from pipeline.spreadsheets.rows import Fault, Words

TABLE = Table(
    read_table("headers_interactions.toml"),
    needed=(("project_name", "organization"), ("occurred_on",), ("kind",), ("summary",)),
    named=("project_name", "organization"),
    subject=("project_name", "organization"),
    dated="occurred_on",
)
CODES = (
    "missing_subject",
    "formula_without_value",
    "ambiguous_date",
    "bad_uscc",
    "bad_date",
    "unknown_kind",
    "missing_summary",
    "too_long",
    "future_date",
    "unknown_project",
    "ambiguous_project",
    "unknown_organization",
    "another_name",
    "several_of_that_name",
    "another_investor",
    OUTSIDE,
    "duplicate_row",
)
KIND_WORDS = {
    InteractionKind.VISIT_OUT: (
        *("外出招商", "外出拜访", "上门拜访", "拜访", "赴外招商", "外出考察", "走访客商"),
    ),
    InteractionKind.VISIT_IN: (
        *("来访", "来县考察", "来访考察", "接待", "考察接待", "客商来访", "实地考察"),
    ),
    InteractionKind.CALL: (
        *("电话联系", "通话", "电话沟通", "微信", "线上", "视频", "视频会议", "线上对接"),
    ),
    InteractionKind.MEETING: ("会见", "见面", "座谈", "座谈会", "面谈"),
    InteractionKind.NEGOTIATION: ("谈判", "商谈", "项目洽谈", "协议洽谈", "磋商"),
    InteractionKind.EVENT: ("招商活动", "推介会", "推介", "签约活动", "展会", "论坛", "招商推介会"),
    InteractionKind.AFTERCARE: ("走访", "走访企业", "入企服务", "企业服务", "走访服务", "回访"),
}  # fmt: skip


class InteractionReader(EntryReader):
    """Reads a meeting."""

    codes = CODES
    longest = {"summary": 5000, "place": 200}
    required = {
        "occurred_on": ("bad_date", "没有接洽时间"),
        "kind": ("unknown_kind", "没有接洽方式"),
        "summary": ("missing_summary", "没有接洽内容"),
    }

    def between_cells(self, faults: list[Fault]) -> list[Fault]:
        """A meeting is with somebody, or about something."""
        found = super().between_cells(faults)
        at_fault = {fault.field for fault in faults}
        about = ("project_name", "organization", "uscc")
        if not at_fault.intersection(about) and not any(name in self.values for name in about):
            name = "organization" if "organization" in self.layout.fields else "project_name"
            found.append(Fault(name, "missing_subject", "没有写明项目或企业"))
        return found


class InteractionSheets(EntrySheets):
    """The sheets of meetings."""

    table = TABLE
    reader = InteractionReader
    what = "接洽记录表"
    none_hint = "没有一行表头含有项目或企业名称、接洽时间、接洽方式、接洽内容"

    def identities(self, row: Entry) -> list[tuple[str, str]]:
        """The same with whom, when, how and what."""
        said = row.said
        about = (said.get("project_name", ""), said.get("organization", ""), said.get("uscc") or "")
        meeting = f"{said['occurred_on'].on} {said['kind']} {normalise(said['summary'])}"
        return [("\n".join(map(normalise, about)), meeting)]

    def duplicate(self, place: str) -> Fault:
        """The fault of a row that an earlier one says already."""
        return Fault("summary", "duplicate_row", f"与第 {place} 行相同", "请删除重复行")


def vocabulary() -> Words:
    """The kinds of meeting, under their own names and the usual others."""
    words = {str(kind.label): kind.value for kind in InteractionKind}
    words |= {word: kind.value for kind, others in KIND_WORDS.items() for word in others}
    return entry_words(kind=words)


@dataclass(slots=True)
class InteractionPlan(Plan):
    """A meeting to record, with the people who are known."""

    contacts: list[Contact] = field(default_factory=list)
    officers: list[User] = field(default_factory=list)


class InteractionLoader(EntryLoader[InteractionPlan]):
    """Records meetings."""

    def prepare(self, rows: Sequence[Entry]) -> None:
        """Find the projects, companies, people and meetings that are named."""
        self._projects = Projects([row.said.get("project_name", "") for row in rows], by=self.by)
        self._companies = Companies(
            [(row.said.get("organization", ""), row.said.get("uscc")) for row in rows], by=self.by
        )
        organizations = self._companies.ids | self._projects.investors
        self._people: dict[tuple[int, str], list[Contact]] = defaultdict(list)
        for contact in Contact.objects.current().filter(organization__in=organizations):
            self._people[contact.organization_id, normalise(contact.name)].append(contact)
        self._officers: dict[str, list[User]] = defaultdict(list)
        for user in User.objects.filter(is_active=True):
            self._officers[normalise(user.full_name)].append(user)
        stored = Interaction.objects.current().filter(
            organization__in=organizations,
            occurred_on__in={row.said["occurred_on"].on for row in rows},
        )
        self._stored = {_key(meeting): meeting for meeting in stored.order_by("-pk")}

    def plan(self, row: Entry) -> InteractionPlan | Reject:
        """Record a meeting unless it is there."""
        about = self._about(row)
        if isinstance(about, Fault):
            return self.sheets.reject(row, about.field, about.code, about.reason)
        project, organization = about
        said = row.said
        contacts, unknown = self._linked(
            said.get("contacts", ()), lambda name: self._people[organization.pk, name]
        )
        officers, strangers = self._linked(
            said.get("officers", ()), lambda name: self._officers[name]
        )
        summary = said["summary"]
        for label, words in (
            (_("地点"), [said["place"]] if said.get("place") else []),
            (_("对方"), unknown),
            (_("我方"), strangers),
        ):
            if words:
                summary += f"\n{label}：{'、'.join(words)}"
        meeting = Interaction(
            project=project,
            organization=organization,
            kind=said["kind"],
            occurred_on=said["occurred_on"].on,
            summary=summary,
            recorded_at=self.at,
            recorded_by=self.by,
        )
        plan = InteractionPlan(
            row, RowOutcome.UNCHANGED, project=project, organization=organization
        )
        plan.interaction = self._stored.get(_key(meeting))
        if plan.interaction is None:
            plan.outcome, plan.interaction = RowOutcome.CREATED, meeting
            plan.contacts, plan.officers = contacts, officers
            self._stored[_key(meeting)] = meeting
            if unknown or strangers:
                self.say(
                    row,
                    _("%(names)s不是已登记的联系人或招商人员，姓名写在内容里")
                    % {"names": "、".join([*unknown, *strangers])},
                )
        return plan

    def _about(self, row: Entry) -> tuple[Project | None, Organization] | Fault:
        """The project, if one is named, and the company that the meeting was with."""
        project = self._project(row)
        if isinstance(project, Fault):
            return project
        organization = self._organization(row)
        if isinstance(organization, Fault):
            return organization
        if project is not None:
            if organization is not None and organization.pk != project.investor_id:
                name = "organization" if row.said.get("organization") else "uscc"
                return Fault(name, "another_investor", "与这个项目的投资方不一致")
            return project, project.investor
        if organization is None or not self._companies.is_visible(organization):
            return Fault("organization", OUTSIDE, "由其他单位跟进，不在您的工作范围")
        return None, organization

    def _project(self, row: Entry) -> Project | Fault | None:
        said = row.said
        if not said.get("project_name"):
            return None
        found = self._projects.find(said["project_name"])
        if isinstance(found, Fault) and found.code == "ambiguous_project":
            company, code = said.get("organization", ""), said.get("uscc")
            found = self._projects.find(said["project_name"], company, code)
        return found

    def _organization(self, row: Entry) -> Organization | Fault | None:
        said = row.said
        name = "organization" if said.get("organization") else "uscc"
        if not said.get(name):
            return None
        found = self._companies.find(said.get("organization", ""), said.get("uscc"))
        if isinstance(found, Fault):
            return Fault(found.field if said.get("uscc") else name, found.code, found.reason)
        if found is None or found.withdrawn_at is not None:
            return Fault(name, "unknown_organization", "系统内没有这家企业")
        return found

    @staticmethod
    def _linked(names: Sequence[str], known: Any) -> tuple[list[Any], list[str]]:
        """The people whom the names mean for certain, and the names that mean nobody or two."""
        found, unknown = [], []
        for name in names:
            same = known(normalise(name))
            if len(same) == 1:
                found.append(same[0])
            else:
                unknown.append(name)
        return found, unknown

    def save_before(self, plans: Sequence[InteractionPlan]) -> None:
        """Store the meetings and who took part; bring projects and companies to life."""
        new = [plan for plan in plans if plan.outcome == RowOutcome.CREATED]
        Interaction.objects.bulk_create([plan.interaction for plan in new], batch_size=500)
        with_contacts, with_officers = Interaction.contacts.through, Interaction.officers.through
        with_contacts.objects.bulk_create(
            with_contacts(interaction_id=plan.interaction.pk, contact_id=contact.pk)
            for plan in new
            for contact in plan.contacts
        )
        with_officers.objects.bulk_create(
            with_officers(interaction_id=plan.interaction.pk, user_id=officer.pk)
            for plan in new
            for officer in plan.officers
        )
        in_order = sorted(new, key=lambda plan: plan.interaction.occurred_on)
        activity.touch_all(
            {p.project: p.interaction.occurred_on for p in in_order if p.project is not None}
        )
        activity.touch_organizations(
            {p.organization.pk: p.interaction.occurred_on for p in in_order if p.project is None},
            by=self.by,
        )


def _key(meeting: Interaction) -> tuple[Any, ...]:
    return (
        meeting.organization_id,
        meeting.project_id,
        meeting.kind,
        meeting.occurred_on,
        normalise(meeting.summary),
    )
