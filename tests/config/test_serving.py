"""The site and its worker on one person's machine: they end together."""

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
STAYS = "['http.server', '0', '--bind', '127.0.0.1']"
ENDS = "['this']"


def serve(site: str, worker: str, soonest: float = 60) -> subprocess.Popen[bytes]:
    """The supervisor, with other programs in place of the site and the worker."""
    code = (
        "import sys; from config import serving;"
        f"serving.web = lambda port: {site}; serving.WORKER = {worker};"
        f"serving.SOONEST = {soonest}; sys.exit(serving.main('0'))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def children(process: subprocess.Popen[bytes]) -> list[str]:
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def await_children(process: subprocess.Popen[bytes], count: int, but: tuple[str, ...] = ()) -> None:
    deadline = time.monotonic() + 20
    while len(set(children(process)) - set(but)) != count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_that_dies_at_once_ends_the_site_and_says_so() -> None:
    process = serve(STAYS, ENDS)
    _out, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"does not start" in said


def test_a_site_that_ends_takes_its_worker_along() -> None:
    process = serve(ENDS, STAYS)
    process.communicate(timeout=30)  # returns when the worker too has let go of the pipe
    assert process.returncode == 0


def test_being_ended_ends_both() -> None:
    process = serve(STAYS, STAYS)
    await_children(process, 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_worker_that_lived_and_died_is_started_again() -> None:
    process = serve(STAYS, STAYS, soonest=0)
    await_children(process, 2)
    before = children(process)
    subprocess.run(["kill", "-9", before[1]], check=True)
    await_children(process, 1, but=tuple(before))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
