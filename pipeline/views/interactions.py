"""Meetings: recording one on a phone, the list, one with its photos."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crm.http import SignedIn, allowed
from crm.models import User
from crm.names import normalise
from crm.refusals import Refused
from pipeline import filters, interactions, whom
from pipeline.forms.interactions import CaptureForm, InteractionFilter
from pipeline.models import Interaction, InteractionKind, Project
from pipeline.reach import organizations_visible_to
from pipeline.search import CANDIDATES, SHORTEST, named
from pipeline.soon import soon
from pipeline.stages import Stage

LONGEST = 60


@never_cache  # each has a key of its own
@require_http_methods(["GET", "HEAD", "POST"])
@allowed("interaction.record")
def capture(request: SignedIn) -> HttpResponse:
    """Record a meeting on one screen; htmx asks for whom, and for what a search finds."""
    given = request.POST if request.method == "POST" else request.GET
    met = whom.chosen(
        project=given.get("project", ""),
        organization=given.get("organization", ""),
        user=request.user,
    )
    if request.method == "POST":
        return _record(request, met)
    if met is None and (given.get("project") or given.get("organization")):
        raise Http404
    # Who produces is cared for: what is recorded of them begins as a visit.
    is_landed = bool(met and met.project and met.project.stage == Stage.PRODUCING)
    first = {
        "client_key": uuid.uuid4(),
        "occurred_on": timezone.localdate(),
        "kind": InteractionKind.AFTERCARE if is_landed else InteractionKind.VISIT_OUT,
    }
    form = CaptureForm(user=request.user, whom=met, initial=first)
    part = ""
    if request.htmx:  # type: ignore[attr-defined]
        part = "#found" if "q" in given else "#whom"
    return _capture_page(request, form, part=part)


def _record(request: SignedIn, met: whom.Whom | None) -> HttpResponse:
    form = CaptureForm(request.POST, request.FILES, user=request.user, whom=met)
    if form.is_valid():
        try:
            key = form.cleaned_data["client_key"]
            is_again = key and interactions.recorded_before(key, by=request.user)
            row = interactions.record(**form.entry(), by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            if is_again:
                messages.info(request, _("这条记录之前已经送达，下面是当时保存的内容。"))
            else:
                messages.success(request, _("已保存。"))
            where = reverse("interaction", args=[row.pk])
            if request.headers.get("X-Draft"):  # sent by draft.js, which goes there itself
                return JsonResponse({"url": where}, status=201)
            return redirect(where)
    return _capture_page(request, form)


def _capture_page(request: SignedIn, form: CaptureForm, part: str = "") -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    is_open = form.whom is None
    return render(
        request,
        f"pipeline/interactions/capture.html{part}",
        {
            "form": form,
            "whom": form.whom,
            "recent": whom.recent(request.user) if is_open and part != "#found" else [],
            "text": text,
            "found": whom.search(text, user=request.user) if is_open and text else [],
            "is_too_short": 0 < len(text) < SHORTEST,
            "soon": soon(timezone.localdate()),
            "today": timezone.localdate(),
            "most_photos": interactions.MOST_PHOTOS,
        },
        status=422 if form.is_bound else 200,
    )


@require_safe
@allowed("project.view")
def interaction_list(request: SignedIn) -> HttpResponse:
    """The meetings that the person may see, the latest first, narrowed by the URL."""
    form = InteractionFilter(request.GET, user=request.user)
    form.is_valid()
    asked = form.cleaned_data
    given = {name: request.GET[name] for name, value in asked.items() if value}
    rows = _narrowed(asked, request.user)
    page = filters.page(
        rows.order_by("-occurred_on", "-pk"),
        number=request.GET.get("page", "1"),
        size="",
        whole=Interaction.objects.select_related(
            "project", "organization", "recorded_by"
        ).prefetch_related("officers", "contacts"),
    )
    met = whom.chosen(
        project=given.get("project", ""),
        organization=given.get("organization", ""),
        user=request.user,
    )
    context = {"form": form, "given": given, "page": page, "query": urlencode(given), "whom": met}
    return render(request, "pipeline/interactions/list.html", context)


def _narrowed(asked: dict[str, Any], user: User) -> QuerySet[Interaction]:
    rows = Interaction.objects.current().visible_to(user)
    if text := (asked.get("q") or "").strip():
        rows = rows.filter(_says(text, user))
    if asked.get("kind"):
        rows = rows.filter(kind=asked["kind"])
    if asked.get("officer"):
        took_part = Interaction.officers.through.objects.filter(user=asked["officer"])
        rows = rows.filter(pk__in=took_part.values("interaction"))
    if asked.get("since"):
        rows = rows.filter(occurred_on__gte=asked["since"])
    if asked.get("until"):
        rows = rows.filter(occurred_on__lte=asked["until"])
    if asked.get("project"):
        rows = rows.filter(project=asked["project"])
    if asked.get("organization"):
        rows = rows.filter(organization=asked["organization"])
    return rows


def _says(text: str, user: User) -> Q:
    """What was talked about, or with whom: the words, the project, the company.

    Names are looked up first, a bounded number of them: a database that is given keys reads
    each part by its index, and with three subqueries under OR reads every meeting.
    """
    typed = normalise(text)
    of_name = named(typed, typed.replace("'", ""))
    projects = Project.objects.visible_to(user).filter(of_name).order_by()
    companies = organizations_visible_to(user).filter(of_name).order_by()
    return (
        Q(summary__lower__has=text.lower())
        | Q(project__in=list(projects.values_list("pk", flat=True)[:CANDIDATES]))
        | Q(organization__in=list(companies.values_list("pk", flat=True)[:CANDIDATES]))
    )


@require_safe
@allowed("project.view")
def interaction(request: SignedIn, pk: int) -> HttpResponse:
    """One meeting: who, what, photos, and what was to follow."""
    rows = Interaction.objects.visible_to(request.user).select_related(
        "project", "organization", "recorded_by"
    )
    row = get_object_or_404(rows, pk=pk)
    return render(
        request,
        "pipeline/interactions/interaction.html",
        {
            "row": row,
            "photos": row.photos.filter(withdrawn_at__isnull=True).order_by("pk"),
            "steps": row.follow_ups.select_related("project", "assignee", "closed_by"),
            "today": timezone.localdate(),
            "soon": soon(timezone.localdate()),
        },
    )


@require_safe
@allowed("project.view")
def interaction_photo(request: SignedIn, pk: int, photo: int) -> FileResponse:
    """A photo of a meeting, shown as what its content was found to be and nothing else."""
    row = get_object_or_404(Interaction.objects.visible_to(request.user), pk=pk)
    kept = get_object_or_404(row.photos.filter(withdrawn_at__isnull=True), pk=photo)
    if kept.media_type not in interactions.IMAGES:
        raise Http404
    response = FileResponse(kept.file.open("rb"), filename=kept.name, content_type=kept.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=300"
    return response
