"""Who changed what about a company and the people at it."""

from __future__ import annotations

from itertools import groupby

from django.utils.translation import gettext as _

from crm.models import Contact, Organization
from pipeline.field_history import MOST, Edit, between

# Made from other fields, or told by the company's own page.
OF_COMPANY = frozenset(
    {
        *("id", "name_key", "matching_key", "pinyin", "initials"),
        *("created_at", "created_by", "withdrawn_at"),
    }
)
OF_PERSON = frozenset(
    {
        *("id", "organization", "pinyin", "initials"),
        *("created_at", "created_by", "withdrawn_at"),
    }
)


def company_edits(organization: Organization) -> list[Edit]:
    """The latest changes of a company, its tags and its people, the newest first.

    Two queries, and one for each kind of row that changed fields point at, for the company
    and for each person whose fields point anywhere.
    """
    versions = list(organization.history.select_related("history_user").all()[: MOST + 1])
    found = between(versions, left_out=OF_COMPANY)
    people = (
        Contact.history.filter(organization=organization)
        .select_related("history_user")
        .order_by("id", "-history_date", "-history_id")[: 4 * MOST]
    )
    for _key, of_one in groupby(people, key=lambda version: version.id):
        person = list(of_one)
        found += between(person, left_out=OF_PERSON, what=person[0].name)
        first = person[-1]
        if first.history_type == "+":
            added = _("添加联系人")
            found.append(Edit(first.history_date, first.history_user, (), first.name, added))
    told = [edit for edit in found if edit.changes or edit.note]
    return sorted(told, key=lambda edit: edit.at, reverse=True)[:MOST]
