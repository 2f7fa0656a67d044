"""A first report's page with what may be done about it, and disputes about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import disputes, first_reports
from crm.http import SignedIn, allowed
from crm.models import FirstReport, ReportDispute
from crm.refusals import Refused
from crm.rights import may
from pipeline import leads
from pipeline.forms.leads import AskForm, DecideForm, DisputeForm, ExtendForm, ReleaseForm
from pipeline.protection import terms


def _report(request: SignedIn, pk: int) -> FirstReport:
    """A report that the person may read; 404 for another unit's."""
    rows = first_reports.visible_to(request.user)
    return get_object_or_404(rows.select_related("organization", "park", "officer"), pk=pk)


@require_safe
@allowed("organization.view")
def first_report(request: SignedIn, pk: int) -> HttpResponse:
    """Whose the investor is, until when, and the disputes about it."""
    return _report_page(request, _report(request, pk))


def _report_page(request: SignedIn, report: FirstReport, refused: Any = None) -> HttpResponse:
    county, user, today = terms(), request.user, timezone.localdate()
    (line,) = leads.lines(
        [report.pk], user=user, today=today, idle_days=county.protection_idle_days
    )
    offered: dict[str, Any] = {}
    if line.is_held and report.extended_at is None and may(user, "report.extend", report):
        offered["extend_form"] = ExtendForm()
    elif line.is_held and report.extended_at is None and may(user, "lead.register", report):
        offered["ask_form"] = AskForm()
    if report.released_at is None and first_reports.may_release(user, report):
        offered["release_form"] = ReleaseForm()
    if refused is not None:
        offered[f"{refused.prefix}_form"] = refused
    return render(
        request,
        "pipeline/leads/report.html",
        {
            "line": line,
            "report": report,
            "county": county,
            "disputes": report.disputes.select_related("park", "raised_by", "decided_by"),
            "may_report_again": not line.is_held and may(user, "lead.register", report),
            **offered,
        },
        status=422 if refused is not None else 200,
    )


def _act(
    request: SignedIn, pk: int, form_class: type[Any], verb: Callable[..., Any], done: str
) -> HttpResponse:
    """Hand a form's reason to its verb; a refusal is said in the form on the page."""
    report = _report(request, pk)
    form = form_class(request.POST)
    if form.is_valid():
        try:
            verb(report, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, done)
            return redirect("first_report", pk)
    return _report_page(request, report, form)


@require_POST
@allowed("report.extend")
def extend(request: SignedIn, pk: int) -> HttpResponse:
    """Protect the unit once more."""
    county = terms()

    def verb(report: FirstReport, **given: Any) -> Any:
        return first_reports.extend(
            report,
            months=county.protection_extension_months,
            idle_days=county.protection_idle_days,
            **given,
        )

    return _act(request, pk, ExtendForm, verb, _("已延期。"))


@require_POST
@allowed("lead.register")
def ask(request: SignedIn, pk: int) -> HttpResponse:
    """Ask the manager for an extension."""
    return _act(request, pk, AskForm, first_reports.ask_extension, _("已通知负责人。"))


@require_POST
@allowed("report.release")
def release(request: SignedIn, pk: int) -> HttpResponse:
    """Give the investor up."""
    return _act(request, pk, ReleaseForm, first_reports.release, _("已解除，别的单位可以首报了。"))


@require_POST
@allowed("lead.register")
def again(request: SignedIn, pk: int) -> HttpResponse:
    """Report anew what has lapsed."""
    report = _report(request, pk)
    try:
        report = leads.report_again(report, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已重新首报。"))
    return redirect("first_report", report.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("dispute.raise")
def new_dispute(request: SignedIn, pk: int) -> HttpResponse:
    """Claim an investor that another holds; of the report only what anyone is told is shown."""
    rows = FirstReport.objects.filter(released_at__isnull=True)
    report = get_object_or_404(rows.select_related("organization"), pk=pk)
    now = timezone.now()
    form = DisputeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = disputes.raise_dispute(
                report,
                grounds=form.cleaned_data["grounds"],
                idle_days=terms().protection_idle_days,
                by=request.user,
                at=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已提出争议，裁定后会通知您。"))
            return redirect("dispute", row.pk)
    (known,) = leads.masked([report.organization], request.user, timezone.localdate(now))
    return render(
        request,
        "pipeline/leads/dispute_new.html",
        {"form": form, "known": known},
        status=422 if form.is_bound else 200,
    )


def _dispute(request: SignedIn, pk: int) -> ReportDispute:
    rows = disputes.visible_to(request.user).select_related(
        *("report__organization", "report__park", "report__officer"),
        *("park", "raised_by", "decided_by"),
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@allowed("organization.view")
def dispute(request: SignedIn, pk: int) -> HttpResponse:
    """Who claims what, on which grounds, and the decision."""
    return _dispute_page(request, _dispute(request, pk))


def _dispute_page(
    request: SignedIn, row: ReportDispute, form: DecideForm | None = None
) -> HttpResponse:
    answers = frozenset() if row.decided_at else disputes.answers(request.user, row)
    if form is None and answers:
        form = DecideForm(dispute=row, answers=answers)
    sees_report = first_reports.visible_to(request.user).filter(pk=row.report_id).exists()
    return render(
        request,
        "pipeline/leads/dispute.html",
        {
            "dispute": row,
            "report": row.report,
            "form": form,
            "answers": answers,
            "sees_report": sees_report,
        },
        status=422 if form and form.is_bound else 200,
    )


@require_POST
@allowed("dispute.decide")
def decide(request: SignedIn, pk: int) -> HttpResponse:
    """Uphold a claim or refuse it."""
    row = _dispute(request, pk)
    answers = disputes.answers(request.user, row)
    form = DecideForm(request.POST, dispute=row, answers=answers)
    if form.is_valid():
        try:
            disputes.decide(
                row,
                **form.cleaned_data,
                months=terms().protection_months,
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已裁定，双方都会收到通知。"))
            return redirect("dispute", pk)
    return _dispute_page(request, row, form)
