"""The verifier's desk: the queue, and a claim or receipt with its evidence beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.rights import may
from pipeline import funds, scrutiny, verification
from pipeline.forms.milestones import CorrectionForm, ReasonForm
from pipeline.forms.verification import NarrowingForm, ReasonsForm
from pipeline.models import Document, FundsReceipt, Milestone
from pipeline.stages import MilestoneKind
from pipeline.verification import FUNDS, Key, Narrowing, Outcome
from pipeline.views.evidence import PICTURES, SHOWN


@dataclass(frozen=True, slots=True)
class Desk:
    """What a request looks at: the filters of its URL, at this instant."""

    form: NarrowingForm
    now: dt.datetime
    given: dict[str, str] = field(default_factory=dict)
    narrowing: Narrowing = field(default_factory=Narrowing)

    @classmethod
    def of(cls, request: SignedIn) -> Desk:
        now, form = timezone.now(), NarrowingForm(request.GET)
        return cls(form, now, form.given(), form.narrowing(at=now))

    @property
    def query(self) -> str:
        return urlencode(self.given)

    def address(self, key: Key | None) -> str:
        """Where a place of the queue is opened, with the filters kept; else the queue."""
        if key is None:
            return self._with(reverse("verification"))
        route = "verification_receipt" if key.sort else "verification_claim"
        return self._with(reverse(route, args=[key.pk]))

    def _with(self, path: str) -> str:
        return f"{path}?{self.query}" if self.given else path


@require_safe
@allowed("verification.view")
def queue(request: SignedIn) -> HttpResponse:
    """What waits, oldest first."""
    return queue_page(request)


def queue_page(request: SignedIn, *, report: Sequence[Outcome] = ()) -> HttpResponse:
    """The queue; ``report`` says of a batch what was done and what was refused."""
    desk, user = Desk.of(request), request.user
    beyond = verification.key_of(request.GET.get("beyond", ""))
    page = verification.queue(user, desk.narrowing, at=desk.now, beyond=beyond)
    counts = verification.counts(user, desk.narrowing)
    return render(
        request,
        "pipeline/verification/queue.html",
        {
            "desk": desk,
            "lines": [
                {
                    "item": item,
                    "url": desk.address(item.key),
                    "days": (timezone.localdate(desk.now) - timezone.localdate(item.key.at)).days,
                    "is_own": item.by == user,
                }
                for item in page.items
            ],
            "further": page.beyond and urlencode(desk.given | {"beyond": page.beyond.name}),
            "is_further": beyond is not None,
            "kinds": _kinds(desk, counts),
            "total": sum(counts.values()),
            "may_act": may(user, "milestone.verify"),
            "report": report,
            "done": sum(not outcome.refusal for outcome in report),
            "refused": [outcome for outcome in report if outcome.refusal],
        },
    )


def _kinds(desk: Desk, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Each kind that waits, how many, and the query that narrows to it."""
    labels = [*MilestoneKind.choices, (FUNDS, _("到位资金"))]
    return [
        {
            "label": label,
            "count": counts[kind],
            "query": urlencode(desk.given | {"kind": kind}),
            "is_current": desk.given.get("kind") == kind,
        }
        for kind, label in labels
        if counts.get(kind)
    ]


@require_safe
@allowed("verification.view")
def recent(request: SignedIn) -> HttpResponse:
    """What was decided lately; from here a verified one is revoked or corrected."""
    mine = request.GET.get("mine") == "1"
    return render(
        request,
        "pipeline/verification/recent.html",
        {"decisions": verification.decisions(request.user, mine=mine), "mine": mine},
    )


@require_safe
@allowed("verification.view")
def claim(request: SignedIn, pk: int) -> HttpResponse:
    """A claim with its facts on the left and its evidence on the right."""
    return claim_page(request, claim_in_sight(request, pk))


def claim_in_sight(request: SignedIn, pk: int) -> Milestone:
    """The milestone with all that the page names, or 404."""
    rows = Milestone.objects.visible_to(request.user).select_related(
        "project__investor",
        "project__park",
        "project__officer",
        "project__industry",
        "project__channel",
        "claimed_by",
        "verified_by",
        "returned_by",
        "revoked_by",
        "expansion",
        "corrects",
        "load_row__load",
    )
    return get_object_or_404(rows, pk=pk)


def claim_page(
    request: SignedIn, row: Milestone, *, bound: Mapping[str, BaseForm] | None = None
) -> HttpResponse:
    """The page; ``bound`` holds a form that was refused, by its act, and answers 422."""
    desk, user = Desk.of(request), request.user
    found = scrutiny.scrutinise(row, user=user, today=timezone.localdate(desk.now), at=desk.now)
    forms: dict[str, BaseForm] = {}
    if row.state == "claimed" and may(user, "milestone.return", row.project):
        forms["return_form"] = ReasonsForm()
    if row.is_effective and may(user, "milestone.revoke", row.project):
        forms["revoke_form"] = ReasonForm(prefix=f"revoke-{row.pk}")
        forms["correct_form"] = CorrectionForm(milestone=row)
    return render(
        request,
        _template(request, "claim"),
        {
            "m": row,
            "project": row.project,
            "scrutiny": found,
            "is_own": row.claimed_by == user,
            "may_verify": row.state == "claimed" and may(user, "milestone.verify", row.project),
            **_around(request, desk, Key(row.claimed_at, 0, row.pk)),
            **_viewer(request, found.evidence),
            **forms,
            **{f"{act}_form": form for act, form in (bound or {}).items()},
        },
        status=422 if bound else 200,
    )


@require_safe
@allowed("verification.view")
def receipt(request: SignedIn, pk: int) -> HttpResponse:
    """Money that arrived, with its voucher beside it."""
    return receipt_page(request, receipt_in_sight(request, pk))


def receipt_in_sight(request: SignedIn, pk: int) -> FundsReceipt:
    """The receipt with all that the page names, or 404."""
    rows = FundsReceipt.objects.visible_to(request.user).select_related(
        "project__investor",
        "project__park",
        "project__officer",
        "recorded_by",
        "verified_by",
        "document",
        "load_row__load",
    )
    return get_object_or_404(rows, pk=pk)


def receipt_page(
    request: SignedIn, row: FundsReceipt, *, bound: Mapping[str, BaseForm] | None = None
) -> HttpResponse:
    """The page; a refused form answers 422."""
    desk, user = Desk.of(request), request.user
    documents = [row.document] if row.document else []
    may_verify = row.verified_at is None and may(user, "funds.verify", row.project)
    return render(
        request,
        _template(request, "receipt"),
        {
            "receipt": row,
            "project": row.project,
            "others": row.project.funds_receipts.exclude(pk=row.pk).select_related("verified_by")[
                : scrutiny.OTHERS
            ],
            "questions": funds.questions(row),
            "twins": scrutiny.twins(documents, project=row.project, user=user),
            "is_own": row.recorded_by == user,
            "may_verify": may_verify,
            "return_form": ReasonsForm(prefix="question") if may_verify else None,
            **_around(request, desk, Key(row.recorded_at, 1, row.pk)),
            **_viewer(request, documents),
            **{f"{act}_form": form for act, form in (bound or {}).items()},
        },
        status=422 if bound else 200,
    )


def _template(request: SignedIn, name: str) -> str:
    """The page, or only the evidence where another file of it was chosen."""
    wants_evidence = request.method == "GET" and request.htmx  # type: ignore[attr-defined]
    part = "evidence" if wants_evidence else name
    return f"pipeline/verification/{part}.html"


def _around(request: SignedIn, desk: Desk, key: Key) -> dict[str, Any]:
    """What stands before and after it in the queue, and how many wait."""
    before, after = verification.neighbours(request.user, desk.narrowing, key, at=desk.now)
    counts = verification.counts(request.user, desk.narrowing)
    kind = desk.narrowing.kind
    return {
        "desk": desk,
        "before": before and desk.address(before),
        "after": after and desk.address(after),
        "back": desk.address(None),
        "left": counts.get(kind, 0) if kind else sum(counts.values()),
        "waited": (timezone.localdate(desk.now) - timezone.localdate(key.at)).days,
    }


def _viewer(request: SignedIn, documents: Sequence[Document]) -> dict[str, Any]:
    """The files with the one that is looked at, and the one that comes after it."""
    wanted = request.GET.get("document", "")
    at = next((i for i, d in enumerate(documents) if str(d.pk) == wanted), 0)
    shown = documents[at] if documents else None
    given = {name: v for name, v in request.GET.dict().items() if name != "document"}
    return {
        "documents": [
            {"row": row, "query": urlencode(given | {"document": row.pk})} for row in documents
        ],
        "shown": shown,
        "shows": None
        if shown is None or shown.media_type not in SHOWN
        else "picture"
        if shown.media_type in PICTURES
        else "pdf",
        "following": urlencode(given | {"document": documents[(at + 1) % len(documents)].pk})
        if len(documents) > 1
        else "",
        "page_path": request.path,
    }
