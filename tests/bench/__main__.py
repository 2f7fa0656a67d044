"""``python -m tests.bench``: measure at each size in a process and database of its own."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests import servers

SIZES = (10_000, 100_000)
MEASURE = "import django; django.setup(); from tests.bench import measure; measure.report()"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here too")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--rounds", type=int, default=15, help="of figures and pages")
    parser.add_argument("--import-rows", type=int, default=5_000, metavar="N")
    options = parser.parse_args()
    given = os.environ.get("DATABASE_URL", "")
    server = None if given.startswith("postgres") else servers.start_postgres()
    try:
        base = given if server is None else server.url
        results = [
            line
            for size in options.sizes
            for line in _measure(base, size, options.rounds, options.import_rows)
        ]
    finally:
        if server is not None:
            server.stop()
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    print(_table(results))
    return 0


def _measure(base: str, size: int, rounds: int, import_rows: int) -> list[dict[str, Any]]:
    """Make a database, measure in a fresh process, drop the database."""
    name = f"groundbreak_bench_{os.getpid()}_{size}"
    url = urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        )
        try:
            with tempfile.TemporaryDirectory() as folder:
                answer = subprocess.run(
                    [sys.executable, "-c", MEASURE]
                    + [str(number) for number in (size, rounds, import_rows)],
                    env={
                        **os.environ,
                        "DATABASE_URL": url,
                        "REDIS_URL": "",
                        "DJANGO_SETTINGS_MODULE": "config.settings",
                        "SECRET_KEY": "only-for-the-benchmark-" + "x" * 40,
                        "SECURE_COOKIES": "off",
                        "DEBUG": "off",
                        "MEDIA_ROOT": folder,
                    },
                    stdout=subprocess.PIPE,
                    check=True,
                    text=True,
                )
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    lines: list[dict[str, Any]] = json.loads(answer.stdout)
    return lines


def _table(results: list[dict[str, Any]]) -> str:
    head = f"{'projects':>9}  {'what':<22}{'ms':>10}{'floor ms':>10}{'ratio':>8}{'goal':>6}"
    lines = [head]
    for line in results:
        floor, ratio, goal = line.get("floor_ms"), line.get("ratio"), line.get("goal")
        met = "" if goal is None or ratio is None else "  ok" if ratio <= goal else "  missed"
        lines.append(
            f"{line['projects']:>9,}  {line['what']:<22}{line['ms']:>10,.1f}"
            + (f"{floor:>10,.1f}{ratio:>8.2f}" if floor else " " * 18)
            + (f"{goal:>6}" if goal else " " * 6)
            + met
            + (f"  {line['note']}" if line.get("note") else "")
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
