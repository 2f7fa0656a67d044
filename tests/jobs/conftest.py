"""A county in a database that a second process can open, and workers to start and kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90  # of a loaded machine; what is awaited comes within seconds


@dataclass
class Workers:
    """Worker processes of one broker, each with its children in a session of its own."""

    environment: dict[str, str]
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start a worker; it takes up work as soon as it is ready."""
        command = [sys.executable, "-m", "celery", "-q", "-A", "config.celery", "worker"]
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [*command, "--concurrency", "1"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.running.append(process)

    def kill(self) -> None:
        """End all of them as a power cut would."""
        while self.running:
            process = self.running.pop()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def send(self, job_id: int) -> None:
        """Tell them of a job, from a process with their environment."""
        code = f"from config.celery import send; send({job_id})"
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=self.environment, check=True)

    def await_(self, what: Callable[[], Any]) -> Any:
        """The first true answer of ``what``; fails with the workers' log if none comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (answer := what()):
            if time.monotonic() > deadline:
                pytest.fail(f"nothing came of it:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.02)
        return answer


@pytest.fixture
def database_url(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The test's database as another process names it: on SQLite a file in place of memory."""
    from django.db import connections

    connection = connections["default"]
    if connection.vendor == "postgresql":
        said = connection.settings_dict
        user = f"{said['USER']}:{said['PASSWORD']}" if said["PASSWORD"] else said["USER"]
        yield f"postgres://{user}@{said['HOST']}:{said['PORT'] or 5432}/{said['NAME']}"
        return
    file = tmp_path / "county.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        connection.connection.backup(copy)
    on_file = connections.create_connection("default")
    on_file.settings_dict = {**connection.settings_dict, "NAME": str(file)}
    connections["default"] = on_file
    yield f"sqlite:///{file}"
    on_file.close()
    connections["default"] = connection


@pytest.fixture
def start_workers(
    database_url: str, tmp_path: Path, settings: SettingsWrapper
) -> Iterator[Callable[..., Workers]]:
    """Workers that listen to ``redis_url``, or without one to a broker file of their own.

    ``count`` of them; ``more`` is what their environment says besides.
    """
    started: list[Workers] = []

    def start(redis_url: str, *, count: int = 1, **more: str) -> Workers:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "JOBS_DIR": str(settings.JOBS_DIR),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_FORMAT": "console",
            **more,
        }
        workers = Workers(environment, tmp_path / "worker.log")
        started.append(workers)
        for _number in range(count):
            workers.start()
        return workers

    yield start
    for workers in started:
        workers.kill()
    _end_sessions()


def _end_sessions() -> None:
    """End what sessions killed workers left: emptying the tables would wait for their locks."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")
            if not cursor.fetchall():
                return
            time.sleep(0.05)
