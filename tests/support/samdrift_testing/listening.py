"""A listener in a process of its own that tells who asked: nobody should.

In the test's own process it could not answer a library that keeps Python's lock while it waits.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SERVER = """
import http.server, pathlib, sys
class Telling(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], "a") as log:
            log.write(self.path + "\\n")
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.end_headers()
        self.wfile.write(b"<told>NET-CANARY</told>")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Telling)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


class Listener:
    """Where it listens, and what it was asked for."""

    def __init__(self, port: int, log: Path) -> None:
        self.url, self._log = f"http://127.0.0.1:{port}", log

    def asked(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []


@contextmanager
def listening(folder: Path) -> Iterator[Listener]:
    log = folder / "asked"
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(log)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Listener(int(process.stdout.readline()), log)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
