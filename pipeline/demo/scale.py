"""Any number of invented projects with ten years of history, for measuring.

The same number and seed give the same rows and the same figures, whenever they are made:
no clock is asked, the last day is :data:`LAST_DAY`. Projects come in batches, each drawn
from a generator of its own and stored in one transaction by a fixed number of statements;
so memory stays the same however many there are, and a run that was broken off is taken up
at the batch that it had reached.

Each project's evidence is a row of a load, as for a county's existing ledger; its stage
follows from its milestones by a ``StageChange`` each, as everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from crm.models import Channel, Industry, Park, Role, User
from pipeline.demo import words
from pipeline.demo.bulk import reset_sequences
from pipeline.demo.lives import LAST_DAY, LAST_INSTANT, REVOKED, Cast, Tables, draw
from pipeline.models import Load, Milestone, Project, StageChange
from pipeline.models.loads import workbook_path
from pipeline.stages import Stage

BATCH = 2000
OFFICERS, VERIFIERS = 40, 4


class OtherNumbers(Exception):
    """The database has invented projects of another number or seed."""


def seed(count: int, *, seed: int, progress: Callable[[int], None] = lambda done: None) -> bool:
    """Bring the invented projects to ``count``; False where they were there already.

    The county must have been set up. ``progress`` is told how many are stored after each
    batch. Raises :class:`OtherNumbers`.
    """
    load = _load(count, seed)
    done: int = load.summary["created"]
    if done == count:
        return False
    cast, tables = _cast(), Tables()
    while done < count:
        size = min(BATCH, count - done)
        random = Random(f"{seed}/{done}")  # noqa: S311 -- invented projects
        draw(random, range(done, done + size), tables, cast, load_id=load.pk)
        done += size
        load.summary = {**load.summary, "rows": done, "created": done}
        with transaction.atomic():
            _store(tables)
            load.save(update_fields=["summary"])
        progress(done)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return True


def _load(count: int, seed: int) -> Load:
    name = f"seed_demo --projects {count} --seed {seed}"
    text = f"{count} invented projects, drawn from seed {seed}\n".encode()
    existing = Load.objects.filter(name__startswith="seed_demo --projects").first()
    if existing is not None:
        if existing.name != name:
            raise OtherNumbers(existing.name)
        return existing
    load = Load(
        name=name,
        sha256=hashlib.sha256(text).hexdigest(),
        size=len(text),
        today=LAST_DAY,
        loaded_at=LAST_INSTANT,
        loaded_by=_user("demo-loader", "演示数据", Role.SYSTEM, None),
        summary={"rows": 0, "created": 0},
    )
    load.file.name = workbook_path(load, name)
    if not load.file.storage.exists(load.file.name):
        load.file.storage.save(load.file.name, ContentFile(text))
    load.save()
    return load


def _cast() -> Cast:
    random = Random("cast")  # noqa: S311 -- invented people
    parks = list(Park.objects.all())
    return Cast(
        parks=parks,
        channels=list(Channel.objects.values_list("pk", flat=True)),
        industries=dict(Industry.objects.values_list("code", "pk")),
        officers=[
            _user(
                f"demo-officer-{n:02}",
                words.person(random),
                Role.OFFICER,
                parks[n % len(parks)] if parks else None,
            )
            for n in range(1, OFFICERS + 1)
        ],
        verifiers=[
            _user(f"demo-verifier-{n}", words.person(random), Role.VERIFIER, None).pk
            for n in range(1, VERIFIERS + 1)
        ],
    )


def _user(username: str, full_name: str, role: Role, park: Park | None) -> User:
    """Someone to whom rows are ascribed, and who cannot log in."""
    user, _new = User.objects.get_or_create(
        username=username,
        defaults={
            "full_name": full_name,
            "role": role,
            "park": park,
            "is_active": False,
            "password": make_password(None),
        },
    )
    return user


def _store(tables: Tables) -> None:
    """Store a batch, in the order that foreign keys and the guards ask for."""
    first, last = tables.projects.rows[0]["id"], tables.projects.rows[-1]["id"]
    for table in tables.before_revocations:
        table.flush()
    # A stage is reached by what is effective: revoked only after the project has moved.
    Milestone.objects.bulk_update(
        [
            Milestone(pk=pk, revoked_at=at, revoked_by_id=by, revoke_reason=REVOKED)
            for pk, at, by in tables.revocations
        ],
        ["revoked_at", "revoked_by", "revoke_reason"],
    )
    tables.revocations.clear()
    for table in tables.after_revocations:
        table.flush()
    reset_sequences([*tables.before_revocations, *tables.after_revocations])
    changes = StageChange.objects.filter(project=OuterRef("pk")).order_by("-id")
    batch = Project.objects.filter(pk__gte=first, pk__lte=last)
    batch.update(
        stage=Coalesce(Subquery(changes.values("to_stage")[:1]), Value(Stage.LEAD)),
        stage_since=Subquery(changes.values("effective_on")[:1]),
    )
    batch.filter(stage=Stage.LEAD).update(stage_since=None)
