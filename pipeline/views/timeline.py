"""A project's line of time: on its page, narrowed by kind, and further back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from pipeline import timeline
from pipeline.models import Project


def line(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the templates show of it, as the URL says."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in timeline.Kind.values else ""
    before = timeline.Place.read(request.GET.get("before", ""))
    page = timeline.page(project, kind=kind, before=before)
    return {"kind": kind, "page": page, "kinds": timeline.Kind.choices, "is_later": before}


@require_safe
@allowed("project.view")
def project_timeline(request: SignedIn, pk: int) -> HttpResponse:
    """The line by itself; a fragment of it for the project's page."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    shown = line(request, project)
    template = "pipeline/timeline.html"
    if request.htmx:  # type: ignore[attr-defined]
        template = "pipeline/project/" + ("entries.html" if shown["is_later"] else "line.html")
    return render(request, template, {"project": project, "line": shown})
