"""A mail server of a few lines that takes letters over a real socket, or refuses to."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, cast


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it took in ``taken``.

    ``refuses`` names recipients that are unknown (550); ``busy``: every letter is refused for
    now (451); ``silent``: letters are taken, and the connection is cut before it says so.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.taken: list[EmailMessage] = []
        self.calls = 0
        self.refuses: set[str] = set()
        self.busy = False
        self.silent = False

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(MailServer, self.server)
        server.calls += 1
        self._say("220 here")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO" | "MAIL" | "RSET":
                    self._say("250 ok")
                case "RCPT":
                    refused = any(address in rest for address in server.refuses)
                    self._say("550 no such user" if refused else "250 ok")
                case "DATA":
                    self._say("354 go on")
                    letter = self._letter()
                    if server.busy:
                        self._say("451 try again later")
                        continue
                    server.taken.append(letter)
                    if server.silent:
                        return
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("500 what?")

    def _letter(self) -> EmailMessage:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        policy: Any = email.policy.default
        return cast(EmailMessage, email.message_from_bytes(b"".join(lines), policy=policy))

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that is up while the block runs."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
