"""Keeping the SQLite broker file small."""

import sqlite3
from contextlib import closing

from django.conf import settings


def forget_delivered() -> int:
    """Delete the messages that were delivered, which the transport only hides; how many."""
    file = settings.JOBS_DIR / "broker.sqlite3"
    if not file.is_file():
        return 0
    with closing(sqlite3.connect(file, timeout=20)) as connection, connection:
        return connection.execute("DELETE FROM kombu_message WHERE NOT visible").rowcount
