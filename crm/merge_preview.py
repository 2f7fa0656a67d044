"""What a merge of two rows would give, field by field and relation by relation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from crm.first_reports import is_held
from crm.merge_rules import FIELDS, relations
from crm.models import Contact, FirstReport, Organization, ReportDispute

Row = TypeVar("Row", Organization, Contact)
Side = Literal["kept", "merged"]
NEVER_IDLE = 10**6  # days
KEPT: Side = "kept"
MERGED: Side = "merged"


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of both rows as text, which of them would stand, and why.

    ``is_open``: both say something, and differ. ``value`` is what would be stored.
    """

    name: str
    column: str
    label: str
    kept: str
    merged: str
    wins: Side
    why: str
    is_open: bool
    value: Any


@dataclass(frozen=True, slots=True)
class Moving:
    """How many rows of a relation would move to the kept row, or stay where they are.

    ``doubled`` of them both have: the kept row's stands.
    """

    relation: str
    label: str
    count: int
    moves: bool
    doubled: int = 0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What has to be settled first; ``rows`` are keys of the relation's model."""

    text: str
    relation: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview(Generic[Row]):
    """A merge as it would be. With an obstacle it is refused.

    ``two_codes``: both have a code and the codes differ, which is normally two companies;
    a merge then needs the person's word for it.
    """

    kept: Row
    merged: Row
    choices: Sequence[Choice]
    moving: Sequence[Moving]
    obstacles: Sequence[Obstacle]
    two_codes: bool

    @property
    def said(self) -> list[Choice]:
        """The fields of which either says something."""
        return [choice for choice in self.choices if choice.kept or choice.merged]

    @property
    def unsaid(self) -> list[Choice]:
        """The fields of which neither says anything."""
        return [choice for choice in self.choices if not choice.kept and not choice.merged]

    @property
    def values(self) -> dict[str, Any]:
        """The columns that the kept row is to have."""
        return {choice.column: choice.value for choice in self.choices}


def preview(
    kept: Row,
    merged: Row,
    *,
    choose: Mapping[str, Side] | None = None,
    today: dt.date | None = None,
    idle_days: int = NEVER_IDLE,
) -> Preview[Row]:
    """What merging ``merged`` into ``kept`` would give; nothing is changed.

    ``choose`` names the side of fields (``crm.merge_rules.FIELDS``) of which both say
    something. A first report that does not hold ``today`` yields to one that does. The
    number of queries does not grow with what hangs on the rows. Raises
    ``KeyError`` for a field that there is not to choose.
    """
    model = type(kept)
    chosen = dict(choose or {})
    if unknown := chosen.keys() - set(FIELDS[model]):
        raise KeyError(*unknown)
    codes = {getattr(row, "uscc", None) for row in (kept, merged)}
    return Preview(
        kept,
        merged,
        choices=[_choice(kept, merged, name, chosen.get(name)) for name in FIELDS[model]],
        moving=_moving(kept, merged),
        obstacles=[
            *_not_current(kept, merged),
            *_alike(kept, merged),
            *_of_people(kept, merged),
            *_disputed(yielding_report(kept, merged, today=today, idle_days=idle_days)),
        ],
        two_codes=None not in codes and len(codes) > 1,
    )


def _choice(kept: models.Model, merged: models.Model, name: str, chosen: Side | None) -> Choice:
    field: Any = kept._meta.get_field(name)
    ours, theirs = getattr(kept, field.attname), getattr(merged, field.attname)
    label = str(field.verbose_name)
    texts = _text(kept, field), _text(merged, field)
    circular = ""
    if name == "parent":
        said = ours, theirs
        ours, theirs = (upwards(pk, kept.pk, merged.pk) for pk in said)
        if (ours, theirs) != said:
            circular = _("上级是合并的另一方或其下级，不采用")
    wins, why = _winner(ours, theirs, chosen)
    return Choice(
        name=name,
        column=field.attname,
        label=label,
        kept=texts[0],
        merged=texts[1],
        wins=wins,
        why=circular or why,
        is_open=not _is_blank(ours) and not _is_blank(theirs) and ours != theirs,
        value=ours if wins == KEPT else theirs,
    )


def _winner(ours: Any, theirs: Any, chosen: Side | None) -> tuple[Side, str]:
    if ours == theirs:
        return KEPT, "" if _is_blank(ours) else _("两边相同")
    if chosen is not None:
        return chosen, _("按您的选择")
    if _is_blank(theirs):
        return KEPT, _("只有保留的一方填了")
    if _is_blank(ours):
        return MERGED, _("只有并入的一方填了")
    return KEPT, _("两边不同，默认用保留一方的")


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def upwards(parent: int | None, *both: int) -> int | None:
    """A parent of the merged pair, none where the way up from it leads back to the pair."""
    seen: set[int] = set()
    pk = parent
    while pk is not None and pk not in seen:
        if pk in both:
            return None
        seen.add(pk)
        pk = Organization.objects.values_list("parent", flat=True).get(pk=pk)
    return parent


def _text(row: models.Model, field: Any) -> str:
    value = getattr(row, field.name)
    if _is_blank(value):
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateField):
        return str(date_format(value, "Y-m-d"))
    return str(value)


def _moving(kept: models.Model, merged: models.Model) -> list[Moving]:
    counts = []
    for name, rel, rule in relations(type(kept)):
        column = rel.field.name
        rows = rel.related_model._base_manager.filter(**{column: merged.pk})
        doubled = 0
        if rule.pair:
            theirs = rel.related_model._base_manager.filter(**{column: kept.pk})
            doubled = rows.filter(**{f"{rule.pair}__in": theirs.values(rule.pair)}).count()
        counts.append(Moving(name, str(rule.label), rows.count(), rule.moves, doubled))
    return counts


def _not_current(kept: Organization | Contact, merged: Organization | Contact) -> list[Obstacle]:
    if kept.pk == merged.pk:
        return [Obstacle(_("两边是同一条记录，请另选一条"))]
    found = []
    for row in (kept, merged):
        if row.merged_into_id is not None:
            found.append(Obstacle(_("“%(name)s”已经合并到别处，请刷新后再选") % {"name": row}))
        elif row.withdrawn_at is not None:
            found.append(Obstacle(_("“%(name)s”已随导入撤回，不能合并") % {"name": row}))
    return found


def _alike(kept: models.Model, merged: models.Model) -> list[Obstacle]:
    """Rows of both that would be two of one name at the kept row."""
    found = []
    for name, rel, rule in relations(type(kept)):
        if not rule.alike:
            continue
        column, manager = rel.field.name, rel.related_model._base_manager
        ours = manager.filter(**{column: kept.pk}, **rule.only)
        theirs = manager.filter(**{column: merged.pk}, **rule.only)
        among = f"{rule.alike}__in"
        same = theirs.filter(**{among: ours.values(rule.alike)}).order_by("pk")[:20]
        words = [getattr(row, rule.alike) for row in same]
        twins = {getattr(row, rule.alike): row for row in ours.filter(**{among: words})}
        for row in same:
            twin = twins[getattr(row, rule.alike)]
            text = _(
                "两家都有名为“%(name)s”的%(what)s（编号 %(one)s 和 %(other)s）："
                "请先给其中一个改名，再合并"
            )
            said = {"name": row, "what": rule.label, "one": twin.pk, "other": row.pk}
            found.append(Obstacle(text % said, name, (twin.pk, row.pk)))
    return found


def _of_people(kept: Organization | Contact, merged: Organization | Contact) -> list[Obstacle]:
    if not isinstance(kept, Contact) or not isinstance(merged, Contact):
        return []
    if kept.organization_id == merged.organization_id:
        return []
    return [Obstacle(_("两位联系人不在同一家企业：请先合并企业，或修改其中一位的企业"))]


def _disputed(report: FirstReport | None) -> list[Obstacle]:
    open_ones = ReportDispute.objects.filter(decided_at__isnull=True, report=report)
    if report is None or not open_ones.exists():
        return []
    return [Obstacle(_("要解除的首报有争议还没有裁定：请先裁定，再合并"))]


def yielding_report(
    kept: models.Model, merged: models.Model, *, today: dt.date | None, idle_days: int
) -> FirstReport | None:
    """Of two open first reports the one that is released: what lapsed, else the later."""
    if not isinstance(kept, Organization):
        return None
    open_ones = FirstReport.objects.filter(
        organization__in=[kept.pk, merged.pk], released_at__isnull=True
    )
    reports = sorted(
        open_ones,
        key=lambda row: (
            today is not None and not is_held(row, today=today, idle_days=idle_days),
            row.reported_on,
            row.recorded_at,
            row.pk,
        ),
    )
    return reports[-1] if len(reports) > 1 else None
