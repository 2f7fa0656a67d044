"""Throw-away PostgreSQL and Redis servers for one run of the suite.

They listen on a free port of the loopback address, keep their data in a temporary folder
without syncing it to disk, and end with the run.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 30


class ServerMissing(Exception):
    """The machine has no such server; the text says what to install."""


class ThrowAwayServer:
    """A server process with a data folder; ``stop`` ends the one and deletes the other."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.url = url
        self._process = process
        self._folder = folder

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def start_postgres() -> ThrowAwayServer:
    """A PostgreSQL server with an empty database.

    Raises ServerMissing where PostgreSQL is not installed, RuntimeError with the server's
    log where it does not come up.
    """
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="groundbreak-postgres-"))
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data, log, port = folder / "data", folder / "log", _free_port()
    subprocess.run(
        [
            programs / "initdb",
            *("--pgdata", data, "--username", "postgres", "--auth", "trust"),
            # Not "C": there pg_trgm finds nothing in Chinese text.
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"),
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    command = [programs / "postgres", "-D", data]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    process = _start(command, log, user=user)
    server = ThrowAwayServer(f"postgres://postgres@127.0.0.1:{port}/postgres", process, folder)
    probe = [programs / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    _await(server, process, log, lambda: subprocess.run(probe, check=False).returncode == 0)
    return server


def start_redis(port: int | None = None) -> ThrowAwayServer:
    """A Redis server that keeps nothing on disk, on a free port or the one that is named.

    Raises ServerMissing where Redis is not installed, RuntimeError where it does not come up.
    """
    program = shutil.which("redis-server")
    if not program:
        raise ServerMissing("no Redis: install Debian's redis-server, or set REDIS_URL")
    folder = Path(tempfile.mkdtemp(prefix="groundbreak-redis-"))
    log, port = folder / "log", port or _free_port()
    options = {"bind": "127.0.0.1", "port": str(port), "save": "", "appendonly": "no"}
    command: list[str | Path] = [program, "--dir", folder]
    for name, value in options.items():
        command += [f"--{name}", value]
    process = _start(command, log)
    server = ThrowAwayServer(f"redis://127.0.0.1:{port}/0", process, folder)
    _await(server, process, log, lambda: _accepts(port))
    return server


def find_chromium() -> str | None:
    """The Chromium that CHROMIUM names, else the machine's own; None where it has none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def _postgres_programs() -> Path:
    # Debian keeps them out of PATH, a folder per release; elsewhere a link in PATH leads there.
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    releases = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(releases, key=lambda file: int(file.parts[-3]), default=None)
    if newest is None:
        raise ServerMissing("no PostgreSQL: install Debian's postgresql, or set DATABASE_URL")
    return newest.parent


def _start(
    command: list[str | Path], log: Path, user: str | None = None
) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches pytest, which then stops the server in order.
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            cwd=log.parent,
            start_new_session=True,
        )


def _await(
    server: ThrowAwayServer,
    process: subprocess.Popen[bytes],
    log: Path,
    ready: Callable[[], bool],
) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            text = log.read_text(errors="replace")
            server.stop()
            raise RuntimeError(f"{process.args!r} did not come up:\n{text}")
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
