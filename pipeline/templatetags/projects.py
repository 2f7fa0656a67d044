"""Words and links of a project's page."""

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from pipeline.gates import GATES, Requirement
from pipeline.models import Milestone, Project

register = template.Library()

# Where on the page what a requirement asks for is supplied; a project's field otherwise.
PLACES = {
    "document": "attach",
    "review": "add-review",
    "factor": "add-factor",
    "contacts": "add-contact",
    "interactions": "add-interaction",
    "milestone": "milestones",
}
FIELDS = {"investor": "investor_name"}
LABELS = {need.code: need.label for needs in GATES.values() for need in needs}


@register.filter
def supply_link(need: Requirement, project: Project) -> str:
    """Where a person supplies what is missing."""
    what = need.supply.partition(":")[0]
    if what in PLACES:
        return f"#{PLACES[what]}"
    return reverse("project_edit", args=[project.pk]) + f"#id_{FIELDS.get(what, what)}"


@register.filter
def waived_labels(milestone: Milestone) -> str:
    """What an override waived, in words."""
    return _("、").join(str(LABELS.get(code, code)) for code in milestone.waived.split(","))
