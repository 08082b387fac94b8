"""The largest body that anyone may send, to any address, counted as it arrives."""

from __future__ import annotations

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samdrift_platform.control.problems import problem_of, respond
from samdrift_platform.errors import BodyTooLargeError

_MIB = 1024 * 1024


class BodyLimit:
    """Refuses a body that says it is too large before reading it, and one that turns out to be as soon as it does."""

    def __init__(self, app: ASGIApp, *, max_body_mib: int) -> None:
        """Wrap `app`; bodies of up to `max_body_mib` MiB pass."""
        self.app = app
        self.max_body_mib = max_body_mib

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `receive` that counts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, limit_bytes = Request(scope), self.max_body_mib * _MIB
        if _announced_bytes(request) > limit_bytes:
            await respond(request, problem_of(self._error()))(scope, receive, send)
            return
        received_bytes = 0

        async def counting() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > limit_bytes:
                raise self._error()
            return message

        await self.app(scope, counting, send)

    def _error(self) -> BodyTooLargeError:
        return BodyTooLargeError(
            f"The body is larger than {self.max_body_mib} MiB. Send it in smaller parts, or let the operator raise "
            "SAMDRIFT_MAX_BODY_MIB."
        )


def _announced_bytes(request: Request) -> int:
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isascii() and announced.isdecimal() else 0
