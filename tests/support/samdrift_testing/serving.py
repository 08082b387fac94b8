"""A real HTTP server in a thread, on a port that was free."""

from __future__ import annotations

import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Seconds. To end takes 0.2; whatever takes this long would never end.
ENDS_S = 60
#: Longer than any test: a client never finds a kept connection ended just as it asks again.
KEEPS_S = 600


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of `app`. Connections wait in the socket's queue until the server is up, so nobody else has to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=KEEPS_S
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="uvicorn", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(ENDS_S)
            assert not thread.is_alive(), f"the server goes on:\n{_where(thread)}"


def _where(thread: threading.Thread) -> str:
    """What a thread is at."""
    return "".join(traceback.format_stack(sys._current_frames().get(thread.ident or 0)))


class Door:
    """A server for tests one after the other, each with an application of its own: to end a server takes 0.2 s."""

    def __init__(self) -> None:
        self._behind: ASGIApp = _NOBODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._behind(scope, receive, send)

    @contextmanager
    def leading_to(self, app: ASGIApp) -> Iterator[None]:
        """Requests reach `app` until the `with` ends."""
        self._behind = app
        try:
            yield
        finally:
            self._behind = _NOBODY


_NOBODY = PlainTextResponse("no test is running", 500)
