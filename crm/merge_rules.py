"""What a merge does with each field and each relation of the two rows: two tables.

Every relation of ``Organization`` and ``Contact`` stands here, also those of apps that this
one does not know, of history and of many-to-many tables. A merge of what the table does not
cover is refused (``KeyError``), and so is the test suite (``tests/crm/test_merge_rules.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import ManyToOneRel
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, Organization
from crm.names import initials, matching_key, normalise, pinyin


@dataclass(frozen=True, slots=True)
class Relation:
    """What becomes of the rows that point at the one that is merged.

    ``moves``: they point at the kept one; else they stay, being the record of what was
    done with that very row. ``pair``: of a many-to-many table the other end, which has a
    row once; the merged one's second is taken away, and put back when the merge is undone.
    ``alike``: a column in which a row of each may not be the same, among those with
    ``only`` these values: such rows have to be told apart first.
    """

    label: Any
    moves: bool = True
    pair: str = ""
    alike: str = ""
    only: Mapping[str, Any] = field(default_factory=dict)


HISTORY = Relation(_("历史记录"), moves=False)
MERGES = Relation(_("以前的合并"), moves=False)

RELATIONS: dict[str, Relation] = {
    # an organization's
    "pipeline.Project.investor": Relation(
        _("项目"), alike="name_key", only={"withdrawn_at__isnull": True}
    ),
    "pipeline.Interaction.organization": Relation(_("接洽记录")),
    "pipeline.FollowUp.organization": Relation(_("待办")),
    "crm.Contact.organization": Relation(_("联系人")),
    "crm.Attachment.organization": Relation(_("附件")),
    "crm.FirstReport.organization": Relation(_("首报")),
    "crm.Organization.parent": Relation(_("下级企业")),
    "crm.Organization_tags.organization": Relation(_("标签"), pair="tag_id"),
    # what a row of a workbook made stays the answer to what became of that row
    "pipeline.LoadRow.organization": Relation(_("导入的台账行"), moves=False),
    "crm.Organization.merged_into": MERGES,
    "crm.OrganizationMerge.kept": MERGES,
    "crm.OrganizationMerge.merged": MERGES,
    "pipeline.HistoricalProject.investor": HISTORY,
    "pipeline.HistoricalFollowUp.organization": HISTORY,
    "crm.HistoricalOrganization.parent": HISTORY,
    "crm.HistoricalOrganization.merged_into": HISTORY,
    "crm.HistoricalContact.organization": HISTORY,
    # a contact's
    "pipeline.Interaction_contacts.contact": Relation(_("接洽记录"), pair="interaction_id"),
    "pipeline.LoadRow.contact": Relation(_("导入的台账行"), moves=False),
    "crm.Contact.merged_into": MERGES,
    "crm.ContactMerge.kept": MERGES,
    "crm.ContactMerge.merged": MERGES,
    "crm.HistoricalContact.merged_into": HISTORY,
}

# The fields that a person chooses between, in the order of the page.
FIELDS: dict[type[models.Model], tuple[str, ...]] = {
    Organization: (
        *("name", "uscc", "origin", "is_local", "parent", "industry", "chain"),
        *("chain_position", "address", "website", "note"),
    ),
    Contact: ("name", "title", "phone", "wechat", "email", "note", "left_on"),
}
# What each row keeps for itself, or follows from something else.
OWN: dict[type[models.Model], frozenset[str]] = {
    Organization: frozenset(
        {"id", "created_at", "created_by", "merged_into", "withdrawn_at"}
        | {"name_key", "matching_key", "pinyin", "initials"}
    ),
    Contact: frozenset(
        {"id", "organization", "created_at", "created_by", "merged_into", "withdrawn_at"}
        | {"pinyin", "initials", "is_primary"}
    ),
}


def following(model: type[models.Model], name: str) -> dict[str, str]:
    """The columns that follow from a name."""
    keys = {"pinyin": pinyin(name), "initials": initials(name)}
    if model is Organization:
        keys |= {"name_key": normalise(name), "matching_key": matching_key(name)}
    return keys


def relations(model: type[models.Model]) -> Iterator[tuple[str, ManyToOneRel, Relation]]:
    """Each relation of a model with its rule. Raises ``KeyError`` for one without."""
    for name, rel in pointing_at(model):
        yield name, rel, RELATIONS[name]


def pointing_at(model: type[models.Model]) -> Iterator[tuple[str, ManyToOneRel]]:
    """Every foreign key to a model, named ``app.Model.field``, hidden ones too."""
    for rel in model._meta.get_fields(include_hidden=True):
        if isinstance(rel, ManyToOneRel):  # of many-to-many, the table in between is one
            yield f"{rel.related_model._meta.label}.{rel.field.name}", rel
