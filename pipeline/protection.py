"""Where first reports (首报) and projects meet: the county's terms, and whose an investor is.

Every way to register a project for an investor comes by :func:`claim`, and so does giving a
project another investor: a unit that registers a project reports its investor first, joins
its own report, or is refused. What is left alone:

- a ledger that is loaded: what a county has on its books was registered before, elsewhere;
  its investors are not protected, and :func:`taken` says whose they are;
- an expansion of the unit's own project: to an investor it has landed a unit may always
  return, whoever reported the investor in the meantime;
- what is registered already: protection keeps others from registering, it takes nothing
  away. A verified contract is the unit's by its milestone (``pipeline.attribution``) and
  needs no protection. It is not prolonged by signing, nor cut short: until its last day
  nobody else starts on another project with the investor, after it anybody may.

A unit is the project's park; for a project that has none yet, the park of its officer.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import first_reports
from crm.models import FirstReport, Organization, Park, User
from pipeline.models import CountySettings, Project


def terms() -> CountySettings:
    """How long a county protects, by the settings recorded last."""
    return CountySettings.objects.order_by("-recorded_at", "-id").first() or CountySettings()


def unit_of(project: Project, *, by: User | None = None) -> Park | None:
    """The unit that a project is: its park, its officer's, or of who registers it."""
    if project.park_id or project.is_county_level:
        return project.park
    person = project.officer or by
    return person.park if person else None


def claim(project: Project, *, by: User, at: dt.datetime) -> FirstReport | None:
    """Report the investor of a project for its unit, or join the unit's report.

    None for an expansion of the unit's own project. Raises ``NotAllowed``,
    ``crm.first_reports.Protected``.
    """
    if _is_continued(project):
        return None
    county = terms()
    return first_reports.report(
        project.investor,
        park=unit_of(project, by=by),
        officer=project.officer or by,
        on=timezone.localdate(at),
        months=county.protection_months,
        idle_days=county.protection_idle_days,
        by=by,
        at=at,
    )


def _is_continued(project: Project) -> bool:
    parent = project.parent
    return (
        project.is_expansion
        and parent is not None
        and parent.investor_id == project.investor_id
        and parent.park_id == project.park_id
    )


def follow(project: Project, *, left: Park | None, by: User, at: dt.datetime) -> None:
    """Let the protection of a project's investor go along to the unit that it moved to.

    ``left`` is the unit that it was in. Another unit's protection stays where it is.
    """
    unit = unit_of(project, by=by)
    if unit == left:
        return
    idle_days, today = terms().protection_idle_days, timezone.localdate(at)
    report = first_reports.protection(project.investor_id, today=today, idle_days=idle_days)
    if report is None or report.park != left:
        return
    officer = project.officer
    if officer is None or (unit and officer.park_id not in (None, unit.pk)):
        officer = first_reports.heads(unit.pk if unit else None).first() or by
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("随项目流转：%(project)s") % {"project": project.name}
    first_reports.pass_on(report, park=unit, officer=officer, reason=reason, by=by, at=at)


def taken(organizations: Iterable[Organization]) -> dict[int, str]:
    """By organization, the units that have projects with it, in words; nobody's are left out."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = (
        Project.objects.current()
        .filter(investor__in=[row.pk for row in organizations])
        .order_by("park__position", "park_id")
        .values_list("investor_id", "park__name")
        .distinct()
    )
    for investor, park in rows:
        found[investor].append(park or _("县级"))
    return {investor: _("、").join(units) for investor, units in found.items()}
