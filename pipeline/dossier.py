"""What a project's file collects besides milestones: meetings and reviews.

Each entry is added, says who recorded it, and is what the gates ask for. What a project
needs from the county is ``pipeline.factors``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from crm.models import Contact, User
from crm.rights import require
from pipeline import activity, interactions
from pipeline.models import Interaction, Project, Review
from pipeline.past import refuse_future


def add_interaction(
    project: Project,
    *,
    kind: str,
    occurred_on: dt.date,
    summary: str,
    contacts: Iterable[Contact] = (),
    by: User,
    at: dt.datetime,
) -> Interaction:
    """A meeting, visit or call of a project (``pipeline.interactions`` has the whole entry).

    Raises what recording one raises.
    """
    return interactions.record(
        organization=project.investor,
        project=project,
        kind=kind,
        occurred_on=occurred_on,
        summary=summary,
        contacts=contacts,
        by=by,
        at=at,
    )


@transaction.atomic
def add_review(
    project: Project,
    *,
    kind: str,
    passed: bool,
    held_on: dt.date,
    note: str = "",
    by: User,
    at: dt.datetime,
) -> Review:
    """A review's outcome; the latest of a kind holds. Raises ``NotAllowed``, ``InTheFuture``."""
    require(by, "project.edit", project)
    refuse_future(held_on, at)
    review = Review.objects.create(
        project=project,
        kind=kind,
        passed=passed,
        held_on=held_on,
        note=note.strip(),
        recorded_at=at,
        recorded_by=by,
    )
    activity.touch(project, on=held_on)
    return review
