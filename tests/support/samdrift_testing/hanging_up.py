"""A server that keeps connections, and ends each just as the next request comes over it: the worst moment."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Method and path of a request -> status line and body (JSON) of its answer.
Answering = Callable[[str], tuple[str, bytes]]


@dataclass
class HangingUp:
    """Where it is, and what it was sent."""

    answering: Answering
    url: str = ""
    #: Method and path of each request that it answered, and of each that it hung up on.
    answered: list[str] = field(default_factory=list)
    hung_up_on: list[str] = field(default_factory=list)


@contextmanager
def hanging_up(answering: Answering) -> Iterator[HangingUp]:
    """On 127.0.0.1, until the block ends."""
    peer = HangingUp(answering)

    class Connection(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = self._request()
            status, body = peer.answering(asked)
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            peer.answered.append(asked)
            self.wfile.write(head.encode() + body)
            if again := self._request():
                peer.hung_up_on.append(again)

        def _request(self) -> str:
            """The next one, read whole; "" when the other side ends the connection first."""
            try:
                method, path, _ = self.rfile.readline().decode().split()
            except (ValueError, OSError):
                return ""
            length = 0
            while (line := self.rfile.readline().decode().strip().lower()) != "":
                name, _, value = line.partition(":")
                length = int(value) if name == "content-length" else length
            self.rfile.read(length)
            return f"{method} {path.partition('?')[0]}"

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as server:
        server.daemon_threads = True
        host, port = server.socket.getsockname()
        peer.url = f"http://{host}:{port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join()
