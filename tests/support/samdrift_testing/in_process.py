"""Speaks HTTP to an application in this process, from ordinary threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio.from_thread
import httpx
from fastapi import FastAPI


class InProcess(httpx.BaseTransport):
    """Hands requests to `app` on an event loop that `portal` runs in a thread of its own."""

    def __init__(self, app: FastAPI, portal: anyio.from_thread.BlockingPortal) -> None:
        self._portal = portal
        self._asgi = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        response = await self._asgi.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())


@contextmanager
def in_process(app: FastAPI) -> Iterator[InProcess]:
    with anyio.from_thread.start_blocking_portal() as portal:
        yield InProcess(app, portal)
