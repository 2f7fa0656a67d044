"""Bulletins: the list, a report on its way, its files, its versions compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.refusals import Refused
from crm.rights import may
from pipeline.forms.reports import CorrectionReasonForm, PeriodForm, ShareForm, TextsForm
from pipeline.models import PeriodKind, Report, ReportState, Subject
from pipeline.months import Month, month_of
from pipeline.promise_links import link_to
from pipeline.reports import difference, freezing, printed, sharing
from pipeline.reports.formats import html, write
from pipeline.reports.periods import period_of
from pipeline.reports.wording import cell

PAGE = 30
MEDIA = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("report.view")
def report_list(request: SignedIn) -> HttpResponse:
    """Every report that the person may see; whoever may begins a new one here."""
    form = _new_form(request)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            row = freezing.draft(
                form.period(),
                park=form.cleaned_data["park"],
                subject=form.cleaned_data["subject"],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已起草。数字随情况变动，定稿以后才固定。"))
            return redirect("report", row.pk)
    rows = Report.objects.visible_to(request.user).defer("content", "rows").select_related("park")
    subject = request.GET.get("subject", "")
    if subject in Subject.values:
        rows = rows.filter(subject=subject)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    status = 422 if form is not None and form.is_bound else 200
    return render(
        request,
        "pipeline/reports/list.html",
        {
            "page": page,
            "form": form,
            "subject": subject,
            "subjects": Subject.choices,
            "query": urlencode({"subject": subject}) if subject else "",
        },
        status=status,
    )


def _new_form(request: SignedIn) -> PeriodForm | None:
    if not may(request.user, "report.draft"):
        if request.method == "POST":
            raise Http404
        return None
    today = timezone.localdate()
    started = _last_quarter(today)
    if request.GET.get("subject") == Subject.SUPERVISION:
        month = month_of(today).earlier()
        started = {"subject": Subject.SUPERVISION, "kind": PeriodKind.MONTH}
        started |= {"year": month.year, "number": month.number}
    return PeriodForm(request.POST or None, user=request.user, initial=started)


def _last_quarter(today: dt.date) -> dict[str, Any]:
    last = period_of("quarter", today.replace(day=1))
    return {"kind": last.kind, "year": last.year, "number": last.number}


@require_safe
@allowed("report.view")
def report(request: SignedIn, pk: int) -> HttpResponse:
    """A report: as it was frozen, or as it would be frozen now."""
    return _page(request, _row(request, pk))


def _page(request: SignedIn, row: Report, **forms: Any) -> HttpResponse:
    try:
        content = freezing.content_of(row, at=timezone.now())
    except freezing.Damaged as refusal:
        return cannot(refusal)
    user = request.user
    is_frozen = row.state == ReportState.FROZEN
    bound = any(form.is_bound for form in forms.values())
    versions = Report.objects.filter(
        subject=row.subject, kind=row.kind, year=row.year, number=row.number, park=row.park
    ).defer("content", "rows")
    offered: dict[str, Any] = {
        "may_draft": may(user, "report.draft") and (user.is_county_wide or row.park is not None),
        "may_approve": may(user, "report.approve") and row.submitted_by_id != user.pk,
        "may_freeze": may(user, "report.freeze"),
    }
    if is_frozen and may(user, "report.share"):
        offered["share_form"] = ShareForm()
        offered["shares"] = row.shares.select_related("created_by").prefetch_related("openings")
    if is_frozen and offered["may_draft"] and not Report.objects.filter(corrects=row).exists():
        offered["correct_form"] = CorrectionReasonForm()
    if row.state == ReportState.DRAFT and offered["may_draft"]:
        offered["texts_form"] = TextsForm(initial=row.texts, subject=row.subject)
    return render(
        request,
        "pipeline/reports/report.html",
        {
            "report": row,
            "is_frozen": is_frozen,
            "versions": versions,
            "formats": list(MEDIA),
            "is_printed": printed.is_kept(row),
            **html.context(content, digest=row.digest, version=row.version, link=_link(row)),
            **offered,
            **forms,
        },
        status=422 if bound else 200,
    )


def _link(row: Report) -> Callable[[str, str, str], str] | None:
    """Where a figure on the page leads to: the bulletin on promises lists its items."""
    if row.subject != Subject.SUPERVISION:
        return None
    known = row.known_at.isoformat() if row.known_at else ""
    return link_to(Month(row.year, row.number), known=known)


def _row(request: SignedIn, pk: int) -> Report:
    rows = Report.objects.visible_to(request.user).select_related(
        "park", "corrects", "created_by", "submitted_by", "approved_by", "frozen_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@allowed("report.view")
def report_file(request: SignedIn, pk: int, kind: str) -> HttpResponse:
    """A report in one of its formats, always as a download.

    A park's person gets the county's report without the other parks' single facts.
    """
    row = _row(request, pk)
    own = request.user.is_county_wide or row.park_id == request.user.park_id
    return file_of(row, kind, with_sources=own)


def file_of(row: Report, kind: str, *, with_sources: bool = True) -> HttpResponse:
    """The file of a report that somebody may read; 404 for a format that there is not.

    The facts behind the figures, single amounts of every park, stay inside the county.
    """
    if kind not in MEDIA:
        raise Http404
    rows = row.rows if with_sources else None
    try:
        content = freezing.content_of(row, at=timezone.now())
        if kind == "pdf":
            made = printed.pdf(row, at=timezone.now())
        else:
            made = write(kind, content, rows=rows, digest=row.digest, version=row.version)
    except Refused as refusal:
        return cannot(refusal)
    answer = HttpResponse(made, content_type=MEDIA[kind])
    name = f"{content['title']}-v{row.version}.{kind}"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


def cannot(refusal: Refused) -> HttpResponse:
    """A report that cannot be shown or written now, in words: damaged, or no font."""
    return HttpResponse(str(refusal), status=503, content_type="text/plain; charset=utf-8")


Verb = Callable[[Report, SignedIn], Report]


def _act(act: str, verb: Verb, done: Any) -> Callable[..., HttpResponseBase]:
    """A view that does one verb to a report and says what came of it."""

    @require_POST
    @allowed(act)
    def view(request: SignedIn, pk: int) -> HttpResponse:
        row = _row(request, pk)
        try:
            row = verb(row, request)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done)
        return redirect("report", row.pk)

    return view


report_submit = _act(
    "report.draft",
    lambda row, request: freezing.submit(row, by=request.user, at=timezone.now()),
    gettext_lazy("已送审，等另一位领导批准。"),
)
report_back = _act(
    "report.draft",
    lambda row, request: freezing.send_back(row, by=request.user, at=timezone.now()),
    gettext_lazy("已退回起草。"),
)
report_approve = _act(
    "report.approve",
    lambda row, request: freezing.approve(row, by=request.user, at=timezone.now()),
    gettext_lazy("已批准，可以定稿。"),
)


def _freeze(row: Report, request: SignedIn) -> Report:
    """Freeze, and have the PDF set before the first reader asks for it."""
    row = freezing.freeze(row, by=request.user, at=timezone.now())
    printed.order(row, by=request.user, at=timezone.now())
    return row


report_freeze = _act(
    "report.freeze",
    _freeze,
    gettext_lazy("已定稿：数字、来源和口径从此不变。"),
)


@require_POST
@allowed("report.draft")
def report_write(request: SignedIn, pk: int) -> HttpResponse:
    """Keep people's own paragraphs."""
    row = _row(request, pk)
    form = TextsForm(request.POST, subject=row.subject)
    if form.is_valid():
        try:
            freezing.write(row, texts=form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("report", pk)
    return _page(request, row, texts_form=form)


@require_POST
@allowed("report.draft")
def report_correct(request: SignedIn, pk: int) -> HttpResponse:
    """Begin another version of a frozen report."""
    row = _row(request, pk)
    form = CorrectionReasonForm(request.POST)
    if form.is_valid():
        try:
            new = freezing.correct(
                row, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已起草更正版，原版照旧公开。"))
            return redirect("report", new.pk)
    return _page(request, row, correct_form=form)


@require_POST
@allowed("report.share")
def report_share(request: SignedIn, pk: int) -> HttpResponse:
    """Make a link for people outside."""
    row = _row(request, pk)
    form = ShareForm(request.POST)
    if form.is_valid():
        try:
            sharing.share(
                row,
                password=form.cleaned_data["password"],
                expires_at=form.expires_at(),
                note=form.cleaned_data["note"],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("链接已生成，见下方；口令请另行告知。"))
            return redirect("report", pk)
    return _page(request, row, share_form=form)


@require_POST
@allowed("report.share")
def report_unshare(request: SignedIn, pk: int, share: int) -> HttpResponse:
    """Close a link."""
    row = _row(request, pk)
    link = get_object_or_404(row.shares, pk=share)
    sharing.revoke(link, by=request.user, at=timezone.now())
    messages.success(request, _("链接已停用。"))
    return redirect("report", pk)


@require_safe
@allowed("report.view")
def report_changes(request: SignedIn, pk: int) -> HttpResponse:
    """What a version changed against the one that it corrects, and because of which facts."""
    row = _row(request, pk)
    if row.corrects is None:
        raise Http404
    old, now = row.corrects, timezone.now()
    found = difference.causes(old.rows, freezing.rows_of(row, at=now))
    facts = difference.named(found)
    return render(
        request,
        "pipeline/reports/changes.html",
        {
            "report": row,
            "old": old,
            "changes": [
                (change, cell(change.before, change.kind), cell(change.after, change.kind))
                for change in difference.changes(old.content, freezing.content_of(row, at=now))
            ],
            "causes": [(cause, facts.get((cause.figure, cause.key))) for cause in found],
        },
    )
