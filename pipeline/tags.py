"""Putting a tag on a project, and taking it off."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from crm.models import Tag, User
from crm.rights import require
from pipeline.models import Project, ProjectTag


@transaction.atomic
def add(project: Project, tag: Tag, *, by: User, at: dt.datetime) -> bool:
    """Whether the tag is new on the project. Raises ``NotAllowed``."""
    require(by, "project.edit", project)
    _link, is_new = ProjectTag.objects.get_or_create(
        project=project, tag=tag, defaults={"added_at": at, "added_by": by}
    )
    return is_new


@transaction.atomic
def remove(project: Project, tag: Tag, *, by: User) -> bool:
    """Whether there was such a tag to take off. Raises ``NotAllowed``."""
    require(by, "project.edit", project)
    removed, _by_model = ProjectTag.objects.filter(project=project, tag=tag).delete()
    return bool(removed)
