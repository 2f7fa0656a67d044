"""The tags of a project: the six lists, the five advantages and the county's own words.

Which came and went, and by whom, is a line in the project's history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Tag, User
from crm.rights import require
from pipeline.field_history import note
from pipeline.models import Project, ProjectTag


@transaction.atomic
def set_tags(project: Project, tags: Iterable[Tag], *, by: User, at: dt.datetime) -> bool:
    """Give a project exactly these tags; whether anything changed. Raises ``NotAllowed``."""
    project = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    require(by, "project.edit", project)
    wanted = {tag.pk: tag for tag in tags}
    had = {link.tag_id: link for link in project.tag_links.select_related("tag")}
    came = [tag for key, tag in wanted.items() if key not in had]
    went = [link for key, link in had.items() if key not in wanted]
    if not came and not went:
        return False
    ProjectTag.objects.filter(pk__in=[link.pk for link in went]).delete()
    ProjectTag.objects.bulk_create(
        ProjectTag(project=project, tag=tag, added_at=at, added_by=by) for tag in came
    )
    signs = [f"+{tag}" for tag in came] + [f"−{link.tag}" for link in went]
    note(project, _("标签：%(signs)s"), by=by, at=at, signs=" ".join(signs))
    return True


@transaction.atomic
def add(project: Project, tag: Tag, *, by: User, at: dt.datetime) -> bool:
    """Whether the tag is new on the project. Raises ``NotAllowed``."""
    return set_tags(project, [*project.tags.all(), tag], by=by, at=at)


@transaction.atomic
def remove(project: Project, tag: Tag, *, by: User, at: dt.datetime) -> bool:
    """Whether there was such a tag to take off. Raises ``NotAllowed``."""
    return set_tags(project, project.tags.exclude(pk=tag.pk), by=by, at=at)
