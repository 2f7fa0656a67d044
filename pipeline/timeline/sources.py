"""What a project's line of time is made of: each kind of row, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from pipeline.field_history import between
from pipeline.models import Interaction, Milestone, Project
from pipeline.timeline.entries import Entry, Found, Kind, Place, after, place

Read = Callable[[Project, int, Place | None, int], Found]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of row, read as entries. ``read`` gets the project, the source's number, the
    place that the entries come after, and how many at most."""

    kind: Kind
    read: Read


def _by_instant(
    related: str, column: str, people: tuple[str, ...], tell: Callable[[Any], dict[str, Any]]
) -> Read:
    """A source of rows under ``project.<related>`` that stand at the instant in ``column``."""

    def read(project: Project, number: int, before: Place | None, most: int) -> Found:
        rows = after(getattr(project, related).all(), column, number, before)
        return Found(
            [
                Entry(place=place(getattr(row, column), number, row.pk), **tell(row))
                for row in rows.select_related(*people)[:most]
            ]
        )

    return read


# --- people ---------------------------------------------------------------------------------
def _talks(project: Project, number: int, before: Place | None, most: int) -> Found:
    """Interactions stand on the day when people met."""
    rows = Interaction.objects.current().filter(project=project)
    if before is not None:
        same_day = Q(recorded_at__lt=before.at)
        if number < before.source:
            same_day = Q(recorded_at__lte=before.at)
        elif number == before.source:
            same_day |= Q(recorded_at=before.at, pk__lt=before.row)
        rows = rows.filter(Q(occurred_on__lt=before.day) | Q(same_day, occurred_on=before.day))
    rows = rows.order_by("-occurred_on", "-recorded_at", "-pk").select_related("recorded_by")
    found = rows.prefetch_related("contacts", "officers", "photos")[:most]
    return Found([_talk(row, number) for row in found])


def _talk(row: Interaction, number: int) -> Entry:
    theirs = "、".join(str(person) for person in row.contacts.all())
    ours = "、".join(str(person) for person in row.officers.all())
    return Entry(
        place=Place(row.occurred_on, row.recorded_at, number, row.pk),
        kind=Kind.TALKS,
        icon="bi-chat-left-text",
        title=row.get_kind_display(),
        text=row.summary,
        by=row.recorded_by,
        people=" / ".join(side for side in (theirs, ours) if side),
        talk=row.pk,
        photos=tuple(photo for photo in row.photos.all() if photo.withdrawn_at is None),
    )


def _follow_up_done(row: Any) -> dict[str, Any]:
    title = _("办结待办：%(what)s") if row.is_done else _("不再办：%(what)s")
    return {
        "kind": Kind.TASKS,
        "icon": "bi-check2-square" if row.is_done else "bi-x-square",
        "title": title % {"what": row.what},
        "text": row.outcome,
        "by": row.closed_by,
        "anchor": "tasks",
    }


# --- milestones -----------------------------------------------------------------------------
_ACTS = (
    ("claimed", "bi-flag", "claimed_by"),
    ("verified", "bi-patch-check", "verified_by"),
    ("returned", "bi-arrow-return-left", "returned_by"),
    ("revoked", "bi-x-circle", "revoked_by"),
)


def _milestone(act: str, icon: str, person: str) -> Read:
    def tell(row: Milestone) -> dict[str, Any]:
        day = row.occurred_on.strftime("%Y-%m" if row.precision == "month" else "%Y-%m-%d")
        words = {
            "claimed": _("申报%(what)s（%(day)s）"),
            "verified": _("核验通过%(what)s（%(day)s）"),
            "returned": _("退回%(what)s（%(day)s）"),
            "revoked": _("撤销%(what)s（%(day)s）"),
        }[act]
        text = {
            "claimed": row.note,
            "returned": row.return_reason,
            "revoked": row.revoke_reason,
        }.get(act, "")
        return {
            "kind": Kind.MILESTONES,
            "icon": icon,
            "title": words % {"what": row.get_kind_display(), "day": day},
            "text": text,
            "by": getattr(row, person),
            "anchor": f"milestone-{row.pk}",
        }

    return _by_instant("milestones", f"{act}_at", (person,), tell)


def _stage_change(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.MILESTONES,
        "icon": "bi-signpost-split",
        "title": _("阶段：%(old)s → %(new)s")
        % {"old": row.get_from_stage_display(), "new": row.get_to_stage_display()},
        "text": row.reason,
        "by": row.changed_by,
    }


def _status_change(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.MILESTONES,
        "icon": "bi-pause-circle",
        "title": _("状态：%(status)s（自 %(day)s，%(by)s批准）")
        % {
            "status": row.get_status_display(),
            "day": row.occurred_on.isoformat(),
            "by": row.approved_by,
        },
        "text": row.reason,
        "by": row.recorded_by,
        "anchor": "status",
    }


def _status_asked(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.MILESTONES,
        "icon": "bi-hand-index",
        "title": _("申请改为%(status)s（自 %(day)s）")
        % {"status": row.get_status_display(), "day": row.occurred_on.isoformat()},
        "text": row.reason,
        "by": row.requested_by,
        "anchor": "status",
    }


def _status_decided(row: Any) -> dict[str, Any]:
    title = _("批准改为%(status)s的申请") if row.is_approved else _("没有批准改为%(status)s的申请")
    return {
        "kind": Kind.MILESTONES,
        "icon": "bi-check2" if row.is_approved else "bi-x",
        "title": title % {"status": row.get_status_display()},
        "text": row.decision,
        "by": row.decided_by,
        "anchor": "status",
    }


def _attribution(row: Any) -> dict[str, Any]:
    place_of = row.park.name if row.park else _("未落园区")
    return {
        "kind": Kind.MILESTONES,
        "icon": "bi-arrow-left-right",
        "title": _("归属：%(park)s") % {"park": place_of},
        "text": row.reason,
        "by": row.recorded_by,
        "anchor": "facts",
    }


# --- money, files, needs --------------------------------------------------------------------
def _wan(amount: Any) -> str:
    return f"{round(amount / 10_000, 2):,f}".rstrip("0").rstrip(".")


def _receipt(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.FUNDS,
        "icon": "bi-cash-coin",
        "title": _("登记到位资金 %(wan)s 万元（%(day)s）")
        % {"wan": _wan(row.amount), "day": row.received_on.isoformat()},
        "text": row.note,
        "by": row.recorded_by,
        "anchor": "funds",
        "document": row.document_id,
    }


def _receipt_verified(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.FUNDS,
        "icon": "bi-patch-check",
        "title": _("核验到位资金 %(wan)s 万元（%(day)s）")
        % {"wan": _wan(row.amount), "day": row.received_on.isoformat()},
        "by": row.verified_by,
        "anchor": "funds",
    }


def _funds_plan(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.FUNDS,
        "icon": "bi-calendar-plus",
        "title": _("计划 %(day)s 前到位 %(wan)s 万元")
        % {"wan": _wan(row.amount), "day": row.due_on.isoformat()},
        "text": row.note,
        "by": row.recorded_by,
        "anchor": "funds",
    }


def _document(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.FILES,
        "icon": "bi-paperclip",
        "title": _("上传%(kind)s：%(name)s") % {"kind": row.get_kind_display(), "name": row.name},
        "by": row.uploaded_by,
        "anchor": "documents",
        "document": row.pk,
    }


def _review(row: Any) -> dict[str, Any]:
    outcome = _("通过") if row.passed else _("未通过")
    return {
        "kind": Kind.FILES,
        "icon": "bi-clipboard-check" if row.passed else "bi-clipboard-x",
        "title": _("%(review)s：%(outcome)s（%(day)s）")
        % {
            "review": row.get_kind_display(),
            "outcome": outcome,
            "day": row.held_on.isoformat(),
        },
        "text": row.note,
        "by": row.recorded_by,
        "anchor": "reviews",
    }


def _factor(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.FACTORS,
        "icon": "bi-plug",
        "title": _("登记要素需求：%(kind)s") % {"kind": row.get_kind_display()},
        "text": row.detail,
        "by": row.recorded_by,
        "anchor": "factors",
    }


def _plan_change(row: Any) -> dict[str, Any]:
    days = [day.isoformat() if day else "—" for day in (row.before, row.after)]
    return {
        "kind": Kind.FACTORS,
        "icon": "bi-calendar-event",
        "title": _("%(what)s：%(before)s → %(after)s")
        % {"what": row.get_what_display(), "before": days[0], "after": days[1]},
        "text": row.reason,
        "by": row.recorded_by,
        "anchor": "plans",
    }


def _issue(row: Any) -> dict[str, Any]:
    return {
        "kind": Kind.AFTERCARE,
        "icon": "bi-life-preserver",
        "title": _("企业诉求：%(what)s") % {"what": row.what},
        "text": row.unit,
        "by": row.recorded_by,
        "anchor": "aftercare",
    }


# --- versions of the project itself ---------------------------------------------------------
def _edits(project: Project, number: int, before: Place | None, most: int) -> Found:
    """What was changed, and the lines that verbs left in the project's history.

    A version that changed nothing of this is passed over, so the source can run dry before
    it has ``most`` entries: then it says how far it looked.
    """
    rows = list(
        after(project.history.all(), "history_date", number, before).select_related("history_user")[
            : most + 1
        ]
    )
    is_whole = len(rows) <= most
    entries = list(_told(rows, number, is_whole=is_whole))[:most]
    if is_whole:
        return Found(entries)
    # The oldest was only read to compare with.
    oldest = rows[-2]
    return Found(entries, place(oldest.history_date, number, oldest.pk))


def _told(rows: list[Any], number: int, *, is_whole: bool) -> Iterator[Entry]:
    def entry(version: Any, title: str, icon: str, changes: Any = ()) -> Entry:
        return Entry(
            place=place(version.history_date, number, version.pk),
            kind=Kind.EDITS,
            icon=icon,
            title=title,
            by=version.history_user,
            changes=changes,
        )

    for version, edit in zip(rows, between(rows), strict=False):
        if edit.changes or edit.note:
            yield entry(version, edit.note or _("修改"), "bi-pencil", edit.changes)
    if is_whole and rows and rows[-1].history_type == "+":
        yield entry(rows[-1], _("登记项目"), "bi-plus-circle")


# The order here is the order of what was written down at the same instant: the last comes
# first on the page. Numbers stand in addresses, so a new source goes to the end.
_OF_RECORDER = ("recorded_by",)
SOURCES: tuple[Source, ...] = (
    Source(Kind.EDITS, _edits),
    Source(Kind.FACTORS, _by_instant("plan_changes", "recorded_at", _OF_RECORDER, _plan_change)),
    Source(Kind.FILES, _by_instant("documents", "uploaded_at", ("uploaded_by",), _document)),
    Source(Kind.FILES, _by_instant("reviews", "recorded_at", _OF_RECORDER, _review)),
    Source(Kind.FACTORS, _by_instant("factor_needs", "recorded_at", _OF_RECORDER, _factor)),
    Source(Kind.FUNDS, _by_instant("funds_plans", "recorded_at", _OF_RECORDER, _funds_plan)),
    Source(Kind.FUNDS, _by_instant("funds_receipts", "recorded_at", _OF_RECORDER, _receipt)),
    Source(
        Kind.FUNDS,
        _by_instant("funds_receipts", "verified_at", ("verified_by",), _receipt_verified),
    ),
    Source(Kind.TASKS, _by_instant("follow_ups", "closed_at", ("closed_by",), _follow_up_done)),
    Source(Kind.AFTERCARE, _by_instant("aftercare_issues", "recorded_at", _OF_RECORDER, _issue)),
    Source(Kind.TALKS, _talks),
    *(Source(Kind.MILESTONES, _milestone(act, icon, by)) for act, icon, by in _ACTS),
    Source(
        Kind.MILESTONES, _by_instant("stage_changes", "changed_at", ("changed_by",), _stage_change)
    ),
    Source(
        Kind.MILESTONES,
        _by_instant("status_requests", "requested_at", ("requested_by",), _status_asked),
    ),
    Source(
        Kind.MILESTONES,
        _by_instant(
            "status_changes", "recorded_at", ("recorded_by", "approved_by"), _status_change
        ),
    ),
    Source(
        Kind.MILESTONES,
        _by_instant("status_requests", "decided_at", ("decided_by",), _status_decided),
    ),
    Source(
        Kind.MILESTONES,
        _by_instant("attributions", "recorded_at", ("recorded_by", "park"), _attribution),
    ),
)
