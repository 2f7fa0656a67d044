"""A server that stands for those of WeCom, DingTalk and Feishu, over a real socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


class RobotServer(ThreadingHTTPServer):
    """Keeps what it was told in ``heard``: the path, and the words.

    ``answer`` is what it says, ``status`` with which number; ``slow``: only after so many
    seconds. What asks for a path that begins with ``refuses`` is answered 503.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.heard: list[tuple[str, str]] = []
        self.answer: Any = {"errcode": 0, "errmsg": "ok"}
        self.status = 200
        self.slow = 0.0
        self.refuses = ""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def words(self) -> list[str]:
        """What it was told, without where."""
        return [words for _path, words in self.heard]


class _Talk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(RobotServer, self.server)
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = said.get("text") or said.get("content")
        server.heard.append((self.path, text.get("content") or text.get("text")))
        time.sleep(server.slow)
        body = json.dumps(server.answer).encode() if server.answer is not None else b"<html>"
        try:
            refused = server.refuses and self.path.startswith(server.refuses)
            self.send_response(503 if refused else server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked has gone

    def log_message(self, *_said: Any) -> None:
        """Nothing."""


@contextmanager
def robot_server() -> Iterator[RobotServer]:
    """A server that is up while the block runs."""
    with RobotServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
