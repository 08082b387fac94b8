"""A party outside that quotes whoever it is asked about: in errors, in answers, in what it cannot parse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count


@dataclass
class QuotingParty:
    """Where it is, and how often it was asked for anything."""

    url: str
    asked: int = 0


@contextmanager
def quoting_party(quoted: str) -> Iterator[QuotingParty]:
    """On 127.0.0.1. It refuses, fails, answers nonsense and accepts in turn, and always says `quoted`."""
    turns = count()
    answers = (
        (422, json.dumps({"detail": f"no case for {quoted}"})),
        (500, f"Traceback: KeyError({quoted!r})"),
        (200, f"<html>{quoted}</html>"),
        (201, json.dumps({"found": False, "said": quoted})),
    )

    class Party(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            party.asked += 1
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = answers[next(turns) % len(answers)]
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the base class calls them so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Party) as server:
        party = QuotingParty(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield party
        finally:
            server.shutdown()
            thread.join()
