"""What a project's page shows of a lead's clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm

from crm.models import User
from crm.rights import may
from pipeline import lead_clocks
from pipeline.clock_rules import rules_at
from pipeline.forms.lead_clocks import LeadStepForm
from pipeline.models import Project

SHOWN = 20


def lead_section(
    project: Project, user: User, refused: Mapping[str, BaseForm], now: dt.datetime
) -> dict[str, Any]:
    """The step that the lead is owed with its light and form, and the steps taken."""
    owed = lead_clocks.owed_now(project, at=now)
    light = None
    form: BaseForm | None = None
    if owed is not None and owed.due_on is not None:
        light = lead_clocks.lead_light(owed.kind, owed.due_on, now, rules_at(now))
        if may(user, "lead.handle", project):
            form = refused.get("leadstepform") or LeadStepForm(project=project, kind=owed.kind)
    steps = project.lead_steps.select_related("recorded_by").order_by("-id")[:SHOWN]
    return {"lead": {"owed": owed, "light": light, "steps": list(steps), "form": form}}
