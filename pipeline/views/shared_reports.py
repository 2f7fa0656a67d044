"""A frozen report for who has its link and password: nothing else of the site."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from pipeline.forms.reports import PasswordForm
from pipeline.models import ReportShare
from pipeline.reports import freezing, sharing
from pipeline.reports.formats import html
from pipeline.views.reports import MEDIA, cannot, file_of


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The report once the password was given in this session; else the question for it."""
    now = timezone.now()
    link = _link(token)
    if request.session.get(_key(link)):
        try:
            content = freezing.content_of(link.report, at=now)
        except freezing.Damaged as refusal:
            return cannot(refusal)
        said = html.context(content, digest=link.report.digest, version=link.report.version)
        return render(
            request, "pipeline/reports/shared.html", {"link": link, "formats": list(MEDIA), **said}
        )
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        is_right = sharing.open_with(
            link,
            form.cleaned_data["password"],
            at=now,
            address=request.META.get("REMOTE_ADDR"),
            agent=request.headers.get("User-Agent", ""),
        )
        if is_right:
            request.session.cycle_key()
            request.session[_key(link)] = True
            return redirect("report_shared", token)
        form.add_error("password", _("口令不对，或试得太多：请稍后再试，或向发来链接的人核实"))
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/reports/password.html", {"form": form}, status=status)


@login_not_required
@never_cache
@require_safe
def shared_file(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """A file of a report whose password was given in this session; each is logged."""
    link = _link(token)
    if not request.session.get(_key(link)):
        return redirect("report_shared", token)
    sharing.log(
        link,
        succeeded=True,
        at=timezone.now(),
        address=request.META.get("REMOTE_ADDR"),
        agent=request.headers.get("User-Agent", ""),
    )
    return file_of(link.report, kind, with_sources=False)


def _link(token: str) -> ReportShare:
    link = sharing.find(token, at=timezone.now())
    if link is None:
        raise Http404
    return link


def _key(link: ReportShare) -> str:
    return f"shared-report-{link.pk}"
