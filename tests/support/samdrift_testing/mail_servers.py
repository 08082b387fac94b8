"""Mail servers on loopback: a real one (aiosmtpd) that keeps what it gets, and one that cuts connections."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

USER, PASSWORD = "samdrift", "a secret of the tests"
#: A whole test is over long before.
PATIENCE_S = 120.0


@dataclass
class Kept:
    """What a server answers for, and what it says to whom."""

    messages: list[bytes] = field(default_factory=list)
    #: Recipient -> messages.
    recipients: Counter[str] = field(default_factory=Counter)
    #: Recipient -> answer to RCPT TO other than yes, as often as it stands there; "always" is in `standing`.
    answers: dict[str, list[str]] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    #: Answers to messages other than yes, in their order.
    data: list[str] = field(default_factory=list)

    @property
    def parsed(self) -> list[EmailMessage]:
        """The messages as a mail program reads them."""
        return [message_from_bytes(raw, policy=default) for raw in self.messages]

    def answer_to(self, recipient: str) -> str:
        waiting = self.answers.get(recipient, [])
        return waiting.pop(0) if waiting else self.standing.get(recipient, "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answer_to(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - see above
        if self.data and not self.data[0].startswith("2"):
            return self.data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.messages.append(envelope.content)
        self.recipients.update(envelope.rcpt_tos)
        return "250 kept"


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, auth: bool = False, kept: Kept | None = None
) -> Iterator[tuple[int, Kept]]:
    """A real mail server; its port and what it keeps. `tls` offers STARTTLS, or speaks TLS at once if `implicit`."""
    kept = kept or Kept()
    settings: dict[str, Any] = {"ssl_context": tls} if implicit else {"tls_context": tls, "require_starttls": bool(tls)}
    if auth:
        settings |= {"authenticator": _let_in, "auth_required": True, "auth_require_tls": True}
    controller = Controller(kept, hostname="127.0.0.1", port=0, ready_timeout=PATIENCE_S, **settings)
    # It would try its port in ways that know neither the port 0 nor the other side of TLS.
    controller._trigger_server = lambda: socket.create_connection(_address(controller)).close()  # type: ignore[method-assign]  # ours
    controller.start()
    try:
        yield _address(controller)[1], kept
    finally:
        controller.stop()


def _address(controller: Controller) -> tuple[str, int]:
    server: Any = controller.server
    host, port = server.sockets[0].getsockname()
    return host, port


def _let_in(server: SMTP, session: Any, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)  # a refusal is answered by the server


class Cut(StrEnum):
    """When a connection is cut, in the order of a session."""

    CONNECT = "before a greeting"
    EHLO = "after EHLO"
    MAIL = "after MAIL FROM"
    RCPT = "after RCPT TO"
    DATA = "after DATA, before the go-ahead"
    BODY = "within the message"
    LOST = "after the message, which is lost"
    KEPT = "after the message, which is kept, before the answer"


@dataclass
class CuttingServer:
    """Speaks just enough SMTP; cuts the first connections at the given moments, and then serves."""

    cuts: list[Cut] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)
    sessions: int = 0
    #: Instead of cutting, it falls silent: the connection stays open.
    silent: bool = False
    port: int = 0
    #: Set once a message was kept and its connection is about to be cut.
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[CuttingServer]:
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.sessions += 1
                with suppress(_CutError, OSError):
                    outer._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        with Server(("127.0.0.1", 0), Session) as server:
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                server.shutdown()
                thread.join(PATIENCE_S)

    def _serve(self, session: socketserver.StreamRequestHandler) -> None:
        cut = self.cuts.pop(0) if self.cuts else None
        self._maybe(cut, Cut.CONNECT, session)
        recipients: list[str] = []
        _say(session, "220 ready")
        while line := session.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "MAIL", "RCPT", "DATA"):
                self._maybe(cut, Cut[verb], session)
            if verb == "RCPT":
                recipients.append(line[line.index("<") + 1 : line.index(">")])
            if verb == "DATA":
                self._take(session, cut, recipients)
            else:
                _say(session, {"QUIT": "221 bye"}.get(verb, "250 OK"))
            if verb == "QUIT":
                return

    def _take(self, session: socketserver.StreamRequestHandler, cut: Cut | None, recipients: list[str]) -> None:
        _say(session, "354 go ahead")
        body = []
        while (line := session.rfile.readline()) not in (b".\r\n", b""):
            body.append(line)
            self._maybe(cut, Cut.BODY, session)
        self._maybe(cut, Cut.LOST, session)
        self.kept.messages.append(b"".join(body))
        self.kept.recipients.update(recipients)
        self._maybe(cut, Cut.KEPT, session)
        _say(session, "250 kept")

    def _maybe(self, cut: Cut | None, moment: Cut, session: socketserver.StreamRequestHandler) -> None:
        if cut is not moment:
            return
        self.reached.set()
        if self.silent:
            self.released.wait(PATIENCE_S)
        with suppress(OSError):
            session.connection.shutdown(socket.SHUT_RDWR)
        raise _CutError


class _CutError(Exception):
    pass


def _say(session: socketserver.StreamRequestHandler, line: str) -> None:
    session.wfile.write(f"{line}\r\n".encode())
