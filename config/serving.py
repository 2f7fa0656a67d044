"""``python -m config.serving PORT``: the site and its worker, for one person's machine.

Both end together: by Ctrl-C, by SIGTERM, or when the site ends. A worker that dies is
started again, unless it dies at once. In production a service manager does this.
"""

import os
import signal
import subprocess
import sys
import time

SOONEST = 10.0  # seconds that a worker must have lived to be started again
PATIENCE = 10.0  # seconds that both have for ending by themselves
POLITE = 5  # how far the worker lets pages go before it
WORKER = ["celery", "--quiet", "--app", "config.celery", "worker", "--loglevel", "ERROR"]


def web(port: str) -> list[str]:
    """The command that serves the site."""
    listen = ["gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
    return [*listen, "--no-control-socket", "--log-level", "error"]


def main(port: str) -> int:
    """Serve until told to end; the site's exit status, or 1 where the worker cannot live."""
    told: list[int] = []  # not an exception: it could come between a start and its clean-up
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: told.append(number))
    site, worker, since = _start(web(port)), _start(WORKER, politeness=POLITE), time.monotonic()
    try:
        while not told and site.poll() is None:
            if worker.poll() is not None:
                if time.monotonic() - since < SOONEST:
                    sys.stderr.write("The worker of background jobs does not start.\n")
                    return 1
                worker, since = _start(WORKER, politeness=POLITE), time.monotonic()
            time.sleep(0.2)
        return site.poll() or 0
    finally:
        _stop([site, worker])


def _start(command: list[str], *, politeness: int = 0) -> subprocess.Popen[bytes]:
    # Warnings are for who develops: a worker of one person's machine may well run as root.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment,
        preexec_fn=lambda: os.nice(politeness),
    )


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask them to end, and kill what does not: a job that is cut off is put back."""
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
