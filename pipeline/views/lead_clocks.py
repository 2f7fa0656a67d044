"""The clocks of leads: which are owed a step, by their lights; taking the step."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from crm.http import SignedIn, allowed
from crm.models import Park, User
from pipeline import lead_clocks
from pipeline.clock_rules import rules_at
from pipeline.forms.lead_clocks import LeadStepForm
from pipeline.lights import Light
from pipeline.models import LeadStep, Project
from pipeline.views.dossier import add_to_project

PAGE, COUNTED_TO = 25, 10_000
SHOWS = (
    ("", _("全部")),
    (Light.RED.value, _("已逾期")),
    (Light.YELLOW.value, _("快到期")),
    (Light.GREEN.value, _("未到期")),
)


@require_safe
@allowed("project.view")
def lead_clock_list(request: SignedIn) -> HttpResponse:
    """Leads that are owed a step, the most urgent first, by light and park."""
    user, now = request.user, timezone.now()
    rules, given = rules_at(now), request.GET
    show = given.get("light", "")
    rows = lead_clocks.visible_to(user).select_related(
        "project__park", "project__officer", "project__investor"
    )
    if show in dict(SHOWS) and show:
        rows = rows.filter(lead_clocks.lead_light_is(show, now, rules))
    parks = list(Park.objects.all()) if user.is_county_wide else []
    park = next((park for park in parks if park.slug == given.get("park")), None)
    if park is not None:
        rows = rows.filter(project__park=park)
    page = Paginator(rows[:COUNTED_TO], PAGE).get_page(given.get("page"))
    kept = {"park": park.slug} if park else {}
    return render(
        request,
        "pipeline/leads/clocks.html",
        {
            "shows": [(urlencode(kept | {"light": v}), label, v == show) for v, label in SHOWS],
            "show": show,
            "parks": parks,
            "park": park,
            "query": urlencode(kept | {"light": show}),
            "page": page,
            "lines": [
                (row, lead_clocks.lead_light(row.kind, row.due_on, now, rules)) for row in page
            ],
        },
    )


@require_POST
@allowed("lead.handle")
def lead_handle(request: SignedIn, pk: int) -> HttpResponse:
    """Take the step that the lead is owed."""

    def verb(project: Project, *, by: User, at: dt.datetime, **given: Any) -> LeadStep:
        return lead_clocks.handle(project, by=by, at=at, **given)

    return add_to_project(request, pk, LeadStepForm, verb, "lead")
