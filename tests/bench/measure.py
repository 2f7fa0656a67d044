"""One size, in the database that DATABASE_URL names. Django must have been set up."""

import datetime as dt
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from crm.models import Organization, User
from pipeline.models import FundsReceipt, Load, LoadRow, Milestone, Project, StageChange
from pipeline.rollups import Window, rollup
from pipeline.spreadsheets import loading
from tests.bench import LAST_DAY, YEAR, floors, workbook

WINDOW = Window(YEAR, LAST_DAY, dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
GOALS = {"roll-up SQL": 2, "cockpit": 3, "project list": 3, "import": 2}
Call = Callable[[], object]


def main(size: int, rounds: int, import_rows: int) -> list[dict[str, Any]]:
    _say("migrating")
    call_command("migrate", verbosity=0)
    seconds = _timed(lambda: call_command("seed_demo", projects=size, stdout=io.StringIO()))
    _say(f"{size:,} projects invented in {seconds:.0f} s")
    floors.build()
    found = [_line(size, "seed_demo", seconds * 1000, note=f"{size / seconds:,.0f} projects/s")]
    for what, ours, floor in _readings():
        _say(what)
        found.append(_line(size, what, *_interleaved(ours, floor, rounds)))
    found.append(_import(size, import_rows, rounds=3))
    return found


def _readings() -> Iterable[tuple[str, Call, Call]]:
    """What is read, and its floor. All SQL of a roll-up is asked again as Django asked it."""
    with CaptureQueriesContext(connection) as captured:
        rollup(WINDOW)
    statements = [query["sql"] for query in captured]

    def ask_again() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    yield "roll-up SQL", ask_again, lambda: floors.rollup(WINDOW)
    yield "roll-up with Python", lambda: rollup(WINDOW), lambda: floors.rollup(WINDOW)
    asked = f"/?year={YEAR}&as_of={LAST_DAY}"
    yield "cockpit", _page(asked), _page("/bench/cockpit/", bare=True)
    yield "project list", _page("/projects/"), _page("/bench/projects/", bare=True)


def _page(address: str, *, bare: bool = False) -> Call:
    """A call of the whole application, or of a view behind nothing but a session."""
    client = Client()
    client.force_login(User.objects.get(username="leader"))
    requests = RequestFactory(SERVER_NAME="localhost")
    requests.cookies.update(client.cookies)
    with override_settings(MIDDLEWARE=floors.MIDDLEWARE if bare else settings.MIDDLEWARE):
        handler = WSGIHandler()

    def call() -> None:
        response = handler.get_response(requests.get(address))
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")
        response.close()

    return call


def _interleaved(ours: Call, floor: Call, rounds: int) -> tuple[float, float]:
    """Medians in milliseconds, of calls in turn, after two of each that don't count."""
    for _n in range(2):
        ours()
        floor()
    took: tuple[list[float], list[float]] = ([], [])
    for _n in range(rounds):
        for times, call in zip(took, (ours, floor), strict=True):
            times.append(_timed(call) * 1000)
    return median(took[0]), median(took[1])


def _import(size: int, rows: int, *, rounds: int) -> dict[str, Any]:
    """Load a workbook beside ``size`` projects, and store its rows again by bulk_create."""
    ours, floor, peak = [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.xlsx"
        workbook.write(path, rows)
        for n in range(rounds):
            _say(f"import of {rows:,} rows, {n + 1} of {rounds}")
            with transaction.atomic():
                before = _largest()
                ours.append(_timed(lambda: _load(path, rows)))
                peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                copies = _written_since(before)
                transaction.set_rollback(True)
            floor.append(_stored_again(copies))
    note = f"{rows:,} rows, {rows / median(ours):,.0f} rows/s, peak {peak:,.0f} MB"
    return _line(size, "import", median(ours) * 1000, median(floor) * 1000, note=note)


def _load(path: Path, rows: int) -> None:
    at = dt.datetime(2026, 9, 30, 9, tzinfo=dt.UTC)
    outcome = loading.load(path, today=dt.date(2026, 9, 30), at=at)
    if outcome.loaded != rows:
        raise RuntimeError(f"{outcome.loaded} of {rows} rows loaded: {outcome.rejects[:3]}")


WRITTEN: tuple[type[models.Model], ...] = (
    Organization,
    Project,
    LoadRow,
    Milestone,
    StageChange,
    FundsReceipt,
)


def _largest() -> dict[type[models.Model], int]:
    return {
        model: model._default_manager.aggregate(largest=models.Max("pk"))["largest"] or 0
        for model in WRITTEN
    }


def _written_since(before: dict[type[models.Model], int]) -> list[list[Any]]:
    """The rows that an import wrote, as it wrote them: projects as leads, moved afterwards."""
    copies = [
        list(model._default_manager.filter(pk__gt=before[model]).order_by("pk"))
        for model in WRITTEN
    ]
    for project in copies[1]:
        project.stage, project.stage_since, project.load = "lead", None, None
    loads = {row.load_id for row in copies[2]}
    if len(loads) != 1:
        raise RuntimeError("the rows of one load were expected")
    return copies


def _stored_again(copies: list[list[Any]]) -> float:
    """How long bulk_create takes for the same rows, in a transaction that is taken back."""
    with transaction.atomic():
        load = Load.objects.create(
            name="bench",
            sha256="0" * 64,
            size=1,
            today=LAST_DAY,
            loaded_at=WINDOW.known_at,
            loaded_by=User.objects.get(username="leader"),
        )
        for row in copies[2]:
            row.load = load

        def store() -> None:
            for rows in copies:
                if rows:
                    type(rows[0])._default_manager.bulk_create(rows, batch_size=1000)

        seconds = _timed(store)
        transaction.set_rollback(True)
    return seconds


def _timed(call: Call) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _line(
    size: int, what: str, ms: float, floor_ms: float | None = None, *, note: str = ""
) -> dict[str, Any]:
    line: dict[str, Any] = {"projects": size, "what": what, "ms": round(ms, 3)}
    if floor_ms is not None:
        line |= {"floor_ms": round(floor_ms, 3), "ratio": round(ms / floor_ms, 3)}
    if what in GOALS:
        line["goal"] = GOALS[what]
    return {**line, "note": note} if note else line


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"


def report() -> None:
    """Measure what the arguments say (size, rounds, rows to import); print a JSON list."""
    storages = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN}}
    with override_settings(ROOT_URLCONF="tests.bench.floors", STORAGES=storages):
        json.dump(main(*map(int, sys.argv[1:])), sys.stdout)
