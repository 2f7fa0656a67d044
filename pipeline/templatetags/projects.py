"""Words and links of a project's page."""

import datetime as dt

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pipeline.due import due_light
from pipeline.gates import GATES, Requirement
from pipeline.lights import Light
from pipeline.models import Milestone, Project
from pipeline.templatetags.figures import ICONS

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


@register.simple_tag
def light_due(
    due_on: dt.date | None, done_on: dt.date | None, today: dt.date, done: str
) -> SafeString:
    """The light of what is due on a day, with its icon and how many days it is to or past it."""
    light = due_light(due_on, done_on, today=today)
    if done_on is not None:
        words = done
    elif due_on is None:
        words = _("未定期限")
    elif due_on < today:
        words = _("逾期 %(days)s 天") % {"days": (today - due_on).days}
    elif due_on == today:
        words = _("今天到期")
    else:
        words = _("还有 %(days)s 天") % {"days": (due_on - today).days}
    return lamp(light, words)


@register.filter
def lamp(light: Light, words: str) -> SafeString:
    """A light with its icon and words."""
    return format_html(
        '<span class="light light-{}"><i class="bi {}" aria-hidden="true"></i> {}</span>',
        light.value,
        ICONS[light],
        words,
    )
