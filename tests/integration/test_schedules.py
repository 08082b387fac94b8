from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from samdrift_platform.schedules import await_server


@pytest.fixture
def starting() -> Iterator[tuple[str, list[int]]]:
    """A server that is not ready the first two times it is asked; the answers that it still has."""
    answers = [503, 503, 200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.pop(0) if self.path == "/api/health" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Tests print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/api", answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_schedules_wait_until_their_server_is_ready(starting: tuple[str, list[int]]) -> None:
    url, answers = starting
    await_server(url, pause_s=0.01)
    assert answers == []
